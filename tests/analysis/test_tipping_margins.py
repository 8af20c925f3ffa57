"""Margins, lines, maps and pulses against closed forms, and against runs on both sides."""

import csv
import io
import math
from dataclasses import replace

import numpy as np
import pytest

from cyclesim.analysis.tipping import (
    NoContrast,
    Rule,
    What,
    between,
    contrast,
    margins,
    nearest_margin,
    pulses,
    regimes,
    stand,
    starts_of,
    tipping,
)
from cyclesim.analysis.tipping.margins import lines_of
from cyclesim.analysis.tipping.scatter import groups
from cyclesim.analysis.tipping.search import first_turns
from cyclesim.analysis.tipping.words import answer, pulse_words, sentences
from cyclesim.compiler import InitialValue, Replacement
from cyclesim.ensemble import run_scenario
from tests.models_in_text import aux, flow, stock, xmile
from tests.tipping_studies import place_of, ranged, study_of

# x' = x + u + w tips where x(0) + u + w > 0: away from 0 it runs off, up or down.
UNSTABLE = xmile(
    stock("x", "Begin", "dx", extra=ranged(-5, 5)),
    flow("dx", "x + u + w"),
    aux("Begin", -1, ranged(-5, 5)),
    aux("u", 0, ranged(-20, 20)),
    aux("w", 0, ranged(-3, 3)),
    start=0, stop=12, dt=1 / 64, method="RK4", time_units="week",
)  # fmt: skip
UP_OR_DOWN = """
outputs: {x: up}
scenarios:
  down: {title: Down}
  up: {title: Up, initial: {Begin: 1}}
"""
BUDWORMS = """
outputs: {Budworms: down}
starting_states: {outbreak: {Budworms: 7.3}}
scenarios:
  refuge: {title: Refuge}
  outbreak: {title: Outbreak, start: outbreak}
"""


def ready(tmp_path, model, rest):
    study = study_of(tmp_path, model, rest)
    today = stand(study, study.scenarios[0])
    return today, contrast(today)


def only(today, name):
    return [line for line in lines_of(today) if line.name == name]


def test_the_nearest_turn_is_found_where_an_outcome_turns_more_than_once():
    edges = np.array([[0.3, 0.6, 0.9], [0.02, 5, 5], [2, 5, 5]])

    def judge(lines, shares):
        return (shares[:, None] > edges[lines]).sum(axis=1) % 2 == 0

    turns = first_turns(judge, np.ones(3, dtype=bool), 1e-6)
    assert (turns.low + turns.high)[:2] / 2 == pytest.approx([0.3, 0.02], rel=1e-6)
    assert np.isnan(turns.high[2])
    assert turns.crossings.tolist() == [1, 1, 0]
    # Both 0.6 and 0.9 hide between two points of the scan; a finer one sees them.
    fine = first_turns(judge, np.ones(3, dtype=bool), 1e-6, tuple(np.linspace(0.1, 1, 10)))
    assert fine.crossings.tolist() == [3, 1, 0]


def test_margins_of_a_stock_and_of_constants_are_those_of_the_closed_form(tmp_path):
    today, found = ready(tmp_path, UNSTABLE, UP_OR_DOWN)
    by_name = {(t.name, t.upwards): t for t in margins(today, found.near).thresholds}
    assert by_name["x", True].value == pytest.approx(0.0, abs=0.006)
    assert by_name["u", True].value == pytest.approx(1.0, abs=0.006)
    assert by_name["w", True].value == pytest.approx(1.0, abs=0.006)
    for key in (("x", False), ("u", False), ("w", False)):
        assert by_name[key].value is None
        assert by_name[key].distance == math.inf
    # What only sets the past does not move what is.
    assert by_name["Begin", True].value is None
    for key in (("x", True), ("u", True), ("w", True)):
        # Without a limit to growth the end answers in proportion: nothing happens at once.
        assert not by_name[key].tips
        assert not by_name[key].assumed


def test_runs_on_both_sides_of_the_budworms_margins_part(tmp_path):
    today, found = ready(tmp_path, "budworm_outbreak", BUDWORMS)
    assert found.good.name == "refuge"
    ends = np.stack([start.levels for start in starts_of(today, found)], axis=1)
    lines = lines_of(today, ends)
    long = margins(today, found.lasting, lines=lines, tolerance=0.001)
    stocks = {t.name: t for t in long.turning if t.what is What.STOCK}
    assert stocks["Budworms"].value == pytest.approx(2.0, abs=0.003)
    (growth,) = [t for t in long.turning if t.name == "Growth rate"]
    assert growth.tips
    # Past the fold of the refuge, Strogatz 1994, section 3.7, found by its parametric form.
    n = np.linspace(1.01, 1.7, 100_001)
    n = n[np.abs(2 * n**3 / (n * n - 1) - 10).argmin()]
    assert growth.value == pytest.approx(2 * n**3 / (1 + n * n) ** 2, abs=1e-3)
    study = replace(today.study, specs=replace(today.study.specs, stop=today.study.specs.stop * 16))
    for t, make in ((stocks["Budworms"], InitialValue), (growth, Replacement)):
        ends = []
        for factor in (0.99, 1.01):
            at = t.today + factor * (t.value - t.today)
            ident = study.model.flat.found(t.name)[0].ident
            changed = replace(study, model=study.model.changed(make(ident, at)))
            ends.append(run_scenario(changed, study.scenarios[0])["Budworms"][-1])
        assert ends[0] < found.near.middle < ends[1]


def test_the_fold_of_the_genetic_switch_by_bisection(tmp_path):
    rest = (
        "run: {dt: 0.25, method: rk4}\noutputs: {Protein: up}\n"
        "starting_states: {off: {Protein: 0, Messenger: 0}}\n"
        "scenarios:\n  on: {title: 'On'}\n  off: {title: 'Off', start: off}\n"
    )
    today, found = ready(tmp_path, "genetic_switch", rest)
    rule = replace(found.near, time=2000.0)
    lines = only(today, "Loss rate of protein")
    narrow = [replace(line, limit=0.66) for line in lines if line.limit > line.today]
    turned = margins(today, rule, lines=narrow, tolerance=1e-5)
    # A ghost of the fold holds runs up for about pi over the root of the distance.
    assert turned.thresholds[0].value == pytest.approx(0.625, abs=1e-4)


def test_the_line_between_two_starts_turns_at_the_tipping_point(tmp_path):
    today, found = ready(tmp_path, "budworm_outbreak", BUDWORMS)
    good, bad = starts_of(today, found)
    line = between(today, found.lasting, good, bad, check_dt=True)
    (share,) = line.shares
    assert 7.3 + share * (0.6833752096446 - 7.3) == pytest.approx(2.0, abs=1e-4)
    assert line.halved == pytest.approx(line.shares, abs=1e-5)
    assert line.output == pytest.approx(2.0, abs=1e-4)
    for aside, side in ((-0.001, False), (0.001, True)):
        levels = bad.levels + (share + aside) * (good.levels - bad.levels)
        end = today.ends("Budworms", found.lasting.time, levels[:, None], None)
        assert bool(found.lasting.judged(end)[0]) is side


def test_the_smallest_pulse_is_that_of_the_closed_form(tmp_path):
    today, found = ready(tmp_path, UNSTABLE, UP_OR_DOWN)
    rule = replace(found.near, time=12.0)
    up, down = pulses(today, today.scenario, rule, "u")
    # x(0) + p (1 - e^-d) = 0, with x(0) = -1.
    exact = 1 / (1 - np.exp(-up.durations))
    seen = exact <= 20
    assert up.rescue
    assert seen.sum() >= 6
    assert up.sizes[seen] == pytest.approx(exact[seen], rel=0.01)
    assert np.isnan(down.sizes).all()


def test_a_pulse_at_which_the_run_breaks_off_does_not_tip(tmp_path):
    """Past 40 there is no root: a pulse far smaller than one that turns the outcome gets there."""
    broken = xmile(
        stock("x", 1, "dx"), flow("dx", "u - x + 0*sqrt(40 - x)"), aux("u", 1, ranged(-99, 99)),
        start=0, stop=64, dt=1 / 16, method="RK4", time_units="week",
    )  # fmt: skip
    rest = "outputs: {x: down}\nscenarios: {one: {}, two: {changes: {u: 70}}}\n"
    study = study_of(tmp_path, broken, rest)
    today = stand(study, study.scenarios[0])
    rule = Rule("x", "x", None, 64.0, 1.0, 200.0, "one", "two", 1.0, True)
    up, down = pulses(today, study.scenarios[0], rule, "u")
    # x rises to 1 + p (1 - e^-d): it comes to 40, and never near the middle, 100.
    exact = 39 / (1 - np.exp(-up.durations))
    seen = exact <= 98
    assert up.breaks_off.tolist() == seen.tolist()
    assert up.sizes[seen] == pytest.approx(exact[seen], rel=0.01)
    assert not down.breaks_off.any()
    said = pulse_words(up, "week")
    assert "makes the run break off from a size of" in said
    assert "tips" not in said


def test_the_boundary_of_the_map_is_that_of_the_closed_form(tmp_path):
    today, found = ready(tmp_path, UNSTABLE, UP_OR_DOWN)
    places = (place_of(today, "u"), place_of(today, "w"))
    plane = regimes(today, found.near, places, ((-2, 3), (-2, 3)))
    # u + w = 1; each edge is cut to 1/32 of the smallest cell, 5/32 wide.
    assert len(plane.edge) > 30
    assert np.abs(plane.edge.sum(axis=1) - 1).max() <= 5 / 32 / 32
    assert (plane.good == (plane.x + plane.y > 1)).all()
    assert len(plane.x) < 33 * 33 / 2


def test_without_a_tipping_point_it_says_which_tests_showed_that(tmp_path):
    model = xmile(
        stock("x", 1, "dx", extra=ranged(0, 10)),
        flow("dx", "(Goal - x)/2"),
        aux("Goal", 4, ranged(1, 8)),
        start=0, stop=20, dt=0.125, time_units="week",
    )  # fmt: skip
    rest = "outputs: {x: up}\nscenarios:\n  as it is: {}\n  more: {changes: {Goal: 6}}\n"
    found = tipping(study_of(tmp_path, model, rest))
    assert not any(t.tips for t in found.lasting_margins.turning)
    assert len(found.scattered.groups) == 1
    told = answer(found)
    assert told.startswith("No tipping point was found")
    assert "end alike, at 4.00" in told
    assert "by degrees" in told
    assert "1 stable equilibrium found" in told
    # The end is the goal, and the middle between 4 and 6 is 5.
    (goal,) = [t for t in found.lasting_margins.turning if t.name == "Goal"]
    assert goal.value == pytest.approx(5.0, abs=0.02)
    assert not goal.tips


def test_scenarios_that_end_alike_leave_it_to_many_starts(tmp_path):
    study = study_of(
        tmp_path, "budworm_outbreak",
        "outputs: {Budworms: down}\nscenarios: {one: {}, two: {initial: {Budworms: 5}}}\n",
    )  # fmt: skip
    only_one = replace(study, scenarios=study.scenarios[:1])
    with pytest.raises(NoContrast, match="within 2%"):
        contrast(stand(only_one, only_one.scenarios[0]))
    assert nearest_margin(only_one) is None


def test_the_nearest_margin_is_that_of_a_decision_first_and_of_all_else_after(tmp_path):
    switch = xmile(
        stock("x", "Begin", "dx", extra=ranged(-2, 2)),
        flow("dx", "u + w + x - x^3"),
        aux("Begin", 1, ranged(-3, 3)), aux("u", 0, ranged(-2, 2)), aux("w", 0.1, ranged(-2, 2)),
        start=0, stop=20, dt=0.125, time_units="week",
    )  # fmt: skip
    rest = "outputs: {x: up}\nscenarios:\n  one: {}\n  two: {changes: {CHANGED: -0.6}}\n"
    for changed, value in (("u", -0.4849), ("w", -0.3849)):
        study = study_of(tmp_path, switch, rest.replace("CHANGED", changed))
        near = nearest_margin(study)
        assert near.threshold.name == changed
        assert near.threshold.value == pytest.approx(value, abs=0.01)
        assert near.others == 0
    # Scenarios that only start elsewhere decide nothing: what is nearest of all is told.
    starts = "outputs: {x: up}\nscenarios: {one: {}, two: {initial: {Begin: -1}}}\n"
    near = nearest_margin(study_of(tmp_path, switch, starts))
    assert near.decisions == 0
    # u is 0 today and has no size to compare with; w is 4.8 times its size away, x 1.1 times.
    assert near.threshold.name == "x"
    with pytest.raises(TimeoutError):
        nearest_margin(study_of(tmp_path, switch, rest.replace("CHANGED", "u")), seconds=-1)


def test_a_lane_that_leaves_the_numbers_is_told_so_and_the_others_are_whole(tmp_path):
    model = xmile(
        stock("x", 1, "dx"), flow("dx", "(1 - x)*Speed"), aux("Speed", 1, ranged(0.1, 100)),
        start=0, stop=64, dt=1 / 8, method="RK4",
    )  # fmt: skip
    rest = "outputs: {x: up}\nscenarios: {one: {}, two: {changes: {Speed: 2}}}\n"
    today = stand(study_of(tmp_path, model, rest), study_of(tmp_path, model, rest).scenarios[0])
    numbers = np.repeat(today.numbers[:, None], 2, axis=1)
    numbers[place_of(today, "Speed")] = [1, 80]
    ends = today.ends("x", 64.0, np.array([[0.5, 0.5]]), numbers)
    assert ends[0] == pytest.approx(1)
    assert not np.isfinite(ends[1])


def test_lanes_of_both_targets_end_alike(tmp_path):
    today, found = ready(tmp_path, "budworm_outbreak", BUDWORMS)
    assert today.runs.target == "llvm"
    slow = replace(today, runs=replace(today.runs, target="numpy"))
    levels = np.array([[0.5, 1.99, 2.01, 9.0]])
    numbers = np.repeat(today.numbers[:, None], 4, axis=1)
    numbers[:, 3] *= 1.1
    quick = today.ends("Budworms", found.lasting.time, levels, numbers)
    assert quick == pytest.approx(slow.ends("Budworms", found.lasting.time, levels, numbers))


def test_what_leaves_the_numbers_counts_as_bad():
    rule = Rule("x", "x", None, 1.0, 1.0, 0.0, "good", "bad", 1.0, True)
    judged = rule.judged(np.array([0.9, 0.1, np.nan, np.inf]))
    assert judged.tolist() == [True, False, False, False]
    lower = replace(rule, good=0.0, bad=1.0)
    assert lower.judged(np.array([0.9, 0.1, -np.inf])).tolist() == [False, True, False]


def test_ends_fall_into_outcomes():
    assert groups(np.array([1.0, 1.001, 0.999])) == ((pytest.approx(1.0), 1.0),)
    assert groups(np.array([9.0, 1.0, 1.1, np.nan])) == (
        (pytest.approx(1.05), pytest.approx(2 / 3)), (9.0, pytest.approx(1 / 3)),
    )  # fmt: skip
    # Beside a wide gap between good and bad it is all one.
    assert len(groups(np.array([1.0, 1.2]), 1.0)) == 2
    assert len(groups(np.array([1.0, 1.2]), 3.0)) == 1


def test_the_whole_analysis_of_the_budworms(tmp_path):
    found = tipping(study_of(tmp_path, "budworm_outbreak", BUDWORMS))
    text = "\n".join(sentences(found))
    assert answer(found).startswith("There is a tipping point, and 'Refuge' stands on the good")
    assert "Budworms rises above 2.00 units" in text or "Budworms rise above 2.00 units" in text
    from cyclesim.analysis.tipping.tables import TABLES, as_dict

    data = as_dict(found)
    assert data["schema_version"] == 1
    assert data["equilibria"]["found"][1]["kind"] == "stable"
    for name, table in TABLES.items():
        rows = list(csv.DictReader(io.StringIO(table(found))))
        assert rows, name
