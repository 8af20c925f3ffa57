"""Morris, Sobol and PAWN through SALib, on runs of a scenario.

Morris 1991 with the mean size of Campolongo, Cariboni and Saltelli 2007; Sobol 2001 by the
estimators of Saltelli et al. 2010; PAWN of Pianosi and Wagener 2018.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from cyclesim.analysis.sensitivity.parts import Distance, Failures, Screening, Variance
from cyclesim.analysis.sensitivity.running import Runner
from cyclesim.scenario.design_parts import Quantity
from cyclesim.scenario.parts import Direction, Output

LEVELS = 4
RESAMPLES = 200
SLICES = 10

Array = np.ndarray


def screenings(runner: Runner, paths: int, seed: int) -> tuple[Screening, ...]:
    """Return the elementary effects of each quantity on the end of each output.

    A path moves each quantity once, by two thirds of its distribution's shares.
    """
    from SALib.analyze import morris as analyse
    from SALib.sample import morris as sample

    quantities = runner.quantities
    problem = _problem(quantities)
    with _quiet():
        shares = sample.sample(problem, paths, num_levels=LEVELS, seed=seed)
    length = len(quantities) + 1

    def indices(ends: Array, kept: Array) -> dict[str, Any]:
        points = shares.reshape(-1, length, len(quantities))[kept].reshape(-1, len(quantities))
        with _quiet():
            return dict(
                analyse.analyze(
                    problem, points, ends, num_resamples=RESAMPLES, num_levels=LEVELS, seed=seed
                )
            )

    found = []
    ends = runner.ends(quantities, shares)
    for output, row in zip(runner.study.outputs, ends, strict=True):
        values, failures = _without_failed(row, length, output, indices, "mu_star")
        mean, spread, half = (
            np.asarray(values[key], float) for key in ("mu_star", "sigma", "mu_star_conf")
        )
        found.append(Screening(output, quantities, mean, spread, half, paths, failures))
    return tuple(found)


def variances(
    runner: Runner, quantities: tuple[Quantity, ...], points: int, seed: int
) -> tuple[Variance, ...]:
    """Return the Sobol indices of some quantities, the others at their own numbers.

    `points` is the number of base points, a power of 2; 2 (quantities + 1) runs belong to each.
    """
    from SALib.sample import sobol as sample

    problem = _problem(quantities)
    with _quiet():
        shares = sample.sample(problem, points, calc_second_order=True, seed=seed)
    ends = runner.ends(quantities, shares)
    found = []
    for output, row in zip(runner.study.outputs, ends, strict=True):
        found.append(_variance(output, quantities, problem, row, points, seed))
    return tuple(found)


def _variance(
    output: Output,
    quantities: tuple[Quantity, ...],
    problem: dict[str, Any],
    row: Array,
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
                    problem, ends, calc_second_order=True, num_resamples=RESAMPLES, seed=seed
                )
            )

    values, failures = _without_failed(row, length, output, indices, "ST")
    convergence = {}
    for some in (points // 4, points // 2, points):
        part, _ = _without_failed(row[: some * length], length, output, indices, "ST")
        convergence[some] = (np.asarray(part["ST"]), np.asarray(part["ST_conf"]))
    keys = ("S1", "S1_conf", "ST", "ST_conf", "S2", "S2_conf")
    first, first_half, total, total_half, second, second_half = (
        np.asarray(values[key], float) for key in keys
    )
    return Variance(
        output, quantities, first, first_half, total, total_half, second, second_half, points,
        float(np.nanstd(row)), convergence, failures,
    )  # fmt: skip


def distances(runner: Runner, numbers: Array, ends: Array, seed: int) -> tuple[Distance, ...]:
    """Return how far each quantity moves the distribution of each output's end.

    `numbers` (quantity, run) and `ends` (output, run) are those of a random design.
    """
    from SALib.analyze import pawn as analyse

    quantities = runner.quantities
    problem = _problem((*quantities, None))
    idle = np.random.default_rng(seed).random(numbers.shape[1])
    points = np.vstack([numbers, idle]).T

    def indices(some: Array, kept: Array) -> dict[str, Any]:
        with _quiet():
            return dict(analyse.analyze(problem, points[kept], some, S=SLICES, seed=seed))

    found = []
    for output, row in zip(runner.study.outputs, ends, strict=True):
        values, failures = _without_failed(row, 1, output, indices, "median")
        median, largest = np.asarray(values["median"]), np.asarray(values["maximum"])
        found.append(
            Distance(output, quantities, median[:-1], largest[:-1], float(median[-1]), failures)
        )
    return tuple(found)


def _without_failed(
    row: Array,
    length: int,
    output: Output,
    indices: Callable[[Array, Array], dict[str, Any]],
    key: str,
) -> tuple[dict[str, Any], Failures]:
    """Return indices without the groups of `length` runs in which one failed, and its effect."""
    groups = row.reshape(-1, length)
    kept = np.isfinite(groups).all(axis=1)
    failed = int(np.isnan(row).sum())
    if kept.sum() < 2:
        none = np.full(1, np.nan)
        names = ("mu_star", "sigma", "mu_star_conf", "S1", "S1_conf", "ST", "ST_conf", "S2",
                 "S2_conf", "median", "maximum")  # fmt: skip
        return dict.fromkeys(names, none), Failures(failed, row.size, int((~kept).sum()), np.nan)
    found = indices(groups[kept].reshape(-1), kept)
    shift = 0.0
    if failed:
        worst = np.nanmin(row) if output.good is not Direction.DOWN else np.nanmax(row)
        filled = np.where(np.isnan(row), worst, row)
        other = indices(filled, np.ones(len(kept), dtype=bool))
        shift = float(np.max(np.abs(np.asarray(other[key]) - np.asarray(found[key]))))
    return found, Failures(failed, row.size, int((~kept).sum()), shift)


def _problem(quantities: Sequence[Quantity | None]) -> dict[str, Any]:
    # Names are ours: SALib reads some of the modeller's as groups.
    names = [f"q{place}" for place in range(len(quantities))]
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep SALib's warnings from the user: what they say is in the results."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
