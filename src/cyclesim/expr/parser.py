"""Equation text into an expression tree: XMILE's grammar (XMILE 1.0, section 3.3).

From tightest to loosest: call and subscript; ^ (right to left); unary + - NOT;
* / // MOD; + -; < <= > >=; = <>; AND; OR; IF THEN ELSE. Another dialect has its own tokens
and levels, and may set its NOT at a level of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cyclesim.expr.lexer import ExpressionError, Token, tokens
from cyclesim.expr.tree import (
    Binary,
    Call,
    Conditional,
    Expr,
    Number,
    Reference,
    Slice,
    Span,
    Subscripted,
    Unary,
    Wildcard,
)
from cyclesim.names import canonical, displayed

__all__ = ["XMILE", "Dialect", "ExpressionError", "parse"]

DEPTH_LIMIT = 60
CHAIN_LIMIT = 200
"""Deeper nesting and longer chains of operators are refused by name: they exhaust the stack."""

_LEVELS: tuple[dict[str, str], ...] = (
    {"or": "or", "|": "or"},
    {"and": "and", "&": "and"},
    {"=": "=", "==": "=", "<>": "<>", "!=": "<>"},
    {"<": "<", "<=": "<=", ">": ">", ">=": ">="},
    {"+": "+", "-": "-"},
    {"*": "*", "/": "/", "//": "//", "mod": "mod"},
)


_NUMBER = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*", re.ASCII)


@dataclass(frozen=True)
class Dialect:
    """What the grammars of equations differ in.

    `levels` are the operators between operands, loosest first, as written and as in the tree;
    `signs` stand before an operand; at level `negation`, `not` stands before the rest of it.
    `table_calls` says that a graphical function with subscripts can be called.
    """

    tokens: Callable[[str], list[Token]]
    levels: tuple[dict[str, str], ...]
    signs: tuple[str, ...]
    negation: int | None = None
    table_calls: bool = False


XMILE = Dialect(tokens, _LEVELS, ("-", "+", "not", "!"))


def parse(text: str, next_site: Callable[[], int] | None = None, dialect: Dialect = XMILE) -> Expr:
    """Return the tree of an equation.

    `next_site` numbers calls in source order. Raises ExpressionError.
    """
    number = _NUMBER.fullmatch(text)
    if number is not None:  # half of all equations: nothing to parse
        return Number(float(text), Span(*number.span(1)))
    parser = _Parser(dialect.tokens(text), next_site or (lambda: 0), dialect)
    expr = parser.expression()
    parser.expect_end()
    return expr


_OPERANDS_OF_LOGIC = 2
"""The level of what AND and OR join."""


class _Parser:
    def __init__(
        self, found: list[Token], next_site: Callable[[], int], dialect: Dialect = XMILE
    ) -> None:
        self.tokens = found
        self.dialect = dialect
        self.operators = {
            written: (level, operator)
            for level, operators in enumerate(dialect.levels)
            for written, operator in operators.items()
        }
        self.position = 0
        self.depth = 0
        self.next_site = next_site

    @property
    def current(self) -> Token:
        return self.tokens[self.position]

    def advance(self) -> Token:
        token = self.current
        self.position += 1
        return token

    def at(self, *texts: str) -> bool:
        return self.current.kind in ("operator", "keyword") and self.current.text in texts

    def expect(self, text: str, opened: Token | None = None) -> Token:
        if self.at(text):
            return self.advance()
        self.refuse_by_name()
        if opened is not None:
            message = f"'{opened.text}' is not closed: expected '{text}'{self._instead()}"
            raise ExpressionError(message, opened.span)
        raise ExpressionError(f"expected '{text}'{self._instead()}", self.current.span)

    def refuse_by_name(self) -> None:
        """Refuse what other tools write behind an operand and XMILE, or cyclesim, does not."""
        if self.at("not"):
            message = "'not' stands behind more than the one value that it may deny there"
            raise ExpressionError(message, self.current.span, "Write it in front.")
        if self.at("'"):
            message = "transposition (') is not computed yet"
            hint = "Name the dimensions in the order wanted: x[Column, Row]."
            raise ExpressionError(message, self.current.span, hint)

    def _instead(self) -> str:
        if self.current.kind == "end":
            return " before the end of the equation"
        return f", found '{self.current.text}'"

    def expect_end(self) -> None:
        if self.current.kind == "end":
            return
        if self.at(")", "]"):
            raise ExpressionError(f"'{self.current.text}' closes nothing", self.current.span)
        self.refuse_by_name()
        message = f"expected an operator{self._instead()}"
        raise ExpressionError(message, self.current.span, self._advice())

    def _advice(self) -> str | None:
        """Return what may have been meant where an equation goes on against the grammar."""
        before = self.tokens[self.position - 1]
        if self.current.kind == "name" and before.kind == "name":
            return "Write a name of several words with underscores or in double quotes."
        if self.at(",") and before.kind == "number":
            return "Write decimals with a point: 0.5."
        return None

    def expression(self) -> Expr:
        self.deeper()
        expr = self.binary(0)
        self.depth -= 1
        return expr

    def deeper(self) -> None:
        """Go one level down, or refuse to."""
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            message = f"the equation is nested more than {DEPTH_LIMIT} deep"
            raise ExpressionError(message, self.current.span, "Split it into several variables.")

    def binary(self, least: int) -> Expr:
        """Return operands joined by operators of a level, or of tighter ones."""
        negation = self.dialect.negation
        if negation is not None and least <= negation and self.at("not"):
            left = self.prefixed(lambda: self.binary(negation))
        else:
            left = self.unary()
            if self.at("not") and least <= _OPERANDS_OF_LOGIC:
                left = self.denied(left)
        length = 1
        while True:
            token = self.tokens[self.position]
            level, operator = self.operators.get(token.text, (-1, ""))
            if level < least or token.kind not in ("operator", "keyword"):
                return left
            self.position += 1
            right = self.binary(level + 1)
            length += 1
            if length > CHAIN_LIMIT:
                message = f"more than {CHAIN_LIMIT} operands stand in one chain"
                raise ExpressionError(message, right.span, "Split it into several variables.")
            left = Binary(operator, left, right, Span(left.span.start, right.span.end))

    def denied(self, operand: Expr) -> Expr:
        """Return an operand with 'not' behind it, as Stella's reading of Vensim's files has it."""
        following = self.tokens[self.position + 1]
        if self.operators.get(following.text, (0, ""))[0] >= _OPERANDS_OF_LOGIC:
            self.refuse_by_name()  # it might deny more than the one operand
        token = self.advance()
        return Unary("not", operand, Span(operand.span.start, token.span.end))

    def unary(self) -> Expr:
        if self.at(*self.dialect.signs):
            return self.prefixed(self.unary)
        return self.power()

    def prefixed(self, rest: Callable[[], Expr]) -> Expr:
        token = self.advance()
        self.deeper()
        operand = rest()
        self.depth -= 1
        operator = "not" if token.text in ("not", "!") else token.text
        return Unary(operator, operand, Span(token.span.start, operand.span.end))

    def power(self) -> Expr:
        base = self.primary()
        if self.at("^"):
            self.advance()
            self.deeper()
            exponent = self.unary()  # right to left, and 2^-3 needs no brackets
            self.depth -= 1
            return Binary("^", base, exponent, Span(base.span.start, exponent.span.end))
        return base

    def primary(self) -> Expr:
        token = self.current
        if token.kind == "number":
            self.advance()
            if float(token.text) == float("inf"):
                message = f"{token.text} is beyond the largest number, about 1.8e308"
                raise ExpressionError(message, token.span)
            return Number(float(token.text), token.span)
        if token.kind in ("name", "quoted"):
            return self.named()
        if self.at("("):
            self.advance()
            inner = self.expression()
            self.expect(")", token)
            return inner
        if self.at("if"):
            return self.conditional()
        if self.at("mod") and self.tokens[self.position + 1].text == "(":
            self.advance()
            return self.call([token], token.span)
        if token.kind == "end":
            only = self.position == 0
            message = "there is no equation, only a comment" if only else \
                "the equation ends where a value is expected"  # fmt: skip
            raise ExpressionError(message, token.span)
        hint = None
        if self.at("then"):
            hint = "Write IF condition THEN value ELSE value."
        elif self.at("*") and self.tokens[self.position - 1].text == "*":
            hint = "A power is written ^."
        raise ExpressionError(f"expected a value, found '{token.text}'", token.span, hint)

    def conditional(self) -> Expr:
        start = self.advance().span.start
        condition = self.expression()
        self.expect("then")
        then = self.expression()
        self.expect("else")
        otherwise = self.expression()
        return Conditional(condition, then, otherwise, Span(start, otherwise.span.end))

    def named(self) -> Expr:
        first = self.advance()
        pieces = [self.several_words(first)]
        while self.at(".") and self.tokens[self.position + 1].kind in ("name", "quoted"):
            self.advance()
            pieces.append(self.advance())
        span = Span(first.span.start, pieces[-1].span.end)
        name = displayed(pieces[-1].text)
        if self.at("("):
            return self.call(pieces, span)
        path = tuple(displayed(piece.text) for piece in pieces[:-1])
        reference = Reference(canonical(pieces[-1].text), name, path, span)
        if self.at("["):
            opened = self.advance()
            subscripts = self.arguments("]", opened)
            end = self.tokens[self.position - 1].span.end
            part = Subscripted(reference, subscripts, Span(span.start, end))
            return self.table_call(part) if self.at("(") and self.dialect.table_calls else part
        return reference

    def table_call(self, table: Subscripted) -> Expr:
        site = self.next_site()
        arguments = (table, *self.arguments(")", self.advance()))
        end = self.tokens[self.position - 1].span.end
        return Call(canonical("LOOKUP"), "LOOKUP", arguments, Span(table.span.start, end), site)

    def several_words(self, first: Token) -> Token:
        """Return a function's name of several words, such as VECTOR SORT ORDER, as one."""
        end = self.position
        while self.tokens[end].kind == "name" or self.tokens[end].text == "if":
            end += 1
        if end == self.position or self.tokens[end].text != "(" or first.kind != "name":
            return first
        words = [first, *self.tokens[self.position : end]]
        self.position = end
        text = " ".join("IF" if word.kind == "keyword" else word.text for word in words)
        return Token("name", text, Span(first.span.start, words[-1].span.end))

    def call(self, pieces: list[Token], span: Span) -> Expr:
        name = ".".join(displayed(piece.text) for piece in pieces)
        site = self.next_site()
        opened = self.advance()
        arguments = self.arguments(")", opened)
        end = self.tokens[self.position - 1].span.end
        return Call(canonical(name), name, arguments, Span(span.start, end), site)

    def arguments(self, closing: str, opened: Token) -> tuple[Expr, ...]:
        found: list[Expr] = []
        if self.at(closing):
            self.advance()
            return ()
        while True:
            found.append(self.subscript() if closing == "]" else self.expression())
            if self.at(","):
                self.advance()
                continue
            self.expect(closing, opened)
            return tuple(found)

    def subscript(self) -> Expr:
        if self.at("*"):
            star = self.advance()
            if not self.at(":"):
                return Wildcard(None, "", star.span)
            self.advance()
            token = self.advance()
            if token.kind not in ("name", "quoted"):
                raise ExpressionError("expected a dimension after '*:'", token.span)
            name = displayed(token.text)
            return Wildcard(canonical(name), name, Span(star.span.start, token.span.end))
        first = self.expression()
        if isinstance(first, Reference) and not first.path and self.at("!"):
            bang = self.advance()
            return Wildcard(first.ident, first.name, Span(first.span.start, bang.span.end))
        if self.at(":"):
            self.advance()
            last = self.expression()
            return Slice(first, last, Span(first.span.start, last.span.end))
        return first
