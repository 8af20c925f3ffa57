"""Where runs from many starts end: one outcome, or several."""

from __future__ import annotations

import numpy as np

from cyclesim.analysis.tipping.parts import Scattered
from cyclesim.analysis.tipping.rates import box_of
from cyclesim.analysis.tipping.today import Today

Array = np.ndarray

STARTS = 48
_APART = 0.1
"""Neighbouring ends further apart than this share of all of them are two outcomes."""

_ALIKE = 0.02
"""Ends that all lie within this share of their size are one outcome."""


def scattered(
    today: Today, variable: str, time: float, visited: Array, gap: float = 0.0, seed: int = 1
) -> tuple[Scattered, Array]:
    """Return where runs from starts spread over the stocks' ranges end, and the starts.

    Starts are (stock, start), a Latin hypercube over the box that `visited` states span; the last
    of them are those states themselves. Ends are those of `variable` at `time`; they are one
    outcome, too, where they are near one another beside the `gap` between good and bad.
    """
    from scipy.stats import qmc  # half a second that only this analysis has to pay

    box = box_of(today, visited)
    shares = qmc.LatinHypercube(len(box.low), seed=seed).random(STARTS).T
    starts = np.concatenate((box.low[:, None] + shares * box.size[:, None], visited), axis=1)
    starts = starts[:, np.isfinite(starts).all(axis=0)]
    ends = today.ends(variable, time, starts, None)
    return Scattered(time, ends, groups(ends, gap)), starts


def groups(ends: Array, gap: float = 0.0) -> tuple[tuple[float, float], ...]:
    """Return the outcomes that ends fall into, each with its mean and its share, in order."""
    finite = np.sort(ends[np.isfinite(ends)])
    if not finite.size:
        return ()
    span = float(np.ptp(finite))
    size = max(abs(float(finite[0])), abs(float(finite[-1])))
    if span <= max(_ALIKE * size, _APART * gap):
        return ((float(finite.mean()), 1.0),)
    cuts = np.flatnonzero(np.diff(finite) > _APART * span) + 1
    parts = np.split(finite, cuts)
    return tuple((float(part.mean()), part.size / finite.size) for part in parts)
