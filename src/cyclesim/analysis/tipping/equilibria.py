"""States in which nothing moves: found from many starts, judged by their eigenvalues."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cyclesim.analysis.tipping.parts import Equilibria, Equilibrium, Kind
from cyclesim.analysis.tipping.rates import Rates, box_of, sums
from cyclesim.analysis.tipping.today import Today, moves_with_time

Array = np.ndarray

STARTS = 64
"""Starts spread over the box, besides the states that runs visit."""

_FEW = 4
"""How many times as many starts where there are one or two stocks: they cost little."""

SAME = 1e-5
"""Equilibria nearer than this share of the box are one."""

NEUTRAL = 1e-7
"""Eigenvalues smaller than this share of the largest are those of neutral directions."""

_RESIDUAL = 1e-9


def equilibria(
    today: Today,
    visited: Array,
    *,
    reached: Array | None = None,
    starts: int = STARTS,
    at: float | None = None,
    seed: int = 1,
) -> tuple[Equilibria, Rates | None]:
    """Return the equilibria found, and the rates that they were found with.

    `visited` are states (stock, state) that runs went through: starts beside a Latin hypercube
    over the stocks' ranges; `reached` those of runs from all over, which bound what counts. Roots
    are found by Powell's hybrid method (scipy.optimize.root) with a
    Jacobian by central differences. Inputs that move with time stand still at `at`, by default the
    end of the run. A model whose future hangs on more than its stocks is refused.
    """
    outputs = tuple(output.title for output in today.study.outputs)
    names = tuple(stock.name for stock in today.stocks)
    why = today.beyond_stocks or ("" if names else "it has no stock")
    if why:
        return Equilibria(names, outputs, (), 0, refused=f"'{today.flat.name}': {why}"), None
    moving = moves_with_time(today.flat) or bool(today.runs.scenario.changes)
    time = float(today.study.specs.stop) if at is None else at
    with np.errstate(all="ignore"):
        rates = Rates(today, box_of(today, visited, reached), time, seed)
        count = starts * (_FEW if len(rates.kept) <= 2 else 1)
        points = [*_from_runs(rates, visited), *spread(rates, count, seed)]
        roots = distinct(roots_from(rates, points))
        found = tuple(_judged(rates, root) for root in roots)
    kept = [names[place] for place in rates.kept]
    order = sorted(range(len(found)), key=lambda i: float(found[i].outputs[0]))
    return (
        Equilibria(
            names, outputs, tuple(found[place] for place in order), len(points),
            tuple(stock for stock in names if stock not in kept),
            sums(rates.laws, rates.size, kept), time if moving else None,
            spans=_spans(today, visited, time, found),
        ),
        rates,
    )  # fmt: skip


def _spans(
    today: Today, visited: Array, time: float, found: tuple[Equilibrium, ...]
) -> tuple[float, ...]:
    """Return how far each output moves between the states visited and the equilibria found."""
    states = visited[:, np.isfinite(visited).all(axis=0)]
    rows = [today.place(output.variable.name) for output in today.study.outputs]
    seen = today.values(states, None, time)[rows]
    whole = np.column_stack((seen, *(each.outputs for each in found)))
    with np.errstate(all="ignore"):
        wide = np.nanmax(whole, axis=1) - np.nanmin(whole, axis=1)
    return tuple(float(each) if np.isfinite(each) else 0.0 for each in wide)


def _from_runs(rates: Rates, visited: Array) -> list[Array]:
    states = visited[rates.kept][:, np.isfinite(visited).all(axis=0)]
    return list((states / rates.size[:, None]).T)


def spread(rates: Rates, count: int, seed: int) -> list[Array]:
    """Return starts spread over the box, a Latin hypercube (McKay, Beckman and Conover 1979)."""
    from scipy.stats import qmc  # half a second that only this analysis has to pay

    shares = qmc.LatinHypercube(len(rates.kept), seed=seed).random(count)
    low = rates.box.low[rates.kept] / rates.size
    high = rates.box.high[rates.kept] / rates.size
    return list(low + shares * (high - low))


def roots_from(
    rates: Rates, points: list[Array], along: tuple[int, float] | None = None
) -> Iterator[Array]:
    """Yield the equilibria in the box that starts lead to, with a number at a value."""
    from scipy.optimize import root

    low = (rates.box.low - rates.box.below)[rates.kept] / rates.size
    high = (rates.box.high + rates.box.above)[rates.kept] / rates.size

    def rate(point: Array) -> Array:
        number = None if along is None else (along[0], np.full(1, along[1]))
        return rates(point[:, None], number)[:, 0]

    def slope(point: Array) -> Array:
        if along is None:
            return rates.jacobian(point)
        whole = np.append(point, along[1])
        return rates.with_number(whole, along[0], 1.0)[1][:, :-1]

    for point in points:
        try:
            found = root(rate, point, jac=slope, method="hybr", options={"xtol": 1e-12})
        except (ValueError, np.linalg.LinAlgError):
            continue  # the way led out of the numbers
        small = np.abs(rate(found.x)).max(initial=0.0) <= _RESIDUAL * rates.typical
        if small and (found.x >= low).all() and (found.x <= high).all():
            yield found.x


def distinct(roots: Iterator[Array]) -> list[Array]:
    """Return each of the roots once."""
    found: list[Array] = []
    for each in roots:
        if all(np.abs(each - other).max() > SAME for other in found):
            found.append(each)
    return found


def kind_of(eigenvalues: Array) -> Kind:
    """Return what an equilibrium with these eigenvalues is.

    One growing direction makes the tipping point: its stable manifold divides the states.
    """
    size = np.abs(eigenvalues).max(initial=0.0)
    growing = int((eigenvalues.real > NEUTRAL * size).sum())
    if growing == 0:
        resting = bool((eigenvalues.real < -NEUTRAL * size).all()) and size > 0
        return Kind.STABLE if resting else Kind.NEUTRAL
    return Kind.SADDLE if growing == 1 else Kind.UNSTABLE


def _judged(rates: Rates, point: Array) -> Equilibrium:
    values, vectors = rates.eigenvalues(rates.jacobian(point))
    today = rates.today
    levels = rates.levels(point)
    rows = today.values(levels[:, None], None, rates.time)[:, 0]
    outputs = np.array([rows[today.place(o.variable.name)] for o in today.study.outputs])
    leading: tuple[str, ...] = ()
    if values.size:
        sizes = np.abs(vectors[:, 0])
        leading = tuple(
            today.stocks[rates.kept[i]].name
            for i in np.argsort(-sizes)[:2]
            if sizes[i] > 0.1 * sizes.max()
        )
    residual = float(np.abs(rates(point[:, None])).max(initial=0.0))
    return Equilibrium(
        kind_of(values), levels, outputs, tuple(complex(v) for v in values), rates.kinks(point),
        leading, residual,
    )  # fmt: skip
