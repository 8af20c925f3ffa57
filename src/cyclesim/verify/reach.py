"""What depends on what in a compiled model, and what is drawn at random."""

from __future__ import annotations

from collections.abc import Iterable

from cyclesim.compiler import FlatModel, Piece
from cyclesim.compiler.terms import Draw, Lookup, symbols, walk
from cyclesim.names import Ident


def downstream(flat: FlatModel, sources: Iterable[Ident]) -> frozenset[Ident]:
    """Return the variables that depend on any of the sources, the sources themselves included."""
    readers: dict[Ident, set[Ident]] = {}
    for ident, needs in _needs(flat).items():
        for need in needs:
            readers.setdefault(need, set()).add(ident)
    found = set(sources)
    waiting = list(found)
    while waiting:
        new = readers.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return frozenset(found)


def random_variables(flat: FlatModel) -> frozenset[Ident]:
    """Return the variables that are drawn at random, or depend on such a draw."""
    drawn = {
        ident
        for ident, pieces in _pieces(flat)
        if any(isinstance(node, Draw) for piece in pieces for node in walk(piece.term))
    }
    return downstream(flat, drawn)


def _pieces(flat: FlatModel) -> Iterable[tuple[Ident, tuple[Piece, ...]]]:
    """Yield everything that is computed for a variable: its value, its start, its renewal."""
    for variable in flat.variables:
        yield variable.ident, variable.pieces
    for memory in flat.memories:
        yield memory.ident, memory.update
    for buffer in flat.buffers:
        yield buffer.ident, (*buffer.input, *buffer.delay)


def _needs(flat: FlatModel) -> dict[Ident, set[Ident]]:
    needs: dict[Ident, set[Ident]] = {variable.ident: set() for variable in flat.variables}
    for ident, pieces in _pieces(flat):
        for piece in pieces:
            needs[ident].update(symbols(piece.term))
            tables = (node.table for node in walk(piece.term) if isinstance(node, Lookup))
            needs[ident].update(tables)
    for rule in flat.levels:
        needs[rule.ident].update(rule.inflows, rule.outflows)
    # A part that the compiler made stands for the variable it was made for.
    for variable in flat.variables:
        if variable.origin is not None and variable.origin.variable != variable.ident:
            needs[variable.ident].add(variable.origin.variable)
    return needs
