"""What the park's own checks cannot say: every stock a day later, guests counted, the swing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from library_runs import model, project

from cyclesim import library
from cyclesim.compiler import Step
from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.simulation import simulate

NAME = "park"
ZONES = ("Mountain", "Lagoon", "Village", "Theatre")


def run(days: int, changes: dict[str, float] | None = None, **settings: float) -> Results:
    """Return a run of so many days, with changes from the second day on."""
    steps = [Step(canonical(name), 24.0, to=value) for name, value in (changes or {}).items()]
    numbers = {name.replace("_", " "): value for name, value in settings.items()}
    return simulate(model(NAME).changed(*steps), numbers, stop=24 * days, dt=0.125,
                    estimate_error=False)  # fmt: skip


def test_one_day_is_like_the_next_in_every_stock() -> None:
    results = simulate(model(NAME), stop=24 * 5, estimate_error=False)
    for rule in results.flat.levels:
        for name in results.flat.by_ident[rule.ident].columns:
            values = results[name]
            large = max(np.abs(values).max(), 1e-9)
            # The hour before the gates open: the counters of the day start at nought at midnight.
            assert np.abs(np.diff(values[8::24])).max() <= 1e-4 * large, name
            # And every hour of the day, once the first night has cleared the counters.
            assert np.abs(values[32:-24] - values[56:]).max() <= 1e-4 * large, name


def test_a_disturbed_day_is_forgotten() -> None:
    # Fans and experience answer within weeks and months; lines and figures within a day.
    results = simulate(model(NAME), initial={"Guests walking": 3000.0, "Live wait": 2.0},
                       stop=96, estimate_error=False)  # fmt: skip
    rest = simulate(model(NAME), stop=96, estimate_error=False)
    for name in ("Longest wait of the last day", "Rides of the last day"):
        assert results[name][-1] == pytest.approx(rest[name][-1], rel=2e-3)


def test_the_arrivals_of_a_day_are_the_guests_of_the_day() -> None:
    results = simulate(model(NAME), stop=24, save_every=0.0625, estimate_error=False)
    arrived = np.trapezoid(results["Arriving"], results.time)
    assert arrived == pytest.approx(4200, rel=1e-3)


def test_guests_are_counted_in_and_counted_out() -> None:
    settings = {"Difference between days": 0.5, "Screens": 1.0}
    results = simulate(model(NAME), settings, method="euler", stop=48, save_every=0.0625,
                       estimate_error=False)  # fmt: skip
    net = np.cumsum(results["Arriving"] - results["Going home"])[:-1] * 0.0625
    inside = results["Guests in the park"]
    np.testing.assert_allclose(inside[1:], inside[0] + net, atol=1e-6)


def test_steering_and_moving_staff_add_no_capacity() -> None:
    results = run(3, {"Screens": 1, "Strength of steering": 4, "Share of staff who move": 0.3})
    capacity = sum(results[f"Capacity[{zone}]"] for zone in ZONES)
    np.testing.assert_allclose(capacity, 2800, rtol=1e-9)
    shares = sum(results[f"Share of choice[{zone}]"] for zone in ZONES)
    np.testing.assert_allclose(shares, 1, rtol=1e-12)


def test_yesterdays_waits_make_good_and_bad_days_take_turns() -> None:
    # A balancing loop with a delay of a day: followed strongly it swings with a period of two.
    results = run(11, {"Screens": 1, "Steering by the live picture": 0})
    peaks = np.diff(results["Longest wait of the last day"][24 * 5 :: 24])
    assert (np.sign(peaks[1:]) == -np.sign(peaks[:-1])).all()
    assert np.abs(peaks).min() > 0.3
    weak = {"Screens": 1, "Strength of steering": 0.3, "Steering by the live picture": 0}
    weakly = run(11, weak)
    assert np.abs(np.diff(weakly["Longest wait of the last day"][24 * 5 :: 24])).max() < 0.02


def test_a_park_with_one_zone_has_nothing_to_steer() -> None:
    alone = {f"Appeal of the {zone}": 0.0 for zone in ZONES[1:]}
    peaks = []
    for strength in (0.0, 4.0):
        steps = {"Screens": 1.0, "Strength of steering": strength}
        whole = model(NAME).changed(*[Step(canonical(k), 24.0, to=v) for k, v in steps.items()])
        results = simulate(whole, alone, stop=72, dt=0.125, estimate_error=False)
        peaks.append(results["Longest wait of the last day"][-1])
    assert peaks[0] == pytest.approx(peaks[1], rel=1e-9)


def test_the_model_has_as_many_stocks_as_its_page_says() -> None:
    stocks = len(model(NAME).flat.levels)
    page = (Path(library.model_path(NAME)).parent / "README.md").read_text(encoding="utf-8")
    assert f"{len(project(NAME).variables)} variables, {stocks} of them stocks" in page
