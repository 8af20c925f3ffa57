"""The loops of a partition and the links they are made of: as they are, or folded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cyclesim.analysis.loops.chains import NO_NAMES, Chain, NamedLoops
from cyclesim.analysis.loops.cycles import Budget, OverBudgetError, strongest_loops
from cyclesim.analysis.loops.dominance import shares, total_scores
from cyclesim.analysis.loops.fold import MOST_KEPT, between_states, folded_in_parts, slowest
from cyclesim.analysis.loops.graph import CausalGraph, NetFlow
from cyclesim.analysis.loops.parts import STILL, Method
from cyclesim.analysis.loops.searches import Searches
from cyclesim.compiler import Role

Array = np.ndarray

_MOST_TIMES = 100
"""Times at which the strongest links are followed, spread evenly over the run."""

MOST_STATES = 1000
"""States that are folded at most: the effort grows with the cube of their number."""

MOST_GATHERING = 7
"""Stocks that are all looked through: seven that all reach one another have 2,372 loops."""

_RIVAL_TIMES = 10
_RIVAL_STEPS = 20_000
"""Times and steps of the search for loops that stand beside named ones."""

_MOST_NUMBERS = 8_000_000

_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Unfolded:
    """What a folded network was made of: all links of the partition by row, and its states.

    `direct` are the parts of the folded links that run past no other state: (link, time).
    """

    ends: tuple[tuple[int, int], ...]
    scores: Array
    states: tuple[int, ...]
    direct: Array


@dataclass(frozen=True)
class Network:
    """Links by the rows of their `ends` with `scores` (link, time), and the loops found in them.

    `through` are the rows of the stocks that were kept, none where nothing is folded. `inside`
    counts loops within one delay or smooth, which are left out. `named` are loops with given names.
    `unfolded` is there where loops are seen through stocks, and `beside` holds the named loops of
    the same links, as they are.
    """

    ends: tuple[tuple[int, int], ...]
    scores: Array
    loops: tuple[tuple[int, ...], ...]
    method: Method
    through: tuple[int, ...] = ()
    inside: int = 0
    notes: tuple[str, ...] = ()
    unfolded: Unfolded | None = None
    named: NamedLoops = NO_NAMES
    beside: Network | None = None


@dataclass(frozen=True)
class Wish:
    """What is asked for: a method or none, stocks to look through, and those named loops name.

    `follows` are stocks that merely follow something: not looked through unless asked for.
    `chains` are what the loops of given names run through, `searches` those made already.
    """

    method: Method | None
    through: frozenset[int]
    named: frozenset[int]
    budget: Budget
    follows: frozenset[int] = frozenset()
    chains: Mapping[str, Chain] = field(default_factory=dict)
    searches: Searches = field(default_factory=Searches)


def network_of(
    graph: CausalGraph, rows: frozenset[int], scores: Array, values: Array, wish: Wish
) -> Network:
    """Return the loops of a partition by the method asked for, else by the first that does.

    `scores` are (link, time) of the whole graph, `values` (row, sample, run) of the run.
    """
    chosen = [n for n, link in enumerate(graph.links) if link.target in rows]
    ends = tuple((graph.links[n].source, graph.links[n].target) for n in chosen)
    part = scores[chosen]
    stocks = frozenset(
        row for row in rows if graph.nodes[row].state and not graph.nodes[row].hidden
    )
    known = wish.searches.named_loops(ends, part, stocks, wish.chains)
    if wish.method is Method.NAMED:
        return _by_name(ends, part, sorted(stocks), known)
    network = _compared(graph, rows, ends, part, values, wish, known)
    if network.unfolded is None or known == NO_NAMES:
        return replace(network, named=known)
    return replace(network, beside=_by_name(ends, part, sorted(stocks), known))


def _compared(
    graph: CausalGraph,
    rows: frozenset[int],
    ends: tuple[tuple[int, int], ...],
    part: Array,
    values: Array,
    wish: Wish,
    known: NamedLoops,
) -> Network:
    through = wish.through & rows
    if wish.method is Method.FOLDED or (wish.method is None and through):
        return _folded(graph, rows, ends, part, values, wish)
    if wish.method is Method.STRONGEST:
        return _strongest(graph, rows, ends, part, wish.budget, known)
    try:
        found = wish.searches.all_loops(ends, part, wish.budget)
    except OverBudgetError:
        if wish.method is Method.ALL:
            raise
        whole = _folded(graph, rows, ends, part, values, wish)
        note = (
            f"it has more than {wish.budget.loops:,} loops, or takes more than "
            f"{wish.budget.steps:,} steps to search: too many to be compared one by one."
        )
        return replace(whole, notes=(note, *whole.notes))
    return _without_inside(graph, Network(ends, part, found, Method.ALL))


def _without_inside(graph: CausalGraph, network: Network) -> Network:
    """Return the network less loops within one delay or smooth, as the field compares them."""
    nodes = graph.nodes
    seen = tuple(
        loop
        for loop in network.loops
        if any(not nodes[network.ends[link][0]].hidden for link in loop)
    )
    inside = len(network.loops) - len(seen)
    return replace(network, loops=seen, inside=inside)


def _strongest(
    graph: CausalGraph,
    rows: frozenset[int],
    ends: tuple[tuple[int, int], ...],
    scores: Array,
    budget: Budget,
    known: NamedLoops,
) -> Network:
    states = sorted(row for row in rows if graph.nodes[row].state)
    count = scores.shape[1]
    # Where the budget ends the search early, the times searched still lie all over the run.
    spots = sorted(evenly(count, _MOST_TIMES), key=lambda spot: spot * _GOLDEN % 1.0)
    found: set[tuple[int, ...]] = set()
    left, searched = budget.steps, 0
    for spot in spots:
        some, steps = strongest_loops(ends, scores[:, spot].tolist(), states, left)
        found |= some
        left -= steps
        searched += 1
        if left <= 0 or len(found) > budget.loops:
            break
    note = f"strong links were followed at {searched} of {count} intervals; loops may be missing."
    most = sorted(found, key=lambda loop: (len(loop), loop))[: budget.loops]
    loops = _by_length({*most, *_members(known)})
    network = Network(ends, scores, loops, Method.STRONGEST, notes=(note,))
    return _without_inside(graph, network)


def _by_name(
    ends: tuple[tuple[int, int], ...], scores: Array, stocks: Sequence[int], known: NamedLoops
) -> Network:
    """Return the loops of given names alone, and how they compare with the strongest others."""
    loops = _by_length(set(_members(known)))
    found: set[tuple[int, ...]] = set()
    for spot in evenly(scores.shape[1], _RIVAL_TIMES):
        steps = _RIVAL_STEPS // _RIVAL_TIMES
        found |= strongest_loops(ends, scores[:, spot].tolist(), stocks, steps)[0]
    own = total_scores(loops, scores)
    part = shares(own, total_scores(_by_length({*loops, *found}), scores))
    others = len(found - set(loops))
    note = "their shares are of one another."
    if others and (own > 0).any():
        note = (
            f"their shares are of one another: beside {others:,} others that a search along the "
            f"strongest links met, they describe {100 * part[own > 0].mean():.0f} % of the change."
        )
    return Network(ends, scores, loops, Method.NAMED, notes=(note,) if loops else (), named=known)


def _members(known: NamedLoops) -> list[tuple[int, ...]]:
    return [loop for loops in known.members.values() for loop in loops]


def _by_length(loops: set[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    return tuple(sorted(loops, key=lambda loop: (len(loop), loop)))


def _folded(
    graph: CausalGraph,
    rows: frozenset[int],
    ends: tuple[tuple[int, int], ...],
    scores: Array,
    values: Array,
    wish: Wish,
) -> Network:
    states = tuple(sorted(row for row in rows if graph.nodes[row].state))
    if len(states) > MOST_STATES:
        raise OverBudgetError
    wanted = sorted(wish.through & rows or wish.named & rows)
    kept, how = [states.index(row) for row in wanted], "as asked"
    if not wish.through & rows:
        how = "those of a named loop"
    if not kept:
        kept, how = _chosen(graph, states, ends, scores, values, wish)
    small, plain, failed = folded_in_parts(ends, scores, states, kept)
    through = tuple(states[number] for number in kept)
    new_ends = tuple((source, target) for source in through for target in through)
    new_scores = small.reshape(len(small), -1).T
    direct = plain.reshape(len(plain), -1).T
    loops = wish.searches.all_loops(new_ends, new_scores, Budget())
    own = sum(not graph.nodes[row].hidden for row in states)
    notes = [
        f"seen through {len(through)} of {own} stocks, {how}; everything else is folded into the "
        "links between them. Other stocks may give other shares."
    ]
    if failed.any():
        notes.append(f"at {failed.sum()} of {failed.size} intervals nothing could be folded.")
    unfolded = Unfolded(ends, scores, states, direct)
    return Network(
        new_ends, new_scores, loops, Method.FOLDED, through, notes=tuple(notes), unfolded=unfolded
    )


def evenly(count: int, most: int) -> list[int]:
    """Return so many places at most, spread evenly, out of a count; at least three."""
    return sorted({round(spot) for spot in np.linspace(0, count - 1, min(count, max(3, most)))})


def _chosen(
    graph: CausalGraph,
    states: tuple[int, ...],
    ends: tuple[tuple[int, int], ...],
    scores: Array,
    values: Array,
    wish: Wish,
) -> tuple[list[int], str]:
    """Return the places of the stocks to look through where none are named, and which they are.

    All that gather something, where they are few: what merely follows is told by what it follows.
    """
    own = [
        place
        for place, row in enumerate(states)
        if not graph.nodes[row].hidden and graph.nodes[row].variable.role is Role.LEVEL
    ] or list(range(len(states)))
    own = [place for place in own if _moves(values[states[place]])] or own
    gathering = [place for place in own if states[place] not in wish.follows] or own
    if len(gathering) <= MOST_GATHERING:
        return gathering, "those that do not merely follow something"
    spots = evenly(scores.shape[1], _MOST_NUMBERS // len(states) ** 2)
    sampled = between_states(ends, scores[:, spots], states)
    return _slowest(graph, states, gathering, sampled, spots, values), "the slowest"


def _moves(samples: Array) -> bool:
    """Return whether a value moves by more than rounding."""
    return bool(np.ptp(samples) > STILL * np.abs(samples).max(initial=0.0))


def _slowest(
    graph: CausalGraph,
    states: Sequence[int],
    own: list[int],
    matrix: Array,
    spots: list[int],
    values: Array,
) -> list[int]:
    """Return the places of the slowest of some stocks, by the links at some times."""
    flows = {each.target: each for each in graph.net_flows}
    change = np.stack([_changes(values[states[place]]) for place in own])
    rate = np.stack(
        [
            _changes(_net(flows[states[place]], values))
            if states[place] in flows
            else _changes(values[states[place]])
            for place in own
        ]
    )
    chosen = slowest(matrix[:, own][:, :, own], change[:, spots], rate[:, spots], MOST_KEPT)
    return [own[number] for number in chosen]


def _net(net_flow: NetFlow, values: Array) -> Array:
    total: Array = np.zeros_like(values[0])
    for row, sign in net_flow.flows:
        total = total + sign * values[row]
    return total


def _changes(samples: Array) -> Array:
    """Return the change over each interval: (time,)."""
    return np.diff(samples, axis=0).reshape(-1)
