# shellcheck shell=bash
# A copy of a checkout's start and stop scripts in a directory of its own. Sourced by the tests
# beside this file, which set $source_root before. Gives $here (gone at the end, with every daemon
# started from it) and ways to check what a command did and said.
here=$(mktemp -d)
checks=0

# Ends every daemon this test started, whatever happened.
cleanup() {
    local pid
    while read -r _ pid _; do
        kill -KILL "$pid" 2>/dev/null || true
    done < <(cat "$here/.backend_pids" 2>/dev/null)
    rm -rf "$here"
}
trap cleanup EXIT

mkdir -p "$here/scripts" "$here/build/bin"
cp "$source_root"/{start,stop}_backend.sh "$here"
cp "$source_root"/scripts/{common,services}.sh "$here/scripts"

# use_own_ports: seven free ports, also in $ports, own sockets, and nothing of the caller's secrets.
use_own_ports() {
    mapfile -t ports < <(python3 -c 'import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(7)]
print(*[one.getsockname()[1] for one in held], sep="\n")')
    export DATA_PORT=${ports[0]} AUTH_PORT=${ports[1]} TEACHER_PORT=${ports[2]} \
        STUDENT_PORT=${ports[3]} QUEUE_PORT=${ports[4]} CHAT_PORT=${ports[5]} \
        REALTIME_PORT=${ports[6]}
    export SOCKET_DIR=$here/sockets BCRYPT_COST=4 LOG_LEVEL=warn
    unset HOST DATABASE_URL INTERNAL_TOKEN JWT_SECRET_KEY ADMIN_PASSWORD SUPER_ADMIN_PASSWORD
}

# check WHAT COMMAND...: the command succeeds, or the test is over and shows what was said last.
check() {
    local what=$1
    shift
    checks=$((checks + 1))
    if ! "$@"; then
        printf 'FAILED: %s\n' "$what" >&2
        sed 's/^/  | /' "$here/output" >&2
        exit 1
    fi
}
# ends_with CODE COMMAND...: the command ends with that code; its words go to `output`.
ends_with() {
    local wanted=$1 code=0
    shift
    "$@" >"$here/output" 2>&1 </dev/null || code=$?
    [ "$code" -eq "$wanted" ] || printf 'exit code %s instead of %s\n' "$code" "$wanted" >>"$here/output"
    [ "$code" -eq "$wanted" ]
}
# exits CODE ARGUMENT...: start_backend.sh with these arguments ends with that code.
exits() { ends_with "$1" "$here/start_backend.sh" "${@:2}"; }
# says PATTERN: the last command said it.
says() { grep -q -- "$1" "$here/output"; }
pid_of() { awk -v name="course-$1-node" '$1 == name {print $2}' "$here/.backend_pids"; }
