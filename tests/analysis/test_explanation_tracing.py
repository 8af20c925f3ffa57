"""Why a variable changed: shares against closed forms, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest

from cyclesim.analysis.explanation.tracing import Trace, trace_lines, why_changed
from cyclesim.analysis.loops.parts import Named
from cyclesim.errors import UsageError
from cyclesim.results import Results
from cyclesim.simulation import simulate
from tests.models_in_text import aux, flow, model, stock


def ran(*parts: str, **settings: object) -> Results:
    given = {"stop": 10, "dt": "1/16", "method": "rk4", **settings}
    return simulate(model(*parts, **given), estimate_error=False)


def shares(trace: Trace) -> dict[str, float]:
    return {each.name: each.share for each in trace.inputs}


def test_a_sum_is_shared_by_what_its_terms_add():
    """3 a week and 1 a week: three quarters and one quarter."""
    found = why_changed(
        ran(aux("A", "3 * TIME"), aux("B", "5 + TIME"), aux("Sum", "A + B")), "Sum", 0, 10
    )
    assert shares(found) == pytest.approx({"A": 0.75, "B": 0.25})
    assert found.rest == pytest.approx(0, abs=1e-12)


def test_a_product_is_shared_evenly():
    """Both factors grow alike, from 1 to 11: half and half, the square between them shared."""
    found = why_changed(
        ran(aux("A", "1 + TIME"), aux("B", "1 + TIME"), aux("C", "A * B")), "C", 0, 10
    )
    assert shares(found) == pytest.approx({"A": 0.5, "B": 0.5})


def test_a_stock_is_shared_by_how_its_flows_have_moved():
    """The inflow steps from 2 to 5 at week 4: 18 of the change of 18; the outflow stays at 2."""
    found = why_changed(
        ran(stock("Staff", 100, "In", "Out"), flow("In", "2 + STEP(3, 4)"), flow("Out", 2)),
        "Staff", 0, 10,
    )  # fmt: skip
    assert shares(found) == pytest.approx({"In": 1.0}, rel=1e-2)
    assert found.inputs[0].changed
    assert found.pace == pytest.approx(0)


def test_a_stock_that_goes_on_as_it_was_has_its_pace():
    found = why_changed(ran(stock("Staff", 100, "In"), flow("In", 2)), "Staff", 0, 10)
    assert (found.inputs, found.pace) == ((), pytest.approx(1.0))


@pytest.mark.parametrize("variable", ["Sum", "Product", "Staff", "Late"])
def test_shares_pace_and_rest_add_up_to_one(variable: str):
    results = ran(
        aux("A", "3 * TIME"), aux("B", "5 + TIME * TIME"), aux("Sum", "A + B"),
        aux("Product", "A * B / (1 + Sum)"), stock("Staff", 5, "In", "Out"),
        flow("In", "0.1 * Product"), flow("Out", "0.2 * Staff"), aux("Late", "SMTH3(Product, 2)"),
    )  # fmt: skip
    found = why_changed(results, variable, 1, 9)
    assert sum(shares(found).values()) + found.pace + found.rest == pytest.approx(1)


def test_a_delay_is_one_link():
    results = ran(aux("A", "TIME"), aux("Late", "SMTH3(A, 2)"))
    found = why_changed(results, "Late", 2, 9)
    assert shares(found) == pytest.approx({"A": 1.0}, abs=1e-6)


def test_a_loop_is_named_where_it_closes():
    results = ran(stock("People", 100, "Births"), flow("Births", "0.1 * People"))
    named = (Named("Growth", ("People", "Births")),)
    found = why_changed(results, "People", 0, 10, names=named)
    closing = found.inputs[0].inputs[0]
    assert (closing.name, closing.closes) == ("People", "Growth")
    plain = why_changed(results, "People", 0, 10).inputs[0].inputs[0]
    assert plain.closes == "Births -> People -> Births"
    told = "\n".join(trace_lines(found, results, 0, 10))
    assert "closes the loop Growth" in told
    assert told.startswith("People rise from 100 to 272 between")


def test_depth_ends_the_tree():
    results = ran(aux("A", "TIME"), *(aux(b, a) for a, b in zip("ABCD", "BCDE", strict=True)))
    found = why_changed(results, "E", 0, 10, depth=2)
    assert found.inputs[0].inputs[0].inputs == ()
    assert found.inputs[0].inputs[0].name == "C"


def test_what_does_not_change_is_said_to():
    results = ran(aux("A", "5 + 0 * TIME"))
    found = why_changed(results, "A", 0, 10)
    assert list(trace_lines(found, results, 0, 10)) == ["A does not change between time 0 and 10."]
    np.testing.assert_allclose(found.share, 1.0)


@pytest.mark.parametrize(
    ("name", "start", "stop", "words"),
    [("Nobody", 0, 10, "no variable"), ("A", 5, 5, "no stretch"), ("A", 0, 99, "no stretch"),
     ("A", 0, 0.001, "single saved time")],
)  # fmt: skip
def test_what_does_not_fit_is_refused(name: str, start: float, stop: float, words: str):
    with pytest.raises(UsageError, match=words):
        why_changed(ran(aux("A", "TIME")), name, start, stop)
