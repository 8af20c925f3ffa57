"""What pull value claims of itself: rest in every design, total demand, two offices."""

from __future__ import annotations

import numpy as np
import pytest
from library_runs import model

from cyclesim.compiler import Step
from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.simulation import simulate

NAME = "pull_value"
FRONT, BACK = "Front office target", "Back office target"
FRONT_HOURS, BACK_HOURS = "Front hours per item served", "Back hours per item served"
COST = "Cost per value demand"


def at_rest(front: float, back: float, **more: float) -> Results:
    """Return a run of a week with the times asked of the two offices from before the start."""
    numbers = {"Handling time target when traditional": 1.0, FRONT: front, BACK: back}
    numbers |= {name.replace("_", " "): value for name, value in more.items()}
    return simulate(model(NAME), numbers, stop=1, estimate_error=False)


@pytest.mark.parametrize("design", [0, 1])
def test_total_demand_at_rest_is_value_demand_over_what_does_not_come_back(design: int) -> None:
    rest = simulate(model(NAME), {"Traditional design": design}, estimate_error=False)
    settled = rest["Value demand"] / (1 - rest["Share that comes back"])
    np.testing.assert_allclose(rest["Total demand"], settled, rtol=1e-9)
    np.testing.assert_allclose(rest["Total demand where it settles"], settled, rtol=1e-12)


def test_total_demand_settles_where_it_is_told_to_after_a_redesign() -> None:
    design = Step(canonical("Traditional design"), 10.0, to=0.0)
    results = simulate(model(NAME).changed(design), stop=1560, estimate_error=False)
    there, told = results["Total demand"], results["Total demand where it settles"]
    assert abs(there[26] / told[26] - 1) > 0.01  # it does not follow at once
    assert there[-1] == pytest.approx(told[-1], rel=1e-9)


@pytest.mark.parametrize(("front", "back"), [(1, 1), (0.8, 1.1), (0.6, 0.55), (1.2, 0.7)])
@pytest.mark.parametrize("handed", [0.0, 0.6, 1.0])
def test_the_start_rests_whatever_is_asked_of_each_office(
    front: float, back: float, handed: float
) -> None:
    numbers = {FRONT: front, BACK: back, "Share handed over when traditional": handed}
    results = simulate(model(NAME), numbers, stop=52, estimate_error=False)
    for rule in results.flat.levels:
        name = results.flat.by_ident[rule.ident].name
        values = results[name]
        assert np.abs(values - values[0]).max() <= 1e-8 * max(abs(values[0]), 1e-3), name


def test_each_office_right_first_time_follows_its_own_time() -> None:
    rest = at_rest(0.8, 1.1)
    for office, time in (("Front", 0.8), ("Back", 1.1)):
        assert rest[f"{office} time taken"][0] == pytest.approx(time, rel=1e-12)
    odds = [rest[f"{office} right first time"][0] for office in ("Front", "Back")]
    wrong = [(1 - share) / share for share in odds]
    assert wrong[0] / wrong[1] == pytest.approx((1.1 / 0.8) ** 2, rel=1e-9)


def test_what_is_best_for_each_office_is_worse_for_both() -> None:
    whole, own = at_rest(0.875, 0.825), at_rest(0.55, 0.5)
    # At the joint best no other pair of times nearby is cheaper.
    for front in (0.8, 0.875, 0.95):
        for back in (0.75, 0.825, 0.9):
            assert at_rest(front, back)[COST][0] >= whole[COST][0]
    # Each office gains by leaving it alone, and takes more from the other.
    front_leaves, back_leaves = at_rest(0.65, 0.825), at_rest(0.875, 0.6)
    assert front_leaves[FRONT_HOURS][0] < 0.95 * whole[FRONT_HOURS][0]
    assert back_leaves[BACK_HOURS][0] < 0.9 * whole[BACK_HOURS][0]
    assert front_leaves[BACK_HOURS][0] > 1.1 * whole[BACK_HOURS][0]
    assert back_leaves[FRONT_HOURS][0] > 1.1 * whole[FRONT_HOURS][0]
    # Where both have left, neither can do better alone, and both are worse off.
    assert at_rest(0.65, 0.5)[FRONT_HOURS][0] > own[FRONT_HOURS][0]
    assert at_rest(0.55, 0.6)[BACK_HOURS][0] > own[BACK_HOURS][0]
    for measure in (FRONT_HOURS, BACK_HOURS, COST):
        assert own[measure][0] > 1.05 * whole[measure][0]


def test_without_hand_overs_the_front_office_alone_is_the_whole() -> None:
    times = np.linspace(0.5, 1.1, 25)
    runs = [at_rest(time, 1, Share_handed_over_when_traditional=0) for time in times]
    hours = [run[FRONT_HOURS][0] for run in runs]
    cost = [run[COST][0] for run in runs]
    assert cost[int(np.argmin(hours))] < 1.01 * min(cost)
    assert all(run[BACK_HOURS][0] == 0 for run in runs)
