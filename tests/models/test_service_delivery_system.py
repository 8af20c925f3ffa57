"""What the checks of the service delivery system cannot say: sums, scans, noise and steps."""

from __future__ import annotations

import re

import numpy as np
import pytest
from library_runs import model

from cyclesim.codegen import TARGETS, Binding
from cyclesim.compiler import Override, Points, Pulse, Step
from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.simulation import parameter_values, simulate

NAME = "service_delivery_system"
SEGMENTS = ("Routine", "Tailored", "Bespoke")
PREPARED = {
    "Clarity of design roles": 1.0,
    "Share of managers on control": 0.1,
    "Improvement effort in the front office": 1.5,
    "Improvement effort in the back office": 1.5,
}
FRAGILE = {"Front errors in a tailored order": 0.3, "Response of errors to haste": 2.0}


def changed(
    *overrides: Override, numbers: dict[str, float] | None = None, **settings: float
) -> Results:
    return simulate(
        model(NAME).changed(*overrides),
        numbers or {},
        estimate_error=False,
        **settings,  # type: ignore[arg-type]
    )


def step(name: str, to: float, time: float = 10.0) -> Step:
    return Step(canonical(name), time, to=to)


def total(results: Results, name: str) -> np.ndarray:
    return np.sum([results[f"{name}[{segment}]"] for segment in SEGMENTS], axis=0)


def test_orders_are_neither_made_nor_lost() -> None:
    results = changed(
        step("Demand index", 1.4), step("Segments served", 3), stop=78, dt=0.125, save_every=0.125
    )
    stored = sum(total(results, one) for one in ("Front backlog", "Back backlog", "Failed orders"))
    gained = (total(results, "New orders") - total(results, "Orders right"))[:-1].sum() * 0.125
    assert abs(gained) > 100
    assert stored[-1] - stored[0] == pytest.approx(gained, rel=1e-9)


def test_every_draw_of_the_assumptions_starts_at_rest() -> None:
    # The initial equations solve the state at rest; no draw may need a run to find it.
    flat = model(NAME).flat
    generator = np.random.default_rng(7)
    bound = []
    drawn = 0
    for ident, value in zip(flat.parameters, parameter_values(flat, {}), strict=True):
        doc = flat.by_ident[ident].about.doc or ""
        told = re.search(r"Assumption: plausible from (\S+) to (\S+)\.(?=\s|$)", doc)
        drawn += told is not None
        bound.append(
            generator.uniform(float(told[1]), float(told[2]), 100) if told else np.float64(value)  # type: ignore[arg-type]
        )
    assert drawn > 60
    numbers = [np.float64(one) for one in (0.0, 260.0, 0.125, 0.125)]
    program = TARGETS["numpy"](flat).bind(Binding(tuple(bound), *numbers))  # type: ignore[arg-type]
    levels, held = program.initial()
    rates = program.derivatives(0.0, 0.0, levels, held)
    for rule, level, rate in zip(flat.levels, levels, rates, strict=True):
        assert np.abs(rate).max() <= 1e-12 * max(float(np.abs(level).max()), 1.0), rule.ident


def profits(numbers: dict[str, float], counts: tuple[float, ...]) -> dict[float, float]:
    before = [step(name, value) for name, value in numbers.items()]
    return {
        count: changed(*before, step("Segments served", count), stop=312)["Profit"][-1]
        for count in counts
    }


def test_the_best_number_of_segments_lies_inside_and_moves_with_preparation() -> None:
    now = profits({}, (1, 1.75, 2, 2.25, 3))
    prepared = profits(PREPARED, (2, 2.5, 3))
    assert max(now, key=now.__getitem__) == 2
    assert max(prepared, key=prepared.__getitem__) == 2.5


def noisy(level: float, numbers: dict[str, float]) -> float:
    """Return how far the variance of work pressure grows from the front to the back office.

    Demand is noise of 10 % with a correlation time of 4 weeks about `level`; staff are fixed.
    """
    weeks, keep = 312, float(np.exp(-1 / 4))
    shocks = np.random.default_rng(3).standard_normal(weeks + 1) * np.sqrt(1 - keep**2)
    noise = np.zeros(weeks + 1)
    for week in range(1, weeks + 1):
        noise[week] = keep * noise[week - 1] + shocks[week]
    demand = Points(
        canonical("Demand index"),
        tuple(float(week) for week in range(weeks + 1)),
        tuple(float(one) for one in level * (1 + 0.1 * noise)),
    )
    numbers = {"Staff follow the work": 0, "Normal leaving rate": 0.0001, **numbers}
    results = changed(demand, numbers=numbers, stop=weeks)
    pressures = (results[f"{office} work pressure"][52:] for office in ("Front", "Back"))
    front, back = (float(np.var(one)) for one in pressures)
    return back / front


def test_workload_swings_grow_upstream_past_full_load() -> None:
    # Akkermans and Voss 2013: workload, not backlog; errors of haste are what amplifies.
    light, full, heavy = (noisy(level, {}) for level in (0.85, 1.0, 1.2))
    assert light < 1.1
    assert light < full < heavy
    assert heavy > 1.15
    assert noisy(1.2, {"Response of errors to haste": 0}) < 1 + 0.5 * (heavy - 1)


@pytest.mark.parametrize("dt", [1 / 8, 1 / 16])
def test_the_surge_that_tips_a_fragile_service_does_not_depend_on_the_step(dt: float) -> None:
    def customers_left(surge: float) -> float:
        pulse = Pulse(canonical("Demand index"), 10.0, 26.0, by=surge)
        numbers = {**FRAGILE, "Headcount limit relative to start": 1}
        customers = changed(pulse, numbers=numbers, stop=260, dt=dt)["Total customers"]
        return float(customers[-1] / customers[0])

    assert customers_left(0.31) > 0.75
    assert customers_left(0.35) < 0.5
