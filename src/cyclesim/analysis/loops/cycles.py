"""Loops of a graph: all of them where they fit a budget, else the strongest that a search meets.

Only links that are ever active count, and only loops whose links are ever active together: a
set of bits a link, one bit an interval, is carried along each path, and a path ends where no
bit is left. Budgets count steps of the search, not seconds, so that the same model gives the
same loops on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from operator import or_

import numpy as np

from cyclesim.compiler.order import knots

Loop = tuple[int, ...]
"""A loop by the numbers of its links, in order, from the link that leaves its least node."""


@dataclass(frozen=True)
class Budget:
    """How much a search may take: loops found, and steps from node to node."""

    loops: int = 100_000
    steps: int = 400_000


class OverBudgetError(Exception):
    """There are more loops, or ways to look for them, than the budget allows."""


_Strand = tuple[Loop, int]
"""A path of links from one node to another without a choice between, and when it is active."""


_Strands = dict[int, dict[int, list[_Strand]]]


def all_loops(
    ends: Sequence[tuple[int, int]], active: Sequence[int], budget: Budget
) -> tuple[Loop, ...]:
    """Return every loop whose links are active together at some time, by length.

    `ends` are source and target of each link, `active` its bits. Nodes that have one way in or
    one way out are first taken out of the graph: the paths through them become single strands,
    one for one, so that no loop is lost and none is made up.
    Raises OverBudgetError where the budget does not suffice.
    """
    strands: _Strands = {}
    for number, ((source, target), bits) in enumerate(zip(ends, active, strict=True)):
        if bits:
            into = strands.setdefault(source, {}).setdefault(target, [])
            into.append(((number,), bits))
    found = _Found(budget)
    _contract(strands, found)
    _search(strands, found)
    turned = (from_least(loop, ends) for loop in found.loops)
    return tuple(sorted(turned, key=lambda loop: (len(loop), loop)))


class _Found:
    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.loops: list[Loop] = []
        self.steps = 0

    def step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > self.budget.steps:
            raise OverBudgetError

    def add(self, loop: Loop) -> None:
        self.loops.append(loop)
        if len(self.loops) > self.budget.loops:
            raise OverBudgetError


def _contract(strands: _Strands, found: _Found) -> None:
    """Take out nodes with one way in or one way out until none is left; circles are loops."""
    into: dict[int, set[int]] = {}
    for source, targets in strands.items():
        for target in targets:
            into.setdefault(target, set()).add(source)
    nodes = set(strands) | set(into)
    waiting = sorted(nodes)
    while waiting:
        node = waiting.pop()
        if node not in nodes:
            continue
        for links, _ in strands.get(node, {}).pop(node, ()):
            found.add(links)
        into.get(node, set()).discard(node)
        sources, targets = into.get(node, set()), strands.get(node, {})
        if len(sources) > 1 and len(targets) > 1:
            continue
        nodes.discard(node)
        around = sources | set(targets)
        for source in sources:
            first = strands[source].pop(node)
            for target, second in targets.items():
                joined = _joined(first, second, found)
                if joined:
                    strands[source].setdefault(target, []).extend(joined)
                    into[target].add(source)
        for target in targets:
            into[target].discard(node)
        strands.pop(node, None)
        into.pop(node, None)
        waiting += sorted(around & nodes)


def _joined(first: list[_Strand], second: list[_Strand], found: _Found) -> list[_Strand]:
    if len(first) * len(second) > 1:
        found.step(len(first) * len(second))
    return [
        (begin + end, both)
        for begin, early in first
        for end, late in second
        if (both := early & late)
    ]


def _search(strands: _Strands, found: _Found) -> None:
    """Add every loop of what is left, each from its least node, over larger ones only."""
    order = {node: number for number, node in enumerate(sorted(strands))}
    for root in sorted(strands):
        allowed = {
            node: tuple(t for t in strands[node] if order.get(t, -1) >= order[root])
            for node in strands
            if order[node] >= order[root]
        }
        found.step(len(allowed) // 10)
        home = next((knot for knot in knots((root,), allowed) if root in knot), frozenset())
        if not home:
            continue
        ways = {node: [(t, strands[node][t]) for t in allowed[node] if t in home] for node in home}
        _from_root(root, ways, found)


def _from_root(root: int, ways: dict[int, list[tuple[int, list[_Strand]]]], found: _Found) -> None:
    """Add every loop through a node; strands are chosen among once a loop is closed."""
    onward = {
        node: [(target, some, reduce(or_, (active for _, active in some))) for target, some in out]
        for node, out in ways.items()
    }
    on_path = {root}
    path: list[list[_Strand]] = []
    stack = [(root, -1, iter(onward[root]))]
    while stack:
        node, active, following = stack[-1]
        for target, some, bits in following:
            if target == root and active & bits:
                found.step()
                _close((*path, some), found)
            elif target not in on_path and active & bits:
                found.step()
                on_path.add(target)
                path.append(some)
                stack.append((target, active & bits, iter(onward[target])))
                break
        else:
            stack.pop()
            on_path.discard(node)
            if path:
                path.pop()


def _close(path: Sequence[list[_Strand]], found: _Found) -> None:
    if all(len(some) == 1 for some in path):  # active together: the search saw to it
        found.add(tuple(chain.from_iterable(some[0][0] for some in path)))
        return
    whole = path[0]
    for some in path[1:]:
        whole = _joined(whole, some, found)
    for links, _ in whole:
        found.add(links)


def from_least(loop: Loop, ends: Sequence[tuple[int, int]]) -> Loop:
    """Return a loop turned so that it begins with the link that leaves its least node."""
    place = min(range(len(loop)), key=lambda at: ends[loop[at]][0])
    return loop[place:] + loop[:place]


def strongest_loops(
    ends: Sequence[tuple[int, int]],
    scores: Sequence[float],
    targets: Sequence[int],
    most_steps: int,
) -> tuple[set[Loop], int]:
    """Return loops that follow strong links at one time, and the steps that were taken.

    The strongest-path search of Eberlein and Schoenberg 2020, appendix 1: from each target along
    links in order of |score|, never into a node that a stronger path has reached before; what
    was reached is forgotten between targets. It may miss loops, strong ones among them.
    """
    ways: dict[int, list[tuple[float, int, int]]] = {}
    for number, ((source, target), score) in enumerate(zip(ends, scores, strict=True)):
        if score:
            ways.setdefault(source, []).append((abs(score), number, target))
    for leaving in ways.values():
        leaving.sort(key=lambda way: -way[0])
    found: set[Loop] = set()
    steps = 0
    for home in targets:
        best: dict[int, float] = {home: 1.0}
        path: list[int] = []
        on_path = {home}
        stack = [(home, 1.0, iter(ways.get(home, ())))]
        while stack and steps < most_steps:
            node, strength, following = stack[-1]
            way = next(following, None)
            if way is None:
                stack.pop()
                on_path.discard(node)
                if path:
                    path.pop()
                continue
            steps += 1
            size, number, target = way
            if target == home:
                found.add(from_least((*path, number), ends))
            elif target not in on_path and strength * size >= best.get(target, 0.0):
                best[target] = strength * size
                path.append(number)
                on_path.add(target)
                stack.append((target, strength * size, iter(ways.get(target, ()))))
    return found, steps


def bits(active: Sequence[bool]) -> int:
    """Return a truth value for each interval as the bits of one number."""
    return int("".join("1" if each else "0" for each in reversed(active)) or "0", 2)


def together(scores: np.ndarray) -> tuple[int, ...]:
    """Return for each link the times at which it is active, as bits; `scores` are (link, time).

    Of times at which the same links are active one is kept, and none at which all that is active
    is so at another time as well: which links are ever active together stays as it is.
    """
    active = np.unique(scores != 0, axis=1)
    if active.shape[1] <= _MOST_PATTERNS:
        counted = active.astype(np.float32)
        shared = counted.T @ counted
        within = shared == counted.sum(axis=0)[:, None]
        np.fill_diagonal(within, False)
        active = active[:, ~within.any(axis=1)]
    return tuple(map(bits, active.tolist()))


_MOST_PATTERNS = 1000
"""More patterns of active links than this are not compared with one another."""


def nodes_of(loop: Loop, ends: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Return the nodes that a loop runs through, in order."""
    return tuple(ends[number][0] for number in loop)
