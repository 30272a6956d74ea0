#!/usr/bin/env python3
"""Doxygen's input filter: makes the code spans of `///` comments literal.

    doxygen_filter.py HEADER

Doxygen reads a backslash, an `@`, a leading `::` or a full stop in a code span as something of its
own, and loses the span's end. Here they become the characters they are. Line numbers stay.
"""

import re
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


def main():
    in_code = False
    with open(sys.argv[1], encoding="utf-8") as header:
        for line in header:
            code, mark, comment = line.partition("///")
            if mark:
                comment, in_code = convert(comment, in_code)
            else:
                in_code = False
            sys.stdout.write(code + mark + comment if mark else line)


if __name__ == "__main__":
    main()
