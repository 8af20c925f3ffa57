"""Functions whose value at an element is made of a whole vector, as terms.

A vector is all that its array's last subscript runs through; the value stands at the element
that the equation's last dimension is at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from cyclesim.compiler.subscripts import Subscripts
from cyclesim.compiler.terms import (
    ONE,
    ZERO,
    AtLoop,
    AtPlace,
    AtValue,
    Index,
    Literal,
    LoopValue,
    Places,
    Reduce,
    Symbol,
    Term,
    apply,
)
from cyclesim.expr import Binary, Call, Expr, Number, Reference, Subscripted, Wildcard
from cyclesim.expr.tree import children, rewritten
from cyclesim.names import Ident

Loops = tuple[tuple[int, int], ...]


def over_all(at: Subscripts, exprs: tuple[Expr, ...]) -> tuple[Loops, tuple[Term, ...]]:
    """Return the loops that expressions go through together, (number, turns) each, and terms."""
    loops: dict[tuple[Ident, Places, int], int] = {}
    at.reductions.append(loops)
    bodies = tuple(at.term(expr) for expr in exprs)
    at.reductions.pop()
    made = tuple((number, len(at.loops[number].elements)) for number in loops.values())
    for number, _ in made:
        del at.loops[number]
    return made, bodies


def _arrays(at: Subscripts, expr: Expr) -> Iterator[Reference | Subscripted]:
    """Yield the arrays read in an expression, those in computed subscripts left out."""
    match expr:
        case Subscripted():
            yield expr
        case Reference(ident=ident, path=()) if (known := at.scope.known.get(ident)) is not None:
            if known.dimensions:
                yield expr
        case _:
            for child in children(expr):
                yield from _arrays(at, child)


def _vector_dimension(at: Subscripts, expr: Expr) -> Ident | None:
    """Return the dimension that the last subscript of the first array names, if it names one."""
    for array in _arrays(at, expr):
        if isinstance(array, Reference):
            return at.scope.known[array.ident].dimensions[-1]
        last = array.subscripts[-1]
        named = isinstance(last, Reference) and not last.path and last.ident in at.scope.dimensions
        return last.ident if isinstance(last, Reference) and named else None
    return None


def _subscripts_of(at: Subscripts, array: Reference | Subscripted) -> tuple[Expr, ...]:
    """Return an array's subscripts, its own dimensions where none are written."""
    if isinstance(array, Subscripted):
        return array.subscripts
    dimensions = at.scope.known[array.ident].dimensions
    return tuple(Reference(ident, str(ident), (), array.span) for ident in dimensions)


def _along(at: Subscripts, expr: Expr, dimension: Ident, subscript: Expr) -> Expr:
    """Return an expression with a subscript in place of a dimension's name, wherever it is."""

    def change(node: Expr) -> Expr:
        if not isinstance(node, Reference) or node.path:
            return node
        if node.ident == dimension:
            return replace(subscript, span=node.span)
        known = at.scope.known.get(node.ident)
        if known is None or dimension not in known.dimensions:
            return node
        return Subscripted(node, tuple(map(change, _subscripts_of(at, node))), node.span)

    return rewritten(expr, change)


def _opened(at: Subscripts, expr: Expr, dimension: Ident | None) -> Expr:
    """Return an expression that goes through all of a dimension instead of one element."""
    if dimension is None:
        return expr
    return _along(at, expr, dimension, Wildcard(dimension, str(dimension)))


def _place(at: Subscripts, call: Call, turns: int) -> Term | None:
    """Return the place, from 0, that the equation's last dimension is at in a vector."""
    last = at.outer[-1] if at.outer else None
    if last is None or last.dimension is None:
        message = f"{call.name} gives a value for each element of a vector"
        at.fault("vector", message, call, "Give the variable a last dimension for them.")
        return None
    if len(last.elements) != turns:
        message = f"{call.name} is given {turns} elements for {len(last.elements)}"
        at.fault("vector", message, call, "Its vector and the equation's last dimension must fit.")
        return None
    return LoopValue(len(at.outer) - 1, range(turns))


def _of_vectors(
    at: Subscripts, call: Call, operation: str, vectors: tuple[Expr, ...], *extras: Expr
) -> Term:
    """Return a reduction of vectors over one loop, given numbers and the element's place."""
    told = len(at.scope.diagnostics)
    loops, bodies = over_all(at, vectors)
    given = tuple(at.term(extra) for extra in extras)
    if len(at.scope.diagnostics) > told:
        return ZERO
    if len(loops) != 1:
        message = f"{call.name} goes over one dimension, and {len(loops)} are named"
        return at.fault("vector", message, call, "Name the same last dimension in each vector.")
    place = _place(at, call, loops[0][1])
    return ZERO if place is None else Reduce(operation, loops, bodies, (*given, place))


def _ordered(operation: str) -> Callable[[Subscripts, Call], Term]:
    def build(at: Subscripts, call: Call) -> Term:
        vector, direction = call.arguments
        opened = _opened(at, vector, _vector_dimension(at, vector))
        return _of_vectors(at, call, operation, (opened,), direction)

    return build


def _reordered(at: Subscripts, call: Call) -> Term:
    """Return the element of a vector whose place, from 0, is given."""
    vector, place = call.arguments
    dimension = _vector_dimension(at, vector)
    if dimension is None:
        message = f"the first argument of {call.name} is no vector"
        return at.fault("vector", message, call, "Name a dimension as its last subscript.")
    return at.term(_along(at, vector, dimension, Binary("+", place, Number(1.0))))


def _mapped(at: Subscripts, call: Call) -> Term:
    """Return the element so many places behind the one named, in the order of the whole array.

    An expression has no place in an array: there the offset counts from its first element.
    """
    first, offset = call.arguments
    base = first.base if isinstance(first, Subscripted) else first
    known = at.scope.known.get(base.ident) if isinstance(base, Reference) else None
    if not isinstance(first, Reference | Subscripted) or not isinstance(base, Reference):
        return _reordered(at, call)
    if known is None or not known.dimensions:
        return _reordered(at, call)
    indexes = at.indexes(base, _subscripts_of(at, first), first)
    if indexes is None:
        return ZERO
    shape = at.scope.dimensions.shape(known.dimensions)
    spot = apply("truncate", at.term(offset))
    stride = 1
    for size, index in zip(reversed(shape), reversed(indexes), strict=True):
        spot = apply("add", spot, _scaled(_number(index), stride))
        stride *= size
    found: list[Index] = []
    for size in reversed(shape[1:]):
        found.append(AtValue(apply("add", apply("modulo", spot, Literal(float(size))), ONE)))
        spot = apply("floor", apply("divide", spot, Literal(float(size))))
    found.append(AtValue(apply("add", spot, ONE)))
    return Symbol(base.ident, tuple(reversed(found)))


def _number(index: Index) -> Term:
    """Return the place, from 0, of an index."""
    match index:
        case AtPlace(place=place):
            return Literal(float(place))
        case AtLoop(loop=loop, places=places):
            return LoopValue(loop, places)
        case AtValue(value=value):
            return apply("truncate", apply("subtract", value, ONE))


def _scaled(term: Term, stride: int) -> Term:
    return term if stride == 1 else apply("multiply", term, Literal(float(stride)))


def _selected(at: Subscripts, call: Call) -> Term:
    """Return one value of the elements that a selection chooses."""
    told = len(at.scope.diagnostics)
    loops, bodies = over_all(at, call.arguments[:2])
    extras = tuple(at.term(extra) for extra in call.arguments[2:])
    if len(at.scope.diagnostics) > told:
        return ZERO
    if not loops:
        message = f"{call.name} goes over an array and is given one value"
        return at.fault("vector", message, call, "Mark what it goes over: x[*], in Vensim x[Dim!].")
    return Reduce("selected", loops, bodies, extras)


def _profile(at: Subscripts, call: Call, expr: Expr) -> tuple[Expr, ...] | None:
    """Return the shape, priority, width and extra of a priority profile, given its first."""
    dimensions: tuple[Ident, ...] = ()
    if isinstance(expr, Subscripted) and expr.base.ident in at.scope.known:
        dimensions = at.scope.known[expr.base.ident].dimensions
    if isinstance(expr, Subscripted) and 2 <= len(dimensions) == len(expr.subscripts):
        last, elements = expr.subscripts[-1], at.scope.dimensions.elements[dimensions[-1]]
        if isinstance(last, Reference) and last.ident in elements[: len(elements) - 2]:
            start = elements.index(last.ident)
            return tuple(
                replace(expr, subscripts=(*expr.subscripts[:-1], Reference(name, str(name))))
                for name in elements[start : start + 3]
            )
    message = f"the second argument of {call.name} is no priority profile"
    hint = "Write priority[Element,ptype], with ptype the first of the profile's elements."
    at.fault("vector", message, call, hint)
    return None


def _available(at: Subscripts, call: Call) -> Term:
    request, profile, supply = call.arguments
    found = _profile(at, call, profile)
    if found is None:
        return ZERO
    wanted = _opened(at, request, _vector_dimension(at, request))
    assert isinstance(profile, Subscripted)  # a profile was found in it
    among = profile.subscripts[-2]
    dimension = among.ident if isinstance(among, Reference) else None
    opened = tuple(_opened(at, each, dimension) for each in found)
    return _of_vectors(at, call, "allocated", (wanted, *opened), supply)


def _by_priority(at: Subscripts, call: Call) -> Term:
    request, priority, size, width, supply = call.arguments
    vectors = [_opened(at, each, _vector_dimension(at, each)) for each in (request, priority)]
    count = len(at.outer[-1].elements) if at.outer else 0
    if size != Number(float(count)):
        message = f"the size given to {call.name} is not the number of elements, {count}"
        return at.fault("vector", message, call, "Write ELMCOUNT of the last dimension.")
    given = (vectors[0], Number(1.0), vectors[1], width)
    return _of_vectors(at, call, "allocated", given, supply)


def _by_index(at: Subscripts, call: Call) -> Term:
    supply, index, request, priority, width, shape = call.arguments
    if not isinstance(index, Reference) or index.ident not in at.scope.dimensions:
        message = f"the second argument of {call.name} is no dimension"
        return at.fault("vector", message, call, "Name the dimension that is shared among.")
    given = (request, shape, priority, width)
    vectors = tuple(_opened(at, each, index.ident) for each in given)
    return _of_vectors(at, call, "allocated", vectors, supply)


VECTORS: dict[str, Callable[[Subscripts, Call], Term]] = {
    "VECTOR SORT ORDER": _ordered("sort_order"),
    "VECTOR RANK": _ordered("rank_order"),
    "VECTOR REORDER": _reordered,
    "VECTOR ELM MAP": _mapped,
    "VECTOR SELECT": _selected,
    "ALLOCATE AVAILABLE": _available,
    "ALLOCATE BY PRIORITY": _by_priority,
    "ALLOCATE": _by_index,
}
"""What a call becomes, by the function's name."""
