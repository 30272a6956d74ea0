#!/usr/bin/env python3
"""Unmodified python-socketio against the conformance program, on every way to travel.

    clients_test.py PROGRAM
"""

import os
import queue
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import requests  # noqa: E402
import socketio  # noqa: E402

from wire import Server  # noqa: E402

WAYS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": None}
LIMIT = 10  # seconds without which nothing here should be
ATTEMPTS_MAX = 3


class Client:
    """A client that keeps what it hears."""

    def __init__(self, url, way, auth=None, namespaces=None, **options):
        self.heard = {}
        self.socket = socketio.Client(reconnection_delay=0.01, **options)
        for nsp in namespaces or ["/"]:
            for event in ("auth", "message-back", "disconnect", "connect_error"):
                self.socket.on(event, self._keep(nsp, event), namespace=nsp)
        self.url, self.way, self.auth, self.namespaces = url, way, auth, namespaces

    def connect(self, wait=LIMIT):
        self.socket.connect(self.url, auth=self.auth, namespaces=self.namespaces,
                            transports=WAYS[self.way], wait_timeout=wait)
        return self

    def _keep(self, nsp, event):
        box = self.heard.setdefault((nsp, event), queue.Queue())
        return lambda *args: box.put(list(args))

    def wait(self, event, nsp="/"):
        return self.heard[(nsp, event)].get(timeout=LIMIT)

    def close(self):
        self.socket.disconnect()


def equal(found, wanted):
    assert found == wanted, f"{str(found)[:200]} instead of {str(wanted)[:200]}"


def token_comes_back(url, way):
    client = Client(url, way, auth={"token": "a\u00e9\U0001f600"}).connect()
    equal(client.wait("auth"), [{"token": "a\u00e9\U0001f600"}])
    equal(client.socket.transport(), "polling" if way == "polling" else "websocket")
    client.close()


def messages_come_back(url, way):
    client = Client(url, way).connect()
    for args in ((1, "2", {"3": [True, None]}), ("", [], {}, -0.5),
                 (b"\x01\x02", {"deep": [b"", b"x" * 70000]}), ("x" * 500000,)):
        client.socket.emit("message", args)
        equal(client.wait("message-back"), list(args))
    client.close()


def acks_carry_the_arguments(url, way):
    client = Client(url, way).connect()
    equal(client.socket.call("message-with-ack", (1, "2"), timeout=LIMIT), (1, "2"))
    equal(client.socket.call("message-with-ack", b"bytes", timeout=LIMIT), b"bytes")
    equal(client.socket.call("message-with-ack", timeout=LIMIT), None)
    client.close()


def namespaces_share_a_connection(url, way):
    client = Client(url, way, auth={"a": 1}, namespaces=["/", "/custom"]).connect()
    equal(client.wait("auth"), [{"a": 1}])
    equal(client.wait("auth", "/custom"), [{"a": 1}])
    client.socket.emit("message", "main")
    equal(client.wait("message-back"), ["main"])
    client.close()


def an_unknown_namespace_is_refused(url, way):
    # Without reconnection, and for less than the program's connect timeout: refused everywhere,
    # python-socketio 5.7 still waits out its time, and when the server has closed it meanwhile
    # starts one reconnection after the other, whose threads trip over each other's queues
    # ("task_done() called too many times") and never end. It does so with npm's server, too.
    client = Client(url, way, namespaces=["/random"], reconnection=False)
    try:
        client.connect(wait=0.5)
        raise AssertionError("connected")
    except socketio.exceptions.ConnectionError as error:
        assert "namespaces failed to connect" in str(error), error
    equal(client.wait("connect_error", "/random"), [{"message": "Invalid namespace"}])


def a_lost_connection_comes_back_by_itself(url, way):
    client = Client(url, way, auth={"token": "again"}).connect()
    equal(client.wait("auth"), [{"token": "again"}])
    first = client.socket.sid
    transport = client.socket.eio
    if transport.transport() == "polling":
        requests.post(transport.base_url, data="1", timeout=LIMIT)  # somebody ends its session
    else:
        transport.ws.sock.shutdown(socket.SHUT_RDWR)
    client.wait("disconnect")
    equal(client.wait("auth"), [{"token": "again"}])
    assert client.socket.sid != first
    client.socket.emit("message", "back")
    equal(client.wait("message-back"), ["back"])
    client.close()


def messages_stay_in_order(url, way):
    client = Client(url, way).connect()
    for number in range(300):
        client.socket.emit("message", number)
    equal([client.wait("message-back")[0] for _ in range(300)], list(range(300)))
    client.close()


def it_outlives_heartbeats(url, way):
    client = Client(url, way).connect()
    deadline = time.monotonic() + 1.5  # five times the ping interval
    while time.monotonic() < deadline:
        client.socket.emit("message", "beat")
        equal(client.wait("message-back"), ["beat"])
        time.sleep(0.1)
    assert client.socket.connected
    client.close()


CASES = (token_comes_back, messages_come_back, acks_carry_the_arguments,
         namespaces_share_a_connection, an_unknown_namespace_is_refused, messages_stay_in_order,
         a_lost_connection_comes_back_by_itself, it_outlives_heartbeats)


def attempt(function, url, way):
    """Whether it passed. The program ends a client whose pong is half a second late, which on a
    busy machine is not the server's doing (conformance, section 8: up to three runs, told)."""
    for number in range(1, ATTEMPTS_MAX + 1):
        try:
            function(url, way)
            return True
        except Exception as failure:  # told, and tried again or the next one runs
            print(f"{way}: {function.__name__}: attempt {number} of {ATTEMPTS_MAX}: "
                  f"{type(failure).__name__}: {failure}", flush=True)
    return False


def main():
    with Server(sys.argv[1]) as server:
        url = f"http://127.0.0.1:{server.port}"
        failed = [function for way in WAYS for function in CASES
                  if not attempt(function, url, way)]
    print(f"{len(WAYS) * len(CASES)} cases, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
