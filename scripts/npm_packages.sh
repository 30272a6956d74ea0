#!/usr/bin/env bash
# Installs what a package-lock.json names into a directory of the build tree.
#
#   scripts/npm_packages.sh SOURCE DIRECTORY
#
# SOURCE has package.json, package-lock.json and .npmrc; DIRECTORY gets node_modules and, so that
# modules are found from there, the .mjs files of SOURCE. A second run with the same lock needs no
# network. Nothing that a package brings is executed while it is installed.
set -euo pipefail
[ $# -eq 2 ] || { printf 'usage: npm_packages.sh SOURCE DIRECTORY\n' >&2; exit 2; }
source=$1
directory=$2

mkdir -p "$directory"
find "$source" -maxdepth 1 -name '*.mjs' -exec cp {} "$directory" \;
if cmp -s "$source/package-lock.json" "$directory/.installed"; then
    exit 0
fi
command -v npm >/dev/null || {
    printf 'npm_packages: npm is missing: run scripts/install_deps.sh, or apt-get install npm\n' >&2
    exit 1
}
rm -f "$directory/.installed"
cp "$source"/{package.json,package-lock.json,.npmrc} "$directory"
(cd "$directory" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier \
    --loglevel=error >npm.log 2>&1 </dev/null) || {
    printf 'npm_packages: npm could not install what %s names:\n' "$source/package-lock.json" >&2
    tail -n 20 "$directory/npm.log" >&2
    exit 1
}
cp "$source/package-lock.json" "$directory/.installed"
