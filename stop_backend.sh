#!/usr/bin/env bash
# Stops the five services: the same as ./start_backend.sh stop.
set -euo pipefail
if [ $# -gt 0 ]; then
    printf 'Usage: ./stop_backend.sh\nStops the services that ./start_backend.sh started.\n' >&2
    case "$1" in
        -h | --help) exit 0 ;;
        *) exit 2 ;;
    esac
fi
exec "$(dirname "${BASH_SOURCE[0]}")/start_backend.sh" stop
