#!/usr/bin/env python3
"""What operators use of course-cli, with the real daemons: settings, audit, queue, courses, backup,
completion and the manual.

    operator_test.py PROGRAMS
"""

import csv
import json
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from cli_world import INTERNAL_TOKEN, WAIT_SECONDS, Daemons, Person

PROGRAMS = os.path.abspath(sys.argv.pop(1))


class Operator(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="course-cli-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.daemons = Daemons(PROGRAMS, cls.directory.name, RATE_LIMITS="false")
        cls.addClassCleanup(cls.daemons.stop)
        cls.daemons.start()

    def setUp(self):
        self.person = Person(PROGRAMS, self.daemons, INTERNAL_TOKEN=INTERNAL_TOKEN)
        self.assertEqual(self.person.login().code, 0)

    def cli(self, *arguments, **more):
        return self.person.run(*arguments, **more)

    def call(self, node, path, body=None):
        request = urllib.request.Request(
            self.daemons.url(node) + path,
            headers={"Content-Type": "application/json", "Internal-Token": INTERNAL_TOKEN},
            data=None if body is None else json.dumps(body).encode())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.loads(answer.read())

    # ---- settings -------------------------------------------------------------------------------

    def test_settings(self):
        name = "security.password_length_min"
        self.assertEqual(self.cli("settings", "get", name).out, "6\n")
        changed = self.cli("settings", "set", name, "9")
        self.assertEqual((changed.code, changed.out), (0, f"✓ {name} is now 9\n"), changed)
        self.assertEqual(self.cli("settings", "get", name, "--json").json, 9)
        self.assertRegex(self.cli("settings", "list").out, f"│ {name} +│ 9 +│")
        for setting, typed, shown in (
                ("courses.check_tags", "false", "false"),
                ("courses.selection_opens_at", "2026-09-01T08:00:00Z",
                 "2026-09-01T08:00:00.000000Z"),
                ("courses.selection_opens_at", "none", "none"),
                ("notifications.smtp_host", "mail.example.org", "mail.example.org"),
                ("notifications.email_from_name", "12", "12"),
                ("notifications.events", "selection_accepted,selection_ended",
                 '["selection_accepted","selection_ended"]')):
            result = self.cli("settings", "set", setting, typed)
            self.assertEqual(result.code, 0, result)
            self.assertEqual(self.cli("settings", "get", setting).out, shown + "\n")
        bad = self.cli("settings", "set", name, "5")
        self.assertEqual((bad.code, bad.out), (1, ""))
        self.assertIn("✗ security.password_length_min: ", bad.err)
        for unknown in ("nonsense", "security.nonsense"):
            self.assertEqual(self.cli("settings", "get", unknown).err,
                             f"✗ There is no setting '{unknown}'; see: course-cli settings list\n")

    # ---- audit ----------------------------------------------------------------------------------

    def test_audit(self):
        self.person.login("wrong")
        entries = self.cli("audit", "--action", "login_admin", "--limit", "2", "--json").json
        self.assertEqual(len(entries), 2)
        self.assertNotEqual(entries[0]["outcome"], "ok")
        self.assertEqual(entries[1]["outcome"], "ok")
        table = self.cli("audit", "--actor", "admin:1", "--limit", "5").out
        self.assertRegex(table, "│ admin:1 +│ login_admin +│")
        self.assertEqual(self.cli("audit", "--action", "nonsense").out, "No entries found\n")
        self.assertEqual(self.cli("audit", "--since", "yesterday").code, 2)
        later = self.cli("audit", "--since", "2999-01-01T00:00:00Z")
        self.assertEqual((later.code, later.out), (0, "No entries found\n"))

    # ---- courses and the queue ------------------------------------------------------------------

    def test_courses_there_and_back(self):
        path = os.path.join(self.person.home, "courses.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(
                "course_name,course_credit,course_type,course_location,course_capacity,"
                "course_schedule,course_tags,course_notes\n"
                "Algebra,4.5,required,Hall 1,30,\"{\"\"monday\"\":[1,2]}\",cs;year 1,\n"
                "线性代数,3,elective,Hall 2,20,,,\"=SUM(1), quoted\"\n"
                "Broken,-1,elective,Hall 3,20,,,\n"
                "Algebra,4,required,Hall 1,30,,,\n")
        result = self.cli("course", "import", path)
        self.assertEqual(result.code, 1, result)
        self.assertIn("Import Results:\n  Total: 4\n  Success: 2\n  Failed: 2\n", result.out)
        self.assertRegex(result.out, r"  Line 4 \(Broken\): .+\n")
        self.assertIn("  Line 5 (Algebra): Course with this name already exists\n", result.out)
        listed = self.cli("course", "list", "--type", "required").out
        self.assertRegex(listed, "│ Algebra +│ required +│ +4.5 │")
        self.assertNotIn("线性代数", listed)
        copy = os.path.join(self.person.home, "copy.csv")
        self.assertEqual(self.cli("course", "export", "--output", copy).code, 0)
        self.assertEqual(stat.S_IMODE(os.stat(copy).st_mode), 0o600)
        with open(copy, encoding="utf-8", newline="") as file:
            rows = {row["course_name"]: row for row in csv.DictReader(file)}
        self.assertEqual(json.loads(rows["Algebra"]["course_schedule"]), {"monday": [1, 2]})
        self.assertEqual(rows["Algebra"]["course_tags"], "cs;year 1")
        self.assertEqual(rows["线性代数"]["course_notes"], "'=SUM(1), quoted")
        # An export makes the same courses elsewhere; so does the JSON of a listing.
        before = {course["course_name"]: course for course in self.call("data", "/courses")}
        for name in ("copy.csv", "copy.json"):
            if name.endswith(".json"):
                with open(os.path.join(self.person.home, name), "w", encoding="utf-8") as file:
                    file.write(self.cli("course", "list", "--json").out)
            for course in self.call("data", "/courses"):
                self.call("data", f"/delete/course?course_id={course['course_id']}", {})
            again = self.cli("course", "import", os.path.join(self.person.home, name))
            self.assertEqual(again.code, 0, again)
            after = {course["course_name"]: course for course in self.call("data", "/courses")}
            for course in [*before.values(), *after.values()]:
                for member in ("course_id", "created_at", "updated_at"):
                    course.pop(member, None)
            self.assertEqual(after, before)
            if name == "copy.csv":
                self.assertEqual(self.cli("course", "list", "--search", "nothing").out,
                                 "No courses found\n")

    def test_the_queue(self):
        student = self.call("data", "/add/student", {"student_name": "queue-ann"})["student_id"]
        course = self.call("data", "/add/course", {
            "course_name": "Queueing", "course_credit": 1, "course_type": "elective",
            "course_teacher_id": 1, "course_location": "Hall", "course_capacity": 1})["course_id"]
        tasks = [self.call("queue", "/queue/submit", {
            "student_id": student, "course_id": course, "task_type": "select"})["task_id"]
            for _ in range(2)]
        end = time.monotonic() + WAIT_SECONDS
        while True:
            listed = self.cli("queue", "tasks", "--student-id", student, "--json").json
            states = {task["task_id"]: task["status"] for task in listed}
            if states == {tasks[0]: "completed", tasks[1]: "failed"}:
                break
            self.assertLess(time.monotonic(), end, states)
            time.sleep(0.02)  # a poll to a bound
        only = self.cli("queue", "tasks", "--student-id", student, "--status", "failed").out
        self.assertIn(tasks[1], only)
        self.assertNotIn(tasks[0], only)
        stats = self.cli("queue", "stats")
        self.assertRegex(stats.out, r"^Queue:\n  Pending: 0\n  Processing: 0\n  Completed today: 1\n"
                         r"  Failed today: [12]\n  Seconds a task: [\d.]+\n  Length: 0\n$")
        retry = ("queue", "retry")
        every = self.cli("queue", "tasks", "--limit", "2", "--json").json
        self.assertEqual([task["task_id"] for task in every], tasks[::-1])
        self.assertEqual({task["student_id"] for task in every}, {student})
        self.assertRegex(self.cli("queue", "tasks").out, f"│ {tasks[1]} │ +{student} │ +{course} │ "
                         "select │ failed +│ +0 │ .* │ Course is full +│")
        self.assertEqual(self.cli("queue", "tasks", "--status", "dead").out, "No tasks found\n")
        self.assertEqual(self.cli("queue", "tasks", "--status", "lost").code, 2)
        retried = self.cli(*retry, tasks[1])
        self.assertRegex(retried.out, "^✓ Task queued again\n  Task: [0-9a-f-]{36}\n  Position: ")
        self.assertEqual(self.cli(*retry, tasks[1]).out.splitlines()[1],
                         retried.out.splitlines()[1])  # asked for twice, it is queued once
        self.assertEqual(self.cli(*retry, tasks[0]).err,
                         "✗ Cannot retry task with status: completed\n")
        self.assertEqual(self.cli(*retry, "none").err, "✗ Task not found\n")
        self.assertEqual(self.cli("queue", "cancel", tasks[0]).err,
                         "✗ Cannot cancel task with status: completed\n")
        self.assertEqual(self.cli("queue", "cancel", "none").err, "✗ Task not found\n")
        tokenless = Person(PROGRAMS, self.daemons)
        tokenless.login()
        refused = tokenless.run("queue", "stats")
        self.assertEqual(refused.code, 1)
        self.assertTrue(refused.err.startswith("✗ INTERNAL_TOKEN is not set"), refused)

    def test_a_waiting_task_is_taken_back(self):
        self.daemons.end("data", signal.SIGKILL)
        try:
            task = self.call("queue", "/queue/submit", {
                "student_id": 1, "course_id": 1, "task_type": "select"})["task_id"]
            end = time.monotonic() + WAIT_SECONDS
            while True:  # at this instant it may be on its way to the data node
                cancelled = self.cli("queue", "cancel", task)
                if not cancelled.err.endswith("with status: processing\n"):
                    break
                self.assertLess(time.monotonic(), end, cancelled)
            self.assertEqual((cancelled.code, cancelled.out), (0, "✓ Task cancelled\n"), cancelled)
            failed = self.cli("queue", "tasks", "--student-id", 1, "--limit", "1", "--json").json
            self.assertEqual(failed[0]["message"], "Cancelled by user")
        finally:
            self.daemons.start("data")

    # ---- backup ---------------------------------------------------------------------------------

    def test_backup_while_the_daemons_run(self):
        self.cli("user", "add-teacher", "--username", "saved", "--name", "S", "--email",
                 "saved@example.org")
        output = os.path.join(self.person.home, "backup")
        nobody = Person(PROGRAMS, self.daemons)  # it reads files, so it needs no login
        result = nobody.run("backup", "--from", self.daemons.directory, "--output", output)
        self.assertEqual(result.code, 0, result)
        self.assertIn("✓ 3 databases saved in " + output, result.out)
        self.assertEqual(stat.S_IMODE(os.stat(output).st_mode), 0o700)
        for name in ("course_data.db", "auth_data.db", "queue_data.db"):
            path = os.path.join(output, name)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            with sqlite3.connect(path) as copy:
                self.assertEqual(copy.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        with sqlite3.connect(os.path.join(output, "auth_data.db")) as copy:
            self.assertEqual(
                copy.execute("SELECT count(*) FROM users WHERE username = 'saved'").fetchone(), (1,))
        empty = os.path.join(self.person.home, "empty")
        os.mkdir(empty)
        nothing = nobody.run("backup", "--from", empty, "--output", output)
        self.assertEqual(nothing.code, 1)
        self.assertIn("There is no database in ", nothing.err)

    # ---- shells and the manual ------------------------------------------------------------------

    def complete(self, *words):
        script = ('source <("$1" completion bash); shift; COMP_WORDS=("$@"); '
                  'COMP_CWORD=$(($# - 1)); _course_cli; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(
            ["bash", "-c", script, "bash", self.person.program, "course-cli", *words], text=True,
            capture_output=True, timeout=60, check=True, env=self.person.environment,
            cwd=self.person.home)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completes(self):
        self.assertEqual(self.complete("us"), ["user"])
        self.assertIn("add-student", self.complete("user", ""))
        self.assertEqual(self.complete("user", "add-student", "--gr"), ["--group"])
        self.assertEqual(self.complete("user", "list", "--user-type", ""), ["student", "teacher"])
        self.assertEqual(self.complete("user", "list", "--user-type", "t"), ["teacher"])
        with open(os.path.join(self.person.home, "names.csv"), "w"):
            self.assertEqual(self.complete("import", "csv", "na"), ["names.csv"])

    def test_zsh_takes_the_script(self):
        script = 'autoload -Uz compinit; compinit -D; source <("$1" completion zsh); ' \
                 'print -r -- $_comps[course-cli]; whence -w _course_cli_user_add_student'
        done = subprocess.run(["zsh", "-f", "-c", script, "zsh", self.person.program], text=True,
                              capture_output=True, timeout=60, env=self.person.environment)
        self.assertEqual((done.stdout, done.stderr),
                         ("_course_cli\n_course_cli_user_add_student: function\n", ""))

    def test_the_manual_page(self):
        page = os.path.join(self.person.home, "course-cli.1")
        with open(page, "w") as file:
            file.write(self.cli("man").out)
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", page], text=True,
                              capture_output=True, timeout=60,
                              env=dict(self.person.environment, MANWIDTH="80", MANPAGER="cat"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        text = " ".join(re.sub(".\x08", "", done.stdout).split())  # bold is a letter twice
        for words in ("NAME", "course-cli user add-student", "--generate-passwords",
                      "INTERNAL_TOKEN", "~/.course_selection/config.json"):
            self.assertIn(words, text)

    # ---- the demo -------------------------------------------------------------------------------

    def test_the_demo_says_what_it_needs(self):
        alone = os.path.join(self.person.home, "course-cli")
        shutil.copy(self.person.program, alone)
        missing = subprocess.run([alone, "demo", "--students", "20"], text=True, timeout=60,
                                 capture_output=True, env=self.person.environment)
        self.assertEqual(missing.returncode, 1, missing)
        self.assertIn("./start_backend.sh --demo builds it", missing.stderr)


if __name__ == "__main__":
    unittest.main()
