"""Equation text into tokens."""

from __future__ import annotations

import re
from typing import NamedTuple

from cyclesim.expr.tree import Span


class Token(NamedTuple):
    """A piece of an equation; `kind` is number, name, quoted, keyword, operator or end."""

    kind: str
    text: str
    span: Span


class ExpressionError(Exception):
    """What is wrong with an equation, and where in its text."""

    def __init__(self, message: str, span: Span, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint


KEYWORDS = frozenset({"if", "then", "else", "and", "or", "not", "mod"})

_PATTERN = re.compile(
    r"""
      (?P<blank>[\s\u00a0]+|\{[^}]*\})
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<name>(?:[^\W\d]|[$_]|[^\x00-\x7f\s“”‘’])(?:[\w$]|[^\x00-\x7f\s“”‘’])*)
    | (?P<operator><=|>=|<>|!=|==|//|[-+*/^()\[\],.:=<>&|!'])
    """,
    re.VERBOSE,
)


def tokens(text: str) -> list[Token]:
    """Return the tokens of an equation; comments in braces are passed over.

    Raises ExpressionError at a character that no equation can hold.
    """
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None:
            raise _unreadable(text, position)
        kind = match.lastgroup or ""
        position = match.end()
        if kind == "blank":
            continue
        piece = match.group()
        if kind == "name" and piece.casefold() in KEYWORDS:
            kind, piece = "keyword", piece.casefold()
        found.append(Token(kind, piece, Span(match.start(), match.end())))
    found.append(Token("end", "", Span(len(text), len(text))))
    return found


def _unreadable(text: str, position: int) -> ExpressionError:
    character = text[position]
    span = Span(position, position + 1)
    if character == "{":
        return ExpressionError("the comment is not closed", span, "Add the missing '}'.")
    if character == '"':
        return ExpressionError("the quoted name is not closed", span, "Add the missing '\"'.")
    hints = {
        "%": "Write 0.06 for 6 %.",
        "“": 'Use straight quotes (").',
        "”": 'Use straight quotes (").',
    }
    return ExpressionError(f"'{character}' cannot stand in an equation", span, hints.get(character))
