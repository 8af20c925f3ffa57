"""Equation text into an expression tree: XMILE's grammar (XMILE 1.0, section 3.3).

From tightest to loosest: call and subscript; ^ (right to left); unary + - NOT;
* / // MOD; + -; < <= > >=; = <>; AND; OR; IF THEN ELSE.
"""

from __future__ import annotations

from collections.abc import Callable

from cyclesim.expr.lexer import ExpressionError, Token, tokens
from cyclesim.expr.tree import (
    Binary,
    Call,
    Conditional,
    Expr,
    Number,
    Reference,
    Span,
    Subscripted,
    Unary,
)
from cyclesim.names import canonical, displayed

__all__ = ["ExpressionError", "parse"]

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


def parse(text: str, next_site: Callable[[], int] | None = None) -> Expr:
    """Return the tree of an equation.

    `next_site` numbers calls in source order. Raises ExpressionError.
    """
    parser = _Parser(tokens(text), next_site or (lambda: 0))
    expr = parser.expression()
    parser.expect_end()
    return expr


class _Parser:
    def __init__(self, found: list[Token], next_site: Callable[[], int]) -> None:
        self.tokens = found
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
        if opened is not None:
            message = f"'{opened.text}' is not closed: expected '{text}'{self._instead()}"
            raise ExpressionError(message, opened.span)
        raise ExpressionError(f"expected '{text}'{self._instead()}", self.current.span)

    def _instead(self) -> str:
        if self.current.kind == "end":
            return " before the end of the equation"
        return f", found '{self.current.text}'"

    def expect_end(self) -> None:
        if self.current.kind == "end":
            return
        if self.at(")", "]"):
            raise ExpressionError(f"'{self.current.text}' closes nothing", self.current.span)
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

    def binary(self, level: int) -> Expr:
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        length = 1
        while self.current.kind in ("operator", "keyword") and self.current.text in _LEVELS[level]:
            operator = _LEVELS[level][self.advance().text]
            right = self.binary(level + 1)
            length += 1
            if length > CHAIN_LIMIT:
                message = f"more than {CHAIN_LIMIT} operands stand in one chain"
                raise ExpressionError(message, right.span, "Split it into several variables.")
            left = Binary(operator, left, right, Span(left.span.start, right.span.end))
        return left

    def unary(self) -> Expr:
        if self.at("-", "+", "not", "!"):
            token = self.advance()
            self.deeper()
            operand = self.unary()
            self.depth -= 1
            operator = "not" if token.text in ("not", "!") else token.text
            return Unary(operator, operand, Span(token.span.start, operand.span.end))
        return self.power()

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
        pieces = [first]
        while self.at(".") and self.tokens[self.position + 1].kind in ("name", "quoted"):
            self.advance()
            pieces.append(self.advance())
        span = Span(first.span.start, pieces[-1].span.end)
        name = displayed(pieces[-1].text)
        if self.at("(") and pieces[-1].kind == "name":
            return self.call(pieces, span)
        path = tuple(displayed(piece.text) for piece in pieces[:-1])
        reference = Reference(canonical(pieces[-1].text), name, path, span)
        if self.at("["):
            opened = self.advance()
            subscripts = self.arguments("]", opened)
            end = self.tokens[self.position - 1].span.end
            return Subscripted(reference, subscripts, Span(span.start, end))
        return reference

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
            token = self.advance()
            return Reference(canonical("*"), "*", (), token.span)
        return self.expression()
