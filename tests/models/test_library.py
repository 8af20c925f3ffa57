"""What holds of every model in the library, and what each of them claims of itself."""

from __future__ import annotations

import re

import numpy as np
import pytest
from library_runs import (
    MODELS,
    STUDIES,
    default_run,
    headlines,
    model,
    project,
    run_scenario,
    scenarios,
    sizes,
    study,
    study_run,
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
    """Two targets agree to 1e-9 of each variable's range, as far as the other run goes.

    A variable that rests has no range of its own: it may differ by 1e-12 of what is large in
    its unit.
    """
    large = sizes(one)
    saved = len(other.time)
    np.testing.assert_array_equal(one.time[:saved], other.time)
    for variable in one.variables:
        a, b = one[variable.name], other[variable.name]
        allowed = 1e-9 * float(a.max() - a.min()) + 1e-12 * max(large[variable.name], 1.0)
        assert np.abs(a[..., :saved] - b).max() <= allowed, variable.name


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", MODELS)
def test_the_targets_agree_with_every_method(name: str, method: str) -> None:
    # A model at rest compares constants: a tenth off every stock sets all in motion.
    flat = model(name).flat
    first = default_run(name)
    names = [n for rule in flat.levels if not (v := flat.by_ident[rule.ident]).hidden
             for n in v.columns]  # fmt: skip
    start = {stock: 0.9 * float(first[stock][0]) for stock in names}
    stop = float(flat.sim_specs.start) + 26.0
    runs = [simulate(model(name), initial=start, method=method, target=target, stop=stop,
                     estimate_error=False)
            for target in ("python", "numpy")]  # fmt: skip
    assert_same(*runs)


AFTER = 52.0
"""How long after the last change or event two targets are held against each other."""


@pytest.mark.parametrize(("name", "scenario"), scenarios())
def test_the_targets_agree_on_every_scenario(name: str, scenario: str) -> None:
    chosen = next(one for one in study(name).scenarios if one.name == scenario)
    times = [change.time for change in chosen.changes] + [event.time for event in chosen.events]
    until = min(max(times, default=0.0) + AFTER, float(study(name).specs.stop))
    other = run_scenario(name, scenario, target="numpy", stop=until)
    assert_same(run_scenario(name, scenario), other)


MOVING = {
    "rookies_and_experts": "is published with staff too few for the work: boom and bust follow",
    "limits_to_growth": "is published from a population far below its limit",
    "new_product_adoption": "is published from one adopter in a million",
    "yeast": "is published from one cell",
    "arms_race": "is published unequally armed, and has no equilibrium but disarmament",
}
"""Reference models that do not rest by their published nature, and why."""


def stocks(name: str) -> tuple[str, ...]:
    """Return the stocks of a model."""
    flat = model(name).flat
    return tuple(flat.by_ident[rule.ident].name for rule in flat.levels)


PERIODS = {"park": 24.0}
"""Models whose default run repeats itself instead of resting, and after how long."""


@pytest.mark.parametrize("name", PERIODS)
def test_the_default_run_of_a_daily_model_repeats_itself(name: str) -> None:
    results = default_run(name)
    each = round(PERIODS[name] / (results.time[1] - results.time[0]))
    for rule in results.flat.levels:
        for column in results.flat.by_ident[rule.ident].columns:
            values = results[column][each + 8 :]  # the first night clears the counters of the day
            large = max(np.abs(values).max(), 1e-9)
            assert np.abs(values[each:] - values[:-each]).max() <= 1e-3 * large, column


@pytest.mark.parametrize("name", sorted(set(MODELS) - set(MOVING)))
def test_the_default_run_rests(name: str) -> None:
    results = default_run(name)
    # Reference models need not have a study: what must not move is then every stock.
    for headline in headlines(name) or stocks(name):
        values = results[headline]
        assert np.abs(values - values[0]).max() <= 1e-3 * abs(values[0]), headline


@pytest.mark.parametrize("name", MOVING)
def test_a_model_that_is_said_to_move_moves(name: str) -> None:
    results = default_run(name)
    ranges = [np.ptp(results[stock]) / max(results[stock][0], 1e-9) for stock in stocks(name)]
    assert max(ranges) > 0.1


@pytest.mark.parametrize("name", STUDIES)
def test_half_the_step_moves_no_headline(name: str) -> None:
    # A study holds each of its scenarios against half the step: what it found is judged here.
    for scenario, results in study_run(name).results.items():
        assert results.error is not None
        for output in study(name).outputs:
            for column in output.variable.columns:
                values = results[column]
                moved = results.error.share_of_range[column] * np.ptp(values)
                assert moved <= 5e-3 * np.abs(values).max(), (scenario, column)


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


PRACTICES = (
    "Understanding", "Standards", "Development", "Listening", "Measurement", "Recognition",
)  # fmt: skip

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
