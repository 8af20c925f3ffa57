"""Vensim's equation text into tokens, and what else its grammar does differently.

Names hold blanks, line breaks, apostrophes and dollar signs without quotes; operators of logic
stand between colons; a comment stands in braces.
"""

from __future__ import annotations

import re

from cyclesim.expr.lexer import ExpressionError, Token
from cyclesim.expr.parser import Dialect
from cyclesim.expr.tree import Span

NOT_AVAILABLE = -(2.0**109)
"""The number that :NA: stands for."""

_LOGIC = frozenset({"and", "or", "not"})

_PATTERN = re.compile(
    r"""
      (?P<blank>[\s\u00a0]+|\{[^}]*\})
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<string>'[^'\n]*')
    | (?P<keyword>:[ \t]*[A-Za-z]+(?:[ \t]+[A-Za-z]+)*[ \t]*:)
    | (?P<name>[^\W\d][\w$'\u2019]*(?:[\s\u00a0]+[\w$'\u2019]+)*)
    | (?P<operator><->|->|:=|<=|>=|<>|==|[-+*/^()\[\],:=<>!;])
    """,
    re.VERBOSE,
)


def vensim_tokens(text: str) -> list[Token]:
    """Return the tokens of a piece of a Vensim file; comments in braces are passed over.

    Raises ExpressionError at a character that no equation can hold.
    """
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None:
            raise _unreadable(text, position)
        position = match.end()
        kind, piece = match.lastgroup or "", match.group()
        if kind == "blank":
            continue
        if kind == "keyword":
            kind, piece = _keyword(piece)
        found.append(Token(kind, piece, Span(match.start(), match.end())))
    found.append(Token("end", "", Span(len(text), len(text))))
    return found


def _keyword(piece: str) -> tuple[str, str]:
    word = " ".join(piece.strip(": \t").split()).casefold()
    if word == "na":
        return "number", repr(NOT_AVAILABLE)
    return "keyword", word if word in _LOGIC else f":{word.upper()}:"


def _unreadable(text: str, position: int) -> ExpressionError:
    character = text[position]
    span = Span(position, position + 1)
    if character == "{":
        return ExpressionError("the comment is not closed", span, "Add the missing '}'.")
    if character == '"':
        return ExpressionError("the quoted name is not closed", span, "Add the missing '\"'.")
    if character == "'":
        return ExpressionError("the text is not closed", span, 'Add the missing "\'".')
    return ExpressionError(f"'{character}' cannot stand in an equation", span)


VENSIM = Dialect(
    tokens=vensim_tokens,
    levels=(
        {"or": "or"},
        {"and": "and"},
        {},  # :NOT:, which stands before a comparison and covers it
        {"=": "=", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="},
        {"+": "+", "-": "-"},
        {"*": "*", "/": "/"},
    ),
    signs=("-", "+"),
    negation=2,
    table_calls=True,
)
"""Vensim's grammar: -2^2 is -4, powers go right to left, :NOT: a > b negates the comparison."""
