"""What of a term is known before the run: places that follow from numbers, branches not taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cyclesim.compiler.terms import (
    Apply,
    AtPlace,
    AtValue,
    Index,
    Literal,
    Symbol,
    Term,
    rewritten,
)
from cyclesim.names import Ident
from cyclesim.operations import NAN, OPERATIONS

Shapes = Mapping[Ident, tuple[int, ...]]
NOWHERE = Literal(NAN)


def folded(term: Term, shapes: Shapes) -> Term:
    """Return a term with operations on numbers done, and computed places found.

    A branch that is never taken is gone, and with it what it needs; an element that is not there
    is NaN.
    """

    def change(node: Term) -> Term:
        match node:
            case Apply(operation="select", arguments=(Literal(value=condition), then, otherwise)):
                return then if condition else otherwise
            case Apply(operation=operation, arguments=arguments):
                numbers = [each.value for each in arguments if isinstance(each, Literal)]
                if numbers and len(numbers) == len(arguments):
                    return Literal(float(OPERATIONS[operation].scalar(*numbers)))
            case Symbol(ident=ident, indexes=indexes) if indexes:
                found = [_found(i, size) for i, size in zip(indexes, shapes[ident], strict=True)]
                if any(each is None for each in found):
                    return NOWHERE
                return replace(node, indexes=tuple(each for each in found if each is not None))
        return node

    return rewritten(term, change)


def _found(index: Index, size: int) -> Index | None:
    """Return where an index points if its value is known, None where there is no such element."""
    if not isinstance(index, AtValue) or not isinstance(index.value, Literal):
        return index
    place = index.value.value - 1.0
    return AtPlace(int(place)) if 0 <= place < size else None
