"""Plain sockets for the protocol tests: HTTP requests, a WebSocket client, the server program."""

import base64
import hashlib
import os
import signal
import socket
import struct
import subprocess
import urllib.parse

TIMEOUT = 10  # seconds without which nothing here should be


class Server:
    """The conformance program on a port of its own."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen(
            [program, "--port", "0", *arguments], stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        self.port = int(line.strip().rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=TIMEOUT)
        self.process.stdout.close()
        assert code == 0, f"the server ended with {code}"


class Answer:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.fields[name.strip().lower()] = value.strip()
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8")


class Http:
    """One keep-alive connection."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def send(self, method, target, body=None, fields=()):
        head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n"
        if body is not None:
            head += f"Content-Length: {len(body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields)
        self.socket.sendall(head.encode("latin-1") + b"\r\n" + (body or b""))

    def receive(self):
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        answer = Answer(head, b"")
        size = int(answer.fields.get("content-length", 0))
        while len(self.buffer) < size:
            self._more()
        answer.body, self.buffer = self.buffer[:size], self.buffer[size:]
        return answer

    def close(self):
        self.socket.close()

    def _more(self):
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("closed by the server")
        self.buffer += part


def http(port, method, target, body=None, fields=()):
    connection = Http(port)
    try:
        connection.send(method, target, body, fields)
        return connection.receive()
    finally:
        connection.close()


class Closed(Exception):
    """The WebSocket has ended; `code` is that of the close frame, None without one."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed with {code} {reason}")
        self.code = code


class Refused(Exception):
    """The handshake was answered with something else than 101."""

    def __init__(self, answer):
        super().__init__(f"refused with {answer.status}")
        self.answer = answer


class WebSocket:
    def __init__(self, port, target, fields=(), version="13", key=None):
        key = key or base64.b64encode(os.urandom(16)).decode()
        self.http = Http(port)
        self.http.send(
            "GET",
            target,
            None,
            [
                ("Connection", "Upgrade"),
                ("Upgrade", "websocket"),
                ("Sec-WebSocket-Version", version),
                ("Sec-WebSocket-Key", key),
                *fields,
            ],
        )
        while b"\r\n\r\n" not in self.http.buffer:
            self.http._more()
        head, _, rest = self.http.buffer.partition(b"\r\n\r\n")
        self.handshake = Answer(head, b"")
        if self.handshake.status != 101:
            raise Refused(self.handshake)
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        assert self.handshake.fields["sec-websocket-accept"] == base64.b64encode(digest).decode()
        self.buffer = rest
        self.socket = self.http.socket

    @staticmethod
    def frame(opcode, payload, final=True, masked=True, reserved=0, length=None):
        """A frame with every freedom to be wrong. `length`: bytes of the length field."""
        mask = os.urandom(4) if masked else b""
        head = bytes([(0x80 if final else 0) | reserved | opcode])
        flag = 0x80 if masked else 0
        size = len(payload)
        if length == 2 or (length is None and 125 < size < 65536):
            head += bytes([flag | 126]) + struct.pack("!H", size)
        elif length == 8 or (length is None and size >= 65536):
            head += bytes([flag | 127]) + struct.pack("!Q", size)
        else:
            head += bytes([flag | size])
        if masked:
            payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        return head + mask + payload

    def send(self, message):
        binary = isinstance(message, bytes)
        self.raw(self.frame(2 if binary else 1, message if binary else message.encode()))

    def raw(self, data):
        self.socket.sendall(data)

    def _take(self, size):
        while len(self.buffer) < size:
            part = self.socket.recv(65536)
            if not part:
                raise Closed(None)
            self.buffer += part
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def receive_frame(self):
        first, second = self._take(2)
        assert first & 0x70 == 0, "no extension was agreed on"
        assert second & 0x80 == 0, "servers do not mask"
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._take(8))
        return first & 0x80 != 0, first & 0x0F, self._take(size)

    def receive(self, skip_pings=False):
        """The next message: str or bytes. `skip_pings`: Engine.IO's, which it answers."""
        while True:
            final, opcode, payload = self.receive_frame()
            assert final
            if opcode == 8:
                code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                raise Closed(code, payload[2:].decode())
            if opcode in (9, 10):
                continue
            message = payload if opcode == 2 else payload.decode()
            if skip_pings and message == "2":
                self.send("3")
                continue
            return message

    def wait_closed(self):
        """The close code; messages before it do not matter."""
        try:
            while True:
                self.receive()
        except Closed as closed:
            return closed.code
        except ConnectionResetError:
            return None

    def close(self):
        self.socket.close()


def query(**parameters):
    return "?" + urllib.parse.urlencode(parameters)
