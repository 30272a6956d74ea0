#!/usr/bin/env python3
"""course-cli as somebody at a terminal uses it: prompts, echo, colours, Ctrl-C.

    terminal_test.py PROGRAMS
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from cli_world import Daemons, Person, Terminal, without_colours

PROGRAMS = os.path.abspath(sys.argv.pop(1))


class OnATerminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="course-cli-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.daemons = Daemons(PROGRAMS, cls.directory.name)
        cls.addClassCleanup(cls.daemons.stop)
        cls.daemons.start()

    def setUp(self):
        self.person = Person(PROGRAMS, self.daemons)

    def terminal(self, *arguments, **environment):
        return Terminal(self.person, *arguments, **environment)

    def wait_for_echo(self, terminal, wanted):
        end = time.monotonic() + 30
        while terminal.has_echo() != wanted:
            self.assertLess(time.monotonic(), end, "the echo did not change")
            time.sleep(0.01)  # a poll to a bound

    def test_login_asks_for_both_and_hides_the_password(self):
        terminal = self.terminal("user", "login")
        terminal.read_until("Username: ")
        self.assertTrue(terminal.has_echo())
        terminal.type("admin\n")
        terminal.read_until("Password: ")
        self.wait_for_echo(terminal, False)
        terminal.type("admin123\n")
        terminal.read_until("Login successful")
        self.assertTrue(terminal.has_echo())
        self.assertEqual(terminal.end(), 0)
        self.assertNotIn("admin123", terminal.seen)
        self.assertIn("\x1b[32m✓\x1b[0m Login successful\n", terminal.seen)

    def test_a_bare_password_option_asks_once(self):
        terminal = self.terminal("user", "login", "--username", "admin", "--password")
        terminal.read_until("Password: ")
        terminal.type("wrong\n")
        self.assertEqual(terminal.end(), 1)
        self.assertIn("\x1b[31m✗\x1b[0m Login failed: Invalid credentials\n", terminal.seen)

    def test_an_interrupt_aborts_and_gives_the_echo_back(self):
        terminal = self.terminal("user", "login", "--username", "admin")
        terminal.read_until("Password: ")
        self.wait_for_echo(terminal, False)
        terminal.type("\x03")
        terminal.read_until("Aborted!")
        self.assertTrue(terminal.has_echo())
        self.assertEqual(terminal.end(), 1)
        self.assertFalse(os.path.exists(self.person.config))

    def test_ctrl_d_aborts(self):
        terminal = self.terminal("user", "login")
        terminal.read_until("Username: ")
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 1)
        self.assertTrue(terminal.seen.endswith("Aborted!\n"), terminal.seen)

    def test_a_new_password_is_asked_for_until_both_are_the_same(self):
        self.person.login()
        terminal = self.terminal("user", "add-teacher", "--username", "tess", "--name", "Tess",
                                 "--email", "tess@example.com")
        for question, answer in (("Password: ", "first1\n"),
                                 ("Repeat for confirmation: ", "other1\n"),
                                 ("do not match.", ""), ("Password: ", "teach-me\n"),
                                 ("Repeat for confirmation: ", "teach-me\n")):
            terminal.read_until(question)
            terminal.type(answer)
        terminal.read_until("Teacher created successfully")
        self.assertEqual(terminal.end(), 0)
        self.assertNotIn("teach-me", terminal.seen)

    def test_the_2fa_code_is_drawn_unless_it_is_not_wanted(self):
        self.person.login()
        add = ("user", "add-student", "--name", "N", "--password", "secret1", "--username")
        terminal = self.terminal(*add, "drawn", "--email", "drawn@example.com")
        self.assertEqual(terminal.end(), 0, terminal.seen)
        lines = [line for line in without_colours(terminal.seen).splitlines()
                 if line and not line.strip("█▀▄ ")]
        self.assertGreater(len(lines), 20)
        self.assertEqual({len(line) for line in lines}, {len(lines[0])})
        plain = self.terminal(*add, "plain", "--email", "plain@example.com", "--no-qr")
        self.assertEqual(plain.end(), 0)
        self.assertNotIn("█", plain.seen)
        self.assertNotIn("█", self.person.run(*add, "piped", "--email", "p@example.com").out)
        self.assertIn("█", self.person.run(*add, "asked", "--email", "a@example.com", "--qr").out)

    def test_no_colour_where_it_is_not_wanted(self):
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            terminal = self.terminal("status", **environment)
            self.assertEqual(terminal.end(), 0)
            self.assertIn("  ● Data Node: online\n", terminal.seen)
        coloured = self.terminal("status")
        self.assertEqual(coloured.end(), 0)
        self.assertIn("  \x1b[32m●\x1b[0m Data Node: \x1b[32monline\x1b[0m\n", coloured.seen)

    def test_as_a_new_user_in_tmux(self):
        """A shell in tmux: typed commands, what is on the screen."""
        tmux = shutil.which("tmux")
        self.assertTrue(tmux, "tmux is not installed: scripts/install_deps.sh")
        server = [tmux, "-S", os.path.join(self.directory.name, "tmux"), "-f", "/dev/null"]
        environment = dict(self.person.environment, PATH=PROGRAMS + ":/usr/bin:/bin")
        subprocess.run([*server, "new-session", "-d", "-x", "100", "-y", "50",
                        shlex.join(["bash", "--norc", "--noprofile", "-i"])],
                       env=environment, check=True, timeout=30)
        self.addCleanup(lambda: subprocess.run([*server, "kill-server"], timeout=30, check=False))

        def screen():
            return subprocess.run([*server, "capture-pane", "-p"], capture_output=True, text=True,
                                  timeout=30, check=True).stdout

        def type_keys(text):
            subprocess.run([*server, "send-keys", "-l", text], check=True, timeout=30)
            subprocess.run([*server, "send-keys", "Enter"], check=True, timeout=30)

        def wait_for(pattern):
            end = time.monotonic() + 30
            while not re.search(pattern, screen()):
                self.assertLess(time.monotonic(), end, f"no {pattern!r} in\n{screen()}")
                time.sleep(0.02)  # a poll to a bound

        wait_for(r"[$#]\s*$")
        type_keys("course-cli user login")
        wait_for("Username:")
        type_keys("admin")
        wait_for("Password:")
        type_keys("admin123")
        wait_for("✓ Login successful")
        self.assertNotIn("admin123", screen())
        type_keys("course-cli user add-student --username wei --name 王小明 "
                  "--email wei@example.com --no-qr --password secret1")
        wait_for("✓ Student created successfully")
        type_keys("clear; course-cli user list")
        wait_for(r"│ wei +│ 王小明 +│ wei@example.com +│\n└")
        type_keys("course-cli user delete 1 --user-type student")
        wait_for(r"with ID 1\? \[y/N\]:")
        type_keys("yes")
        wait_for("✓ Student deleted successfully")


if __name__ == "__main__":
    unittest.main()
