"""Loops and phases as an explanation tells them."""

from __future__ import annotations

import numpy as np

from cyclesim.analysis.explanation.candidates import Seen
from cyclesim.analysis.explanation.parts import Phase, Share, ToldLoop
from cyclesim.analysis.explanation.stretches import Stretch
from cyclesim.analysis.explanation.view import View
from cyclesim.analysis.loops.dominance import importance


def told(view: View, number: int, stretch: Stretch) -> ToldLoop:
    """Return a family as it is told, with the sign that it has in a stretch."""
    family = view.families[number]
    named = view.names.get(family.name)
    shown = view.shown(family.way)
    part = float(family.relative[stretch.first : stretch.past].sum())
    way = tuple(dict.fromkeys(node.variable.name for node in shown))
    if named is not None:
        return ToldLoop(named.name, True, named.variables, part > 0)
    stocks = tuple(dict.fromkeys(n.variable.name for n in shown if n.state))
    return ToldLoop(", ".join(stocks or way), False, way, part > 0)


def by_their_names(decided: View | None) -> tuple[tuple[Share, ...], tuple[str, ...]]:
    """Return the named loops of a model seen through a few stocks, the largest first, and notes.

    Shares are of one another, with the mean from the first time at which the loop is active.
    """
    view = decided.beside if decided is not None else None
    if view is None:
        return (), ()
    whole = (0, view.relative.shape[1], 1, (), (), 0.0, 0.0)
    sizes = importance(view.relative).tolist()
    found = [
        Share(told(view, number, Stretch(*whole)), size)
        for number, size in enumerate(sizes)
        if view.families[number].name
    ]
    found.sort(key=lambda each: -each.share)
    return tuple(found), view.network.notes


def phases(seen: Seen, time: np.ndarray) -> tuple[Phase, ...]:
    """Return who leads when in a partition; `time` (time,) are the saved times."""
    view = seen.view
    return tuple(
        Phase(
            float(time[each.first]),
            float(time[each.past]),
            Share(told(view, each.leaders[0], each), each.share) if each.sign else None,
            each.ruling,
        )
        for each in seen.stretches
    )
