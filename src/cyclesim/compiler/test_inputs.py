"""STEP, RAMP and PULSE as terms (docs/semantics.md, section 5).

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
    Apply,
    Literal,
    Lookup,
    Term,
    apply,
)

_SNAP = Literal(1e-6)


def since(time: Term) -> Term:
    """Return how long ago a declared time was, not below 0 once it has come."""
    snapped = apply("multiply", _SNAP, DT)
    return apply("add", apply("subtract", STEP_TIME, time), snapped)


def without_snap(term: Term) -> Term:
    """Return the term with the snap of declared times left out: it vanishes with dt."""
    if term == apply("multiply", _SNAP, DT):
        return ZERO
    if isinstance(term, Apply):
        return Apply(term.operation, tuple(map(without_snap, term.arguments)))
    if isinstance(term, Lookup):
        return Lookup(term.table, without_snap(term.argument))
    return term


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
