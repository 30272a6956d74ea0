#!/usr/bin/env bash
# Builds everything in build/ and runs the test suite. See --help.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
. "$root/scripts/common.sh"

usage() {
    cat <<'TXT'
Usage: ./run_tests.sh [OPTION...]
Installs what is missing, builds the project in build/ and runs every test.
  --filter REGEX         only tests whose name matches (ctest -R)
  --sanitize asan|tsan   with sanitizers, in build/asan or build/tsan; no performance tests
  --no-install           never install packages
  -j N                   N compilations and tests at a time (default: what fits this machine)
  --help                 this text
Exit code: 0 all tests passed, 1 a build step failed, 2 bad usage, else ctest's own.
TXT
}

bad_usage() {
    fail "$1"
    usage >&2
    exit 2
}

preset=release
directory=$root/build
install=yes
jobs=
selection=()
while [ $# -gt 0 ]; do
    case "$1" in
        --filter)
            [ -n "${2:-}" ] || bad_usage "--filter needs a regular expression"
            selection+=(-R "$2")
            shift
            ;;
        --sanitize)
            case "${2:-}" in
                asan | tsan) ;;
                *) bad_usage "--sanitize takes asan or tsan" ;;
            esac
            preset=$2
            directory=$root/build/$2
            # Sanitizers multiply instruction counts and times: a performance bound says nothing.
            selection+=(-LE perf)
            shift
            ;;
        --no-install) install=no ;;
        -j)
            [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || bad_usage "-j needs a number of 1 or more"
            jobs=$2
            shift
            ;;
        -h | --help)
            usage
            exit 0
            ;;
        *) bad_usage "unknown argument: $1" ;;
    esac
    shift
done

started=$SECONDS
if [ "$install" = yes ]; then
    "$root/scripts/install_deps.sh" </dev/null || exit 1
fi
jobs=${jobs:-$(fitting_jobs)}
installed=$SECONDS

configure_build "$preset" "$directory" -DCOURSESELECT_BUILD_TESTS=ON || exit 1
configured=$SECONDS

cmake --build "$directory" -j "$jobs" </dev/null || {
    fail "the build failed"
    exit 1
}
built=$SECONDS

say
say "packages $((installed - started)) s, configure $((configured - installed)) s," \
    "build $((built - configured)) s (-j $jobs, $directory)"
say
# Last, so that ctest's summary ends the output.
exec ctest --test-dir "$directory" --output-on-failure --no-tests=error -j "$jobs" \
    ${selection[@]+"${selection[@]}"} </dev/null
