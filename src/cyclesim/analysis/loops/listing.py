"""Loops of a network compared with one another: which are listed, under which name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cyclesim.analysis.loops.chains import Chain
from cyclesim.analysis.loops.cycles import nodes_of
from cyclesim.analysis.loops.dominance import (
    importance,
    loop_scores,
    polarity,
    shares,
    total_scores,
)
from cyclesim.analysis.loops.fold import strongest_way
from cyclesim.analysis.loops.graph import Node
from cyclesim.analysis.loops.naming import described, runs_through
from cyclesim.analysis.loops.networks import Network
from cyclesim.analysis.loops.parts import Loop, Method, Polarity

Array = np.ndarray

MOST_SHOWN = 100
"""Loops of a partition that are listed with their scores; all are compared."""

_LETTER = {
    Polarity.REINFORCING: "R",
    Polarity.MOSTLY_REINFORCING: "R",
    Polarity.BALANCING: "B",
    Polarity.MOSTLY_BALANCING: "B",
    Polarity.CHANGING: "U",
    Polarity.IDLE: "I",
}


@dataclass
class Marks:
    """Hands out R1, B1, U1, R2 and so on through a whole analysis."""

    counts: dict[str, int] = field(default_factory=dict)

    def next(self, polarity: Polarity) -> str:
        """Return the next free mark of a polarity."""
        letter = _LETTER[polarity]
        self.counts[letter] = self.counts.get(letter, 0) + 1
        return f"{letter}{self.counts[letter]}"


@dataclass(frozen=True)
class Listing:
    """The loops listed of a partition, and what is said of all of them together.

    `indexes` are the members of each in the network. `net` is the sum of all relative scores
    over time, `rest` the largest share that those not listed ever have together.
    """

    loops: tuple[Loop, ...]
    indexes: tuple[tuple[int, ...], ...]
    net: Array
    rest: float


def listing(
    network: Network,
    partition: int,
    nodes: Mapping[int, Node],
    chains: Mapping[str, Chain],
    marks: Marks,
    shape: tuple[int, ...],
) -> Listing:
    """Return the loops of a network in order of importance; `shape` is that of their scores."""
    comparison = _Comparison(network, nodes, chains)
    items = comparison.items()
    relative, score = comparison.series(items)
    direct = comparison.direct(items, relative)
    weights = importance(relative)
    order = sorted(range(len(items)), key=lambda n: (-weights[n], items[n].members))
    names = described([comparison.passed(items[n]) for n in order])
    made = []
    for place, n in enumerate(order):
        item, kind = items[n], polarity(relative[n])
        made.append(
            Loop(
                marks.next(kind), item.name or names[place], item.name is not None, partition,
                comparison.way(item, relative[n]), comparison.shown_links(item),
                len(item.members), kind, float(weights[n]),
                float(np.abs(relative[n]).max(initial=0.0)), float(direct[n]),
                score[n].reshape(shape), relative[n].reshape(shape),
            )
        )  # fmt: skip
    zeros = np.zeros(shape)
    made += [
        Loop(
            marks.next(Polarity.IDLE), name, True, partition, tuple(comparison.shown(rows)), (), 0,
            Polarity.IDLE, 0.0, 0.0, 1.0, zeros, zeros,
        )
        for name, rows in network.named.idle.items()
    ]  # fmt: skip
    indexes = (*(items[n].members for n in order), *((),) * len(network.named.idle))
    return Listing(tuple(made), indexes, comparison.net.reshape(shape), comparison.rest(items))


@dataclass(frozen=True)
class _Item:
    """One loop of a network, or several under one name, the strongest first."""

    members: tuple[int, ...]
    name: str | None = None


class _Comparison:
    def __init__(
        self, network: Network, nodes: Mapping[int, Node], chains: Mapping[str, Chain]
    ) -> None:
        self.network, self.nodes = network, nodes
        self.ways: dict[tuple[int, int], tuple[int, ...]] = {}
        self.total = total_scores(network.loops, network.scores)
        self.means = np.zeros(len(network.loops))
        self.peaks = np.zeros(len(network.loops))
        self.net = np.zeros(network.scores.shape[1])
        for spots, part in loop_scores(network.loops, network.scores):
            relative = shares(part, self.total)
            self.means[spots] = np.abs(relative).mean(axis=1)
            self.peaks[spots] = np.abs(relative).max(axis=1, initial=0.0)
            self.net += relative.sum(axis=0)
        self.families = self.named(chains)

    def named(self, chains: Mapping[str, Chain]) -> dict[str, list[int]]:
        """Return the members of each named loop; the name that says most about a loop has it.

        Of the loops that run through the variables of a name, those past the fewest stocks bear
        it: a longer way round that happens to pass the same variables is another loop. A name of
        one variable means all loops through it.
        """
        found: dict[str, list[int]] = {}
        spots = {loop: number for number, loop in enumerate(self.network.loops)}
        for name, loops in self.network.named.members.items():
            found[name] = [spots[loop] for loop in loops if loop in spots]
        taken = {number for members in found.values() for number in members}
        left = chains.keys() - found.keys() - self.network.named.idle.keys()
        folded = self.network.method is Method.FOLDED
        ways = [nodes_of(loop, self.network.ends) for loop in self.network.loops] if left else []
        for name in sorted(left, key=lambda name: (-len(chains[name]), name)):
            through = [
                (self.stocks(nodes), number)
                for number, nodes in enumerate(ways)
                if number not in taken
                and (not folded or len(chains[name]) == len(nodes))
                and runs_through(nodes, chains[name])
            ]
            fewest = min(through, default=(0, 0))[0]
            every = len(chains[name]) == 1
            members = [number for stocks, number in through if every or stocks == fewest]
            if members:
                found[name] = members
                taken.update(members)
        return {name: members for name, members in found.items() if members}

    def stocks(self, rows: Sequence[int]) -> int:
        """Return how many of the modeller's stocks a loop passes."""
        return sum(self.nodes[row].state and not self.nodes[row].hidden for row in rows)

    def items(self) -> list[_Item]:
        """Return what is listed: every named loop, and of the others those that peak highest."""
        items = [
            _Item(tuple(sorted(members, key=lambda n: -self.means[n])), name)
            for name, members in self.families.items()
        ]
        taken = {number for item in items for number in item.members}
        others = [n for n in np.argsort(-self.peaks, kind="stable").tolist() if n not in taken]
        return items + [_Item((n,)) for n in others[:MOST_SHOWN] if self.peaks[n] > 0]

    def series(self, items: Sequence[_Item]) -> tuple[Array, Array]:
        """Return relative scores and scores of items: (item, time) each."""
        score = self.summed(items, self.network.scores)
        return shares(score, self.total), score

    def summed(self, items: Sequence[_Item], scores: Array) -> Array:
        """Return the scores of items, by other scores of the links if need be: (item, time)."""
        owner = {number: n for n, item in enumerate(items) for number in item.members}
        chosen = sorted(owner, key=lambda number: len(self.network.loops[number]))
        found = np.zeros((len(items), scores.shape[1]))
        some = [self.network.loops[number] for number in chosen]
        for spots, part in loop_scores(some, scores):
            np.add.at(found, [owner[number] for number in chosen[spots]], part)
        return found

    def direct(self, items: Sequence[_Item], relative: Array) -> Array:
        """Return the part of each item that runs past no stock that is folded: (item,)."""
        if self.network.unfolded is None:
            return np.ones(len(items))
        alone = shares(self.summed(items, self.network.unfolded.direct), self.total)
        along = (alone * np.sign(relative)).sum(axis=1)
        part: Array = along / np.maximum(np.abs(relative).sum(axis=1), np.finfo(float).tiny)
        return part

    def rest(self, items: Sequence[_Item]) -> float:
        """Return the largest share of the change that loops not listed ever have together."""
        shown = {number for item in items for number in item.members}
        missing = [loop for n, loop in enumerate(self.network.loops) if n not in shown]
        left = total_scores(missing, self.network.scores)
        return float(shares(left, self.total).max(initial=0.0))

    def passed(self, item: _Item) -> list[str]:
        """Return the variables that the strongest member runs through, hidden ones left out."""
        rows = nodes_of(self.network.loops[item.members[0]], self.network.ends)
        return self.shown(rows)

    def shown(self, rows: Sequence[int]) -> list[str]:
        return [self.nodes[row].name for row in rows if not self.nodes[row].hidden]

    def way(self, item: _Item, relative: Array) -> tuple[str, ...]:
        """Return the way of the strongest member, auxiliaries of a folded one where it peaks."""
        unfolded = self.network.unfolded
        if unfolded is None:
            return tuple(self.passed(item))
        peak = int(np.abs(relative).argmax())
        rows: list[int] = []
        for link in self.network.loops[item.members[0]]:
            key = (link, peak)
            if key not in self.ways:
                self.ways[key] = strongest_way(
                    unfolded.ends, unfolded.scores[:, peak], unfolded.states,
                    *self.network.ends[link],
                )  # fmt: skip
            rows += (self.network.ends[link][0], *self.ways[key])
        return tuple(self.shown(rows))

    def shown_links(self, item: _Item) -> tuple[tuple[str, str], ...]:
        """Return the links of the strongest member by the names of their ends."""
        ends = (self.network.ends[link] for link in self.network.loops[item.members[0]])
        return tuple((self.nodes[a].name, self.nodes[b].name) for a, b in ends)
