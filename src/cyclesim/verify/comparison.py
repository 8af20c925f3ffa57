"""Where two runs of one model differ, when and by how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cyclesim.names import Ident, canonical
from cyclesim.results import Results
from cyclesim.verify.engines import Answer

STILL = 1e-5
"""A variable that moves by less than this share of the largest value in its unit stands still.

A difference between two large numbers would otherwise be judged by its rounding (semantics, 8.3).
"""

BEGINS = 1e-6
"""A difference begins where it is first above this share of the variable's range."""


@dataclass(frozen=True)
class Difference:
    """How far two engines are apart in one variable, or one element of an array.

    `share` is the largest distance over time as a share of the variable's range, infinite where
    only one of them has a number; `at` is the time of it, `begins` when it is first above 1e-6,
    None where it never is.
    """

    name: str
    ident: Ident
    share: float
    at: float
    begins: float | None
    ours: float
    theirs: float


@dataclass(frozen=True)
class Comparison:
    """Every variable that both give, those that the other does not, and the times it does not."""

    differences: tuple[Difference, ...]
    not_given: tuple[str, ...]
    times_not_given: int


def column_key(name: str) -> str:
    """Return what is equal for all spellings of a column: case, blanks, quotes, module dots."""
    base, bracket, subscripts = name.replace("\u00b7", ".").replace('"', "").partition("[")
    path = ".".join(canonical(part) for part in base.split("."))
    if not bracket:
        return path
    elements = subscripts.rstrip("] ").split(",")
    return f"{path}[{','.join(canonical(element) for element in elements)}]"


def compare(results: Results, answer: Answer, left_out: frozenset[Ident]) -> Comparison:
    """Return how an engine's answer differs from our run at our saved times."""
    theirs = {column_key(name): values for name, values in answer.columns.items()}
    ours, places = _common_times(results, answer)
    time = results.time[ours]
    sizes = yardsticks(results)
    differences: list[Difference] = []
    not_given: list[str] = []
    for variable in results.variables:
        if variable.ident in left_out:
            continue
        for name in variable.columns:
            values = theirs.get(column_key(name))
            if values is None:
                not_given.append(name)
            elif len(time):
                pair = (results[name][ours], values[places])
                differences.append(_difference(name, variable.ident, time, pair, sizes[name]))
    missing = len(results.time) - len(time)
    return Comparison(tuple(differences), tuple(not_given), missing)


def _common_times(results: Results, answer: Answer) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of our saved times that the engine has too, and its rows for them."""
    if not len(answer.time):
        nowhere = np.empty(0, dtype=int)
        return nowhere, nowhere
    near = float(results.provenance["dt"]) / 20
    places = np.searchsorted(answer.time, results.time - near).clip(max=len(answer.time) - 1)
    common = np.flatnonzero(np.abs(answer.time[places] - results.time) <= near)
    return common, places[common]


def yardsticks(results: Results) -> dict[str, float]:
    """Return by what a difference in each column is measured.

    It is the range over the run; for what stands still a share of the largest value in its unit,
    and for what is nothing at all 1.
    """
    largest: dict[str | None, float] = {}
    for variable in results.variables:
        peak = float(np.nan_to_num(np.abs(results[variable.name]), posinf=0.0).max(initial=0.0))
        largest[variable.units] = max(peak, largest.get(variable.units, 0.0))
    sizes: dict[str, float] = {}
    for variable in results.variables:
        for name in variable.columns:
            values = results[name][np.isfinite(results[name])]
            spread = float(np.ptp(values)) if len(values) else 0.0
            if spread <= STILL * largest[variable.units]:
                own = float(np.abs(values).max(initial=0.0))
                spread = max(own, STILL * largest[variable.units]) or 1.0
            sizes[name] = spread
    return sizes


def _difference(
    name: str, ident: Ident, time: np.ndarray, pair: tuple[np.ndarray, np.ndarray], size: float
) -> Difference:
    ours, theirs = pair
    with np.errstate(invalid="ignore"):
        apart = np.abs(ours - theirs) / size
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    shares = np.where(same, 0.0, np.nan_to_num(apart, nan=np.inf, posinf=np.inf))
    worst = int(shares.argmax())
    above = np.flatnonzero(shares > BEGINS)
    begins = float(time[above[0]]) if len(above) else None
    return Difference(
        name, ident, float(shares[worst]), float(time[worst]), begins,
        float(ours[worst]), float(theirs[worst]),
    )  # fmt: skip
