#!/usr/bin/env python3
"""Checks the rules of the house that a script can check.

    house_test.py [ROOT]     every rule on the repository at ROOT (default: the one of this file)

Prints `file:line: [rule] what is wrong; the remedy` for each finding and exits 1 if there is one.
Only the standard library is needed, and clang-format for the rule `format`.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

import coroutine_rule
from cpp_source import Source, functions

# Who may include whom: the table of modules. A module's `USES` in its CMakeLists.txt is a part of
# its row, and its files include only themselves and what their `USES` names.
MODULES = {
    "core": "",
    "metrics": "core",
    "async": "core",
    "json": "core",
    "crypto": "core",
    "csv": "core",
    "net": "core async crypto",
    "storage": "core async metrics",
    "redis": "core async",
    "postgres": "core storage",
    "ratelimit": "core",
    "auth": "core json crypto",
    "domain": "core",
    "queue": "core async json storage",
    "notify": "core async json crypto storage",
    "api": "core metrics async json crypto net auth ratelimit",
    "realtime": "core async json crypto net",
    "repo": "core async json domain auth storage notify",
    "chat": "core async json crypto net storage postgres ratelimit auth repo",
    "cli": "core async json crypto csv net storage auth",
    "nodes": "core metrics async json crypto csv net storage ratelimit auth domain queue notify api repo realtime redis",
}

HEADER_LINES_MAX = 500
SOURCE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
MAIN_LINES_MAX = 60  # exclusive
README_LINES_MAX = 60
COLUMNS_MAX = 100

CPP_DIRECTORIES = ("include", "src", "apps", "bench", "examples", "tests")
TEXT_SUFFIXES = (".hpp", ".cpp", ".py", ".sh", ".cmake", ".md", ".txt", ".in", ".yml", ".js")
CLANG_FORMAT_MAJOR = 14  # other versions break lines elsewhere

# Libraries that an adapter in src/<module>/ hides: header -> the modules whose sources, tests and
# benchmarks may include it.
HIDDEN_HEADERS = (
    (r"sqlite3(ext)?\.h", ("storage",)),
    (r"libpq-fe\.h|postgresql/.*", ("postgres",)),
    (r"hiredis/.*|hiredis\.h", ("redis",)),
    (r"liburing\.h|liburing/.*", ("net",)),
    (r"llhttp\.h", ("net",)),
    (r"openssl/.*", ("crypto", "net", "redis")),
    (r"asio/ssl(\.hpp|/.*)", ("net",)),
    (r"simdjson\.h", ("json",)),
    (r"spdlog/.*", ("core",)),
    (r"curl/.*", ("notify",)),
    (r"prometheus/.*", ("metrics",)),
    (r"qrencode\.h|utf8proc\.h", ("cli",)),
    (r"csv\.h", ("csv",)),
)

# Public headers whose test is not tests/<module>/<path>_test.cpp, with the test that covers them.
TESTED_ELSEWHERE = {
    "cli/admin_api": "tests/cli/workflow_test.py",
    "cli/program": "tests/cli/workflow_test.py",
    "chat/program": "tests/chat/programs_test.py",
    "net/http/client": "tests/net/http/pooled_client_test.cpp",
    "net/http/handler": "tests/net/http/server_test.cpp",
    "net/line_client": "tests/chat/client_test.cpp",
    "nodes/realtime/realtime_bounds": "tests/nodes/config_test.cpp",
    "nodes/realtime/realtime_node": "tests/nodes/realtime/classroom_channel_test.cpp",
    "nodes/assembly": "tests/system/daemons_test.cpp",
    "nodes/auth/auth_options": "tests/nodes/auth/auth_node_test.cpp",
    "nodes/auth/auth_state": "tests/nodes/auth/auth_node_test.cpp",
    "nodes/auth/data_calls": "tests/nodes/auth/course_admin_test.cpp",
    "nodes/auth/password_work": "tests/nodes/auth/login_test.cpp",
    "nodes/auth/steps": "tests/nodes/auth/error_rows_test.cpp",
    "nodes/auth/tokens": "tests/nodes/auth/sessions_test.cpp",
    "nodes/classroom_gate": "tests/nodes/student/student_classroom_test.cpp",
    "nodes/data/course_events": "tests/nodes/data/classroom_test.cpp",
    "nodes/data/data_state": "tests/nodes/data/selection_engine_test.cpp",
    "nodes/data/mapping": "tests/nodes/data/catalogue_editor_test.cpp",
    "nodes/data/outboxes": "tests/nodes/data/classroom_test.cpp",
    "nodes/data/withdrawals": "tests/nodes/data/selection_engine_test.cpp",
    "nodes/host": "tests/system/daemons_test.cpp",
    "nodes/node": "tests/nodes/three_nodes.hpp",
    "nodes/parts": "tests/nodes/health_test.cpp",
    "nodes/program": "tests/system/daemons_test.cpp",
    "nodes/service_options": "tests/nodes/config_test.cpp",
    "nodes/wire/classroom_access": "tests/nodes/data/classroom_test.cpp",
    "nodes/wire/audit": "tests/nodes/auth/audit_log_test.cpp",
    "nodes/wire/auth": "tests/nodes/auth/auth_node_test.cpp",
    "nodes/wire/contact_rules": "tests/nodes/auth/user_contacts_test.cpp",
    "nodes/wire/classroom": "tests/nodes/student/student_classroom_test.cpp",
    "nodes/wire/control": "tests/nodes/auth/control_feed_test.cpp",
    "nodes/wire/course": "tests/nodes/data/data_node_test.cpp",
    "nodes/wire/course_admin": "tests/nodes/auth/course_admin_test.cpp",
    "nodes/wire/directory": "tests/nodes/auth/directory_test.cpp",
    "nodes/wire/user_files": "tests/nodes/auth/user_files_test.cpp",
    "nodes/wire/notifications": "tests/nodes/auth/notification_admin_test.cpp",
    "nodes/wire/events": "tests/nodes/events/publisher_test.cpp",
    "nodes/wire/own_account": "tests/nodes/auth/own_account_test.cpp",
    "nodes/wire/own_students": "tests/nodes/auth/user_search_test.cpp",
    "nodes/wire/page": "tests/nodes/auth/system_settings_test.cpp",
    "nodes/wire/people": "tests/nodes/data/data_node_test.cpp",
    "nodes/wire/people_batch": "tests/nodes/auth/student_tags_test.cpp",
    "nodes/wire/queue": "tests/nodes/queue/queue_node_test.cpp",
    "nodes/wire/quiz": "tests/nodes/teacher/teacher_classroom_test.cpp",
    "nodes/wire/reset_codes": "tests/nodes/auth/reset_codes_test.cpp",
    "nodes/wire/selection": "tests/nodes/data/data_node_test.cpp",
    "nodes/wire/self_test": "tests/nodes/auth/self_test_test.cpp",
    "nodes/wire/settings": "tests/nodes/auth/system_settings_test.cpp",
    "nodes/wire/student": "tests/nodes/student/student_node_test.cpp",
    "nodes/wire/teacher": "tests/nodes/teacher/teacher_node_test.cpp",
    "nodes/wire/user_api": "tests/nodes/auth/user_accounts_test.cpp",
    "nodes/wire/user_admin": "tests/nodes/auth/user_admin_test.cpp",
}


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}"


def module_of(path):
    """`include/courseselect/net/http/url.hpp` and `src/net/http/url.cpp` -> `net`; else None."""
    match = re.match(r"(?:include/courseselect|src)/(\w+)/", path)
    return match.group(1) if match else None


def is_test_or_bench(path):
    return path.startswith(("tests/", "bench/"))


# ---- layers ---------------------------------------------------------------------------------------


def declared_uses(cmake_text):
    """The words after `USES` of the file's courseselect_module(), or None without such a call."""
    text = re.sub(r"#[^\n]*", "", cmake_text)
    call = re.search(r"courseselect_module\s*\(([^)]*)\)", text)
    if not call:
        return None
    uses = re.search(r"\bUSES\b([\sa-z_]*)", call.group(1))
    return uses.group(1).split() if uses else []


def check_module_tables(cmake_files):
    """`cmake_files`: path -> text of each src/<module>/CMakeLists.txt."""
    for path, text in sorted(cmake_files.items()):
        module, uses = path.split("/")[1], declared_uses(text)
        if uses is None:
            continue
        if module not in MODULES:
            yield Finding(path, 1, "layers", f"module {module} has no row in MODULES; add one")
            continue
        line = 1 + text[: max(text.find("USES"), 0)].count("\n")
        for used in uses:
            if used not in MODULES[module].split():
                yield Finding(path, line, "layers", f"{module} may not use {used}; its row is "
                              f"`{MODULES[module]}`: move the code or turn the dependency round")


def check_layers(source, uses_of):
    """`uses_of`: module -> the modules its CMakeLists.txt declares."""
    module = module_of(source.path)
    for include in source.includes:
        match = re.match(r"courseselect/(\w+)/", include.path)
        if not match:
            continue
        used = match.group(1)
        if module and used != module and used not in uses_of.get(module, []):
            remedy = (f"add it to USES in src/{module}/CMakeLists.txt"
                      if used in MODULES.get(module, "").split()
                      else "it is no lower layer: turn the dependency round")
            yield Finding(source.path, include.line, "layers",
                          f"{module} includes {include.path} without using {used}; {remedy}")
        if "/detail/" in include.path:
            own = module or (source.path.split("/")[1] if is_test_or_bench(source.path) else None)
            if own != used:
                yield Finding(source.path, include.line, "detail",
                              f"{include.path} is no API outside {used}; use its public headers")


# ---- forbidden includes and calls -----------------------------------------------------------------


def check_includes(source):
    for include in source.includes:
        for pattern, modules in HIDDEN_HEADERS:
            if not re.fullmatch(pattern, include.path):
                continue
            owners = tuple(f"{top}/{name}/" for top in ("src", "tests", "bench") for name in modules)
            if not source.path.startswith(owners):
                places = " or ".join(f"src/{name}" for name in modules)
                yield Finding(source.path, include.line, "hidden-library",
                              f"<{include.path}> belongs under {places}; use that module's headers")
        if (source.is_header and source.path.startswith("include/")
                and re.match(r"asio(\.hpp|/)", include.path)
                and module_of(source.path) not in ("async", "net")):
            yield Finding(source.path, include.line, "hidden-library", "Asio appears in headers of "
                          "async and net only; await the types of courseselect/async")


# word, its successor's text, where it is allowed (path prefixes), remedy
_CALLS = (
    (("getenv", "secure_getenv"), ("src/core/config",),
     "read the environment through core/config"),
    (("rand", "srand", "rand_r", "random_device"), ("src/core/", "src/crypto/"),
     "inject a source of randomness (crypto/random.hpp)"),
)


def check_calls(source):
    tokens = source.tokens
    for index, token in enumerate(tokens):
        if token.kind != "word":
            continue
        for names, allowed, remedy in _CALLS:
            if (token.text in names and not is_test_or_bench(source.path)
                    and not source.is_mark(index - 1, ".", "->")
                    and (source.is_mark(index + 1, "(") or token.text == "random_device")
                    and not source.path.startswith(allowed)):
                yield Finding(source.path, token.line, "banned-call", f"{token.text}; {remedy}")
        if (token.text == "system_clock" and source.is_mark(index + 1, "::")
                and source.is_word(index + 2, "now") and not is_test_or_bench(source.path)
                and module_of(source.path) not in ("core", "crypto")):
            yield Finding(source.path, token.line, "banned-call",
                          "system_clock::now; take the time from an injected core::Clock")
        if (token.text == "detached" and source.is_mark(index - 1, "::")
                and source.is_word(index - 2, "asio") and module_of(source.path) != "async"):
            yield Finding(source.path, token.line, "banned-call",
                          "asio::detached; give the coroutine an owner, an async::TaskGroup")


def check_coroutines(source):
    for line, message in coroutine_rule.check_awaits(source):
        yield Finding(source.path, line, "co_await", message)
    for line, message in coroutine_rule.check_lambdas(source):
        yield Finding(source.path, line, "coroutine-lambda", message)


# ---- sizes and headers ----------------------------------------------------------------------------


def check_sizes(source):
    count = len(source.lines)
    limit = HEADER_LINES_MAX if source.is_header else SOURCE_LINES_MAX
    if count > limit:
        yield Finding(source.path, limit + 1, "size",
                      f"{count} lines, at most {limit}; split the file along a seam")
    if re.fullmatch(r"apps/[^/]+/main\.cpp", source.path) and count >= MAIN_LINES_MAX:
        yield Finding(source.path, count, "size", f"{count} lines, under {MAIN_LINES_MAX}; a main "
                      "reads the configuration, builds a node and runs it, the rest is nodes/")
    for function in functions(source):
        if function.length > FUNCTION_LINES_MAX:
            yield Finding(source.path, function.line, "size", f"a function of {function.length} "
                          f"lines, at most {FUNCTION_LINES_MAX}; give its steps names")
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMNS_MAX and number not in source.raw_string_lines:
            yield Finding(source.path, number, "size", f"{len(line)} columns, at most "
                          f"{COLUMNS_MAX}; break the line")


def check_header(source):
    if not source.is_header:
        return
    if not re.search(r"^#pragma once$", source.text, re.MULTILINE):
        yield Finding(source.path, 1, "header", "no `#pragma once`; add it as the first directive")
    for index, token in enumerate(source.tokens):
        if token.text == "using" and source.is_word(index + 1, "namespace"):
            yield Finding(source.path, token.line, "header",
                          "`using namespace` in a header; write the names out")
        if token.text == "namespace" and source.is_mark(index + 1, "{"):
            yield Finding(source.path, token.line, "header",
                          "an anonymous namespace in a header; use `detail` or `inline`")
    for number, line in enumerate(source.lines, 1):
        macro = re.match(r"\s*#\s*define\s+(\w+)", line)
        if macro and not macro.group(1).startswith("COURSESELECT_"):
            yield Finding(source.path, number, "header",
                          f"macro {macro.group(1)}; name it COURSESELECT_... or make it a function")


def check_test_exists(source, exists):
    """`exists(path)`: whether the repository has that file."""
    match = re.fullmatch(r"include/courseselect/(.+)\.hpp", source.path)
    if not match or "/detail/" in source.path or match.group(1).endswith("fwd"):
        return
    expected = TESTED_ELSEWHERE.get(match.group(1), f"tests/{match.group(1)}_test.cpp")
    if not exists(expected):
        yield Finding(source.path, 1, "test", f"no test: {expected} is missing; write it, or name "
                      "the test that covers this header in TESTED_ELSEWHERE of house_test.py")


# ---- text -----------------------------------------------------------------------------------------

_UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|WI" r"P|wi" r"p)\b")
_MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/wo" r"rk/|/tmp/bu" r"ild")
_COMMENTED_CODE = re.compile(
    r"//\s*(?:(?:return|co_return|co_await|if|for|while|auto|const|using|using|static|std::)\b"
    r".*[;{]|#\s*include\b.*|[\w:.<>-]+\([^()]*\);|[\w.>-]+ = [^;]*;|\})\s*$")


def check_text(path, lines):
    for number, line in enumerate(lines, 1):
        match = _UNFINISHED.search(line)
        if match:
            yield Finding(path, number, "unfinished", f"{match.group(1)}; finish it, or open an "
                          "issue and say here what holds today")
        if _MACHINE_PATH.search(line):
            yield Finding(path, number, "machine-path",
                          "a path of one machine; make it relative or an argument")
        if path.endswith((".hpp", ".cpp")) and _COMMENTED_CODE.match(line.strip()):
            yield Finding(path, number, "commented-code",
                          "looks like commented-out code; delete it, git remembers")


def check_readme(module, lines):
    path = f"include/courseselect/{module}/README.md"
    if lines is None:
        yield Finding(path, 1, "readme", "missing; say purpose, three types to read first, "
                      "invariants, limits and what the module must not know")
    elif len(lines) > README_LINES_MAX:
        yield Finding(path, README_LINES_MAX + 1, "readme",
                      f"{len(lines)} lines, at most {README_LINES_MAX}; keep what a newcomer needs")


def check_guide(module, readme, headers):
    """`headers`: paths of the module's public headers below include/courseselect/<module>/."""
    for header in headers:
        directory, _, name = header.rpartition("/")
        named = re.search(rf"(?<![\w-]){re.escape(name)}\b", readme)
        by_directory = directory and re.search(
            rf"(?<![\w/.]){re.escape(directory)}/(?!\w)", readme)
        if not named and not by_directory:
            place = f"{name} or {directory}/" if directory else name
            yield Finding(f"include/courseselect/{module}/{header}", 1, "guide",
                          f"no guide names it; say in include/courseselect/{module}/README.md what "
                          f"{place} is for")


def check_first_sentence(source):
    """The documentation's index of headers takes the sentence below `#pragma once`."""
    if (re.fullmatch(r"include/courseselect/(?!.*detail/).+\.hpp", source.path)
            and not re.match(r"#pragma once\n/// \S", source.text)):
        yield Finding(source.path, 2, "guide", "no `///` sentence below `#pragma once`; say what the "
                      "header is for")


# ---- formatting -----------------------------------------------------------------------------------


def check_format(root, paths):
    """Runs clang-format. Without it: a finding under CI, a note elsewhere."""
    tool = shutil.which(f"clang-format-{CLANG_FORMAT_MAJOR}") or shutil.which("clang-format")
    version = ""
    if tool:
        version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    if not re.search(rf"version {CLANG_FORMAT_MAJOR}\.", version):
        message = (f"clang-format {CLANG_FORMAT_MAJOR} is not installed, formatting is unchecked; "
                   "run scripts/install_deps.sh or apt-get install clang-format")
        if os.environ.get("CI"):
            yield Finding(".clang-format", 1, "format", message)
        else:
            print(f"note: {message}")
        return
    seen = set()
    for start in range(0, len(paths), 100):
        result = subprocess.run([tool, "--dry-run", "-Werror", *paths[start : start + 100]],
                                cwd=root, capture_output=True, text=True)
        for match in re.finditer(r"^([^\s:]+):(\d+):\d+: error: ", result.stderr, re.MULTILINE):
            path, line = match.group(1), int(match.group(2))
            if path not in seen:  # the first place of a file is enough
                seen.add(path)
                yield Finding(path, line, "format", f"run `clang-format -i {path}`")


# ---- the repository -------------------------------------------------------------------------------


def repository_files(root):
    """Relative paths of the text files, without version control, builds and hidden files."""
    for directory, directories, names in os.walk(root):
        directories[:] = sorted(
            name for name in directories
            if not (name.startswith(".") and name != ".github") and not name.startswith("build")
            and name not in ("__pycache__", "node_modules"))
        for name in sorted(names):
            if name.endswith(TEXT_SUFFIXES):
                yield (pathlib.Path(directory) / name).relative_to(root).as_posix()


def check_source(source, uses_of, exists):
    yield from check_layers(source, uses_of)
    yield from check_includes(source)
    yield from check_calls(source)
    yield from check_coroutines(source)
    yield from check_sizes(source)
    yield from check_header(source)
    yield from check_test_exists(source, exists)


def check_repository(root):
    texts = {path: (root / path).read_text(encoding="utf-8", errors="replace")
             for path in repository_files(root)}
    cmake_files = {path: text for path, text in texts.items()
                   if re.fullmatch(r"src/\w+/CMakeLists\.txt", path)}
    uses_of = {path.split("/")[1]: declared_uses(text) or [] for path, text in cmake_files.items()}
    yield from check_module_tables(cmake_files)
    cpp_paths = [path for path in texts if path.endswith((".hpp", ".cpp"))
                 and path.startswith(tuple(name + "/" for name in CPP_DIRECTORIES))]
    for path in cpp_paths:
        source = Source(path, texts[path])
        yield from check_source(source, uses_of, texts.__contains__)
        yield from check_first_sentence(source)
    for path, text in texts.items():
        yield from check_text(path, text.split("\n"))
    for module in MODULES:
        readme = texts.get(f"include/courseselect/{module}/README.md")
        yield from check_readme(module, None if readme is None else readme.splitlines())
        start = f"include/courseselect/{module}/"
        yield from check_guide(module, readme or "", [
            path[len(start):] for path in texts
            if path.startswith(start) and path.endswith(".hpp") and "/detail/" not in path])
    for header, test in TESTED_ELSEWHERE.items():
        if f"include/courseselect/{header}.hpp" not in texts:
            yield Finding("tests/house/house_test.py", 1, "test",
                          f"TESTED_ELSEWHERE names {header}, which is gone; delete the entry")
        elif f"tests/{header}_test.cpp" in texts:
            yield Finding("tests/house/house_test.py", 1, "test",
                          f"{header} has its own test beside {test}; delete the entry")
    yield from check_format(root, cpp_paths)


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else __file__).resolve()
    if not arguments:
        root = root.parents[2]
    findings = sorted(set(check_repository(root)))
    for finding in findings:
        print(finding)
    print(f"house: {len(findings)} finding{'' if len(findings) == 1 else 's'}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
