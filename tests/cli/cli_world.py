"""The real daemons in a directory of their own, and course-cli as somebody with an empty home."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import tempfile
import termios
import time
import urllib.request

NODES = ("data", "auth", "queue", "teacher", "student")
INTERNAL_TOKEN = "cli-internal-token-0123456789"
WAIT_SECONDS = 60


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Daemons:
    """Each node is started, stopped and killed by its name."""

    def __init__(self, programs, directory, **environment):
        self.programs = programs
        self.directory = directory
        self.processes = {}
        self.ports = dict(zip(NODES, free_ports(len(NODES))))
        self.sockets = os.path.join(directory, "sockets")
        self.environment = {
            "PATH": "/usr/bin:/bin", "HOST": "127.0.0.1", "INTERNAL_TOKEN": INTERNAL_TOKEN,
            "JWT_SECRET_KEY": "cli-jwt-secret-key-0123456789-0123456789", "LOG_LEVEL": "warn",
            "COURSESELECT_DEV": "true", "BCRYPT_COST": "4", "SOCKET_DIR": self.sockets,
            "DATABASE_DURABILITY": "off",
            **{f"{name.upper()}_NODE_URL": self.url(name) for name in NODES}, **environment}
        for name in os.environ:
            if name.endswith("SAN_OPTIONS"):
                self.environment[name] = os.environ[name]

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, *names):
        for name in names or NODES:
            log = open(os.path.join(self.directory, f"{name}.log"), "ab")
            self.processes[name] = subprocess.Popen(
                [os.path.join(self.programs, f"course-{name}-node")], cwd=self.directory,
                env=dict(self.environment, PORT=str(self.ports[name])), stdout=log, stderr=log,
                stdin=subprocess.DEVNULL)
            log.close()
            self.wait_until_healthy(name)

    def wait_until_healthy(self, name):
        end = time.monotonic() + WAIT_SECONDS
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while True:
            try:
                opener.open(self.url(name) + "/health", timeout=5).read()
                return
            except OSError:
                if self.processes[name].poll() is not None or time.monotonic() > end:
                    with open(os.path.join(self.directory, f"{name}.log")) as log:
                        raise RuntimeError(f"{name} did not start:\n{log.read()}") from None
                time.sleep(0.02)  # a poll to a bound

    def end(self, name, number=signal.SIGTERM):
        process = self.processes.pop(name)
        process.send_signal(number)
        process.wait(timeout=WAIT_SECONDS)

    def stop(self):
        for name in list(self.processes):
            self.end(name, signal.SIGKILL)


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"

    @property
    def json(self):
        return json.loads(self.out)


class Person:
    """Somebody with a home directory who runs course-cli."""

    def __init__(self, programs, daemons, **environment):
        self.program = os.path.join(programs, "course-cli")
        self.home = tempfile.mkdtemp(prefix="home-", dir=daemons.directory)
        self.environment = {
            "PATH": "/usr/bin:/bin", "HOME": self.home, "TERM": "xterm", "LANG": "C.UTF-8",
            "SOCKET_DIR": daemons.sockets, "CHAT_HOST": "",
            **{f"{name.upper()}_NODE_URL": daemons.url(name) for name in NODES}, **environment}
        self.environment = {name: value for name, value in self.environment.items() if value}

    def command(self, *arguments):
        return [self.program, *map(str, arguments)]

    def run(self, *arguments, text="", environment=None, **more):
        """Runs it in pipes; `text` is its standard input."""
        done = subprocess.run(self.command(*arguments), input=text, text=True, capture_output=True,
                              timeout=WAIT_SECONDS * 3, cwd=self.home,
                              env=self.environment if environment is None else environment, **more)
        return Result(done.returncode, done.stdout, done.stderr)

    def login(self, password="admin123"):
        return self.run("user", "login", "--username", "admin", "--password", text=password + "\n")

    @property
    def config(self):
        return os.path.join(self.home, ".course_selection", "config.json")


class Terminal:
    """course-cli on a terminal of its own."""

    def __init__(self, person, *arguments, **environment):
        self.master, slave = pty.openpty()
        self.slave = slave
        self.process = subprocess.Popen(
            person.command(*arguments), stdin=slave, stdout=slave, stderr=slave, cwd=person.home,
            env=dict(person.environment, **environment), start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))  # Ctrl-C is for it
        self.seen = ""
        self.read_to = 0

    def read_until(self, text):
        """Reads on until `text` comes, after what was read before."""
        end = time.monotonic() + WAIT_SECONDS
        while text not in self.seen[self.read_to:]:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"no {text!r} in {self.seen[self.read_to:]!r}")
            self.seen += os.read(self.master, 65536).decode(errors="replace")
        self.read_to = self.seen.index(text, self.read_to) + len(text)

    def type(self, text):
        os.write(self.master, text.encode())

    def has_echo(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def end(self):
        """Its exit code, with all it said in `seen`."""
        code = self.process.wait(timeout=WAIT_SECONDS)
        while select.select([self.master], [], [], 0)[0]:
            self.seen += os.read(self.master, 65536).decode(errors="replace")
        os.close(self.slave)
        os.close(self.master)
        self.seen = self.seen.replace("\r\n", "\n")
        return code


def without_colours(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
