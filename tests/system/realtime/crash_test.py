#!/usr/bin/env python3
"""Processes killed between a commit and its telling: each event is heard exactly once.

    crash_test.py DIRECTORY_OF_PROGRAMS

What the nodes report passes through a proxy of the test, which keeps it back: so the moment at which
a process is killed is not left to chance.
"""

import os
import sys
import unittest

from backend import SERVICES, Backend, School, wait_for
from clients import NodeClient
from proxy import Proxy

PROGRAMS = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
backend = None
proxy = None


def setUpModule():
    global backend, proxy
    proxy = Proxy(0)
    unittest.addModuleCleanup(proxy.close)
    # Without sockets in the file system, past which the proxy would be.
    backend = Backend(PROGRAMS, SERVICES, REALTIME_NODE_URL=proxy.url, USE_SOCKETS="false")
    unittest.addModuleCleanup(backend.close)
    proxy.target = backend.ports["realtime"]
    backend.start()
    backend.wait_for_reports()


class CrashTest(unittest.TestCase):
    def setUp(self):
        self.school = School(backend)
        self.school.enrol("alice")
        for name in ("bob", "carol"):
            self.school.add_student(name)
        self.alice = NodeClient(backend.url, self.school.token("alice"), "websocket")
        self.addCleanup(self.alice.close)
        self.alice.wait("connected")
        self.alice.join(self.school.course)

    def tearDown(self):
        proxy.keeps_requests, proxy.trap = False, None

    def commit(self, name):
        """Returns when the seat is taken for good."""
        task = self.school.select(name)
        wait_for("the decision", lambda: self.school.as_student(
            name, "GET", f"/student/queue/status?task_id={task}")["status"] == "completed")

    def event_of(self, name):
        """Words of the data node's report of that student's enrolment."""
        return f'"user_name":"{name}{self.school.mark}"'.encode()

    def enrolled(self):
        names = {str(number): name for name, number in self.school.students.items()}
        self.alice.ask("leave_course", {"course_id": 1_000_000})  # what came before is here
        return [names[told["user_id"]] for told in self.alice.all("new_enrollment")]

    def seats(self):
        return [told["course_left"] for told in self.alice.all("course_updated")]

    def kill(self, *services):
        for service in services:
            backend.end(service, by_force=True)
        proxy.keeps_requests, proxy.trap = False, None
        proxy.cut()
        backend.start(*services)

    def check_both_once(self):
        """What was at stake, and what comes after it."""
        self.alice.wait("new_enrollment")
        self.commit("carol")
        self.alice.wait("new_enrollment", 2)
        wait_for("the last seats", lambda: self.seats()[-1:] == [7])
        self.assertEqual(self.enrolled(), ["bob", "carol"])
        self.assertEqual(self.seats(), [8, 7])

    def test_the_data_node_after_its_commit_before_the_event_has_arrived(self):
        proxy.keeps_requests = True
        self.commit("bob")
        wait_for("the event on its way", lambda: self.event_of("bob") in proxy.kept)
        self.assertEqual(self.enrolled(), [])
        self.kill("data")
        self.check_both_once()

    def test_the_data_node_after_the_telling_before_it_has_the_receipt(self):
        proxy.trap = self.event_of("bob")
        self.commit("bob")
        self.alice.wait("new_enrollment")
        wait_for("the receipt on its way", lambda: b'"last"' in proxy.kept)
        self.kill("data")
        self.check_both_once()

    def test_both_after_the_commit_before_the_event_has_arrived(self):
        proxy.keeps_requests = True
        self.commit("bob")
        wait_for("the event on its way", lambda: self.event_of("bob") in proxy.kept)
        self.kill("data", "realtime")
        self.alice.wait("connected", 2)
        self.alice.join(self.school.course)
        self.check_both_once()

    def test_the_realtime_server_after_the_telling_before_the_node_has_the_receipt(self):
        proxy.trap = self.event_of("bob")
        self.commit("bob")
        self.alice.wait("new_enrollment")
        wait_for("the receipt on its way", lambda: b'"last"' in proxy.kept)
        self.kill("realtime")
        self.alice.wait("connected", 2)
        self.alice.join(self.school.course)
        self.check_both_once()


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
