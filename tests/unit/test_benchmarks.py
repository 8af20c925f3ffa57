"""What benchmarks stand on: models of the sizes they are said to have, verdicts, comparison.

No time is asserted here; times are what `benchmarks/measure.py` writes into its page.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from benchmarks import large_model
from benchmarks.measuring.cases import Case
from benchmarks.measuring.goals import Goal, Verdict
from benchmarks.measuring.page import Section, Table, rendered
from benchmarks.measuring.rounds import Group, Spread, difference, in_turn, ratios
from cyclesim.compiler.check_units import check_units
from cyclesim.readers import read_model
from cyclesim.schedule import schedule_of
from cyclesim.simulation import load, simulate

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TARGETS = ("python", "numpy", "llvm")


# --- the models -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "equations", "stocks", "tables", "steps"),
    [
        ("small.xmile", 10, 3, 0, 3_200),
        ("medium.xmile", 60, 16, 6, 800),
        ("medium_named_tables.mdl", 64, 16, 6, 800),  # with the four settings of time
        ("large.xmile", 300, 40, 55, 400),
    ],
)
def test_a_model_has_the_size_that_it_is_said_to_have(
    file: str, equations: int, stocks: int, tables: int, steps: int
) -> None:
    flat = load(BENCHMARKS / file).flat
    found = (len(flat.visible), len(flat.levels), len(flat.tables))
    assert found == (equations, stocks, tables)
    assert schedule_of(flat.sim_specs).clock.steps == steps


def test_the_medium_and_the_large_model_have_what_makes_models_slow() -> None:
    for name in ("medium", "large"):
        text = (BENCHMARKS / f"{name}.xmile").read_text(encoding="utf-8")
        assert {word for word in ("MIN(", "MAX(", "IF ", "SMTH1(", "DELAY3(") if word in text} == {
            "MIN(", "MAX(", "IF ", "SMTH1(", "DELAY3(",
        }  # fmt: skip


@pytest.mark.parametrize("name", ["small", "medium", "large"])
def test_every_target_gives_the_same(name: str) -> None:
    found = [simulate(BENCHMARKS / f"{name}.xmile", target=target, save_every=1,
                      estimate_error=False) for target in TARGETS]  # fmt: skip
    assert [each.provenance["target"] for each in found] == list(TARGETS)
    wanted = found[0].trajectory.values
    size = np.maximum(np.ptp(wanted, axis=1), 1e-9)[:, None]
    for each in found[1:]:
        assert np.abs((each.trajectory.values - wanted) / size).max() < 1e-9


def test_the_two_forms_of_the_medium_model_give_the_same() -> None:
    attached, named = (simulate(BENCHMARKS / file, save_every=1, estimate_error=False)
                       for file in ("medium.xmile", "medium_named_tables.mdl"))  # fmt: skip
    for variable in attached.flat.visible:
        np.testing.assert_allclose(named[variable.name], attached[variable.name], rtol=1e-12)


@pytest.mark.parametrize("name", ["small", "large"])
def test_units_agree_where_they_are_declared(name: str) -> None:
    project = read_model(BENCHMARKS / f"{name}.xmile")
    assert check_units(project) == ()
    assert all(variable.units for variable in load(BENCHMARKS / f"{name}.xmile").flat.visible)


def test_the_large_model_is_the_one_that_its_script_writes() -> None:
    assert large_model.PLACE.read_text(encoding="utf-8") == large_model.text()


def test_run_0_has_the_numbers_of_the_model_and_the_others_have_their_own(tmp_path: Path) -> None:
    case = Case(BENCHMARKS / "medium.xmile", "rk4", tmp_path, 100)
    sample = np.load(case.sample)
    own = [case.flat.by_ident[ident].values[0] for ident in case.varied]
    assert sample[:, 0].tolist() == own
    assert sample.shape == (6, 128)
    assert len(np.unique(sample[0])) == 128
    assert np.abs(sample / np.array(own)[:, None] - 1).max() <= 0.05
    copy = load(case.path).flat.sim_specs
    assert (copy.method.value, float(copy.save_interval or 0)) == ("rk4", 1.0)
    np.testing.assert_array_equal(np.fromfile(case.bare_sample).reshape(6, 128), sample)


# --- comparison, before any time is believed ------------------------------------------------------


def engine(values: np.ndarray, stopped: list[np.ndarray]) -> Any:
    """An engine that gives these values and tells when it is ended."""
    return SimpleNamespace(values=lambda runs, every: values, stop=lambda: stopped.append(values))


def test_an_engine_that_differs_gets_no_time() -> None:
    right = np.linspace(0.0, 10.0, 24).reshape(4, 2, 3)
    near, far, stopped = right + 1e-12, right.copy(), []
    far[2, 1, 1] += 1e-6 * np.ptp(right[:, 1])  # one number of one run at one time
    found = Group(cast(Case, SimpleNamespace(every=1)))
    found.engines = {"first": engine(right, stopped), "near": engine(near, stopped),
                     "far": engine(far, stopped)}  # fmt: skip
    found.compare()
    assert list(found.engines) == ["first", "near"]
    assert found.left_out["far"].startswith("differs by 1.0e-06 of a range: no time")
    assert len(stopped) == 1


def test_a_missing_number_or_another_shape_is_no_agreement() -> None:
    right = np.linspace(0.0, 10.0, 24).reshape(4, 2, 3)
    missing = right.copy()
    missing[0, 0, 0] = np.nan
    assert difference(right, missing) == np.inf
    assert difference(right, right[:3]) == np.inf
    assert difference(right, right[:, :, :1]) == 0.0  # an engine that does but one run


def test_rounds_do_everything_in_turn_and_ratios_are_taken_within_them() -> None:
    order: list[str] = []
    seconds = iter(range(100))

    def work(name: str) -> Any:
        return lambda: (order.append(name), next(seconds))[1]

    laps = in_turn({"a": work("a"), "b": work("b")}, 2)
    assert order == ["a", "b"] * 3
    assert laps == {"a": [2, 4], "b": [3, 5]}  # the first round does not count
    # Both engines are half as fast in the second round: the ratio does not see it.
    assert ratios([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]) == Spread(0.5, 0.5, 0.5)


# --- verdicts and the page ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("goal", "numbers", "words"),
    [
        (Goal("", 0.8), (0.7, 0.75, 0.79), "met"),
        (Goal("", 0.8), (0.7, 0.75, 0.9), "met, though not in every round"),
        (Goal("", 0.8), (0.7, 1.0, 1.1), "**short**: 25 % above"),
        (Goal("", 60.0, at_least=True), (61.0, 70.0, 90.0), "met"),
        (Goal("", 60.0, at_least=True), (50.0, 70.0, 90.0), "met, though not in every round"),
        (Goal("", 60.0, at_least=True), (10.0, 45.0, 90.0), "**short**: 25 % below"),
        (Goal("", 0.8), (float("nan"),), "**short**: nan % above"),
    ],
)
def test_a_verdict_goes_by_the_median(goal: Goal, numbers: tuple[float, ...], words: str) -> None:
    verdict = Verdict(goal, Spread.of(numbers))
    assert verdict.words == words
    assert verdict.met is not words.startswith("**short**")


def test_the_page_says_what_is_met_what_falls_short_and_what_was_not_measured() -> None:
    verdicts = [
        Verdict(Goal("llvm / C", 0.8), Spread.of([0.9, 1.0, 1.2])),
        Verdict(Goal("llvm, strict / C", 1.3), Spread.of([1.1, 1.2, 1.25])),
        Verdict(Goal("PySD / llvm", 300_000, at_least=True), None, "there is no PySD"),
        Verdict(Goal("from disk", 20.0, " ms"), Spread.of([12.0])),
    ]
    table = Table("Euler", ("engine", "a run, us"), [("llvm", "12.5"), ("PySD", "6,540,000")])
    section = Section("The small model", "Told.", [table], verdicts, ["small: without PySD."])
    page = rendered([section], {"processor": "made up"}, quick=False, busy=False, command="")
    lines = [" ".join(line.replace("|", " | ").split()) for line in page.splitlines()]
    assert "Of 4 goals 2 are met, 1 not measured and 1 falls short." in lines
    for line in (
        "| llvm / C | at most 0.8 | 1 (0.9 to 1.2) | **short**: 25 % above |",
        "| llvm, strict / C | at most 1.3 | 1.2 (1.1 to 1.25) | met |",
        "| PySD / llvm | at least 300,000 | - | not measured: there is no PySD |",
        "| from disk | at most 20 ms | 12 ms | met |",
    ):
        assert lines.count(line) == 2  # among all goals, and under what was measured
    assert "| PySD | 6,540,000 |" in lines
    assert "- processor: made up" in lines
    assert "- small: without PySD." in lines
    assert "quick run" not in page
    assert "other work" not in page
    quick = rendered([section], {}, quick=True, busy=True, command="measure --quick")
    assert "**a quick run**" in quick
    assert "**The machine had other work to do when the run began.**" in quick
