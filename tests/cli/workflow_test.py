#!/usr/bin/env python3
"""The document's complete workflow with the real programs in an empty home: contract/cli §1.

    workflow_test.py PROGRAMS

Every sentence the contract fixes is compared as it stands.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from cli_world import INTERNAL_TOKEN, NODES, Daemons, Person, free_ports

PROGRAMS = os.path.abspath(sys.argv.pop(1))
NOT_LOGGED_IN = "✗ Not logged in. Please run: course-cli user login\n"


def totp(secret, step):
    """RFC 6238 from the text alone."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 1000000:06}"


class Workflow(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="course-cli-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.daemons = Daemons(PROGRAMS, cls.directory.name)
        cls.addClassCleanup(cls.daemons.stop)
        cls.daemons.start()

    def setUp(self):
        self.person = Person(PROGRAMS, self.daemons)

    def cli(self, *arguments, **more):
        return self.person.run(*arguments, **more)

    def logged_in(self):
        self.assertEqual(self.person.login().code, 0)

    def call(self, node, path, body=None, **headers):
        request = urllib.request.Request(
            self.daemons.url(node) + path, headers={"Content-Type": "application/json", **headers},
            data=None if body is None else json.dumps(body).encode())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.loads(answer.read())

    # ---- help and usage -------------------------------------------------------------------------

    def test_help_on_every_level(self):
        for arguments in ([], ["user"], ["user", "login"], ["code", "generate"], ["status"]):
            result = self.cli(*arguments, "--help")
            self.assertEqual(result.code, 0, result)
            self.assertIn("Usage:", result.out)
            self.assertEqual(result.err, "")
        self.assertIn("add-student", self.cli("user", "--help").out)

    def test_bad_usage_is_told_on_standard_error_with_exit_code_2(self):
        for arguments in ([], ["user"], ["nonsense"], ["user", "login", "--nonsense"],
                          ["user", "add-student", "--username", "x"],
                          ["user", "list", "--user-type", "admin"],
                          ["user", "delete", "--user-type", "student"],
                          ["user", "delete", "abc", "--user-type", "student"],
                          ["user", "delete", "0", "--user-type", "student"],
                          ["user", "delete", "1"], ["user", "reset-2fa"], ["code", "generate"],
                          ["code", "generate", "--user-type", "student", "--max-uses", "0"],
                          ["code", "generate", "--user-type", "student", "--max-uses", "x"]):
            result = self.cli(*arguments)
            self.assertEqual(result.code, 2, (arguments, result))
            self.assertEqual(result.out, "")
            self.assertIn("course-cli: ", result.err)

    def test_what_was_typed_wrong_is_named(self):
        for arguments, words in (
                ([], "A command is missing: user, code, "),
                (["user"], "A command is missing after 'user': login, "),
                (["usr", "list"], "There is no command 'usr'; there are user, "),
                (["user", "lst"], "There is no command 'user lst'; there are login, "),
                (["user", "list", "--page", "3"], "There is no option --page of 'user list'\n"),
                (["--colour", "status"], "There is no option --colour"),
                (["status", "now"], "What is this for: now\n"),
                (["user", "delete", "--user-type", "student"], "USER_ID is required\n")):
            result = self.cli(*arguments)
            self.assertEqual((result.code, result.out), (2, ""))
            self.assertTrue(result.err.startswith("course-cli: " + words), result)
            self.assertTrue(result.err.endswith("Try '--help' for what there is.\n"), result)
        self.assertRegex(self.cli("--version").out, r"^course-cli \d+\.\d+\.\d+\n$")

    # ---- session --------------------------------------------------------------------------------

    def test_every_command_but_login_and_status_needs_a_session(self):
        for arguments in (["user", "list"], ["user", "delete", "1", "--user-type", "student"],
                          ["user", "add-student", "--username", "abc", "--name", "A", "--email",
                           "a@example.org"],
                          ["user", "add-teacher", "--username", "abc", "--name", "A", "--email",
                           "a@example.org"],
                          ["user", "reset-2fa", "abc"],
                          ["code", "generate", "--user-type", "student"]):
            result = self.cli(*arguments)
            self.assertEqual((result.code, result.out, result.err), (1, "", NOT_LOGGED_IN))

    def test_login_keeps_a_session_that_only_its_owner_reads(self):
        before = os.umask(0)
        try:
            result = self.person.login()
        finally:
            os.umask(before)
        self.assertEqual((result.code, result.out, result.err), (0, "✓ Login successful\n", ""))
        self.assertEqual(stat.S_IMODE(os.stat(self.person.config).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(self.person.config)).st_mode), 0o700)
        with open(self.person.config) as file:
            config = json.load(file)
        self.assertTrue(config["admin_token"])
        self.assertEqual(config["auth_url"], self.daemons.url("auth"))
        self.assertEqual(config["internal_token"], "")
        self.assertRegex(config["login_time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$")

    def test_a_wrong_password_writes_nothing(self):
        result = self.person.login("wrong")
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertEqual(result.err, "✗ Login failed: Invalid credentials\n")
        self.assertFalse(os.path.exists(os.path.dirname(self.person.config)))

    def test_the_password_may_stand_in_every_place(self):
        for arguments, text in ((["--password", "admin123"], ""), (["--password"], "admin123\n"),
                                (["--password"], "admin123"), ([], "admin123\r\nleft\n"),
                                (["--password=admin123"], "")):
            result = self.cli("user", "login", "--username", "admin", *arguments, text=text)
            self.assertEqual(result.code, 0, (arguments, result))
        self.assertEqual(self.cli("user", "login", text="admin\nadmin123\n").code, 0)
        self.assertEqual(self.cli("user", "login", "--password", "--username", "admin",
                                  text="admin123\n").code, 0)

    def test_a_prompt_without_an_answer_aborts(self):
        result = self.cli("user", "login", "--username", "admin", "--password")
        self.assertEqual((result.code, result.out, result.err), (1, "", "Aborted!\n"))

    def test_an_internal_token_is_kept_only_when_it_was_an_option(self):
        self.person.environment["INTERNAL_TOKEN"] = "from-the-environment"
        self.logged_in()
        with open(self.person.config) as file:
            self.assertNotIn("from-the-environment", file.read())
        self.cli("user", "login", "--username", "admin", "--password", "admin123",
                 "--internal-token", INTERNAL_TOKEN)
        with open(self.person.config) as file:
            self.assertEqual(json.load(file)["internal_token"], INTERNAL_TOKEN)

    def change_config(self, **members):
        with open(self.person.config) as file:
            config = json.load(file)
        config.update(members)
        with open(self.person.config, "w") as file:
            json.dump(config, file)

    def test_a_session_ends_after_24_hours(self):
        self.logged_in()
        for age, expected in ((24 * 3600 - 60, 0), (24 * 3600, 1)):
            then = time.localtime(time.time() - age)
            self.change_config(login_time=time.strftime("%Y-%m-%dT%H:%M:%S", then))
            result = self.cli("user", "list")
            self.assertEqual(result.code, expected, result)
        self.assertEqual(result.err, "✗ Session expired. Please login again.\n")
        with open(self.person.config, "w") as file:
            file.write("{broken")
        self.assertEqual(self.cli("user", "list").err, NOT_LOGGED_IN)

    def test_tokens_that_are_over_are_renewed_once_for_everybody(self):
        self.logged_in()
        with open(self.person.config) as file:
            first = json.load(file)
        self.change_config(admin_token="over")
        # Both find the token over; whoever comes second takes what the first one got.
        both = [subprocess.Popen(self.person.command("user", "list", "--user-type", "teacher"),
                                 env=self.person.environment, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True) for _ in range(2)]
        for process in both:
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, (out, err))
        with open(self.person.config) as file:
            renewed = json.load(file)
        self.assertNotIn(renewed["admin_token"], ("over", first["admin_token"]))
        self.assertNotEqual(renewed["refresh_token"], first["refresh_token"])
        self.assertEqual(renewed["login_time"], first["login_time"])
        self.assertEqual(stat.S_IMODE(os.stat(self.person.config).st_mode), 0o600)
        self.change_config(admin_token="over", refresh_token="over too")
        result = self.cli("user", "list")
        self.assertEqual((result.code, result.err),
                         (1, "✗ Session expired. Please login again.\n"))

    def test_an_address_given_at_login_is_the_one_asked_from_then_on(self):
        elsewhere = Person(PROGRAMS, self.daemons, SOCKET_DIR=self.directory.name + "/none",
                           AUTH_NODE_URL="http://127.0.0.1:1")
        result = elsewhere.login()
        self.assertEqual(result.code, 1)
        self.assertIn("✗ Login failed: Cannot reach the auth node at http://127.0.0.1:1",
                      result.err)
        result = elsewhere.run("user", "login", "--username", "admin", "--password", "admin123",
                               "--auth-url", self.daemons.url("auth"))
        self.assertEqual(result.code, 0, result)
        self.assertEqual(elsewhere.run("user", "list").code, 0)

    def test_without_a_home_it_says_so_before_anything_else(self):
        environment = dict(self.person.environment)
        del environment["HOME"]
        result = self.cli("user", "login", "--username", "admin", "--password", "admin123",
                          environment=environment)
        self.assertEqual(result.code, 1)
        self.assertTrue(result.err.startswith("✗ HOME is not set"), result)
        self.assertEqual(self.cli("user", "list", environment=environment).err, NOT_LOGGED_IN)
        self.assertEqual(self.cli("status", environment=environment).code, 0)

    # ---- accounts -------------------------------------------------------------------------------

    def add_student(self, username, *arguments, **more):
        return self.cli("user", "add-student", "--username", username, "--name", "Alice Johnson",
                        "--email", username + "@example.com", *arguments, **more)

    def test_a_student_can_log_in_at_once(self):
        self.logged_in()
        result = self.add_student("alice", "--group", "cs2024", "--password", "alice-secret")
        self.assertEqual((result.code, result.err), (0, ""), result)
        match = re.fullmatch(
            "✓ Student created successfully\n  ID: (\\d+)\n  Username: alice\n"
            "  2FA Secret: ([A-Z2-7]{32})\n"
            "  2FA QR URI: otpauth://totp/Course%20Selection:alice\\?secret=\\2"
            "&issuer=Course%20Selection\n", result.out)
        self.assertTrue(match, result)
        begun = self.call("auth", "/login/v1", {"username": "alice", "password": "alice-secret"})
        bearer = {"Authorization": "Bearer " + begun["refresh_token"]}
        self.assertTrue(self.call("auth", "/check/2fa-status", **bearer)["has_2fa"])
        # The step in which the tool confirmed is good for one login more.
        token = self.call("auth", "/login/v2",
                          {"totp_code": totp(match.group(2), int(time.time()) // 30 + 1)}, **bearer)
        seen = self.call("auth", "/get/user", Authorization="Bearer " + token["access_token"])
        self.assertEqual(seen["user_id"], int(match.group(1)))
        student = self.call("data", f"/get/student?student_id={match.group(1)}",
                            **{"Internal-Token": INTERNAL_TOKEN})
        self.assertEqual(student["student_tags"], ["cs2024"])
        listed = self.cli("user", "list").out
        self.assertRegex(listed, r"│ +\d+ │ alice +│ Alice Johnson +│ alice@example.com +│")

    def test_a_password_is_made_where_nobody_can_be_asked(self):
        self.logged_in()
        names = "loop-one\nloop-two\n"
        loop = 'while read name; do "$0" user add-student --username "$name" --name N ' \
               '--email "$name@example.com" || exit 1; done'
        done = subprocess.run(["bash", "-c", loop, self.person.program], input=names, text=True,
                              env=self.person.environment, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done)
        made = re.findall(r"  Username: (.*)\n  Password: ([\w-]{16})\n", done.stdout)
        self.assertEqual([name for name, _ in made], ["loop-one", "loop-two"])
        self.call("auth", "/login/v1", {"username": "loop-two", "password": made[1][1]})

    def test_a_teacher_has_no_2fa_lines(self):
        self.logged_in()
        result = self.cli("user", "add-teacher", "--username", "turing", "--name", "王小明",
                          "--email", "turing@example.com", "--password", text="teaching\n")
        self.assertEqual(result.code, 0, result)
        self.assertRegex(result.out,
                         "^✓ Teacher created successfully\n  ID: \\d+\n  Username: turing\n$")
        listed = self.cli("user", "list", "--user-type", "teacher")
        widths = {len(line) + line.count("王") + line.count("小") + line.count("明")
                  for line in listed.out.splitlines()}
        self.assertEqual(len(widths), 1, listed.out)
        self.assertEqual(self.cli("user", "list", "--user-type", "teacher", "--json").json,
                         [{"id": 1, "username": "turing", "name": "王小明",
                           "email": "turing@example.com"}])

    def test_refusals_are_told_with_the_servers_words(self):
        self.logged_in()
        self.assertEqual(self.add_student("twice").code, 0)
        again = self.add_student("twice")
        self.assertEqual((again.code, again.out), (1, ""))
        self.assertEqual(again.err, "✗ Username already exists\n")
        short = self.add_student("shorty", "--password", "abc")
        self.assertIn("✗ password: ", short.err)

    def test_deleting_asks_first(self):
        self.logged_in()
        made = self.add_student("leaving", "--json").json
        student = made["id"]
        question = f"Are you sure you want to delete student with ID {student}? [y/N]: "
        delete = ("user", "delete", student, "--user-type", "student")
        no = self.cli(*delete, text="n\n")
        self.assertEqual((no.code, no.out, no.err), (0, question, ""))
        end = self.cli(*delete)
        self.assertEqual((end.code, end.err), (1, "Aborted!\n"))
        self.assertIn("leaving", self.cli("user", "list").out)
        yes = self.cli(*delete, text="y\n")
        self.assertEqual((yes.code, yes.out),
                         (0, question + "✓ Student deleted successfully\n"))
        self.assertNotIn("leaving", self.cli("user", "list").out)
        with self.assertRaises(urllib.error.HTTPError):
            self.call("data", f"/get/student?student_id={student}",
                      **{"Internal-Token": INTERNAL_TOKEN})
        gone = self.cli(*delete, "--yes")
        self.assertEqual((gone.code, gone.out, gone.err), (1, "", "✗ Student not found\n"))

    def test_codes(self):
        self.logged_in()
        made = self.cli("code", "generate", "--user-type", "student", "--max-uses", "3")
        self.assertRegex(made.out, "^✓ Registration code generated\n  Code: [\\w-]{32}\n"
                         "  Type: student\n  Max uses: 3\n  Valid until: \\d{4}-.*Z\n$")
        self.add_student("forgetful")
        reset = self.cli("user", "reset-2fa", "forgetful")
        self.assertRegex(reset.out, "^✓ 2FA reset code generated\n  Reset Code: [0-9A-Z]{8}\n"
                         "  Valid until: \\d{4}-.*Z\n$")
        missing = self.cli("user", "reset-2fa", "nobody")
        self.assertEqual((missing.code, missing.err), (1, "✗ User not found\n"))

    def test_json_and_quiet(self):
        made = self.cli("user", "login", "--username", "admin", "--password", "admin123", "--json")
        self.assertEqual(made.json,
                         {"success": True, "message": "Login successful", "username": "admin"})
        code = self.cli("--json", "code", "generate", "--user-type", "teacher").json
        self.assertEqual(set(code), {"success", "message", "code", "user_type", "max_uses",
                                     "expires_at"})
        self.assertEqual(self.cli("-q", "user", "login", "--username", "admin", "--password",
                                  "admin123").out, "")
        quiet = self.add_student("quiet", "--quiet").out
        self.assertRegex(quiet, "^  ID: ")

    # ---- status ---------------------------------------------------------------------------------

    def test_status_of_all_nodes(self):
        result = self.cli("status")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(result.out, "System Status:\n  ● Data Node: online\n  ● Auth Node: online\n"
                         "  ● Teacher Node: online\n  ● Student Node: online\n"
                         "  ● Queue Node: online\n")

    def test_status_tells_what_is_away_and_what_is_strange(self):
        with socket.create_server(("127.0.0.1", 0)) as strange:
            def answer():
                connection, _ = strange.accept()
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
                connection.close()
            thread = threading.Thread(target=answer)
            thread.start()
            environment = dict(self.person.environment, USE_SOCKETS="false",
                               TEACHER_NODE_URL=f"http://127.0.0.1:{free_ports(1)[0]}",
                               QUEUE_NODE_URL=f"http://127.0.0.1:{strange.getsockname()[1]}")
            result = self.cli("status", environment=environment)
            thread.join()
        self.assertEqual(result.code, 1, result)
        self.assertIn("  ● Teacher Node: offline\n", result.out)
        self.assertIn("  ● Queue Node: degraded\n", result.out)
        self.assertIn("  ● Data Node: online\n", result.out)
        self.assertEqual(result.err, "")

    def test_status_of_the_chat_when_it_is_asked_for(self):
        with socket.create_server(("127.0.0.1", 0)) as chat:
            def answer():
                connection, _ = chat.accept()
                if b'"ping"' in connection.recv(4096):
                    connection.sendall(b'{"type":"pong"}\n')
                connection.recv(1)
                connection.close()
            thread = threading.Thread(target=answer)
            thread.start()
            result = self.cli("status", "--chat-port", chat.getsockname()[1], "--json")
            thread.join()
        self.assertEqual(result.code, 0, result)
        self.assertEqual(result.json, {**{f"{name}_node": "online" for name in NODES},
                                       "chat_server": "online"})
        away = self.cli("status", "--chat-port", free_ports(1)[0], "--realtime-url",
                        f"http://127.0.0.1:{free_ports(1)[0]}")
        self.assertEqual(away.code, 1)
        self.assertTrue(away.out.endswith("  ● Realtime Server: offline\n"
                                          "  ● Chat Server: offline\n"), away)

    # ---- output ---------------------------------------------------------------------------------

    def test_a_full_disk_is_told(self):
        self.logged_in()
        with open("/dev/full", "w") as full:
            done = subprocess.run(self.person.command("user", "list"), stdout=full, text=True,
                                  stderr=subprocess.PIPE, env=self.person.environment, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr,
                         "✗ Cannot write to standard output: No space left on device\n")


if __name__ == "__main__":
    unittest.main()
