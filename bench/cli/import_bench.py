#!/usr/bin/env python3
"""How much longer does an import take than hashing its passwords, and do logins notice it?

    import_bench.py PROGRAMS [--rows 600] [--cost 10] [--rate 4]

Starts the daemons (database durable as usual), imports ROWS students with course-cli, then hashes as
many passwords on all processors with nothing else to do. A good ratio is at most 1.1. Then RATE
logins a second are made for ten seconds alone, and for ten seconds during a second import; the p99
of the latter should be near the former's, for imports hash only when nobody else wants to.
One JSON line.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "cli"))
from cli_world import Daemons, Person  # noqa: E402


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


def login_times(url, name, seconds, rate):
    """Latencies of logins that start at a fixed rate, whether or not earlier ones have ended."""
    times, threads = [], []
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    body = json.dumps({"username": name, "password": "secret0"}).encode()

    def login():
        begun = time.monotonic()
        opener.open(urllib.request.Request(
            url + "/login/v1", data=body, headers={"Content-Type": "application/json"}), timeout=60)
        times.append(time.monotonic() - begun)

    begun = time.monotonic()
    for i in range(int(seconds * rate)):
        time.sleep(max(0.0, begun + i / rate - time.monotonic()))
        threads.append(threading.Thread(target=login))
        threads[-1].start()
    for thread in threads:
        thread.join()
    times.sort()
    return {"p50_ms": round(1000 * times[len(times) // 2], 1),
            "p99_ms": round(1000 * times[int(len(times) * 0.99)], 1), "logins": len(times)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--cost", type=int, default=10)
    parser.add_argument("--rate", type=float, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="import-bench-") as directory:
        daemons = Daemons(os.path.abspath(options.programs), directory, BCRYPT_COST=str(options.cost),
                          DATABASE_DURABILITY="full", RATE_LIMITS="false")
        try:
            daemons.start()
            person = Person(os.path.abspath(options.programs), daemons)
            person.login()
            begun = time.monotonic()
            finished(import_rows(person, options.rows, "first"))
            imported = time.monotonic() - begun
            limit = json.loads(subprocess.run(
                [os.path.join(options.programs, "hash_limit"), str(options.rows),
                 str(options.cost), str(os.cpu_count())], capture_output=True, text=True,
                check=True).stdout)["seconds"]
            alone = login_times(daemons.url("auth"), "first0", 10, options.rate)
            second = import_rows(person, max(options.rows, int(11 * options.rows / imported)),
                                 "second")
            time.sleep(0.5)  # the import has begun to hash
            busy = login_times(daemons.url("auth"), "first0", 10, options.rate)
            finished(second)
        finally:
            daemons.stop()
    print(json.dumps({"rows": options.rows, "cost": options.cost, "import_s": round(imported, 2),
                      "hashing_s": limit, "ratio": round(imported / limit, 3),
                      "rows_per_s": round(options.rows / imported, 1), "login_alone": alone,
                      "login_during_import": busy}))


if __name__ == "__main__":
    main()
