#!/usr/bin/env python3
"""The realtime server beside the other daemons, driven by unmodified clients.

    realtime_test.py DIRECTORY_OF_PROGRAMS

npm socket.io-client and Debian's python3-socketio run every event, answer, room rule and refusal
of the contract, on polling alone, on WebSocket alone, and with the upgrade between them.
"""

import os
import sys
import time
import unittest

from backend import Backend, Refused, School, token, wait_for
from clients import KINDS, TRANSPORTS, NodeClient, PythonClient

PROGRAMS = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
backend = None


def setUpModule():
    global backend
    backend = Backend(PROGRAMS).start()
    backend.wait_for_reports()


def tearDownModule():
    backend.close()


class RealtimeTest(unittest.TestCase):
    """Closes the clients that a test opened."""

    make = NodeClient
    transport = "websocket"

    def client(self, bearer, make=None, **options):
        client = (make or self.make)(backend.url, bearer, self.transport, **options)
        self.addCleanup(client.close)
        return client

    def connected(self, bearer, **options):
        client = self.client(bearer, **options)
        client.wait("connected")
        return client

    def school(self, **options):
        school = School(backend, **options)
        school.enrol("alice")
        return school

    def settle(self, client):
        """What was sent to the client before has arrived when this answer has."""
        client.ask("leave_course", {"course_id": 1_000_000})


class ContractCases:
    """Run by each client on each transport."""

    def test_connected_is_told_after_the_token_was_good(self):
        school = self.school()
        client = self.connected(school.token("alice"))
        self.assertEqual(client.all("connected"), [{"status": "Connected successfully"}])

    def test_a_bad_token_is_a_connect_error(self):
        school = self.school()
        for bearer, words in ((None, "authentication required"), ("a.b.c", "invalid token"),
                              (school.token("alice", seconds=-1), "token expired")):
            with self.subTest(words):
                client = self.client(bearer)
                message = client.wait_own("connect_error")[0][0]
                if self.make is NodeClient:  # the other one only says that it failed
                    self.assertEqual(message, words)
                self.assertEqual(client.events, [])

    def test_join_course_by_those_who_belong_to_it(self):
        school = self.school()
        course = str(school.course)
        joined = {"course_id": course, "status": "Joined successfully"}
        for bearer in (school.token("alice"), school.teacher_token, token("admin", 1)):
            client = self.connected(bearer)
            for payload in ({"course_id": school.course}, {"course_id": course}, course):
                answer = client.ask("join_course", payload)
                self.assertEqual(answer, {"status": "ok", "course_id": course})
            self.assertEqual(client.all("joined_course"), [joined] * 3)
            self.assertEqual(client.all("error"), [])

    def test_refusals_name_the_field_or_the_reason_in_event_and_answer(self):
        school = self.school()
        school.add_student("bob")
        video = school.add_video()
        client = self.connected(school.token("bob"))
        progress = {"video_id": video, "course_id": school.course, "progress": 5, "timestamp": 1}
        rows = [
            ("join_course", {}, "invalid_argument", "course_id is required"),
            ("join_course", {"course_id": "x"}, "invalid_argument",
             "course_id must be a number from 1"),
            ("join_course", {"course_id": 999999}, "not_found", "not found: course 999999"),
            ("join_course", {"course_id": school.course}, "forbidden",
             f"forbidden: you are not in course {school.course}"),
            ("leave_course", {}, "invalid_argument", "course_id is required"),
            ("join_video", {}, "invalid_argument", "video_id is required"),
            ("join_video", {"video_id": 999999}, "not_found", "not found: video 999999"),
            ("join_video", {"video_id": video}, "forbidden",
             f"forbidden: you are not in video {video}"),
            ("video_progress", {**progress, "progress": 101}, "invalid_argument",
             "progress must be a number from 0 to 100"),
            ("video_progress", {**progress, "timestamp": None}, "invalid_argument",
             "timestamp is required"),
            ("video_progress", progress, "forbidden",
             f"forbidden: you are not in the course of video {video}"),
            ("send_chat_message", {"video_id": video}, "invalid_argument", "message is required"),
            ("send_chat_message", {"video_id": video, "message": ""}, "invalid_argument",
             "message must be a text of 1 to 4000 characters"),
            ("send_chat_message", {"video_id": 999999, "message": "x"}, "not_found",
             "not found: video 999999"),
        ]
        for event, payload, code, message in rows:
            with self.subTest(message):
                answer = client.ask(event, payload)
                self.assertEqual(answer, {"status": "error", "code": code, "message": message})
        self.assertEqual(client.wait("error", len(rows)),
                         [{"message": message} for _, _, _, message in rows])
        client.emit("join_course", {})  # without an answer asked for, the event alone
        self.assertEqual(client.wait("error", len(rows) + 1)[-1],
                         {"message": "course_id is required"})

    def test_a_selection_is_told_to_student_and_subscribers_once_each(self):
        school = self.school(capacity=3)
        school.add_student("bob")
        bob = self.connected(school.token("bob"))
        alice = self.connected(school.token("alice")).join(school.course)
        teacher = self.connected(school.teacher_token).join(school.course)
        task = school.select("bob")
        updates = bob.wait("queue_update", 2)
        self.assertEqual(updates, [{"task_id": task, "status": "pending", "position": 1},
                                   {"task_id": task, "status": "completed"}])
        expected = {"user_id": str(school.students["bob"]), "user_email": f"bob{school.mark}",
                    "message": f"bob{school.mark} enrolled in Course {school.mark}"}
        for subscriber in (alice, teacher):
            subscriber.wait("course_updated")
            self.settle(subscriber)
            self.assertEqual(subscriber.all("new_enrollment"), [expected])
            self.assertEqual(subscriber.all("course_updated"),
                             [{"course_id": str(school.course), "course_left": 1,
                               "course_selected": 2}])
            self.assertEqual(subscriber.all("queue_update"), [])
        self.assertEqual(bob.all("new_enrollment"), [])

    def test_a_refused_selection_says_why(self):
        school = self.school(capacity=1)
        school.add_student("bob")
        bob = self.connected(school.token("bob"))
        backend.call("queue", "POST", "/queue/submit",
                     {"student_id": school.students["bob"], "course_id": school.course,
                      "task_type": "select"})
        last = bob.wait("queue_update", 2)[-1]
        self.assertEqual((last["status"], last["reason"]), ("failed", "Course is full"))

    def test_reviews_quizzes_and_changes_reach_their_rooms(self):
        school = self.school()
        quiz = school.add_quiz()
        alice = self.connected(school.token("alice")).join(school.course)
        teacher = self.connected(school.teacher_token).join(school.course)
        school.as_student("alice", "POST", "/student/course/review",
                          {"course_id": school.course, "rating": 5, "comment": "good"})
        school.as_student("alice", "POST", "/student/quiz/submit",
                          {"quiz_id": quiz, "answers": [1, 0]})
        school.as_teacher("PUT", f"/teacher/course/update?course_id={school.course}",
                          {"course_notes": "bring a pen"})
        for client in (alice, teacher):
            self.assertEqual(client.wait("new_review"),
                             [{"user_email": f"alice{school.mark}", "rating": 5,
                               "comment": "good"}])
            self.assertEqual(client.wait("course_updated"),
                             [{"course_id": str(school.course), "course_notes": "bring a pen"}])
        self.assertEqual(teacher.wait("quiz_submission"),
                         [{"user_id": str(school.students["alice"]), "quiz_id": str(quiz),
                           "score": 50, "passed": False}])
        self.settle(alice)
        self.assertEqual(alice.all("quiz_submission"), [])

    def test_videos_progress_and_chat(self):
        school = self.school()
        school.enrol("bob")
        video = school.add_video()
        room = {"video_id": str(video), "status": "Joined successfully"}
        alice = self.connected(school.token("alice"))
        bob = self.connected(school.token("bob"))
        teacher = self.connected(school.teacher_token).join(school.course)
        alice.ask("join_video", {"video_id": video})
        bob.ask("join_video", {"video_id": str(video)})
        self.assertEqual(bob.all("joined_video"), [room])
        self.assertEqual(alice.wait("user_joined_video"),
                         [{"user_id": str(school.students["bob"]),
                           "user_email": f"bob{school.mark}"}])
        self.settle(bob)
        self.assertEqual(bob.all("user_joined_video"), [])

        report = {"video_id": str(video), "course_id": str(school.course)}
        alice.ask("video_progress", {**report, "progress": 75.5, "timestamp": 450})
        answer = alice.ask("video_progress", {**report, "progress": 10, "timestamp": 60})
        self.assertEqual(answer, {"status": "ok", "video_id": str(video), "watched_seconds": 450,
                                  "percent_complete": 75.5})
        who = {"user_id": str(school.students["alice"]), "video_id": str(video)}
        self.assertEqual(teacher.wait("student_progress", 2),
                         [{**who, "progress": 75.5, "timestamp": 450},
                          {**who, "progress": 10, "timestamp": 60}])
        self.assertEqual(teacher.wait("progress_update", 2)[1],
                         {**who, "watched_seconds": 450, "percent_complete": 75.5})

        lines = [f"line {i}" for i in range(10)]
        for line in lines:
            for client in (alice, bob):
                client.emit("send_chat_message", {"video_id": str(video), "message": line,
                                                  "timestamp": "2026-01-01T00:00:00Z"})
        heard = [client.wait("new_chat_message", 20) for client in (alice, bob)]
        self.assertEqual(heard[0], heard[1])
        for name in ("alice", "bob"):
            mine = [line["message"] for line in heard[0]
                    if line["user_id"] == str(school.students[name])]
            self.assertEqual(mine, lines)
        self.assertTrue(all(line["timestamp"].endswith("Z") for line in heard[0]))
        stored = school.as_student("alice", "GET", f"/student/video/messages?video_id={video}")
        self.assertEqual([line["message"] for line in stored["messages"]],
                         [line["message"] for line in heard[0]])
        self.settle(teacher)
        self.assertEqual(teacher.all("new_chat_message"), [])

    def test_who_has_left_hears_no_more(self):
        school = self.school()
        teacher = self.connected(school.teacher_token).join(school.course)
        self.assertEqual(teacher.ask("leave_course", {"course_id": school.course}),
                         {"status": "ok", "course_id": str(school.course)})
        other = self.connected(school.teacher_token).join(school.course)
        school.enrol("bob")
        other.wait("new_enrollment")
        self.settle(teacher)
        self.assertEqual(teacher.all("new_enrollment"), [])

    def test_a_token_that_dies_ends_the_connection(self):
        school = self.school()
        client = self.connected(school.token("alice", seconds=2))
        self.assertEqual(client.wait("error"), [{"message": "token expired"}])
        client.wait_own("disconnect")


for kind, maker in KINDS.items():
    for way in TRANSPORTS:
        name = f"{kind.capitalize()}{way.capitalize()}Test"
        globals()[name] = type(name, (ContractCases, RealtimeTest),
                               {"make": maker, "transport": way})


class RestartTest(RealtimeTest):
    """Nothing is lost or doubled for clients that come back."""

    def restart(self, by_force, while_away):
        backend.end("realtime", by_force)
        while_away()
        backend.start("realtime")

    def come_back(self, client):
        client.wait("connected", 2)
        client.join(self.course)

    def check(self, make, by_force):
        self.make = make
        school = self.school(capacity=10)
        self.course = school.course
        for name in ("bob", "carol", "dave"):
            school.add_student(name)
        alice = self.connected(school.token("alice")).join(school.course)
        bob = self.connected(school.token("bob"))
        school.select("carol")
        alice.wait("course_updated")
        bob_task = None

        def select_bob():
            nonlocal bob_task
            bob_task = school.select("bob")
            wait_for("the decision", lambda: school.as_student(
                "bob", "GET", f"/student/queue/status?task_id={bob_task}")["status"] == "completed")

        self.restart(by_force, select_bob)
        self.come_back(alice)
        bob.wait("connected", 2)
        updates = bob.wait("queue_update", 2)
        school.select("dave")
        alice.wait("new_enrollment", 3)
        alice.wait("course_updated", 3)
        time.sleep(0.5)  # whatever is doubled would come now
        self.settle(alice)
        self.assertEqual([told["user_id"] for told in alice.all("new_enrollment")],
                         [str(school.students[name]) for name in ("carol", "bob", "dave")])
        self.assertEqual([told["course_left"] for told in alice.all("course_updated")], [8, 7, 6])
        self.settle(bob)
        self.assertEqual([update["status"] for update in updates], ["pending", "completed"])
        self.assertEqual(len(bob.all("queue_update")), 2)
        self.assertEqual({update["task_id"] for update in updates}, {bob_task})

    def test_npm_client_and_an_orderly_restart(self):
        self.check(NodeClient, by_force=False)

    def test_npm_client_and_a_killed_server(self):
        self.check(NodeClient, by_force=True)

    def test_python_client_and_an_orderly_restart(self):
        self.check(PythonClient, by_force=False)

    def test_who_is_new_hears_nothing_of_the_past(self):
        school = self.school()
        self.restart(False, lambda: school.enrol("bob"))
        client = self.connected(school.token("alice")).join(school.course)
        school.enrol("carol")
        client.wait("new_enrollment")
        self.settle(client)
        self.assertEqual([told["user_id"] for told in client.all("new_enrollment")],
                         [str(school.students["carol"])])

    def test_who_left_on_purpose_hears_nothing_of_the_time_between(self):
        school = self.school()
        first = self.connected(school.token("alice")).join(school.course)
        first.close()
        school.enrol("bob")
        second = self.connected(school.token("alice")).join(school.course)
        school.enrol("carol")
        second.wait("new_enrollment")
        self.settle(second)
        self.assertEqual(len(second.all("new_enrollment")), 1)


class LimitTest(RealtimeTest):
    def test_seats_are_told_at_most_four_times_a_second_and_the_last_state_comes_last(self):
        school = self.school(capacity=100)
        client = self.connected(school.token("alice")).join(school.course)
        for number in range(40):
            school.add_student(f"s{number}")
        started = time.monotonic()
        for number in range(40):
            school.enrol(f"s{number}")
        wait_for("the last seats", lambda: client.all("course_updated")
                 and client.all("course_updated")[-1]["course_left"] == 59)
        seconds = time.monotonic() - started
        told = [update["course_left"] for update in client.all("course_updated")]
        self.assertEqual(told, sorted(told, reverse=True))
        self.assertLessEqual(len(told), 4 * seconds + 2)
        client.wait("new_enrollment", 40)
        self.settle(client)
        self.assertEqual(len(client.all("new_enrollment")), 40)

    def test_token_in_the_query_and_in_a_header(self):
        school = self.school()
        bearer = school.token("alice")
        self.client(None, query={"token": bearer}).wait("connected")
        headers = {"Authorization": f"Bearer {bearer}"}
        python = PythonClient(backend.url, None, "websocket", headers=headers)
        self.addCleanup(python.close)
        python.wait("connected")

    def test_a_message_over_the_limit_ends_the_connection(self):
        school = self.school()
        video = school.add_video()
        client = self.connected(school.token("alice"))
        client.emit("send_chat_message", {"video_id": video, "message": "x" * 999_000})
        self.assertEqual(client.wait("error"),
                         [{"message": "message must be a text of 1 to 4000 characters"}])
        client.emit("send_chat_message", {"video_id": video, "message": "x" * 1_000_000})
        client.wait_own("disconnect")

    def test_events_are_for_nodes_only(self):
        with self.assertRaises(Refused) as refused:
            backend.call("realtime", "POST", "/internal/events", {"source": "x", "last": 0},
                         bearer="nobody")
        self.assertEqual(refused.exception.status, 422)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
