"""One causal link held still: what one variable's equation reads of another is a fixed number.

This cuts a feedback loop at one place. The variable itself goes on, and all else that reads it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

from cyclesim.compiler import test_inputs
from cyclesim.compiler.parts import Algebraic, Buffer, Kind, Level, Memory, Model, Origin, Piece
from cyclesim.compiler.terms import AtStart, Literal, Symbol, Term, apply, rewritten
from cyclesim.errors import UsageError
from cyclesim.names import Ident
from cyclesim.project import About

Part = Level[Piece] | Algebraic[Piece] | Memory[Piece] | Buffer[Piece]


@dataclass(frozen=True)
class LinkHeld:
    """One variable as another's equation reads it, held at a value from a time on.

    `values` has a number for each element of `source`; without a `time` they hold from the start
    on. Everything else still reads what the source is. A delay or smooth that the target's
    equation hides reads the held value too, so that a link through it is held as one. Initial
    values stay as they are.
    """

    source: Ident
    target: Ident
    values: tuple[float, ...]
    time: float | None = None


def held(model: Model[Piece], change: LinkHeld) -> Model[Piece]:
    """Return the model with a link held.

    Raises UsageError where there is no such link, or where it is a stock's own flow.
    """
    source = next((p for p in model.parts if p.about.ident == change.source), None)
    if source is None:
        raise UsageError(f"no variable is called '{change.source}'.")
    number = len(model.parts)
    values = _made(source, number, "held", _pieces(model, source, change.values))
    symbol = values.about.ident
    time: Algebraic[Piece] | None = None
    if change.time is not None:
        time = _made(None, number, "time", (Piece(Literal(change.time)),), source)

    def hold(node: Term) -> Term:
        if not (isinstance(node, Symbol) and node.ident == change.source):
            return node
        fixed = replace(node, ident=symbol)
        if time is None:
            return fixed
        begun = test_inputs.come(Symbol(time.about.ident))
        return apply("select", begun, fixed, node)

    parts = tuple(_held(part, change.target, hold) for part in model.parts)
    if parts == model.parts:
        raise UsageError(f"'{change.target}' is not computed from '{change.source}'.")
    made = (values,) if time is None else (values, time)
    return replace(model, parts=(*parts, *made))


def _made(
    source: Part | None,
    number: int,
    role: str,
    formula: tuple[Piece, ...],
    scalar_of: Part | None = None,
) -> Algebraic[Piece]:
    """Return a constant of a link; with the source's dimensions, or a scalar for its clock."""
    owner = source or scalar_of
    assert owner is not None
    about = About(
        f"{owner.about.name} (link: {role})",
        Ident(f"{owner.about.ident} link {number} {role}"),
        owner.about.location,
        owner.about.units if source else None,
        dimensions=owner.about.dimensions if source else (),
    )
    origin = Origin(owner.about.ident, "link", role)
    return Algebraic(about, formula, Kind.AUXILIARY, origin=origin)


def _pieces(model: Model[Piece], source: Part, values: tuple[float, ...]) -> tuple[Piece, ...]:
    if not source.about.dimensions:
        return (Piece(Literal(values[0])),)
    sizes = {each.ident: len(each.elements) for each in model.project.dimensions}
    places = itertools.product(*(range(sizes[name]) for name in source.about.dimensions))
    return tuple(
        Piece(Literal(value), tuple((place,) for place in each))
        for each, value in zip(places, values, strict=True)
    )


def _held(part: Part, target: Ident, hold: Callable[[Term], Term]) -> Part:
    """Return a part with the link held where it belongs to the target, hidden parts included."""
    if part.about.ident != target and (part.origin is None or part.origin.variable != target):
        return part

    def after_the_start(piece: Piece) -> Piece:
        running = rewritten(piece.term, hold)
        if running == piece.term:
            return piece
        return replace(piece, term=AtStart(running, piece.term))

    def each(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        return tuple(map(after_the_start, pieces))

    if isinstance(part, Algebraic):
        return replace(part, formula=each(part.formula))
    if isinstance(part, Memory):
        return replace(part, update=each(part.update))
    if isinstance(part, Buffer):
        return replace(part, input=each(part.input))
    return part
