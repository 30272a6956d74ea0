#!/usr/bin/env python3
"""A stand-in for a daemon, as far as the start script can tell: configuration, socket, signals.

Its name says which node it is (course-data-node). FAKE_FAIL names a node that ends at once,
FAKE_STUBBORN one that ignores SIGTERM. Without --dev the auth node makes a password when it starts,
and the chat asks for the secret that the others make then, as the real ones do.
"""
import os
import re
import signal
import socketserver
import sys
from http.server import BaseHTTPRequestHandler

node = re.fullmatch(r"course-(\w+)-(?:node|server)", os.path.basename(sys.argv[0])).group(1)
sockets = os.path.join(os.environ["FAKE_DIRECTORY"], "sockets")

if "--check-config" in sys.argv:
    print(f"PORT={os.environ.get('PORT', '8000')}  # default")
    print(f"CHAT_PORT={os.environ.get('CHAT_PORT', '5555')}  # default")
    print(f"SOCKET_DIR={sockets}  # environment variable")
    lacks_secret = node == "chat" and len(os.environ.get("JWT_SECRET_KEY", "")) < 8
    sys.exit(1 if lacks_secret or os.environ.get("FAKE_BAD_CONFIG") == node else 0)
if node == "auth" and "--dev" not in sys.argv and not os.path.exists("secrets.env"):
    with open("secrets.env", "w", encoding="utf-8") as secrets:
        secrets.write("ADMIN_PASSWORD=made-by-the-node\n")
if os.environ.get("FAKE_FAIL") == node:
    print("the database is on fire", file=sys.stderr)
    sys.exit(1)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def address_string(self):
        return "socket"


class ChatHandler(socketserver.StreamRequestHandler):
    def handle(self):
        for _ in self.rfile:
            self.wfile.write(b'{"type":"pong"}\n')


class ChatServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def stop(*_):
    note("stopped")
    os._exit(0)


def note(event):
    with open(os.path.join(os.environ["FAKE_DIRECTORY"], "events"), "a", encoding="utf-8") as file:
        file.write(f"{node} {event}\n")


ignores = os.environ.get("FAKE_STUBBORN") == node
signal.signal(signal.SIGTERM, signal.SIG_IGN if ignores else stop)
if node == "chat":
    with ChatServer(("127.0.0.1", int(os.environ["CHAT_PORT"])), ChatHandler) as server:
        note("started")
        server.serve_forever()
os.makedirs(sockets, exist_ok=True)
path = os.path.join(sockets, f"{node}_node.sock")
if os.path.exists(path):
    os.unlink(path)
note("started")
socketserver.UnixStreamServer(path, Handler).serve_forever()
