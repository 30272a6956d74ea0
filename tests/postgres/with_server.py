#!/usr/bin/env python3
"""Runs a command beside a PostgreSQL server of its own, in a fresh directory, on a unix socket.

    with_server.py COMMAND [ARGUMENT..]

The command finds the server's address in COURSESELECT_TEST_POSTGRES, and may say {url} for it in
its arguments, and {restart} for a shell command that kills the server and starts it again. Exit code: the command's; 1 when there is no server to start.
"""

import glob
import os
import pwd
import shlex
import shutil
import subprocess
import sys
import tempfile


def as_server_user():
    """What runs a program as a user that the server accepts: it refuses root."""
    if os.geteuid() != 0:
        return [], pwd.getpwuid(os.geteuid()).pw_name
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"], "postgres"


def programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"),
                   key=lambda path: int(path.split("/")[4]))
    if found:
        return os.path.dirname(found[-1])
    on_path = shutil.which("initdb")
    if not on_path:
        sys.exit("with_server.py: there is no PostgreSQL; scripts/install_deps.sh installs it")
    return os.path.dirname(on_path)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    binaries = programs()
    prefix, user = as_server_user()
    with tempfile.TemporaryDirectory(prefix="cs-pg-") as directory:
        if prefix:
            shutil.chown(directory, "postgres", "postgres")
        data = os.path.join(directory, "data")
        subprocess.run([*prefix, f"{binaries}/initdb", "-D", data, "-U", user, "-A", "trust",
                        "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"], check=True,
                       stdout=subprocess.DEVNULL, cwd=directory)
        control = [*prefix, f"{binaries}/pg_ctl", "-D", data, "-w", "-t", "60"]
        subprocess.run([*control, "-l", os.path.join(directory, "log"), "-o",
                        f"-c listen_addresses='' -c unix_socket_directories='{directory}'",
                        "start"], check=True, stdout=subprocess.DEVNULL, cwd=directory)
        restart = shlex.join([*control, "-m", "immediate", "restart"])
        url = f"postgresql://{user}@/postgres?host={directory.replace('/', '%2F')}"
        try:
            return subprocess.run(
                [argument.replace("{url}", url).replace("{restart}", restart)
                 for argument in sys.argv[1:]],
                env=dict(os.environ, COURSESELECT_TEST_POSTGRES=url), check=False).returncode
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=False,
                           stdout=subprocess.DEVNULL, cwd=directory)


if __name__ == "__main__":
    sys.exit(main())
