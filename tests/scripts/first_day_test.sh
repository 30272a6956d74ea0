#!/usr/bin/env bash
# examples/first_day against the real programs, in a directory of its own with ports and sockets of
# its own.
#   first_day_test.sh CHECKOUT PROGRAMS
set -euo pipefail
source_root=$1
programs=$2
# shellcheck source-path=SCRIPTDIR source=sandbox.sh
. "$(dirname "$0")/sandbox.sh"

ln -s "$programs"/course-*-node "$programs"/course-chat-server "$programs"/course-realtime-server "$here/build/bin/"

use_own_ports
check "the backend starts" exits 0 --no-build

example() {
    AUTH_NODE_URL=http://127.0.0.1:$AUTH_PORT STUDENT_NODE_URL=http://127.0.0.1:$STUDENT_PORT \
        "$source_root/examples/first_day/first_day.sh"
}
for round in first second; do
    check "the example ends well the $round time" ends_with 0 example
    check "a student uses an authenticator app" \
        says "has registered and confirmed the authenticator app\."
    check "a selection is decided" says "is completed\."
    check "the week has the course" says '"1":\[{"course_id":'
    check "a token ends with its session" says "After logout the student service answers 401\."
done

# Nobody logs in with a wrong password, and that ends the example.
refused() { ! ADMIN_PASSWORD=wrong ends_with 0 example; }
check "a refused login ends it" refused
check "the backend stops" exits 0 stop
printf 'first_day: %s checks passed\n' "$checks"
