"""Phases of dominance, and the link that carried each shift from one to the next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from cyclesim.analysis.loops.dominance import dominant_sets, phases_of, shares
from cyclesim.analysis.loops.graph import Node
from cyclesim.analysis.loops.listing import Listing
from cyclesim.analysis.loops.networks import Network
from cyclesim.analysis.loops.parts import Phase, Shift

Array = np.ndarray

_EQUAL = 1e-9
"""Shares that differ by less are equal: of two inputs, one gains what the other loses."""


def phases(
    listing: Listing, network: Network, nodes: Mapping[int, Node], time: Array, short: float
) -> tuple[Phase, ...]:
    """Return the phases of one run; `time` are the saved times, one more than intervals."""
    if not listing.loops:
        return ()
    relative = np.stack([loop.relative for loop in listing.loops])
    least = math.ceil(short * (len(time) - 1))
    found: list[Phase] = []
    before: tuple[int, int, tuple[int, ...]] | None = None
    for run in phases_of(dominant_sets(relative), least):
        first, past, chosen = run
        share = _share(relative[list(chosen), first:past], relative[:, first:past])
        marks = tuple(listing.loops[n].mark for n in chosen)
        shift = None
        if before is not None and before[2] and chosen:
            shift = _shift(before, run, listing, network, nodes)
        found.append(Phase(float(time[first]), float(time[past]), marks, share, shift))
        before = run
    return tuple(found)


def _share(chosen: Array, every: Array) -> float:
    """Return the mean size of what loops come to together while anything moves, with its sign."""
    together = chosen.sum(axis=0)[(every != 0).any(axis=0)]
    if not together.size:
        return 0.0
    return math.copysign(float(np.abs(together).mean()), float(together.sum()))


def _shift(
    before: tuple[int, int, tuple[int, ...]],
    after: tuple[int, int, tuple[int, ...]],
    listing: Listing,
    network: Network,
    nodes: Mapping[int, Node],
) -> Shift | None:
    """Return the link that tells the phases apart most: what gained in the loops that came.

    Or what lost in the loops that went, if it lost more; links that both have are none of it.
    """
    old, new = (_links(run[2], listing, network) for run in (before, after))
    best: tuple[float, int, float, float] | None = None
    for link in (*sorted(new - old), *sorted(old - new)):
        earlier, later = (_mean_share(link, run, network) for run in (before, after))
        gain = abs(later) - abs(earlier) if link in new else abs(earlier) - abs(later)
        if gain > (best[0] + _EQUAL if best else 0.0):
            best = gain, link, earlier, later
    if best is None:
        return None
    source, target = (_shown(nodes[row], nodes) for row in network.ends[best[1]])
    return Shift(source, target, best[2], best[3])


def _shown(node: Node, nodes: Mapping[int, Node]) -> str:
    """Return the name of a value, of the inside of a delay or smooth the one it is made for."""
    origin = node.variable.origin
    if not node.hidden or origin is None:
        return node.name
    owners = (n.name for n in nodes.values() if n.variable.ident == origin.variable)
    return next(owners, node.name)


def _links(chosen: Sequence[int], listing: Listing, network: Network) -> set[int]:
    return {link for n in chosen for index in listing.indexes[n] for link in network.loops[index]}


def _mean_share(link: int, run: tuple[int, int, tuple[int, ...]], network: Network) -> float:
    """Return the mean relative score of a link: its share of all that moves its effect."""
    target = network.ends[link][1]
    rivals = [n for n, (_, end) in enumerate(network.ends) if end == target]
    part = network.scores[rivals][:, run[0] : run[1]]
    share = shares(network.scores[link, run[0] : run[1]], np.abs(part).sum(axis=0))
    return float(share.mean())
