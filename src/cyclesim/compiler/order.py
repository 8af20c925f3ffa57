"""Orders of computation: what a value needs comes before it, and circles are named."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def dependency_order(
    roots: Iterable[N], needs: Mapping[N, tuple[N, ...]]
) -> tuple[tuple[N, ...], tuple[tuple[N, ...], ...]]:
    """Return all that `roots` need, each after its needs, and the circles met on the way.

    Names missing from `needs` are known beforehand. Depth first in the order given, without
    recursion: a chain of ten thousand variables is no deeper than one.
    """
    done: dict[N, None] = {}
    circles: list[tuple[N, ...]] = []
    for root in roots:
        if root in done or root not in needs:
            continue
        path: dict[N, int] = {root: 0}
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
                circles.append((*names[names.index(need) :], need))
            elif need not in done and need in needs:
                path[need] = 0
    return tuple(done), tuple(circles)


def reachable(start: N, needs: Mapping[N, tuple[N, ...]]) -> frozenset[N]:
    """Return `start` and everything it needs, directly or through others."""
    found = {start}
    waiting = [start]
    while waiting:
        for need in needs.get(waiting.pop(), ()):
            if need not in found:
                found.add(need)
                waiting.append(need)
    return frozenset(found)


def knots(nodes: Iterable[N], needs: Mapping[N, tuple[N, ...]]) -> tuple[frozenset[N], ...]:
    """Return the sets of nodes that need one another (Tarjan 1972), those alone left out.

    A node that needs itself is such a set.
    """
    index: dict[N, int] = {}
    low: dict[N, int] = {}
    stack: list[N] = []
    on_stack: set[N] = set()
    found: list[frozenset[N]] = []
    for root in nodes:
        if root in index or root not in needs:
            continue
        work: list[tuple[N, int]] = [(root, 0)]
        while work:
            node, position = work.pop()
            if position == 0:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
            following = needs[node]
            while position < len(following):
                need = following[position]
                position += 1
                if need not in needs:
                    continue
                if need not in index:
                    work.append((node, position))
                    work.append((need, 0))
                    break
                if need in on_stack:
                    low[node] = min(low[node], index[need])
            else:
                if low[node] == index[node]:
                    found += _popped(node, stack, on_stack, needs)
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
    return tuple(found)


def _popped(
    node: N, stack: list[N], on_stack: set[N], needs: Mapping[N, tuple[N, ...]]
) -> list[frozenset[N]]:
    members: list[N] = []
    while True:
        member = stack.pop()
        on_stack.discard(member)
        members.append(member)
        if member == node:
            break
    if len(members) > 1 or node in needs[node]:
        return [frozenset(members)]
    return []
