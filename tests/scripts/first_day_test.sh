#!/usr/bin/env bash
# examples/first_day against the real programs, in a directory of its own with ports and sockets of
# its own.
#   first_day_test.sh CHECKOUT PROGRAMS
set -euo pipefail
checkout=$1
programs=$2
here=$(mktemp -d)

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
cp "$checkout"/{start,stop}_backend.sh "$here"
cp "$checkout"/scripts/{common,services}.sh "$here/scripts"
ln -s "$programs"/course-*-node "$programs"/course-chat-server "$programs"/course-realtime-server "$here/build/bin/"

mapfile -t ports < <(python3 -c 'import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(6)]
print(*[one.getsockname()[1] for one in held], sep="\n")')
export DATA_PORT=${ports[0]} AUTH_PORT=${ports[1]} TEACHER_PORT=${ports[2]} \
    STUDENT_PORT=${ports[3]} QUEUE_PORT=${ports[4]} CHAT_PORT=${ports[5]}
export SOCKET_DIR=$here/sockets BCRYPT_COST=4 LOG_LEVEL=warn
unset HOST DATABASE_URL INTERNAL_TOKEN JWT_SECRET_KEY ADMIN_PASSWORD SUPER_ADMIN_PASSWORD
"$here/start_backend.sh" --no-build >"$here/started" 2>&1 </dev/null || {
    cat "$here/started" >&2
    exit 1
}

run() {
    AUTH_NODE_URL=http://127.0.0.1:$AUTH_PORT STUDENT_NODE_URL=http://127.0.0.1:$STUDENT_PORT \
        "$checkout/examples/first_day/first_day.sh" >"$here/said" 2>&1 </dev/null
}
# says TEXT: the example printed it.
says() {
    grep -qF -- "$1" "$here/said" || {
        printf 'the example did not say: %s\n' "$1" >&2
        cat "$here/said" >&2
        exit 1
    }
}
for round in first second; do
    if ! run; then
        printf 'the example failed in its %s round:\n' "$round" >&2
        cat "$here/said" >&2
        exit 1
    fi
    says "has registered and confirmed the authenticator app."
    says "is completed."
    says '"1":[{"course_id":'
    says "After logout the student service answers 401."
done

# A refusal ends it: nobody logs in with a wrong password.
if ADMIN_PASSWORD=wrong run; then
    printf 'the example went on after a refused login\n' >&2
    exit 1
fi
"$here/start_backend.sh" stop >/dev/null
echo "the example does what it says"
