#!/usr/bin/env python3
"""Uses the real programs as people and scripts do.

    programs_test.py COURSE_CHAT_SERVER COURSE_CHAT CHAT_BOT

course-chat in a pipe and on a terminal, the bot across a kill of the server, and the server's own
start and stop. Every wait is for a line, with a bound.
"""

import fcntl
import os
import pty
import re
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import termios
import time
import unicodedata
import unittest

from chat_process import ChatProcess, LineClient, scratch_directory

SERVER, CHAT, BOT = sys.argv[1:4]


def member(port, name, tls=None):
    client = LineClient(port, tls)
    client.send(type="register", username=name, password="secret")
    client.read_type("register_response")
    client.send(type="login", username=name, password="secret")
    client.read_type("login_response")
    return client


def chat_environment(**more):
    clean = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    return dict(clean, TERM="xterm", COURSE_CHAT_PASSWORD="secret", **more)


def rows_shown(text, columns):
    """What a terminal of this width shows after `text`: the sequences that readline uses for TERM
    xterm, and characters that take two columns."""
    grid, row, column = {}, 0, 0
    for token in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|\x1b[=>]|[\s\S]", text):
        number = int((re.match(r"\x1b\[(\d+)", token) or [0, 1])[1])
        if token == "\r":
            column = 0
        elif token == "\n":
            row += 1
        elif token == "\b":
            column = max(column - 1, 0)
        elif token.startswith("\x1b"):
            kind = token[-1]
            if kind == "A":
                row = max(row - number, 0)
            elif kind == "C":
                column = min(column + number, columns - 1)
            elif kind == "D":
                column = max(column - number, 0)
            elif kind in "JK":
                first = 0 if token == "\x1b[2K" else column
                for at in [at for at in grid if at >= (row, first)
                           and (kind == "J" or at[0] == row)]:
                    del grid[at]
            elif kind == "P":
                shifted = {at: grid.pop(at) for at in list(grid) if at[0] == row and at[1] >= column}
                grid.update({(row, at[1] - number): shown for at, shown in shifted.items()
                             if at[1] >= column + number})
        elif token >= " ":
            width = 2 if unicodedata.east_asian_width(token) in "WF" else 1
            if column + width > columns:
                row, column = row + 1, 0
            grid[row, column] = token
            column += width
    last = max((at[0] for at in grid), default=-1)
    return ["".join(grid.get((row, column), "" if len(grid.get((row, column - 1), "")) and
                             unicodedata.east_asian_width(grid[row, column - 1]) in "WF" else " ")
                    for column in range(columns)).rstrip() for row in range(last + 1)]


class Terminal:
    """course-chat on a terminal of its own."""

    def __init__(self, port, *arguments, columns=80, without=(), **environment):
        self.columns = columns
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        variables = chat_environment(**environment)
        for name in without:
            variables.pop(name, None)
        # The terminal is the controlling one, so that Ctrl-C is a signal as it is for people.
        self.process = subprocess.Popen(
            [CHAT, "--port", str(port), *arguments], stdin=slave, stdout=slave, stderr=slave,
            env=variables, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.seen = ""
        self.partial = b""

    def rows(self):
        return rows_shown(self.seen, self.columns)

    def read_until_shown(self, condition):
        """Until `condition(rows)` is true."""
        end = time.monotonic() + 30
        while not condition(self.rows()):
            self.read_more(end, "rows")

    def read_until(self, text, start=0):
        end = time.monotonic() + 30
        while text not in self.seen[start:]:
            self.read_more(end, text)

    def read_more(self, end, wanted):
        ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
        if not ready:
            raise AssertionError(f"no {wanted!r} in {self.seen!r}, shown: {self.rows()}")
        self.partial += os.read(self.master, 4096)
        whole = len(self.partial)
        while whole > 0 and len(self.partial) - whole < 4:  # the last character may be cut
            try:
                self.seen += self.partial[:whole].decode()
                self.partial = self.partial[whole:]
                return
            except UnicodeDecodeError:
                whole -= 1

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        code = self.process.wait(timeout=30)
        os.close(self.master)
        return code


class Programs(unittest.TestCase):
    def setUp(self):
        self.directory = scratch_directory()
        self.addCleanup(self.directory.cleanup)
        self.server = ChatProcess(SERVER, self.directory.name)
        self.server.start()
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.kill())

    def chat(self, text, *arguments):
        return subprocess.run([CHAT, "--port", str(self.server.port), *arguments], input=text,
                              env=chat_environment(), text=True, capture_output=True, timeout=60)

    def test_the_lines_of_the_readme_typed_into_nc(self):
        """nc sends what is typed and prints what comes: so do these few lines."""
        readme = os.path.join(os.path.dirname(__file__),
                              "../../include/courseselect/chat/README.md")
        with open(readme, encoding="utf-8") as file:
            typed = re.findall(r"^ {4}(\{.*\})$", file.read(), re.M)
        self.assertEqual(len(typed), 3)
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as nc:
            nc.sendall("".join(line + "\n" for line in typed).encode())
            nc.shutdown(socket.SHUT_WR)  # the end of `printf ... | nc`
            shown = nc.makefile().read().splitlines()
        self.assertRegex(shown[0], r'^\{"type":"register_response","status":"success",')
        self.assertRegex(shown[1], r'^\{"type":"login_response","status":"success","user_id":1,'
                                   r'"username":"ann"')
        self.assertRegex(shown[2], r'^\{"type":"new_message","id":1,"sender":"ann","message":"hello",'
                                   r'"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"\}$')
        self.assertEqual(len(shown), 3)

    def test_a_script_pipes_lines_in_and_reads_plain_lines(self):
        ann = member(self.server.port, "ann")
        result = self.chat("hello\n//shrug\n/who\n/dance\n", "bob", "--register")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"(?m)^\d\d:\d\d bob: hello$")
        self.assertRegex(result.stdout, r"(?m)^\d\d:\d\d bob: /shrug$")
        self.assertIn("-- There is no command /dance", result.stdout)
        self.assertNotIn("\x1b", result.stdout)
        self.assertEqual(ann.read_type("new_message")["message"], "hello")
        self.assertEqual(ann.read_type("new_message")["message"], "/shrug")

    def test_control_characters_of_others_never_reach_the_terminal(self):
        ann = member(self.server.port, "ann")
        ann.send(type="send_message", message="\x1b]0;owned\x07 a\nb \x9b2J\u202eevil")
        ann.read_type("new_message")
        result = self.chat("", "bob", "--register")
        self.assertIn("ann: \\x1b]0;owned\\x07 a\\nb \\x9b2J\\u202eevil", result.stdout)

    def test_a_wrong_password_ends_it(self):
        member(self.server.port, "ann").close()
        result = subprocess.run([CHAT, "--port", str(self.server.port), "ann"], input="x\n",
                                env=dict(chat_environment(), COURSE_CHAT_PASSWORD="no"),
                                text=True, capture_output=True, timeout=60)
        self.assertEqual(result.returncode, 1)
        self.assertIn("Wrong username or password", result.stderr)

    def test_a_password_is_read_from_the_first_line_when_it_is_not_given(self):
        environment = chat_environment()
        del environment["COURSE_CHAT_PASSWORD"]
        result = subprocess.run([CHAT, "--port", str(self.server.port), "ann", "--register"],
                                input="topsecret\nfirst words\n", env=environment, text=True,
                                capture_output=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("ann: first words", result.stdout)
        self.assertNotIn("topsecret", result.stdout)

    def test_a_message_that_is_refused_shows_in_the_exit_code(self):
        result = self.chat("x" * 4001 + "\n", "ann", "--register")
        self.assertEqual(result.returncode, 1)
        self.assertIn("4000 characters", result.stdout)

    def test_without_a_name_it_says_what_to_give(self):
        self.assertEqual(self.chat("").returncode, 2)

    def test_on_a_terminal_the_typed_line_stays_below_what_is_told(self):
        ann = member(self.server.port, "ann")
        terminal = Terminal(self.server.port, "bob", "--register")
        terminal.read_until("online as bob, /help helps")
        terminal.type("half a li")
        terminal.read_until("half a li")
        place = len(terminal.seen)
        ann.send(type="send_message", message="in between")
        terminal.read_until("in between", place)
        terminal.read_until("half a li", place)  # drawn again below it
        terminal.type("\x01yes, \x05ne\r")  # Ctrl-A and Ctrl-E: readline's keys
        self.assertEqual(ann.read_type("new_message")["message"], "in between")
        self.assertEqual(ann.read_type("new_message")["message"], "yes, half a line")
        terminal.read_until("yes, half a line")
        self.assertIn("\x1b[1;38;5;", terminal.seen)
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)

    def test_wide_characters_are_edited_whole_whatever_the_locale(self):
        ann = member(self.server.port, "ann")
        for locale in ({"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}):
            terminal = Terminal(self.server.port, "bob", "--register", **locale)
            terminal.read_until("online as bob")
            # Backspace takes one character; the arrow key goes over one.
            terminal.type("\u8bfe\u7a0b\u6ee1\u4e86\x7f\x1b[D\u5df2\r")
            terminal.read_until_shown(lambda rows: rows[-1] == ">" and
                                      rows[-2].endswith("\u8bfe\u7a0b\u5df2\u6ee1"))
            self.assertEqual(ann.read_type("new_message")["message"], "\u8bfe\u7a0b\u5df2\u6ee1")
            terminal.type("/quit\r")
            self.assertEqual(terminal.end(), 0)

    def test_a_line_of_many_rows_is_shown_once(self):
        terminal = Terminal(self.server.port, "bob", "--register", columns=40, NO_COLOR="1")
        terminal.read_until("online as bob")
        text = "\u4e2d\u6587 and plain words " * 6  # 3 rows and a bit
        terminal.type(text + "\r")
        terminal.read_until_shown(lambda rows: rows[-1] == ">" and "bob: " in "".join(rows))
        self.assertEqual("".join(terminal.rows()).replace(" ", "").count("plain"), 6,
                         terminal.rows())
        self.assertRegex(terminal.rows()[1], r"^-- \w+day, \d{4}-\d\d-\d\d$")
        terminal.type("\x1b[A")  # what was typed comes back
        terminal.read_until_shown(
            lambda rows: "".join(rows).replace(" ", "").count("plain") == 12)
        terminal.type("\x03")
        terminal.read_until_shown(lambda rows: rows[-1] == ">")
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)

    def test_a_terminal_that_was_made_narrower_is_drawn_right(self):
        terminal = Terminal(self.server.port, "bob", "--register", NO_COLOR="1")
        terminal.read_until("online as bob")
        terminal.columns = 36
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 36, 0, 0))
        terminal.type("a line that would have fitted before")
        terminal.read_until_shown(lambda rows: "before" in "".join(rows))
        terminal.type("\r")
        terminal.read_until_shown(lambda rows: rows[-1] == ">" and "bob: a line" in "".join(rows))
        self.assertEqual("".join(terminal.rows()).count("fitted"), 1, terminal.rows())
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)

    def test_ctrl_c_throws_the_line_away_and_then_leaves(self):
        ann = member(self.server.port, "ann")
        terminal = Terminal(self.server.port, "bob", "--register")
        terminal.read_until("online as bob")
        terminal.type("rather not")
        terminal.read_until_shown(lambda rows: rows[-1] == "> rather not")
        terminal.type("\x03")
        terminal.read_until_shown(lambda rows: rows[-1] == ">")
        terminal.type("said\r")
        self.assertEqual(ann.read_type("new_message")["message"], "said")
        terminal.type("\x12sai")  # Ctrl-R searches what was typed
        terminal.read_until_shown(lambda rows: rows[-1] == "(reverse-i-search)`sai': said")
        terminal.type("\x03")
        terminal.read_until_shown(lambda rows: rows[-1] == ">")
        terminal.type("more\r")
        self.assertEqual(ann.read_type("new_message")["message"], "more")
        terminal.type("\x03")
        self.assertEqual(terminal.end(), 0)

    def test_tab_completes_names_and_commands_not_files(self):
        ann = member(self.server.port, "annalena")
        ann.send(type="send_message", message="hello")
        terminal = Terminal(self.server.port, "bob", "--register")
        terminal.read_until("online as bob")
        terminal.type("hi @anna\t!\r")
        self.assertEqual(ann.read_type("new_message")["message"], "hello")
        self.assertEqual(ann.read_type("new_message")["message"], "hi @annalena !")
        terminal.type("/w\t\r")
        terminal.read_until("online: annalena, bob")
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)

    def test_times_are_those_of_the_terminal_s_place(self):
        ann = member(self.server.port, "ann")
        ann.send(type="send_message", message="what time is it")
        stored = ann.read_type("new_message")["timestamp"]
        result = subprocess.run([CHAT, "--port", str(self.server.port), "bob", "--register"],
                                input="", env=chat_environment(TZ="UTC-8"), text=True,
                                capture_output=True, timeout=60)
        hour = (int(stored[11:13]) + 8) % 24
        self.assertIn(f"{hour:02}:{stored[14:16]} ann: what time is it", result.stdout)

    def test_a_password_is_asked_for_in_silence_and_ctrl_c_gives_the_terminal_back(self):
        terminal = Terminal(self.server.port, "bob", "--register",
                            without=("COURSE_CHAT_PASSWORD",))
        terminal.read_until("Password of bob: ")
        self.assertFalse(termios.tcgetattr(terminal.master)[3] & termios.ECHO)
        terminal.type("sec\x03")
        self.assertEqual(terminal.process.wait(timeout=30), 130)
        self.assertTrue(termios.tcgetattr(terminal.master)[3] & termios.ECHO)
        self.assertNotIn("sec", terminal.seen)
        os.close(terminal.master)

    def test_a_wrong_password_on_a_terminal_says_so(self):
        member(self.server.port, "bob").close()
        terminal = Terminal(self.server.port, "bob", without=("COURSE_CHAT_PASSWORD",))
        terminal.read_until("Password of bob: ")
        terminal.type("guess\r")
        terminal.read_until("Wrong username or password")
        self.assertEqual(terminal.end(), 1)

    def test_a_server_that_is_away_is_told_and_waited_for(self):
        port = self.server.port
        self.server.kill()
        terminal = Terminal(port, "bob", "--register")
        terminal.read_until("Connection refused; trying again in")
        terminal.type("said before anybody was there\r")
        terminal.read_until("will be sent when online")
        terminal.read_until_shown(lambda rows: rows[-1] == "(offline) >")
        self.restart()
        terminal.read_until("online as bob")
        terminal.read_until_shown(lambda rows: "said before anybody was there" in rows[-2])
        self.assertEqual(self.server.process.poll(), None)
        self.server.stop()
        terminal.read_until("The server is stopping; trying again in")
        terminal.type("/quit\r")
        self.assertEqual(terminal.end(), 0)

    def test_the_last_line_of_a_pipe_counts_without_its_end(self):
        ann = member(self.server.port, "ann")
        self.assertEqual(self.chat("no end", "bob", "--register").returncode, 0)
        self.assertEqual(ann.read_type("new_message")["message"], "no end")

    def test_lines_that_are_far_too_long_fail_and_break_nothing(self):
        result = self.chat("x" * 70_000 + "\nafter\n", "bob", "--register")
        self.assertEqual(result.returncode, 1)
        self.assertIn("message: Use at most 4000 characters", result.stdout)
        self.assertIn("bob: after", result.stdout)
        result = self.chat("before\n" + "x" * 1_100_000 + "\nnever\n", "bob")
        self.assertEqual(result.returncode, 1)
        self.assertIn("more than 1048576 bytes", result.stdout)
        self.assertIn("bob: before", result.stdout)
        self.assertNotIn("bob: never", result.stdout)

    def test_no_color_is_respected(self):
        terminal = Terminal(self.server.port, "bob", "--register", NO_COLOR="1")
        terminal.read_until("online as bob")
        terminal.type("plain\r")
        terminal.read_until("bob: plain")
        self.assertNotIn("38;5", terminal.seen)
        terminal.type("/quit\r")
        self.assertEqual(terminal.end(), 0)

    def restart(self):
        """On the same port, as an operator would."""
        port = self.server.port
        self.server.kill()
        self.server.environment["CHAT_PORT"] = str(port)
        self.server.process = subprocess.Popen(
            [SERVER], cwd=self.directory.name, env=self.server.environment,
            stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            select.select([], [], [], 0.02)
        raise AssertionError("the server did not come back")

    def test_the_terminal_comes_back_and_catches_up(self):
        terminal = Terminal(self.server.port, "bob", "--register")
        terminal.read_until("online as bob")
        self.restart()
        ann = member(self.server.port, "ann")
        ann.send(type="send_message", message="while you were away")
        ann.read_type("new_message")
        terminal.read_until("while you were away")
        self.assertIn("trying again in", terminal.seen)
        terminal.process.send_signal(signal.SIGINT)
        self.assertEqual(terminal.end(), 0)

    def test_the_bot_answers_once_across_a_kill(self):
        bot = subprocess.Popen([BOT, "127.0.0.1", str(self.server.port), "bot", "secret"],
                               stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: bot.stdout.close())
        self.assertEqual(bot.stdout.readline(), "online as bot\n")
        ann = member(self.server.port, "ann")
        ann.send(type="send_message", message="!echo one")
        self.assertEqual(ann.read_type("new_message")["message"], "!echo one")
        self.assertEqual(ann.read_type("new_message")["message"], "one")
        self.restart()
        while bot.stdout.readline() != "online as bot\n":
            pass
        ann = member(self.server.port, "ann2")
        ann.send(type="send_message", message="!echo two")
        self.assertEqual(ann.read_type("new_message")["message"], "!echo two")
        self.assertEqual(ann.read_type("new_message")["message"], "two")
        ann.send(type="get_history", limit=50)
        texts = [message["message"] for message in ann.read_type("history_response")["messages"]]
        self.assertEqual(texts, ["!echo one", "one", "!echo two", "two"])
        bot.send_signal(signal.SIGTERM)
        self.assertEqual(bot.wait(timeout=30), 0)

    def test_the_server_tells_everybody_that_it_stops(self):
        ann = member(self.server.port, "ann")
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(ann.read_type("error")["code"], "stopping")
        self.assertEqual(ann.lines.read(), b"")
        ann.close()
        self.assertEqual(self.server.process.wait(timeout=30), 0)

    def test_the_same_over_tls_beside_plain_lines(self):
        files = [os.path.join(self.directory.name, name) for name in ("cert.pem", "key.pem")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=chat.test",
                        "-addext", "subjectAltName=DNS:chat.test", "-out", files[0], "-keyout",
                        files[1]], check=True, capture_output=True)
        self.assertEqual(self.server.stop(), 0)
        self.server.environment.update(TLS_CERTIFICATE=files[0], TLS_PRIVATE_KEY=files[1],
                                       CHAT_TLS_PORT="0", RATE_LIMITS="no")
        self.server.start()
        tls = ssl.create_default_context(cafile=files[0])
        ann = member(self.server.port, "ann")
        bob = member(self.server.tls_port, "bob", tls)
        for number in range(200):
            ann.send(type="send_message", message=f"{number} " + "x" * 3900, client_ref=number)
        for client in (ann, bob):
            for number in range(200):
                told = client.read_type("new_message")
                self.assertTrue(told["message"].startswith(f"{number} "))
        bob.send(type="get_history", limit=100, after_id=0)
        self.assertEqual(len(bob.read_type("history_response")["messages"]), 100)
        bob.socket.sendall(b"x" * 70_000)
        self.assertEqual(bob.read_type("error")["code"], "line_too_long")
        self.assertEqual(bob.lines.read(), b"")

    def test_bad_configuration_names_the_setting(self):
        result = subprocess.run([SERVER], cwd=self.directory.name, text=True, capture_output=True,
                                env=dict(os.environ, CHAT_PORT="many"), timeout=30)
        self.assertEqual(result.returncode, 2)
        self.assertIn("CHAT_PORT", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"], warnings="ignore")  # sockets end with the test
