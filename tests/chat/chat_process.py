"""The real course-chat-server as a child process, and a client written from the contract alone."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading


class ChatProcess:
    """Runs the program in a directory of its own; restarts keep the database."""

    def __init__(self, program, directory, **environment):
        self.program = program
        self.directory = directory
        self.environment = dict(os.environ, COURSESELECT_DEV="yes", BCRYPT_COST="4", **environment)
        self.process = None
        self.port = 0
        self.tls_port = 0
        self.log = []

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "--port", "0"], cwd=self.directory, env=self.environment,
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            self.log.append(line)
            match = re.search(r"event=listening .*\bport=(\d+) tls_port=(\d+)", line)
            if match:
                self.port, self.tls_port = int(match.group(1)), int(match.group(2))
                break
        else:
            raise RuntimeError("the server did not start:\n" + "".join(self.log))
        # Nobody reads on: a full pipe must not stop the server.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def kill(self):
        self.end(signal.SIGKILL)

    def stop(self):
        return self.end(signal.SIGTERM)


class Gone(Exception):
    """The server closed the connection, or is not there."""


class LineClient:
    def __init__(self, port, tls=None):
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
            if tls:
                self.socket = tls.wrap_socket(self.socket, server_hostname="chat.test")
        except OSError as error:
            raise Gone from error
        self.lines = self.socket.makefile("rb")

    def send(self, **message):
        try:
            self.socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise Gone from error

    def read(self):
        try:
            line = self.lines.readline()
        except OSError as error:
            raise Gone from error
        if not line.endswith(b"\n"):
            raise Gone
        return json.loads(line)

    def read_type(self, kind):
        while True:
            message = self.read()
            if message["type"] == kind:
                return message

    def close(self):
        self.lines.close()
        self.socket.close()


def scratch_directory():
    return tempfile.TemporaryDirectory(prefix="course-chat-")
