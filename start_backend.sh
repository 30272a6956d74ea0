#!/usr/bin/env bash
# Builds, starts, stops and shows the five services, the realtime and the chat server. See --help.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
. "$root/scripts/common.sh"
# shellcheck source=scripts/services.sh
. "$root/scripts/services.sh"

usage() {
    cat <<'TXT'
Usage: ./start_backend.sh [start|stop|restart|status] [OPTION...]
  start     install what is missing, build, start the services, realtime and chat server (the
            default)
  stop      stop them, last started first
  restart   build, stop, start
  status    SERVICE, PID and STATUS of each; exit code 0 only when all are running
Options of start and restart:
  --demo           then run a selection rush against them, and leave them running
  --dev            listen on this machine only, admin/admin123 works (the default)
  --production     no known passwords: what is not configured is generated, shown once and kept in
                   data/secrets.env (mode 0600); refuses a database that --dev left admin123 in
  --no-rate-limit  for load tests
  --no-install     never install packages
  --no-build       start the programs that build/bin holds
  --help           this text
Databases are in data/, logs in logs/, process ids in .backend_pids. Settings come from the
environment and from .env; DATA_PORT, AUTH_PORT, TEACHER_PORT, STUDENT_PORT and QUEUE_PORT choose
ports other than 8001 to 8005, REALTIME_PORT one other than 5000, CHAT_PORT one other than 5555.
Exit code: 0 done, 1 it failed or there was nothing to stop, 2 bad usage, else the demo's own.
TXT
}

bad_usage() {
    fail "$1"
    usage >&2
    exit 2
}

build_programs() {
    [ "$build" = yes ] || return 0
    local target targets=() tests=OFF log=$root/build/start_backend.log
    [ "$install" = no ] || "$root/scripts/install_deps.sh" --build-only </dev/null || return 1
    # The tests share this directory; whether they are configured changes none of the flags.
    if [ -e /usr/include/doctest/doctest.h ] && [ -e /usr/include/rapidcheck.h ]; then
        tests=ON
    fi
    configure_build release "$root/build" -DCOURSESELECT_BUILD_TESTS=$tests || return 1
    for target in "${services[@]}"; do
        targets+=("$(program_of "$target")")
    done
    targets+=(course-cli)
    [ "$demo" = no ] || targets+=(course-bench)
    say "Building (the first time takes some minutes) ..."
    if ! cmake --build "$root/build" -j "$(fitting_jobs)" --target "${targets[@]}" \
        >"$log" 2>&1 </dev/null; then
        fail "the build failed; build/start_backend.log has all of it:"
        grep -E -m 10 -A 3 'error|FAILED' "$log" >&2 || tail -n 30 "$log" >&2
        return 1
    fi
    say "Built in $SECONDS s"
}

# Holds the lock that keeps two of these scripts from working at once; the system drops it at exit.
take_lock() {
    mkdir -p "$data_directory" "$log_directory"
    chmod 700 "$data_directory"
    exec 9>"$data_directory/start_backend.lock"
    if ! flock -w 600 9; then
        fail "another start_backend.sh is still at work"
        exit 1
    fi
}

start_missing_services() {
    local service
    link_settings
    if [ "$mode" = --production ] && ! grep -qs '^ADMIN_PASSWORD=' "$data_directory/secrets.env"; then
        makes_passwords=yes
    fi
    load_node_configs || return 1
    check_ports || return 1
    for service in "${services[@]}"; do
        if ! running_pid "$service" >/dev/null; then
            start_service "$service" || return 1
        fi
    done
}

# The passwords that this start made, once: later they are only in the file.
print_new_passwords() {
    local name value
    for name in ADMIN_PASSWORD SUPER_ADMIN_PASSWORD; do
        value=$(grep -s -m 1 "^$name=" "$data_directory/secrets.env") || continue
        value=${value#*=}
        value=${value#\'} # the file quotes what it holds
        say "  made now, shown once: $name ${value%\'}"
    done
}

print_welcome() {
    local address
    address=$(node_address auth)
    say
    say "All services are up. Their APIs, to read and to try: $(node_address student)/docs"
    say "(the same path on $(node_address data), $(node_address auth)," \
        "$(node_address teacher), $(node_address queue))"
    say "Seats, queue and chat, live: $(node_address realtime)/live"
    say "The chat: nc $(host_of chat) $(port_of chat), or build/bin/course-chat NAME --register"
    say
    say "Log in as administrator:"
    if [ "$mode" = --dev ]; then
        say "  curl -s $address/login/admin -H 'Content-Type: application/json' \\"
        say "       -d '{\"username\":\"admin\",\"password\":\"admin123\"}'"
    else
        say "  account admin; its password is ADMIN_PASSWORD of your configuration, or the one made"
        say "  at the first start: grep ADMIN_PASSWORD data/secrets.env"
        [ "$makes_passwords" = no ] || print_new_passwords
        say "  curl -s $address/login/admin -H 'Content-Type: application/json' -d @-"
    fi
    say "The same for people: build/bin/course-cli user login --username admin"
    say "Stop with ./stop_backend.sh; logs are in logs/."
}

start() {
    local running
    running=$(running_count)
    if [ "$running" -eq "${#services[@]}" ] && [ "$command" = start ]; then
        say "Already running:"
        load_node_configs || true
        print_status || true
    else
        build_programs || exit 1
        if [ "$command" = restart ]; then
            load_node_configs 2>/dev/null || true
            stop_services || true
        fi
        tidy_pids_file
        trap 'fail "interrupted"; stop_services || true; exit 130' INT TERM
        if ! start_missing_services; then
            fail "stopping what was started"
            stop_services || true
            exit 1
        fi
        trap - INT TERM
        print_welcome
    fi
    [ "$demo" = no ] || run_demo
}

run_demo() {
    local service name
    if [ ! -x "$binaries/course-bench" ]; then
        build_programs || exit 1
    fi
    for service in "${services[@]}"; do
        name=${service^^}_NODE_URL
        [ -n "${!name:-}" ] || export "$name=$(node_address "$service")"
    done
    say
    # Not under the lock: stopping must stay possible. The demo's exit code is this script's.
    exec 9>&-
    cd "$data_directory"
    exec "$binaries/course-bench" demo
}

command=
mode=
demo=no
install=yes
build=yes
makes_passwords=no
rate_limit_options=()
for argument in "$@"; do
    case "$argument" in
        start | stop | restart | status)
            [ -z "$command" ] || bad_usage "more than one command"
            command=$argument
            ;;
        --demo) demo=yes ;;
        --dev | --production)
            [ "${mode:-$argument}" = "$argument" ] || bad_usage "--dev and --production exclude each other"
            mode=$argument
            ;;
        --no-rate-limit) rate_limit_options=(--no-rate-limit) ;;
        --no-install) install=no ;;
        --no-build) build=no ;;
        -h | --help)
            usage
            exit 0
            ;;
        *) bad_usage "unknown argument: $argument" ;;
    esac
done
command=${command:-start}
mode=${mode:---dev}
daemon_options=(${rate_limit_options[@]+"${rate_limit_options[@]}"})
[ "$mode" = --production ] || daemon_options+=(--dev)

case "$command" in
    start | restart)
        take_lock
        start
        ;;
    stop)
        [ -e "$pids_file" ] || { say "Nothing to stop."; exit 1; }
        take_lock
        load_node_configs 2>/dev/null || true # where the sockets are
        stop_services || { say "Nothing to stop."; exit 1; }
        ;;
    status)
        load_node_configs 2>/dev/null || true
        print_status
        ;;
esac
