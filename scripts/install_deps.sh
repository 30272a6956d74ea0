#!/usr/bin/env bash
# Installs the Debian packages this project needs, those that are missing, and nothing else.
# This file holds the one list of them; the README's table says why each library is used.
#
#   scripts/install_deps.sh [--build-only] [--docs] [--list]
#
# Exit codes: 0 all is there now, 1 something is missing and could not be installed, 2 bad usage.
set -euo pipefail

# Compiler, build system, libraries, and curl: what ./start_backend.sh needs.
build_packages=(
    g++ cmake ninja-build pkg-config
    libasio-dev libsimdjson-dev libfmt-dev libspdlog-dev libcli11-dev
    libsqlite3-dev libssl-dev zlib1g-dev libcrypt-dev libcurl4-openssl-dev libreadline-dev libpq-dev
    prometheus-cpp-dev libqrencode-dev libutf8proc-dev libcsv-dev
    libhiredis-dev liburing-dev
    curl ca-certificates procps
)
# llhttp: one of these. The first carries a library, the second (Debian 12) only its sources.
llhttp_packages=(libllhttp-dev node-llhttp)
# What ./run_tests.sh needs besides.
test_packages=(
    doctest-dev librapidcheck-dev libbenchmark-dev
    python3 python3-jwt python3-cryptography python3-bcrypt python3-aiosmtpd python3-socketio
    python3-requests python3-websocket oathtool apache2-utils sqlite3
    redis-server
    valgrind strace clang-format chromium chromium-driver
    tmux zsh man-db postgresql
)
# Node.js runs test tools from npm; one that did not come with Debian will do.
node_packages=(nodejs npm)

# What the target `docs` needs: wanted only when asked for.
docs_packages=(doxygen)

usage() {
    cat <<'TXT'
Usage: scripts/install_deps.sh [--build-only] [--docs] [--list]
Installs missing Debian packages with apt-get, as root or through sudo.
  --build-only  only what building and starting the programs needs, no test tools
  --docs        also what builds the API documentation
  --list        print the packages, a line each, and change nothing
TXT
}

say() { printf '%s\n' "$*" >&2; }

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The names of those arguments that are not installed, a line each.
missing_of() {
    local package
    for package in "$@"; do
        installed "$package" || printf '%s\n' "$package"
    done
}

llhttp_is_there() {
    local package
    for package in "${llhttp_packages[@]}"; do
        if installed "$package"; then
            return 0
        fi
    done
    return 1
}

# The first llhttp package that this system's archive offers.
llhttp_on_offer() {
    local package
    for package in "${llhttp_packages[@]}"; do
        if apt-cache show "$package" >/dev/null 2>&1; then
            printf '%s\n' "$package"
            return
        fi
    done
    printf '%s\n' "${llhttp_packages[-1]}"
}

build_only=no
with_docs=no
list_only=no
for argument in "$@"; do
    case "$argument" in
        --build-only) build_only=yes ;;
        --docs) with_docs=yes ;;
        --list) list_only=yes ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done

wanted=("${build_packages[@]}")
if [ "$build_only" = no ]; then
    wanted+=("${test_packages[@]}")
    command -v npm >/dev/null || wanted+=("${node_packages[@]}")
fi
[ "$with_docs" = no ] || wanted+=("${docs_packages[@]}")
if [ "$list_only" = yes ]; then
    printf '%s\n' "${wanted[@]}"
    printf '%s\n' "${llhttp_packages[*]}" | tr ' ' '|'
    exit 0
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "install_deps: this is no Debian system. Install by hand what '$0 --list' prints, and then"
    say "install_deps: give ./start_backend.sh and ./run_tests.sh the option --no-install."
    exit 1
fi

mapfile -t missing < <(missing_of "${wanted[@]}")
llhttp_missing=no
llhttp_is_there || llhttp_missing=yes
if [ "${#missing[@]}" -eq 0 ] && [ "$llhttp_missing" = no ]; then
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    # Without a terminal nobody can type a password, so sudo must not ask for one.
    sudo_options=()
    [ -t 0 ] || sudo_options=(-n)
    if ! command -v sudo >/dev/null || ! sudo "${sudo_options[@]}" true; then
        [ "$llhttp_missing" = no ] || missing+=("$(llhttp_on_offer)")
        say "install_deps: packages are missing and this user may not install them. Run as root:"
        say "    apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
        exit 1
    fi
    as_root=(sudo "${sudo_options[@]}")
fi

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get \
        -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@" </dev/null
}

say "install_deps: updating the package lists"
apt update -qq >/dev/null || say "install_deps: apt-get update failed; trying with the lists at hand"
[ "$llhttp_missing" = no ] || missing+=("$(llhttp_on_offer)")
say "install_deps: installing ${missing[*]}"
started=$SECONDS
if ! apt install -y -qq --no-install-recommends "${missing[@]}" >&2; then
    say "install_deps: apt-get could not install all of: ${missing[*]}"
    exit 1
fi
say "install_deps: done in $((SECONDS - started)) s"
