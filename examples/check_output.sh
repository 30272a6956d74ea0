#!/usr/bin/env bash
# Runs an example and compares what it prints with what is written beside it. Measured figures
# (numbers with a decimal point) count as N.
#
#   check_output.sh PROGRAM EXPECTED
set -euo pipefail

said=$(mktemp)
trap 'rm -f "$said"' EXIT
timeout 60 "$1" >"$said"
diff -u "$2" <(sed -E 's/[0-9]+\.[0-9]+/N/g' "$said")
