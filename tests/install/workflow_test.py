#!/usr/bin/env python3
"""The complete workflow of the command line's document with the installed programs.

    workflow_test.py BUILD_DIRECTORY

`cmake --install` puts the programs into a fresh prefix; everything then happens by their names, in
a shell with an empty home, step by step as an administrator would on the first day.
"""

import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from cli_world import INTERNAL_TOKEN, Daemons, Person  # noqa: E402

BUILD = os.path.abspath(sys.argv.pop(1))
PROGRAMS = {"course-cli", "course-db-edit", "course-generate-users", "course-bench",
            "course-allinone", "course-realtime-server", "course-chat", "course-chat-server",
            *(f"course-{name}-node" for name in ("data", "auth", "teacher", "student", "queue"))}


class InstalledWorkflow(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="course-installed-")
        cls.addClassCleanup(directory.cleanup)
        cls.prefix = os.path.join(directory.name, "usr")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.prefix, "--component",
                        "runtime"], check=True, capture_output=True, timeout=120)
        cls.bin = os.path.join(cls.prefix, "bin")
        cls.data = os.path.join(directory.name, "data")
        os.mkdir(cls.data)
        cls.daemons = Daemons(cls.bin, cls.data, RATE_LIMITS="false")
        cls.addClassCleanup(cls.daemons.stop)
        cls.daemons.start()
        cls.person = Person(cls.bin, cls.daemons, INTERNAL_TOKEN=INTERNAL_TOKEN)
        cls.person.environment["PATH"] = cls.bin + ":/usr/bin:/bin"

    def shell(self, line, code=0, err=""):
        """What a line typed into bash prints."""
        done = subprocess.run(["bash", "-c", line], text=True, capture_output=True, timeout=120,
                              cwd=self.person.home, env=self.person.environment,
                              stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stderr), (code, err), (line, done.stdout))
        return done.stdout

    def mode(self, name):
        return stat.S_IMODE(os.stat(os.path.join(self.person.home, name)).st_mode)

    def call(self, node, path, body=None, token=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = "Bearer " + token
        request = urllib.request.Request(
            self.daemons.url(node) + path, headers=headers,
            data=None if body is None else json.dumps(body).encode())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.loads(answer.read())

    def test_everything_that_runs_is_installed(self):
        self.assertEqual(set(os.listdir(self.bin)), PROGRAMS)
        for name in ("course-cli", "course-db-edit", "course-generate-users", "course-auth-node",
                     "course-bench", "course-chat"):
            self.assertIn("Usage:", self.shell(f"{name} --help"), name)
        page = os.path.join(self.prefix, "share", "man", "man1", "course-cli.1")
        self.assertIn("course-cli", self.shell(f"MANPAGER=cat man -l {page}"))
        completion = os.path.join(self.prefix, "share/bash-completion/completions/course-cli")
        self.assertIn("_course_cli", self.shell(f"source {completion}; complete -p course-cli"))
        zsh = os.path.join(self.prefix, "share", "zsh", "site-functions", "_course-cli")
        with open(zsh) as file:
            self.assertEqual(file.readline(), "#compdef course-cli\n")

    def test_the_first_day(self):
        shell = self.shell
        self.assertEqual(os.listdir(self.person.home), [])
        self.assertEqual(shell("course-cli status").count(": online\n"), 5)
        shell("course-cli user list", code=1,
              err="✗ Not logged in. Please run: course-cli user login\n")
        self.assertEqual(shell('echo "admin123" | course-cli user login --username admin '
                               '--password'), "✓ Login successful\n")
        self.assertEqual((self.mode(".course_selection"),
                          self.mode(".course_selection/config.json")), (0o700, 0o600))
        self.assertEqual(shell("course-cli user list"), "No students found\n")
        self.accounts(shell)
        self.files(shell)
        task = self.selection(shell)
        self.care(shell, task)
        shell("course-cli user delete 1 --user-type student --yes")
        self.assertNotIn("alice@example.com", shell("course-cli user list"))
        self.assertEqual({name for name in os.listdir(self.person.home)},
                         {".course_selection", "names.txt", "students.csv", "made.csv",
                          "courses.csv", "backup"})

    def accounts(self, shell):
        code = shell("course-cli code generate --user-type student --max-uses 2")
        self.assertRegex(code, "^✓ Registration code generated\n  Code: \\S{32}\n"
                         "  Type: student\n  Max uses: 2\n  Valid until: ")
        made = shell('course-cli user add-student --username alice --name "Alice Johnson" '
                     '--email alice@example.com --group cs2024')
        self.made = dict(re.findall("  ([^:]+): (.*)\n", made))
        self.assertTrue(made.startswith("✓ Student created successfully\n  ID: 1\n"), made)
        with open(os.path.join(self.person.home, "names.txt"), "w") as file:
            file.write("bob,Bob Stone\nwei,王伟\n")
        loop = shell('while IFS=, read -r username name; do course-cli user add-student '
                     '--username "$username" --name "$name" --email "$username@example.com"; '
                     'done < names.txt')
        self.assertEqual(loop.count("✓ Student created successfully\n"), 2)
        self.assertRegex(shell('course-cli user add-teacher --username turing --name "A. Turing" '
                               '--email turing@example.com'),
                         "^✓ Teacher created successfully\n  ID: 1\n  Username: turing\n")
        self.assertEqual(shell("course-cli user list").splitlines()[:4], [
            "┌────┬──────────┬───────────────┬───────────────────┐",
            "│ ID │ Username │ Name          │ Email             │",
            "├────┼──────────┼───────────────┼───────────────────┤",
            "│  1 │ alice    │ Alice Johnson │ alice@example.com │"])

    def files(self, shell):
        shell("course-generate-users 30 --output students.csv --seed 7")
        self.assertEqual(self.mode("students.csv"), 0o600)
        imported = shell("course-cli import csv students.csv --user-type student "
                         "--generate-passwords --output made.csv")
        self.assertTrue(imported.startswith("Importing students from students.csv...\n"), imported)
        self.assertIn("Import Results:\n  Total: 30\n  Success: 30\n  Failed: 0\n", imported)
        self.assertEqual(self.mode("made.csv"), 0o600)
        self.assertEqual(shell("grep -c ',success$' made.csv"), "30\n")
        self.assertEqual(len(json.loads(shell("course-cli user list --json"))), 33)
        with open(os.path.join(self.person.home, "courses.csv"), "w") as file:
            file.write("course_name,course_credit,course_type,course_teacher_id,course_location,"
                       "course_capacity\nAlgebra,4,required,1,Hall 1,1\n")
        self.assertIn("  Success: 1\n", shell("course-cli course import courses.csv"))
        self.assertIn("│ Algebra", shell("course-cli course list"))

    def selection(self, shell):
        begun = self.call("auth", "/login/v1",
                          {"username": "alice", "password": self.made["Password"]})
        secret = self.made["2FA Secret"]
        code = shell(f"oathtool --totp -b -N '30 seconds' {secret}").strip()
        token = self.call("auth", "/login/v2", {"totp_code": code}, begun["refresh_token"])
        task = self.call("student", "/student/course/select", {"course_id": 1},
                         token["access_token"])["task_id"]
        ended = self.call("student", f"/student/queue/status?wait=20&task_id={task}",
                          token=token["access_token"])
        self.assertEqual(ended["status"], "completed")
        self.assertRegex(shell("course-cli queue tasks"), f"│ {task} │ +1 │ +1 │ select │ completed")
        self.assertIn("  Completed today: 1\n", shell("course-cli queue stats"))
        return task

    def care(self, shell, task):
        shell(f"course-cli queue retry {task}", code=1,
              err="✗ Cannot retry task with status: completed\n")
        self.assertRegex(shell("course-cli user reset-2fa alice"),
                         "^✓ 2FA reset code generated\n  Reset Code: [0-9A-Z]{8}\n  Valid until: ")
        shell("course-cli settings set courses.courses_per_student_max 8")
        self.assertEqual(shell("course-cli settings get courses.courses_per_student_max"), "8\n")
        self.assertRegex(shell("course-cli audit --action settings --limit 1"), "│ admin:1 ")
        self.assertIn("✓ 3 databases saved in backup\n",
                      shell(f"course-cli backup --from {self.data} --output backup"))
        tables = shell("cd backup && course-db-edit list-tables -d data")
        self.assertIn("Tables in data database:\n", tables)
        self.assertIn("📋 enrolments (", tables)


if __name__ == "__main__":
    unittest.main()
