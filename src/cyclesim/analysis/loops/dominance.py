"""Scores of loops, their shares of the change, and the phases in which some dominate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from cyclesim.analysis.loops.parts import Polarity

Array = np.ndarray

HALF = 0.5
"""Loops that describe half of the change dominate (Schoenberg, Davidsen and Eberlein 2020)."""

CLEAR = 0.99
"""A loop that changes sign counts by one of them where nearly all of its score is of that sign."""

_MOST_NUMBERS = 4_000_000


def loop_scores(loops: Sequence[tuple[int, ...]], scores: Array) -> Iterator[tuple[slice, Array]]:
    """Yield the scores of loops part by part: which loops, and (loop, time).

    A loop's score is the product of its links' `scores` (link, time). Loops of one length must
    stand together.
    """
    place = 0
    for length, group in groupby(loops, key=len):
        links = np.array(list(group))
        at_once = max(1, _MOST_NUMBERS // (length * scores.shape[1]))
        for begin in range(0, len(links), at_once):
            some = links[begin : begin + at_once]
            product = scores[some[:, 0]]
            for column in some.T[1:]:
                product = product * scores[column]
            yield slice(place + begin, place + begin + len(some)), product
        place += len(links)


def total_scores(loops: Sequence[tuple[int, ...]], scores: Array) -> Array:
    """Return the sum of |score| over all loops at each time."""
    total = np.zeros(scores.shape[1])
    for _, part in loop_scores(loops, scores):
        total += np.abs(part).sum(axis=0)
    return total


def shares(score: Array, total: Array) -> Array:
    """Return scores as shares of the total, 0 where that is 0."""
    with np.errstate(all="ignore"):
        found = score / total
    return np.where((total > 0) & np.isfinite(found), found, 0.0)


def importance(relative: Array) -> Array:
    """Return the mean |relative score| of each loop from its first active time: (loop,)."""
    active = relative != 0
    first = np.where(active.any(axis=1), active.argmax(axis=1), relative.shape[1])
    later = np.arange(relative.shape[1]) >= first[:, None]
    count = np.maximum(later.sum(axis=1), 1)
    found: Array = np.abs(relative).sum(axis=1) / count
    return found


def polarity(relative: Array) -> Polarity:
    """Return the polarity of a loop from the signs of its score over time."""
    positive = float(relative[relative > 0].sum())
    negative = float(-relative[relative < 0].sum())
    if negative == 0:
        return Polarity.REINFORCING
    if positive == 0:
        return Polarity.BALANCING
    confidence = abs(positive - negative) / (positive + negative)
    if confidence <= CLEAR:
        return Polarity.CHANGING
    return Polarity.MOSTLY_REINFORCING if positive > negative else Polarity.MOSTLY_BALANCING


def dominant_sets(relative: Array) -> list[tuple[int, ...]]:
    """Return for each time the fewest loops of one sign that make up half of the change.

    `relative` is (loop, time). The set is empty where nothing moves, and where no set of the
    loops given comes to half. Of two sets as small the larger sum counts.
    """
    order = np.argsort(-np.abs(relative), axis=0, kind="stable")
    ordered = np.take_along_axis(relative, order, axis=0)
    best: list[tuple[int, ...]] = []
    sums = {sign: np.cumsum(np.maximum(sign * ordered, 0.0), axis=0) for sign in (1, -1)}
    for time in range(relative.shape[1]):
        found: list[tuple[int, float, tuple[int, ...]]] = []
        for sign, running in sums.items():
            if len(running) == 0 or running[-1, time] < HALF - 1e-12:
                continue
            last = int(np.searchsorted(running[:, time], HALF - 1e-12))
            chosen = order[: last + 1, time][sign * ordered[: last + 1, time] > 0]
            found.append((len(chosen), -float(running[last, time]), tuple(sorted(chosen.tolist()))))
        best.append(min(found)[2] if found else ())
    return best


def phases_of(
    sets: Sequence[tuple[int, ...]], least: int
) -> list[tuple[int, int, tuple[int, ...]]]:
    """Return runs of one dominant set as (first, past the last, set).

    The shortest run below `least` intervals joins the longer of its neighbours until none is.
    """
    runs: list[tuple[int, int, tuple[int, ...]]] = []
    place = 0
    for chosen, group in groupby(sets):
        count = len(list(group))
        runs.append((place, place + count, chosen))
        place += count
    while len(runs) > 1:
        short = min(range(len(runs)), key=lambda n: runs[n][1] - runs[n][0])
        if runs[short][1] - runs[short][0] >= least:
            break
        sides = [n for n in (short - 1, short + 1) if 0 <= n < len(runs)]
        longer = max(sides, key=lambda n: runs[n][1] - runs[n][0])
        runs[short] = (*runs[short][:2], runs[longer][2])
        runs = [
            (begin[0], end[1], begin[2])
            for _, group in groupby(runs, key=lambda run: run[2])
            for whole in [list(group)]
            for begin, end in [(whole[0], whole[-1])]
        ]
    return runs
