"""A resolved model into the order in which it is computed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from cyclesim.compiler.breakpoints import breakpoints
from cyclesim.compiler.flat import (
    BufferRule,
    FlatModel,
    FlatVariable,
    LevelRule,
    MemoryRule,
    Role,
)
from cyclesim.compiler.limits import limited_inflows, limited_outflows
from cyclesim.compiler.modules import without_modules
from cyclesim.compiler.orders import Orders, running
from cyclesim.compiler.parts import Algebraic, Buffer, Kind, Level, Memory, Model, Piece
from cyclesim.compiler.terms import Term
from cyclesim.errors import ModelError
from cyclesim.names import Ident
from cyclesim.project import Definition, Graph, Module, Stock

Part = Level[Piece] | Algebraic[Piece] | Memory[Piece] | Buffer[Piece]


def flatten(model: Model[Piece]) -> FlatModel:
    """Return the model with its orders, places, breakpoints and digest.

    Raises ModelError where variables need each other in the same step, or to start.
    """
    model = limited_outflows(limited_inflows(model))
    orders = Orders.of(model)
    if orders.diagnostics:
        raise ModelError(orders.diagnostics)
    equations = _equation_texts(model)
    variables = tuple(_variable(part, orders, equations, model) for part in model.parts)
    places: dict[Ident, int] = {}
    row = 0
    for variable in variables:
        places[variable.ident] = row
        row += variable.size
    return FlatModel(
        path=model.project.path,
        name=model.project.name,
        doc=model.project.doc,
        sim_specs=model.project.sim_specs,
        variables=variables,
        parameters=orders.parameters,
        constants=orders.constants,
        initial=orders.initial,
        steps=orders.steps,
        levels=tuple(
            LevelRule(part.about.ident, part.inflows, part.outflows, part.non_negative)
            for part in model.parts
            if isinstance(part, Level)
        ),
        memories=tuple(
            MemoryRule(part.about.ident, running(part.update))
            for part in model.parts
            if isinstance(part, Memory)
        ),
        buffers=tuple(
            BufferRule(part.about.ident, running(part.input), running(part.delay))
            for part in model.parts
            if isinstance(part, Buffer)
        ),
        tables=model.tables,
        dimensions=model.project.dimensions,
        conveyors=model.conveyors,
        breakpoints=breakpoints(_terms(model), orders.fixed, model.tables),
        by_ident={variable.ident: variable for variable in variables},
        places=places,
        digest=_digest(model),
    )


def _equation_texts(model: Model[Piece]) -> dict[Ident, str]:
    texts: dict[Ident, str] = {}
    for variable in without_modules(model.project):
        if isinstance(variable, Stock):
            texts[variable.about.ident] = _text(variable.initial)
        elif not isinstance(variable, Graph | Module):
            texts[variable.about.ident] = _text(variable.definitions)
    return texts


def _text(definitions: tuple[Definition, ...]) -> str:
    return "; ".join(definition.equation.text for definition in definitions)


_ROLES = {Level: Role.LEVEL, Memory: Role.MEMORY, Buffer: Role.BUFFER}


def _variable(
    part: Part, orders: Orders, equations: dict[Ident, str], model: Model[Piece]
) -> FlatVariable:
    about = part.about
    by_ident = {dimension.ident: dimension for dimension in model.project.dimensions}
    elements = tuple(by_ident[dimension].elements for dimension in about.dimensions)
    if isinstance(part, Algebraic):
        kind, role, pieces = part.kind, orders.role(about.ident), running(part.formula)
    else:
        kind = Kind.STOCK if isinstance(part, Level) else Kind.AUXILIARY
        role, pieces = _ROLES[type(part)], part.initial
    shape = tuple(len(each) for each in elements)
    equation = equations.get(about.ident, "")
    return FlatVariable(about, kind, role, pieces, equation, shape, elements, part.origin)


def _terms(model: Model[Piece]) -> Iterator[Term]:
    for part in model.parts:
        match part:
            case Level(initial=initial):
                pieces = initial
            case Algebraic(formula=formula):
                pieces = formula
            case Memory():
                pieces = (*part.initial, *part.update)
            case Buffer():
                pieces = (*part.input, *part.delay, *part.initial)
        for piece in pieces:
            yield piece.term


def _digest(model: Model[Piece]) -> str:
    """Return a digest of what decides results: no places in the file, no docs, no units."""
    told = [repr(model.project.sim_specs), repr(sorted(model.tables.items(), key=lambda i: i[0]))]
    for part in sorted(model.parts, key=lambda part: part.about.ident):
        bare = replace(part, about=None, origin=None)  # type: ignore[arg-type]
        told.append(f"{part.about.ident} {part.about.dimensions} {bare!r}")
    told += [repr(conveyor) for conveyor in model.conveyors]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
