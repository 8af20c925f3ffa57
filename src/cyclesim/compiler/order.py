"""Orders of computation: what a value needs comes before it, and cycles are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cyclesim.names import Ident

Needs = Mapping[Ident, tuple[Ident, ...]]


def dependency_order(
    roots: Iterable[Ident], needs: Needs
) -> tuple[tuple[Ident, ...], tuple[tuple[Ident, ...], ...]]:
    """Return all that `roots` need, each after its needs, and the cycles met on the way.

    Names missing from `needs` are known beforehand. Depth first in the order given, without
    recursion: a chain of ten thousand variables is no deeper than one.
    """
    done: dict[Ident, None] = {}
    cycles: list[tuple[Ident, ...]] = []
    for root in roots:
        if root in done or root not in needs:
            continue
        path: dict[Ident, int] = {root: 0}
        while path:
            node = next(reversed(path))
            position = path[node]
            following = needs[node]
            if position == len(following):
                done[node] = None
                path.popitem()
                continue
            path[node] = position + 1
            need = following[position]
            if need in path:
                names = list(path)
                cycles.append((*names[names.index(need) :], need))
            elif need not in done and need in needs:
                path[need] = 0
    return tuple(done), tuple(cycles)


def reachable(start: Ident, needs: Needs) -> frozenset[Ident]:
    """Return `start` and everything it needs, directly or through others."""
    found = {start}
    waiting = [start]
    while waiting:
        for need in needs.get(waiting.pop(), ()):
            if need not in found:
                found.add(need)
                waiting.append(need)
    return frozenset(found)
