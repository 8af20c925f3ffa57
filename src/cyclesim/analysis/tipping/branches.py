"""Branches of equilibria along a parameter, and the points at which they meet."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import Enum

import numpy as np

Array = np.ndarray

_UNSEEN = 1e-3
"""A chord may leave a branch by this share of the picture."""


class Special(Enum):
    """What happens at a special point of a branch."""

    FOLD = "fold"
    HOPF = "Hopf point"
    BRANCH = "branch point"


@dataclass(frozen=True)
class SpecialPoint:
    """A point of a branch at which equilibria meet, split or begin to swing."""

    kind: Special
    parameter: float
    output: float
    levels: Array


@dataclass(frozen=True)
class Branch:
    """Equilibria along a parameter: `parameter`, `output` and `stable` (point,), `levels`."""

    parameter: Array
    levels: Array
    output: Array
    stable: Array
    points: tuple[SpecialPoint, ...]

    @property
    def drawn(self) -> Array:
        """Return the places (point,) that a picture needs: a chord leaves the curve unseen nowhere.

        After Ramer (1972) and Douglas and Peucker (1973); ends and changes of stability stay.
        """
        axes = np.stack((self.parameter, self.output))
        axes = axes / (np.ptp(axes, axis=1, keepdims=True) + 1e-300)
        turns = np.flatnonzero(self.stable[1:] != self.stable[:-1])
        kept = {0, len(self.stable) - 1, *turns.tolist(), *(turns + 1).tolist()}
        parts = list(itertools.pairwise(sorted(kept)))
        while parts:
            first, last = parts.pop()
            chord = axes[:, last] - axes[:, first]
            away = axes[:, first:last] - axes[:, [first]]
            length = np.hypot(*chord)
            # Where both ends are one point, as on a closed branch, distances are those from it.
            off = (
                np.abs(chord[0] * away[1] - chord[1] * away[0]) / length
                if length > 0
                else np.hypot(*away)
            )
            far = first + int(off.argmax())
            if off.max() > _UNSEEN and far > first:
                kept.add(far)
                parts += [(first, far), (far, last)]
        return np.array(sorted(kept))


@dataclass(frozen=True)
class Continuation:
    """Branches of equilibria over the range of a parameter; `refused` says why there are none."""

    parameter: str
    units: str | None
    today: float
    low: float
    high: float
    output: str
    output_units: str | None
    branches: tuple[Branch, ...]
    refused: str = ""

    @property
    def points(self) -> tuple[SpecialPoint, ...]:
        """Return all special points in order of the parameter, each once."""
        found: list[SpecialPoint] = []
        near = 1e-6 * (self.high - self.low)
        # Two branches that meet are followed to their meeting with different last digits.
        sizes = [np.abs(branch.levels).max(axis=1) for branch in self.branches]
        close = 1e-3 * np.max(sizes, axis=0) + 1e-12 if sizes else np.zeros(0)
        for each in sorted((p for b in self.branches for p in b.points), key=_by_parameter):
            if not any(
                each.kind is o.kind
                and abs(each.parameter - o.parameter) < near
                and (np.abs(each.levels - o.levels) <= close).all()
                for o in found
            ):
                found.append(each)
        return tuple(found)


def _by_parameter(point: SpecialPoint) -> float:
    return point.parameter
