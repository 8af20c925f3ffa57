"""Stretches of a run in which loops of one sign rule and one of them leads."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from cyclesim.analysis.explanation.view import View
from cyclesim.analysis.loops.dominance import HALF, phases_of

Array = np.ndarray

SHORT = 0.05
"""A stretch shorter than this share of the run is no stretch of its own."""

DECISIVE = 1 / 3
"""What limits a movement did not make it: a stretch that reinforces decides with such a share."""

SEVERAL = 3
"""Leading loops that are told with one another."""


@dataclass(frozen=True)
class Stretch:
    """Intervals `first` to `past` in which the loops of one `sign` describe half of the change.

    `sign` is 0 where nothing moves. `leaders` are families, the first with the largest share; so
    many of them as come to half of all, three at most. `share` and `shares` are their mean shares,
    `ruling` that of all loops of the sign. `moved` is the output's own change in the stretch.
    """

    first: int
    past: int
    sign: int
    leaders: tuple[int, ...]
    shares: tuple[float, ...]
    ruling: float
    moved: float

    @property
    def share(self) -> float:
        """Return the share of the leading loop."""
        return self.shares[0] if self.shares else 0.0


def stretches(view: View, values: Array) -> tuple[Stretch, ...]:
    """Return the stretches of a run; `values` (time,) are the output's."""
    reinforcing, relative = view.reinforcing, view.relative
    signs = np.where(np.isnan(reinforcing), 0, np.where(reinforcing >= HALF, 1, -1))
    strongest = (relative * signs).argmax(axis=0)
    keys = [(int(s), int(n) if s else -1) for s, n in zip(signs, strongest, strict=True)]
    least = max(2, math.ceil(SHORT * len(keys)))
    runs = [(first, past, key[0]) for first, past, key in phases_of(keys, least)]
    found = [_stretch(view, values, *run) for run in runs]
    merged = []
    for _, group in groupby(found, key=lambda each: (each.sign, each.leaders[:1])):
        same = list(group)
        merged.append(_stretch(view, values, same[0].first, same[-1].past, same[0].sign))
    return tuple(merged)


def _stretch(view: View, values: Array, first: int, past: int, sign: int) -> Stretch:
    moved = float(values[past] - values[first])
    if not sign:
        return Stretch(first, past, 0, (), (), 0.0, moved)
    active = ~np.isnan(view.reinforcing[first:past])
    if not active.any():
        return Stretch(first, past, 0, (), (), 0.0, moved)
    reinforcing = float(view.reinforcing[first:past][active].mean())
    # Short stretches are joined to others, and may outweigh them.
    sign = 1 if reinforcing >= HALF else -1
    means = view.relative[:, first:past][:, active].mean(axis=1) * sign
    order = np.argsort(-means, kind="stable")
    leaders = [int(order[0])]
    while (
        means[leaders].sum() < HALF
        and len(leaders) < min(SEVERAL, len(order))
        and means[order[len(leaders)]] > 0
    ):
        leaders.append(int(order[len(leaders)]))
    return Stretch(
        first, past, sign, tuple(leaders), tuple(float(means[n]) for n in leaders),
        reinforcing if sign > 0 else 1.0 - reinforcing, moved,
    )  # fmt: skip


def decisive(found: tuple[Stretch, ...], values: Array, turn: int | None = None) -> Stretch | None:
    """Return the stretch that decides what became of the output; None where nothing moves.

    The one in which it moves farthest in the direction that it takes over the whole run, a
    stretch that reinforces first where it holds a third of that movement. Of an output that comes
    back after a `turn`, a place in `values`, the way up to there counts.
    """
    moving = [each for each in found if each.sign]
    if not moving:
        return None
    if turn is not None:
        moving = [_up_to(each, values, turn) for each in moving if each.first < turn] or moving
    net = float(values[-1 if turn is None else turn] - values[0])
    if abs(net) < 0.25 * float(np.ptp(values)):
        net = max((each.moved for each in moving), key=abs)
    way = math.copysign(1.0, net)
    along = sum(max(way * each.moved, 0.0) for each in moving)
    rises = [each for each in moving if each.sign > 0 and way * each.moved >= DECISIVE * along]
    return max(rises or moving, key=lambda each: way * each.moved)


def _up_to(stretch: Stretch, values: Array, turn: int) -> Stretch:
    moved = float(values[min(turn, stretch.past)] - values[stretch.first])
    return replace(stretch, moved=moved)
