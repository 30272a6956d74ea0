#!/usr/bin/env python3
"""Uses the real course-generate-users.

    generate_users_test.py COURSE_GENERATE_USERS
"""

import csv
import os
import stat
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv[1])


class GenerateUsers(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="cs-generate-")
        self.addCleanup(scratch.cleanup)
        self.directory = scratch.name
        self.file = os.path.join(self.directory, "users.csv")

    def run_it(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], cwd=self.directory, capture_output=True,
                              text=True, timeout=120)

    def generate(self, *arguments):
        done = self.run_it(*arguments, "--output", "users.csv")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def rows(self):
        with open(self.file, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def test_students_have_names_addresses_passwords_and_numbers(self):
        self.generate("200")
        with open(self.file, encoding="utf-8") as file:
            self.assertEqual(file.readline(), "username,name,email,password,student_id\n")
        rows = self.rows()
        self.assertEqual(len(rows), 200)
        for row in rows:
            first, last = row["name"].split()
            self.assertRegex(row["username"], rf"^{first.lower()}\.{last.lower()}([1-9]\d*)?$")
            self.assertEqual(row["email"], row["username"] + "@example.com")
            self.assertRegex(row["password"], r"^[A-Za-z0-9_][A-Za-z0-9_-]{15}$")
            self.assertRegex(row["student_id"], r"^S\d{6}$")
        for column in ("username", "password", "student_id"):
            self.assertEqual(len({row[column] for row in rows}), 200, column)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)

    def test_a_repeated_name_is_numbered_from_one(self):
        self.generate("20000", "--seed", "1")
        rows = self.rows()
        names = {row["username"] for row in rows}
        self.assertEqual(len(names), 20000)
        self.assertEqual(len({row["student_id"] for row in rows}), 20000)
        numbers = {}
        for name in names:
            plain = name.rstrip("0123456789")
            numbers.setdefault(plain, []).append(int(name[len(plain):] or 0))
        self.assertEqual(len(numbers), 50 * 33)
        for plain, found in numbers.items():
            self.assertEqual(sorted(found), list(range(len(found))), plain)

    def test_teachers_have_no_number_and_passwords_may_be_left_out(self):
        self.generate("3", "--type", "teacher")
        self.assertEqual(list(self.rows()[0]), ["username", "name", "email", "password"])
        out = self.generate("3", "--no-passwords")
        self.assertEqual(list(self.rows()[0]), ["username", "name", "email", "student_id"])
        self.assertNotIn("password", out)

    def test_the_first_five_are_told(self):
        out = self.generate("12", "--seed", "7")
        rows = self.rows()
        lines = [f"  {row['username']} - {row['name']} (password: {row['password']})"
                 for row in rows[:5]]
        self.assertEqual(out, "Generated 12 users and saved to users.csv\n\n"
                         "Generated 12 students\nSample users:\n" + "\n".join(lines) +
                         "\n  … and 7 more\n")
        self.assertNotIn("more", self.generate("5"))

    def test_a_seed_repeats_and_no_seed_does_not(self):
        self.generate("50", "--seed", "42")
        first = self.rows()
        self.generate("50", "--seed", "42")
        self.assertEqual(self.rows(), first)
        self.generate("50", "--seed", "43")
        self.assertNotEqual(self.rows(), first)
        self.generate("50")
        once = self.rows()
        self.generate("50")
        self.assertNotEqual(self.rows(), once)

    def test_nobody_is_no_file(self):
        self.assertEqual(self.generate("0"), "Generated 0 students, no file was written\n")
        self.assertFalse(os.path.exists(self.file))

    def test_bad_usage_and_bad_places(self):
        for arguments in ((), ("5",), ("--output", "x.csv"), ("-1", "--output", "x.csv"),
                          ("1000001", "--output", "x.csv"), ("many", "--output", "x.csv"),
                          ("5", "--type", "admin", "--output", "x.csv"),
                          ("5", "--seed", "a", "--output", "x.csv")):
            done = self.run_it(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("--help", done.stderr)
            self.assertEqual(os.listdir(self.directory), [])
        done = self.run_it("5", "--output", "nowhere/users.csv")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith("✗ "), done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
