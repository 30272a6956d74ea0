#!/usr/bin/env bash
# Lints the OpenAPI document of every node, and shows first that the linter finds faults.
#   check.sh CHECKOUT DIRECTORY PROGRAM
# DIRECTORY is of the build tree, PROGRAM writes the documents (openapi_documents).
set -euo pipefail
checkout=$1
directory=$2
program=$3

"$checkout/scripts/npm_packages.sh" "$checkout/tests/conformance/openapi_lint" "$directory"
rm -rf "$directory/documents"
mkdir "$directory/documents"
"$program" "$directory/documents"
cd "$directory"

lint() { node lint.mjs "$@" >said 2>&1 </dev/null; }

# must_fail WHAT SED-SCRIPT: the data node's document with that change does not pass.
must_fail() {
    sed "$2" documents/data.json >broken.json
    if cmp -s broken.json documents/data.json; then
        printf 'the change made no difference: %s\n' "$1" >&2
        exit 1
    fi
    if lint broken.json; then
        printf 'the linter finds nothing wrong with %s\n' "$1" >&2
        exit 1
    fi
}
must_fail "an unknown type" 's/"type":"integer"/"type":"integral"/'
must_fail "a reference to nothing" 's|#/components/schemas/Course"|#/components/schemas/Kurs"|'
must_fail "an example that its schema refuses" 's/"example":{"student_id":1,/"example":{"student_id":"one",/'

if ! lint documents/*.json; then
    cat said >&2
    exit 1
fi
cat said
