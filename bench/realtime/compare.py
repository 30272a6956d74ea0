#!/usr/bin/env python3
"""Runs room_load against realtime_room_server and room_server.cjs in turn and prints ratios.

    compare.py BIN_DIRECTORY NODE_MODULES [--clients 200 1000] [--seconds 3] [--runs 3] [--only-ours]
    compare.py BIN_DIRECTORY NODE_MODULES --mode say|offered|enter|idle ...
    compare.py BIN_DIRECTORY NODE_MODULES --idle 8000 --seconds 300 --only-ours

Without --mode: `say` (saturated), `offered` (40,000 deliveries a second) and `idle`, which is what
the goals are about; `enter` is a crowd that joins at once. --idle N is short for --mode idle
--clients N with a heartbeat every five seconds. Medians of the runs; the two servers take turns, so
that both meet the same machine. Exit code 1: a server did not answer, or lost a client.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SECRET = "a secret of the bench, 32 bytes or more"
OFFERED = 40_000
# What the ratio (ours / theirs), or the figure itself, should not exceed.
GOALS = {
    ("say", "server_cpu_us_per_delivery"): ("ratio", 0.4),
    ("offered", "server_cpu_us_per_delivery"): ("ratio", 0.55),
    ("say", "connect_cpu_us"): ("ratio", 0.2),
    ("offered", "connect_cpu_us"): ("ratio", 0.2),
    ("idle", "connect_cpu_us"): ("ratio", 0.2),
    ("idle", "client_kib"): ("ours", 4.0),
}


def measure(arguments, server, name, mode, clients):
    process = subprocess.Popen(server, stdout=subprocess.PIPE, text=True)
    try:
        port = process.stdout.readline().strip()
        load = subprocess.run(
            [arguments.binaries / "realtime_room_load", "--port", port, "--pid", str(process.pid),
             "--secret", SECRET, "--clients", str(clients), "--seconds", str(arguments.seconds),
             "--rate", str(OFFERED if mode == "offered" else 0),
             "--mode", "say" if mode == "offered" else mode, "--name", name],
            stdout=subprocess.PIPE, text=True, timeout=arguments.seconds + 120, check=False)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    if load.returncode != 0:
        sys.exit(f"{name}, {mode}, {clients} clients: the load has failed")
    print(load.stdout, end="", flush=True)
    return json.loads(load.stdout)


def compare(mode, clients, ours, theirs):
    for key, value in ours[0].items():
        if key in ("clients", "offered", "seconds") or not isinstance(value, (int, float)):
            continue
        a, b = (statistics.median(run[key] for run in runs) for runs in (ours, theirs))
        ratio = a / b if b else 0
        kind, goal = GOALS.get((mode, key), (None, 0))
        verdict = ""
        if kind is not None:
            is_met = (ratio if kind == "ratio" else a) <= goal
            verdict = f" ({kind} at most {goal}: {'met' if is_met else 'MISSED'})"
        print(f"{mode} {clients} {key}: ours {a:.2f}, socket.io {b:.2f}, ratio {ratio:.3f}{verdict}",
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("modules", type=pathlib.Path)
    parser.add_argument("--mode", choices=("say", "offered", "enter", "idle"), action="append")
    parser.add_argument("--clients", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--idle", type=int, help="so many idle clients, with heartbeats")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--only-ours", action="store_true")
    arguments = parser.parse_args()
    modes = arguments.mode or ["say", "offered", "idle"]
    clients = arguments.clients
    runs = arguments.runs or 3
    ours_command = [arguments.binaries / "realtime_room_server", SECRET]
    theirs_command = ["node", HERE / "room_server.cjs", arguments.modules.resolve(), SECRET]
    if arguments.idle:
        modes, clients, runs = ["idle"], [arguments.idle], arguments.runs or 1
        ours_command.append("5000")
        theirs_command.append("5000")
    for count in clients:
        for mode in modes:
            ours, theirs = [], []
            for _ in range(runs):
                ours.append(measure(arguments, ours_command, "ours", mode, count))
                if not arguments.only_ours:
                    theirs.append(measure(arguments, theirs_command, "socket.io", mode, count))
            if theirs:
                compare(mode, count, ours, theirs)


if __name__ == "__main__":
    main()
