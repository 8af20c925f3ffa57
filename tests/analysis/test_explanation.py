"""Explanations of models whose dominant loop is known by construction, and of decoys."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from cyclesim.analysis.explanation import Cause, Cycle, Explanation, explain, explain_study
from cyclesim.analysis.explanation.outside import driven_from_outside
from cyclesim.analysis.explanation.stretches import decisive, stretches
from cyclesim.analysis.explanation.tables import as_dict
from cyclesim.analysis.explanation.view import views
from cyclesim.analysis.loops.adjusting import adjusting
from cyclesim.analysis.loops.graph import causal_graph
from cyclesim.analysis.loops.parts import Named
from cyclesim.compiler import CompiledModel, LinkHeld, Step
from cyclesim.errors import UsageError
from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.scenario.parts import Change, Direction, Output, Scenario, Study, StudyRun
from cyclesim.simulation import load, simulate
from cyclesim.study import read_study, run_study
from tests.analysis.explained_models import Known, every_decoy, every_known
from tests.models_in_text import aux, dimension, dimensions, flow, model, over, stock

KNOWN, DECOYS = every_known(), every_decoy()


def study_of(whole: CompiledModel, output: str, good: str = "up", *scenarios: Scenario) -> Study:
    """Return a study put together by hand, of one scenario that changes nothing if none given."""
    variable = whole.flat.by_ident[canonical(output)]
    chosen = scenarios or (Scenario("baseline", "As it is", "", {}, (), ()),)
    return Study(
        "known.yaml", "Known", "", whole, whole.flat.sim_specs, 0,
        (Output(variable, Direction(good), output),), chosen, (), "d" * 64,
    )  # fmt: skip


def explained(known: Known, names: tuple[Named, ...] = ()) -> Explanation:
    study = study_of(known.model, known.output, known.good)
    results = simulate(known.model, estimate_error=False)
    return explain(study, study.scenarios[0], results, names=names)


def run_of(whole: CompiledModel, *links: LinkHeld) -> Results:
    return simulate(whole.changed(*links), estimate_error=False)


# Known by construction


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_the_loop_that_rules_is_named_with_its_phase(known: Known):
    found = explained(known)
    claim = found.claim
    assert found.cause is Cause.LOOP, found.sentence
    assert claim is not None
    assert known.through <= set(claim.loop.way), found.sentence
    assert not known.avoids & set(claim.loop.way), found.sentence
    assert claim.loop.reinforcing is known.reinforcing
    assert known.begins[0] <= claim.start <= known.begins[1]
    assert (found.cycle.name.casefold() if found.cycle else None) == known.cycle
    assert all(name in found.sentence for name in claim.loop.way)


@pytest.mark.parametrize("decoy", DECOYS, ids=lambda decoy: decoy.name)
def test_no_loop_is_claimed_to_carry_what_it_does_not(decoy: Known):
    found = explained(decoy)
    assert found.cycle is None, found.sentence
    carried = found.cause is Cause.LOOP and found.claim is not None
    assert not (carried and found.claim and found.claim.loop.reinforcing), found.sentence


@pytest.mark.parametrize("name", ["idle loop", "driver outside", "loop downstream"])
def test_what_comes_from_outside_is_said_to(name: str):
    decoy = next(each for each in DECOYS if each.name == name)
    found = explained(decoy)
    assert found.cause is Cause.OUTSIDE
    assert found.claim is None
    assert found.driver is not None
    assert found.driver.took > 0.9
    assert "comes from outside" in found.sentence


def test_loops_that_cannot_reach_the_output_are_no_candidates():
    found = explained(next(each for each in DECOYS if each.name == "loop downstream"))
    assert (found.withdrawn, found.phases) == ((), ())


def test_there_are_twenty_models_and_five_decoys():
    assert (len(KNOWN), len(DECOYS)) == (20, 5)


# The cut


def test_a_cut_run_is_the_closed_form_without_the_loop():
    """With births held at those of the start, 3 a week, 100 people become 400 in 100 weeks."""
    found = explained(KNOWN[0])
    assert found.claim is not None
    assert found.claim.end_without == pytest.approx(400, rel=1e-12)
    assert found.claim.end_value == pytest.approx(100 * math.exp(3), rel=1e-6)
    assert found.claim.took == pytest.approx((100 * math.exp(3) - 400) / (100 * math.exp(3) - 100))


def test_a_link_held_from_a_time_on_reads_the_value_of_then():
    """People grow by e^(0.1 t) to 5, then by a tenth of 80 a week."""
    whole = model(stock("People", 100, "Births"), flow("Births", "0.1 * People"),
                  stop=10, dt="1/16", method="rk4")  # fmt: skip
    link = LinkHeld(canonical("People"), canonical("Births"), (80.0,), 5.0)
    people = run_of(whole, link)["People"]
    assert people[-1] == pytest.approx(100 * math.exp(0.5) + 5 * 8, rel=1e-7)


def test_only_the_one_reader_is_held():
    whole = model(stock("People", 100, "Births"), flow("Births", "0.1 * People"),
                  aux("Twice", "2 * People"), stop=10)  # fmt: skip
    found = run_of(whole, LinkHeld(canonical("People"), canonical("Births"), (100.0,)))
    np.testing.assert_allclose(found["Twice"], 2 * found["People"])
    assert found["People"][-1] == pytest.approx(200)


DELAYS = (
    *("SMTH1(People, 2)", "SMTH3(People, 2)", "DELAY1(People, 2)", "DELAY3(People, 2)"),
    *("DELAY(People, 2)", "PREVIOUS(People, 100)"),
)


@pytest.mark.parametrize("call", DELAYS)
def test_a_delay_is_cut_as_one_link(call: str):
    whole = model(stock("People", 100, "Births"), flow("Births", f"0.1 * {call}"),
                  stop=10, dt="0.25")  # fmt: skip
    found = run_of(whole, LinkHeld(canonical("People"), canonical("Births"), (100.0,)))
    assert found["People"][-1] == pytest.approx(200, rel=1e-9)


def test_an_array_is_held_element_by_element():
    whole = model(
        stock("People", 100, "Births", (), over("Town")),
        flow("Births", "0.1 * People[Town]", over("Town")),
        before_model=dimensions(dimension("Town", "North South")), stop=10,
    )  # fmt: skip
    found = run_of(whole, LinkHeld(canonical("People"), canonical("Births"), (100.0, 50.0)))
    np.testing.assert_allclose(found["People"][:, -1], [200, 150])


def test_initial_values_stay_as_they_are():
    """The stock begins at 100 times what its own flow is computed from, held at another value."""
    whole = model(aux("Wage", "10 + 0 * TIME"), aux("Bill", "Wage"),
                  stock("Costs", "100 * Bill", "Paying"), flow("Paying", "Bill"),
                  stop=10)  # fmt: skip
    found = run_of(whole, LinkHeld(canonical("Wage"), canonical("Bill"), (1.0,)))
    np.testing.assert_allclose(found["Costs"][[0, -1]], [1000, 1010])


def test_links_that_are_not_there_are_refused():
    whole = KNOWN[0].model
    for source, target in (("People", "People"), ("Nobody", "Births")):
        with pytest.raises(UsageError):
            run_of(whole, LinkHeld(canonical(source), canonical(target), (1.0,)))


def test_the_link_cut_is_the_one_that_no_other_loop_uses():
    """Births and guests both start at the stock; 'Fame' lies on the way of guests alone."""
    known = next(each for each in KNOWN if each.name == "the stronger of two")
    claim = explained(known).claim
    assert claim is not None
    assert (claim.cut.source, claim.cut.target) == ("People", "Births")
    assert claim.cut.also == ()


def test_a_link_that_two_loops_share_is_spared():
    """Size -> Drive serves both flows, Drive -> Growth one."""
    whole = model(
        stock("Size", 10, ["Growth", "More"]), aux("Drive", "0.05 * Size"),
        flow("Growth", "Drive"), flow("More", "0.3 * Drive"), stop=60, dt="0.25", method="rk4",
    )  # fmt: skip
    study = study_of(whole, "Size")
    claim = explain(study, study.scenarios[0], simulate(whole, estimate_error=False)).claim
    assert claim is not None
    assert (claim.cut.source, claim.cut.target) == ("Drive", "Growth")
    assert claim.with_others == ()


def test_a_cut_spares_the_way_from_a_change_to_the_output():
    """Push lifts Load and Output by a tenth at once; the loop back through Stress does the rest."""
    whole = model(
        aux("Push", 1), aux("Load", "Push + Stress - 1"), aux("Output", "Load"),
        stock("Stress", 1, "Building up"), flow("Building up", "0.05 * (Output - 1)"),
        stop=60, dt="0.25", save=1, method="rk4", time_units="week",
    )  # fmt: skip
    push = canonical("Push")
    change = Change(whole.flat.by_ident[push], Step(push, 10.0, to=1.1), 10.0, "1 -> 1.1")
    more = Scenario("more", "More", "", {}, (change,), ())
    study = study_of(whole, "Output", "down", more)
    results = simulate(whole.changed(change.override), estimate_error=False)
    claim = explain(study, more, results).claim
    assert claim is not None
    assert (claim.cut.source, claim.cut.target) == ("Stress", "Load")
    assert claim.end_without == pytest.approx(1.1, abs=2e-3)
    assert claim.end_value == pytest.approx(1 + 0.1 * math.exp(0.05 * 50), rel=1e-3)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("idle loop", 0.95, 1), ("two loops that cancel", 1, 1), ("growth alone", 0, 0),
     ("turnover spiral", 0, 0.1)],
)  # fmt: skip
def test_how_much_comes_from_outside(name: str, least: float, most: float):
    known = next(each for each in (*KNOWN, *DECOYS) if each.name == name)
    results = simulate(known.model, estimate_error=False)
    values = results[known.output]
    view = next(views(results, canonical(known.output), ()))
    stretch = decisive(stretches(view, values), values)
    assert stretch is not None
    assert least <= driven_from_outside(view, stretch.leaders[0], stretch, values) <= most


def test_loops_that_cannot_be_cut_apart_are_claimed_together():
    """Size -> Drive serves two flows, and Drive -> Growth is fed from two stocks."""
    whole = model(
        stock("Size", 10, ["Growth", "More"]), stock("Memory", 10, "Learning"),
        aux("Drive", "0.03 * Size + 0.06 * Memory"), flow("Growth", "Drive"),
        flow("More", "0.8 * Drive"), flow("Learning", "0.04 * Size"),
        stop=60, dt="0.25", method="rk4",
    )  # fmt: skip
    study = study_of(whole, "Size")
    found = explain(study, study.scenarios[0], simulate(whole, estimate_error=False))
    claim = found.claim
    assert found.cause is Cause.LOOP
    assert claim is not None
    assert claim.with_others
    assert {each.loop for each in claim.cut.also} >= set(claim.with_others)
    assert all("Drive" in loop.way for loop in claim.with_others)
    assert "cannot be cut apart" in found.sentence
    assert "without them" in found.sentence


def test_a_claim_that_the_cut_does_not_bear_out_is_withdrawn():
    """More staff: failure demand leads by its score, and nearly nothing goes with it."""
    whole = read_study("scenarios/faster_pull.yaml")
    chosen = tuple(s for s in whole.scenarios if s.name in ("baseline", "more staff"))
    run = run_study(replace(whole, scenarios=chosen, expectations=()))
    found = explain_study(run).by_scenario["more staff"]
    assert found.cause is Cause.OUTSIDE
    assert found.claim is None
    assert found.withdrawn
    assert found.withdrawn[0].share > 0.5
    assert abs(found.withdrawn[0].took) < 0.1
    assert found.withdrawn[0].reason


def turned_by_a_change() -> tuple[Study, Results]:
    """Return a team in which a change at week 10 sets off a spiral."""
    whole = model(
        stock("Staff", 100, "Hiring", "Leaving"), flow("Hiring", 2), aux("Work", 100),
        aux("Workload", "Work / Staff"), aux("Quality", "1.5 - 0.5 * Workload"),
        flow("Leaving", "0.02 * Staff * Workload ^ 3"),
        stop=40, dt="0.25", save=1, method="rk4", time_units="week",
    )  # fmt: skip
    work = canonical("Work")
    change = Change(whole.flat.by_ident[work], Step(work, 10.0, to=104.0), 10.0, "100 -> 104")
    more = Scenario("more", "More work", "", {}, (change,), ())
    study = study_of(whole, "Quality", "up", Scenario("baseline", "As it is", "", {}, (), ()), more)
    return study, simulate(whole.changed(change.override), estimate_error=False)


def test_a_vicious_cycle_is_said_in_one_sentence():
    study, results = turned_by_a_change()
    names = (Named("Turnover spiral", ("Staff", "Workload", "Leaving")),)
    found = explain(study, study.scenarios[1], results, names=names)
    assert found.cycle is Cycle.VICIOUS
    claim = found.claim
    assert claim is not None
    assert claim.loop.name == "Turnover spiral"
    assert found.sentence == (
        "Vicious cycle. From week 10 on the loop 'Turnover spiral' (Staff -> Workload -> Leaving "
        f"-> Staff, reinforcing) carries {100 * claim.share:.0f} % of the change; without it "
        f"quality would end at {claim.end_without:.3f} instead of {claim.end_value:.3f}."
    )


def test_a_cut_leaves_what_a_change_does_by_itself():
    """Work of 104 lowers quality to 0.98 at once: what runs once past the output stays."""
    study, results = turned_by_a_change()
    claim = explain(study, study.scenarios[1], results).claim
    assert claim is not None
    assert claim.values[-1] == pytest.approx(0.98, abs=5e-3)


def test_nothing_is_explained_where_nothing_moves():
    study, _ = turned_by_a_change()
    still = simulate(study.model, estimate_error=False)
    found = explain(study, study.scenarios[0], still)
    assert found.cause is Cause.NOTHING
    assert found.claim is None
    assert found.sentence == "Quality does not move."


def test_a_study_is_explained_within_its_budget():
    study, results = turned_by_a_change()
    still = simulate(study.model, estimate_error=False)
    run = StudyRun(study, {"baseline": still, "more": results})
    whole = explain_study(run)
    assert list(whole.by_scenario) == ["baseline", "more"]
    assert not whole.left_out
    nothing = explain_study(run, seconds=-1.0)
    assert nothing.left_out == ("baseline", "more")


def test_json_holds_what_the_sentence_says():
    study, results = turned_by_a_change()
    found = explain(study, study.scenarios[1], results)
    told = as_dict(found)
    assert told["sentence"] == found.sentence
    assert told["cycle"] == "vicious"
    assert told["claim"]["loop"]["polarity"] == "reinforcing"
    assert told["claim"]["output_at_end_without"] == pytest.approx(0.98, abs=5e-3)


# Stocks that merely follow


def test_stocks_that_follow_are_told_from_those_that_gather():
    flat = load("pull_value").flat
    graph = causal_graph(flat)
    follow = {graph.nodes[each.row].name for each in adjusting(graph)}
    assert {"Perceived value", "Staff", "Felt work pressure"} <= follow
    assert not {"Customers", "Front backlog", "Causes of failure"} & follow


@pytest.mark.parametrize("delay", ["1 / 16", "1", "4"])
def test_a_smooth_written_out_takes_no_share_however_quick(delay: str):
    known = next(each for each in KNOWN if each.name == "through a fast smooth written out")
    whole = model(
        stock("Customers", 100, "Joining"), stock("Fame", 100, "Change in fame"),
        flow("Change in fame", f"(Customers - Fame) / ({delay})"), flow("Joining", "0.05 * Fame"),
        stop=100, dt="1/32", save=1, method="rk4", time_units="week",
    )  # fmt: skip
    claim = explained(replace(known, model=whole)).claim
    assert claim is not None
    assert claim.share == pytest.approx(1.0)


# A service organisation


def test_the_service_cycle_falls_by_its_six_practices_and_not_without():
    whole = read_study("scenarios/virtuous_or_vicious.yaml")
    chosen = tuple(s for s in whole.scenarios if s.name in ("baseline", "training cut"))
    run = run_study(replace(whole, scenarios=chosen, expectations=()))
    found = explain_study(run).by_scenario
    good, bad = found["baseline"], found["training cut"]
    assert (good.cycle, bad.cycle) == (Cycle.VIRTUOUS, Cycle.VICIOUS)
    for each in (good, bad):
        assert each.claim is not None
        assert each.claim.loop.name == "The six practices"
        assert each.claim.share > 0.8
        assert each.claim.took > 0.5
