#!/usr/bin/env python3
"""Copies the public headers and guides for Doxygen, with the code spans of `///` made literal.

    prepare_headers.py INCLUDE_DIRECTORY TARGET_DIRECTORY

Doxygen reads a backslash, an `@`, a leading `::` or a full stop in a code span as something of its
own, and loses the span's end. Here they become the characters they are. Line numbers stay. (As a
filter that Doxygen calls for each header this would cost a start of Python each time.)
"""

import pathlib
import re
import shutil
import sys

LITERAL = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\\": "\\\\", "@": "\\@", "#": "\\#",
           "%": "\\%", '"': "&quot;", "~": "\\~", "*": "&#42;", "_": "&#95;", "-": "&#45;",
           ".": "&#46;"}


def literal(code):
    text = re.sub(r"[&<>\\@#%\"~*_.-]", lambda found: LITERAL[found.group()], code)
    return "<code>" + re.sub(r"^::", "&#58;&#58;", text) + "</code>" if code else ""


def convert(comment, in_code):
    """A line's comment, and whether its end is inside a code span."""
    out = []
    for index, part in enumerate(comment.rstrip("\n").split("`")):
        if index:
            in_code = not in_code
        out.append(literal(part.strip()) if in_code else part)
    text = "".join(out)
    # `///<` would be a comment on what stands before it.
    return (" " if comment.startswith(" ") and text.startswith("<") else "") + text + "\n", in_code


def prepared(text):
    in_code = False
    out = []
    for line in text.splitlines(keepends=True):
        code, mark, comment = line.partition("///")
        if mark:
            comment, in_code = convert(comment, in_code)
            out.append(code + mark + comment)
        else:
            in_code = False
            out.append(line)
    return "".join(out)


def main(arguments):
    include, target = map(pathlib.Path, arguments)
    shutil.rmtree(target, ignore_errors=True)  # headers that are gone
    for path in sorted(include.rglob("*")):
        copy = target / path.relative_to(include)
        if path.suffix not in (".hpp", ".md") or "detail" in path.parts:
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8")
        copy.write_text(prepared(text) if path.suffix == ".hpp" else text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
