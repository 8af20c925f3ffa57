"""Terms and assignments of a model into a function on vectors of runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from itertools import accumulate
from math import prod
from operator import mul

from cyclesim.codegen.llvm_draws import drawn
from cyclesim.codegen.llvm_kernels import KERNELS, ONE, kernel, one_by_one
from cyclesim.codegen.llvm_operations import (
    CALLED_BACK,
    COMPARISONS,
    NAN,
    OPERATIONS_ON_VECTORS,
    ZERO,
)
from cyclesim.codegen.llvm_plan import CLOCK, Plan
from cyclesim.codegen.llvm_tables import ElementTables, lines_of, looked_up
from cyclesim.codegen.llvm_text import Writer, integer, number
from cyclesim.codegen.render import whole
from cyclesim.compiler import Piece, Term
from cyclesim.compiler.flat import Assignment, Statement, Sweep
from cyclesim.compiler.terms import (
    Apply,
    AtLoop,
    AtPlace,
    AtValue,
    Clock,
    Draw,
    Index,
    Literal,
    Lookup,
    LoopValue,
    Places,
    Reading,
    Reduce,
    Symbol,
)
from cyclesim.names import Ident

REDUCTIONS = ("rank", "sort_order", "rank_order", "selected", "allocated")
"""Reductions that compiled code asks Python for, by their number."""

CALLED_REDUCTION = "cyclesim_reduction"


class Terms:
    """What a function of a model computes, in order.

    With `once` it is the function that is run once a block: it has no quicker ways, and what
    is static is computed where it stands.
    """

    def __init__(self, plan: Plan, writer: Writer, once: bool = False) -> None:
        self.plan = plan
        self.flat = plan.flat
        self.w = writer
        self.once = once
        self.names: dict[Ident, str] = {}
        self.turns: dict[int, str] = {}
        self.readings: dict[Reading, str] = {}

    # Values

    def value(self, term: Term) -> str:
        """Return the value of a term in all lanes."""
        match term:
            case Literal(value=value):
                return number(value)
            case Symbol(ident=ident, indexes=()):
                return self.scalar(ident)
            case Symbol(ident=ident, indexes=indexes):
                return self.element(ident, indexes)
            case Clock(reading=reading):
                return self.clock(reading)
            case LoopValue(loop=loop, values=values):
                return self.turn_value(loop, values)
            case Reduce():
                return self.reduction(term)
            case Lookup():
                return self.lookup(term)
            case Draw():
                return drawn(self, term)
            case Apply():
                if not self.once and self.plan.clocked is not None and self.plan.timed(term):
                    return self.at_this_time(self.plan.timed_place(term))
                if not self.once and self.plan.static(term):
                    return self.w.load("%frame", self.plan.static_spot(term))
                return self.operation(term)
        raise AssertionError(term)  # AtStart is gone once a model is flat

    def scalar(self, ident: Ident) -> str:
        """Return a variable that is no array."""
        if ident not in self.names:
            place = self.plan.place(ident)
            assert place is not None, ident
            return self.w.load(*place)
        return self.names[ident]

    def at_this_time(self, place: int) -> str:
        """Return what was computed beforehand for this time, by its number."""
        row = self.w.value(f"mul i64 {place}, %pitch")
        spot = self.w.value(f"getelementptr double, ptr %now, i64 {row}")
        return self.w.spread(self.w.value(f"load double, ptr {spot}"))

    def clock(self, reading: Reading) -> str:
        """Return a reading of the clock."""
        if self.readings:
            return self.readings[reading]
        if reading in CLOCK:
            return self.w.load("%frame", self.plan.clock[reading])
        return self.w.spread("%time" if reading is Reading.TIME else "%step_time")

    def operation(self, term: Apply) -> str:
        """Return an operation on its arguments' values."""
        name = term.operation
        if name in COMPARISONS or name in ("and", "or", "not"):
            return self.w.pick(self.condition(term), ONE, ZERO)
        if name == "select":
            chosen, other = (self.value(argument) for argument in term.arguments[1:])
            return self.w.pick(self.condition(term.arguments[0]), chosen, other)
        if name == "divide":
            return self.quotient(*term.arguments)
        given = [self.value(argument) for argument in term.arguments]
        if name in OPERATIONS_ON_VECTORS:
            return OPERATIONS_ON_VECTORS[name](self.w, *given)
        if name in KERNELS:
            return kernel(self.w, name, *given)
        assert name in CALLED_BACK, name
        return one_by_one(self.w, f"cyclesim_{name}", *given)

    def quotient(self, above: Term, below: Term) -> str:
        """Return a quotient. Where the divisor stands still its reciprocal does the work.

        What the product with it is short of is made up for, so that the quotient is the rounded
        one (Markstein 1990, IBM J. Res. Dev. 34(1)); infinities and zeros are the product's.
        """
        w = self.w
        if self.plan.strict or self.once or not self.plan.static(below):
            return w.div(self.value(above), self.value(below))
        number_above, divisor = self.value(above), self.value(below)
        inverse = w.load("%frame", self.plan.static_spot(Apply("reciprocal", (below,))))
        near = w.mul(number_above, inverse)
        short = w.fma(w.neg(near), divisor, number_above)
        return w.unless_special(near, w.fma(short, inverse, near))

    def condition(self, term: Term) -> str:
        """Return for each lane whether a term is not 0."""
        w = self.w
        match term:
            case Apply(operation=name, arguments=arguments) if name in COMPARISONS:
                a, b = (self.value(argument) for argument in arguments)
                return w.compare(COMPARISONS[name], a, b)
            case Apply(operation="and" | "or" as name, arguments=arguments):
                return w.flags(name, *(self.condition(argument) for argument in arguments))
            case Apply(operation="not", arguments=(argument,)):
                return w.inverted(self.condition(argument))
        return w.compare("une", self.value(term), ZERO)

    def lookup(self, term: Lookup) -> str:
        """Return a graphical function, of an array's element where there are indexes."""
        table = self.flat.tables[term.table]
        argument = self.value(term.argument)
        if not term.indexes:
            return looked_up(self.w, lines_of(table.graphicals[0]), argument)
        known = self.plan.tables.setdefault(term.table, ElementTables(table))
        spots, valid = self.spots(table.shape, term.indexes)
        found = known.at(self.w, spots, argument)
        return found if valid is None else self.w.pick(valid, found, NAN)

    # Elements of arrays

    def turn(self, loop: int, places: Places) -> str:
        """Return the place that a loop is at, as one whole number."""
        turn = self.turns[loop]
        if isinstance(places, range):
            return self.w.value(f"add i64 {turn}, {places.start}") if places.start else turn
        table = self.w.module.table("i64", places)
        spot = self.w.value(f"getelementptr i64, ptr {table}, i64 {turn}")
        return self.w.value(f"load i64, ptr {spot}")

    def turn_value(self, loop: int, values: Places) -> str:
        """Return a number that depends on the turn of a loop."""
        return self.w.spread(self.w.value(f"sitofp i64 {self.turn(loop, values)} to double"))

    def spot(self, shape: Sequence[int], indexes: Sequence[Index]) -> str:
        """Return where an element lies among all in order, as one whole number."""
        w, found = self.w, "0"
        for size, stride, index in zip(shape, _strides(shape), indexes, strict=True):
            assert not isinstance(index, AtValue), size
            place = (
                str(index.place)
                if isinstance(index, AtPlace)
                else self.turn(index.loop, index.places)
            )
            if stride > 1:
                place = w.value(f"mul i64 {place}, {stride}")
            found = place if found == "0" else w.value(f"add i64 {found}, {place}")
        return found

    def spots(self, shape: Sequence[int], indexes: Sequence[Index]) -> tuple[str, str | None]:
        """Return the element of each lane, and where there is one; None where there always is."""
        w = self.w
        if not any(isinstance(index, AtValue) for index in indexes):
            return w.spread(self.spot(shape, indexes), "i64"), None
        found, valid = integer(0), "splat (i1 true)"
        for size, stride, index in zip(shape, _strides(shape), indexes, strict=True):
            if isinstance(index, AtValue):
                place = w.sub(self.value(index.value), ONE)
                within = w.flags(
                    "and", w.compare("oge", place, ZERO), w.compare("olt", place, number(size))
                )
                valid = w.flags("and", valid, within)
                spot = w.to_integer(w.pick(within, place, ZERO))
            else:
                spot = w.spread(self.spot((size,), (index,)), "i64")
            found = w.integers("add", found, w.integers("mul", spot, integer(stride)))
        return found, valid

    def element(self, ident: Ident, indexes: tuple[Index, ...]) -> str:
        """Return an array read at indexes; NaN where there is no such element."""
        shape, place = self.flat.by_ident[ident].shape, self.plan.place(ident)
        assert place is not None
        base, offset = place
        if any(isinstance(index, AtValue) for index in indexes):
            spots, valid = self.spots(shape, indexes)
            lanes = self.w.module.lanes
            own = f"<{', '.join(f'i64 {lane}' for lane in range(lanes))}>"
            numbers = self.w.integers("add", self.w.integers("mul", spots, integer(lanes)), own)
            return self.w.gather(self.w.address(base, offset), numbers, valid or "")
        spot = self.spot(shape, indexes)
        return self.w.reload(self.w.address(base, offset), spot)

    # Reductions

    def reduction(self, term: Reduce) -> str:
        """Return one value made of all turns of a reduction's loops."""
        if term.operation in REDUCTIONS:
            return self.called(term)
        if term.operation == "deviation":
            mean = self.reduced("sum", term)
            mean = self.w.div(mean, number(self.count(term)))
            squares = self.w.div(self.reduced("sum", term, mean), number(self.count(term)))
            return self.w.intrinsic("sqrt", squares)
        if term.operation == "mean":
            return self.w.div(self.reduced("sum", term), number(self.count(term)))
        return self.reduced(term.operation, term)

    def count(self, term: Reduce) -> int:
        """Return the number of turns of a reduction's loops."""
        return prod(turns for _, turns in term.loops)

    def reduced(self, operation: str, term: Reduce, mean: str | None = None) -> str:
        """Return what a body adds up to; with a mean, the squares of what it is away from it."""
        name, start = {
            "sum": ("add", 0.0),
            "product": ("multiply", 1.0),
            "lowest": ("minimum", float("inf")),
            "highest": ("maximum", float("-inf")),
        }[operation]
        slot = self.w.slot(self.w.real)
        self.w.store(number(start), slot, 0)
        with ExitStack() as stack:
            self.enter(stack, term.loops)
            body = self.value(term.bodies[0])
            if mean is not None:
                away = self.w.sub(body, mean)
                body = self.w.mul(away, away)
            so_far = self.w.reload(slot, 0)
            self.w.store(OPERATIONS_ON_VECTORS[name](self.w, so_far, body), slot, 0)
        return self.w.reload(slot, 0)

    def enter(self, stack: ExitStack, loops: Iterable[tuple[int, int]]) -> None:
        """Open loops, (number, turns) each."""
        for loop, turns in loops:
            self.turns[loop] = stack.enter_context(self.w.loop(turns))

    def called(self, term: Reduce) -> str:
        """Return a reduction that Python computes, lane by lane, from bodies in memory."""
        w, count = self.w, self.count(term)
        bodies, extras = len(term.bodies), len(term.extras)
        scratch = self.plan.take(bodies * count + extras + 1)
        base = w.address("%frame", scratch)
        for place, body in enumerate(term.bodies):
            with ExitStack() as stack:
                self.enter(stack, term.loops)
                spot = "0"
                for loop, turns in term.loops:
                    spot = w.value(f"mul i64 {spot}, {turns}")
                    spot = w.value(f"add i64 {spot}, {self.turns[loop]}")
                w.store(self.value(body), base, w.value(f"add i64 {spot}, {place * count}"))
        for place, extra in enumerate(term.extras):
            w.store(self.value(extra), base, bodies * count + place)
        w.module.declare(CALLED_REDUCTION, "i64, i64, i64, i64, i64, ptr", "void")
        numbers = (REDUCTIONS.index(term.operation), bodies, count, extras, w.module.lanes)
        given = ", ".join(f"i64 {each}" for each in numbers)
        w.line(f"call void @{CALLED_REDUCTION}({given}, ptr {base})")
        return w.reload(base, bodies * count + extras)

    # Assignments

    def statements(self, statements: Iterable[Statement]) -> None:
        """Write what statements compute."""
        for statement in statements:
            for each in statement.assignments:
                if each.first:
                    self.clear(each.ident, float("nan"))
            if isinstance(statement, Sweep) and len(statement.places) > 1:
                with self.w.loop(len(statement.places)) as turn:
                    self.turns[statement.axis] = turn
                    for each in statement.assignments:
                        self.assignment(each, statement.axis)
            else:
                for each in statement.assignments:
                    self.assignment(each, None)

    def assignment(self, assignment: Assignment, standing: int | None) -> None:
        """Write an assignment, within a loop over dimension `standing` if any."""
        ident = assignment.ident
        place = self.plan.place(ident)
        if not self.flat.by_ident[ident].shape:
            self.names[ident] = self.value(assignment.pieces[0].term)
            if place is not None:
                self.w.store(self.names[ident], *place)
        elif assignment.part:
            assert place is not None
            self.filled(ident, assignment.pieces[0], place, standing)
        else:
            assert place is not None
            self.array(assignment.pieces, self.flat.by_ident[ident].shape, place)

    def array(
        self, pieces: Sequence[Piece], shape: tuple[int, ...], place: tuple[str, int]
    ) -> None:
        """Write all pieces of an array to its place; what no piece names is 0."""
        base = self.w.address(*place)
        whole_box = all(whole(p, n) for p, n in zip(pieces[0].box, shape, strict=True))
        if not whole_box:
            self.fill(base, shape, 0.0)
        for piece in pieces:
            self.part(base, shape, piece, [AtLoop(n, box) for n, box in enumerate(piece.box)], None)

    def filled(
        self, ident: Ident, piece: Piece, place: tuple[str, int], standing: int | None
    ) -> None:
        """Write a part of an array; loop `standing` is open already."""
        indexes: list[Index] = [
            AtPlace(places[0]) if len(places) == 1 and axis != standing else AtLoop(axis, places)
            for axis, places in enumerate(piece.box)
        ]
        shape = self.flat.by_ident[ident].shape
        self.part(self.w.address(*place), shape, piece, indexes, standing)

    def part(
        self,
        base: str,
        shape: Sequence[int],
        piece: Piece,
        indexes: Sequence[Index],
        standing: int | None,
    ) -> None:
        """Write a piece's values to its elements."""
        loops = [
            (index.loop, len(index.places))
            for index in indexes
            if isinstance(index, AtLoop) and index.loop != standing
        ]
        with ExitStack() as stack:
            self.enter(stack, loops)
            self.w.store(self.value(piece.term), base, self.spot(shape, indexes))

    def clear(self, ident: Ident, value: float) -> None:
        """Fill an array whose parts follow."""
        place = self.plan.place(ident)
        assert place is not None
        self.fill(self.w.address(*place), self.flat.by_ident[ident].shape, value)

    def fill(self, base: str, shape: Sequence[int], value: float) -> None:
        """Give all elements of an array a value."""
        with self.w.loop(prod(shape)) as turn:
            self.w.store(number(value), base, turn)

    def pieces(self, pieces: Sequence[Piece], shape: tuple[int, ...], base: str, spot: int) -> None:
        """Write what a memory or a buffer takes in."""
        if shape:
            self.array(pieces, shape, (base, spot))
        else:
            self.w.store(self.value(pieces[0].term), base, spot)


def _strides(shape: Sequence[int]) -> list[int]:
    return list(accumulate((1, *reversed(shape[1:])), mul))[::-1]
