#!/usr/bin/env python3
"""Clients that mean no good, beside one that does: it must be served, and the server stay small.

    hostile_test.py PROGRAM
"""

import json
import os
import random
import socket
import sys
import threading
import time

from wire import Closed, Http, Server, WebSocket, http, query

ENGINE = "/engine.io/" + query(EIO=4, transport="websocket")
SOCKET = "/socket.io/" + query(EIO=4, transport="websocket")
POLLING = "/engine.io/" + query(EIO=4, transport="polling")
# For whatever they do, all together: 50 polling sessions keep 0.9 MB each until they are given up,
# half a second later; the rest is what the allocator keeps for itself.
GROWTH_KIB_MAX = 64 * 1024
server = None


class Bystander:
    """Asks all the time, in a thread of its own; its answers have to come."""

    def __init__(self):
        self.socket = WebSocket(server.port, SOCKET)
        self.socket.receive()
        self.socket.send("40")
        self.socket.receive(True)
        self.socket.receive(True)
        self.slowest = 0
        self.answers = 0
        self.failure = None
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        try:
            while not self.ending.is_set():
                begun = time.monotonic()
                self.socket.send(f'42{self.answers}["message-with-ack",{self.answers}]')
                answer = self.socket.receive(True)
                assert answer == f"43{self.answers}[{self.answers}]", answer
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.answers += 1
                time.sleep(0.005)
        except Exception as failure:  # told by the main thread
            self.failure = failure

    def end(self):
        self.ending.set()
        self.thread.join()
        self.socket.close()
        if self.failure:
            raise self.failure
        assert self.answers > 0
        return self.slowest


def resident_kib():
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def opened(target=ENGINE):
    made = WebSocket(server.port, target)
    made.receive()
    return made


def push(client, data, seconds):
    """Sends without ever reading, as much as the server takes."""
    client.socket.settimeout(0.2)
    sent = 0
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            client.socket.sendall(data)
            sent += len(data)
    except (TimeoutError, ConnectionError):
        pass
    return sent


def who_does_not_read_is_not_buffered_for():
    clients = [opened() for _ in range(5)]
    frame = WebSocket.frame(2, bytes(100_000))
    threads = [threading.Thread(target=push, args=(c, frame, 1)) for c in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()


def floods_of_small_frames():
    client = opened()
    pings = WebSocket.frame(9, b"x") * 2000
    push(client, pings, 1)
    client.close()
    client = opened()
    push(client, WebSocket.frame(1, b"3") * 2000, 1)  # pongs that nobody asked for
    client.close()
    client = opened()
    push(client, WebSocket.frame(1, b"4x", final=False)
         + WebSocket.frame(0, b"", final=False) * 5000, 1)
    client.close()


def promises_that_are_not_kept():
    clients = []
    for _ in range(200):
        client = opened()
        client.raw(b"\x82\xff" + (999_999).to_bytes(8, "big") + b"mask" + b"x" * 100)
        clients.append(client)
    for client in clients:
        assert client.wait_closed() is not None  # by the heartbeat
        client.close()


def connections_that_say_nothing():
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(300)]
    half = [Http(server.port) for _ in range(100)]
    for connection in half:
        connection.socket.sendall(b"GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: ")
    for connection in silent:
        connection.close()
    for connection in half:
        connection.close()


def garbage():
    seeded = random.Random(1)
    for _ in range(300):
        client = opened(seeded.choice((ENGINE, SOCKET)))
        try:
            client.raw(seeded.randbytes(seeded.randrange(1, 200)))
            client.socket.shutdown(socket.SHUT_WR)
            client.wait_closed()
        except OSError:
            pass
        client.close()
    for _ in range(100):
        client = opened(SOCKET)
        text = "4" + "".join(seeded.choice('0123456-/,[]{}":a\\') for _ in range(30))
        client.send(text)
        try:
            client.receive(True)
        except Closed:
            pass
        client.close()


def polls_that_are_never_fetched():
    for _ in range(50):
        answer = http(server.port, "GET", POLLING)
        sid = json.loads(answer.text[1:])["sid"]
        body = b"\x1e".join([b"4" + b"x" * 90_000] * 10)
        assert http(server.port, "POST", f"{POLLING}&sid={sid}", body).status == 200


def oversize():
    client = opened()
    client.raw(b"\x82\xff" + (1_000_001).to_bytes(8, "big") + b"mask")
    assert client.wait_closed() == 1009
    client.close()
    answer = http(server.port, "GET", POLLING)
    sid = json.loads(answer.text[1:])["sid"]
    assert http(server.port, "POST", f"{POLLING}&sid={sid}", b"4" * 1_000_001).status == 413


def deep_and_wide_json():
    for payload in ("[" * 400_000, '{"a":' * 100_000, '["m",' + "[],".join([""] * 200_000)):
        client = opened(SOCKET)
        client.send("40")
        client.receive(True)
        client.send("42" + payload)
        assert client.wait_closed() is not None
        client.close()


CASES = (who_does_not_read_is_not_buffered_for, floods_of_small_frames,
         promises_that_are_not_kept, connections_that_say_nothing, garbage,
         polls_that_are_never_fetched, oversize, deep_and_wide_json)


def main():
    global server
    failed = 0
    with Server(sys.argv[1]) as server:

        before = resident_kib()
        for case in CASES:
            bystander = Bystander()
            try:
                case()
            except Exception as failure:
                failed += 1
                print(f"{case.__name__}: {type(failure).__name__}: {failure}")
            try:
                slowest = bystander.end()
                print(f"{case.__name__}: the bystander waited at most {slowest * 1000:.0f} ms")
            except Exception as failure:
                failed += 1
                print(f"{case.__name__}: the bystander: {type(failure).__name__}: {failure}")
        growth = resident_kib() - before
        print(f"{len(CASES)} cases, {failed} failed, the server grew by {growth} KiB")
        # A sanitizer keeps what is freed: its memory says nothing of ours.
        if growth > GROWTH_KIB_MAX and "COURSESELECT_SANITIZED" not in os.environ:
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
