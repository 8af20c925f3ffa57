"""Calls of macros with several outputs: `total = NAME(a, b : least, most)`.

Each output beside the macro's own becomes a variable of its own, which calls a macro that gives
that output. All copies compute the same, as long as nothing in the macro is drawn at random.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cyclesim.errors import SourceText
from cyclesim.expr import ExpressionError
from cyclesim.expr.lexer import Token
from cyclesim.expr.vensim_tokens import vensim_tokens
from cyclesim.names import Ident, canonical
from cyclesim.readers.findings import Findings
from cyclesim.readers.vensim_statement import Kind, Statement, Word, fault_in, word_of

Outputs = Mapping[Ident, tuple[Word, ...]]
"""The outputs of each macro beside the one that bears its name."""


def giving(macro: str, output: str) -> str:
    """Return the name of the macro that gives one of several outputs."""
    return f"{macro} giving {output}"


def with_outputs(
    statements: list[Statement], outputs: Outputs, findings: Findings
) -> list[Statement]:
    """Return statements in which each call has one output, those for the other outputs added."""
    found: list[Statement] = []
    for statement in statements:
        if statement.kind is not Kind.EQUATION or ":" not in statement.right.content:
            found.append(statement)
            continue
        try:
            found += _split(statement, outputs)
        except ExpressionError as error:
            fault_in(findings, statement.right, statement.name.name, "macro", error)
    return found


def _split(statement: Statement, outputs: Outputs) -> Iterator[Statement]:
    tokens = vensim_tokens(statement.right.content)
    right = statement.right
    made: list[Statement] = []
    while (place := _colon(tokens)) is not None:
        opened = _opening(tokens, place)
        called = tokens[opened - 1] if opened > 0 else tokens[place]
        wanted = outputs.get(canonical(called.text), ())
        if not wanted:
            message = f"'{called.text}' is no macro with several outputs"
            if called.kind not in ("name", "quoted"):
                message = "a ':' lists further outputs of a macro, and this is no call of one"
            raise ExpressionError(message, tokens[place].span)
        names, closed = _names(tokens, place + 1, right)
        if len(names) != len(wanted):
            listed = ", ".join(word.name for word in wanted)
            message = f"{len(names)} further outputs are named, and the macro gives {len(wanted)}"
            raise ExpressionError(message, called.span, f"It gives {listed}.")
        start, end = tokens[place].span.start, tokens[closed].span.start
        text = right.content[:start] + " " * (end - start) + right.content[end:]
        right = replace(right, content=text)
        arguments = text[tokens[opened].span.start : tokens[closed].span.end]
        for (word, subscripts), output in zip(names, wanted, strict=True):
            content = f'"{giving(called.text, output.name)}"{arguments}'
            where = statement.right.location(called.span.start)
            source = SourceText(content, right.path, ((0, where.line, where.column),))
            made.append(Statement(Kind.EQUATION, word, source, "", "", subscripts))
        tokens = vensim_tokens(text)
    yield replace(statement, right=right)
    yield from made


def _colon(tokens: list[Token]) -> int | None:
    found = (n for n, t in enumerate(tokens) if t.kind == "operator" and t.text == ":")
    return next(found, None)


def _opening(tokens: list[Token], place: int) -> int:
    """Return the bracket of the call in which a token stands, 0 where it stands in none."""
    depth = 0
    for number in range(place - 1, -1, -1):
        text = tokens[number].text if tokens[number].kind == "operator" else ""
        depth += (text == ")") - (text == "(")
        if depth < 0:
            return number
    return 0


def _names(
    tokens: list[Token], place: int, source: SourceText
) -> tuple[list[tuple[Word, tuple[Word, ...]]], int]:
    """Return the variables listed from a token on, with subscripts, and the closing bracket."""
    found: list[tuple[Word, tuple[Word, ...]]] = []
    while True:
        word = _word(tokens, place, source)
        subscripts: list[Word] = []
        place += 1
        if tokens[place].text == "[":
            while tokens[place].text in ("[", ","):
                subscripts.append(_word(tokens, place + 1, source))
                place += 2
            _expect(tokens, place, "]")
            place += 1
        found.append((word, tuple(subscripts)))
        if tokens[place].text != ",":
            _expect(tokens, place, ")")
            return found, place
        place += 1


def _word(tokens: list[Token], place: int, source: SourceText) -> Word:
    token = tokens[min(place, len(tokens) - 1)]
    if token.kind not in ("name", "quoted"):
        raise ExpressionError("the name of a variable is expected here", token.span)
    return word_of(token, source)


def _expect(tokens: list[Token], place: int, text: str) -> None:
    token = tokens[min(place, len(tokens) - 1)]
    if token.text != text:
        raise ExpressionError(f"expected '{text}'", token.span)
