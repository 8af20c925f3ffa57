"""STEP, RAMP and pulses as terms (docs/semantics.md, section 5).

A declared time is snapped: it has come once the step's time is within 1e-6 dt of it. STEP and
PULSE read the time of the step's start, so that they stand still within a Runge-Kutta step.
"""

from __future__ import annotations

from cyclesim.compiler.terms import (
    DT,
    ONE,
    START,
    STEP_TIME,
    TIME,
    ZERO,
    Literal,
    Term,
    apply,
    rewritten,
)

_SNAPPED = apply("multiply", Literal(1e-6), DT)
"""Declared times come this much early: the share of dt within which they are snapped."""


def since(time: Term) -> Term:
    """Return how long ago a declared time was, not below 0 once it has come."""
    return apply("add", apply("subtract", STEP_TIME, time), _SNAPPED)


def without_snap(term: Term) -> Term:
    """Return a term without the snap of its declared times, which reads dt and means nothing."""

    def change(node: Term) -> Term:
        return ZERO if node == _SNAPPED else node

    return rewritten(term, change)


def come(time: Term) -> Term:
    """Return 1 from the first step at or after a declared time on, else 0."""
    return apply("at_least", since(time), ZERO)


def step(height: Term, time: Term) -> Term:
    """Return `height` from `time` on."""
    return apply("select", come(time), height, ZERO)


def ramp(slope: Term, start: Term, end: Term | None = None) -> Term:
    """Return a line from 0 that rises by `slope` between `start` and `end`."""
    until = TIME if end is None else apply("minimum", TIME, end)
    return apply("multiply", slope, apply("maximum", ZERO, apply("subtract", until, start)))


def pulse(volume: Term, first: Term = START, interval: Term = ZERO) -> Term:
    """Return a rate that adds `volume` in one dt, at `first` and then each `interval`.

    An interval of 0 or less gives one pulse. Two pulses due in one step add both volumes.
    """
    elapsed = since(first)
    single = apply("and", apply("at_least", elapsed, ZERO), apply("less", elapsed, DT))
    count = single
    if interval != ZERO:
        due = apply("floor", apply("divide", elapsed, interval))
        before = apply("floor", apply("divide", apply("subtract", elapsed, DT), interval))
        repeated = apply("subtract", due, apply("maximum", before, apply("negate", ONE)))
        started = apply("select", apply("at_least", elapsed, ZERO), repeated, ZERO)
        count = apply("select", apply("greater", interval, ZERO), started, single)
    return apply("multiply", apply("divide", volume, DT), count)


def unit_pulse(start: Term, duration: Term) -> Term:
    """Return 1 from `start` on for `duration`, at least one dt, and 0 otherwise."""
    return _on(since(start), duration)


def pulse_train(start: Term, duration: Term, interval: Term, end: Term) -> Term:
    """Return 1 for `duration` from `start` on, again each `interval`, and 0 from `end` on.

    An interval of 0 or less, or no longer than the duration, gives one pulse up to the end.
    """
    elapsed = since(start)
    phase = apply("modulo", elapsed, interval)
    apart = apply("greater", interval, apply("maximum", duration, DT))
    on = apply("select", apart, _on(phase, duration), ONE)
    running = apply("and", apply("at_least", elapsed, ZERO), apply("less", since(end), ZERO))
    return apply("and", running, on)


def _on(elapsed: Term, duration: Term) -> Term:
    lasting = apply("maximum", duration, DT)
    return apply("and", apply("at_least", elapsed, ZERO), apply("less", elapsed, lasting))
