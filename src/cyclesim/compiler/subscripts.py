"""Subscripts into places: where in an array an equation reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from cyclesim.compiler.scope import Loop, Scope
from cyclesim.compiler.terms import (
    ZERO,
    AtLoop,
    AtPlace,
    AtValue,
    Index,
    Literal,
    LoopValue,
    Places,
    Term,
    apply,
    compact,
)
from cyclesim.errors import Diagnostic
from cyclesim.expr import Expr, Number, Reference, Slice, Wildcard
from cyclesim.names import Ident, canonical, did_you_mean
from cyclesim.project import About, Equation

CLOCK_NAMES = frozenset({"time", "dt", "starttime", "stoptime", "pi", "inf", "nan"})


class Subscripts(ABC):
    """The loops around one equation, and the reductions that are open at a place in it.

    `outer` are the loops of the variable defined; `reductions` holds, for each open reduction,
    the loops it has made: by label, places, and how often the label came before in one array.
    """

    def __init__(
        self, scope: Scope, about: About, equation: Equation, loops: tuple[Loop, ...]
    ) -> None:
        self.scope = scope
        self.about = about
        self.equation = equation
        self.outer = loops
        self.loops: dict[int, Loop] = dict(enumerate(loops))
        self.reductions: list[dict[tuple[Ident, Places, int], int]] = []

    @abstractmethod
    def term(self, expr: Expr) -> Term:
        """Return the term of an expression."""

    def fault(self, code: str, message: str, expr: Expr, hint: str | None = None) -> Term:
        """Note a fault at an expression and return 0 in its place."""
        source = self.equation.source
        where = source.location(expr.span.start)
        excerpt = source.excerpt(*expr.span)
        subject = f"'{self.about.name}'"
        self.scope.diagnostics.append(Diagnostic(code, message, where, subject, hint, excerpt))
        return ZERO

    def part_number(self, dimension: Ident, part: Ident) -> Term | None:
        """Return a subrange as the number that its element has within a dimension."""
        if part not in self.scope.dimensions:
            return None
        for number, loop in self.loops.items():
            if loop.dimension is None:
                continue
            elements: tuple[Ident, ...] | None = loop.elements
            if loop.dimension != part:
                translated = self.scope.dimensions.translated(part, loop.dimension, loop.elements)
                elements = translated
            places = self.scope.dimensions.places(dimension, elements) if elements else None
            if places is not None:
                return LoopValue(number, compact([place + 1 for place in places]))
        return None

    def element_number(self, ident: Ident) -> Term | None:
        """Return a dimension's name, or an element's, as the number of the element."""
        dimensions = self.scope.dimensions
        if ident in dimensions:
            for number, loop in self.loops.items():
                if loop.dimension is None:
                    continue
                elements = loop.elements
                if loop.dimension != ident:
                    translated = dimensions.translated(ident, loop.dimension, elements)
                    if translated is None:
                        continue
                    elements = translated
                places = dimensions.places(ident, elements)
                if places is not None:
                    return LoopValue(number, compact([place + 1 for place in places]))
            for number, loop in self.parts_of(ident):
                return LoopValue(number, compact([place + 1 for place in loop.places]))
            return None
        for dimension in dimensions.by_ident:
            place = dimensions.place(dimension, ident)
            if place is not None:
                return Literal(float(place + 1))
        return None

    def parts_of(self, dimension: Ident) -> Iterator[tuple[int, Loop]]:
        """Yield the loops of an equation that covers only a part of a declared dimension."""
        for number, loop in self.loops.items():
            if loop.declared == dimension and loop.dimension != dimension:
                yield number, loop

    def implied(self, reference: Reference) -> tuple[Index, ...] | None:
        """Return the indexes of an array that is written without subscripts."""
        used: set[int] = set()
        indexes: list[Index] = []
        for dimension in self.scope.known[reference.ident].dimensions:
            found = self.loop_over(dimension, used)
            if found is not None:
                used.add(found.loop)
                indexes.append(found)
            elif self.reductions:
                everything = range(len(self.scope.dimensions.elements[dimension]))
                indexes.append(self.all_of(dimension, everything, dimension, indexes))
            else:
                shown = self.scope.dimensions.by_ident[dimension].name
                message = f"'{reference.name}' is an array over '{shown}' and needs subscripts"
                self.fault("subscripts", message, reference, f"Write {reference.name}[{shown}].")
                return None
        return tuple(indexes)

    def loop_over(self, dimension: Ident, used: set[int]) -> AtLoop | None:
        """Return the loop of the equation that runs over a dimension, one not used before."""
        for number, loop in self.loops.items():
            if loop.dimension is None or number in used or number >= len(self.outer):
                continue
            places = self.scope.dimensions.places(dimension, loop.elements)
            if places is not None:
                return AtLoop(number, places)
        return None

    def indexes(
        self, base: Reference, subscripts: tuple[Expr, ...], whole: Expr
    ) -> tuple[Index, ...] | None:
        """Return where in an array its subscripts point."""
        if base.path:
            name = ".".join((*base.path, base.name))
            base = Reference(canonical(name), name, (), base.span)
        known = self.scope.known.get(base.ident)
        dimensions: tuple[Ident, ...]
        if known is not None:
            dimensions = known.dimensions
        elif base.ident in self.scope.tables:
            dimensions = self.scope.arrays[base.ident]
        else:
            hint = did_you_mean(base.name, self.scope.names)
            self.fault("unknown-name", f"no variable is called '{base.name}'", base, hint)
            return None
        if len(subscripts) != len(dimensions):
            count, given = len(dimensions), len(subscripts)
            message = f"'{base.name}' is no array and takes no subscripts"
            if count:
                has = "1 dimension" if count == 1 else f"{count} dimensions"
                message = f"'{base.name}' has {has}, and {given} subscripts are given"
            self.fault("subscripts", message, whole)
            return None
        found: list[Index] = []
        for subscript, dimension in zip(subscripts, dimensions, strict=True):
            index = self.index(subscript, dimension, found)
            if index is None:
                return None
            found.append(index)
        return tuple(found)

    def index(self, subscript: Expr, dimension: Ident, before: list[Index]) -> Index | None:
        """Return where one subscript points in one dimension; None where it is at fault."""
        dimensions = self.scope.dimensions
        match subscript:
            case Reference(path=()):
                return self.named_index(subscript, dimension, before)
            case Number(value=value):
                place = dimensions.place(dimension, canonical(f"{value:g}"))
                if place is None and 1 <= value <= len(dimensions.elements[dimension]):
                    place = int(value) - 1
                if place is None:
                    shown = dimensions.by_ident[dimension].name
                    self.fault(
                        "subscripts", f"the dimension '{shown}' has no element {value:g}", subscript
                    )
                    return None
                return AtPlace(place)
            case Wildcard(dimension=inner):
                elements = dimensions.elements[dimension if inner is None else inner] \
                    if inner is None or inner in dimensions else ()  # fmt: skip
                places = dimensions.places(dimension, elements) if elements else None
                if places is None or not self.reductions:
                    message = "all elements at once can only be given to a function of arrays"
                    self.fault("subscripts", message, subscript, "Use SUM, MEAN, MIN, MAX or PROD.")
                    return None
                return self.all_of(inner or dimension, places, dimension, before)
            case Slice():
                return self.slice(subscript, dimension, before)
        return AtValue(self.term(subscript))

    def slice(self, subscript: Slice, dimension: Ident, before: list[Index]) -> Index | None:
        """Return a loop over the elements from one to another."""
        ends = [self.index(end, dimension, before) for end in (subscript.first, subscript.last)]
        first, last = ends
        if not isinstance(first, AtPlace) or not isinstance(last, AtPlace) or not self.reductions:
            message = "a slice runs from one element to another, within a function of arrays"
            self.fault("subscripts", message, subscript)
            return None
        return self.all_of(dimension, range(first.place, last.place + 1), dimension, before)

    def named_index(self, name: Reference, dimension: Ident, before: list[Index]) -> Index | None:
        """Return where a name points: a loop, an element, a dimension, or a computed place."""
        dimensions = self.scope.dimensions
        ident = name.ident
        for number, loop in self.loops.items():
            if loop.dimension == ident:
                places = dimensions.places(dimension, loop.elements)
                if places is None:
                    other = dimensions.translated(dimension, ident, loop.elements)
                    places = dimensions.places(dimension, other) if other is not None else None
                if places is not None:
                    return AtLoop(number, places)
        place = dimensions.place(dimension, ident)
        if place is not None:
            return AtPlace(place)
        if ident in dimensions:
            return self.dimension_index(name, dimension, before)
        if ident in self.scope.known or ident in CLOCK_NAMES:
            return AtValue(self.term(name))
        shown = dimensions.by_ident[dimension].name
        choices = [*dimensions.by_ident[dimension].elements, shown]
        message = f"the dimension '{shown}' has no element '{name.name}'"
        self.fault("subscripts", message, name, did_you_mean(name.name, choices))
        return None

    def dimension_index(
        self, name: Reference, dimension: Ident, before: list[Index]
    ) -> Index | None:
        """Return a dimension that is not a loop here: mapped to one, or gone through whole."""
        dimensions = self.scope.dimensions
        if not self.reductions:
            for number, loop in self.parts_of(name.ident):
                places = dimensions.places(dimension, loop.elements)
                if places is not None:
                    return AtLoop(number, places)
        for number, loop in self.loops.items():
            if loop.dimension is None:
                continue
            translated = dimensions.translated(name.ident, loop.dimension, loop.elements)
            places = dimensions.places(dimension, translated) if translated is not None else None
            if places is not None:
                return AtLoop(number, places)
        places = dimensions.places(dimension, dimensions.elements[name.ident])
        if places is not None and self.reductions:
            return self.all_of(name.ident, places, dimension, before)
        message = f"the equation does not run over the dimension '{name.name}'"
        self.fault("subscripts", message, name, "Use it within SUM, MEAN, MIN, MAX or PROD, "
                   "or give the variable this dimension.")  # fmt: skip
        return None

    def all_of(self, label: Ident, places: Places, dimension: Ident, before: list[Index]) -> AtLoop:
        """Return a loop of the innermost reduction, shared by equal wildcards in order."""
        loops = self.reductions[-1]
        inner = {index.loop for index in before if isinstance(index, AtLoop)}
        repeat = sum(
            1 for (known, _, _), number in loops.items() if known == label and number in inner
        )
        key = (label, places, repeat)
        if key not in loops:
            number = max([len(self.outer) - 1, *self.loops]) + 1
            elements = tuple(self.scope.dimensions.elements[dimension][place] for place in places)
            loops[key] = number
            self.loops[number] = Loop(label, elements)
        return AtLoop(loops[key], places)

    def element(self) -> Term:
        """Return the number of the element that the equation is at."""
        total: Term = ZERO
        stride = 1
        for number, loop in reversed(list(enumerate(self.outer))):
            values = LoopValue(number, compact([place * stride for place in loop.places]))
            total = values if total == ZERO else apply("add", values, total)
            assert loop.declared is not None
            stride *= len(self.scope.dimensions.elements[loop.declared])
        return total
