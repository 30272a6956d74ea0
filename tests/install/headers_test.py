#!/usr/bin/env python3
"""Compiles public headers alone: each brings what it needs.

    headers_test.py CHECKOUT CXX_COMPILER [--all]

Without --all every tenth header, from the first on: a few dozen seconds. The preset `ci` compiles
all of them with its build (all_verify_interface_header_sets); --all does it here, in some minutes.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

SAMPLE = 10
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
         "-Wno-missing-field-initializers", "-DASIO_STANDALONE", "-DASIO_NO_DEPRECATED",
         "-DASIO_SEPARATE_COMPILATION", "-DASIO_DISABLE_STD_ALIGNED_ALLOC"]


def compiles(compiler, include, text):
    """What the compiler says of a file with this text; empty when it compiles."""
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as source:
        source.write(text)
        source.flush()
        done = subprocess.run([compiler, *FLAGS, "-I", include, source.name], capture_output=True,
                              text=True, timeout=300)
    return "" if done.returncode == 0 else done.stderr or "it failed"


def main(arguments):
    include = pathlib.Path(arguments[0]).resolve() / "include"
    compiler = arguments[1]
    headers = sorted(path.relative_to(include).as_posix() for path in include.rglob("*.hpp"))
    assert headers, f"no headers below {include}"
    chosen = headers if "--all" in arguments else headers[::SAMPLE]
    assert compiles(compiler, str(include), "std::string nobody_included_it;\n"), "nothing fails"
    begin = time.monotonic()
    failed = 0
    for header in chosen:
        complaint = compiles(compiler, str(include), f'#include "{header}"\n')
        if complaint:
            failed += 1
            print(f"{header} does not stand alone:\n{complaint}")
    print(f"{len(chosen)} of {len(headers)} headers in {time.monotonic() - begin:.0f} s, "
          f"{failed} do not stand alone")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
