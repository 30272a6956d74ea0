"""A C++ source file as the house rules see it: lines, include directives and tokens."""

import bisect
import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
  | (?P<raw> (?:u8|u|U|L)?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)" )
  | (?P<string> (?:u8|u|U|L)?"(?:\\.|[^"\\\n])*" )
  | (?P<char> (?:u8|u|U|L)?'(?:\\.|[^'\\\n])+' )
  | (?P<number> \.?[0-9](?:'?[0-9A-Za-z_.]|(?<=[eEpP])[+-])* )
  | (?P<word> [A-Za-z_]\w* )
  | (?P<mark_> ->\*?|::|\.\.\.|<=>|<<=|&&|\|\||[-+*/%&|^=!<>]=|\+\+|--|\#\#|[^\s\w] )
    """,
    re.VERBOSE | re.DOTALL,
)
# A directive with its continued lines. It is not code: a macro's body is judged where it is used.
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE | re.DOTALL)
_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')

OPENERS = {"(": ")", "[": "]", "{": "}"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}


class Token(NamedTuple):
    kind: str  # word, number, string, char or mark
    text: str
    line: int  # from 1


class Include(NamedTuple):
    path: str
    line: int


class Source:
    """The text of one file, read once. `path` is relative to the root of the repository."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.is_header = path.endswith(".hpp")
        self.includes = [
            Include(match.group(1), number)
            for number, line in enumerate(self.lines, 1)
            if (match := _INCLUDE.match(line))
        ]
        self.comments = []  # Tokens
        self.tokens = self._tokenize()
        # The lines with a raw string: data, which nobody can break without changing it.
        self.raw_string_lines = {
            line
            for token in self.tokens
            if token.kind == "string" and re.match(r'\w*R"', token.text)
            for line in range(token.line, token.line + token.text.count("\n") + 1)
        }
        self.partner = self._match_brackets()  # index of a bracket -> index of its other half

    def _tokenize(self):
        newlines = [match.start() for match in re.finditer("\n", self.text)]
        # Blank directives in place, so that positions stay; raw strings cannot begin on such a line.
        code = _DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), self.text)
        tokens = []
        for match in _TOKEN.finditer(code):
            kind = {"raw": "string", "mark_": "mark"}.get(match.lastgroup, match.lastgroup)
            if match.group("raw") is not None:
                kind = "string"
            line = bisect.bisect_left(newlines, match.start()) + 1
            token = Token(kind, match.group(), line)
            (self.comments if kind == "comment" else tokens).append(token)
        return tokens

    def _match_brackets(self):
        partner, open_brackets = {}, []
        for index, token in enumerate(self.tokens):
            if token.kind != "mark":
                continue
            if token.text in OPENERS:
                open_brackets.append(index)
            elif token.text in CLOSERS:
                # An `#if` with both branches may leave a bracket too many: pair what fits.
                if open_brackets and self.tokens[open_brackets[-1]].text == CLOSERS[token.text]:
                    start = open_brackets.pop()
                    partner[start], partner[index] = index, start
        return partner

    def is_mark(self, index, *texts):
        """Whether token `index` exists and is one of the punctuation marks `texts`."""
        if not 0 <= index < len(self.tokens):
            return False
        token = self.tokens[index]
        return token.kind == "mark" and token.text in texts

    def is_word(self, index, *texts):
        if not 0 <= index < len(self.tokens):
            return False
        token = self.tokens[index]
        return token.kind == "word" and (not texts or token.text in texts)


class Function(NamedTuple):
    line: int  # of its first token
    length: int  # in lines, signature and closing brace included


_CONTAINERS = {"namespace", "class", "struct", "union", "enum", "extern"}
_TEST_CONTAINERS = {"TEST_SUITE"}  # doctest: a namespace with a name


def _without_template_parameters(words):
    """`template <class T> ...` -> `...`, so that `class` there does not look like a class."""
    while words and words[0] == "template":
        depth = 0
        for index, word in enumerate(words[1:], 1):
            depth += {"<": 1, ">": -1}.get(word, 0)
            if depth == 0:
                words = words[index + 1 :]
                break
        else:
            return []
    return words


def functions(source):
    """The functions with a body, found by their braces. A lambda belongs to what it stands in."""
    found = []
    scopes = []  # per open brace: ("container" | "function" | "other", first line)
    head = []  # tokens since the last `;`, `{` or `}`
    start = 0
    parens = 0
    for token in source.tokens:
        text = token.text if token.kind == "mark" else None
        parens += {"(": 1, ")": -1}.get(text, 0)
        if text == "{":
            words = _without_template_parameters([t.text for t in head])
            inside = not scopes or scopes[-1][0] == "container"
            if inside and words and words[0] in _TEST_CONTAINERS:
                kind = "container"
            elif inside and _CONTAINERS.intersection(words) and "(" not in words:
                kind = "container"
            elif inside and "(" in words:
                kind = "function"
            else:
                kind = "other"
            # `X::X() : a_{1}, b_{2} {`: what follows a member's braces continues the same head.
            if head and head[0].text != ",":
                start = head[0].line
            scopes.append((kind, start))
            head = []
        elif text == "}":
            if scopes:
                kind, first = scopes.pop()
                if kind == "function":
                    found.append(Function(first, token.line - first + 1))
            head = []
        elif text == ";" and parens == 0:
            head = []
        else:
            head.append(token)
    return found
