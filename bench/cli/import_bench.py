#!/usr/bin/env python3
"""How much longer does an import take than hashing its passwords, and do others notice it?

    import_bench.py PROGRAMS [--rows 600] [--cost 10] [--rate 4]

Starts the daemons (database durable as usual), imports ROWS students with course-cli, then hashes as
many passwords on all processors with nothing else to do. A good ratio is at most 1.1; that of the
processor times tells on a busy machine what the ratio would be on a quiet one. Then RATE
logins and three times as many selections a second are made for ten seconds alone, and for ten
seconds during a second import; the p99 of the latter should be near the former's, for imports hash
only when nobody else wants to. A selection's time is that until its decision is known. One JSON line.
"""

import argparse
import concurrent.futures
import itertools
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "cli"))
from cli_world import INTERNAL_TOKEN, Daemons, Person  # noqa: E402


def import_rows(person, rows, prefix):
    path = os.path.join(person.home, f"{prefix}.csv")
    with open(path, "w") as file:
        file.write("username,password,name,email\n")
        for i in range(rows):
            file.write(f"{prefix}{i},secret{i},Name {i},{prefix}{i}@example.org\n")
    return subprocess.Popen(
        person.command("import", "csv", path, "--user-type", "student", "--json"),
        env=person.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def finished(process):
    told = json.loads(process.communicate()[0])
    if process.returncode != 0:
        sys.exit(f"the import failed: {told}")


def processor_seconds(daemons):
    """What the daemons, and the programs that have ended, took so far."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = ended.ru_utime + ended.ru_stime
    for process in daemons.processes.values():
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


class Caller:
    """Asks the daemons over HTTP."""

    def __init__(self, daemons):
        self.daemons = daemons
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, node, path, body=None, token=None, **headers):
        headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = "Bearer " + token
        request = urllib.request.Request(
            self.daemons.url(node) + path, headers=headers,
            data=None if body is None else json.dumps(body).encode())
        with self.opener.open(request, timeout=60) as answer:
            return json.loads(answer.read())

    def log_in(self):
        self.ask("auth", "/login/v1", {"username": "first0", "password": "secret0"})

    def prepare_selections(self, person):
        """A student with 2FA who is logged in, and a course."""
        made = person.run("user", "add-student", "--username", "selecting", "--name", "S", "--email",
                          "s@example.org", "--password", "selecting", "--json").json
        begun = self.ask("auth", "/login/v1", {"username": "selecting", "password": "selecting"})
        code = subprocess.run(["oathtool", "--totp", "-b", "-N", "30 seconds", made["totp_secret"]],
                              capture_output=True, text=True, check=True).stdout.strip()
        self.token = self.ask("auth", "/login/v2", {"totp_code": code},
                              begun["refresh_token"])["access_token"]
        self.course = self.ask("data", "/add/course", {
            "course_name": "Bench", "course_credit": 1, "course_type": "elective",
            "course_teacher_id": 1, "course_location": "Hall", "course_capacity": 9},
            **{"Internal-Token": INTERNAL_TOKEN})["course_id"]
        self.turns = itertools.cycle(("select", "deselect"))

    def select(self):
        task = self.ask("student", "/student/course/" + next(self.turns),
                        {"course_id": self.course}, self.token)["task_id"]
        self.ask("student", f"/student/queue/status?wait=20&task_id={task}", token=self.token)


def times_of(call, seconds, rate):
    """Latencies of calls that start at a fixed rate, whether or not earlier ones have ended."""
    times, threads = [], []

    def timed():
        begun = time.monotonic()
        call()
        times.append(time.monotonic() - begun)

    begun = time.monotonic()
    for i in range(int(seconds * rate)):
        time.sleep(max(0.0, begun + i / rate - time.monotonic()))
        threads.append(threading.Thread(target=timed))
        threads[-1].start()
    for thread in threads:
        thread.join()
    if len(times) != len(threads):
        sys.exit(f"{len(threads) - len(times)} of {len(threads)} calls failed")
    times.sort()
    return {"p50_ms": round(1000 * times[len(times) // 2], 1),
            "p99_ms": round(1000 * times[int(len(times) * 0.99)], 1), "calls": len(times)}


def people(caller, rate):
    """Logins and selections side by side."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        logins = pool.submit(times_of, caller.log_in, 10, rate)
        selections = pool.submit(times_of, caller.select, 10, 3 * rate)
        return {"login": logins.result(), "selection": selections.result()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--cost", type=int, default=10)
    parser.add_argument("--rate", type=float, default=4)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # ends the daemons, too
    with tempfile.TemporaryDirectory(prefix="import-bench-") as directory:
        daemons = Daemons(os.path.abspath(options.programs), directory, BCRYPT_COST=str(options.cost),
                          DATABASE_DURABILITY="full", RATE_LIMITS="false")
        try:
            daemons.start()
            person = Person(os.path.abspath(options.programs), daemons)
            person.login()
            begun, used = time.monotonic(), processor_seconds(daemons)
            finished(import_rows(person, options.rows, "first"))
            imported = time.monotonic() - begun
            import_cpu = processor_seconds(daemons) - used
            used = processor_seconds(daemons)
            limit = json.loads(subprocess.run(
                [os.path.join(options.programs, "hash_limit"), str(options.rows),
                 str(options.cost), str(os.cpu_count())], capture_output=True, text=True,
                check=True).stdout)["seconds"]
            limit_cpu = processor_seconds(daemons) - used
            caller = Caller(daemons)
            caller.prepare_selections(person)
            alone = people(caller, options.rate)
            second = import_rows(person, max(options.rows, int(11 * options.rows / imported)),
                                 "second")
            time.sleep(0.5)  # the import has begun to hash
            busy = people(caller, options.rate)
            finished(second)
        finally:
            daemons.stop()
    print(json.dumps({"rows": options.rows, "cost": options.cost, "import_s": round(imported, 2),
                      "hashing_s": limit, "ratio": round(imported / limit, 3),
                      "cpu_ratio": round(import_cpu / limit_cpu, 3),
                      "rows_per_s": round(options.rows / imported, 1), "alone": alone,
                      "during_import": busy}))


if __name__ == "__main__":
    main()
