#!/usr/bin/env bash
# Installs the library into a fresh prefix and uses it from projects outside the tree, by CMake and
# by pkg-config.   install_test.sh CHECKOUT BUILD_DIRECTORY CXX_COMPILER [SANITIZERS]
set -euo pipefail
checkout=$1
build=$2
compiler=$3
sanitizers=${4:-}
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
flags="-O0${sanitizers:+ -fsanitize=$sanitizers}"

step() { printf '== %s\n' "$*"; }

step "install"
# The consumer is built with what the package list has, whether or not make is there.
export CMAKE_GENERATOR=Ninja
cmake --install "$build" --prefix "$here/first" --component development >"$here/install.log"
# An installed tree may be moved: nothing in it names the place it was installed to.
mv "$here/first" "$here/prefix"
if grep -r -l -e "$checkout" -e "$here/first" "$here/prefix" --include='*.cmake' --include='*.pc'; then
    echo "the installed package names a directory of the build" >&2
    exit 1
fi
if grep -r -l courseselect_flags "$here/prefix" --include='*.cmake'; then
    echo "the warning flags are exported" >&2
    exit 1
fi

cp -r "$checkout/tests/install/consumer" "$here/consumer"
cp "$checkout/examples/seat_ledger/main.cpp" "$here/consumer/domain.cpp"
cp "$checkout/examples/tokens/main.cpp" "$here/consumer/auth.cpp"
cp "$here/consumer/api.cpp" "$here/consumer/courseselect.cpp"

# consume COMPONENT UNWANTED: UNWANTED are libraries that may not even be looked for.
consume() {
    step "find_package(courseselect COMPONENTS $1)"
    local option options=()
    for option in ${2//;/ }; do
        options+=("-DCMAKE_DISABLE_FIND_PACKAGE_$option=ON")
    done
    cmake -S "$here/consumer" -B "$here/build-$1" -DCMAKE_PREFIX_PATH="$here/prefix" \
        -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$flags" -DCOMPONENT="$1" \
        -DUNWANTED="$2" "${options[@]}" >"$here/configure.log" 2>&1 ||
        { cat "$here/configure.log" >&2; return 1; }
    cmake --build "$here/build-$1"
    timeout 20 "$here/build-$1/consumer"
}
consume domain "OpenSSL;SQLite3;simdjson;ZLIB;Asio;CLI11"
consume auth "SQLite3;simdjson;ZLIB;Asio;CURL;CLI11"
consume api "SQLite3;CLI11"
consume courseselect ""

step "an unknown component is refused"
if cmake -S "$here/consumer" -B "$here/build-unknown" -DCMAKE_PREFIX_PATH="$here/prefix" \
    -DCMAKE_CXX_COMPILER="$compiler" -DCOMPONENT=catering >"$here/configure.log" 2>&1; then
    echo "a component that does not exist was found" >&2
    exit 1
fi
grep -q catering "$here/configure.log"

step "pkg-config: all, and one component"
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$here/prefix" -name courseselect.pc)")
# by_pkg_config SOURCE PACKAGE: builds with the flags of the package alone, and runs it.
by_pkg_config() {
    # The flags are many words on purpose.
    # shellcheck disable=SC2046,SC2086
    "$compiler" -std=c++20 $flags "$here/consumer/$1" -o "$here/by-pkg-config" \
        $(pkg-config --cflags --libs "$2")
    timeout 20 "$here/by-pkg-config"
}
by_pkg_config api.cpp courseselect
by_pkg_config api.cpp courseselect-api
by_pkg_config domain.cpp courseselect-domain
pkg-config --libs courseselect-domain >"$here/libraries"
if grep -E -e '-l(ssl|sqlite3|curl|z|courseselect_net)( |$)' "$here/libraries"; then
    echo "the ledger alone links servers or databases" >&2
    exit 1
fi

step "without tests, their libraries are not needed"
cmake -S "$checkout" -B "$here/plain" -DCMAKE_CXX_COMPILER="$compiler" \
    -DCOURSESELECT_BUILD_TESTS=OFF -DCMAKE_DISABLE_FIND_PACKAGE_doctest=ON \
    -DCMAKE_DISABLE_FIND_PACKAGE_rapidcheck=ON >"$here/configure.log" 2>&1 ||
    { cat "$here/configure.log" >&2; exit 1; }
cmake --build "$here/plain" --target help >"$here/targets"
grep -q courseselect_domain "$here/targets"
if grep -q _tests "$here/targets"; then
    echo "COURSESELECT_BUILD_TESTS=OFF builds tests" >&2
    exit 1
fi
