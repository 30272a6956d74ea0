"""The forms of `co_await` that g++ 12 compiles correctly, and the lambdas that outlive their captures.

g++ 12.2 turns several correct forms into double frees and wild jumps, so `co_await` stands only
  (a) alone as a statement,
  (b) as the whole right side of a declaration or assignment, COURSESELECT_CO_TRY included,
  (c) directly after `co_return`,
and its operand is a name or call without braces, lambdas, `?:` or another `co_await`.
"""

_CONTROL = ("if", "for", "while", "switch", "constexpr")
_TRY_MACROS = ("COURSESELECT_CO_TRY", "COURSESELECT_CO_TRY_OK")
_COROUTINE_WORDS = ("co_await", "co_return", "co_yield")
# Words after which `[` begins a lambda and not a subscript.
_BEFORE_EXPRESSION = ("return", "co_return", "co_await", "co_yield", "case", "else", "throw")
_BINARY = (
    "+ - / % | ^ ! ~ = == != < <= >= <=> && || << >> += -= *= /= %= &= |= ^= ++ -- ? :".split()
)


def _begins_lambda(source, index):
    if not source.is_mark(index, "[") or index not in source.partner:
        return False
    if source.is_mark(index + 1, "[") or source.is_mark(index - 1, "["):
        return False  # an attribute
    if source.is_mark(index - 1, ")", "]"):
        return False
    if index > 0 and source.tokens[index - 1].kind == "string":
        return False
    if source.is_word(index - 1):
        return source.is_word(index - 1, *_BEFORE_EXPRESSION)
    # `auto& [a, b] = ...` is a structured binding, `operator[]` never comes here.
    return not (source.is_mark(index - 1, "&", "&&") and source.is_word(index - 2, "auto"))


def _lambda_body(source, index):
    """The index of the `{` of the lambda that begins at `index`, or None."""
    position = source.partner[index] + 1
    while position < len(source.tokens):
        if source.is_mark(position, "{"):
            return position
        if source.is_mark(position, ";", ")", "}", "]"):
            return None
        if source.is_mark(position, "("):
            position = source.partner.get(position, position)
        position += 1
    return None


def check_lambdas(source):
    """Yields (line, message) for each lambda that captures and is a coroutine."""
    bodies = {}  # index of `{` -> index of `[`
    for index in range(len(source.tokens)):
        if _begins_lambda(source, index):
            body = _lambda_body(source, index)
            if body is not None and body in source.partner:
                bodies[body] = index
    for body, start in bodies.items():
        if source.partner[start] == start + 1:
            continue  # captures nothing
        position = body + 1
        while position < source.partner[body]:
            if position in bodies:
                position = source.partner[position]  # an inner lambda answers for itself
            elif source.is_word(position, *_COROUTINE_WORDS):
                yield source.tokens[start].line, (
                    "a lambda that captures is a coroutine, and its captures die before it does; "
                    "pass the state as arguments (of a named function or of a lambda with `[]`)"
                )
                break
            position += 1


def _statement_start(source, index):
    """Walks back from `index` to the first token of its statement.

    Returns (start, opener): `opener` is the index of an unclosed `(` or `[` met on the way, or None.
    """
    position = index
    while position > 0:
        previous = position - 1
        if source.is_mark(previous, ";", "{", "}"):
            # A closed brace belongs to the statement when it is an initialiser: not on this side
            # of an `=` in this code base.
            return position, None
        if source.is_mark(previous, "(", "["):
            return position, previous
        if source.is_mark(previous, ")", "]") and previous in source.partner:
            opener = source.partner[previous]
            if source.is_mark(opener, "(") and source.is_word(opener - 1, *_CONTROL):
                return position, None
            position = opener
            continue
        position = previous
    return 0, None


def _place(source, index):
    """What is wrong with the place of the `co_await` at `index`: a message, or None."""
    before = index - 1
    if before < 0 or source.is_mark(before, ";", "{", "}", ":"):
        return None  # `P{co_await f()}` is found out by what follows the operand
    if source.is_word(before, "else", "do", "co_return"):
        return None
    if source.is_mark(before, ")"):
        opener = source.partner.get(before)
        if opener is not None and source.is_word(opener - 1, *_CONTROL):
            return None
        return "co_await after a cast; name the value first"
    if source.is_mark(before, "="):
        start, opener = _statement_start(source, before)
        if opener is not None:
            return "co_await in a condition or argument; await into a named value on the line before"
        if source.is_mark(start, "."):
            return "co_await in a designated initialiser; await into a named value, then build"
        return None
    start, opener = _statement_start(source, index)
    if opener is not None and source.is_word(opener - 1, *_TRY_MACROS):
        if start == index or source.is_mark(before, ","):
            return None
        return "co_await is not the whole expression of the macro; await into a named value first"
    if opener is not None and source.is_word(opener - 1, *_CONTROL):
        return "co_await in a condition; await into a named value on the line before"
    return (
        "co_await inside a larger expression; it stands alone, as the whole right side of a "
        "declaration or assignment, or after co_return"
    )


def _operand(source, index):
    """What is wrong with the operand of the `co_await` at `index`: a message, or None."""
    remedy = "; name the object on the line before, then std::move it in"
    position, depth, angles = index + 1, 0, 0
    while position < len(source.tokens):
        token = source.tokens[position]
        if token.kind == "mark":
            if token.text == "{":
                return "braces in the operand of co_await" + remedy
            if _begins_lambda(source, position):
                return "a lambda in the operand of co_await" + remedy
            if token.text == "?":
                return "?: in the operand of co_await; choose with if and else first"
            if token.text in ("(", "["):
                depth += 1
            elif token.text in (")", "]"):
                if depth == 0:
                    break
                depth -= 1
            elif depth == 0:
                if token.text in (";", "}"):
                    break
                if token.text == "<" and source.is_word(position - 1):
                    angles += 1
                elif token.text == ">" and angles:
                    angles -= 1
                elif token.text == "," and not angles:
                    break
                elif token.text in _BINARY:
                    return f"`{token.text}` follows co_await; await into a named value first"
        elif token.text == "co_await":
            return "co_await inside the operand of co_await; await into a named value first"
        position += 1
    if source.is_mark(position, ";"):
        return None
    if source.is_mark(position, ")"):
        opener = source.partner.get(position)
        if opener is not None and source.is_word(opener - 1, *_TRY_MACROS):
            return None
    return "co_await is only a part of the expression; await into a named value first"


def check_awaits(source):
    """Yields (line, message) for each `co_await` that stands where g++ 12 may go wrong."""
    for index, token in enumerate(source.tokens):
        if token.kind != "word" or token.text != "co_await" or source.is_word(index - 1, "operator"):
            continue
        message = _place(source, index) or _operand(source, index)
        if message:
            yield token.line, message
