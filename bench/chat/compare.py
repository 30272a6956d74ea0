#!/usr/bin/env python3
"""Runs fan_out_bench against course-chat-server and threaded_server.py in turn and prints ratios.

    compare.py BIN_DIRECTORY [--clients 200] [--seconds 5] [--runs 3] [--rate 20000] [--hostile]

Without --rate both are saturated, and ours runs without its limits: they are of talkers, not of
deliveries. At an offered rate send_limit runs as well, which does nothing but one send() a
delivery, and the same with one system call for 512: what the system takes. With --hostile only ours runs, as it is shipped, without and with
clients that misbehave: the Python server would stop for everybody at the first that does not read.
Medians of the runs; the servers take turns, so that all meet the same machine.
"""

import argparse
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_ours(binaries, directory, *flags):
    environment = dict(os.environ, COURSESELECT_DEV="yes", BCRYPT_COST="4")
    process = subprocess.Popen(
        [binaries / "course-chat-server", "--port", "0", *flags], cwd=directory,
        env=environment, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        match = re.search(r"event=listening .*\bport=(\d+)", line)
        if match:
            return process, int(match.group(1))
    raise RuntimeError("course-chat-server did not start")


def start_unlimited(binaries, directory):
    return start_ours(binaries, directory, "--no-rate-limit")


def start_and_wait(port, *command):
    process = subprocess.Popen([*command], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    return process, port


def start_threads(_, directory):
    port = free_port()
    return start_and_wait(port, sys.executable, HERE / "threaded_server.py", str(port),
                          f"{directory}/chat.db")


def start_limit(binaries, _, *mode):
    port = free_port()
    return start_and_wait(port, binaries / "send_limit", str(port), *mode)


def start_batched(binaries, directory):
    return start_limit(binaries, directory, "batched")


def measure(arguments, start, name, hostile=False):
    with tempfile.TemporaryDirectory(prefix="chat-bench-") as directory:
        process, port = start(arguments.binaries, directory)
        try:
            output = subprocess.run(
                [arguments.binaries / "fan_out_bench", "--port", str(port), "--pid",
                 str(process.pid), "--clients", str(arguments.clients), "--seconds",
                 str(arguments.seconds), "--rate", str(arguments.rate), "--name", name,
                 *(["--hostile"] if hostile else [])],
                check=True, stdout=subprocess.PIPE, text=True).stdout
        finally:
            process.kill()
            process.wait()
    print(output, end="", flush=True)
    return json.loads(output)


def median(results, key):
    return statistics.median(result[key] for result in results)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--hostile", action="store_true")
    arguments = parser.parse_args()
    arguments.binaries = arguments.binaries.resolve()
    if arguments.hostile:
        compare_hostile(arguments)
    else:
        compare(arguments)


def compare_hostile(arguments):
    """The same load alone and beside hostile clients; each pair meets the same machine."""
    calm, disturbed = [], []
    for _ in range(arguments.runs):
        calm.append(measure(arguments, start_ours, "ours"))
        disturbed.append(measure(arguments, start_ours, "ours", hostile=True))
    ratio = statistics.median(
        beside["p99_ms"] / alone["p99_ms"] for alone, beside in zip(calm, disturbed))
    print(f"p99 beside hostile clients: {median(disturbed, 'p99_ms'):.2f} ms, alone "
          f"{median(calm, 'p99_ms'):.2f} ms, median of {arguments.runs} ratios {ratio:.2f}; at "
          f"least {min(result['samples'] for result in calm + disturbed)} latencies a run; the "
          f"server's memory at most {max(result['peak_mib'] for result in disturbed):.0f} MiB, "
          f"alone {max(result['peak_mib'] for result in calm):.0f} MiB")


def compare(arguments):
    servers = {"ours": start_unlimited, "threads": start_threads}
    if arguments.rate:
        servers["limit"] = start_limit
        servers["batched"] = start_batched
    results = {name: [] for name in servers}
    for _ in range(arguments.runs):
        for name, start in servers.items():
            results[name].append(measure(arguments, start, name))
    for key in ("server_cpu_us_per_delivery", "deliveries_per_second", "p50_ms", "p99_ms",
                "stored_per_second", "idle_client_kib"):
        ours, *others = ((name, median(found, key)) for name, found in results.items())
        print(f"{key}: ours {ours[1]:.2f}",
              *(f"{name} {value:.2f} (ours {ours[1] / value if value else 0:.2f} of it)"
                for name, value in others), sep=", ")


if __name__ == "__main__":
    main()
