"""Unit texts into products: `hour/(order*week)`, `person per hour`, `m^2`, `square meters`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from cyclesim.units.algebra import DIMENSIONLESS, Unit
from cyclesim.units.words import TIMES, normal

_RANGE = re.compile(r"\[[^\[\]]*\]\s*\Z")
_TOKEN = re.compile(
    r"""\s*(?: (?P<power>\*\*|\^) | (?P<operator>[*·×⋅/]) | (?P<bracket>[()])
      | "(?P<quoted>[^"]*)" | (?P<word>[^\s*/^()·×⋅"]+) )""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)\Z")
_BEFORE = {"square": 2, "sq": 2, "sq.": 2, "cubic": 3, "cu": 3}
_BEHIND = {"squared": 2, "cubed": 3}


class UnitTextError(Exception):
    """A unit text that says no unit; `message` is a sentence without its full stop."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def without_range(text: str) -> str:
    """Return a unit text without the range that Vensim writes behind it."""
    return " ".join(_RANGE.sub("", text).split())


def parse(text: str, named: Callable[[str], Unit]) -> Unit:
    """Return the unit of a text; `named` gives that of each name. Raises UnitTextError."""
    parser = _Parser(_tokens(without_range(text).replace("_", " ")), named)
    unit = parser.product()
    if parser.current.kind != "end":
        raise UnitTextError(f"'{parser.current.text}' closes nothing")
    return unit


def _tokens(text: str) -> list[_Token]:
    return [*_joined(_pieces(text)), _Token("end", "")]


def _pieces(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise UnitTextError(f"'{text[position:].strip()}' is no part of a unit")
        kind = str(match.lastgroup)
        found = match[kind]
        if kind == "word" and found.casefold() == "per":
            yield _Token("operator", "/")
        else:
            yield _Token(kind, "/" if found == "/" else found)
        position = match.end()


def _joined(pieces: Iterator[_Token]) -> Iterator[_Token]:
    """Yield the tokens with words that follow one another made one name."""
    words: list[str] = []
    raised = False
    for piece in pieces:
        if piece.kind == "word" and not raised:
            words.append(piece.text)
            continue
        if words:
            yield _Token("name", " ".join(words))
            words = []
        raised = piece.kind == "power" or (raised and piece.text == "(")
        yield piece if piece.kind != "quoted" else _Token("name", piece.text)
    if words:
        yield _Token("name", " ".join(words))


class _Parser:
    def __init__(self, found: list[_Token], named: Callable[[str], Unit]) -> None:
        self.tokens = found
        self.position = 0
        self.named = named
        self.depth = 0

    @property
    def current(self) -> _Token:
        return self.tokens[self.position]

    def advance(self) -> _Token:
        token = self.current
        self.position += 1
        return token

    def product(self) -> Unit:
        """Return factors up to a closing bracket or the end; division goes left to right."""
        start = self.current
        leading = start.kind == "operator" and start.text == "/"
        unit = DIMENSIONLESS if leading else self.power()
        while self.current.kind not in ("end",) and self.current.text != ")":
            divided = False
            if self.current.kind == "operator":
                divided = self.advance().text == "/"
            factor = self.power()
            unit = unit / factor if divided else unit * factor
        return unit

    def power(self) -> Unit:
        unit = self.factor()
        if self.current.kind == "power":
            self.advance()
            return unit ** self.exponent()
        return unit

    def factor(self) -> Unit:
        token = self.advance()
        if token.kind == "name":
            return self.name(token.text)
        if token.text != "(":
            before = f" after '{self.tokens[self.position - 2].text}'" if self.position > 1 else ""
            found = f", not '{token.text}'" if token.text else ""
            raise UnitTextError(f"a unit is expected{before}{found}")
        self.depth += 1
        if self.depth > 20:
            raise UnitTextError("brackets are nested more than 20 deep")
        unit = self.product()
        self.depth -= 1
        if self.current.text != ")":
            raise UnitTextError("'(' is not closed")
        self.advance()
        return unit

    def exponent(self) -> Fraction:
        token = self.advance()
        bracket = token.text == "("
        written = self.advance().text if bracket else token.text
        if not _NUMBER.match(written):
            raise UnitTextError("an exponent must be a number")
        value = Fraction(written)
        if bracket and self.current.text == "/":
            self.advance()
            divisor = self.advance().text
            if not _NUMBER.match(divisor) or not Fraction(divisor):
                raise UnitTextError("an exponent must be a number")
            value /= Fraction(divisor)
        if bracket and self.advance().text != ")":
            raise UnitTextError("'(' is not closed")
        return value

    def name(self, written: str) -> Unit:
        if _NUMBER.match(written):
            value = Fraction(written)
            return DIMENSIONLESS if value == 1 else Unit.named(written)
        first, *rest = written.split()
        if rest and first.casefold() in _BEFORE:
            return self.named(" ".join(rest)) ** _BEFORE[first.casefold()]
        *rest, last = written.split()
        if rest and last.casefold() in _BEHIND:
            return self.named(" ".join(rest)) ** _BEHIND[last.casefold()]
        if rest and first == "1":
            return self.named(" ".join((*rest, last)[1:]))
        hours = written.rpartition("-")
        if hours[0] and normal(hours[2]) in TIMES:  # person-day, man-hour
            return self.named(hours[0]) * self.named(hours[2])
        return self.named(written)
