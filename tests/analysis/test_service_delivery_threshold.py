"""Two starts of the service delivery system on two sides of a threshold, and what parts them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from cyclesim.analysis.explanation import explain_study
from cyclesim.analysis.explanation.parts import Cause, Explanation
from cyclesim.analysis.labels import Cycle
from cyclesim.analysis.tipping import Kind, between, contrast, equilibria, stand, starts_of
from cyclesim.compiler import Step
from cyclesim.ensemble import run_scenario
from cyclesim.names import canonical
from cyclesim.page.dominance import strips
from cyclesim.report.html import report_html
from cyclesim.scenario import Scenario, Study, read_study
from cyclesim.simulation import simulate
from cyclesim.study import run_study

HEADLINE = "Quality delivered to all"


@cache
def study() -> Study:
    return read_study("half_of_the_work_is_done_again")


def scenario(name: str) -> Scenario:
    return next(each for each in study().scenarios if each.name == name)


@cache
def explained() -> dict[str, Explanation]:
    both = (scenario("baseline"), scenario("better"))
    run = run_study(replace(study(), scenarios=both, expectations=()))
    return dict(explain_study(run).by_scenario)


@pytest.mark.parametrize(
    ("name", "cycle"), [("baseline", Cycle.VICIOUS), ("better", Cycle.VIRTUOUS)]
)
def test_each_side_is_carried_by_what_is_done_again_and_not_without(
    name: str, cycle: Cycle
) -> None:
    found = explained()[name]
    assert (found.cause, found.cycle) == (Cause.LOOP, cycle)
    claim = found.claim
    assert claim is not None
    assert claim.loop.reinforcing
    assert claim.loop.name == "Failed orders, Front backlog, Back backlog"
    assert claim.share > 0.6
    assert claim.took > 0.7
    # What is left without the loop goes the same way, by less than a quarter.
    assert abs(claim.behaviour.change) < 0.25 * abs(found.behaviour.change)


def test_the_page_names_the_loop_that_the_explanation_names() -> None:
    results = run_scenario(study(), scenario("baseline"), estimate_error=False)

    told, (strip,) = strips([results], canonical(HEADLINE), None, study().loops)
    assert {loop.name.partition("[")[0] for loop in told} == {"Failed orders"}
    assert not strip.silent


def test_between_the_two_starts_lies_a_balance_that_nothing_holds() -> None:
    today = stand(study(), study().scenarios[0])
    found = contrast(today)
    good, bad = starts_of(today, found)
    line = between(today, found.lasting, good, bad, tolerance=1e-3)
    (share,) = line.shares
    way = np.array([0.0, share, 1.0]) * (good.levels - bad.levels)[:, None]
    known, _ = equilibria(today, bad.levels[:, None] + way, starts=2)
    (saddle,) = (each for each in known.found if each.kind is Kind.SADDLE)
    levels = dict(zip(known.stocks, saddle.levels, strict=True))
    assert levels["Front capability"] == pytest.approx(0.7626, abs=2e-4)
    assert saddle.eigenvalues[0].real == pytest.approx(np.log(2) / 21.1, rel=0.01)
    # An ordinary run that begins there stays there, and its orders obey the identity of a rest.
    constants = {i: v for i, v in study().scenarios[0].start.items() if i not in _stocks()}
    run = simulate(
        study().model, constants, initial=levels, method="rk4", stop=26, estimate_error=False
    )
    kept = run[HEADLINE]
    assert np.abs(kept - kept[0]).max() < 1e-4
    new = sum(run[f"New orders[{each}]"][-1] for each in ("Routine", "Tailored"))
    back = sum(run[f"Returning orders[{each}]"][-1] + run[f"Handed back[{each}]"][-1]
               for each in ("Routine", "Tailored"))  # fmt: skip
    handled = sum(run[f"Front completions[{each}]"][-1] for each in ("Routine", "Tailored"))
    assert handled == pytest.approx(new / (1 - back / handled), rel=1e-3)
    sides = np.array([share - 0.02, share + 0.02]) * (good.levels - bad.levels)[:, None]
    under, comes_back = today.ends(HEADLINE, 468.0, bad.levels[:, None] + sides, None)
    assert under < 0.2
    assert comes_back > 0.95


def _stocks() -> set[str]:
    flat = study().model.flat
    by_ident = {level.ident: flat.by_ident[level.ident] for level in flat.levels}
    return {canonical(c) for variable in by_ident.values() for c in variable.columns}


@pytest.mark.parametrize(("name", "ruin", "back"), [
    ("Share of managers on control", 0.290, 0.278),
    ("Demand index", 0.98, 0.97),
])  # fmt: skip
def test_runs_with_a_change_on_the_two_sides_of_its_margin_end_apart(
    name: str, ruin: float, back: float
) -> None:
    specs = replace(study().specs, stop=Fraction(312))
    lasting = replace(study(), specs=specs, expectations=())
    ends = []
    for value in (ruin, back):
        override = Step(canonical(name), 0.0, to=value)
        change = replace(scenario("coaching").changes[0], override=override)
        once = replace(scenario("baseline"), changes=(change,))
        ends.append(run_scenario(lasting, once, estimate_error=False)[HEADLINE][-1])
    assert ends[0] < 0.2
    assert ends[1] > 0.95


def test_a_report_says_where_the_elements_of_an_array_begin() -> None:
    once = replace(study(), scenarios=(scenario("baseline"),), expectations=(), tipping=None)
    page = report_html(run_study(once))
    assert "<bdi>Customers[Routine]</bdi> 3,280" in page
    assert "<bdi>Front capability</bdi> 0.745" in page
