#!/usr/bin/env python3
"""Two realtime servers that share their rooms over a real Redis, with npm clients on both.

    sharing_test.py DIRECTORY_OF_PROGRAMS

The nodes report to the first server; the second hears everything over Redis alone.
"""

import os
import subprocess
import sys
import tempfile
import unittest

from backend import SERVICES, Backend, School, wait_for
from clients import NodeClient
from proxy import Proxy

PROGRAMS = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
FIRST, SECOND = "realtime", "realtime2"
backend = None
redis = None


class Redis:
    """A redis-server on a unix socket of its own."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="sharing-test-")
        self.path = os.path.join(self.directory.name, "redis.sock")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.path, "--save", "",
             "--appendonly", "no", "--dir", self.directory.name], stdout=subprocess.DEVNULL)

    def end(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.end()
        self.directory.cleanup()


def is_sharing(server):
    return backend.metric(server, "courseselect_realtime_sharing") == 1


def wait_until_shared():
    for server in (FIRST, SECOND):
        wait_for(f"{server} to share", lambda name=server: is_sharing(name))


def setUpModule():
    global backend, redis
    redis = Redis()
    unittest.addModuleCleanup(redis.close)  # also when what follows fails
    backend = Backend(PROGRAMS, (*SERVICES, SECOND), REDIS_URL=f"unix://{redis.path}")
    unittest.addModuleCleanup(backend.close)
    backend.start()
    wait_until_shared()
    backend.wait_for_reports()


class SharingTest(unittest.TestCase):
    def connected(self, server, bearer):
        client = NodeClient(backend.url_of(server), bearer, "websocket")
        self.addCleanup(client.close)
        client.wait("connected")
        return client

    def school(self, **options):
        school = School(backend, **options)
        school.enrol("alice")
        return school

    def settle(self, *clients):
        """What was sent to the clients before has arrived when these answers have."""
        for client in clients:
            client.ask("leave_course", {"course_id": 1_000_000})

    def enrolled(self, school, client):
        """The names of those whose enrolment the client was told of."""
        names = {str(number): name for name, number in school.students.items()}
        return [names[told["user_id"]] for told in client.all("new_enrollment")]

    def test_what_nodes_report_reaches_the_clients_of_both_once(self):
        school = self.school()
        school.add_student("bob")
        here = self.connected(FIRST, school.token("alice")).join(school.course)
        there = self.connected(SECOND, school.teacher_token).join(school.course)
        bob = self.connected(SECOND, school.token("bob"))
        task = school.select("bob")
        updates = bob.wait("queue_update", 2)
        self.assertEqual([(told["task_id"], told["status"]) for told in updates],
                         [(task, "pending"), (task, "completed")])
        for client in (here, there):
            client.wait("new_enrollment")
            self.assertEqual(client.wait("course_updated")[0]["course_left"], 8)
        school.as_student("alice", "POST", "/student/course/review",
                          {"course_id": school.course, "rating": 5, "comment": "good"})
        for client in (here, there):
            client.wait("new_review")
        self.settle(here, there, bob)
        for client in (here, there):
            self.assertEqual(self.enrolled(school, client), ["bob"])
            self.assertEqual(len(client.all("course_updated")), 1)
            self.assertEqual(len(client.all("new_review")), 1)
        self.assertEqual(len(bob.all("queue_update")), 2)

    def test_what_clients_do_reaches_the_others_room(self):
        school = self.school()
        school.enrol("bob")
        video = school.add_video()
        alice = self.connected(FIRST, school.token("alice"))
        bob = self.connected(SECOND, school.token("bob"))
        teacher = self.connected(SECOND, school.teacher_token).join(school.course)
        bob.ask("join_video", {"video_id": video})
        alice.ask("join_video", {"video_id": video})
        self.assertEqual([told["user_id"] for told in bob.wait("user_joined_video")],
                         [str(school.students["alice"])])
        alice.ask("video_progress", {"video_id": video, "course_id": school.course,
                                     "progress": 50, "timestamp": 300})
        self.assertEqual(teacher.wait("student_progress")[0]["progress"], 50)
        self.assertEqual(teacher.wait("progress_update")[0]["watched_seconds"], 300)
        self.settle(alice, bob, teacher)
        self.assertEqual(len(alice.all("user_joined_video")), 0)
        self.assertEqual(len(teacher.all("student_progress")), 1)

    def test_a_chat_is_in_the_same_order_for_all(self):
        school = self.school()
        school.enrol("bob")
        video = school.add_video()
        clients = [self.connected(FIRST, school.token("alice")),
                   self.connected(SECOND, school.token("bob"))]
        for client in clients:
            client.ask("join_video", {"video_id": video})
        for number in range(30):
            for client, name in zip(clients, ("alice", "bob")):
                client.emit("send_chat_message",
                            {"video_id": video, "message": f"{name} {number}"})
        heard = [[told["message"] for told in client.wait("new_chat_message", 60)]
                 for client in clients]
        self.assertEqual(heard[0], heard[1])
        for name in ("alice", "bob"):
            self.assertEqual([line for line in heard[0] if line.startswith(name)],
                             [f"{name} {number}" for number in range(30)])
        self.settle(*clients)
        self.assertEqual([len(client.all("new_chat_message")) for client in clients], [60, 60])

    def test_without_redis_each_serves_its_own_and_later_tells_what_was_missed(self):
        school = self.school()
        for name in ("bob", "carol", "dave"):
            school.add_student(name)
        video = school.add_video()
        here = self.connected(FIRST, school.token("alice")).join(school.course)
        there = self.connected(SECOND, school.teacher_token).join(school.course)
        school.select("bob")
        there.wait("new_enrollment")
        redis.end()
        for server in (FIRST, SECOND):
            wait_for(f"{server} to be alone", lambda name=server: not is_sharing(name))
        school.select("carol")
        here.wait("new_enrollment", 2)
        for client in (here, there):  # each room of its own works on
            client.ask("join_video", {"video_id": video})
            client.ask("send_chat_message", {"video_id": video, "message": "alone"})
            client.wait("new_chat_message")
        redis.start()
        wait_until_shared()
        there.wait("new_enrollment", 2)
        school.select("dave")
        for client in (here, there):
            client.wait("new_enrollment", 3)
        self.settle(here, there)
        for client in (here, there):
            self.assertEqual(self.enrolled(school, client), ["bob", "carol", "dave"])
            self.assertEqual(len(client.all("new_chat_message")), 1)

    def movable(self, school):
        """A client behind a proxy, which leads it to the first server."""
        proxy = Proxy(backend.ports[FIRST])
        self.addCleanup(proxy.close)
        client = NodeClient(proxy.url, school.token("alice"), "websocket")
        self.addCleanup(client.close)
        client.wait("connected")
        return client.join(school.course), proxy

    def move(self, client, proxy, server, connections, school):
        proxy.target = backend.ports[server]
        proxy.cut()
        client.wait("connected", connections)
        client.join(school.course)

    def test_who_moves_to_the_other_server_and_back_hears_nothing_twice(self):
        school = self.school()
        for name in ("bob", "carol", "dave"):
            school.add_student(name)
        client, proxy = self.movable(school)
        school.select("bob")
        client.wait("new_enrollment")
        self.move(client, proxy, SECOND, 2, school)
        school.select("carol")
        client.wait("new_enrollment", 2)
        self.move(client, proxy, FIRST, 3, school)
        school.select("dave")
        client.wait("new_enrollment", 3)
        self.settle(client)
        self.assertEqual(self.enrolled(school, client), ["bob", "carol", "dave"])
        # socket.io's own recovery is not offered: a client knows that it has to ask anew.
        self.assertEqual([args[1] for args in client.wait_own("connect", 3)], [False] * 3)

    def test_who_moves_while_a_server_restarts_and_then_back_hears_nothing_twice(self):
        school = self.school()
        for name in ("bob", "carol", "dave"):
            school.add_student(name)
        client, proxy = self.movable(school)
        school.select("bob")
        client.wait("new_enrollment")
        proxy.target = backend.ports[SECOND]
        backend.end(FIRST)
        client.wait("connected", 2)
        client.join(school.course)
        backend.start(FIRST)
        wait_until_shared()
        school.select("carol")
        client.wait("new_enrollment", 2)
        self.move(client, proxy, FIRST, 3, school)
        school.select("dave")
        client.wait("new_enrollment", 3)
        self.settle(client)
        self.assertEqual(self.enrolled(school, client), ["bob", "carol", "dave"])

    def check_kill(self, victim, at_server):
        """A server is killed while things happen; its client comes back and misses nothing."""
        school = self.school()
        for name in ("bob", "carol", "dave"):
            school.add_student(name)
        client = self.connected(at_server, school.token("alice")).join(school.course)
        school.select("bob")
        client.wait("new_enrollment")
        backend.end(victim, by_force=True)
        task = school.select("carol")
        wait_for("the decision", lambda: school.as_student(
            "carol", "GET", f"/student/queue/status?task_id={task}")["status"] == "completed")
        backend.start(victim)
        wait_until_shared()
        if victim == at_server:
            client.wait("connected", 2)
            client.join(school.course)
        school.select("dave")
        client.wait("new_enrollment", 3)
        self.settle(client)
        self.assertEqual(self.enrolled(school, client), ["bob", "carol", "dave"])

    def test_the_second_server_is_killed(self):
        self.check_kill(SECOND, SECOND)

    def test_the_first_server_is_killed(self):
        self.check_kill(FIRST, FIRST)

    def test_the_first_server_is_killed_and_clients_of_the_second_miss_nothing(self):
        self.check_kill(FIRST, SECOND)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
