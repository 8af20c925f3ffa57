"""What is told of margins, and in which order: decisions, what is named besides, all else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cyclesim.analysis.tipping import TippingAnalysis, tipping
from cyclesim.analysis.tipping.words import DECIDED, NAMED, REST, STOCKS, grouped, sentences
from cyclesim.analysis.words import with_unit
from cyclesim.report.tipping import margins_figure, tipping_html
from tests.models_in_text import aux, flow, stock, xmile
from tests.tipping_studies import ranged, study_of

BEND = 2 / 27**0.5
"""x - x^3 has its bends at this height: where u + v + w falls below it downwards, the upper rest
of dx/dt = u + v + w + x - x^3 is gone."""

SWITCH = xmile(
    stock("x", "Begin", "dx", extra=ranged(-3, 3)), flow("dx", "u + v + w + x - x^3"),
    aux("Begin", 1, ranged(-3, 3)), aux("u", 0.1, ranged(-2, 2)), aux("v", 0.05, ranged(-2, 2)),
    aux("w", -0.02, ranged(-2, 2)), start=0, stop=20, dt=0.125, time_units="week",
)  # fmt: skip
REST_OF_STUDY = """\
outputs: {x: {good: up, title: Height}}
starting_states: {low: {Begin: -1}}
scenarios:
  as it is: {}
  pushed: {changes: {u: -0.2}}
ui: {levers: {v: {}, u: {label: Push from outside}}}
tipping: {good: as it is, bad: low}
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> TippingAnalysis:
    return tipping(study_of(tmp_path_factory.mktemp("switch"), SWITCH, REST_OF_STUDY))


def test_decisions_come_first_and_calibration_last(found: TippingAnalysis):
    assert (found.levers, found.named) == (("u",), ("v",))
    margins = found.lasting_margins
    assert margins is not None
    groups = grouped(found, margins)
    assert list(groups) == [DECIDED, NAMED, STOCKS, REST]
    names = {heading: {t.name for t in told} for heading, told in groups.items()}
    assert (names[DECIDED], names[NAMED], names[STOCKS]) == ({"u"}, {"v"}, {"x"})
    assert "w" in names[REST]
    # Of the three w is nearest to today as a share of itself, v next: order is by who decides.
    (u,) = groups[DECIDED]
    assert u.value == pytest.approx(-BEND - 0.05 + 0.02, abs=0.01)
    told = "\n".join(sentences(found))
    assert told.index(DECIDED) < told.index(NAMED) < told.index(STOCKS) < told.index(REST)


def test_a_turn_that_is_turned_back_is_seen_for_ever_as_within_the_run(found: TippingAnalysis):
    """From -3 one step of Euler leaps past the middle: only starts in between end badly."""
    margins = found.lasting_margins
    assert margins is not None
    (x,) = [t for t in margins.turning if t.name == "x"]
    # The state between the two rests solves u + v + w + x - x^3 = 0.
    between = sorted(np.roots([-1, 0, 1, 0.1 + 0.05 - 0.02]).real)[1]
    assert x.value == pytest.approx(between, abs=0.03)


def test_both_horizons_are_told(found: TippingAnalysis):
    told = list(sentences(found))
    assert "The same, judged at the end of the run (week 20):" in told
    within = told[told.index("The same, judged at the end of the run (week 20):") + 1]
    assert found.margins is not None
    near = next(t for t in found.margins.turning if t.name == "u")
    far = next(t for t in found.lasting_margins.turning if t.name == "u")  # type: ignore[union-attr]
    # Within the run the fall has to be over in time, so that it takes a deeper push.
    assert near.value is not None
    assert far.value is not None
    assert near.value < far.value
    assert "'Push from outside' falls below" in within


def test_a_thing_has_one_name_which_is_the_studys(found: TippingAnalysis):
    told = "\n".join(sentences(found))
    assert "once 'Push from outside' falls below" in told
    assert "once v falls below" in told
    assert "once u falls below" not in told
    # The outcome is a stock itself: what it is at the turn is told once, by its title.
    assert found.between is not None
    (turn,) = [value for name, _, _, value, _ in found.between.stocks if name == "x"]
    assert f"with 'Height' at {turn:.2f}" in told
    assert "x: " not in told


def test_the_page_draws_no_calibration_beside_decisions_and_says_its_rule(found: TippingAnalysis):
    drawn = margins_figure(found.lasting_margins, found.levers, found.named)
    names = {name for trace in drawn.data for name in trace.y}
    assert names == {"<b>Push from outside</b>", "v", "Height"}
    page = tipping_html(found)
    assert f"<summary>{REST}</summary>" in page
    assert "judges by another rule" in page


def test_a_pulse_is_not_said_to_tip_what_does_not_tip(tmp_path: Path):
    """A tank that drains has one rest: a long rise leaves it past the middle, and no more."""
    tank = xmile(
        stock("x", 1, "dx", extra=ranged(0, 10)), flow("dx", "(Goal - x) / 200"),
        aux("Goal", 1, ranged(0, 100)), start=0, stop=20, dt=0.125, time_units="week",
    )  # fmt: skip
    rest = "outputs: {x: up}\nscenarios:\n  as it is: {}\n  more: {changes: {Goal: 6}}\n"
    found = tipping(study_of(tmp_path, tank, rest))
    told = "\n".join(sentences(found))
    assert told.startswith("No tipping point was found")
    assert found.pulses
    assert not any(verb in told for verb in (" tips it ", " rescues it "))
    assert "A rise of Goal" in told


@pytest.mark.parametrize(
    ("number", "units", "said"),
    [
        ("1", "points", "1 point"), ("1", "point", "1 point"), ("2", "point", "2 points"),
        ("1", "people/week", "1 person/week"), ("1", "companies", "1 company"),
        ("-1", "hours/order", "-1 hour/order"), ("1.00", "points", "1.00 points"),
        ("1", "boxes", "1 box"), ("1", "process", "1 process"), ("1", "USD", "1 USD"),
    ],
)  # fmt: skip
def test_one_of_a_unit_is_said_in_the_singular(number: str, units: str, said: str):
    assert with_unit(number, units) == said
