#!/usr/bin/env python3
"""PostgreSQL goes away in the very moment in which it has committed a message, for longer than the
writer looks for it (20 s), and comes back: nobody is told anything meanwhile, the chat goes on
answering, and then everybody is told exactly once.

    database_away_test.py COURSE_CHAT_SERVER DATABASE_URL [--seconds 22]

The way to the database leads through a proxy on a unix socket, which keeps the answer to that
COMMIT to itself. Exit code 1 when it was otherwise.
"""

import argparse
import os
import re
import select
import socket
import threading
import urllib.parse

from chat_process import ChatProcess, LineClient, scratch_directory

SOCKET_NAME = ".s.PGSQL.5432"


class Proxy:
    """Carries bytes to the database, until it is told to swallow the answer to a COMMIT."""

    def __init__(self, directory, upstream):
        self.path = os.path.join(directory, SOCKET_NAME)
        self.upstream = upstream
        self.swallows_commit = threading.Event()
        self.is_cut = threading.Event()
        self.connections = []
        self.open()

    def open(self):
        self.is_cut.clear()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self.accept, args=[self.listener], daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.upstream)
            self.connections += [client, server]
            for pump in ((client, server, False), (server, client, True)):
                threading.Thread(target=self.pump, args=pump, daemon=True).start()

    def pump(self, source, target, is_answer):
        try:
            while data := source.recv(65536):
                if is_answer and b"COMMIT\0" in data and self.swallows_commit.is_set():
                    self.cut()
                    return
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other direction has ended both

    def cut(self):
        """The database is away: connections are lost, new ones are refused."""
        self.swallows_commit.clear()
        os.unlink(self.path)
        for one in [self.listener, *self.connections]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        self.connections = []
        self.is_cut.set()


def member(server, name):
    client = LineClient(server.port)
    client.send(type="register", username=name, password="secret")
    client.read_type("register_response")
    client.send(type="login", username=name, password="secret")
    assert client.read_type("login_response")["status"] == "success"
    return client


def through_proxy(url, directory):
    upstream = urllib.parse.unquote(re.search(r"host=([^&]+)", url).group(1))
    own = re.sub(r"host=[^&]+", "host=" + urllib.parse.quote(directory, safe=""), url)
    return own, Proxy(directory, os.path.join(upstream, SOCKET_NAME))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("database")
    parser.add_argument("--seconds", type=float, default=22, help="how long it is away")
    arguments = parser.parse_args()
    with scratch_directory() as directory:
        url, proxy = through_proxy(arguments.database, directory)
        server = ChatProcess(arguments.program, directory, CHAT_DATABASE_URL=url)
        server.start()
        try:
            check(server, proxy, arguments.seconds)
        finally:
            server.stop()


def say(clients, text):
    """The first one says it, with a reference of its own; what each of them hears."""
    clients[0].send(type="send_message", message=text, client_ref=text)
    return [client.read() for client in clients]


def check(server, proxy, seconds):
    clients = [member(server, name) for name in ("ann", "bob")]
    heard = [say(clients, "before")]
    proxy.swallows_commit.set()
    clients[0].send(type="send_message", message="during", client_ref="during")
    assert proxy.is_cut.wait(30), "no COMMIT came"
    clients[1].send(type="ping")
    assert clients[1].read()["type"] == "pong"
    told, _, _ = select.select([client.socket for client in clients], [], [], seconds)
    assert not told, f"told before the database said: {clients[0].read()}"
    proxy.open()
    heard.append([client.read() for client in clients])
    heard.append(say(clients, "after"))
    for text, (own, others) in zip(("before", "during", "after"), heard):
        assert own.pop("client_ref") == text, own
        assert own == others and own["type"] == "new_message" and own["message"] == text, own
    clients[1].send(type="get_history")
    messages = clients[1].read()["messages"]
    assert [one["message"] for one in messages] == ["before", "during", "after"], messages
    print(f"away for {seconds:.0f} s: told once, after it came back; 3 messages in the history")


if __name__ == "__main__":
    main()
