"""What a run's steps are, as data: tableaus, the clock, the save rule.

Time is an index. A time is one correctly rounded division of whole numbers, never a running
sum, so that step 3 of dt = 0.3 is 0.9 and a step due at 0.9 happens there in every target.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from cyclesim.errors import UsageError
from cyclesim.project import Method, SimSpecs

SNAP = Fraction(1, 1_000_000)
"""Declared times are snapped to a step that is this near, as a share of dt."""

STEP_LIMIT = 50_000_000


@dataclass(frozen=True)
class Tableau:
    """Butcher tableau of an explicit Runge-Kutta method (Hairer, Norsett, Wanner 1993, II.1)."""

    name: str
    order: int
    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    c: tuple[float, ...]


EULER = Tableau("euler", 1, ((),), (1.0,), (0.0,))
RK2 = Tableau("rk2", 2, ((), (1.0,)), (1 / 2, 1 / 2), (0.0, 1.0))
RK4 = Tableau(
    "rk4",
    4,
    ((), (1 / 2,), (0.0, 1 / 2), (0.0, 0.0, 1.0)),
    (1 / 6, 1 / 3, 1 / 3, 1 / 6),
    (0.0, 1 / 2, 1 / 2, 1.0),
)
TABLEAUS = {Method.EULER: EULER, Method.RK2: RK2, Method.RK4: RK4}


@dataclass(frozen=True)
class Clock:
    """The times of a run, counted in whole steps: time(n) = (first + n * each) / parts."""

    first: int
    each: int
    parts: int
    steps: int

    def time(self, step: int) -> float:
        """Return the time of a step, the double nearest to its exact value."""
        return (self.first + step * self.each) / self.parts

    @property
    def start(self) -> float:
        """Return the time of step 0."""
        return self.time(0)

    @property
    def stop(self) -> float:
        """Return the time of the last step."""
        return self.time(self.steps)

    @property
    def dt(self) -> float:
        """Return the length of a step."""
        return self.each / self.parts


@dataclass(frozen=True)
class Schedule:
    """Everything that says when a run computes and what it keeps.

    `saved` are the step numbers that are kept, `declared_dt` the model's own dt, on whose
    grid noise is drawn whatever the run's dt.
    """

    method: Method
    clock: Clock
    saved: tuple[int, ...]
    declared_dt: float

    @property
    def tableau(self) -> Tableau:
        """Return the tableau of a fixed-step method."""
        return TABLEAUS[self.method]

    @property
    def times(self) -> tuple[float, ...]:
        """Return the saved times."""
        return tuple(self.clock.time(step) for step in self.saved)


def exact_number(written: float | str | Fraction) -> Fraction | None:
    """Return a number as the exact fraction of its decimal, so that 0.1 is a tenth.

    None where it is no number, or one that a double cannot stand for: `1e30000000` written out
    as a fraction would take all memory.
    """
    if isinstance(written, Fraction):
        return written
    text = str(written).strip()
    try:
        if "/" not in text:
            near = float(text)
            vanished = near == 0.0 and any(c in "123456789" for c in text.casefold().split("e")[0])
            if vanished or not math.isfinite(near):
                return None
        return Fraction(text) if len(text) < 400 else None
    except (ValueError, ZeroDivisionError):
        return None


def schedule_of(specs: SimSpecs, declared: SimSpecs | None = None) -> Schedule:
    """Return the schedule of a run by `specs`; noise keeps to the grid of `declared`.

    Raises UsageError where the times make no run: dt not above 0, stop not after start, a dt
    that does not divide the run, a save interval shorter than dt.
    """
    _check(specs)
    span = specs.stop - specs.start
    steps = round(span / specs.dt)
    clock = _clock(specs.start, specs.dt, steps)
    every = specs.save_interval or specs.dt
    return Schedule(
        specs.method, clock, _saved(every, specs.dt, steps), float((declared or specs).dt)
    )


def halved(schedule: Schedule) -> Schedule:
    """Return the schedule with every step in two, keeping the same times."""
    clock = schedule.clock
    finer = Clock(clock.first * 2, clock.each, clock.parts * 2, clock.steps * 2)
    saved = tuple(2 * step for step in schedule.saved)
    return Schedule(schedule.method, finer, saved, schedule.declared_dt)


def _check(specs: SimSpecs) -> None:
    if specs.dt <= 0:
        raise UsageError(f"dt = {float(specs.dt):g} makes no steps. Use a dt above 0.")
    if specs.stop <= specs.start:
        raise UsageError(
            f"the run stops at {float(specs.stop):g} and starts at {float(specs.start):g}. "
            "Let it stop later than it starts."
        )
    steps = (specs.stop - specs.start) / specs.dt
    if steps > STEP_LIMIT:
        raise UsageError(f"the run has more than {STEP_LIMIT:,} steps. Use a larger dt.")
    if abs(steps - round(steps)) > steps * SNAP:
        raise UsageError(
            f"dt = {float(specs.dt):g} does not divide the run from {float(specs.start):g} to "
            f"{float(specs.stop):g}: {float(steps):.6g} steps. "
            f"Use a dt that divides {float(specs.stop - specs.start):g}."
        )
    every = specs.save_interval
    if every is not None and every < specs.dt * (1 - SNAP):
        raise UsageError(
            f"values are to be saved every {float(every):g}, more often than they are computed: "
            f"dt is {float(specs.dt):g}. Save every {float(specs.dt):g} or more."
        )


def _clock(start: Fraction, dt: Fraction, steps: int) -> Clock:
    parts = math.lcm(start.denominator, dt.denominator)
    return Clock(int(start * parts), int(dt * parts), parts, steps)


def _saved(every: Fraction, dt: Fraction, steps: int) -> tuple[int, ...]:
    saved: list[int] = []
    count = 0
    while True:
        due = count * every / dt
        step = math.ceil(due - SNAP)  # the first step at or after the time, snapped
        if step > steps:
            break
        if not saved or step > saved[-1]:
            saved.append(step)
        count += 1
    if saved[-1] != steps:
        saved.append(steps)  # the end of a run is always kept
    return tuple(saved)
