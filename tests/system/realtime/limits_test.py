#!/usr/bin/env python3
"""The realtime server at its limits, set low, and plain scripts of both clients.

    limits_test.py DIRECTORY_OF_PROGRAMS
"""

import os
import subprocess
import sys
import unittest

from backend import Backend, School, wait_for
from clients import HERE, KINDS, TRANSPORTS, NodeClient, PythonClient

PROGRAMS = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
ROOMS, CONNECTIONS, PAYLOAD = 3, 4, 20_000
SCRIPTS = {"node": ["node", os.path.join(HERE, "plain", "student.cjs")],
           "python": [sys.executable, os.path.join(HERE, "plain", "student.py")]}
backend = None


def setUpModule():
    global backend
    backend = Backend(PROGRAMS, REALTIME_ROOMS_PER_CONNECTION=str(ROOMS),
                      REALTIME_CONNECTIONS_PER_ADDRESS=str(CONNECTIONS),
                      REALTIME_MESSAGES_PER_SECOND="20", REALTIME_MESSAGES_BURST="5",
                      REALTIME_PAYLOAD_BYTES_MAX=str(PAYLOAD),
                      # On polling the Python client stops to write at a 413, is missed at the next
                      # heartbeat, and ends without a word.
                      REALTIME_PING_INTERVAL="2s", REALTIME_PING_TIMEOUT="2s")
    unittest.addModuleCleanup(backend.close)
    backend.start()


class LimitCases:
    """Run by each client on each transport."""

    make = NodeClient
    transport = "websocket"

    def setUp(self):
        self.school = School(backend)
        self.school.enrol("alice")
        self.nobody_is_here()

    def nobody_is_here(self):
        wait_for("the clients of other tests to be gone", lambda: backend.metric(
            "realtime", "courseselect_realtime_connections") == 0)

    def client(self):
        client = self.make(backend.url, self.school.token("alice"), self.transport)
        self.addCleanup(client.close)
        return client

    def connected(self):
        client = self.client()
        client.wait("connected")
        return client

    def test_a_room_more_than_allowed_is_refused_until_one_is_left(self):
        # The student's own room is one of them.
        client = self.connected().join(self.school.course)
        videos = [self.school.add_video() for _ in range(ROOMS - 1)]
        self.assertEqual(client.ask("join_video", {"video_id": videos[0]})["status"], "ok")
        message = "too many rooms: leave some first"
        self.assertEqual(client.ask("join_video", {"video_id": videos[1]}),
                         {"status": "error", "code": "resource_exhausted", "message": message})
        self.assertEqual(client.wait("error"), [{"message": message}])
        client.ask("leave_course", {"course_id": self.school.course})
        self.assertEqual(client.ask("join_video", {"video_id": videos[1]})["status"], "ok")
        self.assertEqual(client.ask("join_course", {"course_id": self.school.course})["code"],
                         "resource_exhausted")

    def test_a_connection_more_of_one_address_is_refused_until_one_has_gone(self):
        clients = [self.connected() for _ in range(CONNECTIONS)]
        refused = self.client()
        refused.wait_own("connect_error")
        self.assertEqual(refused.events, [])
        refused.close()
        clients.pop().close()
        wait_for("the place", lambda: backend.metric(
            "realtime", "courseselect_realtime_connections") < CONNECTIONS)
        self.connected()
        for client in clients:  # the others were not disturbed
            self.assertEqual(client.join(self.school.course).all("error"), [])

    def test_who_is_too_fast_has_to_wait_and_loses_nothing(self):
        video = self.school.add_video()
        client = self.connected()
        client.ask("join_video", {"video_id": video})
        lines = [f"line {number}" for number in range(30)]
        for line in lines:
            client.emit("send_chat_message", {"video_id": video, "message": line})
        told = client.wait("new_chat_message", len(lines))
        self.assertEqual([line["message"] for line in told], lines)
        self.assertEqual(client.all("error"), [])

    def test_a_payload_over_the_limit_ends_the_connection_and_no_other(self):
        other = self.connected()
        client = self.connected()
        client.emit("send_chat_message", {"video_id": 1, "message": "x" * PAYLOAD})
        if self.make is PythonClient and self.transport == "polling":
            wait_for("the end of one", lambda: backend.metric(
                "realtime", "courseselect_realtime_connections") == 1)
        else:
            client.wait_own("disconnect")
        self.assertEqual(other.join(self.school.course).own[0][0], "connect")


for kind, maker in KINDS.items():
    for way in TRANSPORTS:
        name = f"{kind.capitalize()}{way.capitalize()}Test"
        globals()[name] = type(name, (LimitCases, unittest.TestCase),
                               {"make": maker, "transport": way})


class PlainScriptTest(unittest.TestCase):
    """Scripts as the clients' own documentation shows them."""

    def check(self, kind):
        school = School(backend)
        school.enrol("alice")
        video = school.add_video()
        script = subprocess.Popen(
            [*SCRIPTS[kind], backend.url, school.token("alice"), str(school.course), str(video)],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(script.stdout.close)
        self.addCleanup(script.kill)
        self.assertEqual(script.stdout.readline(), "connected Connected successfully\n")
        self.assertEqual(script.stdout.readline(), f"joined_course {school.course}\n")
        progress = wait_for("the progress", lambda: school.as_teacher(
            "GET", f"/teacher/video/progress?video_id={video}")["progress"])
        self.assertEqual((progress[0]["percent_complete"], progress[0]["watched_seconds"]),
                         (50, 300))
        school.enrol("bob")
        self.assertEqual(script.stdout.readline(),
                         f"new_enrollment bob{school.mark} enrolled in Course {school.mark}\n")
        self.assertEqual(script.wait(timeout=20), 0)

    def test_npm_client(self):
        self.check("node")

    def test_python_client(self):
        self.check("python")


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
