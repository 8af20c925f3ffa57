"""Where a loop is best cut: the link that takes most of it and least of any other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.explanation.stretches import Stretch
from cyclesim.analysis.explanation.view import Family, View
from cyclesim.analysis.loops.dominance import loop_scores, shares
from cyclesim.analysis.loops.fold import folded_in_parts
from cyclesim.analysis.loops.graph import Node
from cyclesim.analysis.loops.networks import evenly
from cyclesim.compiler import FlatVariable, Role
from cyclesim.names import Ident

Array = np.ndarray

WHOLE = 0.8
"""A cut that takes less of a loop than this share does not stand for it."""

_SAMPLES = 12
_MOST_LINKS = 24
_EQUAL = 0.01


@dataclass(frozen=True)
class Place:
    """A link by its variables; `taken` is the part of the loop that goes with it.

    `damage` is the share of the change that other loops through the link have, `others` those
    families with theirs, the largest first.
    """

    source: FlatVariable
    target: FlatVariable
    taken: float
    damage: float
    others: tuple[tuple[int, float], ...]


def best_places(
    view: View,
    number: int,
    stretch: Stretch,
    distances: Mapping[Ident, int],
    above: Mapping[Ident, int],
) -> list[Place]:
    """Return the links at which to cut a family, the best first; none where none can be held.

    `distances` say how far each variable lies from what comes from outside. A link that leads
    back, to a variable no farther than its source, is taken first: what comes from outside then
    still runs its course once, and only what the loop makes of it is cut off. With `above`, how far
    variables lie above the output, of links as good the one that leads nearest to it is taken where
    nothing comes from outside: what has gathered in stocks along the loop would else run on.
    """
    family = view.families[number]
    links = _links(view, family)[:_MOST_LINKS]
    if view.network.unfolded is not None:
        places = [_folded_damage(view, number, stretch, *link) for link in links]
    else:
        means = _mean_shares(view, stretch)
        places = [_damage(view, number, means, *link) for link in links]
    whole = [place for place in places if place.taken >= WHOLE]
    # Where a stock no longer drives its own flow it drains or fills past all bounds.
    whole = [place for place in whole if not _own_flow(view, place)] or whole
    if not whole:
        return sorted(places, key=lambda place: -place.taken)[:1]
    back = [place for place in whole if _leads_back(place, distances)]
    whole = back or whole
    least = min(place.damage for place in whole)
    good = [place for place in whole if place.damage <= least + _EQUAL]
    if distances:
        return good
    return sorted(good, key=lambda place: above.get(place.target.ident, math.inf))


def _links(view: View, family: Family) -> list[tuple[FlatVariable, FlatVariable]]:
    """Return the links of a family's strongest loop by variables, hidden parts within a link.

    What a flow does to its stock is no equation and cannot be held.
    """
    rows = family.way
    found: list[tuple[FlatVariable, FlatVariable]] = []
    places = [n for n, row in enumerate(rows) if not view.nodes[row].hidden]
    for here, there in zip(places, (*places[1:], *places[:1]), strict=True):
        source, target = (view.nodes[rows[n]].variable for n in (here, there))
        flows = view.graph.flat.levels
        rule = next((each for each in flows if each.ident == target.ident), None)
        if target.role is Role.LEVEL and rule is not None:
            continue
        if (source, target) not in found and source.ident != target.ident:
            found.append((source, target))
    return found


def _leads_back(place: Place, distances: Mapping[Ident, int]) -> bool:
    near, far = distances.get(place.target.ident), distances.get(place.source.ident)
    return near is not None and far is not None and near <= far


def _own_flow(view: View, place: Place) -> bool:
    """Return whether a link leads from a stock to a flow of its own."""
    rules = view.graph.flat.levels
    rule = next((each for each in rules if each.ident == place.source.ident), None)
    return rule is not None and place.target.ident in (*rule.inflows, *rule.outflows)


def _belongs(node: Node, variable: FlatVariable) -> bool:
    own = node.variable
    return own.ident == variable.ident or (
        own.origin is not None and own.origin.variable == variable.ident
    )


def _numbers(
    view: View, ends: Sequence[tuple[int, int]], source: FlatVariable, target: FlatVariable
) -> list[int]:
    """Return the links, element by element, that holding a link of variables cuts."""
    return [
        n
        for n, (begin, end) in enumerate(ends)
        if view.nodes[begin].variable.ident == source.ident and _belongs(view.nodes[end], target)
    ]


def _mean_shares(view: View, stretch: Stretch) -> Array:
    """Return the mean size of each loop's share in a stretch: (loop,)."""
    network, part = view.network, slice(stretch.first, stretch.past)
    means = np.zeros(len(network.loops))
    for spots, score in loop_scores(network.loops, network.scores[:, part]):
        means[spots] = np.abs(shares(score, view.total[part])).mean(axis=1)
    return means


def _damage(
    view: View, number: int, means: Array, source: FlatVariable, target: FlatVariable
) -> Place:
    network = view.network
    cut = np.zeros(len(network.ends), dtype=bool)
    cut[_numbers(view, network.ends, source, target)] = True
    links, loops = view.links_of_loops
    through = np.zeros(len(network.loops), dtype=bool)
    through[loops[cut[links]]] = True
    lost = np.array([means[list(f.members)][through[list(f.members)]].sum() for f in view.families])
    own = means[list(view.families[number].members)].sum()
    return _place(view, number, source, target, lost, float(own))


def _folded_damage(
    view: View, number: int, stretch: Stretch, source: FlatVariable, target: FlatVariable
) -> Place:
    """Return the place by folding anew with the link at 0, at a few times of the stretch.

    A link that holds half of a pair that cancels turns the loop round: what is then left of its
    size has not been taken.
    """
    network = view.network
    whole = network.unfolded
    assert whole is not None
    times = [stretch.first + n for n in evenly(stretch.past - stretch.first, _SAMPLES)]
    scores = whole.scores[:, times].copy()
    scores[_numbers(view, whole.ends, source, target)] = 0.0
    kept = [whole.states.index(row) for row in network.through]
    small = folded_in_parts(whole.ends, scores, whole.states, kept)[0]
    without = small.reshape(len(small), -1).T
    total = view.total[times]
    lost = np.zeros(len(view.families))
    before = np.zeros(len(network.loops))
    after = np.zeros(len(network.loops))
    change = np.zeros(len(network.loops))
    pairs = zip(
        loop_scores(network.loops, network.scores[:, times]),
        loop_scores(network.loops, without),
        strict=True,
    )
    for (spots, old), (_, new) in pairs:
        before[spots] = np.abs(shares(old, total)).mean(axis=1)
        after[spots] = np.abs(shares(new, total)).mean(axis=1)
        change[spots] = np.abs(shares(new - old, total)).mean(axis=1)
    for place, family in enumerate(view.families):
        lost[place] = change[list(family.members)].sum()
    members = list(view.families[number].members)
    own = before[members].sum()
    lost[number] = max(0.0, own - after[members].sum())
    return _place(view, number, source, target, lost, float(own))


def _place(
    view: View,
    number: int,
    source: FlatVariable,
    target: FlatVariable,
    lost: Array,
    own: float,
) -> Place:
    taken = min(1.0, float(lost[number]) / own) if own > 0 else 0.0
    others = lost.copy()
    others[number] = 0.0
    order = np.argsort(-others, kind="stable")
    told = tuple((int(n), float(others[n])) for n in order[:8] if others[n] >= _EQUAL)
    return Place(source, target, taken, float(others.sum()), told)
