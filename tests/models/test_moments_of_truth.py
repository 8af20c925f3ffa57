"""What the checks of the moments of truth cannot say: the fold of authority, closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from library_runs import model

from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.simulation import simulate

NAME = "moments_of_truth"
CONTACTS = ("Booking", "Check in", "Boarding", "Flight", "Baggage")
TRAINED = {"Training effort": 4.0, "Managers role replaced": 1.0}


HIGH = {"Authority": 0.9, "Skill": 0.74, "Confidence": 0.8}
"""A front line that acts, can and trusts itself: above every threshold."""


def run(
    numbers: dict[str, float],
    initial: dict[str, float] | None = None,
    *,
    stop: float,
    dt: float = 0.25,
) -> Results:
    """Return a run of the model with numbers that hold from before the start."""
    return simulate(
        model(NAME), numbers, initial=initial, stop=stop, dt=dt, save_every=1, estimate_error=False
    )


def number(name: str) -> float:
    """Return the number of one of the model's constants."""
    return float(model(NAME).flat.by_ident[canonical(name)].values[0])


def odds(share: float) -> float:
    """Return the odds of a share."""
    return share / (1 - share)


def communication_that_holds(authority: float) -> float:
    """Return the communication under which trained staff and managers rest at an authority.

    With the role of managers replaced, their support depends on the vision alone. Setting each
    flow of the sectors of the front line and of leadership to zero leaves one equation, which
    rises with communication.
    """
    usual = number("Usual authority")
    learning = number("Learning by training")
    effort = learning * TRAINED["Training effort"] + (1 - learning) * authority / usual
    skilled = odds(number("Usual skill")) * effort
    needed = odds(authority) / odds(usual)
    needed /= confidence_effect(authority, skilled / (1 + skilled))
    low, high = 1e-6, 5.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if leadership(middle) > needed else (middle, high)
    return low


def confidence_effect(authority: float, skill: float) -> float:
    """Return the effect of the confidence that authority and skill come to."""

    def confidence(acting: float, able: float) -> float:
        success = acting * able / (1 + number("Weight of errors") * acting * (1 - able))
        ratio = (success / number("Success for half confidence")) ** number(
            "Steepness of confidence"
        )
        return float(ratio / (1 + ratio))

    pull = number("Pull of confidence")
    start = confidence(number("Usual authority"), number("Usual skill"))
    return float((1 + pull * confidence(authority, skill)) / (1 + pull * start))


def leadership(communication: float) -> float:
    """Return the effect of vision and of managers' support on taking up authority."""
    usual = number("Usual communication")
    support = number("Usual managers support")
    won = odds(support) * math.exp(number("Managers response to vision") * (communication - usual))
    by_support = (won / (1 + won) / support) ** number("Response to support")
    return float((communication / usual) ** number("Response to vision") * by_support)


def folds() -> tuple[float, float]:
    """Return the communication at which authority rises for good, and at which it falls."""
    curve = [communication_that_holds(0.1 + 0.002 * step) for step in range(400)]
    rises = next(i for i in range(1, 399) if curve[i - 1] < curve[i] > curve[i + 1])
    falls = next(i for i in range(rises, 399) if curve[i - 1] > curve[i] < curve[i + 1])
    return curve[rises], curve[falls]


def climbs(communication: float, dt: float = 0.25) -> bool:
    """Return whether authority ends high from the usual start."""
    end = run({**TRAINED, "Executive communication": communication}, stop=1040, dt=dt)
    return bool(end["Authority"][-1] > 0.5)


def holds(communication: float, dt: float = 0.25) -> bool:
    """Return whether authority stays high once it is high."""
    end = run({**TRAINED, "Executive communication": communication}, HIGH, stop=1040, dt=dt)
    return bool(end["Authority"][-1] > 0.5)


def bisected(above: Callable[[float], bool], low: float, high: float, width: float) -> float:
    """Return the middle of an interval in which `above` turns from false to true."""
    assert not above(low)
    assert above(high)
    while high - low > width:
        middle = (low + high) / 2
        low, high = (low, middle) if above(middle) else (middle, high)
    return (low + high) / 2


def test_authority_folds_over_communication_where_the_equilibrium_curve_turns() -> None:
    rises, falls = folds()
    assert falls < number("Usual communication") < rises
    # Near a fold things go slowly: a run of twenty years finds it a little late.
    assert bisected(climbs, 0.24, 0.34, 0.004) == pytest.approx(rises, abs=0.004)
    assert bisected(holds, 0.10, 0.24, 0.004) == pytest.approx(falls, abs=0.005)


def test_the_folds_do_not_move_with_the_step() -> None:
    rises, falls = folds()
    for dt in (0.25, 0.125):
        assert (climbs(rises - 0.002, dt), climbs(rises + 0.004, dt)) == (False, True)
        assert (holds(falls - 0.005, dt), holds(falls + 0.002, dt)) == (False, True)


def test_without_confidence_authority_answers_by_degrees() -> None:
    # The control of the fold: the loop through confidence cut.
    levers = {**TRAINED, "Pull of confidence": 0.0}
    ends = [
        run({**levers, "Executive communication": 0.2 + 0.05 * step}, stop=520)["Authority"][-1]
        for step in range(7)
    ]
    gains = [after - before for before, after in pairwise(ends)]
    assert 0 < min(gains) < max(gains) < 0.06


def test_a_journey_is_the_product_of_its_contacts_written_out() -> None:
    found = run({"Failure multiplier at flight": 4.0, "Managers role replaced": 1.0}, stop=26)
    product = math.prod(found[f"Contact goes well[{contact}]"] for contact in CONTACTS)
    assert found["Journeys without a problem"] == pytest.approx(product, rel=1e-12)
    attention = sum(found[f"Attention to contact[{contact}]"] for contact in CONTACTS)
    assert attention == pytest.approx(len(CONTACTS), rel=1e-12)


@pytest.mark.parametrize("slack", [1.05, 1.4, 3.0])
def test_the_centre_rests_at_its_closed_form_whatever_its_slack(slack: float) -> None:
    found = run({"Slack of the centre": slack, "Patience": 4.0}, stop=104)
    cases = found["Cases waiting"]
    assert cases[-1] == pytest.approx(cases[0], rel=1e-9)
    settled = found["Settled late"][0]
    assert found["Capacity of the centre"][0] == pytest.approx(slack * settled, rel=1e-12)
    assert found["Escalated"][0] == pytest.approx(settled + cases[0] / 4.0, rel=1e-12)


def test_acting_and_passing_up_are_worth_the_same_at_the_skill_that_the_model_names() -> None:
    even = run({}, stop=1)["Skill at which acting beats passing up"][0]
    kept = [
        run({}, {"Authority": authority, "Skill": float(even)}, stop=1)[
            "Retention after a problem"
        ][0]
        for authority in (0.1, 0.5, 0.9)
    ]
    assert kept == pytest.approx([kept[0]] * 3, rel=1e-12)
