# shellcheck shell=bash disable=SC2154
# The daemons as processes: sourced by start_backend.sh. Needs `root` and scripts/common.sh.
#
# `.backend_pids` has one line a daemon: name, process id, and that process's start time in clock
# ticks since boot (field 22 of /proc/PID/stat). Id and start time together name one process for
# ever, so an id that the kernel has given to somebody else is never signalled. Nothing is looked
# up by name pattern.

pids_file=$root/.backend_pids
data_directory=$root/data
log_directory=$root/logs
binaries=$root/build/bin
# In the order of starting: a node that others call comes before them. Stopping goes backwards.
services=(data auth queue teacher student realtime chat)
declare -A default_ports=([data]=8001 [auth]=8002 [teacher]=8003 [student]=8004 [queue]=8005
    [realtime]=5000 [chat]=5555)

start_seconds_max=30 # a first start makes the databases and two bcrypt hashes; a second is usual
stop_seconds_max=${STOP_SECONDS_MAX:-15} # the daemons finish requests for at most 10 s
log_bytes_max=$((64 * 1024 * 1024))

program_of() {
    case "$1" in
        chat | realtime) printf 'course-%s-server\n' "$1" ;;
        *) printf 'course-%s-node\n' "$1" ;;
    esac
}

# process_start_time PID: prints it; fails when there is no such process or only its zombie.
process_start_time() {
    local stat fields
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The name in brackets may hold blanks: what follows the last bracket starts with field 3.
    read -r -a fields <<<"${stat##*) }"
    [ "${fields[0]}" != Z ] || return 1
    printf '%s\n' "${fields[19]}"
}

is_that_process() { [ "$(process_start_time "$1")" = "$2" ]; }

# running_pid SERVICE: prints the id of the recorded process if that very process lives.
running_pid() {
    local name pid start_time wanted
    wanted=$(program_of "$1")
    [ -r "$pids_file" ] || return 1
    while read -r name pid start_time _; do
        if [ "$name" = "$wanted" ] && [[ "$pid" =~ ^[0-9]+$ ]] &&
            is_that_process "$pid" "$start_time"; then
            printf '%s\n' "$pid"
            return 0
        fi
    done <"$pids_file"
    return 1
}

running_count() {
    local service count=0
    for service in "${services[@]}"; do
        ! running_pid "$service" >/dev/null || count=$((count + 1))
    done
    printf '%s\n' "$count"
}

# Drops the lines of processes that are gone.
tidy_pids_file() {
    local name pid start_time kept=""
    [ -e "$pids_file" ] || return 0
    while read -r name pid start_time _; do
        if [[ "$pid" =~ ^[0-9]+$ ]] && is_that_process "$pid" "$start_time"; then
            kept+="$name $pid $start_time"$'\n'
        fi
    done <"$pids_file"
    if [ -z "$kept" ]; then
        rm -f "$pids_file"
    else
        printf '%s' "$kept" >"$pids_file.new" && mv "$pids_file.new" "$pids_file"
    fi
}

declare -A node_configs=()

# Asks every node for its configuration. Fails with the node's own words when one is faulty.
load_node_configs() {
    local service given
    for service in "${services[@]}"; do
        given=()
        # With the auth node's accounts the chat asks for the secret that the first start makes.
        [ "$service" != chat ] || given=(env "JWT_SECRET_KEY=${JWT_SECRET_KEY:-made-at-the-start}")
        if ! node_configs[$service]=$(service_environment "$service" "${given[@]}" \
            "$binaries/$(program_of "$service")" "${daemon_options[@]}" --check-config 2>&1); then
            fail "$(program_of "$service") refuses its configuration:"
            printf '%s\n' "${node_configs[$service]}" >&2
            return 1
        fi
    done
}

# node_setting SERVICE NAME DEFAULT: the value the node uses, as it told in `NAME=value  # origin`.
node_setting() {
    local line
    line=$(grep -m 1 "^$2=" <<<"${node_configs[$1]:-}") || line=
    line=${line#*=}
    line=${line%%  #*}
    printf '%s\n' "${line:-$3}"
}

# The nodes work in the data directory and read `.env` and `<name>_node/.env` of their working
# directory: links bring the project's files there. A file put there by hand is let alone.
link_settings() {
    local name link
    for name in .env data_node auth_node queue_node teacher_node student_node realtime_node; do
        link=$data_directory/$name
        if [ -L "$link" ] || [ ! -e "$link" ]; then
            ln -sfn "../$name" "$link"
        fi
    done
}

# service_environment SERVICE COMMAND...: runs the command as that node's process would run, in the
# data directory. DATA_PORT, AUTH_PORT, ... choose the ports of one node each, and tell the others
# where it is; a PORT of the caller's environment would put all five on one, so it is not passed on.
service_environment() {
    local service=$1 port_name="${1^^}_PORT" other other_port other_url
    shift
    (
        cd "$data_directory" || exit 1
        unset PORT
        [ -z "${!port_name:-}" ] || export PORT="${!port_name}"
        # The chat has accounts of its own unless its configuration names an auth node.
        [ "$service" != chat ] || exec "$@"
        for other in "${services[@]}"; do
            other_port=${other^^}_PORT
            other_url=${other^^}_NODE_URL
            if [ -n "${!other_port:-}" ] && [ -z "${!other_url:-}" ]; then
                export "$other_url=http://127.0.0.1:${!other_port}"
            fi
        done
        "$@"
    )
}

# host_of SERVICE, port_of SERVICE: where it listens on TCP.
host_of() {
    case "$1" in
        chat) node_setting chat CHAT_HOST 127.0.0.1 ;;
        *) node_setting "$1" HOST 127.0.0.1 ;;
    esac
}
port_of() {
    case "$1" in
        chat) node_setting chat CHAT_PORT "${default_ports[chat]}" ;;
        *) node_setting "$1" PORT "${default_ports[$1]}" ;;
    esac
}

# node_address SERVICE: the URL at which this machine reaches the node's TCP port.
node_address() {
    local host scheme=http
    host=$(host_of "$1")
    [ "$host" != 0.0.0.0 ] || host=127.0.0.1
    [[ "$host" != *:* ]] || host="[$host]"
    [ -z "$(node_setting "$1" TLS_CERTIFICATE "")" ] || scheme=https
    printf '%s://%s:%s\n' "$scheme" "$host" "$(port_of "$1")"
}

# socket_of SERVICE: prints the path of its unix socket; fails when it has none.
socket_of() {
    local directory
    [ "$1" != chat ] || return 1
    [ "$(node_setting "$1" USE_SOCKETS true)" != false ] || return 1
    directory=$(node_setting "$1" SOCKET_DIR "${TMPDIR:-/tmp}/course-selection-sockets")
    [[ "$directory" == /* ]] || directory=$data_directory/$directory
    printf '%s/%s_node.sock\n' "$directory" "$1"
}

# curl_arguments SERVICE PATH: how curl reaches the node, a word a line: its socket, else its port.
curl_arguments() {
    local socket
    if socket=$(socket_of "$1"); then
        printf '%s\n' --unix-socket "$socket" "http://localhost$2"
    else
        # A certificate names a public host, not this address; here it only matters who answers.
        printf '%s\n' --insecure "$(node_address "$1")$2"
    fi
}

# is_port_taken SERVICE: somebody accepts connections where the node wants to listen.
is_port_taken() {
    local host port
    host=$(host_of "$1")
    port=$(port_of "$1")
    case "$host" in
        0.0.0.0) host=127.0.0.1 ;;
        ::) host=::1 ;;
    esac
    (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null
}

# Fails when another program holds the port of a service that is to be started: before anything is
# started, and with words that say what to do.
check_ports() {
    local service taken=0
    for service in "${services[@]}"; do
        if ! running_pid "$service" >/dev/null && is_port_taken "$service"; then
            fail "port $(port_of "$service") of" \
                "$(program_of "$service") is taken by another program; end that program, or choose" \
                "another port with ${service^^}_PORT"
            taken=1
        fi
    done
    return "$taken"
}

# chat_answers: the chat server speaks lines of JSON and no HTTP.
chat_answers() {
    local host port answer
    host=$(host_of chat)
    port=$(port_of chat)
    case "$host" in
        0.0.0.0) host=127.0.0.1 ;;
        ::) host=::1 ;;
    esac
    answer=$( (
        exec 3<>"/dev/tcp/$host/$port"
        printf '{"type":"ping"}\n' >&3
        IFS= read -r -t 5 line <&3 && printf '%s' "$line"
    ) 2>/dev/null) || return 1
    [[ "$answer" == *'"pong"'* ]]
}

# health_check SERVICE: the words of a command that succeeds when it answers, a word a line.
health_check() {
    if [ "$1" = chat ]; then
        printf 'chat_answers\n'
    else
        printf 'is_healthy\n'
        curl_arguments "$1" /health
    fi
}

# is_healthy CURL_ARGUMENT...
is_healthy() {
    curl --silent --fail --noproxy '*' --max-time 5 --output /dev/null "$@" 2>/dev/null </dev/null
}

show_log_tail() {
    fail "the last lines of ${1#"$root"/}:"
    tail -n 20 "$1" >&2 || true
}

# start_service SERVICE: starts the node and waits until it is healthy.
start_service() {
    local service=$1 program log pid start_time deadline health
    program=$(program_of "$service")
    log=$log_directory/$program.log
    if [ "$(stat -c %s "$log" 2>/dev/null || echo 0)" -gt "$log_bytes_max" ]; then
        mv "$log" "$log.1"
    fi
    mapfile -t health < <(health_check "$service")
    # setsid: an interrupt typed at this script's terminal is not for the daemons. Descriptor 9 is
    # this script's lock.
    # shellcheck disable=SC2016
    service_environment "$service" bash -c \
        'exec 9>&-; log=$1; shift; setsid "$@" >>"$log" 2>&1 </dev/null & echo $!' \
        bash "$log" "$binaries/$program" "${daemon_options[@]}" >"$pids_file.started"
    read -r pid <"$pids_file.started"
    rm -f "$pids_file.started"
    if ! start_time=$(process_start_time "$pid"); then
        fail "$program ended at once"
        show_log_tail "$log"
        return 1
    fi
    printf '%s %s %s\n' "$program" "$pid" "$start_time" >>"$pids_file"
    deadline=$((SECONDS + start_seconds_max))
    until "${health[@]}"; do
        if ! is_that_process "$pid" "$start_time"; then
            fail "$program ended while it was starting"
            show_log_tail "$log"
            return 1
        fi
        if [ "$SECONDS" -ge "$deadline" ]; then
            fail "$program did not answer within $start_seconds_max s"
            show_log_tail "$log"
            return 1
        fi
        sleep 0.05
    done
    # Another program may hold the node's port and answer in its place.
    if ! is_that_process "$pid" "$start_time"; then
        fail "$program ended after its start; something else answers for it"
        show_log_tail "$log"
        return 1
    fi
    say "$(printf '%-20s pid %-8s ready' "$program" "$pid")"
}

# stop_service SERVICE: asks it to end, waits, then kills that same process. Fails when none runs.
stop_service() {
    local service=$1 program pid start_time deadline socket
    program=$(program_of "$service")
    pid=$(running_pid "$service") || return 1
    start_time=$(process_start_time "$pid") || return 1
    kill -TERM "$pid" 2>/dev/null || true
    deadline=$((SECONDS + stop_seconds_max))
    while is_that_process "$pid" "$start_time"; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            fail "$program (pid $pid) did not end within $stop_seconds_max s; killing it"
            kill -KILL "$pid" 2>/dev/null || true
            deadline=$((SECONDS + stop_seconds_max))
        fi
        sleep 0.05
    done
    # A daemon removes its socket when it ends by itself; one that was killed could not.
    if socket=$(socket_of "$service"); then
        rm -f "$socket"
    fi
    say "$(printf '%-20s pid %-8s stopped' "$program" "$pid")"
}

# Stops what runs, last started first. Fails when nothing ran.
stop_services() {
    local index stopped=1
    for ((index = ${#services[@]} - 1; index >= 0; --index)); do
        ! stop_service "${services[$index]}" || stopped=0
    done
    tidy_pids_file
    return "$stopped"
}

# Prints SERVICE, PID and STATUS of each. Fails unless all are running.
print_status() {
    local service pid status health all=0
    printf '%-20s %-8s %s\n' SERVICE PID STATUS
    for service in "${services[@]}"; do
        if pid=$(running_pid "$service"); then
            mapfile -t health < <(health_check "$service")
            status=running
            "${health[@]}" || status="not answering"
        else
            pid=- status=stopped
        fi
        [ "$status" = running ] || all=1
        printf '%-20s %-8s %s\n' "$(program_of "$service")" "$pid" "$status"
    done
    return "$all"
}
