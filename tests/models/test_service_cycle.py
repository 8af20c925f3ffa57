"""What the service cycle claims of itself: its reference, its threshold, its weakest links."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from library_runs import model

from cyclesim.compiler import Step
from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.simulation import simulate

NAME = "service_cycle"
PRACTICES = {
    "Understanding": "Understanding share",
    "Standards": "Standards share",
    "Development": "Training share",
    "Listening": "Listening share",
    "Measurement": "Measurement share",
    "Recognition": "Recognition share",
}
CHANNELS = (
    "Managers listen to staff",
    "Staff listen to managers",
    "Colleagues listen to each other",
    "Departments listen to each other",
    "Everyone listens to customers",
    "Everyone listens to other stakeholders",
)
SCORE = "Service excellence score"
REFERENCE = {"Start at the reference": 1.0}
OTHERS = [
    {},
    {"Normal quit rate": 0.0065, "Practice erosion time": 45, "Time to mature": 35},
    {"Wage": 600, "Lowest budget effect": 0.5, "Highest budget effect": 1.5, "Price": 55},
    {"Reference failure share": 0.4, "Hours per expert": 31, "Word of mouth rate": 0.008},
]


def started(score: float, stop: float, dt: float = 1 / 8, **more: float) -> Results:
    """Return a run from a start at the reference with all six practices at a score."""
    numbers = {**REFERENCE, "Starting practice level": score / 50}
    numbers |= {name.replace("_", " "): value for name, value in more.items()}
    return simulate(model(NAME), numbers, stop=stop, dt=dt, estimate_error=False)


def threshold(dt: float) -> float:
    """Return the starting score between decline and rise, to a fiftieth of a point."""

    def rises(score: float) -> bool:
        run = started(score, 208, dt)[SCORE]
        return bool(run[-1] > run[104])

    return bisected(rises, 19.0, 21.0, 0.02)


def bisected(above: Callable[[float], bool], low: float, high: float, width: float) -> float:
    """Return the middle of an interval in which `above` turns from false to true."""
    assert not above(low)
    assert above(high)
    while high - low > width:
        middle = (low + high) / 2
        low, high = (low, middle) if above(middle) else (middle, high)
    return (low + high) / 2


def test_the_tipping_point_lies_near_twenty_whatever_the_step() -> None:
    coarse, fine = threshold(1 / 8), threshold(1 / 16)
    assert coarse == pytest.approx(20, abs=0.2)
    assert fine == pytest.approx(coarse, rel=0.01)


@pytest.mark.parametrize("numbers", OTHERS)
def test_the_reference_balances_whatever_the_parameters(numbers: dict[str, float]) -> None:
    # At 20 points nothing moves by more than the soft bends of hiring and waiting allow.
    whole = {**REFERENCE, "Starting practice level": 0.4, **numbers}
    results = simulate(model(NAME), whole, stop=13, estimate_error=False)
    for stock in (*PRACTICES, "Customers", "Experts", "Rookies", "Practice budget per head",
                  "Attention for practices", "Norm time per order", "Service backlog"):  # fmt: skip
        values = results[stock]
        assert np.abs(values / values[0] - 1).max() < 0.01, stock
    assert results["Satisfaction"][0] == 1


@pytest.mark.parametrize("numbers", OTHERS)
def test_one_point_decides_whatever_the_parameters(numbers: dict[str, float]) -> None:
    ends = []
    for score in (19, 21):
        run = {**REFERENCE, "Starting practice level": score / 50, **numbers}
        ends.append(simulate(model(NAME), run, stop=208, dt=0.25, estimate_error=False)[SCORE])
    below, above = ends
    assert below[-1] < 18.5
    assert above[-1] > 21.5


@pytest.mark.parametrize("held_at_nothing", [False, True])
@pytest.mark.parametrize("practice", PRACTICES)
def test_no_practice_can_be_missing(practice: str, held_at_nothing: bool) -> None:
    # From the good equilibrium, in which the default run rests.
    initial = {practice: 0.0} if held_at_nothing else {}
    results = simulate(
        model(NAME), {PRACTICES[practice]: 0.0}, initial=initial, stop=104, estimate_error=False
    )
    customers = results["Customers"]
    assert customers[-1] < 0.95 * customers[0]
    assert customers[-1] < customers[-27]  # and still falling
    if held_at_nothing:
        others = [results[other][-1] for other in PRACTICES if other != practice]
        assert np.mean(others) * 50 < 10


def heard(levels: dict[str, float], **more: float) -> float:
    """Return what is heard at the start with the channels given."""
    numbers = {**levels, **{name.replace("_", " "): value for name, value in more.items()}}
    return float(simulate(model(NAME), numbers, stop=1, estimate_error=False)["What is heard"][0])


def test_what_is_heard_is_the_power_mean_of_the_six_channels() -> None:
    levels = np.linspace(0.2, 0.9, 6)
    expected = np.mean(levels**-4.0) ** -0.25 / 0.5
    assert heard(dict(zip(CHANNELS, levels, strict=True))) == pytest.approx(expected, rel=1e-12)
    assert heard({}) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("weakest", CHANNELS)
def test_opening_the_weakest_channel_gains_most_unless_channels_add_up(weakest: str) -> None:
    levels = dict.fromkeys(CHANNELS, 0.5) | {weakest: 0.3}
    other = next(name for name in CHANNELS if name != weakest)
    for adding, times in ((0.0, 10.0), (1.0, 1.0)):
        now = heard(levels, Substitution_between_channels=adding)
        gains = [heard(levels | {name: levels[name] + 0.1}, Substitution_between_channels=adding)
                 - now for name in (weakest, other)]  # fmt: skip
        if adding:
            assert gains[0] == pytest.approx(gains[1], rel=1e-9)
        else:
            assert gains[0] > times * gains[1] > 0


def test_the_more_carefully_chosen_the_better_they_fit_and_the_longer_it_takes() -> None:
    runs = [started(25, 104, Recruitment_selectivity=choice) for choice in (0, 0.5, 1, 2)]
    for less, more in pairwise(runs):
        for rising in ("Fit of staff", "Competent share", "Time to fill a post"):
            assert more[rising][-1] > less[rising][-1], rising
    # One in three of those seen does not fit: of two applicants one ninth.
    numbers = {"Recruitment selectivity": 2.0, "Fitting share at usual selectivity": 2 / 3}
    fit = simulate(model(NAME), numbers, stop=1, estimate_error=False)["Fit of staff"]
    assert fit[0] == pytest.approx(8 / 9, rel=1e-12)


def test_only_the_flexible_capacity_goes_below_zero() -> None:
    results = simulate(model(NAME), stop=52, estimate_error=False)
    negative = [results.flat.by_ident[rule.ident].name for rule in results.flat.levels
                if results[results.flat.by_ident[rule.ident].name].min() < 0]  # fmt: skip
    assert negative == ["Flexible capacity"]


def test_a_hiring_wave_lowers_quality_first_unless_hires_are_competent_at_once() -> None:
    wave = (Step(canonical("Extra staff wanted"), 10.0, to=8.0),
            Step(canonical("Time to adjust staff"), 10.0, to=4.0))  # fmt: skip
    able = {"Rookie productivity": 1.0, "Mentoring per rookie": 0.0, "Errors of newcomers": 0.0}
    for numbers, sign in (({}, -1), (able, 1)):
        start = {**REFERENCE, "Starting practice level": 0.5, **numbers}
        without = simulate(model(NAME), start, stop=20, estimate_error=False)
        changed = simulate(model(NAME).changed(*wave), start, stop=20, estimate_error=False)
        dip = changed["Service quality"][-1] - without["Service quality"][-1]
        assert sign * dip > 0.002
