"""Whether a start that rests is stable: the Jacobian of the model's own derivative."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from cyclesim.codegen import TARGETS, Binding
from cyclesim.compiler import FlatModel
from cyclesim.compiler.terms import Draw, Term, walk
from cyclesim.integrate import state_of
from cyclesim.schedule import Schedule
from cyclesim.simulation import Values

RESTING = 0.01
"""A stock rests if, at its first rate, the whole run would move it by less than this share."""

STEP = float(np.finfo(float).eps) ** (1 / 3)
"""The perturbation of a stock as a share of its size: the best for central differences."""

KINK = 1e-3
"""One-sided differences that disagree by more than this share are those of a kink."""

GROWTH = 0.01
"""A deviation that grows by less than this share over the whole run is not called unstable."""


class Rest(Enum):
    """What the start of a run is, as far as it is judged."""

    STABLE = "rests on a stable equilibrium"
    NEUTRAL = "rests where a deviation neither grows nor fades"
    UNSTABLE = "starts on an unstable equilibrium"
    MOVING = "does not rest"
    NOT_JUDGED = "is not judged"


@dataclass(frozen=True)
class Kink:
    """A stock whose rate answers a rise and a fall of another differently."""

    stock: str
    of: str


@dataclass(frozen=True)
class Stability:
    """What is found of a start. Rates are per unit of time.

    `eigenvalues` are sorted, the largest real part first; `moving` names the stock that moves
    most where the start does not rest, and `share` how far the run would move it; `reason` says
    why nothing is judged; `leading` are the stocks that deviate most as a deviation grows.
    """

    rest: Rest
    eigenvalues: tuple[complex, ...] = ()
    kinks: tuple[Kink, ...] = ()
    moving: str = ""
    share: float = 0.0
    reason: str = ""
    leading: tuple[str, ...] = ()

    @property
    def growth(self) -> float:
        """Return the largest real part, per unit of time."""
        return self.eigenvalues[0].real if self.eigenvalues else 0.0

    def words(self, time_units: str = "") -> str:
        """Return what is found in one sentence without its full stop."""
        unit = time_units.strip() or "time unit"
        match self.rest:
            case Rest.NOT_JUDGED:
                return f"the stability of the start is not judged: {self.reason}"
            case Rest.MOVING:
                share = f"{self.share:.2g} of its size"
                return f"the start does not rest: '{self.moving}' would move by {share} in the run"
            case Rest.UNSTABLE:
                time = _length(math.log(2) / self.growth, unit)
                most = f", most in {_named(self.leading)}" if self.leading else ""
                return f"starts on an unstable equilibrium: a deviation doubles in {time}{most}"
            case Rest.STABLE:
                time = _length(math.log(2) / -self.growth, unit)
                return f"rests on a stable equilibrium: the slowest deviation halves in {time}"
            case _:
                return "rests where a deviation neither grows nor fades"


def stability(flat: FlatModel, schedule: Schedule, values: Values) -> Stability:
    """Return whether a start rests, and whether it is stable.

    The Jacobian at the start is taken by central differences of the model's derivative
    (Dennis and Schnabel 1983, section 5.6), every perturbation one lane of the `numpy` target;
    stocks are measured in their own size. By Lyapunov's first
    method (Khalil 2002, theorem 4.7) the largest real part of its eigenvalues decides; within
    1 % of growth over the run it decides nothing. A model whose future hangs on more than its
    stocks at the time (delays in whole steps, values of an earlier step, noise) is not judged.
    """
    reason = _beyond_stocks(flat)
    if reason or not flat.levels:
        return Stability(Rest.NOT_JUDGED, reason=reason or "the model has no stock")
    clock = schedule.clock
    length = clock.stop - clock.start
    with np.errstate(all="ignore"):
        rates_at, levels, names = _derivative(flat, schedule, values)
        sizes = _sizes(flat, levels)
        rates = rates_at(levels[:, None])[:, 0]
        if not (np.isfinite(rates).all() and np.isfinite(levels).all()):
            return Stability(Rest.NOT_JUDGED, reason="a rate at the start is no number")
        shares = np.abs(rates) * length / sizes
        place = int(shares.argmax())
        if shares[place] > RESTING:
            return Stability(Rest.MOVING, moving=names[place], share=float(shares[place]))
        steps = STEP * sizes
        moved = levels[:, None] + np.concatenate((np.diag(steps), -np.diag(steps)), axis=1)
        above, below = np.split(rates_at(moved), 2, axis=1)
    return _judged(above, below, rates, sizes, names, length)


def _judged(
    above: np.ndarray,
    below: np.ndarray,
    rates: np.ndarray,
    sizes: np.ndarray,
    names: Sequence[str],
    length: float,
) -> Stability:
    """Return what the rates (stock, perturbed stock) beside the start say of it."""
    scale = STEP * sizes[:, None]  # stocks in their own size: the eigenvalues stay the same
    jacobian = (above - below) / 2 / scale
    if not np.isfinite(jacobian).all():
        return Stability(Rest.NOT_JUDGED, reason="a rate beside the start is no number")
    right, left = (above - rates[:, None]) / scale, (rates[:, None] - below) / scale
    largest = np.maximum(np.abs(right), np.abs(left))
    apart = np.abs(right - left) > KINK * largest + 1e-6 * float(np.abs(jacobian).max())
    kinks = tuple(Kink(names[i], names[j]) for i, j in np.argwhere(apart))
    eigenvalues, vectors = np.linalg.eig(jacobian)
    order = np.lexsort((-eigenvalues.imag, -eigenvalues.real))
    found = tuple(complex(each) for each in eigenvalues[order])
    growth = found[0].real * length
    rest = Rest.NEUTRAL
    leading: tuple[str, ...] = ()
    if growth > GROWTH:
        rest = Rest.UNSTABLE
        sizes_of = np.abs(vectors[:, order[0]])
        leading = tuple(
            names[i] for i in np.argsort(-sizes_of)[:2] if sizes_of[i] > 0.1 * sizes_of.max()
        )
    elif growth < -GROWTH:
        rest = Rest.STABLE
    return Stability(rest, found, kinks, leading=leading)


def _beyond_stocks(flat: FlatModel) -> str:
    """Return why stocks alone do not say what comes next; nothing where they do."""
    terms: list[Term] = [piece.term for v in flat.variables for piece in v.pieces]
    if flat.buffers:
        return "the model has delays in whole steps"
    if any(rule.update for rule in flat.memories):
        return "the model reads values of an earlier step"
    if any(isinstance(node, Draw) for term in terms for node in walk(term)):
        return "the model has noise"
    return ""


def _derivative(
    flat: FlatModel, schedule: Schedule, values: Values
) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray, tuple[str, ...]]:
    """Return the rates of stocks (element, lane), the stocks at the start and their names."""
    program = TARGETS["numpy"](flat)
    shapes = [flat.by_ident[ident].shape for ident in flat.parameters]
    bound_values = tuple(
        np.array(value, dtype=float).reshape((*shape, 1)) if shape else np.asarray(value, float)[()]
        for value, shape in zip(values, shapes, strict=True)
    )
    clock = schedule.clock
    start, stop, dt = np.float64(clock.start), np.float64(clock.stop), np.float64(clock.dt)
    bound = program.bind(Binding(bound_values, start, stop, dt, np.float64(schedule.declared_dt)))
    begin = state_of(bound)
    variables = [flat.by_ident[rule.ident] for rule in flat.levels]
    names = tuple(name for variable in variables for name in variable.columns)
    columns = zip(begin.levels, variables, strict=True)
    levels = np.concatenate(
        [np.broadcast_to(np.ravel(column), (v.size,)) for column, v in columns]
    ).astype(float)
    ends = np.cumsum([variable.size for variable in variables])[:-1]
    time = np.float64(clock.start)

    def rates_at(lanes: np.ndarray) -> np.ndarray:
        parts = [
            part.reshape((*v.shape, -1))
            for part, v in zip(np.split(lanes, ends), variables, strict=True)
        ]
        rates = bound.derivatives(time, time, parts, begin.held)
        rows = [
            np.broadcast_to(rate, (*v.shape, lanes.shape[1])).reshape((v.size, -1))
            for rate, v in zip(rates, variables, strict=True)
        ]
        return np.concatenate(rows).astype(float)

    return rates_at, levels, names


def _sizes(flat: FlatModel, levels: np.ndarray) -> np.ndarray:
    """Return the size of each element of a stock: its own, or that of the largest in its unit.

    Where a unit's stocks are all empty, the size is 1.
    """
    units = [
        flat.by_ident[rule.ident].units
        for rule in flat.levels
        for _ in range(flat.by_ident[rule.ident].size)
    ]
    largest: dict[str | None, float] = {}
    for unit, level in zip(units, np.abs(levels), strict=True):
        largest[unit] = max(largest.get(unit, 0.0), float(level))
    # A stock that is small beside its like keeps its own size, unless it is all but empty.
    sizes = [
        max(abs(float(level)), 1e-3 * largest[unit]) or 1.0
        for unit, level in zip(units, levels, strict=True)
    ]
    return np.array(sizes)


def _length(time: float, unit: str) -> str:
    shown = f"{time:.3g}" if time < 1000 else f"{time:,.0f}"
    return f"{shown} {unit}{'' if shown == '1' or unit.endswith('s') else 's'}"


def _named(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)
