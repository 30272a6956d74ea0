#!/usr/bin/env python3
"""The same protocol the straightforward way, to compare with: a thread a client, a lock, and one
sendall() for each delivery. Messages are committed to SQLite before they are sent.

    threaded_server.py PORT DATABASE     prints "listening" when it does
"""

import datetime
import hashlib
import json
import os
import socketserver
import sqlite3
import sys
import threading


class Chat:
    def __init__(self, path):
        self.lock = threading.Lock()
        self.clients = set()
        self.database = sqlite3.connect(path, check_same_thread=False)
        self.database.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, username TEXT UNIQUE,"
            " salt BLOB, password_hash BLOB);"
            "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, sender_id INTEGER,"
            " sender_username TEXT, message_text TEXT, timestamp TEXT);")

    def register(self, username, password):
        salt = os.urandom(16)
        digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 1000)
        with self.lock:
            try:
                with self.database:
                    self.database.execute(
                        "INSERT INTO users (username, salt, password_hash) VALUES (?, ?, ?)",
                        (username, salt, digest))
            except sqlite3.IntegrityError:
                return {"type": "register_response", "status": "error", "message": "taken"}
        return {"type": "register_response", "status": "success", "message": "created"}

    def log_in(self, client, username, password):
        with self.lock:
            row = self.database.execute(
                "SELECT id, salt, password_hash FROM users WHERE username = ?",
                (username,)).fetchone()
        if not row or hashlib.pbkdf2_hmac("sha256", password.encode(), row[1], 1000) != row[2]:
            return {"type": "login_response", "status": "error", "message": "wrong"}
        client.user = (row[0], username)
        with self.lock:
            self.clients.add(client)
        return {"type": "login_response", "status": "success", "user_id": row[0],
                "username": username}

    def send(self, user, text):
        stamp = datetime.datetime.utcnow().isoformat(timespec="seconds")
        with self.lock:
            with self.database:
                cursor = self.database.execute(
                    "INSERT INTO messages (sender_id, sender_username, message_text, timestamp)"
                    " VALUES (?, ?, ?, ?)", (*user, text, stamp))
            line = json.dumps({"type": "new_message", "id": cursor.lastrowid, "sender": user[1],
                               "message": text, "timestamp": stamp}).encode() + b"\n"
            for client in list(self.clients):
                try:
                    client.request.sendall(line)
                except OSError:
                    self.clients.discard(client)

    def history(self, limit):
        with self.lock:
            rows = self.database.execute(
                "SELECT id, sender_username, message_text, timestamp FROM messages"
                " ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
        return {"type": "history_response",
                "messages": [dict(zip(("id", "sender", "message", "timestamp"), row))
                             for row in reversed(rows)]}


class Client(socketserver.StreamRequestHandler):
    user = None

    def handle(self):
        try:
            for line in self.rfile:
                answer = self.answer(json.loads(line))
                if answer:
                    self.request.sendall(json.dumps(answer).encode() + b"\n")
        except (OSError, ValueError):
            pass
        finally:
            with CHAT.lock:
                CHAT.clients.discard(self)

    def answer(self, message):
        kind = message.get("type")
        if kind == "register":
            return CHAT.register(message["username"], message["password"])
        if kind == "login":
            return CHAT.log_in(self, message["username"], message["password"])
        if kind == "send_message" and self.user:
            CHAT.send(self.user, message["message"])
            return None
        if kind == "get_history" and self.user:
            return CHAT.history(message.get("limit", 50))
        return {"type": "error", "message": "unknown"}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024


if __name__ == "__main__":
    CHAT = Chat(sys.argv[2])
    with Server(("127.0.0.1", int(sys.argv[1])), Client) as server:
        print("listening", flush=True)
        server.serve_forever()
