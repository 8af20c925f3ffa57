"""Loops that run through some variables in order, found without listing all others.

Of the loops through a chain of variables those past the fewest stocks are meant: a longer way
round that happens to pass the same variables is another loop. How many stocks a way has to pass at
least is known beforehand, from each value to the next of the chain and on; a search that never
goes where more are needed meets little else than what it looks for, however many loops there are.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.loops.cycles import Loop, OverBudgetError, from_least, nodes_of

Array = np.ndarray

Chain = tuple[frozenset[int], ...]
"""What a named loop runs through: the rows that each of its variables stands for."""

MOST_STEPS = 60_000
"""Steps of the search for one chain; with more it stands for too many ways to be one loop."""

_LONGER = 3
"""So many stocks more are tried where every way past the fewest crosses itself."""


@dataclass(frozen=True)
class NamedLoops:
    """The loops of each name, by the numbers of their links.

    `members` are those that are ever active. A name of `idle` closes loops none of which ever is:
    a switch is off, or what they run through stands still; the rows are the way of the shortest.
    `beyond` are names with too many ways to be looked for.
    """

    members: Mapping[str, tuple[Loop, ...]]
    idle: Mapping[str, tuple[int, ...]]
    beyond: tuple[str, ...] = ()


NO_NAMES = NamedLoops({}, {})


def named_loops(
    ends: Sequence[tuple[int, int]],
    scores: Array,
    stocks: frozenset[int],
    chains: Mapping[str, Chain],
) -> NamedLoops:
    """Return the loops of each chain of a partition; the name that says most about a loop has it.

    That is the one of most variables, of as many the one of fewest loops. `scores` are (link,
    time), `stocks` the rows that the modeller calls so. Chains of one variable are left out, as
    are those that close no loop in the partition.
    """
    whole = Ways(ends, stocks)
    moving = (scores != 0).any(axis=1)
    active = Ways(ends, stocks, moving.tolist())
    found: dict[str, tuple[Loop, ...]] = {}
    idle: dict[str, tuple[int, ...]] = {}
    beyond: list[str] = []
    for name, chain in chains.items():
        fewest = whole.fewest(chain)
        if len(chain) == 1 or math.isinf(fewest):
            continue
        try:
            closed = active.loops(chain) if active.fewest(chain) == fewest else ()
            found[name] = tuple(each for each in closed if _ever_active(each, scores))
        except OverBudgetError:
            beyond.append(name)
            continue
        if not found[name]:
            idle[name] = whole.one(chain)
    members: dict[str, tuple[Loop, ...]] = {}
    taken: set[Loop] = set()
    for name in sorted(found, key=lambda name: (-len(chains[name]), len(found[name]))):
        members[name] = tuple(each for each in found[name] if each not in taken)
        taken.update(found[name])
    order = [name for name in found if members[name]]
    return NamedLoops({name: members[name] for name in order}, idle, tuple(beyond))


def _ever_active(loop: Loop, scores: Array) -> bool:
    return bool((scores[list(loop)] != 0).all(axis=0).any())


class Ways:
    """The links of a graph, and how many stocks lie on the ways to a row.

    `ends` are source and target of each link, `stocks` the rows that count, `moving` says which
    links are there, all if not given.
    """

    def __init__(
        self,
        ends: Sequence[tuple[int, int]],
        stocks: frozenset[int],
        moving: Sequence[bool] | None = None,
    ) -> None:
        self.ends, self.stocks = ends, stocks
        self.out: dict[int, list[tuple[int, int]]] = {}
        self.into: dict[int, list[int]] = {}
        for number, (source, target) in enumerate(ends):
            if moving is not None and not moving[number]:
                continue
            self.out.setdefault(source, []).append((number, target))
            self.into.setdefault(target, []).append(source)
        self._known: dict[int, dict[int, int]] = {}

    def to(self, goal: int) -> Mapping[int, int]:
        """Return the fewest stocks on a way from each row to a goal, itself counted at the end.

        The row that a way begins at does not count.
        """
        if goal not in self._known:
            own = int(goal in self.stocks)
            found: dict[int, int] = {}
            waiting = deque((row, own) for row in self.into.get(goal, ()))
            while waiting:
                row, count = waiting.popleft()
                if found.get(row, math.inf) <= count:
                    continue
                found[row] = count
                beyond = count + int(row in self.stocks)
                step = waiting.append if row in self.stocks else waiting.appendleft
                for source in self.into.get(row, ()):
                    step((source, beyond))
            self._known[goal] = found
        return self._known[goal]

    def fewest(self, chain: Chain) -> float:
        """Return how many stocks a way round through a chain passes at least; infinity if none."""
        homes = ((home, self._onward(home, chain)) for home in chain[0])
        return min((self._least(home, 1, onward) for home, onward in homes), default=math.inf)

    def loops(self, chain: Chain) -> tuple[Loop, ...]:
        """Return the loops that run through a chain in order, past the fewest stocks.

        Raises OverBudgetError where there are too many ways to look through.
        """
        found: set[Loop] = set()
        least = self.fewest(chain)
        if math.isinf(least):
            return ()
        for most in range(int(least), int(least) + 1 + _LONGER):
            for home in sorted(chain[0]):
                onward = self._onward(home, chain)
                found |= self._from(home, chain, onward, most)
            if found:
                break
        return tuple(sorted(found, key=lambda loop: (len(loop), loop)))

    def one(self, chain: Chain) -> tuple[int, ...]:
        """Return the rows of the shortest loop through a chain; none where a search is too long."""
        try:
            return next((nodes_of(loop, self.ends) for loop in self.loops(chain)), ())
        except OverBudgetError:
            return ()

    def _onward(self, home: int, chain: Chain) -> list[dict[int, float]]:
        """Return, from each row of each place of the chain, the stocks of the rest of the way."""
        onward: list[dict[int, float]] = [{} for _ in chain]
        onward.append({home: 0})
        for place in range(len(chain) - 1, 0, -1):
            for row in chain[place]:
                onward[place][row] = self._least(row, place + 1, onward)
        return onward

    def _least(self, row: int, place: int, onward: Sequence[Mapping[int, float]]) -> float:
        return min(
            (self.to(goal).get(row, math.inf) + rest for goal, rest in onward[place].items()),
            default=math.inf,
        )

    def _from(
        self, home: int, chain: Chain, onward: Sequence[Mapping[int, float]], most: int
    ) -> set[Loop]:
        found: set[Loop] = set()
        path: list[int] = []
        on_path = {home}
        steps = 0
        stack = [(home, 1, most, iter(self.out.get(home, ())))]
        while stack:
            node, place, left, following = stack[-1]
            link = next(following, None)
            if link is None:
                stack.pop()
                on_path.discard(node)
                if path:
                    path.pop()
                continue
            number, target = link
            if target == home and place == len(chain):
                found.add(from_least((*path, number), self.ends))
                continue
            if target in on_path:
                continue
            steps += 1
            if steps > MOST_STEPS:
                raise OverBudgetError
            after = left - int(target in self.stocks)
            reached = place + int(place < len(chain) and target in chain[place])
            if self._least(target, reached, onward) > after:
                continue
            path.append(number)
            on_path.add(target)
            stack.append((target, reached, after, iter(self.out.get(target, ()))))
        return found
