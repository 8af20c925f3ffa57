"""What stands behind the colon of a subscript range: elements, ranges of them, mappings."""

from __future__ import annotations

from dataclasses import dataclass, field

from cyclesim.expr import ExpressionError
from cyclesim.expr.lexer import Token
from cyclesim.names import canonical, displayed
from cyclesim.readers.external import ExternalFiles
from cyclesim.readers.vensim_external import (
    CALLS,
    SUBSCRIPT,
    ExternalCall,
    elements,
    external_call,
)
from cyclesim.readers.vensim_statement import Statement, Word, word_of

RANGES = frozenset(name for name, kind in CALLS.items() if kind == SUBSCRIPT)
"""Functions that give the elements of a dimension."""


@dataclass
class RangeDraft:
    """A dimension as its statement lists it; `elements` once all it names are known."""

    statement: Statement
    items: list[Word | tuple[Word, Word]] = field(default_factory=list)
    mappings: list[tuple[Word, list[Word]]] = field(default_factory=list)
    elements: tuple[str, ...] | None = None


def read_range(
    tokens: list[Token], statement: Statement, draft: RangeDraft, files: ExternalFiles
) -> None:
    """Fill a draft with the items and mappings of its statement. Raises ExpressionError."""
    call = external_call(tokens)
    _List(tokens, statement, draft, call, files).read()


class _List:
    """The right side of a dimension: its items and its mappings."""

    def __init__(
        self,
        tokens: list[Token],
        statement: Statement,
        draft: RangeDraft,
        call: ExternalCall | None,
        files: ExternalFiles,
    ) -> None:
        self.tokens = tokens
        self.source = statement.right
        self.draft = draft
        self.call = call
        self.files = files
        self.position = 0

    def at(self, *texts: str) -> bool:
        token = self.tokens[self.position]
        return token.kind == "operator" and token.text in texts

    def take(self, *texts: str) -> bool:
        if self.at(*texts):
            self.position += 1
            return True
        return False

    def read(self) -> None:
        if self.call is not None:
            where = self.source.location(self.call.name.span.start)
            names = elements(self.call, self.files)
            self.draft.items += [Word(displayed(each), canonical(each), where) for each in names]
            self.position = self.call.end
        else:
            self.draft.items.append(self.item())
        while self.call is None and self.take(","):
            self.draft.items.append(self.item())
        if self.take("->"):
            self.draft.mappings.append(self.mapping())
            while self.take(","):
                self.draft.mappings.append(self.mapping())
        token = self.tokens[self.position]
        if token.kind != "end":
            raise ExpressionError(f"expected ',', found '{token.text}'", token.span)

    def item(self) -> Word | tuple[Word, Word]:
        if not self.take("("):
            return self.word()
        first = self.word()
        self.expect("-")
        last = self.word()
        self.expect(")")
        return first, last

    def mapping(self) -> tuple[Word, list[Word]]:
        if not self.take("("):
            return self.word(), []
        target = self.word()
        self.expect(":")
        parts = [self.word()]
        while self.take(","):
            parts.append(self.word())
        self.expect(")")
        return target, parts

    def expect(self, text: str) -> None:
        if not self.take(text):
            token = self.tokens[self.position]
            found = f", found '{token.text}'" if token.text else ""
            raise ExpressionError(f"expected '{text}'{found}", token.span)

    def word(self) -> Word:
        token = self.tokens[self.position]
        if token.kind not in ("name", "quoted"):
            found = f", found '{displayed(token.text)}'" if token.text else ""
            raise ExpressionError(f"expected an element or dimension{found}", token.span)
        self.position += 1
        return word_of(token, self.source)
