"""Loops seen through a few stocks are bundles of ways: where they are cut, what they are called."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from cyclesim.analysis.explanation import Claim, explain
from cyclesim.analysis.loops.parts import Named
from cyclesim.compiler import CompiledModel
from cyclesim.names import canonical
from cyclesim.page.dominance import strips
from cyclesim.scenario.parts import Direction, Output, Scenario, Study, StudyLoops
from cyclesim.simulation import simulate
from tests.models_in_text import aux, flow, model, stock

AS_IT_IS = Scenario("baseline", "As it is", "", {}, (), ())


def pair_that_cancels() -> CompiledModel:
    """Return growth of two stocks by one another, with a pair of ways on it that cancel.

    The strongest way is 'Large', which 'Opposite' takes away again: what moves 'Sum' is Fame.
    """
    return model(
        stock("Fame", 100, "Gaining"), flow("Gaining", "0.1 * Orders"),
        stock("Orders", 100, "Ordering"), flow("Ordering", "0.1 * Sum"),
        aux("Large", "5 * Fame"), aux("Opposite", "5 * Fame"),
        aux("Sum", "Fame + Large - Opposite"),
        stop=40, dt="0.25", save=1, method="rk4", time_units="week",
    )  # fmt: skip


def claimed(whole: CompiledModel, names: tuple[Named, ...] = ()) -> Claim:
    orders = whole.flat.by_ident[canonical("Orders")]
    outputs = (Output(orders, Direction.UP, "Orders"),)
    settings = (whole.flat.sim_specs, 0, outputs, (AS_IT_IS,), (), "d" * 64)
    study = Study("bundle.yaml", "Bundle", "", whole, *settings)
    study = replace(study, loops=StudyLoops((), ("Fame", "Orders")))
    claim = explain(study, AS_IT_IS, simulate(whole, estimate_error=False), names=names).claim
    assert claim is not None
    return claim


def test_a_bundle_is_cut_where_all_of_it_goes_and_not_at_half_of_a_pair_that_cancels():
    claim = claimed(pair_that_cancels())
    link = (claim.cut.source, claim.cut.target)
    assert {"Large", "Opposite"}.isdisjoint(link)
    # Both stocks are 100 exp(0.1 t); whichever link of the loop is held, one of them gains 10 a
    # week, and Orders are 100 + 10 t, or 100 + 10 t + t^2 / 2 where it is the other one.
    ends = (100 + 10 * 40, 100 + 10 * 40 + 40**2 / 2)
    assert any(claim.end_without == pytest.approx(end, rel=1e-9) for end in ends)
    assert claim.end_value == pytest.approx(100 * math.exp(4), rel=1e-6)


def test_the_name_of_the_stocks_looked_through_comes_before_that_of_one_way():
    way = Named("One way", ("Fame", "Large", "Sum", "Orders"))
    whole = Named("All ways", ("Fame", "Orders"))
    assert claimed(pair_that_cancels(), (way,)).loop.name == "One way"
    assert claimed(pair_that_cancels(), (way, whole)).loop.name == "All ways"


def test_the_strip_of_a_page_names_loops_and_looks_through_stocks_as_the_study_asks():
    whole = model(
        stock("Fame", 100, "Gaining"), flow("Gaining", "0.1 * Orders"),
        stock("Orders", 100, "Ordering", "Serving"), flow("Ordering", "0.1 * Fame"),
        flow("Serving", "0.02 * Orders"), stop=40, dt="0.25", save=1,
    )  # fmt: skip
    results = simulate(whole, estimate_error=False)
    asked = StudyLoops((("All ways", ("Fame", "Orders")),), ("Fame", "Orders"))
    plain, (full,) = strips([results], canonical("Orders"), None)
    told, (strip,) = strips([results], canonical("Orders"), None, asked)
    assert sorted(each.name for each in plain) == [
        "Fame, Ordering, Orders, Gaining",
        "Orders, Serving",
    ]
    assert sorted(each.name for each in told) == ["All ways", "Orders"]
    assert not any("as asked" in words for words in full.words)
    assert any("model is seen through 2 of 2 stocks, as asked" in words for words in strip.words)
