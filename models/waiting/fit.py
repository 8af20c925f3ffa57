"""Fits the waiting model to England's figures and predicts the months it has not seen.

Run it as `python models/waiting/fit.py`; it takes about a minute. The figures are in
`nhs_england_emergency.csv` (NHS England, Open Government Licence v3.0); what comes out is
discussed in the README beside it.
"""

from __future__ import annotations

import csv
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from cyclesim import simulate
from cyclesim.compiler import CompiledModel, Points
from cyclesim.names import canonical
from cyclesim.simulation import load

HERE = Path(__file__).resolve().parent
YEAR = 12
DAYS_IN_A_MONTH = 365.25 / YEAR
FIRST_ORIGIN = 18
"""A year and a half: fewer months hold one winter only in part."""

HORIZON = 6
Series = NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """England's figures for months of equal length: indices are 1 in the mean of the first year."""

    periods: tuple[str, ...]
    attendances: Series
    admissions: Series
    share: Series
    """The share of people who left the department within four hours, (month,)."""


@dataclass(frozen=True)
class Explanation:
    """What is fitted: for each parameter its first value and its bounds; what is held."""

    title: str
    fitted: dict[str, tuple[float, float, float]]
    held: dict[str, float]
    demand_varies: bool = True


BEDS = Explanation(
    "beds",
    {
        "Normal time in department": (1.7, 0.5, 4.0),
        "Sensitivity to crowding": (2.0, 0.0, 20.0),
        "Planning delay": (12.0, 1.0, 240.0),
    },
    {"Winter at work": 1.0},
)
ATTENDANCES = Explanation(
    "attendances alone",
    {
        "Normal time in department": (1.7, 0.5, 4.0),
        "Sensitivity to attendances": (0.5, -5.0, 5.0),
    },
    {"Sensitivity to crowding": 0.0},
)
WINTER = Explanation(
    "winter alone",
    {
        "Normal time in department": (1.7, 0.5, 4.0),
        "Sensitivity to crowding": (2.0, 0.0, 20.0),
    },
    {"Winter at work": 1.0},
    demand_varies=False,
)


@cache
def figures() -> Figures:
    """Return the 36 months from April 2016 to March 2019."""
    with (HERE / "nhs_england_emergency.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    months = [tuple(map(int, row["period"].split("-"))) for row in rows]
    lengths = np.array([monthrange(year, month)[1] for year, month in months])
    attendances, over, admissions = (
        np.array([float(row[name]) for row in rows])
        for name in ("attendances", "over_four_hours", "admissions")
    )

    def index(counts: Series) -> Series:
        equal: Series = counts / lengths * DAYS_IN_A_MONTH
        return equal / np.mean(equal[:YEAR])

    periods = tuple(row["period"] for row in rows)
    return Figures(periods, index(attendances), index(admissions), 1 - over / attendances)


@cache
def waiting() -> CompiledModel:
    """Return the model."""
    return load(HERE / "model.xmile")


def driven(attendances: Series, admissions: Series) -> CompiledModel:
    """Return the model with these indices as its inputs, each in the middle of its month."""
    middles = tuple(month + 0.5 for month in range(len(admissions)))
    return waiting().changed(
        Points(canonical("Attendance index"), middles, tuple(map(float, attendances))),
        Points(canonical("Admission index"), middles, tuple(map(float, admissions))),
    )


def shares(model: CompiledModel, parameters: dict[str, float], months: int) -> Series:
    """Return the four-hour share in the middle of each month."""
    results = simulate(
        model, parameters, stop=months, save_every=0.5, method="euler", estimate_error=False
    )
    return results["Four hour share"][1::2]


def fit(explanation: Explanation, months: int) -> dict[str, float]:
    """Return the parameters that fit the first months best, by least squares of the share."""
    seen = figures()
    model = driven(*demand(explanation, months, months))
    names = list(explanation.fitted)
    first, low, high = (
        np.array(column) for column in zip(*explanation.fitted.values(), strict=True)
    )

    def misfit(scaled: Series) -> Series:
        numbers = {**explanation.held, **dict(zip(names, scaled * first, strict=True))}
        return 100 * (shares(model, numbers, months) - seen.share[:months])

    found = least_squares(
        misfit, np.ones(len(names)), bounds=(low / abs(first), high / abs(first)), diff_step=1e-5
    )
    return {**explanation.held, **dict(zip(names, (found.x * first).tolist(), strict=True))}


def expected(series: Series, known: int, until: int) -> Series:
    """Return the known months and, for the rest, a year ago times last year's growth."""
    past = list(series[:known])
    growth = np.sum(past[YEAR:]) / np.sum(past[: known - YEAR])
    for month in range(known, until):
        past.append(past[month - YEAR] * growth)
    return np.array(past)


def demand(explanation: Explanation, known: int, until: int) -> tuple[Series, Series]:
    """Return attendances and admissions of the first months; those after `known` are expected."""
    seen = figures()
    if not explanation.demand_varies:
        return np.ones(until), np.ones(until)
    return expected(seen.attendances, known, until), expected(seen.admissions, known, until)


def predict(explanation: Explanation, known: int, until: int, told_demand: bool) -> Series:
    """Return the shares of months `known` to `until`, fitted to those before.

    `told_demand` gives the model the attendances and admissions that came; without it, it
    expects a year ago with growth.
    """
    model = driven(*demand(explanation, until if told_demand else known, until))
    return shares(model, fit(explanation, known), until)[known:]


def seasonal_naive(known: int, until: int) -> Series:
    """Return each month's share of a year before, which is known at `known` for a year ahead."""
    return figures().share[known - YEAR : until - YEAR]


@dataclass(frozen=True)
class Errors:
    """How far predictions were off: in percentage points, and relative to last year's value."""

    mean_absolute: float
    root_mean_square: float
    scaled: float


def errors(differences: Mapping[int, Series]) -> Errors:
    """Return the measures of the differences from each origin.

    The scale of MASE (Hyndman and Koehler 2006) is the mean absolute difference from the year
    before in the months known at the origin.
    """
    share = figures().share
    off = np.concatenate(list(differences.values()))
    scales = {
        known: np.abs(share[YEAR:known] - share[: known - YEAR]).mean() for known in differences
    }
    scaled = np.concatenate([np.abs(off) / scales[known] for known, off in differences.items()])
    return Errors(
        100 * float(np.abs(off).mean()),
        100 * float(np.sqrt((off**2).mean())),
        float(scaled.mean()),
    )


Prediction = Callable[[int, int], Series]


def rolling(prediction: Prediction, first: int = FIRST_ORIGIN, horizon: int = HORIZON) -> Errors:
    """Return the errors of predictions from each origin for the months up to the horizon."""
    share = figures().share
    ends = {known: min(known + horizon, len(share)) for known in range(first, len(share))}
    return errors({known: prediction(known, end) - share[known:end] for known, end in ends.items()})


def last_year(prediction: Prediction) -> Errors:
    """Return the errors for the third year, predicted from the first two."""
    return errors({2 * YEAR: prediction(2 * YEAR, 3 * YEAR) - figures().share[2 * YEAR :]})


def of(explanation: Explanation, told_demand: bool) -> Prediction:
    """Return the way of predicting by an explanation."""
    return lambda known, until: predict(explanation, known, until, told_demand)


PREDICTIONS: dict[str, Prediction] = {
    "the model, told the demand that came": of(BEDS, True),
    "the model, which expects demand": of(BEDS, False),
    "winter alone, demand as in the first year": of(WINTER, True),
    "attendances alone, told": of(ATTENDANCES, True),
    "seasonal naive": seasonal_naive,
}
OTHER_VALUES = (
    {"Middle of winter": 0.0},
    {"Middle of winter": 1.0},
    {"Winter lengthening of stays": 0.05},
    {"Winter lengthening of stays": 0.2},
    {"Postponing": 0.0},
)
"""What is held and not fitted, at other values."""


def row(name: str, found: Errors) -> str:
    """Return a line of the table of errors."""
    return f"{name:44}{found.mean_absolute:8.2f}{found.root_mean_square:8.2f}{found.scaled:8.2f}"


def whole_fit(explanation: Explanation) -> tuple[dict[str, float], Series]:
    """Return the parameters fitted to all months, and the shares they give."""
    months = len(figures().share)
    numbers = fit(explanation, months)
    return numbers, shares(driven(*demand(explanation, months, months)), numbers, months)


def main() -> None:
    """Print the parameters fitted and the errors of prediction."""
    share = figures().share
    print("fitted to all months")
    for explanation in (BEDS, WINTER, ATTENDANCES):
        numbers, given = whole_fit(explanation)
        found = ", ".join(f"{name} {numbers[name]:.3g}" for name in explanation.fitted)
        print(f"{explanation.title}: {found}; mean error {100 * np.abs(given - share).mean():.2f}")
    heading = f"{'percentage points':44}{'MAE':>8}{'RMSE':>8}{'MASE':>8}"
    print(f"\n1 to {HORIZON} months ahead, each origin from month {FIRST_ORIGIN}\n{heading}")
    for name, prediction in PREDICTIONS.items():
        print(row(name, rolling(prediction)))
    for values in OTHER_VALUES:
        other = replace(BEDS, held={**BEDS.held, **values})
        told = ", ".join(f"{name} {value:g}" for name, value in values.items())
        print(row(f"expects demand; {told}", rolling(of(other, False))))
    print(f"\n12 months ahead, from month 24\n{heading}")
    for name, prediction in PREDICTIONS.items():
        print(row(name, last_year(prediction)))


if __name__ == "__main__":
    main()
