#!/usr/bin/env python3
"""`course-cli import csv` with the real daemons: results, interrupts, crashes, what a second run does.

    import_test.py PROGRAMS
"""

import csv
import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from cli_world import WAIT_SECONDS, Daemons, Person, Terminal

PROGRAMS = os.path.abspath(sys.argv.pop(1))


class Import(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="course-cli-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.daemons = Daemons(PROGRAMS, cls.directory.name, RATE_LIMITS="false")
        cls.addClassCleanup(cls.daemons.stop)
        cls.daemons.start()

    def setUp(self):
        self.person = Person(PROGRAMS, self.daemons)
        self.assertEqual(self.person.login().code, 0)
        self.prefix = self._testMethodName[-12:].strip("_").replace("_", "-")

    def file(self, text, name="users.csv"):
        path = os.path.join(self.person.home, name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path

    def many(self, count, password="secret1"):
        rows = [f"{self.prefix}{i},{password},Name {i},{self.prefix}{i}@example.org"
                for i in range(count)]
        return self.file("username,password,name,email\n" + "\n".join(rows) + "\n")

    def cli(self, path, *arguments, **more):
        return self.person.run("import", "csv", path, "--user-type", "student", *arguments, **more)

    def start(self, path, *arguments):
        return subprocess.Popen(
            self.person.command("import", "csv", path, "--user-type", "student", *arguments),
            env=self.person.environment, cwd=self.person.home, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def sql(self, database, query, *parameters):
        path = os.path.join(self.daemons.directory, database)
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30) as connection:
            return connection.execute(query, parameters).fetchall()

    def accounts(self):
        """Their names, and how many there are in the data node."""
        names = self.sql("auth_data.db", "SELECT username FROM users WHERE username LIKE ?",
                         self.prefix + "%")
        profiles = self.sql("course_data.db",
                            "SELECT count(*) FROM students WHERE name LIKE ?",
                            self.prefix + "%")
        return [name for name, in names], profiles[0][0]

    def wait_for_accounts(self, count, process):
        end = time.monotonic() + WAIT_SECONDS
        while len(self.accounts()[0]) < count:
            self.assertIsNone(process.poll(), "the import ended too early")
            self.assertLess(time.monotonic(), end)
            time.sleep(0.005)  # a poll to a bound

    def wait_for_profiles(self, count):
        """The auth node delivers what a crash held up within seconds."""
        end = time.monotonic() + WAIT_SECONDS
        while self.accounts()[1] != count:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)  # a poll to a bound

    def logs_in(self, username, password):
        request = urllib.request.Request(
            self.daemons.url("auth") + "/login/v1",
            data=json.dumps({"username": username, "password": password}).encode(),
            headers={"Content-Type": "application/json"})
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30)
            return True
        except urllib.error.HTTPError as error:
            self.assertEqual(error.code, 401)
            return False

    @staticmethod
    def results(path):
        with open(path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    # ---- what it says ---------------------------------------------------------------------------

    def test_results(self):
        path = self.file("username,password,name,email\n"
                         "res-ann,secret1,Ann,res-ann@example.org\n"
                         ",secret1,Nobody,\n"
                         "res-bob,,Bob,\n"
                         "res-wei,secret1,王小明,\n"
                         "res-min,secret1\n")
        output = os.path.join(self.person.home, "results.csv")
        before = os.umask(0)
        try:
            result = self.cli(path, "--output", output)
        finally:
            os.umask(before)
        self.assertEqual(result.code, 1, result)
        self.assertEqual(result.out, f"Importing students from {path}...\n"
                         "Import Results:\n  Total: 5\n  Success: 3\n  Failed: 2\n"
                         "  Line 3: Missing username\n  Line 4 (res-bob): Missing password\n")
        self.assertEqual(result.err, "")
        self.assertEqual(stat.S_IMODE(os.stat(output).st_mode), 0o600)
        self.assertEqual([tuple(row.values()) for row in self.results(output)],
                         [("res-ann", "***", "Ann", "success"),
                          ("", "***", "Nobody", "failed: Missing username"),
                          ("res-bob", "***", "Bob", "failed: Missing password"),
                          ("res-wei", "***", "王小明", "success"),
                          ("res-min", "***", "res-min", "success")])
        self.assertTrue(self.logs_in("res-ann", "secret1"))
        listed = self.person.run("user", "list").out
        self.assertRegex(listed, "│ res-ann +│ Ann +│ res-ann@example.org +│")
        self.assertRegex(listed, "│ res-wei +│ 王小明 +│ +│")
        self.assertRegex(listed, "│ res-min +│ res-min +│ +│")

    def test_bad_usage(self):
        missing = self.cli("/nonexistent.csv")
        self.assertEqual((missing.code, missing.out), (2, ""))
        path = self.file("username\n")
        self.assertEqual(self.person.run("import", "csv", path).code, 2)
        self.assertEqual(self.person.run("import", "csv", "--user-type", "student").code, 2)
        headless = self.cli(self.file("user,password\nx,y\n"))
        self.assertEqual(headless.code, 1)
        self.assertIn("names no column 'username'", headless.err)
        torn = self.cli(self.file('username,password\nann,"secret\n'))
        self.assertEqual(torn.code, 1)
        self.assertIn("the file ends inside a quoted cell", torn.err)

    def test_a_spreadsheets_file(self):
        path = self.file("\ufeffEmail,Name,Student No,Username,Password\r\n"
                         "sheet@example.org,\"=HYPERLINK(\"\"x\"\"), Ann\",7,sheet-ann,secret1\r\n")
        output = os.path.join(self.person.home, "results.csv")
        result = self.cli(path, "--output", output)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.results(output)[0]["name"], "'=HYPERLINK(\"x\"), Ann")
        names = self.sql("auth_data.db", "SELECT name FROM users WHERE username = 'sheet-ann'")
        self.assertEqual(names, [('=HYPERLINK("x"), Ann',)])

    def test_teachers(self):
        path = self.file("username,password\ntea-one,secret1\n")
        result = self.person.run("import", "csv", path, "--user-type", "teacher")
        self.assertEqual(result.code, 0, result)
        self.assertTrue(result.out.startswith(f"Importing teachers from {path}...\n"))
        self.assertIn("tea-one", self.person.run("user", "list", "--user-type", "teacher").out)

    def test_generated_passwords(self):
        path = self.many(3, password="ignored")
        output = os.path.join(self.person.home, "results.csv")
        self.assertEqual(self.cli(path, "--generate-passwords", "--output", output).code, 0)
        made = self.results(output)
        for row in made:
            self.assertRegex(row["password"], r"^[\w][\w-]{15}$")
            self.assertTrue(self.logs_in(row["username"], row["password"]))
            self.assertFalse(self.logs_in(row["username"], "ignored"))
        self.assertEqual(len({row["password"] for row in made}), 3)
        # Without a file they would be lost, so they are told.
        told = self.cli(self.file(f"username\n{self.prefix}-more\n"), "--generate-passwords")
        match = re.search(rf"Generated passwords:\n  {self.prefix}-more: (\S{{16}})\n$", told.out)
        self.assertTrue(match, told)
        self.assertTrue(self.logs_in(self.prefix + "-more", match.group(1)))

    def test_json_and_quiet(self):
        path = self.file(f"username,password\n{self.prefix}1,secret1\n,x\n")
        told = self.cli(path, "--json").json
        self.assertEqual(told, {"total": 2, "success": 1, "failed": 1, "imported_before": 0,
                                "already_there": 0,
                                "failures": [{"line": 3, "username": "",
                                              "error": "Missing username"}]})
        quiet = self.cli(self.file(f"username,password\n{self.prefix}2,secret1\n"), "--quiet")
        self.assertEqual(quiet.out, "Import Results:\n  Total: 1\n  Success: 1\n  Failed: 0\n")

    # ---- rows that are there --------------------------------------------------------------------

    def test_a_second_run_recognises_what_is_there(self):
        path = self.many(5)
        self.assertEqual(self.cli(path).code, 0)
        again = self.cli(path)
        self.assertEqual(again.code, 0, again)
        self.assertIn("  Success: 5\n  Failed: 0\n  Already there: 5\n", again.out)
        other = self.file(f"username,password,name\n{self.prefix}0,secret1,Somebody Else\n")
        clash = self.cli(other)
        self.assertEqual(clash.code, 1)
        self.assertIn(f"  Line 2 ({self.prefix}0): Username already exists\n", clash.out)
        self.assertEqual(len(self.accounts()[0]), 5)

    def test_dry_run_lists_every_problem(self):
        self.assertEqual(self.cli(self.many(2)).code, 0)
        path = self.file(
            "username,password,name,email\n"
            f"{self.prefix}0,secret1,Name 0,{self.prefix}0@example.org\n"  # there already
            f"{self.prefix}1,secret1,Another,\n"
            f"{self.prefix}7,secret1,Seven,{self.prefix}1@example.org\n"
            f"{self.prefix}8,short,Eight,\n"
            f"{self.prefix}9,secret1,Nine,no address\n"
            "x y,secret1,,\n"
            f"{self.prefix}8,secret1,Eight,\n"
            f"{self.prefix}8,secret1,Eight again,\n")
        result = self.cli(path, "--dry-run")
        self.assertEqual(result.code, 1, result)
        self.assertEqual(
            [line for line in result.out.splitlines() if line.startswith("  Line")],
            [f"  Line 3 ({self.prefix}1): Username already exists",
             f"  Line 4 ({self.prefix}7): Email already exists",
             f"  Line 5 ({self.prefix}8): Password must have 6 to 1024 characters",
             f"  Line 6 ({self.prefix}9): Email is no address",
             "  Line 7 (x y): Username must have 3 to 100 characters: letters, digits, '_', '.' "
             "or '-'",
             f"  Line 9 ({self.prefix}8): Username stands in line 8 already"])
        self.assertIn("  Total: 8\n  Good: 2\n  Problems: 6\n  Already there: 1\n", result.out)
        self.assertEqual(len(self.accounts()[0]), 2)
        self.assertEqual(self.cli(self.many(2), "--dry-run").code, 0)

    def test_a_dry_run_of_a_broken_file_lists_what_comes_before_the_break(self):
        path = self.file(f"username,password\n{self.prefix}1,secret1\nx,secret1\nabc,\"open\n")
        result = self.cli(path, "--dry-run")
        self.assertEqual(result.code, 1)
        self.assertIn("  Line 3 (x): Username must have 3 to 100 characters", result.out)
        self.assertIn("  Total: 2\n  Good: 1\n  Problems: 1\n", result.out)
        self.assertEqual(result.err, f"✗ {path}, line 4: the file ends inside a quoted cell\n")
        self.assertEqual(self.cli(path).out.count("Import Results"), 0)  # nothing is imported
        self.assertEqual(self.accounts(), ([], 0))

    # ---- interrupts and crashes -----------------------------------------------------------------

    def test_killed_it_goes_on_without_doing_a_row_twice(self):
        path = self.many(600)
        output = os.path.join(self.person.home, "results.csv")
        for begun in (60, 300):
            process = self.start(path, "--generate-passwords", "--output", output)
            self.wait_for_accounts(begun, process)
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=WAIT_SECONDS)
            self.assertFalse(os.path.exists(output))
        result = self.cli(path, "--generate-passwords", "--output", output)
        self.assertEqual(result.code, 0, result)
        self.assertRegex(result.out, r"\n\d+ of 600 rows are imported already, going on\.\n")
        self.assertIn("  Total: 600\n  Success: 600\n  Failed: 0\n", result.out)
        names, profiles = self.accounts()
        self.assertEqual((len(names), profiles), (600, 600))
        # Every password that was made before a crash is the one its account has.
        made = self.results(output)
        self.assertEqual(len(made), 600)
        for row in made:
            self.assertTrue(self.logs_in(row["username"], row["password"]), row)
        self.assertEqual(os.listdir(os.path.join(self.person.home, ".course_selection/imports")), [])

    def test_an_interrupt_finishes_what_is_under_way(self):
        path = self.many(600)
        output = os.path.join(self.person.home, "results.csv")
        process = self.start(path, "--output", output)
        self.wait_for_accounts(50, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, 1, (out, err))
        self.assertTrue(err.endswith("Run the same command again to go on.\nAborted!\n"), err)
        done = int(re.search(r"  Success: (\d+)\n  Failed: 0\n", out).group(1))
        self.assertGreaterEqual(done, 50)
        self.assertLess(done, 600)
        self.assertEqual(len(self.accounts()[0]), done)  # nothing was left half way
        self.assertEqual(sum(row["status"] == "success" for row in self.results(output)), done)
        again = self.cli(path, "--output", output)
        self.assertEqual(again.code, 0, again)
        self.assertIn(f"\n{done} of 600 rows are imported already, going on.\n", again.out)
        self.assertEqual(len(self.accounts()[0]), 600)
        self.assertNotIn("Already there", again.out)

    def test_one_import_is_not_run_twice_at_a_time(self):
        path = self.many(600)
        process = self.start(path)
        self.wait_for_accounts(10, process)
        second = self.cli(path)
        self.assertEqual((second.code, second.err), (1, "✗ This import is running already\n"))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=WAIT_SECONDS)

    def test_a_server_that_is_killed_and_comes_back(self):
        path = self.many(600)
        process = self.start(path, "--generate-passwords", "--output", "results.csv")
        self.wait_for_accounts(50, process)
        self.daemons.end("auth", signal.SIGKILL)
        self.daemons.start("auth")
        out, err = process.communicate(timeout=WAIT_SECONDS * 2)
        self.assertEqual(process.returncode, 0, (out, err))
        self.assertIn("  Success: 600\n  Failed: 0\n", out)
        self.assertNotIn("Already there", out)
        self.assertEqual(len(self.accounts()[0]), 600)
        self.wait_for_profiles(600)
        for row in self.results(os.path.join(self.person.home, "results.csv")):
            self.assertTrue(self.logs_in(row["username"], row["password"]), row)

    def test_a_server_that_stays_away_stops_it(self):
        path = self.many(600)
        process = self.start(path, "--patience", "0")
        self.wait_for_accounts(50, process)
        self.daemons.end("auth", signal.SIGKILL)
        out, err = process.communicate(timeout=WAIT_SECONDS)
        self.daemons.start("auth")
        self.assertEqual(process.returncode, 1, (out, err))
        self.assertIn("Run the same command again to go on.", err)
        self.assertTrue(err.startswith("✗ "), err)
        result = self.cli(path)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(len(self.accounts()[0]), 600)
        self.wait_for_profiles(600)

    # ---- size and show --------------------------------------------------------------------------

    def test_a_hundred_thousand_rows_in_bounded_memory(self):
        path = self.many(100_000)
        process = self.start(path, "--dry-run", "--json")
        reader = threading.Thread(target=process.stderr.read)
        reader.start()
        told = json.loads(process.stdout.read())
        reader.join()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual((process.returncode, told["good"]), (0, 100_000))
        if "COURSESELECT_SANITIZED" not in os.environ:  # a sanitizer keeps what is freed
            self.assertLess(usage.ru_maxrss, 64 * 1024)  # KiB; the file alone has 5 MiB

    def test_a_terminal_shows_a_bar_with_rate_and_time_left(self):
        path = self.many(3_000)
        terminal = Terminal(self.person, "import", "csv", path, "--user-type", "student")
        terminal.read_until("/s  ")
        terminal.read_until(" left")
        terminal.read_until("█")
        terminal.read_until("/3,000  ")
        terminal.type("\x03")
        terminal.read_until("accounts under way; again to stop at once.")
        self.assertEqual(terminal.end(), 1)
        self.assertTrue(terminal.seen.rstrip().endswith("Aborted!"), terminal.seen[-200:])

    def test_a_full_disk_loses_no_password(self):
        full = os.path.join(self.directory.name, "full")
        os.mkdir(full)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", full],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("only root mounts a small disk")
        self.addCleanup(subprocess.run, ["umount", full], check=True)
        path = self.many(600)
        result = self.cli(path, "--generate-passwords", "--output", full + "/results.csv")
        self.assertEqual(result.code, 1, result)
        # A slow machine shows progress before it.
        self.assertEqual(result.err.splitlines()[-1],
                         f"✗ Cannot write {full}/results.csv: No space left on device")
        self.assertEqual(os.listdir(full), [])
        # The accounts are there; a run with room for the file tells their passwords.
        result = self.cli(path, "--generate-passwords", "--output", "results.csv")
        self.assertEqual(result.code, 0, result)
        for row in self.results(os.path.join(self.person.home, "results.csv"))[::50]:
            self.assertTrue(self.logs_in(row["username"], row["password"]), row)


if __name__ == "__main__":
    unittest.main()
