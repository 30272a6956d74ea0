#!/usr/bin/env python3
"""Runs realtime_school_load against the real daemons.

    school.py BIN_DIRECTORY [--clients 1000] [--rounds 40] [--runs 3] [--spread-ms 1000]
    school.py BIN_DIRECTORY --idle 8000 --seconds 300

Without --idle: a crowd enters one video at once, or spread over some time, round after round, while
bystanders ask for other things. With it: so many idle clients, a heartbeat every five seconds. Exit code 1: something was
lost, doubled or refused, or a client has gone.
"""

import argparse
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tests" / "system" / "realtime"))

from backend import SECRET, Backend, School  # noqa: E402 (after the path)

BYSTANDERS = 16
STUDENTS_OF_IDLE = 20
GOALS = {"p99_ms": 100.0, "client_kib": 4.0}


def enrolled(backend, count, videos):
    """A course with so many students in it and so many videos: its id, and theirs."""
    school = School(backend, capacity=count)
    for number in range(count):
        school.enrol(f"s{number}_")
    return school.course, list(school.students.values()), [school.add_video()
                                                           for _ in range(videos)]


def load(arguments, backend, *options):
    server = backend.processes["realtime"]
    run = subprocess.run(
        [arguments.binaries / "realtime_school_load", "--port", str(backend.ports["realtime"]),
         "--pid", str(server.pid), "--secret", SECRET, *map(str, options)],
        stdout=subprocess.PIPE, text=True, timeout=arguments.seconds + 600, check=False)
    if run.returncode != 0:
        sys.exit("the load has failed")
    print(run.stdout, end="", flush=True)
    for key, value in json.loads(run.stdout).items():
        if key in GOALS:
            verdict = "met" if value <= GOALS[key] else "MISSED"
            print(f"{key}: {value} (at most {GOALS[key]}: {verdict})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--spread-ms", type=float, default=0)
    parser.add_argument("--idle", type=int)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    limits = {"REALTIME_CONNECTIONS_PER_ADDRESS": "12000"}
    if arguments.idle:
        limits |= {"REALTIME_PING_INTERVAL": "5s", "REALTIME_PING_TIMEOUT": "5s"}
    backend = Backend(arguments.binaries, **limits)
    try:
        backend.start()
        if arguments.idle:
            _, students, _ = enrolled(backend, STUDENTS_OF_IDLE, 0)
            load(arguments, backend, "--mode", "idle", "--clients", arguments.idle, "--seconds",
                 arguments.seconds, "--students", *students)
            return
        for _ in range(arguments.runs):
            _, crowd, videos = enrolled(backend, arguments.clients, arguments.rounds)
            course, bystanders, others = enrolled(backend, BYSTANDERS, 1)
            load(arguments, backend, "--mode", "enter", "--clients", arguments.clients,
                 "--spread-ms", arguments.spread_ms, "--students", *crowd, "--videos", *videos,
                 "--bystanders", *bystanders, "--other-course", course, "--other-video", *others)
    finally:
        backend.close()


if __name__ == "__main__":
    main()
