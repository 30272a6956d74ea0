#!/usr/bin/env bash
# Runs the example and asks it what its first comment promises.
set -euo pipefail

answers=$(mktemp -d)
mkfifo "$answers/said"
"$1" >"$answers/said" &
service=$!
trap 'kill "$service" 2>/dev/null || true; rm -rf "$answers"' EXIT

read -r docs <"$answers/said"
url=${docs%/docs}

# expect STATUS BODY-PART curl-arguments...
expect() {
    local status=$1 part=$2 got
    shift 2
    got=$(curl -sS --max-time 30 -o "$answers/body" -w '%{http_code}' "$@")
    if [ "$got" != "$status" ] || ! grep -qF -- "$part" "$answers/body"; then
        printf 'wanted %s with %s\ngot %s: %s\n' "$status" "$part" "$got" "$(cat "$answers/body")"
        exit 1
    fi
}

expect 200 '{"message":"Ada has 2 of 4 seats"}' --data '{"student":"Ada","seats":2}' "$url/seats"
expect 200 'Ada has 1 of 4' --data '{"student":"Ada"}' "$url/seats"
expect 422 '"loc":["body","student"]' --data '{"seats":9}' "$url/seats"
expect 422 '"loc":["body","seats"]' --data '{"seats":9}' "$url/seats"
expect 422 'json_invalid' --data '{' "$url/seats"
expect 405 'Method Not Allowed' "$url/seats"
expect 200 '"openapi":"3.1.0"' "$url/openapi.json"
expect 200 '<!doctype html>' "$docs"
echo "all answers as promised"
