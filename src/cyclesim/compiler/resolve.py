"""Every name is found, every call understood, every subscript a place; equations become terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cyclesim.compiler.dimensions import Dimensions, boxes
from cyclesim.compiler.lowering import Lowering
from cyclesim.compiler.parts import Algebraic, Buffer, Level, Memory, Model, Piece, Table
from cyclesim.compiler.scope import Known, Loop, Scope
from cyclesim.compiler.terms import ZERO, AtLoop, Box, Lookup, Places, Term, apply
from cyclesim.errors import Diagnostic, ModelError, in_file_order
from cyclesim.names import Ident, did_you_mean
from cyclesim.project import About, Definition, GraphicalFunction

Part = Level[Definition] | Algebraic[Definition] | Memory[Definition] | Buffer[Definition]
ResolvedPart = Level[Piece] | Algebraic[Piece] | Memory[Piece] | Buffer[Piece]


def resolve(expanded: Model[Definition]) -> Model[Piece]:
    """Return the model with every equation a term over variables that exist.

    Raises ModelError with every unknown name, unknown function, wrong call and subscript.
    """
    dimensions = Dimensions.of(expanded.project.dimensions)
    known = {
        part.about.ident: Known(part.about.name, part.about.dimensions, part.origin is not None)
        for part in expanded.parts
    }
    scope = Scope(known, dimensions)
    _check_dimensions(expanded, scope)
    if not scope.diagnostics:
        scope.tables.update(_tables(expanded, scope))
        for about in (
            *(graph.about for graph in expanded.graphs),
            *(p.about for p in expanded.parts),
        ):
            scope.arrays[about.ident] = about.dimensions
    if scope.diagnostics:
        raise ModelError(in_file_order(scope.diagnostics))
    scope.diagnostics += expanded.faults
    parts = tuple(_resolved(part, scope) for part in expanded.parts)
    if scope.diagnostics:
        raise ModelError(in_file_order(scope.diagnostics))
    return Model(expanded.project, parts, (), scope.tables, (), expanded.conveyors)


def _check_dimensions(model: Model[Definition], scope: Scope) -> None:
    written = [part.about for part in model.parts] + [graph.about for graph in model.graphs]
    names = [dimension.name for dimension in scope.dimensions.by_ident.values()]
    for about in written:
        for dimension in about.dimensions:
            if dimension not in scope.dimensions:
                message = f"no dimension is called '{dimension}'"
                hint = did_you_mean(dimension, names)
                scope.diagnostics.append(
                    Diagnostic(
                        "unknown-dimension", message, about.location, f"'{about.name}'", hint
                    )
                )


def _resolved(part: Part, scope: Scope) -> ResolvedPart:
    def pieces(definitions: Iterable[Definition]) -> tuple[Piece, ...]:
        return _pieces(part.about, tuple(definitions), scope)

    match part:
        case Level():
            return replace(part, initial=pieces(part.initial))  # type: ignore[arg-type, return-value]
        case Algebraic():
            found = pieces(part.formula)
            if part.limited_below:
                found = tuple(replace(p, term=apply("maximum", ZERO, p.term)) for p in found)
            return replace(part, formula=found)  # type: ignore[arg-type, return-value]
        case Memory():
            update = pieces(part.update) if part.update else ()
            return replace(part, initial=pieces(part.initial), update=update)  # type: ignore[arg-type, return-value]
        case Buffer():
            return replace(  # type: ignore[return-value]
                part,
                input=pieces(part.input),  # type: ignore[arg-type]
                delay=pieces(part.delay),  # type: ignore[arg-type]
                initial=pieces(part.initial),  # type: ignore[arg-type]
            )


def _pieces(about: About, definitions: tuple[Definition, ...], scope: Scope) -> tuple[Piece, ...]:
    """Return the terms of a variable; elements that no equation names are 0."""
    whole: tuple[Places, ...] = tuple(range(n) for n in scope.dimensions.shape(about.dimensions))
    found: list[Piece] = []
    covered: list[tuple[Places, ...]] = []
    for definition in definitions:
        box = _box(about, definition.subscripts, definition, scope)
        holes = [_box(about, each, definition, scope) for each in definition.excepts]
        if box is None or any(hole is None for hole in holes):
            continue
        left = boxes(box, [hole for hole in holes if hole is not None])
        if left and definition.waiting and definition.excepts:
            _unconnected(about, left[0], scope)
            continue
        for part in left:
            term = _term(about, definition, part, scope)
            found.append(Piece(term, part, definition.equation.text))
            covered.append(part)
    if about.dimensions:
        found += [Piece(ZERO, rest) for rest in boxes(whole, covered)]
    return tuple(found)


def _unconnected(about: About, box: Box, scope: Scope) -> None:
    """Note that a module's input has elements that nothing is connected to."""
    names = [
        scope.dimensions.by_ident[dimension].elements[places[0]]
        for dimension, places in zip(about.dimensions, box, strict=True)
    ]
    message = f"nothing is connected to '{about.name}[{','.join(names)}]', which has no equation"
    scope.fault("connection", message, about.location, about)


def _box(
    about: About, subscripts: tuple[Ident, ...], definition: Definition, scope: Scope
) -> tuple[Places, ...] | None:
    """Return the places that the subscripts of a left side cover."""
    where = definition.equation.source.location()
    if len(subscripts) != len(about.dimensions):
        message = f"{len(subscripts)} subscripts are given, and it has {len(about.dimensions)}"
        scope.fault("subscripts", message, where, about)
        return None
    box: list[Places] = []
    for dimension, subscript in zip(about.dimensions, subscripts, strict=True):
        places = scope.dimensions.covered(dimension, subscript)
        if places is None:
            name = scope.dimensions.by_ident[dimension].name
            message = f"'{subscript}' is no element and no part of the dimension '{name}'"
            scope.fault("subscripts", message, where, about,
                        did_you_mean(subscript, scope.dimensions.elements[dimension]))  # fmt: skip
            return None
        box.append(places)
    return tuple(box)


def _term(about: About, definition: Definition, box: tuple[Places, ...], scope: Scope) -> Term:
    loops = []
    for dimension, subscript, places in zip(
        about.dimensions, definition.subscripts, box, strict=True
    ):
        elements = tuple(scope.dimensions.elements[dimension][place] for place in places)
        named = subscript if subscript in scope.dimensions else None
        loops.append(Loop(named, elements, dimension, places))
    lowering = Lowering(scope, about, definition.equation, tuple(loops))
    term = lowering.term(definition.equation.expr)
    if definition.graphical is None:
        return term
    indexes = tuple(AtLoop(number, places) for number, places in enumerate(box))
    return Lookup(about.ident, term, indexes)


def _tables(model: Model[Definition], scope: Scope) -> dict[Ident, Table]:
    tables = {graph.about.ident: _table(graph.about, graph.graphicals, scope)
              for graph in model.graphs}  # fmt: skip
    for part in model.parts:
        if isinstance(part, Algebraic):
            given = [(d.subscripts, d.graphical) for d in part.formula if d.graphical is not None]
            if given:
                tables[part.about.ident] = _table(part.about, given, scope)
    return tables


def _table(
    about: About,
    graphicals: Iterable[tuple[tuple[Ident, ...], GraphicalFunction]],
    scope: Scope,
) -> Table:
    given = list(graphicals)
    shape = scope.dimensions.shape(about.dimensions)
    if not shape:
        return Table((given[0][1],))
    count = 1
    for size in shape:
        count *= size
    filled: list[GraphicalFunction] = [given[0][1]] * count
    for subscripts, graphical in given:
        spots = [0]
        for dimension, subscript, size in zip(about.dimensions, subscripts, shape, strict=True):
            places = scope.dimensions.covered(dimension, subscript)
            if places is None:
                message = f"'{subscript}' is no part of the dimension '{dimension}'"
                scope.fault("subscripts", message, about.location, about)
                return Table(tuple(filled), shape)
            spots = [spot * size + place for spot in spots for place in places]
        for spot in spots:
            filled[spot] = graphical
    return Table(tuple(filled), shape)
