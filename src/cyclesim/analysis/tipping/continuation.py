"""Equilibria followed along a parameter, round folds: pseudo-arclength continuation.

After Keller (1977): each step goes along the tangent of the branch and is corrected by Newton's
method at right angles to it, so that a fold is a point like any other (Allgower and Georg 1990,
chapters 2 and 8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.tipping.branches import Branch, Continuation, Special, SpecialPoint
from cyclesim.analysis.tipping.equilibria import NEUTRAL, distinct, roots_from, spread
from cyclesim.analysis.tipping.parts import Equilibria
from cyclesim.analysis.tipping.rates import Rates

Array = np.ndarray

_FIRST, _LEAST, _MOST = 0.01, 1e-7, 0.03
_POINTS = 600
_NEWTON = 12
_CLOSE = 1e-11
_ELSEWHERE = 10
"""Starts at each of a few other values of the parameter: branches that are not there today."""


@dataclass(frozen=True)
class _Point:
    """A point of a branch: stocks and number (scaled), tangent, and what marks special points."""

    at: Array
    tangent: Array
    growing: int
    swinging: int
    side: float


class _Path:
    """A branch being followed: corrector and the marks of points."""

    def __init__(self, rates: Rates, place: int, width: float) -> None:
        self.rates, self.place, self.width = rates, place, width

    def corrected(self, guess: Array, tangent: Array) -> Array | None:
        """Return the point of the branch at right angles to the tangent; None if none is near."""
        at = guess.copy()
        for _ in range(_NEWTON):
            rate, slope = self.rates.with_number(at, self.place, self.width)
            whole = np.append(rate / self.rates.typical, tangent @ (at - guess))
            matrix = np.vstack((slope / self.rates.typical, tangent))
            if not (np.isfinite(whole).all() and np.isfinite(matrix).all()):
                return None
            try:
                move = np.linalg.solve(matrix, whole)
            except np.linalg.LinAlgError:
                return None
            at = at - move
            if np.abs(move).max() < _CLOSE:
                return at
        return at if np.abs(move).max() < 1e-8 else None

    def point(self, at: Array, before: Array) -> _Point:
        """Return a point with its tangent in the direction of `before`, and its marks."""
        _, slope = self.rates.with_number(at, self.place, self.width)
        tangent = np.linalg.svd(slope)[2][-1]
        if tangent @ before < 0:
            tangent = -tangent
        values, _ = self.rates.eigenvalues(slope[:, :-1])
        size = np.abs(values).max(initial=0.0)
        grows = values.real > NEUTRAL * size
        swings = np.abs(values.imag) > 1e-9 * size
        side = float(np.linalg.slogdet(np.vstack((slope / self.rates.typical, tangent)))[0])
        return _Point(at, tangent, int(grows.sum()), int((grows & swings).sum()), side)

    def onward(self, start: _Point, length: float) -> _Point | None:
        """Return the point one step along."""
        at = self.corrected(start.at + length * start.tangent, start.tangent)
        if at is None or np.linalg.norm(at - start.at) > 3 * length:
            return None
        found = self.point(at, start.tangent)
        return found if found.tangent @ start.tangent > 0.7 else None


def continuation(
    rates: Rates, place: int, low: float, high: float, known: Equilibria, output: str, seed: int = 1
) -> Continuation:
    """Return the branches of equilibria over the range of a number, with folds and Hopf points.

    `place` is the number's among those that vary. Branches begin at the equilibria known, and at
    those found from a few starts at other values within the range.
    """
    today = rates.today
    varied = today.varied[place]
    units = today.study.model.flat.by_ident[varied.ident].units
    shown = next(o for o in today.study.outputs if o.variable.name == output)
    width = high - low
    branches: list[Branch] = []
    with np.errstate(all="ignore"):
        for at in _beginnings(rates, place, low, high, known, seed):
            if not any(_passes(branch, rates, at, width) for branch in branches):
                path = _Path(rates, place, width)
                branches.append(_branch(path, at, low / width, high / width, output))
    return Continuation(
        varied.name, units, float(today.numbers[place]), low, high, shown.title,
        shown.variable.units, tuple(b for b in branches if len(b.parameter) > 1),
    )  # fmt: skip


def _beginnings(
    rates: Rates, place: int, low: float, high: float, known: Equilibria, seed: int
) -> Iterator[Array]:
    own = rates.today.numbers[place]
    for each in known.found:
        yield np.append(each.levels[rates.kept] / rates.size, own / (high - low))
    for turn, share in enumerate((0.02, 0.35, 0.65, 0.98)):
        value = low + share * (high - low)
        points = [each.levels[rates.kept] / rates.size for each in known.found]
        points += spread(rates, _ELSEWHERE, seed + 1 + turn)
        for root in distinct(roots_from(rates, points, (place, value))):
            yield np.append(root, value / (high - low))


def _passes(branch: Branch, rates: Rates, at: Array, width: float) -> bool:
    """Return whether a branch already goes through a point."""
    along = branch.parameter / width
    levels = branch.levels[rates.kept] / rates.size[:, None]
    before = (along - at[-1])[:-1]
    after = (along - at[-1])[1:]
    for i in np.flatnonzero(before * after <= 0):
        span = along[i + 1] - along[i]
        share = (at[-1] - along[i]) / span if span else 0.0
        here = levels[:, i] + share * (levels[:, i + 1] - levels[:, i])
        if np.abs(here - at[:-1]).max() < 0.02 * (1 + abs(share)):
            return True
    return False


def _branch(path: _Path, at: Array, low: float, high: float, output: str) -> Branch:
    """Return the branch through a point, followed both ways."""
    upwards = np.zeros(len(at))
    upwards[-1] = 1.0
    start = path.point(at, upwards)
    back = _followed(path, _reversed(start), low, high)
    forth = _followed(path, start, low, high)
    points = [*reversed(back[0]), start, *forth[0]]
    marks = [*back[1], *forth[1]]
    levels = np.array([path.rates.levels(p.at[:-1]) for p in points]).T
    numbers = np.array([p.at[-1] * path.width for p in points])
    special = [(kind, p.at) for kind, p in marks]
    ends = _outputs(path, [p.at for p in points] + [at for _, at in special], output)
    return Branch(
        numbers,
        levels,
        ends[: len(points)],
        np.array([p.growing == 0 for p in points]),
        tuple(
            SpecialPoint(kind, float(at[-1] * path.width), float(end),
                         path.rates.levels(at[:-1]))
            for (kind, at), end in zip(special, ends[len(points) :], strict=True)
        ),
    )  # fmt: skip


def _reversed(point: _Point) -> _Point:
    return _Point(point.at, -point.tangent, point.growing, point.swinging, -point.side)


def _followed(
    path: _Path, start: _Point, low: float, high: float
) -> tuple[list[_Point], list[tuple[Special, _Point]]]:
    """Return the points after a start until the range, or the box, is left; and special ones."""
    found: list[_Point] = []
    special: list[tuple[Special, _Point]] = []
    here, length = start, _FIRST
    box_low = path.rates.box.low[path.rates.kept] / path.rates.size - 0.5
    box_high = path.rates.box.high[path.rates.kept] / path.rates.size + 0.5
    while len(found) < _POINTS:
        following = path.onward(here, length)
        if following is None:
            length /= 2
            if length < _LEAST:
                break
            continue
        special += _between(path, here, following, length)
        found.append(following)
        state = following.at[:-1]
        if (
            not low <= following.at[-1] <= high
            or (state < box_low).any()
            or (state > box_high).any()
        ):
            break
        closed = len(found) > 10 and np.abs(following.at - start.at).max() < length / 2
        if closed:
            break
        here, length = following, min(length * 1.4, _MOST)
    inside = [each for each in special if low <= each[1].at[-1] <= high]
    return found, inside


def _between(
    path: _Path, here: _Point, following: _Point, length: float
) -> list[tuple[Special, _Point]]:
    """Return the special point between two neighbours, located by bisection."""
    tests: list[tuple[Special, Callable[[_Point], bool]]] = [
        (Special.BRANCH, lambda p: p.side != here.side),
        (Special.FOLD, lambda p: p.tangent[-1] * here.tangent[-1] < 0),
        (Special.HOPF, lambda p: p.swinging != here.swinging and p.growing != here.growing),
    ]
    for kind, changed in tests:
        if not changed(following):
            continue
        if kind is Special.HOPF and abs(following.growing - here.growing) != 2:
            continue
        low, high, point = 0.0, length, following
        for _ in range(50):
            middle = (low + high) / 2
            if not low < middle < high or high - low < 1e-13:
                break
            tried = path.onward(here, middle)
            if tried is None:
                break
            if changed(tried):
                high, point = middle, tried
            else:
                low = middle
        return [(kind, point)]
    return []


def _outputs(path: _Path, points: Sequence[Array], output: str) -> Array:
    """Return the output at points of a branch."""
    rates, today = path.rates, path.rates.today
    lanes = np.array(points).T
    levels = np.repeat(today.levels[:, None], lanes.shape[1], axis=1)
    levels[rates.kept] = lanes[:-1] * rates.size[:, None]
    numbers = np.repeat(today.numbers[:, None], lanes.shape[1], axis=1)
    numbers[path.place] = lanes[-1] * path.width
    return np.asarray(today.values(levels, numbers, rates.time)[today.place(output)])
