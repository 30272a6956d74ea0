#!/usr/bin/env bash
# The README's quick start with the real programs, in a directory of its own with ports and sockets
# of its own: start with --demo, a second time, status, a partly running state, stop, --production.
#   demo_test.sh CHECKOUT PROGRAMS
set -euo pipefail
source_root=$1
programs=$2
# shellcheck source-path=SCRIPTDIR source=sandbox.sh
. "$(dirname "$0")/sandbox.sh"

no_sockets() { [ -z "$(find "$here/sockets" -name '*.sock' 2>/dev/null)" ]; }
stops() {
    exits 0 stop && [ ! -e "$here/.backend_pids" ] && no_sockets
}
data_sql() { sqlite3 "$here/data/course_data.db" "$1"; }

ln -s "$programs"/course-*-node "$programs"/course-{bench,realtime-server,chat-server} "$here/build/bin/"
use_own_ports

check "the README's quick start" exits 0 --no-build --demo
check "it starts five services, the realtime server" says "course-realtime-server .*ready"
check "and the chat" says "course-chat-server .*ready"
check "it shows a table" says "selection rush, term 1"
check "it reconciles" says "No seat sold twice"
check "all run afterwards" exits 0 status
# Every socket that listens on one of our ports does so at 127.0.0.1 (0100007F), and all do.
only_loopback() {
    local port addresses
    for port in "${ports[@]}"; do
        addresses=$(awk -v port=":$(printf %04X "$port")" '$4 == "0A" && $2 ~ port "$" {print $2}' \
            /proc/net/tcp /proc/net/tcp6)
        [ "${addresses%:*}" = 0100007F ] || return 1
    done
}
check "--dev listens on this machine only" only_loopback
private() { [ "$(stat -c %a "$1")" = "$2" ]; }
check "the secrets are their owner's" private "$here/data/secrets.env" 600
check "and so is the directory" private "$here/data" 700
check "a second demo" exits 0 --no-build --demo
check "finds them running" says "Already running"
check "and takes the next term" says "selection rush, term 2"

# A seat that nobody was given a decision for: the demo must say so, and end with 1.
data_sql "INSERT INTO enrolments SELECT s.student_id, c.course_id, 1 FROM courses c, students s
    WHERE NOT EXISTS (SELECT 1 FROM enrolments e WHERE e.student_id = s.student_id
                      AND e.course_id = c.course_id) ORDER BY c.enrolled - c.capacity DESC LIMIT 1"
check "a tampered database is found" exits 1 --no-build --demo
check "with what is wrong" says "enrolments, [0-9]* are stored"
check "and the verdict" says "FAILED"
data_sql "DELETE FROM enrolments WHERE enrolled_at = 1" # else the data node refuses to start

# finds WORDS DATABASE SQL: the reconciliation of copies, one of them changed, ends with 1 and says so.
finds() {
    local name code=0
    for name in course_data queue_data; do
        rm -f "$here/$name.db"
        sqlite3 "$here/data/$name.db" ".backup $here/$name.db"
    done
    sqlite3 "$here/$2.db" "PRAGMA ignore_check_constraints = ON; $3"
    DATA_NODE_URL='' "$programs/course-bench" reconcile --data-db "$here/course_data.db" \
        --queue-db "$here/queue_data.db" >"$here/output" 2>&1 || code=$?
    if [ -z "$1" ]; then
        [ "$code" -eq 0 ]
    else
        [ "$code" -eq 1 ] && says "$1"
    fi
}
check "copies as they are reconcile" finds "" course_data ""
check "an oversold course is found" finds "enrolments for 0 seats" course_data \
    "UPDATE courses SET capacity = 0 WHERE enrolled > 0"
check "a lost decision is found" finds "finished without a decision" course_data \
    "DELETE FROM decisions WHERE sequence = (SELECT max(sequence) FROM decisions)"
check "a lost task is found" finds "has no final outcome" queue_data \
    "DELETE FROM outcomes WHERE sequence = (SELECT max(sequence) FROM outcomes)"
check "a double enrolment is found" finds "counts [0-9]* enrolled" course_data \
    "UPDATE courses SET enrolled = enrolled + 1 WHERE course_id = (SELECT max(course_id) FROM courses)"
check "a time conflict is found" finds "at the same time" course_data \
    "UPDATE courses SET schedule = (SELECT schedule FROM courses LIMIT 1)"

kill -KILL "$(pid_of teacher)"
check "one dead service is shown" exits 1 status
check "by its name" says "course-teacher-node *- *stopped"
before=$(pid_of data)
check "a start brings it back" exits 0 --no-build
check "and lets the others be" [ "$(pid_of data)" = "$before" ]
check "restart" exits 0 restart --no-build
check "makes new processes" [ "$(pid_of data)" != "$before" ]

check "stop ends all, with sockets and ids" stops
unset BCRYPT_COST # 4 is for --dev only
check "--production refuses what --dev made" exits 1 --no-build --production
check "with the remedy" says "documented password"
check "and nothing is left running" [ ! -e "$here/.backend_pids" ]

rm -rf "$here/data" "$here/logs"
ADMIN_PASSWORD=admin123 check "--production refuses admin123" exits 1 --no-build --production
check "and leaves nothing running" [ ! -e "$here/.backend_pids" ]
rm -rf "$here/data" "$here/logs"
check "--production makes its secrets" exits 0 --no-build --production
password=$(sed -n "s/^ADMIN_PASSWORD='\(.*\)'$/\1/p" "$here/data/secrets.env")
check "and a password of its own" [ "${#password}" -ge 16 ]
check "which it shows once" says "shown once: ADMIN_PASSWORD $password"
check "in a file of its owner" private "$here/data/secrets.env" 600
logs_in() {
    printf '{"username":"admin","password":"%s"}' "$1" | curl --silent --fail --noproxy '*' \
        --output /dev/null -H 'Content-Type: application/json' --data @- \
        "http://127.0.0.1:$AUTH_PORT/login/admin"
}
check "the password works" logs_in "$password"
check "admin123 does not" eval '! logs_in admin123'
no_secrets_in_logs() { ! grep -rqF -- "$password" "$here/logs"; }
check "the logs do not hold it" no_secrets_in_logs
check "stop ends all again" stops

printf 'demo: %s checks passed\n' "$checks"
