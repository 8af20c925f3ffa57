"""Right sides of Vensim's equations, and all that is said of one variable in one draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from cyclesim.errors import SourceText
from cyclesim.expr import Expr, ExpressionError, Number, parse
from cyclesim.expr.lexer import Token
from cyclesim.expr.tree import Span, children
from cyclesim.expr.vensim_tokens import VENSIM, vensim_tokens
from cyclesim.names import Ident, canonical
from cyclesim.project import Equation, GraphicalFunction
from cyclesim.readers.external import ExternalFiles
from cyclesim.readers.findings import Findings
from cyclesim.readers.vensim_external import CONSTANTS, DATA, LOOKUPS, whole_call
from cyclesim.readers.vensim_functions import Translator
from cyclesim.readers.vensim_parts import (
    Formula,
    Integral,
    Part,
    external_parts,
    external_points,
    spread,
)
from cyclesim.readers.vensim_points import Listed, is_list, read_list, read_points, read_tabbed
from cyclesim.readers.vensim_refused import WHOLE, refused_calls
from cyclesim.readers.vensim_statement import Statement, fault_in, piece
from cyclesim.readers.vensim_subscripts import Subscripts

T = TypeVar("T")
_DEEPEST = 250
"""An equation whose tree is deeper is refused by name, before it exhausts the stack."""


@dataclass(frozen=True)
class RightSides:
    """Reads right sides; faults are noted where they stand."""

    subscripts: Subscripts
    translator: Translator
    findings: Findings
    files: ExternalFiles

    def table(self, statement: Statement) -> list[tuple[tuple[Ident, ...], GraphicalFunction]]:
        """Return the points of a graphical function that stands by itself, part by part."""
        return self._guarded(statement, statement.right, lambda: self._table(statement))

    def _table(self, statement: Statement) -> list[tuple[tuple[Ident, ...], GraphicalFunction]]:
        tokens = vensim_tokens(statement.right.content)
        call = whole_call(tokens, LOOKUPS)
        if call is not None:
            return external_points(statement, call, self.subscripts, self.files)
        if self.refused(statement, tokens):
            return []
        return [(tuple(word.ident for word in statement.subscripts), read_points(statement.right))]

    def parts(self, statement: Statement) -> list[Part]:
        """Return the equations that one statement makes: several where it lists numbers."""
        return self._guarded(statement, statement.right, lambda: list(self._parts(statement)))

    def _parts(self, statement: Statement) -> Iterator[Part]:
        source = statement.right
        tokens = vensim_tokens(source.content)
        call = whole_call(tokens, CONSTANTS, DATA)
        if call is not None:
            yield from external_parts(statement, call, self.subscripts, self.files)
            return
        if self.refused(statement, tokens):
            return
        subscripts = tuple(word.ident for word in statement.subscripts)
        holes = [tuple(word.ident for word in hole) for hole in statement.excepts]
        excepts = tuple(
            cut for hole in holes for cut in self.subscripts.effective(subscripts, hole)
        )
        called = canonical(tokens[0].text) if tokens[0].kind == "name" else ""
        if called == "tabbed_array":
            yield from self.listed(statement, read_tabbed(source))
            return
        if is_list(tokens):
            yield from self.listed(statement, read_list(source))
            return
        arguments = _whole_call(tokens, source) if called in ("integ", "with_lookup") else None
        if arguments is None and called in ("integ", "with_lookup"):
            message = f"{tokens[0].text} stands within an equation"
            raise ExpressionError(message, tokens[0].span, "Give it a variable of its own.")
        if arguments is None:
            equation = self.equation(statement, source)
            if equation is not None:
                yield Formula(equation, subscripts, excepts)
        elif called == "integ":
            yield from self.integral(statement, arguments, subscripts, excepts, tokens[0])
        else:
            yield from self.with_points(statement, arguments, subscripts, excepts, tokens[0])

    def integral(
        self,
        statement: Statement,
        arguments: list[SourceText],
        subscripts: tuple[Ident, ...],
        excepts: tuple[tuple[Ident, ...], ...],
        called: Token,
    ) -> Iterator[Part]:
        """Yield the rate and the initial value of a stock."""
        if len(arguments) != 2:
            raise _wrong_count(arguments, called, "INTEG(rate, initial)")
        rate, initial = (self.equation(statement, source) for source in arguments)
        if rate is not None and initial is not None:
            yield Integral(rate, initial, subscripts, excepts)

    def with_points(
        self,
        statement: Statement,
        arguments: list[SourceText],
        subscripts: tuple[Ident, ...],
        excepts: tuple[tuple[Ident, ...], ...],
        called: Token,
    ) -> Iterator[Part]:
        """Yield the equation of a variable with a graphical function of its own."""
        if len(arguments) != 2:
            raise _wrong_count(arguments, called, "WITH LOOKUP(x, ((x1,y1),(x2,y2)))")
        equation = self.equation(statement, arguments[0])
        points = self._guarded(statement, arguments[1], lambda: [read_points(arguments[1])])
        if equation is not None and points:
            yield Formula(equation, subscripts, excepts, points[0])

    def listed(self, statement: Statement, rows: list[list[Listed]]) -> Iterator[Part]:
        """Yield one equation for each number of a list, the last dimension running fastest."""
        whole = Span(0, len(statement.right.content))
        sizes, elements = spread(statement, self.subscripts)
        if len(sizes) not in (1, 2):
            message = f"a list of numbers stands for {len(sizes)} dimensions"
            raise ExpressionError(message, whole, "A list fills one dimension or two.")
        values = [value for row in rows for value in row]
        shape = [len(values)] if len(sizes) == 1 else [len(rows), len(rows[0]) if rows else 0]
        if len(sizes) == 2 and any(len(row) != shape[1] for row in rows):
            raise ExpressionError("the rows of the list are of different length", whole)
        if shape != sizes:
            given, wanted = (" x ".join(map(str, count)) for count in (shape, sizes))
            message = f"the list has {given} numbers for {wanted} elements"
            raise ExpressionError(message, whole)
        for element, value in zip(elements, values, strict=True):
            source = piece(statement.right, *value.span)
            yield Formula(Equation(source, Number(value.value)), element)

    def equation(self, statement: Statement, source: SourceText) -> Equation | None:
        """Return a piece of text parsed and in cyclesim's vocabulary, None where it is faulty."""
        found = self._guarded(statement, source, lambda: [self.tree(source)])
        return Equation(source, found[0]) if found else None

    def tree(self, source: SourceText) -> Expr:
        """Return the tree of a text. Raises ExpressionError."""
        tokens = vensim_tokens(source.content)
        for token in tokens:
            if token.kind == "operator" and token.text == ":":
                message = "a ':' lists further outputs of a macro, and this is no call of one"
                raise ExpressionError(message, token.span)
        try:
            expr = parse(source.content, self.findings.next_call, VENSIM)
            _check_depth(expr)
            return self.translator.translated(expr)
        except RecursionError:
            raise _too_deep() from None

    def refused(self, statement: Statement, tokens: list[Token]) -> bool:
        """Note each call that cannot be computed, and return whether there is one."""
        found = refused_calls(tokens, self.translator.known, WHOLE)
        for error in found:
            self.fault(statement, statement.right, error)
        return bool(found)

    def outside(self, statement: Statement) -> bool:
        """Note the calls of a statement that cannot be computed, whatever else it says."""
        read = self._guarded(
            statement, statement.right, lambda: [vensim_tokens(statement.right.content)]
        )
        return any(self.refused(statement, tokens) for tokens in read)

    def fault(self, statement: Statement, source: SourceText, error: ExpressionError) -> None:
        """Note a fault of a right side."""
        fault_in(self.findings, source, statement.name.name, "equation", error)

    def _guarded(
        self, statement: Statement, source: SourceText, read: Callable[[], list[T]]
    ) -> list[T]:
        try:
            return read()
        except ExpressionError as error:
            self.fault(statement, source, error)
            return []


def _whole_call(tokens: list[Token], source: SourceText) -> list[SourceText] | None:
    """Return the arguments where one call is the whole right side."""
    starts, ends = [tokens[1].span.end], []
    depth = 0
    for index, token in enumerate(tokens[1:], 1):
        if token.kind != "operator":
            continue
        if token.text in ("(", "["):
            depth += 1
        elif token.text in (")", "]"):
            depth -= 1
            if depth == 0:
                ends.append(token.span.start)
                closed = tokens[index + 1].kind == "end"
                pairs = zip(starts, ends, strict=True)
                return [piece(source, a, b) for a, b in pairs] if closed else None
        elif token.text == "," and depth == 1:
            ends.append(token.span.start)
            starts.append(token.span.end)
    return None


def _wrong_count(arguments: list[SourceText], called: Token, usage: str) -> ExpressionError:
    given = len(arguments)
    name = usage.partition("(")[0]
    message = f"{name} is given {given} argument{'' if given == 1 else 's'}"
    return ExpressionError(message, called.span, f"Write {usage}.")


def _check_depth(expr: Expr) -> None:
    level: Iterable[Expr] = (expr,)
    for _ in range(_DEEPEST):
        level = [child for node in level for child in children(node)]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> ExpressionError:
    message = "the equation is nested too deep"
    return ExpressionError(message, Span(0, 1), "Split it into several variables.")
