"""Morris and Sobol through SALib, on runs of a scenario.

Morris 1991 with the mean size of Campolongo, Cariboni and Saltelli 2007; Sobol 2001 by the
estimators of Saltelli et al. 2010.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from cyclesim.analysis.heaps import heaps_of
from cyclesim.analysis.sensitivity.parts import Course, Failures, Screening, Variance
from cyclesim.analysis.sensitivity.running import Runner
from cyclesim.ensemble.designs.sample import TAIL
from cyclesim.scenario.design_parts import Quantity, Uniform, Values
from cyclesim.scenario.parts import Direction, Output
from cyclesim.schedule import schedule_of

LEVELS = 4
RESAMPLES = 200
MOMENTS = 20
"""Times at which shares of the variance are found."""

Array = np.ndarray


def screenings(runner: Runner, paths: int, seed: int) -> tuple[Screening, ...]:
    """Return the elementary effects of each quantity on the end of each output.

    A path moves each quantity once, by two thirds of its way: from end to end where all numbers
    are equally likely, else between its 5 % and 95 % quantiles.
    """
    from SALib.analyze import morris as analyse
    from SALib.sample import morris as sample

    quantities = runner.quantities
    problem = _problem(quantities)
    with _quiet():
        shares = sample.sample(problem, paths, num_levels=LEVELS, seed=_small(seed))
    length = len(quantities) + 1

    def indices(ends: Array, kept: Array) -> dict[str, Any]:
        points = shares.reshape(-1, length, len(quantities))[kept].reshape(-1, len(quantities))
        with _quiet():
            return dict(
                analyse.analyze(
                    problem,
                    points,
                    ends,
                    num_resamples=RESAMPLES,
                    num_levels=LEVELS,
                    seed=_small(seed),
                )
            )

    found = []
    ends = runner.ends(quantities, _within_reach(quantities, shares))
    for output, row in zip(runner.study.outputs, ends, strict=True):
        values, failures = without_failed(row, length, output, indices, "mu_star")
        if not values:
            values = dict.fromkeys(("mu_star", "sigma", "mu_star_conf"), _none(quantities))
        mean, spread, half = (
            np.asarray(values[key], float) for key in ("mu_star", "sigma", "mu_star_conf")
        )
        found.append(Screening(output, quantities, mean, spread, half, paths, failures))
    return tuple(found)


def _within_reach(quantities: tuple[Quantity, ...], shares: Array) -> Array:
    """Return shares (run, quantity) that keep numbers off ends that are far off, or infinite."""
    reached = shares.copy()
    for place, quantity in enumerate(quantities):
        if not isinstance(quantity.distribution, Uniform | Values):
            reached[:, place] = TAIL + (1 - 2 * TAIL) * shares[:, place]
    return reached


def variances(
    runner: Runner, quantities: tuple[Quantity, ...], points: int, seed: int
) -> tuple[Variance, ...]:
    """Return the Sobol indices of some quantities, the others at their own numbers.

    `points` is the number of base points, a power of 2; 2 (quantities + 1) runs belong to each.
    """
    from SALib.sample import sobol as sample

    problem = _problem(quantities)
    with _quiet():
        shares = sample.sample(problem, points, calc_second_order=True, seed=_small(seed))
    times, reached = runner.reached(quantities, shares, _moments(runner))
    found = []
    for output, rows in zip(runner.study.outputs, reached, strict=True):
        course = _course(quantities, problem, times, rows, output, seed)
        found.append(_variance(output, quantities, problem, rows[-1], course, points, seed))
    return tuple(found)


def _moments(runner: Runner) -> list[int]:
    """Return the places of some saved times, evenly spread, the last among them."""
    saved = len(schedule_of(runner.study.specs, runner.study.model.flat.sim_specs).times)
    return sorted({*np.linspace(0, saved - 1, MOMENTS + 1).round().astype(int)[1:].tolist()})


def _course(
    quantities: tuple[Quantity, ...],
    problem: dict[str, Any],
    times: Array,
    rows: Array,
    output: Output,
    seed: int,
) -> Course:
    """Return the shares of the variance of an output at some times: `rows` (moment, run)."""
    from SALib.analyze import sobol as analyse

    length = 2 * len(quantities) + 2
    alone = [*range(len(quantities) + 1), length - 1]  # pairs are not looked at

    def indices(values: Array, kept: Array) -> dict[str, Any]:
        some = values.reshape(-1, length)[:, alone].reshape(-1)
        if not np.ptp(some) > 0:
            return {}
        with _quiet():
            return dict(
                analyse.analyze(
                    problem, some, calc_second_order=False, num_resamples=RESAMPLES // 2,
                    seed=_small(seed),
                )
            )  # fmt: skip

    none = _none(quantities)
    found = [without_failed(row, length, output, indices, "ST", effect=False)[0] for row in rows]
    first, total, half = (
        np.array([each.get(key, none) for each in found], dtype=float).T
        for key in ("S1", "ST", "ST_conf")
    )
    return Course(times, first, total, half, np.array([deviation(row) for row in rows]))


def _variance(
    output: Output,
    quantities: tuple[Quantity, ...],
    problem: dict[str, Any],
    row: Array,
    course: Course,
    points: int,
    seed: int,
) -> Variance:
    from SALib.analyze import sobol as analyse

    length = 2 * len(quantities) + 2

    def indices(ends: Array, kept: Array) -> dict[str, Any]:
        if not np.ptp(ends) > 0:  # shares of nothing
            none = np.zeros(len(quantities))
            pairs = np.full((len(quantities), len(quantities)), np.nan)
            return {
                "S1": none, "S1_conf": none, "ST": none, "ST_conf": none,
                "S2": pairs, "S2_conf": pairs,
            }  # fmt: skip
        with _quiet():
            return dict(
                analyse.analyze(
                    problem,
                    ends,
                    calc_second_order=True,
                    num_resamples=RESAMPLES,
                    seed=_small(seed),
                )
            )

    independent = row.reshape(-1, length)[:, [0, -1]].ravel()  # no number is in two of these
    none = _none(quantities)
    lost = dict.fromkeys(("S1", "S1_conf", "ST", "ST_conf"), none)
    lost |= dict.fromkeys(("S2", "S2_conf"), np.full((len(none), len(none)), np.nan))
    values, failures = without_failed(row, length, output, indices, "ST")
    values = values or lost
    convergence = {}
    for some in (points // 4, points // 2, points):
        part = without_failed(row[: some * length], length, output, indices, "ST")[0] or lost
        convergence[some] = (np.asarray(part["ST"]), np.asarray(part["ST_conf"]))
    keys = ("S1", "S1_conf", "ST", "ST_conf", "S2", "S2_conf")
    first, first_half, total, total_half, second, second_half = (
        np.asarray(values[key], float) for key in keys
    )
    return Variance(
        output, quantities, first, first_half, total, total_half, second, second_half, points,
        deviation(row), convergence, course, heaps_of(independent), failures,
    )  # fmt: skip


def without_failed(
    row: Array,
    length: int,
    output: Output,
    indices: Callable[[Array, Array], dict[str, Any]],
    key: str,
    *,
    effect: bool = True,
) -> tuple[dict[str, Any], Failures]:
    """Return indices without the groups of `length` runs in which one failed, and its effect.

    There are no indices where fewer than two groups are left; the effect is 0 if not asked for.
    """
    groups = row.reshape(-1, length)
    kept = np.isfinite(groups).all(axis=1)
    failed = int(np.isnan(row).sum())
    if kept.sum() < 2:
        return {}, Failures(failed, row.size, int((~kept).sum()), np.nan)
    found = indices(groups[kept].reshape(-1), kept)
    shift = 0.0
    if failed and effect:
        worst = np.nanmin(row) if output.good is not Direction.DOWN else np.nanmax(row)
        filled = np.where(np.isnan(row), worst, row)
        other = indices(filled, np.ones(len(kept), dtype=bool))
        shift = float(np.max(np.abs(np.asarray(other[key]) - np.asarray(found[key]))))
    return found, Failures(failed, row.size, int((~kept).sum()), shift)


def deviation(row: Array) -> float:
    """Return the standard deviation of the runs that reached the end, NaN where none did."""
    finite = row[np.isfinite(row)]
    return float(finite.std()) if finite.size else float("nan")


def _none(quantities: Sequence[Quantity]) -> Array:
    return np.full(len(quantities), np.nan)


def _small(seed: int) -> int:
    """Return a seed that SALib takes for one: it reads 0 as none, and some of it takes 32 bits."""
    return seed % (2**32 - 1) + 1


def _problem(quantities: Sequence[Quantity]) -> dict[str, Any]:
    # Names are ours: SALib reads some of the modeller's as groups.
    names = [f"q{place}" for place in range(len(quantities))]
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep SALib's warnings from the user: what they say is in the results."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
