"""Loops that may have made a movement, the likeliest first: those that are worth a cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cyclesim.analysis.explanation.stretches import Stretch
from cyclesim.analysis.explanation.view import View
from cyclesim.analysis.loops.dominance import HALF
from cyclesim.names import Ident

Array = np.ndarray

LEAST_SHARE = 0.05
"""A loop below this share leads nothing."""

QUARTER = 0.25
"""Of two loops in balance each has so much of the change at least."""

EVEN = 0.1
"""Two loops hold each other in balance where they differ by no more than this share of either."""


@dataclass(frozen=True)
class Candidate:
    """A family of a view, and the stretch in which it is held to have led.

    With `by_name` its share is one of the loops of given names alone; with `back` it is to have
    made a movement come back.
    """

    view: View
    stretch: Stretch
    family: int
    by_name: bool = False
    back: bool = False

    @property
    def share(self) -> float:
        """Return the mean share of the family in the stretch."""
        stretch = self.stretch
        return dict(zip(stretch.leaders, stretch.shares, strict=True))[self.family]


@dataclass(frozen=True)
class Seen:
    """A partition above the output: its stretches, and the one that decides.

    `driven` says that it is moved from outside for more than half of the movement.
    """

    view: View
    stretches: tuple[Stretch, ...]
    stretch: Stretch
    driven: bool


def leading(seen: Seen) -> list[Candidate]:
    """Return the two loops that lead in the decisive stretch, and the first that has a name.

    The second is one that leads, or one with as much as a quarter of the change.
    """
    view, stretch = seen.view, seen.stretch
    pairs = list(zip(stretch.leaders, stretch.shares, strict=True))[:2]
    means = stretch.sign * view.relative[:, stretch.first : stretch.past].mean(axis=1)
    order = np.argsort(-means, kind="stable").tolist()
    if len(pairs) == 1:
        pairs += [(n, float(means[n])) for n in order[:2] if n != pairs[0][0]][:1]
        pairs = [(n, share) for n, share in pairs if share >= QUARTER or n == pairs[0][0]]
    named = [n for n in order if view.families[n].name][:1]
    pairs += [(n, float(means[n])) for n in named if n not in [number for number, _ in pairs]]
    found = []
    for number, share in pairs:
        if share >= LEAST_SHARE:
            own = stretch
            if number not in stretch.leaders:
                leaders, shares = (*stretch.leaders, number), (*stretch.shares, share)
                own = replace(stretch, leaders=leaders, shares=shares)
            found.append(Candidate(view, own, number))
    return found


def reinforcing(seen: Sequence[Seen], values: Array) -> list[Candidate]:
    """Return loops that reinforce and may have carried the change; `values` are the output's."""
    ruling, others = [], []
    for each in seen:
        if each.stretch.sign > 0 and not each.driven:
            ruling += leading(each)
        else:
            others += _strongest(each, values)
    return ruling + others


def by_name(seen: Sequence[Seen], values: Array, likely: Sequence[Candidate]) -> list[Candidate]:
    """Return loops with names that reinforce, of partitions that are seen through a few stocks.

    Those that are not `likely` already, by their shares of one another, intervals weighed by how
    far the output moves in them. Such shares say nothing of the whole change: a loop among these
    adds to a movement, and never carries it.
    """
    taken = {each.view.families[each.family].name for each in likely}
    found: list[tuple[float, Candidate]] = []
    for each in seen:
        view = each.view.beside
        if view is None:
            continue
        for number, share, stretch in _over_the_run(view, values):
            if share > 0 and view.families[number].name not in taken:
                found.append((-share, Candidate(view, stretch, number, by_name=True)))
    return [candidate for _, candidate in sorted(found, key=lambda pair: pair[0])]


def balancing(seen: Sequence[Seen]) -> list[Candidate]:
    """Return the loop that leads in each partition in which loops that balance decide."""
    own = [each for each in seen if each.stretch.sign < 0 and not each.driven]
    return [candidate for each in own for candidate in leading(each)[:1]]


def swinging(seen: Sequence[Seen]) -> list[Candidate]:
    """Return loops that may make a movement swing, by their mean share of the whole run.

    Those that balance past two states at least, hidden ones of delays counted: with one state
    alone nothing swings.
    """
    found: list[tuple[float, Candidate]] = []
    for each in seen:
        view = each.view
        moving = view.total > 0
        if each.driven or not moving.any():
            continue
        means = view.relative[:, moving].mean(axis=1)
        first = int(np.flatnonzero(moving)[0])
        ruling = 1.0 - float(np.nanmean(view.reinforcing[moving]))
        for number, family in enumerate(view.families):
            states = sum(view.nodes[row].state for row in family.way)
            share = -float(means[number])
            if states >= 2 and share >= LEAST_SHARE:
                whole = (first, len(moving), -1, (number,), (share,), ruling, 0.0)
                found.append((-share, Candidate(view, Stretch(*whole), number)))
    return [candidate for _, candidate in sorted(found, key=lambda pair: pair[0])]


def returning(
    seen: Sequence[Seen], output: Ident, values: Array, turn: int, since: int
) -> list[Candidate]:
    """Return loops that may have made a movement come back after its `turn`, a place in `values`.

    By their mean share from `since`, when what carried the way out ceased to lead, until half of
    the way back is done. How an output that is a stock drains by itself is no reason why it
    turned, and is left out.
    """
    gone = (values[turn:] - values[turn]) / (float(values[-1] - values[turn]) or 1.0)
    first, past = min(since, turn), turn + int((gone >= 0.5).argmax())
    found: list[tuple[float, Candidate]] = []
    for each in seen:
        view = each.view
        if each.driven or past <= first or not (view.total[first:past] > 0).any():
            continue
        means = view.relative[:, first:past].mean(axis=1)
        ruling = float(np.nanmean(view.reinforcing[first:past]))
        for number in range(len(view.families)):
            share, sign = abs(float(means[number])), 1 if means[number] > 0 else -1
            if share >= LEAST_SHARE and not _alone(view, number, output):
                rule = ruling if sign > 0 else 1.0 - ruling
                part = (first, past, sign, (number,), (share,), rule, 0.0)
                found.append((-share, Candidate(view, Stretch(*part), number, back=True)))
    return [candidate for _, candidate in sorted(found, key=lambda pair: pair[0])]


def _alone(view: View, number: int, output: Ident) -> bool:
    """Return whether a family runs through no state but the output."""
    states = {view.nodes[row].variable.ident for row in view.families[number].way
              if view.nodes[row].state}  # fmt: skip
    return states == {output}


def balanced_by(candidate: Candidate) -> int | None:
    """Return the family that holds a candidate in balance, None where none does.

    Its share is of the other sign and as large all along the stretch: what one adds the other
    takes. Cutting one alone then shows what the other does, and nothing of the movement.
    """
    if candidate.by_name or candidate.share < QUARTER:
        return None
    view, stretch = candidate.view, candidate.stretch
    part = view.relative[:, stretch.first : stretch.past]
    own = part[candidate.family]
    size = float(np.abs(own).mean())
    apart = np.abs(part + own).mean(axis=1)
    nearest = int(apart.argmin())
    return nearest if size > 0 and apart[nearest] <= EVEN * size else None


def _strongest(seen: Seen, values: Array) -> list[Candidate]:
    """Return the loops that reinforce most in a partition that others rule."""
    first = _over_the_run(seen.view, values)[:2]
    return [Candidate(seen.view, x, number) for number, share, x in first if share >= LEAST_SHARE]


def _over_the_run(view: View, values: Array) -> list[tuple[int, float, Stretch]]:
    """Return all families by their share over the whole run, the most reinforcing first.

    Intervals are weighed by how far the output moves in them.
    """
    moved = np.abs(np.diff(values)) * (view.total > 0)
    if not moved.any():
        return []
    means = view.relative @ (moved / moved.sum())
    first = int(np.flatnonzero(view.total > 0)[0])
    ruling = min(float(np.nansum(view.reinforcing * moved) / moved.sum()), HALF)
    change = float(values[-1] - values[first])
    return [
        (
            n,
            float(means[n]),
            Stretch(first, len(moved), 1, (n,), (float(means[n]),), ruling, change),
        )
        for n in np.argsort(-means, kind="stable").tolist()
    ]
