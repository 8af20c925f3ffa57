"""Changes compiled into a model: an organisation changes at a time, its past does not.

The numbers of a change (its time, size, duration) become parameters of their own, so that
another time or size needs no new compilation (docs/semantics.md, section 6). `boxes` are the parts
of an array that a change is for; without any it is for all of the variable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cyclesim.compiler import test_inputs
from cyclesim.compiler.dimensions import boxes, common
from cyclesim.compiler.link_held import LinkHeld, held
from cyclesim.compiler.parts import (
    Algebraic,
    Buffer,
    Kind,
    Level,
    Memory,
    Model,
    Origin,
    Piece,
    Table,
    narrowed,
)
from cyclesim.compiler.terms import TIME, ZERO, Box, Literal, Lookup, Symbol, Term, apply
from cyclesim.errors import UsageError
from cyclesim.names import Ident, did_you_mean
from cyclesim.project import About, GraphicalFunction, GraphicalKind


@dataclass(frozen=True)
class Replacement:
    """A variable's equation replaced by a number, from the start on."""

    ident: Ident
    value: float
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class InitialValue:
    """A stock's value at the start."""

    ident: Ident
    value: float
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Step:
    """From `time` on the value `to`, or `by` more than the model says."""

    ident: Ident
    time: float
    to: float | None = None
    by: float | None = None
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Ramp:
    """A straight way from what the model says at `start` to the value `to`, or by `by`."""

    ident: Ident
    start: float
    until: float
    to: float | None = None
    by: float | None = None
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Pulse:
    """The value `to`, or `by` more, for a duration; then what the model says again."""

    ident: Ident
    start: float
    duration: float
    to: float | None = None
    by: float | None = None
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Points:
    """Values at times, held or joined by lines; the model's own value before the first."""

    ident: Ident
    times: tuple[float, ...]
    values: tuple[float, ...]
    hold: bool = False
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Lifted:
    """A scalar constant's number as a parameter of its own, on which later changes build.

    A change compiles the number of the constant that it changes into the equation; lifted before,
    that number can still be bound anew for each run.
    """

    ident: Ident
    boxes: tuple[Box, ...] = ()


Override = Replacement | InitialValue | Step | Ramp | Pulse | Points
Part = Level[Piece] | Algebraic[Piece] | Memory[Piece] | Buffer[Piece]


def override(
    model: Model[Piece], overrides: tuple[Override | Lifted | LinkHeld, ...]
) -> Model[Piece]:
    """Return the model with each change compiled in, in the order given.

    Raises UsageError for a name that is not a variable or cannot be changed so.
    """
    for change in overrides:
        if isinstance(change, LinkHeld):
            model = held(model, change)
        else:
            model = _overridden(model, change)
    return model


def _overridden(model: Model[Piece], change: Override | Lifted) -> Model[Piece]:
    place, part = _find(model, change.ident)
    made: list[Part] = []

    def number(role: str, value: float) -> Term:
        about = About(
            f"{part.about.name} (change: {role})",
            Ident(f"{part.about.ident} change {len(model.parts) + len(made)} {role}"),
            part.about.location,
            part.about.units if role in ("to", "by", "value", "base") else None,
        )
        origin = Origin(part.about.ident, "change", role)
        piece = Piece(Literal(value))
        made.append(Algebraic(about, (piece,), Kind.AUXILIARY, origin=origin))
        return Symbol(about.ident)

    tables = dict(model.tables)
    if isinstance(change, InitialValue):
        if not isinstance(part, Level):
            raise UsageError(f"'{part.about.name}' is not a stock and has no initial value.")
        value = number("value", change.value)
        changed: Part = replace(part, initial=_each(part.initial, change.boxes, lambda _: value))
    elif any(change.ident in conveyor.outflows for conveyor in model.conveyors):
        raise UsageError(
            f"'{part.about.name}' is what leaves a conveyor, and cannot be changed itself. "
            "Change the transit time, an inflow, or what the fraction that leaks is made of."
        )
    elif isinstance(part, Algebraic):
        change_term = _formula(change, number, tables)
        changed = replace(part, formula=_each(part.formula, change.boxes, change_term))
    else:
        raise UsageError(
            f"'{part.about.name}' is a stock: it changes through its flows. "
            "Set its initial value, or change a flow."
        )
    parts = (*model.parts[:place], changed, *made, *model.parts[place + 1 :])
    return replace(model, parts=parts, tables=tables)


def _each(
    pieces: tuple[Piece, ...], chosen: tuple[Box, ...], change: Callable[[Term], Term]
) -> tuple[Piece, ...]:
    """Return the pieces changed within the boxes chosen, everywhere where none is."""
    made: list[Piece] = []
    for piece in pieces:
        parts = [common(piece.box, box) for box in chosen] if chosen else [piece.box]
        inside = [box for box in parts if box is not None]
        made += (narrowed(piece, box) for box in boxes(piece.box, inside))
        changed = (narrowed(piece, box) for box in inside)
        made += (replace(each, term=change(each.term)) for each in changed)
    return tuple(made)


def _find(model: Model[Piece], ident: Ident) -> tuple[int, Part]:
    for place, part in enumerate(model.parts):
        if part.about.ident == ident and part.origin is None:
            return place, part
    names = [part.about.name for part in model.parts if part.origin is None]
    advice = did_you_mean(ident, names) or ""
    raise UsageError(f"no variable is called '{ident}'. {advice}".strip())


def _formula(
    change: Override | Lifted, number: Callable[[str, float], Term], tables: dict[Ident, Table]
) -> Callable[[Term], Term]:
    """Return what a change makes of the term of a variable; its numbers are made once."""
    match change:
        case Replacement(value=value):
            return lambda base: Literal(value)
        case Lifted():
            return lambda base: number("base", base.value) if isinstance(base, Literal) else base
        case Step(time=time, to=to, by=by):
            return _switched(test_inputs.come(number("time", time)), to, by, number)
        case Pulse(start=start, duration=duration, to=to, by=by):
            during = _during(number("time", start), number("duration", duration))
            return _switched(during, to, by, number)
        case Ramp(start=start, until=until, to=to, by=by):
            share = _share_of_way(number("time", start), number("until", until))
            if to is not None:
                end = number("to", to)
                return lambda base: apply(
                    "add", base, apply("multiply", share, apply("subtract", end, base))
                )
            gain = apply("multiply", share, number("by", by or 0.0))
            return lambda base: apply("add", base, gain)
        case Points(times=times, values=values, hold=hold):
            kind = GraphicalKind.DISCRETE if hold else GraphicalKind.CONTINUOUS
            table = Ident(f"{change.ident} change points {len(tables)}")
            tables[table] = Table((GraphicalFunction(kind, times, values),))
            begun = test_inputs.come(number("time", times[0]))
            now = test_inputs.since(ZERO) if hold else TIME  # since 0 is the step's time, snapped
            return lambda base: apply("select", begun, Lookup(table, now), base)
    raise AssertionError(change)


def _switched(
    on: Term, to: float | None, by: float | None, number: Callable[[str, float], Term]
) -> Callable[[Term], Term]:
    if to is not None:
        value = number("to", to)
        return lambda base: apply("select", on, value, base)
    more = apply("select", on, number("by", by or 0.0), ZERO)
    return lambda base: apply("add", base, more)


def _during(start: Term, duration: Term) -> Term:
    elapsed = test_inputs.since(start)
    return apply("and", apply("at_least", elapsed, ZERO), apply("less", elapsed, duration))


def _share_of_way(start: Term, until: Term) -> Term:
    way = apply("divide", apply("subtract", TIME, start), apply("subtract", until, start))
    return apply("maximum", ZERO, apply("minimum", Literal(1.0), way))
