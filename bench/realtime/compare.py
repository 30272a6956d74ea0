#!/usr/bin/env python3
"""Runs room_load against realtime_room_server and room_server.cjs in turn and prints ratios.

    compare.py BIN_DIRECTORY NODE_MODULES [--mode say|enter|idle] [--clients 200] [--seconds 3]
               [--runs 3] [--rate 0] [--only-ours]

Without --rate both are saturated. Medians of the runs; the two take turns, so that both meet the
same machine.
"""

import argparse
import json
import pathlib
import statistics
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
SECRET = "a secret of the bench, 32 bytes or more"


def measure(arguments, command, name):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = process.stdout.readline().strip()
        output = subprocess.run(
            [arguments.binaries / "realtime_room_load", "--port", port, "--pid", str(process.pid),
             "--secret", SECRET, "--clients", str(arguments.clients), "--seconds",
             str(arguments.seconds), "--rate", str(arguments.rate), "--mode", arguments.mode,
             "--name", name],
            check=True, stdout=subprocess.PIPE, text=True).stdout
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    print(output, end="", flush=True)
    return json.loads(output)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("modules", type=pathlib.Path)
    parser.add_argument("--mode", choices=("say", "enter", "idle"), default="say")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--only-ours", action="store_true")
    arguments = parser.parse_args()
    ours_command = [arguments.binaries / "realtime_room_server", SECRET]
    theirs_command = ["node", HERE / "room_server.cjs", arguments.modules.resolve(), SECRET]
    ours, theirs = [], []
    for _ in range(arguments.runs):
        ours.append(measure(arguments, ours_command, "ours"))
        if not arguments.only_ours:
            theirs.append(measure(arguments, theirs_command, "socket.io"))
    for key, value in ours[0].items():
        if theirs and isinstance(value, (int, float)) and key != "clients":
            a, b = (statistics.median(run[key] for run in runs) for runs in (ours, theirs))
            print(f"{key}: ours {a:.2f}, socket.io {b:.2f}, ratio {a / b if b else 0:.2f}")


if __name__ == "__main__":
    main()
