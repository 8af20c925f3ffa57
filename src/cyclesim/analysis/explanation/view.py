"""What an explanation looks at: the loops of a partition, those that are one to a reader together.

Stocks that merely follow something are delays here: their circles are summed up (`adjusting`).
Loops through the elements of arrays count as one where they run through the same variables.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cyclesim.analysis.loops.adjusting import adjusting, summed_up
from cyclesim.analysis.loops.analysis import named_states, states_named
from cyclesim.analysis.loops.cycles import Budget, OverBudgetError, nodes_of
from cyclesim.analysis.loops.dominance import HALF, loop_scores, shares, total_scores
from cyclesim.analysis.loops.graph import CausalGraph, Node, causal_graph, needs
from cyclesim.analysis.loops.naming import named_rows, runs_through
from cyclesim.analysis.loops.networks import Network, Wish, network_of
from cyclesim.analysis.loops.parts import Method, Named
from cyclesim.analysis.loops.scores import link_scores
from cyclesim.analysis.loops.searches import Searches
from cyclesim.names import Ident
from cyclesim.results import Results

Array = np.ndarray

BUDGET = Budget(loops=20_000, steps=100_000)
"""What one partition may cost: beyond it, loops are seen through a few stocks."""

MOST_PARTITIONS = 3


@dataclass(frozen=True)
class Family:
    """Loops that are one to a reader: of one given name, or through the same variables.

    `members` are their numbers in the network, the strongest first; `way` are the rows that the
    strongest runs through. `relative` is (interval,): their share of the sum of |score|.
    """

    name: str
    members: tuple[int, ...]
    way: tuple[int, ...]
    relative: Array


@dataclass(frozen=True)
class View:
    """One partition of a run; `total` is the sum of |score| over all loops: (interval,).

    `values` are those of the run: (row, time). `beside` holds the loops of given names by
    themselves where the partition is seen through a few stocks.
    """

    graph: CausalGraph
    values: Array
    network: Network
    families: tuple[Family, ...]
    total: Array
    names: Mapping[str, Named]
    beside: View | None = None

    @property
    def nodes(self) -> Mapping[int, Node]:
        """Return the nodes by row."""
        return self.graph.nodes

    @cached_property
    def relative(self) -> Array:
        """Return the shares of all families: (family, interval)."""
        return np.stack([family.relative for family in self.families])

    @cached_property
    def reinforcing(self) -> Array:
        """Return the share of the loops that reinforce, NaN where nothing moves: (interval,)."""
        net = np.zeros_like(self.total)
        for _, part in loop_scores(self.network.loops, self.network.scores):
            net += shares(part, self.total).sum(axis=0)
        return np.where(self.total > 0, (1.0 + net) / 2.0, np.nan)

    @cached_property
    def links_of_loops(self) -> tuple[Array, Array]:
        """Return the links of all loops, one after the other, and the loop of each."""
        loops = self.network.loops
        links = np.fromiter(itertools.chain.from_iterable(loops), dtype=int)
        return links, np.repeat(np.arange(len(loops)), [len(loop) for loop in loops])

    def shown(self, rows: Sequence[int]) -> list[Node]:
        """Return the nodes of rows that the modeller wrote."""
        return [self.nodes[row] for row in rows if not self.nodes[row].hidden]


def views(
    results: Results,
    output: Ident,
    names: Sequence[Named],
    through: Sequence[str] = (),
    searches: Searches | None = None,
) -> Iterator[View]:
    """Yield the partitions that reach a variable and move, the nearest first.

    `searches` are those made already for other runs of the model.
    """
    graph = causal_graph(results.flat)
    scores = link_scores(graph, results)[:, :, 0]
    chosen = adjusting(graph)
    following = {each.row for each in chosen}
    gathers = {
        row for row, node in graph.nodes.items() if node.state and not node.hidden
    } - following
    home = {row: number for number, rows in enumerate(graph.partitions) for row in rows}
    with_stocks = {home[row] for row in gathers}
    chosen = tuple(each for each in chosen if home[each.row] in with_stocks)
    scores = summed_up(graph, scores, chosen)
    follows = frozenset(each.row for each in chosen)
    given = {named.name: named for named in names}
    chains = {name: named_rows(graph.flat, named) for name, named in given.items()}
    values = results.trajectory.values
    values = values.reshape((*values.shape[:2], -1))
    stocks = states_named(graph, through)
    known = searches or Searches()
    wish = Wish(None, stocks, named_states(graph, chains), BUDGET, follows, chains, known)
    for rows in _nearest(graph, output)[:MOST_PARTITIONS]:
        if all(graph.nodes[row].hidden for row in rows):
            continue
        try:
            network = network_of(graph, rows, scores, values, wish)
        except OverBudgetError:
            continue
        made = _view(graph, values[:, :, 0], network, chains, given)
        if made is not None:
            yield made


def _nearest(graph: CausalGraph, output: Ident) -> list[frozenset[int]]:
    """Return the partitions from which a variable can be reached, by the length of the way."""
    computed_from = needs(graph.flat)
    distance = {output: 0}
    waiting = [output]
    for ident in waiting:
        for need in computed_from.get(ident, ()):
            if need not in distance:
                distance[need] = distance[ident] + 1
                waiting.append(need)
    found = []
    for rows in graph.partitions:
        near = [distance.get(graph.nodes[row].variable.ident, math.inf) for row in rows]
        if min(near) < math.inf:
            found.append((min(near), -len(rows), min(rows), rows))
    return [rows for *_, rows in sorted(found)]


def _view(
    graph: CausalGraph,
    values: Array,
    network: Network,
    chains: Mapping[str, tuple[frozenset[int], ...]],
    given: Mapping[str, Named],
) -> View | None:
    total = total_scores(network.loops, network.scores)
    if not (total > 0).any():
        return None
    means = np.zeros(len(network.loops))
    for spots, part in loop_scores(network.loops, network.scores):
        means[spots] = np.abs(shares(part, total)).mean(axis=1)
    groups: dict[str, list[int]] = {}
    nodes = [nodes_of(loop, network.ends) for loop in network.loops]
    strongest = np.argsort(-means, kind="stable")[:_MOST_WAYS].tolist()
    ways = {number: nodes[number] for number in strongest}
    if network.method is Method.FOLDED:
        typical = np.median(np.abs(network.unfolded.scores), axis=1) if network.unfolded else None
        links: dict[int, tuple[int, ...]] = {}
        for number in strongest:
            ways[number] = _unfolded_way(network, number, typical, links)
    named = _named(graph, network, ({number: nodes[number] for number in ways}, ways), chains)
    for number, rows in enumerate(nodes):
        if means[number] < _TINY:
            continue
        groups.setdefault(named.get(number) or _variables(graph, rows), []).append(number)
    owner = np.full(len(network.loops), -1)
    for place, members in enumerate(groups.values()):
        owner[members] = place
    relative = np.zeros((len(groups), len(total)))
    for spots, part in loop_scores(network.loops, network.scores):
        own = owner[spots]
        np.add.at(relative, own[own >= 0], shares(part, total)[own >= 0])
    families = []
    for (key, members), row in zip(groups.items(), relative, strict=True):
        ordered = tuple(sorted(members, key=lambda n: -means[n]))
        way = ways.get(ordered[0], nodes[ordered[0]])
        families.append(Family(key if key in given else "", ordered, way, row))
    if not families:
        return None
    beside = network.beside
    other = _view(graph, values, beside, chains, given) if beside is not None else None
    return View(graph, values, network, tuple(families), total, given, other)


_MOST_WAYS = 100
"""Loops whose ways are spelt out and held against given names, the strongest."""

_TINY = 1e-5
"""A loop below this share on average is no candidate."""


def _variables(graph: CausalGraph, rows: Sequence[int]) -> str:
    """Return what loops through the same variables have in common, elements of arrays alike."""
    idents = [graph.nodes[row].variable.ident for row in rows]
    least = idents.index(min(idents))
    return "\0".join((*idents[least:], *idents[:least]))


def _named(
    graph: CausalGraph,
    network: Network,
    seen: Sequence[Mapping[int, Sequence[int]]],
    chains: Mapping[str, tuple[frozenset[int], ...]],
) -> dict[int, str]:
    """Return the name of each loop that bears one.

    Of the loops that run through the variables of a name, it belongs to those past the fewest
    stocks; of several names the one that says most about a loop counts. Loops are held against
    names as they are `seen`, one sight after the other: a name that fits the stocks that a bundle
    of ways is seen through fits it better than the name of one of its ways.
    """
    spots = {loop: number for number, loop in enumerate(network.loops)}
    known = network.named
    found = {spots[loop]: name for name, own in known.members.items() for loop in own}
    left = chains.keys() - known.members.keys() - known.idle.keys()
    ordered = sorted(left, key=lambda name: (-len(chains[name]), name))
    for ways, name in itertools.product(seen, ordered):
        if name in found.values():
            continue
        through = [
            (sum(graph.nodes[row].state and not graph.nodes[row].hidden for row in way), number)
            for number, way in ways.items()
            if number not in found and runs_through(way, chains[name])
        ]
        fewest = min(through, default=(0, 0))[0]
        every = len(chains[name]) == 1
        found |= {number: name for stocks, number in through if every or stocks == fewest}
    return found


def _unfolded_way(
    network: Network, number: int, typical: Array | None, known: dict[int, tuple[int, ...]]
) -> tuple[int, ...]:
    """Return the rows of a loop seen through stocks, with what lies on its strongest ways.

    Straight ways past no other stock where these make up half of a link.
    """
    whole = network.unfolded
    if whole is None or typical is None:
        return nodes_of(network.loops[number], network.ends)
    rows: list[int] = []
    for link in network.loops[number]:
        source, target = network.ends[link]
        if link not in known:
            straight = np.abs(whole.direct[link]).sum() >= HALF * np.abs(network.scores[link]).sum()
            avoided = frozenset(whole.states if straight else network.through)
            others = avoided - {source, target}
            stocks = frozenset(whole.states)
            known[link] = strongest_path(whole.ends, typical, (source, target), others, stocks)
        rows += (source, *known[link])
    return tuple(rows)


def strongest_path(
    ends: Sequence[tuple[int, int]],
    strengths: Array,
    between: tuple[int, int],
    avoided: frozenset[int],
    stocks: frozenset[int],
) -> tuple[int, ...]:
    """Return what lies on the strongest way between two rows, past none that are avoided.

    Each stock on the way halves its strength, so that detours through circles do not pay. Ways
    are lengthened link by link and only the strongest to each row is kept, so that a stronger one
    that had to give way before is not found.
    """
    source, target = between
    out: dict[int, list[tuple[int, float]]] = {}
    for (begin, end), strength in zip(ends, strengths.tolist(), strict=True):
        if strength > 0 and end not in avoided and begin not in avoided:
            size = strength / 2 if end in stocks and end != target else strength
            out.setdefault(begin, []).append((end, size))
    best: dict[int, tuple[float, tuple[int, ...]]] = {}
    goal: tuple[float, tuple[int, ...]] = (0.0, ())
    front: dict[int, tuple[float, tuple[int, ...]]] = {source: (1.0, ())}
    while front:
        following: dict[int, tuple[float, tuple[int, ...]]] = {}
        for row, (size, way) in front.items():
            for end, strength in out.get(row, ()):
                reached = size * strength
                if end == target:
                    goal = max(goal, (reached, way))
                elif end != source and end not in way and reached > best.get(end, (0.0, ()))[0]:
                    best[end] = following[end] = (reached, (*way, end))
        front = following
    return goal[1]
