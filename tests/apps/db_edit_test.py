#!/usr/bin/env python3
"""Uses the real course-db-edit on databases made here.

    db_edit_test.py COURSE_DB_EDIT
"""

import fcntl
import json
import os
import pty
import sqlite3
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv[1])

SCHEMA = """
CREATE TABLE users (
    id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, name TEXT DEFAULT 'nobody',
    password_hash TEXT NOT NULL, totp_secret TEXT, must_change_password INTEGER NOT NULL DEFAULT 0,
    photo BLOB) STRICT;
CREATE TABLE pairs (kind TEXT, number INTEGER, note TEXT, PRIMARY KEY (kind, number))
    STRICT, WITHOUT ROWID;
CREATE TABLE "odd ""name" (x);
CREATE TABLE notes (user_id INTEGER NOT NULL REFERENCES users (id), text TEXT);
CREATE VIEW names AS SELECT name, totp_secret AS shown FROM users;
INSERT INTO users (id, username, name, password_hash, totp_secret, photo) VALUES
    (1, 'ada', 'Ada', '$2b$10$abc', 'JBSWY3DP', x'00ff'), (2, 'lilei', '李雷', '$2b$10$def', NULL, NULL);
INSERT INTO notes VALUES (1, 'first');
"""


class Run:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


class DatabaseEdit(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="cs-db-edit-")
        self.addCleanup(scratch.cleanup)
        self.directory = scratch.name
        self.path = os.path.join(self.directory, "auth_data.db")
        database = sqlite3.connect(self.path)
        database.executescript(SCHEMA)
        database.close()

    def run_it(self, *arguments, answer="", environment=None):
        done = subprocess.run([PROGRAM, *arguments], cwd=self.directory, input=answer.encode(),
                              capture_output=True, timeout=60,
                              env=dict(os.environ, **(environment or {})))
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    def good(self, *arguments, answer=""):
        done = self.run_it(*arguments, answer=answer)
        self.assertEqual((done.code, done.err), (0, ""))
        return done.out

    def bad(self, *arguments, code=1, answer=""):
        done = self.run_it(*arguments, answer=answer)
        self.assertEqual(done.code, code, done.out + done.err)
        return done.err

    def sql(self, text):
        database = sqlite3.connect(self.path)
        try:
            return database.execute(text).fetchall()
        finally:
            database.close()

    # Looking. -------------------------------------------------------------------------------------

    def test_tables_are_listed_with_their_columns(self):
        self.assertEqual(self.good("list-tables", "-d", "auth"), """\
Tables in auth database:
  📋 notes (2 columns)
     Columns: user_id, text
  📋 odd "name (1 columns)
     Columns: x
  📋 pairs (3 columns)
     Columns: kind, number, note
  📋 users (7 columns)
     Columns: id, username, name, password_hash, totp_secret, must_change_password, photo
""")
        sqlite3.connect(os.path.join(self.directory, "queue_data.db")).close()
        self.assertEqual(self.good("list-tables", "--database", "queue"),
                         "No tables found in database\n")

    def test_rows_are_drawn_by_display_width_and_secrets_are_masked(self):
        self.assertEqual(self.good("query", "-d", "auth", "-t", "users"), """\
Records from users: (showing 2 of 2)
┌────┬──────────┬──────┬───────────────┬─────────────┬──────────────────────┬───────┐
│ id │ username │ name │ password_hash │ totp_secret │ must_change_password │ photo │
├────┼──────────┼──────┼───────────────┼─────────────┼──────────────────────┼───────┤
│  1 │ ada      │ Ada  │ ***           │ ***         │                    0 │ 00ff  │
│  2 │ lilei    │ 李雷 │ ***           │ NULL        │                    0 │ NULL  │
└────┴──────────┴──────┴───────────────┴─────────────┴──────────────────────┴───────┘
""")
        self.assertIn("JBSWY3DP", self.good("query", "-d", "auth", "-t", "users",
                                            "--show-secrets"))

    def test_the_total_is_told_beside_what_is_shown(self):
        self.assertIn("Records from users: (showing 1 of 2)\n",
                      self.good("query", "-d", "auth", "-t", "users", "-l", "1"))
        self.assertEqual(self.good("query", "-d", "auth", "-t", "pairs"), "No records found\n")

    def test_json_is_only_the_rows(self):
        out = self.good("query", "-d", "auth", "-t", "users", "-f", "json", "-l", "1")
        self.assertEqual(out, """\
[
  {
    "id": 1,
    "username": "ada",
    "name": "Ada",
    "password_hash": "***",
    "totp_secret": "***",
    "must_change_password": 0,
    "photo": "00ff"
  }
]
""")
        self.assertEqual(json.loads(self.good("query", "-d", "auth", "-t", "pairs", "-f", "json")),
                         [])

    def test_cells_cannot_drive_the_terminal(self):
        self.sql_write("UPDATE users SET name = char(27) || '[2J' WHERE id = 1")
        self.assertIn(r"\x1b[2J", self.good("query", "-d", "auth", "-t", "users"))

    def sql_write(self, text):
        database = sqlite3.connect(self.path)
        with database:
            database.execute(text)
        database.close()

    def test_a_column_is_described(self):
        self.assertEqual(
            self.good("column-info", "-d", "auth", "-t", "users", "-c", "name"),
            "Column: name\n  Type: TEXT\n  Nullable: Yes\n  Default: 'nobody'\n"
            "  Primary Key: No\n")
        self.assertEqual(
            self.good("column-info", "-d", "auth", "-t", "users", "-c", "username"),
            "Column: username\n  Type: TEXT\n  Nullable: No\n  Default: None\n  Primary Key: No\n")
        self.assertIn("Primary Key: Yes",
                      self.good("column-info", "-d", "auth", "-t", "users", "-c", "id"))

    def test_a_typed_query_only_reads(self):
        out = self.good("raw-query", "-d", "auth", "-s", "SELECT id, username FROM users")
        self.assertTrue(out.startswith("Query Results: (2 rows)\n┌"), out)
        self.assertEqual(
            json.loads(self.good("raw-query", "-d", "auth", "-f", "json", "-s",
                                 "SELECT 1 AS a, 2.5 AS b, NULL AS a")),
            [{"a": 1, "b": 2.5, "a_2": None}])
        self.assertEqual(self.good("raw-query", "-d", "auth", "-s",
                                   "SELECT * FROM users WHERE id = 9"), "No results\n")
        for sql in ("DELETE FROM users", "SELECT 1; DELETE FROM users", "PRAGMA journal_mode",
                    "WITH x AS (SELECT 1) DELETE FROM users", "ATTACH 'x.db' AS x", ""):
            self.bad("raw-query", "-d", "auth", "-s", sql)
        err = self.bad("raw-query", "-d", "auth", "-s", "DROP TABLE users")
        self.assertTrue(err.startswith("✗ Only SELECT queries are allowed for safety\n  Use "), err)
        self.assertEqual(len(self.sql("SELECT * FROM users")), 2)
        self.assertFalse(os.path.exists(os.path.join(self.directory, "x.db")))
        self.assertTrue(self.bad("raw-query", "-d", "auth", "-s", "SELECT absent FROM users")
                        .startswith("✗ Query failed: no such column: absent"))

    def test_no_expression_shows_a_secret(self):
        for sql in ("SELECT totp_secret FROM users", "SELECT lower(totp_secret) FROM users",
                    "SELECT max(shown) FROM names", "SELECT shown || '' FROM names"):
            out = self.good("raw-query", "-d", "auth", "-f", "json", "-s", sql)
            self.assertNotIn("jbswy3dp", out.lower(), sql)
        self.assertIn("JBSWY3DP", self.good("raw-query", "-d", "auth", "-s",
                                            "SELECT shown FROM names", "--show-secrets"))

    def test_looking_needs_no_lock_and_changes_nothing(self):
        with open(self.path, "rb") as file:
            before = file.read()
        with open(self.path + ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.good("query", "-d", "auth", "-t", "users")
        with open(self.path, "rb") as file:
            self.assertEqual(file.read(), before)

    # Changing. ------------------------------------------------------------------------------------

    def test_a_row_is_inserted_and_its_key_told(self):
        self.assertEqual(
            self.good("insert-record", "-d", "auth", "-t", "users", "-v",
                      '{"username": "mei", "name": "韩梅", "password_hash": "x"}'),
            "✓ Record inserted successfully! ID: 3\n")
        self.assertEqual(self.sql("SELECT name FROM users WHERE id = 3"), [("韩梅",)])
        self.assertEqual(
            self.good("insert-record", "-d", "auth", "-t", "pairs", "-v",
                      '{"kind": "a", "number": 7, "note": [1, 2]}'),
            "✓ Record inserted successfully! ID: a, 7\n")
        self.assertEqual(self.sql("SELECT note FROM pairs"), [("[1,2]",)])
        self.good("insert-record", "-d", "auth", "-t", 'odd "name', "-v", '{"x": true}')
        self.assertEqual(self.sql('SELECT x FROM "odd ""name"'), [(1,)])

    def test_rows_are_updated_when_all_of_where_is_equal(self):
        out = self.good("update-record", "-d", "auth", "-t", "users", "-w",
                        '{"id": 2, "totp_secret": null}', "-v", '{"name": "Li"}', answer="y\n")
        self.assertEqual(out, 'Are you sure you want to update records in users where '
                         '{"id": 2, "totp_secret": null}? [y/N]: '
                         "✓ Updated 1 record(s) successfully!\n")
        self.assertEqual(self.sql("SELECT name FROM users ORDER BY id"), [("Ada",), ("Li",)])
        self.assertEqual(self.good("update-record", "-d", "auth", "-t", "users", "-w", '{"id": 9}',
                                   "-v", '{"name": "Li"}', "--yes"),
                         "✓ Updated 0 record(s) successfully!\n")

    def test_rows_are_deleted_after_a_warning(self):
        out = self.good("delete-record", "-d", "auth", "-t", "users", "-w", '{"id": 2}',
                        answer="yes\n")
        self.assertEqual(out, "⚠ WARNING: Are you sure you want to DELETE records from users where "
                         '{"id": 2}? [y/N]: ✓ Deleted 1 record(s) successfully!\n')
        self.assertEqual(self.sql("SELECT id FROM users"), [(1,)])

    def test_no_and_no_answer_change_nothing(self):
        wish = ("delete-record", "-d", "auth", "-t", "users", "-w", '{"id": 2}')
        for answer in ("n\n", "\n", "no\n", "maybe\n"):
            self.assertTrue(self.good(*wish, answer=answer).endswith("Cancelled\n"))
        self.assertEqual(self.bad(*wish, answer=""), "Aborted!\n")
        self.assertEqual(len(self.sql("SELECT * FROM users")), 2)

    def test_what_cannot_be_done_says_why(self):
        users = ("-d", "auth", "-t", "users")
        table = (
            (("query", "-d", "data", "-t", "x"), "✗ Database not found: ./course_data.db\n"),
            (("query", "-d", "auth", "-t", "nope"), "✗ Table not found: nope\n"),
            (("column-info", *users, "-c", "nope"), "✗ Column not found: nope\n"),
            (("update-record", *users, "-w", '{"nope": 1}', "-v", '{"name": "x"}'),
             "✗ Column not found: nope\n"),
            (("insert-record", *users, "-v", '{"nope": 1}'), "✗ Column not found: nope\n"),
            (("insert-record", *users, "-v", "{name}"), "✗ Invalid JSON format in --values: "),
            (("insert-record", *users, "-v", "[1]"), "✗ Invalid JSON format in --values: "),
            (("delete-record", *users, "-w", '{"id": 1, "id": 2}'),
             "✗ Invalid JSON format in --where: "),
            (("delete-record", *users, "-w", "{}"),
             "✗ Failed to delete record: --where is empty; it would delete every row\n"),
            (("update-record", *users, "-w", "{}", "-v", '{"name": "x"}'),
             "✗ Failed to update record: --where is empty; it would change every row\n"),
            (("insert-record", *users, "-v", '{"username": "ada", "password_hash": "x"}'),
             "✗ Failed to insert record: UNIQUE constraint failed: users.username"),
            (("delete-record", *users, "-w", '{"id": 1}', "-y"),
             "✗ Failed to delete record: FOREIGN KEY constraint failed"),
            (("update-record", *users, "-w", '{"id": 1}', "-v",
              '{"must_change_password": "x"}', "-y"),
             "✗ Failed to update record: cannot store TEXT value in INTEGER column "),
        )
        for arguments, wanted in table:
            err = self.bad(*arguments, answer="y\n")
            self.assertTrue(err.startswith(wanted), f"{arguments}: {err}")
        self.assertEqual(len(self.sql("SELECT * FROM users")), 2)

    def test_a_running_service_is_not_edited_under(self):
        with open(self.path + ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            err = self.bad("delete-record", "-d", "auth", "-t", "users", "-w", '{"id": 2}', "-y")
        self.assertIn(f"✗ Failed to delete record: Process {os.getpid()} owns this database", err)
        self.assertIn("stop the service that uses it first", err)
        self.assertEqual(len(self.sql("SELECT * FROM users")), 2)

    def test_a_file_that_is_no_database_is_said_to_be_none(self):
        with open(os.path.join(self.directory, "queue_data.db"), "w", encoding="utf-8") as file:
            file.write("no database " * 500)
        self.assertTrue(self.bad("list-tables", "-d", "queue").startswith("✗ Query failed: "))

    # The command line. ----------------------------------------------------------------------------

    def test_bad_usage_is_exit_code_2(self):
        for arguments in ((), ("query",), ("query", "-d", "chat", "-t", "x"), ("frobnicate",),
                          ("query", "-d", "auth", "-t", "users", "-f", "xml"),
                          ("query", "-d", "auth", "-t", "users", "-l", "0"),
                          ("query", "-d", "auth", "-t", "users", "-l", "many"),
                          ("update-record", "-d", "auth", "-t", "users", "-w", "{}")):
            err = self.bad(*arguments, code=2)
            self.assertIn("--help", err)

    def test_help_is_on_every_level(self):
        self.assertIn("raw-query", self.good("--help"))
        for command in ("list-tables", "query", "insert-record", "update-record", "delete-record",
                        "column-info", "raw-query"):
            self.assertIn("--database", self.good(command, "--help"))

    def test_the_warning_is_red_on_a_terminal_only(self):
        def on_terminal(**environment):
            master, slave = pty.openpty()
            clean = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
            process = subprocess.Popen(
                [PROGRAM, "delete-record", "-d", "auth", "-t", "users", "-w", '{"id": 2}'],
                cwd=self.directory, stdin=slave, stdout=slave, stderr=slave,
                env=dict(clean, TERM="xterm", **environment), start_new_session=True)
            os.close(slave)
            seen = b""
            while b"[y/N]: " not in seen:
                seen += os.read(master, 4096)
            os.write(master, b"n\n")
            self.assertEqual(process.wait(timeout=60), 0)
            os.close(master)
            return seen

        self.assertIn("\x1b[31m⚠ WARNING".encode(), on_terminal())
        self.assertNotIn(b"\x1b[", on_terminal(NO_COLOR="1"))

    def test_a_full_disk_is_a_failure(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([PROGRAM, "query", "-d", "auth", "-t", "users"],
                                  cwd=self.directory, stdout=full, stderr=subprocess.PIPE,
                                  timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Cannot write", done.stderr.decode())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
