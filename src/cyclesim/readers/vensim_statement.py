"""An entry of a Vensim file up to what it says: the left side, and the kind of its right side."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cyclesim.errors import Diagnostic, Location, SourceText
from cyclesim.expr import ExpressionError
from cyclesim.expr.lexer import Token
from cyclesim.expr.vensim_tokens import vensim_tokens
from cyclesim.names import Ident, canonical, displayed
from cyclesim.readers.findings import Findings
from cyclesim.readers.vensim_external import CALLS, LOOKUPS
from cyclesim.readers.vensim_file import Entry


class Kind(Enum):
    """What an entry says."""

    EQUATION = "="
    TABLE = "("
    DIMENSION = ":"
    ALIAS = "<->"
    DATA = ""


@dataclass(frozen=True)
class Word:
    """A name as written, with its place."""

    name: str
    ident: Ident
    location: Location


@dataclass(frozen=True)
class Statement:
    """A left side and what follows it; `right` is unread text.

    `way` says how data are read between their points, "" where the file does not.
    """

    kind: Kind
    name: Word
    right: SourceText
    units: str
    doc: str
    subscripts: tuple[Word, ...] = ()
    excepts: tuple[tuple[Word, ...], ...] = ()
    way: str = ""


_KINDS = {
    "=": Kind.EQUATION,
    "==": Kind.EQUATION,
    ":=": Kind.EQUATION,
    ":": Kind.DIMENSION,
    "<->": Kind.ALIAS,
    "(": Kind.TABLE,
}
_WAYS_OF_DATA = frozenset({":INTERPOLATE:", ":RAW:", ":HOLD BACKWARD:", ":LOOK FORWARD:"})
_CHECKS = frozenset({":THE CONDITION:", ":TEST INPUT:", ":CONSTRAINT:"})


def piece(source: SourceText, start: int, end: int) -> SourceText:
    """Return part of a text, without blanks around it, that remembers where it stood."""
    content = source.content[start:end]
    start += len(content) - len(content.lstrip())
    where = source.location(start)
    return SourceText(content.strip(), source.path, ((0, where.line, where.column),))


def word_of(token: Token, source: SourceText) -> Word:
    """Return the name that a token holds."""
    where = source.location(token.span.start)
    return Word(displayed(token.text), canonical(token.text), where)


def fault_in(
    findings: Findings,
    source: SourceText,
    subject: str,
    code: str,
    error: ExpressionError,
) -> None:
    """Note what is wrong with a piece of text, the place underlined."""
    findings.diagnostics.append(
        Diagnostic(
            code,
            error.message,
            source.location(error.span.start),
            f"'{subject}'" if subject else None,
            error.hint,
            source.excerpt(*error.span),
        )
    )


def read_statement(entry: Entry, findings: Findings) -> Statement | None:
    """Return what an entry says, None where it cannot be read."""
    try:
        left = _Left(entry)
        return left.statement()
    except ExpressionError as error:
        code = "reality-check" if error.message.startswith("reality") else "syntax"
        fault_in(findings, entry.text, _first_name(entry.text), code, error)
        return None


def _first_name(source: SourceText) -> str:
    line = source.content.strip().split("\n")[0]
    name = line.split("=")[0].split("[")[0].split("(")[0].split(":")[0]
    return displayed(name.replace('"', ""))[:60]


class _Left:
    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.source = entry.text
        self.tokens = vensim_tokens(entry.text.content)
        self.position = 0

    @property
    def current(self) -> Token:
        return self.tokens[self.position]

    def at(self, kind: str, *texts: str) -> bool:
        return self.current.kind == kind and (not texts or self.current.text in texts)

    def advance(self) -> Token:
        token = self.current
        self.position += 1
        return token

    def statement(self) -> Statement:
        name = self.word("a variable's name")
        subscripts = self.subscripts() if self.at("operator", "[") else ()
        excepts = self.excepts()
        way = ""
        while self.at("keyword") and self.current.text in _WAYS_OF_DATA:
            way = self.advance().text
        if self.at("keyword") and self.current.text in _CHECKS:
            message = "reality checks are not read yet"
            raise ExpressionError(message, self.current.span, "Delete it: it computes nothing.")
        kind, right = self.right_side()
        return Statement(
            kind, name, right, self.entry.units, self.entry.doc, subscripts, tuple(excepts), way
        )

    def right_side(self) -> tuple[Kind, SourceText]:
        if self.at("end"):
            return Kind.DATA, piece(self.source, len(self.source.content), 1 << 60)
        if not self.at("operator", *_KINDS):
            message = f"expected '=', found '{self.current.text}'"
            raise ExpressionError(message, self.current.span)
        token = self.advance()
        kind = _KINDS[token.text]
        if kind is Kind.EQUATION and CALLS.get(canonical(self.current.text)) == LOOKUPS:
            kind = Kind.TABLE  # its points stand in another file
            start = token.span.end
            return kind, piece(self.source, start, len(self.source.content))
        start = token.span.start if kind is Kind.TABLE else token.span.end
        right = piece(self.source, start, len(self.source.content))
        if self.at("end"):
            raise ExpressionError("there is nothing on the right side", token.span)
        return kind, right

    def word(self, expected: str) -> Word:
        if not (self.at("name") or self.at("quoted")):
            found = f", found '{self.current.text}'" if self.current.text else ""
            raise ExpressionError(f"expected {expected}{found}", self.current.span)
        return word_of(self.advance(), self.source)

    def subscripts(self) -> tuple[Word, ...]:
        opened = self.advance()
        found = [self.word("a dimension or element")]
        while self.at("operator", ","):
            self.advance()
            found.append(self.word("a dimension or element"))
        if not self.at("operator", "]"):
            raise ExpressionError("'[' is not closed: expected ']'", opened.span)
        self.advance()
        return tuple(found)

    def excepts(self) -> list[tuple[Word, ...]]:
        if not self.at("keyword", ":EXCEPT:"):
            return []
        keyword = self.advance()
        found: list[tuple[Word, ...]] = []
        while self.at("operator", "["):
            found.append(self.subscripts())
            if self.at("operator", ","):
                self.advance()
        if not found:
            raise ExpressionError("expected '[' after ':EXCEPT:'", keyword.span)
        return found
