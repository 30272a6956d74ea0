#!/bin/sh
# Counts the user instructions of one request in api::Service with callgrind, as the difference of two
# runs of different length, so that start-up cancels. Fails over the bound or without valgrind.
#   service_cost.sh PATH/service_bench
set -eu
bench=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! command -v valgrind >/dev/null; then
    echo "valgrind is missing: apt-get install valgrind" >&2
    exit 1
fi

instructions() {
    valgrind --tool=callgrind --callgrind-out-file="$work/out" "$bench" --requests "$1" \
        >/dev/null 2>"$work/log" || {
        cat "$work/log" >&2
        exit 1
    }
    sed -n 's/^summary: //p; s/^totals: //p' "$work/out" | head -n 1
}

short=10000
long=30000
awk -v a="$(instructions $short)" -v b="$(instructions $long)" -v n=$((long - short)) 'BEGIN {
    cost = (b - a) / n
    printf "{\"bench\":\"service_cost\",\"figure\":\"instructions\",\"per_request\":%.0f,\"bound\":%d}\n",
           cost, 3200
    exit !(cost > 0 && cost <= 3200)
}'
