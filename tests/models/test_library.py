"""What holds of every model in the library, and what each of them claims of itself."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from library_runs import (
    MODELS,
    headlines,
    model,
    project,
    run_scenario,
    scenarios,
    sizes,
    study,
)

from cyclesim.compiler import CompiledModel, Role, Step
from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.simulation import simulate

METHODS = ("euler", "rk2", "rk4")
BASES = {
    "source": re.compile(r"\bSource: \S"),
    "assumption": re.compile(r"\bAssumption: plausible from (\S+) to (\S+)\.(?=\s|$)"),
    "definition": re.compile(r"\bDefinition: \S"),
}


def constants(name: str) -> list[tuple[str, float, str]]:
    """Return the constants of a model: name, value, doc."""
    flat = model(name).flat
    return [
        (variable.name, variable.term.value, variable.about.doc or "")
        for variable in flat.visible
        if variable.role is Role.PARAMETER
    ]


@pytest.mark.parametrize("name", MODELS)
def test_every_variable_has_a_unit_and_a_doc(name: str) -> None:
    bare = [v.about.name for v in project(name).variables if not v.about.units or not v.about.doc]
    assert bare == []


@pytest.mark.parametrize("name", MODELS)
def test_every_constant_says_on_what_it_rests(name: str) -> None:
    wrong = {
        constant: [basis for basis, pattern in BASES.items() if pattern.search(doc)]
        for constant, _, doc in constants(name)
        if sum(bool(pattern.search(doc)) for pattern in BASES.values()) != 1
        or sum(doc.count(word) for word in ("Source:", "Assumption:", "Definition:")) != 1
    }
    assert wrong == {}


@pytest.mark.parametrize("name", MODELS)
def test_only_constants_say_on_what_they_rest(name: str) -> None:
    known = {constant for constant, _, _ in constants(name)}
    others = [v for v in project(name).variables if v.about.name not in known]
    claims = [v.about.name for v in others for p in BASES.values() if p.search(v.about.doc or "")]
    assert claims == []


@pytest.mark.parametrize("name", MODELS)
def test_every_constant_lies_within_its_range_and_its_plausible_range(name: str) -> None:
    flat = model(name).flat
    outside: list[str] = []
    for constant, value, doc in constants(name):
        bounds = flat.by_ident[canonical(constant)].range
        assert bounds.low is not None, f"'{constant}' has no range"
        assert bounds.high is not None, f"'{constant}' has no range"
        told = BASES["assumption"].search(doc)
        low, high = map(float, told.groups()) if told else (bounds.low, bounds.high)
        if not bounds.low <= low <= value <= high <= bounds.high or low == high:
            outside.append(f"{constant} = {value:g}: plausible {low:g} to {high:g}, {bounds}")
    assert outside == []


def assert_same(one: Results, other: Results) -> None:
    """Two targets agree to 1e-9 of each variable's range.

    A variable that rests has no range of its own: it may differ by 1e-12 of what is large in
    its unit.
    """
    large = sizes(one)
    for variable in one.variables:
        a, b = one[variable.name], other[variable.name]
        allowed = 1e-9 * float(a.max() - a.min()) + 1e-12 * max(large[variable.name], 1.0)
        assert np.abs(a - b).max() <= allowed, variable.name


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", MODELS)
def test_the_targets_agree_on_the_default_run(name: str, method: str) -> None:
    runs = [simulate(model(name), method=method, target=target, stop=104, estimate_error=False)
            for target in ("python", "numpy")]  # fmt: skip
    assert_same(*runs)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("name", "scenario"), scenarios())
def test_the_targets_agree_on_every_scenario(name: str, scenario: str, method: str) -> None:
    # Euler is what the studies run and goes to their end; the others stop after two years.
    stop = None if method == "euler" else 104.0
    runs = [run_scenario(name, scenario, target, method, None, stop)
            for target in ("python", "numpy")]  # fmt: skip
    assert_same(*runs)


@pytest.mark.parametrize("name", MODELS)
def test_the_default_run_rests(name: str) -> None:
    results = simulate(model(name), stop=104, estimate_error=False)
    assert headlines(name)
    for headline in headlines(name):
        values = results[headline]
        assert np.abs(values - values[0]).max() <= 1e-3 * abs(values[0]), headline


@pytest.mark.parametrize(("name", "scenario"), scenarios())
def test_half_the_step_moves_no_headline(name: str, scenario: str) -> None:
    coarse = run_scenario(name, scenario)
    fine = run_scenario(name, scenario, dt=float(study(name).specs.dt) / 2)
    for output in study(name).outputs:
        a, b = coarse[output.variable.name], fine[output.variable.name]
        assert np.abs(a - b).max() <= 5e-3 * np.abs(b).max(), output.variable.name


@pytest.mark.parametrize(("name", "scenario"), [
    ("faster_pull", "redesign"),
    ("faster_pull", "surge"),
    ("virtuous_or_vicious", "training cut"),
    ("virtuous_or_vicious", "surge"),
])  # fmt: skip
def test_the_adaptive_solver_agrees_with_rk4_at_a_fine_step(name: str, scenario: str) -> None:
    adaptive = run_scenario(name, scenario, method="lsoda", stop=52.0)
    fixed = run_scenario(name, scenario, method="rk4", dt=1 / 64, stop=52.0)
    for output in study(name).outputs:
        a, b = adaptive[output.variable.name], fixed[output.variable.name]
        assert np.abs(a - b).max() <= 1e-4 * float(b.max() - b.min()), output.variable.name


PRACTICES = {
    "Understanding": "Understanding share",
    "Standards": "Standards share",
    "Development": "Training share",
    "Listening": "Listening share",
    "Measurement": "Measurement share",
    "Recognition": "Recognition share",
}

SIGNED = {"Flexible capacity"}
"""Stocks that may be below zero: hours shifted to other work count as less than none."""

Numbers = dict[str, float]
EXTREMES: list[tuple[str, str, Numbers, Numbers]] = [
    ("service_cycle", "no staff", {}, {"Rookies": 0, "Experts": 0, "Vacancies": 0}),
    ("service_cycle", "no customers", {"Advertising rate": 0}, {"Customers": 0}),
    ("service_cycle", "no demand", {"Demand multiplier": 0}, {}),
    ("service_cycle", "tenfold demand", {"Demand multiplier": 10}, {}),
    ("service_cycle", "no practice", {}, dict.fromkeys(PRACTICES, 0.0)),
    ("service_cycle", "no budget", {"Normal practice budget": 0}, {}),
    ("service_cycle", "no price", {"Price": 0}, {}),
    ("pull_value", "no staff", {"Staff follow demand": 0}, {"Staff": 0}),
    ("pull_value", "no customers", {"Pull of advertising": 0}, {"Customers": 0}),
    ("pull_value", "neither", {"Staff follow demand": 0, "Pull of advertising": 0},
     {"Staff": 0, "Customers": 0}),
    ("pull_value", "no budget", {"Budget relative to start": 0}, {}),
    ("pull_value", "tenfold demand", {"Demand index": 10}, {}),
    ("pull_value", "no demand", {"Demand index": 0}, {}),
]  # fmt: skip


@pytest.mark.parametrize("when", ["from the start", "from week 4"])
@pytest.mark.parametrize(
    ("name", "numbers", "initial"),
    [pytest.param(name, *rest, id=f"{name}: {what}") for name, what, *rest in EXTREMES],
)
def test_extremes_stay_finite_and_no_stock_falls_below_zero(
    name: str, numbers: Numbers, initial: Numbers, when: str
) -> None:
    changed: CompiledModel = model(name)
    if when == "from week 4":
        steps = [Step(canonical(one), 4.0, to=float(value)) for one, value in numbers.items()]
        changed, numbers = changed.changed(*steps), {}
    results = simulate(changed, numbers, initial=initial, stop=104, estimate_error=False)
    for variable in results.variables:
        assert np.isfinite(results[variable.name]).all(), variable.name
    large = sizes(results)
    for rule in results.flat.levels:
        stock = results.flat.by_ident[rule.ident].name
        if stock in SIGNED:
            continue
        assert results[stock].min() >= -1e-9 * max(large[stock], 1.0), stock


@pytest.mark.parametrize("design", [0, 1])
def test_total_demand_at_rest_is_value_demand_over_what_does_not_come_back(design: int) -> None:
    rest = simulate(model("pull_value"), {"Traditional design": design}, estimate_error=False)
    settled = rest["Value demand"] / (1 - rest["Share that comes back"])
    np.testing.assert_allclose(rest["Total demand"], settled, rtol=1e-9)
    np.testing.assert_allclose(rest["Total demand where it settles"], settled, rtol=1e-12)


def test_total_demand_settles_where_it_is_told_to_after_a_redesign() -> None:
    design = Step(canonical("Traditional design"), 10.0, to=0.0)
    results = simulate(model("pull_value").changed(design), stop=1560, estimate_error=False)
    there, told = results["Total demand"], results["Total demand where it settles"]
    assert abs(there[26] / told[26] - 1) > 0.01  # it does not follow at once
    assert there[-1] == pytest.approx(told[-1], rel=1e-9)


def threshold(dt: float) -> float:
    """Return the starting score between decline and rise, to a fiftieth of a point."""
    name = "virtuous_or_vicious"
    start = next(one for one in study(name).scenarios if one.name == "baseline").start
    flat = study(name).model.flat
    rest = {flat.by_ident[ident].name: value for ident, value in start.items()}

    def rises(score: float) -> bool:
        level = score / 50
        initial = {**rest, "Process capability": level, **dict.fromkeys(PRACTICES, level)}
        run = simulate(study(name).model, initial=initial, stop=208, dt=dt, estimate_error=False)[
            "Service excellence score"
        ]
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


def test_the_tipping_point_of_the_service_cycle_lies_near_twenty_whatever_the_step() -> None:
    coarse, fine = threshold(1 / 8), threshold(1 / 16)
    assert coarse == pytest.approx(20, abs=0.2)
    assert fine == pytest.approx(coarse, rel=0.01)


@pytest.mark.parametrize("held_at_nothing", [False, True])
@pytest.mark.parametrize("practice", PRACTICES)
def test_no_practice_can_be_missing(practice: str, held_at_nothing: bool) -> None:
    # From the good equilibrium, in which the default run rests.
    whole = model("service_cycle")
    initial = {practice: 0.0} if held_at_nothing else {}
    results = simulate(
        whole, {PRACTICES[practice]: 0.0}, initial=initial, stop=104, estimate_error=False
    )
    customers = results["Customers"]
    assert customers[-1] < 0.95 * customers[0]
    assert customers[-1] < customers[-27]  # and still falling
    if held_at_nothing:
        others = [results[other][-1] for other in PRACTICES if other != practice]
        assert np.mean(others) * 50 < 10
