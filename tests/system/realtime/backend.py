"""The real daemons in a scratch directory, and the calls that tests make of them."""

import http.client
import json
import os
import socket
import subprocess
import tempfile
import time

import jwt

SECRET = "realtime-tests-secret-0123456789-0123456789"
INTERNAL = "realtime-tests-internal-token"
SERVICES = ("data", "auth", "queue", "teacher", "student", "realtime")
WAIT_SECONDS = 30


def program_of(service):
    """Of "realtime2", too: a second server of the kind, in a directory of its own."""
    return ("course-realtime-server" if service.startswith("realtime")
            else f"course-{service}-node")


def wait_for(what, question, seconds=WAIT_SECONDS):
    """Asks until the answer is true, and gives the answer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def token(kind, number, name=None, seconds=3600, **more):
    now = int(time.time())
    claims = {"user_id": number, "username": name or f"{kind}{number}", "user_type": kind,
              "type": "access", "iat": now, "exp": now + seconds, "jti": os.urandom(8).hex()}
    return jwt.encode({**claims, **more}, SECRET, algorithm="HS256")


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Backend:
    """Starts the daemons; ends those that it started, by their process ids."""

    def __init__(self, programs, services=SERVICES, **environment):
        self.programs = programs
        self.services = services
        self.scratch = tempfile.TemporaryDirectory(prefix="realtime-tests-")
        self.ports = self._free_ports()
        self.processes = {}
        self.environment = dict(
            os.environ, INTERNAL_TOKEN=INTERNAL, JWT_SECRET_KEY=SECRET, COURSESELECT_DEV="true",
            RATE_LIMITS="false", BCRYPT_COST="4", LOG_LEVEL="info", DATABASE_DURABILITY="off",
            SOCKET_DIR=os.path.join(self.scratch.name, "sockets"),
            **{f"{name.upper()}_NODE_URL": f"http://127.0.0.1:{port}"
               for name, port in self.ports.items()})
        self.environment.update(environment)
        for name in ("HOST", "PORT", "DATABASE_URL"):
            self.environment.pop(name, None)

    def _free_ports(self):
        held = [socket.create_server(("127.0.0.1", 0)) for _ in self.services]
        ports = {name: one.getsockname()[1] for name, one in zip(self.services, held)}
        for one in held:
            one.close()
        return ports

    @property
    def url(self):
        return self.url_of("realtime")

    def url_of(self, service):
        return f"http://127.0.0.1:{self.ports[service]}"

    def log(self, service):
        return os.path.join(self.scratch.name, service + ".log")

    def start(self, *services):
        for service in services or self.services:
            environment = dict(self.environment, PORT=str(self.ports[service]))
            directory = self.scratch.name
            if service == "realtime2":
                directory = os.path.join(self.scratch.name, service)
                os.makedirs(directory, exist_ok=True)
                environment["SOCKET_DIR"] = os.path.join(directory, "sockets")
            with open(self.log(service), "ab") as log:
                self.processes[service] = subprocess.Popen(
                    [os.path.join(self.programs, program_of(service))], cwd=directory,
                    env=environment, stdout=log, stderr=log)
            wait_for(f"{service} to answer", lambda name=service: self._is_up(name))
        return self

    def wait_for_reports(self):
        """A realtime server that is new hears of a node's events from the first report on."""
        school = School(self, capacity=1000)
        wait_for("the first report", lambda: school.enrol(f"first{len(school.students)}_") or
                 self.metric("realtime", "courseselect_realtime_events_accepted_total") > 0)

    def _is_up(self, service):
        if self.processes[service].poll() is not None:
            with open(self.log(service), encoding="utf-8", errors="replace") as log:
                raise AssertionError(f"{service} ended: {log.read()[-2000:]}")
        try:
            return self.call(service, "GET", "/health") is not None
        except OSError:
            return False

    def end(self, service, by_force=False):
        process = self.processes.pop(service)
        process.kill() if by_force else process.terminate()
        return process.wait(timeout=WAIT_SECONDS)

    def close(self):
        for service in reversed(list(self.processes)):
            self.end(service)
        self.scratch.cleanup()

    def call(self, service, method, path, body=None, bearer=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[service],
                                                timeout=WAIT_SECONDS)
        headers = {"Content-Type": "application/json"}
        headers["Authorization" if bearer else "Internal-Token"] = (
            f"Bearer {bearer}" if bearer else INTERNAL)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        value = json.loads(text) if text else None
        if answer.status >= 300:
            raise Refused(answer.status, value)
        return value

    def metric(self, service, name):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[service],
                                                timeout=WAIT_SECONDS)
        try:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        finally:
            connection.close()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith(name) and line[len(name)] in " {")


class School:
    """A course of a teacher of its own, and students by name; made anew for each test."""

    count = 0

    def __init__(self, backend, capacity=10):
        self.backend = backend
        School.count += 1
        self.mark = School.count
        self.teacher = backend.call("data", "POST", "/add/teacher",
                                    {"teacher_name": f"teacher{self.mark}"})["teacher_id"]
        self.course = self.add_course(capacity)
        self.students = {}

    def add_course(self, capacity):
        course = {"course_name": f"Course {self.mark}", "course_credit": 1,
                  "course_type": "elective", "course_teacher_id": self.teacher,
                  "course_location": "A1", "course_capacity": capacity}
        return self.backend.call("data", "POST", "/add/course", course)["course_id"]

    def add_student(self, name):
        made = self.backend.call("data", "POST", "/add/student",
                                 {"student_name": f"{name}{self.mark}"})
        self.students[name] = made["student_id"]
        return made["student_id"]

    def enrol(self, name):
        """Gives a seat at once, without the queue."""
        if name not in self.students:
            self.add_student(name)
        self.backend.call("data", "POST", "/select/course",
                          {"student_id": self.students[name], "course_id": self.course})

    def token(self, name, **options):
        return token("student", self.students[name], f"{name}{self.mark}", **options)

    @property
    def teacher_token(self):
        return token("teacher", self.teacher, f"teacher{self.mark}")

    def select(self, name):
        return self.backend.call("student", "POST", "/student/course/select",
                                 {"course_id": self.course}, self.token(name))["task_id"]

    def as_student(self, name, method, path, body=None):
        return self.backend.call("student", method, path, body, self.token(name))

    def as_teacher(self, method, path, body=None):
        return self.backend.call("teacher", method, path, body, self.teacher_token)

    def add_video(self):
        return self.as_teacher("POST", "/teacher/video/create",
                               {"course_id": self.course, "title": "Lecture", "url": "x",
                                "duration_seconds": 600})["video_id"]

    def add_quiz(self):
        question = {"question": "1 + 1", "options": ["1", "2"], "answer": 1}
        return self.as_teacher("POST", "/teacher/quiz/create",
                               {"course_id": self.course, "title": "Week 1",
                                "questions": [question, question]})["quiz_id"]
