# shellcheck shell=bash disable=SC2154
# Shared by run_tests.sh and start_backend.sh: sourced, not run. Needs `root`, the checkout's top.

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# Compilations that fit: one a processor, and 2 GB of free memory for each (a unity file of ten with
# coroutines and declared types takes up to 1.7 GB).
fitting_jobs() {
    local processors available_kib by_memory
    processors=$(nproc)
    available_kib=$(awk '$1 == "MemAvailable:" {print $2}' /proc/meminfo)
    by_memory=$((available_kib / 2000000))
    [ "$by_memory" -ge 1 ] || by_memory=1
    printf '%s\n' "$((processors < by_memory ? processors : by_memory))"
}

# configure_build PRESET DIRECTORY [CMAKE_OPTION...]: quiet when it works. A directory that was
# configured for another place or generator is configured afresh.
configure_build() {
    local preset=$1 directory=$2
    shift 2
    if command -v ccache >/dev/null; then
        set -- "$@" -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
        # Without it ccache keeps nothing that uses a precompiled header.
        export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
    fi
    mkdir -p "$directory"
    local log=$directory/configure.log
    (cd "$root" && cmake --preset "$preset" "$@") >"$log" 2>&1 </dev/null && return 0
    (cd "$root" && cmake --preset "$preset" --fresh "$@") >"$log" 2>&1 </dev/null && return 0
    fail "CMake could not configure $directory:"
    tail -n 30 "$log" >&2
    return 1
}
