"""Every study of the library runs, does what it expects of itself, and tells its story."""

from __future__ import annotations

import numpy as np
import pytest
from library_runs import STUDIES, run_scenario, scenarios, study, study_run

VICIOUS = "virtuous_or_vicious"
PULL = "faster_pull"


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_reads_without_a_warning(name: str) -> None:
    assert study(name).warnings == ()
    assert study(name).question


@pytest.mark.parametrize("name", STUDIES)
def test_every_scenario_reaches_its_end(name: str) -> None:
    run = study_run(name)
    assert list(run.results) == [scenario.name for scenario in study(name).scenarios]
    for results in run.results.values():
        assert results.status.complete
        assert results.time[-1] == float(study(name).specs.stop)
    assert run.notes == ()


@pytest.mark.parametrize("name", STUDIES)
def test_what_a_study_expects_holds(name: str) -> None:
    verdicts = study_run(name).verdicts
    assert len(verdicts) == len(study(name).expectations) > 0
    assert [verdict.words for verdict in verdicts if not verdict.held] == []


@pytest.mark.parametrize("name", STUDIES)
def test_every_scenario_is_expected_something_of(name: str) -> None:
    judged = {expectation.scenario for expectation in study(name).expectations}
    assert judged == {scenario.name for scenario in study(name).scenarios}


@pytest.mark.parametrize("name", STUDIES)
def test_scenarios_that_start_alike_are_one_until_something_changes(name: str) -> None:
    # What a chart shows first is the past: what is changed later cannot be seen in it.
    results = study_run(name).results
    changes = [change.time for scenario in study(name).scenarios for change in scenario.changes]
    first: dict[frozenset[tuple[str, float]], str] = {}
    for scenario in study(name).scenarios:
        if scenario.recompute:
            continue
        other = first.setdefault(frozenset(scenario.start.items()), scenario.name)
        before = results[other].time < min(changes)
        for output in study(name).outputs:
            headline = output.variable.name
            np.testing.assert_array_equal(
                results[scenario.name][headline][before], results[other][headline][before]
            )


@pytest.mark.parametrize(("name", "scenario"), scenarios())
def test_a_scenario_alone_is_the_scenario_in_its_study(name: str, scenario: str) -> None:
    alone, together = run_scenario(name, scenario), study_run(name).results[scenario]
    np.testing.assert_array_equal(alone.trajectory.values, together.trajectory.values)


@pytest.mark.parametrize("headline", ["Service quality", "Customers", "Profit"])
def test_a_small_change_for_the_better_rises_and_one_for_the_worse_decays(headline: str) -> None:
    results = study_run(VICIOUS).results
    for name, better in (("recognition", True), ("training cut", False)):
        values = results[name][headline]
        gain = (values[-1] - values[0]) / abs(values[0])
        assert (gain > 0.05) if better else (gain < -0.05), name
        later = np.diff(values[130:])
        assert (later > 0).all() if better else (later < 0).all(), name


def test_the_training_cut_earns_more_than_the_baseline_at_first() -> None:
    results = study_run(VICIOUS).results
    lead = results["training cut"]["Profit"] - results["baseline"]["Profit"]
    weeks = results["baseline"].time
    assert (lead[weeks < 10] == 0).all()
    assert (lead[(weeks >= 11) & (weeks <= 43)] > 0).all()
    assert (lead[weeks >= 62] < 0).all()
    assert lead[-1] < -10 * lead.max()


def test_the_same_cut_is_undone_in_time_and_not_when_late() -> None:
    results = study_run(VICIOUS).results
    score = {name: run["Service excellence score"] for name, run in results.items()}
    assert score["training restored in time"][-1] > score["baseline"][0]
    assert score["training restored late"][-1] < 0.5 * score["baseline"][0]


def test_one_point_on_either_side_of_the_tipping_point_ends_far_apart() -> None:
    results = study_run(VICIOUS).results
    above, below = (
        results[n]["Service excellence score"] for n in ("baseline", "two points lower")
    )
    assert above[0] - below[0] == pytest.approx(2)
    assert above[-1] - below[-1] > 20


def test_the_redesign_costs_more_before_it_costs_less() -> None:
    results = study_run(PULL).results
    extra = (
        results["redesign"]["Cost per value demand"] - results["baseline"]["Cost per value demand"]
    )
    weeks = results["baseline"].time
    assert (extra[(weeks >= 11) & (weeks <= 40)] > 0).all()
    assert (extra[weeks >= 52] < 0).all()


def test_the_design_does_what_the_same_money_on_staff_does_not() -> None:
    results = study_run(PULL).results
    end = {name: {h: run[h][-1] for h in ("Perceived value", "Time to value",
                                          "Cost per value demand", "Failure demand share")}
           for name, run in results.items()}  # fmt: skip
    assert end["redesign"]["Perceived value"] > 1.3 * end["more staff"]["Perceived value"]
    for cost in ("Time to value", "Cost per value demand", "Failure demand share"):
        assert end["redesign"][cost] < 0.8 * end["more staff"][cost]


def test_tighter_control_looks_busy_while_service_decays() -> None:
    results = study_run(PULL).results
    busy, rest = results["tighter control"], results["baseline"]
    assert busy["Activity reported"][52] > 1.2 * rest["Activity reported"][52]
    assert busy["Perceived value"][52] < 0.9 * rest["Perceived value"][52]
    assert busy["Customers"][-1] < 0.9 * rest["Customers"][-1]
