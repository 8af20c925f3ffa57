"""Movements that swing, or come back: published loops whose part in them is known, by closed forms.

An end says nothing of a swing, and little of a rise and fall: such runs are compared by their ups
and downs, and where they are farthest from their start.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace

import numpy as np
import pytest

from cyclesim.analysis.behavior import Shape
from cyclesim.analysis.explanation import (
    Cause,
    Explanation,
    explain,
    explain_study,
    explanations_csv,
)
from cyclesim.analysis.explanation.bench import Bench
from cyclesim.analysis.explanation.candidates import Seen, swinging
from cyclesim.analysis.explanation.effects import Reading
from cyclesim.analysis.explanation.stretches import decisive, stretches
from cyclesim.analysis.explanation.tables import as_dict
from cyclesim.analysis.explanation.view import views
from cyclesim.compiler import LinkHeld
from cyclesim.names import canonical
from cyclesim.report import report_html
from cyclesim.simulation import simulate
from cyclesim.study import read_study, run_study
from tests.analysis.explained_models import every_decoy
from tests.analysis.test_explanation import study_of
from tests.models_in_text import aux, flow, model, stock


def told(output: str, good: str, *parts: str, **settings: object) -> Explanation:
    given = {"dt": "0.25", "save": 1, "method": "rk4", "time_units": "week"}
    whole = model(*parts, **{**given, **settings})
    study = study_of(whole, output, good)
    return explain(study, study.scenarios[0], simulate(whole, estimate_error=False))


# Swings


def inventory_and_workforce() -> Explanation:
    """Return why stores swing after a step of orders (Sterman 2000, chapter 19, in its bones)."""
    return told(
        "Inventory", "neither",
        aux("Orders", "100 + STEP(20, 10)"), aux("Expected", "SMTH1(Orders, 8)"),
        stock("Inventory", 400, "Production", "Shipments"), flow("Shipments", "Orders"),
        flow("Production", "Workforce"), stock("Workforce", 100, "Hiring"),
        aux("Desired production", "Expected + (400 - Inventory) / 12"),
        flow("Hiring", "(Desired_production - Workforce) / 24"), stop=300,
    )  # fmt: skip


def test_the_loop_through_inventory_and_workforce_makes_stores_swing():
    found = inventory_and_workforce()
    claim = found.claim
    assert found.cause is Cause.LOOP
    assert found.behaviour.shape is Shape.DAMPED
    assert claim is not None
    assert {"Inventory", "Workforce"} <= set(claim.loop.way)
    assert not claim.loop.reinforcing
    assert claim.effect.reading is Reading.SWINGS
    # Without it production follows orders with two delays, of 8 and of 24 weeks, and what was
    # short meanwhile, 20 a week for their sum, stays short.
    assert claim.end_without == pytest.approx(400 - 20 * (8 + 24), abs=0.1)
    assert "would not swing" in found.sentence
    assert "What sets it off is what 'Orders' does." in found.sentence
    assert found.cycle is None


def test_prey_and_predator_swing_by_the_loop_that_holds_both():
    """Births and deaths each alone cannot swing: it takes a loop past two stocks."""
    found = told(
        "Hares", "neither", stock("Hares", 100, "Hare births", "Hare deaths"),
        flow("Hare births", "0.08 * Hares"), flow("Hare deaths", "0.002 * Hares * Lynx"),
        stock("Lynx", 20, "Lynx births", "Lynx deaths"),
        flow("Lynx births", "0.0005 * Hares * Lynx"), flow("Lynx deaths", "0.1 * Lynx"),
        stop=400, dt="0.125",
    )  # fmt: skip
    assert found.claim is not None
    assert set(found.claim.loop.way) == {"Hares", "Lynx births", "Lynx", "Hare deaths"}
    assert "would not swing, and run away" in found.sentence


def test_what_is_forced_from_outside_is_laid_to_no_loop():
    """A tank that drains follows the seasons: cut or not, it swings."""
    found = told(
        "Water", "neither", stock("Water", 100, "Rain", "Drain"),
        flow("Rain", "10 + 5 * SIN(TIME / 8)"), flow("Drain", "Water / 10"), stop=300,
    )  # fmt: skip
    assert found.cause is Cause.OUTSIDE
    assert found.driver is not None
    assert found.driver.effect.reading is Reading.SWINGS
    assert found.driver.took > 0.9
    assert "of the ups and downs" in found.sentence or "would not swing" in found.sentence


# A way out and a way back


def test_an_epidemic_rises_by_contagion_and_falls_by_those_who_are_left():
    """R0 is 2.5: at most 1 - (1 + ln R0) / R0 of all are infected at once (Kermack 1927)."""
    found = told(
        "Infected", "down", stock("Susceptible", 9999, (), "Infecting"),
        stock("Infected", 1, "Infecting", "Recovering"),
        flow("Infecting", "0.5 * Infected * Susceptible / 10000"),
        flow("Recovering", "Infected / 5"), stop=120,
    )  # fmt: skip
    claim, back = found.claim, found.back
    assert found.label == "rise and return"
    assert found.cause is Cause.LOOP
    assert claim is not None
    assert claim.loop.way == ("Infected", "Infecting")
    assert claim.effect.reading is Reading.HEIGHT
    assert claim.effect.value == pytest.approx(10_000 * (1 - (1 + math.log(2.5)) / 2.5), rel=2e-3)
    # One infected person for ever infects half a person a week, each for five weeks.
    without = 2.5 - 1.5 * math.exp(-claim.effect.time / 5)
    assert claim.effect.without == pytest.approx(without, rel=3e-3)
    assert back is not None
    assert back.loop.way == ("Susceptible", "Infecting")
    assert not back.loop.reinforcing
    assert "The fall that follows goes with the balancing loop Susceptible" in found.sentence


def test_a_population_overshoots_by_births_and_collapses_by_what_it_used_up():
    found = told(
        "Population", "up", stock("Population", 10, "Births", "Deaths"),
        flow("Births", "0.06 * Population"),
        flow("Deaths", "Population * (0.02 + 0.15 * (1 - Resource / 10000) ^ 4)"),
        stock("Resource", 10_000, (), "Use"), flow("Use", "0.3 * Population * Resource / 10000"),
        stop=300,
    )  # fmt: skip
    assert found.label == "overshoot and collapse"
    assert found.claim is not None
    assert found.claim.loop.way == ("Population", "Births")
    # Births of 0.6 a week for ever, and a fiftieth that dies: 30 - 20 exp(-t / 50), less a little.
    held = 30 - 20 * math.exp(-found.claim.effect.time / 50)
    assert found.claim.effect.without == pytest.approx(held, rel=0.02)
    assert found.back is not None
    assert set(found.back.loop.way) == {"Population", "Use", "Resource", "Deaths"}
    assert found.cycle is None
    told_as = as_dict(found)
    assert told_as["back"]["loop"]["polarity"] == "balancing"
    assert told_as["claim"]["compared_by"] == "farthest from the start"
    assert told_as["claim"]["output_then"] == pytest.approx(found.behaviour.extreme.value, rel=0.01)


def test_an_improvement_is_read_at_its_end_however_deep_it_dipped_before():
    """Money is spent first and comes back later: worse before better, and better in the end."""
    found = told(
        "Money", "up", stock("Money", 100, "Earning", "Spending"),
        flow("Spending", "IF TIME < 10 THEN 8 ELSE 0"), flow("Earning", "STEP(1.15, 20)"), stop=110,
    )  # fmt: skip
    assert found.behaviour.shape is Shape.WORSE_BEFORE_BETTER
    assert found.driver is not None
    assert found.driver.effect.reading is Reading.END


# Several loops


def test_births_that_deaths_undo_make_nothing():
    decoy = next(each for each in every_decoy() if each.name == "two loops that cancel")
    study = study_of(decoy.model, decoy.output)
    found = explain(study, study.scenarios[0], simulate(decoy.model, estimate_error=False))
    assert found.claim is None
    assert [(b.loop.way, b.other.way) for b in found.balanced] == [
        (("People", "Births"), ("People", "Deaths"))
    ]
    assert "hold each other in balance: neither makes any of it" in found.sentence
    assert "%" not in found.sentence


def test_births_that_deaths_undo_by_half_are_no_balance():
    found = told(
        "People", "up", stock("People", 100, "Births", "Deaths"), flow("Births", "0.05 * People"),
        flow("Deaths", "0.025 * People"), stop=100,
    )  # fmt: skip
    assert found.balanced == ()
    assert found.claim is not None
    # Births of 5 a week for ever: 200 - 100 exp(-t / 40).
    assert found.claim.end_without == pytest.approx(200 - 100 * math.exp(-2.5), rel=1e-6)


def test_loops_of_which_each_would_do_are_cut_together():
    """Word of mouth by the louder of two channels: without either one nothing is missed."""
    found = told(
        "Customers", "up", stock("Customers", 100, "Joining"), aux("Press", "Customers * 1"),
        aux("Talk", "Customers * 1"), flow("Joining", "0.03 * MAX(Press, Talk)"), stop=100,
    )  # fmt: skip
    claim = found.claim
    assert claim is not None
    assert claim.either
    assert {"Press", "Talk"} <= set(claim.loop.way) | set(claim.with_others[0].way)
    assert claim.end_without == pytest.approx(100 + 100 * 0.03 * 100, rel=1e-9)
    assert claim.effect.value == pytest.approx(100 * math.exp(3), rel=1e-6)
    assert found.withdrawn == ()
    assert "without both" in found.sentence


def test_success_to_the_successful_is_laid_to_the_share_that_feeds_itself():
    found = told(
        "First", "up", stock("First", 51, "Gain", "Loss"), stock("Second", 49, "Other", "Lost"),
        aux("Share", "First ^ 2 / (First ^ 2 + Second ^ 2)"), flow("Gain", "10 * Share"),
        flow("Other", "10 * (1 - Share)"), flow("Loss", "First / 10"), flow("Lost", "Second / 10"),
        stop=200,
    )  # fmt: skip
    assert found.claim is not None
    assert found.claim.loop.reinforcing
    assert {"Second", "Share", "Other"} <= set(found.claim.loop.way)
    assert found.claim.took > 0.8
    # With the second read as 49 for ever the first rests where 10 x^2 / (x^2 + 49^2) = x / 10.
    assert found.claim.end_without == pytest.approx(50 + math.sqrt(50**2 - 49**2), rel=0.01)


def test_what_goes_on_at_one_pace_has_no_active_loop():
    """A goal that slides as fast as what follows it: the gap stays, and so do all flows."""
    found = told(
        "Performance", "up", stock("Performance", 90, "Mending", "Decay"),
        stock("Goal", 100, "Sliding"), flow("Mending", "(Goal - Performance) / 10"),
        flow("Decay", 1.5), flow("Sliding", "(Performance - Goal) / 20"), stop=100,
    )  # fmt: skip
    assert np.ptp(np.diff(found.course[1])) < 1e-9
    assert found.sentence == "Decline. It goes on at one pace, and no loop is active."


def test_a_goal_that_slides_after_what_is_done_is_no_balance():
    """The stock that follows and the loop it closes take from one another, and yet it slides."""
    found = told(
        "Effort", "up", aux("Strain", "1 + STEP(0.2, 10)"), aux("Effort", "Norm / Strain"),
        stock("Norm", 1, "Sliding"), flow("Sliding", "(Effort - Norm) / 20"), stop=100,
    )  # fmt: skip
    assert found.balanced == ()
    assert "hold each other" not in found.sentence


def test_a_named_loop_past_folded_stocks_is_cut_too():
    """The loop of a shortfall has less than a hundredth of the named loops' shares, and counts."""
    whole = read_study("scenarios/promise_ahead_of_delivery.yaml")
    chosen = tuple(s for s in whole.scenarios if s.name in ("baseline", "deliver more"))
    run = run_study(replace(whole, scenarios=chosen, expectations=()))
    explained = explain_study(run)
    found = explained.by_scenario["deliver more"]
    assert found.claim is not None
    assert found.claim.loop.name == "Promise for a shortfall"
    assert found.claim.by_name
    assert not found.claim.carries
    assert "with whatever else runs through its link 'Promise' -> 'Change in" in found.sentence
    # The same cut made by hand: expectations no longer read what marketing comes to promise.
    promise = run.results["deliver more"]["Promise"][0]
    link = LinkHeld(canonical("Promise"), canonical("Change in should expectation"), (promise,))
    by_hand = Bench(run.study, chosen[1], run.results["deliver more"]).held(link)
    end = by_hand[found.output.variable.name][-1]
    assert found.claim.end_without == pytest.approx(end, rel=1e-9)
    told_as = as_dict(found)
    assert told_as["claim"]["shares_of"] == "the loops of given names"
    # Of one another: loops of one name that work against each other leave less than all.
    assert 0 < sum(each["share"] for each in told_as["named"]) <= 1
    assert "Promise for a shortfall" in {each["name"] for each in told_as["named"]}
    assert any("shares are of one another" in note for note in told_as["named_notes"])
    rows = list(csv.DictReader(io.StringIO(explanations_csv([found]))))
    assert rows[0]["part"] == "adds"
    assert float(rows[0]["without"]) == found.claim.effect.without
    assert rows[0]["share"] == ""
    page = report_html(run, explained=explained)
    bars = page.split('<ul class="named">')[1].split("</ul>")[0]
    assert bars.count("<li>") == len(found.named)
    assert "R Promise for a shortfall" in bars
    assert "Their shares are of one another" in page
    assert "without a name of its own is cut with it" in page


def explained_of(study: str, scenario: str) -> Explanation:
    whole = read_study(f"scenarios/{study}.yaml")
    chosen = tuple(s for s in whole.scenarios if s.name in ("baseline", scenario))
    run = run_study(replace(whole, scenarios=chosen, expectations=()))
    return explain_study(run, scenarios=[scenario]).by_scenario[scenario]


def test_a_standard_that_erodes_after_what_is_done_is_no_balance():
    """Norm and practice take from one another, nearly all; what is left is how the norm erodes."""
    found = explained_of("eroding_standard", "more orders")
    assert found.balanced == ()
    assert found.claim is not None
    assert found.claim.loop.reinforcing
    assert {"Time per order", "Norm time per order"} <= set(found.claim.loop.way)


def test_what_the_hour_of_the_day_forces_is_laid_to_the_clock():
    """Guests come by the hour. That some walk home makes no wave, though queues hang on it."""
    found = explained_of("crowded_park", "all of it")
    assert found.cause is Cause.OUTSIDE
    assert found.driver is not None
    assert found.driver.names == ("Time of day",)
    assert found.claim is None


def test_one_stock_alone_is_not_said_to_swing():
    whole = model(
        stock("Hares", 100, "Hare births", "Hare deaths"), flow("Hare births", "0.08 * Hares"),
        flow("Hare deaths", "0.002 * Hares * Lynx"),
        stock("Lynx", 20, "Lynx births", "Lynx deaths"),
        flow("Lynx births", "0.0005 * Hares * Lynx"), flow("Lynx deaths", "0.1 * Lynx"),
        stop=400, dt="0.125", save=1, method="rk4",
    )  # fmt: skip
    results = simulate(whole, estimate_error=False)
    view = next(views(results, canonical("Hares"), ()))
    values = results["Hares"]
    found = stretches(view, values)
    stretch = decisive(found, values)
    assert stretch is not None
    ways = [
        {view.nodes[row].name for row in view.families[each.family].way}
        for each in swinging([Seen(view, found, stretch, False)])
    ]
    assert ways == [{"Hares", "Lynx births", "Lynx", "Hare deaths"}]


TANK = stock("Level", 0, "Change"), aux("Goal", 10), flow("Change", "(Goal - Level) / 10 - Drain")
"""A tank that fills to 10 by itself, as far as what drains from it lets it."""


def test_what_works_against_a_movement_is_told():
    found = told("Level", "up", *TANK, aux("Drain", "0.8 * (1 - EXP(-TIME / 2))"), stop=50)
    # Level' = 1 - Level / 10 - 0.8 (1 - e^(-t / 2)), solved by its integrating factor.
    filled, opening = 10 * (1 - math.exp(-5)), (math.exp(-25) - math.exp(-5)) / (0.1 - 0.5)
    end = filled - 0.8 * (filled - opening)
    ends = f"level would end at {filled:.2f} instead of {end:.2f}"
    assert f"What 'Drain' does works against it: without it {ends}." in found.sentence
    assert found.cause is not Cause.OUTSIDE


def test_a_loop_that_limits_a_movement_is_not_said_to_carry_it():
    """With the loop cut 1 a week flows in for 50 weeks: the loop made none of the rise to 10."""
    found = told("Level", "up", *TANK, aux("Drain", 0), stop=50)
    assert found.cause is Cause.LOOP
    assert found.claim is not None
    assert found.claim.end_without == pytest.approx(50)
    assert "limits the change" in found.sentence
    assert "carries" not in found.sentence
