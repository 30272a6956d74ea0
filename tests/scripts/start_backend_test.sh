#!/usr/bin/env bash
# Tests start_backend.sh and stop_backend.sh in a copy of the checkout's scripts whose programs are
# stand-ins (fake_node.py).   start_backend_test.sh CHECKOUT
set -euo pipefail
source_root=$1
# shellcheck source-path=SCRIPTDIR source=sandbox.sh
. "$(dirname "$0")/sandbox.sh"
export FAKE_DIRECTORY=$here

events() { [ "$(tr '\n' ',' <"$here/events")" = "$1" ]; }
no_pids_file() { [ ! -e "$here/.backend_pids" ]; }
ends() { while kill -0 "$1" 2>/dev/null && ! grep -q ') Z' "/proc/$1/stat" 2>/dev/null; do sleep 0.02; done; }

for program in {data,auth,queue,teacher,student}-node {realtime,chat}-server; do
    cp "$source_root/tests/scripts/fake_node.py" "$here/build/bin/course-$program"
done
# The chat server has no socket file to be asked through: a port that is free now.
CHAT_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export CHAT_PORT
printf '#!/bin/sh\nenv | grep NODE_URL | sort; pwd; exit 7\n' >"$here/build/bin/course-bench"
chmod +x "$here"/build/bin/*

check "an unknown argument is bad usage" exits 2 begin
check "two commands are bad usage" exits 2 start stop
check "--dev and --production exclude each other" exits 2 --dev --production
check "nothing to stop before the first start" exits 1 stop
check "status of nothing is not 0" exits 1 status
check "status shows a heading" says "SERVICE *PID *STATUS"
check "status shows stopped services" says "course-queue-node *- *stopped"

FAKE_BAD_CONFIG=queue check "a refused configuration starts nothing" exits 1 --no-build
check "and names the program" says "course-queue-node refuses its configuration"
check "and leaves no ids" no_pids_file

FAKE_FAIL=teacher check "a node that ends at once fails the start" exits 1 --no-build
check "its log is shown" says "the database is on fire"
check "what was started is stopped, last first" \
    events "data started,auth started,queue started,queue stopped,auth stopped,data stopped,"
check "and leaves no ids" no_pids_file
rm "$here/events"

check "a start without a command" exits 0 --no-build
check "the services start in the order of who calls whom" \
    events "data started,auth started,queue started,teacher started,student started,realtime started,chat started,"
check "it says how to log in" says '"username":"admin"'
echo "FROM_PROJECT=yes" >"$here/.env"
check "the nodes find the project's .env" grep -q FROM_PROJECT "$here/data/.env"
check "it says where the documentation is" says "/docs"
check "status is 0 when all run" exits 0 status
check "the chat server's status is asked in its own words" says "course-chat-server *.* running"
check "status shows ids" says "course-data-node *$(pid_of data) *running"
before=$(cat "$here/.backend_pids")
check "a second start is no error" exits 0 --no-build
check "and says so" says "Already running"
check "and starts nothing" [ "$(cat "$here/.backend_pids")" = "$before" ]

kill -KILL "$(pid_of queue)"
ends "$(pid_of queue)"
check "status shows a dead service" exits 1 status
check "as stopped" says "course-queue-node *- *stopped"
check "a start brings back only the dead one" exits 0 --no-build
check "the others go on" [ "$(grep -c -x -F -f "$here/.backend_pids" <<<"$before")" -eq 6 ]

check "the demo's exit code is the script's" exits 7 --no-build --demo
check "the demo knows the addresses" says "^STUDENT_NODE_URL=http://127.0.0.1:8000"
check "the demo works in the data directory" says "^$here/data"
check "the services go on after the demo" exits 0 status

rm "$here/events"
DATA_PORT=9101 check "restart" exits 0 restart --no-build
check "restart stops in the reverse order, then starts" events "chat stopped,realtime stopped,student stopped,teacher stopped,\
queue stopped,auth stopped,data stopped,data started,auth started,queue started,teacher started,\
student started,realtime started,chat started,"
check "DATA_PORT is the data node's port" says "http://127.0.0.1:9101"
knows() { tr '\0' '\n' <"/proc/$(pid_of "$1")/environ" | grep -qx "$2"; }
check "and the others know it" knows auth DATA_NODE_URL=http://127.0.0.1:9101

# An id that now belongs to somebody else: the start time does not fit.
tail -f /dev/null &
stranger=$!
orphan=$(pid_of data)
sed -i "s/^course-data-node .*/course-data-node $stranger 1/" "$here/.backend_pids"
rm "$here/events"
check "stop" exits 0 stop
check "a process with a reused id is let alone" kill -0 "$stranger"
check "the others are stopped" \
    events "chat stopped,realtime stopped,student stopped,teacher stopped,queue stopped,auth stopped,"
kill "$stranger" "$orphan"
check "nothing is left to stop" exits 1 stop

export FAKE_STUBBORN=auth STOP_SECONDS_MAX=1
check "a start after a stop" exits 0 --no-build
check "the services stop" ends_with 0 "$here/stop_backend.sh"
check "one that ignores the signal is killed" says "course-auth-node (pid .*) did not end within 1 s"
check "and its socket is removed" [ ! -e "$here/sockets/auth_node.sock" ]
unset FAKE_STUBBORN
check "stop_backend.sh with nothing to stop" ends_with 1 "$here/stop_backend.sh"
check "stop_backend.sh takes no arguments" ends_with 2 "$here/stop_backend.sh" now

# Another program has a port: nothing is started, and it says what to do.
coproc holder { exec python3 -uc 'import socket
held = socket.create_server(("127.0.0.1", 0))
print(held.getsockname()[1])
input()'; }
read -r held <&"${holder[0]}"
rm "$here/events"
QUEUE_PORT=$held check "a port that is taken fails the start" exits 1 --no-build
check "it says which, and whose" says "port $held of course-queue-node is taken"
check "and what to do" says "QUEUE_PORT"
check "and starts nothing" [ ! -e "$here/events" ]
check "and leaves no ids" no_pids_file
echo >&"${holder[1]}"

rm -f "$here/data/secrets.env"
check "--production starts" exits 0 --no-build --production
check "it shows the password it made" says "shown once: ADMIN_PASSWORD made-by-the-node"
lets_in() { grep -q admin123 "$here/output"; }
check "and not the known one" eval '! lets_in'
check "a restart" exits 0 restart --no-build --production
check "does not show it again" eval '! says made-by-the-node'
check "and stops" ends_with 0 "$here/stop_backend.sh"

printf 'start_backend: %s checks passed\n' "$checks"
