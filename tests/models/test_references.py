"""Published models, held against their published figures, closed forms and roots."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from library_runs import model
from scipy.optimize import brentq

from cyclesim.compiler import Points, Step
from cyclesim.compiler.override import Pulse
from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.simulation import simulate

# Oliva and Sterman 2001: the response to work pressure and the time in which a norm slides.
RESPONSE, SLIDE = 0.64, 18.83
NORM, CAPACITY, ORDERS = 1.08, 1080.0, 1000.0
SYMMETRIC = {"Time to raise the norm": SLIDE}
NO_RISE = {"Time to raise the norm": 1e12}


def erosion(
    orders: float, parameters: dict[str, float] | None = None, **settings: object
) -> Results:
    """Return a run of the eroding norm with orders changed from the start on."""
    numbers = {"Orders": orders, **(parameters or {})}
    return simulate(model("quality_erosion"), numbers, estimate_error=False, **settings)


def norm_under(orders: float, weeks: np.ndarray, norm: float = NORM) -> np.ndarray:
    """Return the norm in closed form.

    With v = (orders norm/capacity)^response the equation is linear: v' = response (1 - v)/slide.
    """
    first = (orders * norm / CAPACITY) ** RESPONSE
    v = 1 + (first - 1) * np.exp(-RESPONSE * weeks / SLIDE)
    return v ** (1 / RESPONSE) * CAPACITY / orders


def test_a_tenth_more_orders_costs_six_per_cent_at_once_and_nine_in_the_end() -> None:
    run = erosion(1.1 * ORDERS, stop=1040)
    assert run["Time per order"][0] / NORM - 1 == pytest.approx(-0.0592, abs=5e-5)
    assert run["Norm time per order"][-1] / NORM - 1 == pytest.approx(-0.0909, abs=5e-5)
    assert run["Norm time per order"][-1] == pytest.approx(CAPACITY / (1.1 * ORDERS), rel=1e-9)


@pytest.mark.parametrize("more", [1.001, 1.1, 1.5])
def test_the_norm_slides_in_closed_form(more: float) -> None:
    run = erosion(more * ORDERS, method="rk4")
    closed = norm_under(more * ORDERS, run.time)
    np.testing.assert_allclose(run["Norm time per order"], closed, rtol=1e-9)


def test_a_small_gap_halves_in_twenty_weeks() -> None:
    run = erosion(1.0001 * ORDERS, method="rk4", save_every=0.125)
    gap = run["Norm time per order"] - CAPACITY / (1.0001 * ORDERS)
    half = float(np.interp(-0.5 * gap[0], -gap, run.time))
    assert half == pytest.approx(20.39, abs=0.01)
    assert half / math.log(2) == pytest.approx(29.42, abs=0.01)


def test_in_the_published_weekly_rule_the_log_of_pressure_halves_in_21_weeks() -> None:
    # The published programme moves the norm by 1 - EXP(-1/slide) of the gap once a week.
    weekly = 1 / (1 - math.exp(-1 / SLIDE))
    run = erosion(1.1 * ORDERS, {"Time to lower the norm": weekly}, dt=1)
    norms = [NORM]
    for _ in range(len(run.time) - 1):
        pressure = 1.1 * ORDERS * norms[-1] / CAPACITY
        given = max(norms[-1] * pressure**-RESPONSE, 0.1)
        norms.append(norms[-1] + (given - norms[-1]) * (1 - math.exp(-1 / SLIDE)))
    np.testing.assert_allclose(run["Norm time per order"], norms, rtol=1e-12)
    left = np.log(run["Work pressure"]) / np.log(1.1)
    assert np.interp(-0.5, -left, run.time) == pytest.approx(21.04, abs=0.005)


@pytest.mark.parametrize(("raising", "comes_back"), [({}, False), (SYMMETRIC, True)])
def test_an_overload_leaves_its_mark_unless_a_norm_may_rise(
    raising: dict[str, float], comes_back: bool
) -> None:
    surge = Pulse(canonical("Orders"), 10.0, 26.0, by=200.0)
    run = simulate(
        model("quality_erosion").changed(surge),
        raising,
        method="rk4",
        stop=520,
        estimate_error=False,
    )
    norm = run["Norm time per order"]
    slid = norm_under(1200.0, np.array([26.0]))[0]
    assert norm[36] == pytest.approx(slid, rel=1e-6)
    assert slid < 0.91 * NORM
    later = norm_under(ORDERS, np.array([484.0]), slid)[0] if comes_back else slid
    assert norm[-1] == pytest.approx(later, rel=1e-4)
    assert bool(norm[-1] > 0.9999 * NORM) is comes_back


@pytest.mark.parametrize("seed", range(5))
def test_noise_alone_erodes_the_norm_unless_it_may_rise(seed: int) -> None:
    weeks, shocks = 260, np.random.default_rng(seed).normal(0, 0.1, 260)
    orders = ORDERS * np.exp(shocks - shocks.mean())  # zero mean in relative terms, exactly
    noise = Points(
        canonical("Orders"), tuple(map(float, range(weeks))), tuple(orders.tolist()), hold=True
    )
    noisy = model("quality_erosion").changed(noise)
    run, symmetric = (
        simulate(noisy, raising, method="rk4", estimate_error=False)["Norm time per order"]
        for raising in (NO_RISE, SYMMETRIC)
    )
    # In norm^response both rules are linear within a week: they follow what capacity allows,
    # one of them only downwards.
    for norms, follows in ((run, min), (symmetric, lambda now, wanted: wanted)):
        level = NORM**RESPONSE
        for week in range(weeks):
            wanted = follows(level, (CAPACITY / orders[week]) ** RESPONSE)
            level = wanted + (level - wanted) * math.exp(-RESPONSE / SLIDE)
            assert norms[week + 1] == pytest.approx(level ** (1 / RESPONSE), rel=1e-6)
    assert run[-1] < 0.9 * NORM
    assert (np.diff(run) <= 1e-12).all()
    assert symmetric[52:].mean() == pytest.approx(NORM, rel=0.025)


def trapped(name: str, value: float) -> Results:
    """Return the capability trap with one constant changed in week 10."""
    changed = model("capability_trap").changed(Step(canonical(name), 10.0, to=value))
    return simulate(changed, estimate_error=False)


@pytest.mark.parametrize(("name", "value", "published"), [
    ("Wanted performance", 4000.0, (3000, 3041, 3036, 2993, 2937, 2916, 2929)),
    ("Extra pressure to improve", 0.05, (3000, 2963, 2941, 2956, 3061, 3237, 3264)),
])  # fmt: skip
def test_the_capability_trap_is_better_before_worse_and_worse_before_better(
    name: str, value: float, published: tuple[float, ...]
) -> None:
    run = trapped(name, value)["Performance"]
    # Figures are whole tasks: 2937.5 is printed as 2937.
    assert [run[week] for week in (10, 12, 15, 20, 30, 50, 100)] == pytest.approx(
        published, abs=0.51
    )


def test_improvement_that_is_let_go_wears_capability_away() -> None:
    run = trapped("Extra pressure to improve", -0.05)
    assert run["Performance"][[15, 50]] == pytest.approx([2899, 2059], abs=0.51)
    assert run["Capability"][100] == pytest.approx(65.7, abs=0.05)


def test_the_capability_trap_is_its_equations_far_from_rest_too() -> None:
    # A target four times as high and pressure taken away: the curves are read beyond what the
    # published runs visit.
    run = simulate(
        model("capability_trap"),
        {"Wanted performance": 12000, "Extra pressure to improve": -0.1},
        estimate_error=False,
    )
    capability, work, improve = 100.0, 1.0, 1.0
    for place in range(1601):
        improving = 10 * np.interp(improve, [0, 0.5, 0.75, 1, 2, 5], [0, 0, 0.5, 1, 1.5, 1.5])
        improving *= np.interp(work, [0, 1, 1.5, 2, 5], [1, 1, 0.75, 0.25, 0])
        pressed = np.interp(work, [0, 0.75, 1, 1.25, 2, 10], [0.75, 0.75, 1, 1.25, 1.5, 1.5])
        done = capability * min(30 * pressed, 40 - improving)
        if place % 16 == 0:
            assert run["Performance"][place // 16] == pytest.approx(done, rel=1e-9)
        gap = 12000 / done
        capability += (0.5 * improving - capability / 20) / 16
        work += (gap - work) / 3 / 16
        improve += ((gap - improve) / 9 - 0.1) / 16
    assert run["Pressure to work"].max() > 4


@pytest.mark.parametrize("start", [
    {"Capability": 60.0}, {"Capability": 140.0}, {"Pressure to improve": 0.6},
    {"Pressure to work": 2.0, "Capability": 80.0},
])  # fmt: skip
def test_the_capability_trap_comes_back_from_where_it_starts(start: dict[str, float]) -> None:
    # The published structure has one equilibrium: what holds it down is the policy.
    run = simulate(model("capability_trap"), initial=start, stop=400, estimate_error=False)
    away = max(abs(run["Capability"][week] - 100) for week in (0, 10))
    assert away > 1  # it does not stay there by chance
    assert run["Performance"][-1] == pytest.approx(3000, rel=1e-4)


def test_a_rookie_costs_two_thirds_of_a_task_a_week_at_first() -> None:
    done = [
        simulate(model("rookies_and_experts"), initial={"Rookies": rookies}, stop=1,
                 estimate_error=False)["Completions"][0]
        for rookies in (5.0, 6.0)
    ]  # fmt: skip
    assert done[1] - done[0] == pytest.approx(40 / 30 - 20 / 10)
    run = simulate(model("rookies_and_experts"), stop=1, estimate_error=False)
    assert run["Tasks a rookie adds"][0] == pytest.approx(-0.67, abs=0.005)


def as_published(
    name: str, parameters: dict[str, float] | None = None, save_every: float | None = None
) -> Results:
    """Return a run as it was published: with Euler's method, its step part of the figures."""
    return simulate(
        model(name), parameters, method="euler", save_every=save_every, estimate_error=False
    )


def test_hiring_against_a_backlog_booms_and_busts() -> None:
    run = as_published("rookies_and_experts", save_every=1 / 32)
    assert run["Backlog"].max() == pytest.approx(1273, abs=0.5)
    experts = np.interp([0, 25, 100, 150], run.time, run["Experts"])
    assert experts == pytest.approx([50, 166, 44, 162], abs=0.5)
    assert run["Experts hours on tasks"].min() > 0  # the guard does not make the published figures


def over_the_top(load: float) -> tuple[float, float]:
    """Return the stable and the tipping level of stress: the roots of s EXP(1 - s) = load."""
    effect: Callable[[float], float] = lambda s: s * math.exp(1 - s) - load  # noqa: E731
    return brentq(effect, 0, 1, xtol=1e-14), brentq(effect, 1, 20, xtol=1e-14)


@pytest.mark.parametrize(("load", "stable", "tipping"), [
    (0.5, 0.232, 2.678), (0.7, 0.374, 2.097), (0.8, 0.472, 1.824),
    (0.9, 0.608, 1.532), (0.95, 0.713, 1.355),
])  # fmt: skip
def test_stress_rests_and_tips_where_the_roots_are(
    load: float, stable: float, tipping: float
) -> None:
    roots = over_the_top(load)
    assert roots == pytest.approx((stable, tipping), abs=5e-4)

    def end(stress: float) -> float:
        return simulate(
            model("interruptions"), {"Interruptions a day": 10 * load},
            initial={"Pending interruptions": 10 * stress}, stop=400, estimate_error=False,
        )["Stress"][-1]  # fmt: skip

    assert end(0.0) == pytest.approx(roots[0], rel=1e-6)
    assert end(roots[1] - 0.001) == pytest.approx(roots[0], rel=1e-3)
    assert end(roots[1] + 0.001) > 20


def test_above_full_load_nothing_rests() -> None:
    run = simulate(model("interruptions"), {"Interruptions a day": 10.2}, estimate_error=False)
    assert (np.diff(run["Stress"]) > 0).all()


@pytest.mark.parametrize(("share_of_margin", "collapses"), [(0.99, False), (1.01, True)])
def test_a_burst_larger_than_the_margin_is_not_forgotten(
    share_of_margin: float, collapses: bool
) -> None:
    # A burst within one step adds its volume: nothing of it is dealt with meanwhile.
    stable, tipping = over_the_top(0.7)
    volume, dt = share_of_margin * 10 * (tipping - stable), 1 / 256
    burst = Pulse(canonical("Interruptions a day"), 10.0, dt, by=volume / dt)
    run = simulate(model("interruptions").changed(burst), dt=dt, stop=400, estimate_error=False)
    assert run["Interruptions a day"][-1] == 7
    assert bool(run["Stress"][-1] > 20) is collapses


def test_growth_towards_a_limit_has_the_published_loop_scores() -> None:
    run = as_published("limits_to_growth")
    people, rate = run["Population"], run["Growth rate"]
    level = [5.0]
    for _ in range(100):
        level.append(level[-1] + 0.12 * level[-1] * (1 - level[-1] / 1000))
    np.testing.assert_allclose(people, level, rtol=1e-12)
    # Each loop's part of the change of the flow, with the other input as it was.
    growing, slowing = rate[:-1] * np.diff(people), people[:-1] * np.diff(rate)
    share = 100 * growing / (np.abs(growing) + np.abs(slowing))
    published = {1: 99.4, 2: 99.4, 50: 38.3, 51: 35.5}
    assert [share[t] for t in published] == pytest.approx(list(published.values()), abs=0.05)
    assert 100 - share[[1, 2, 50, 51]] == pytest.approx([0.56, 0.63, 61.7, 64.5], abs=0.05)


def test_adoption_has_the_published_loop_scores() -> None:
    run = as_published("new_product_adoption")
    contacts, share = run["Contacts of potentials"], run["Share of adopters"]
    both = np.diff(run["Contacts of potentials with adopters"])
    word_of_mouth = np.abs(contacts[:-1] * np.diff(share) / both)
    market_left = -np.abs(share[:-1] * np.diff(contacts) / both)
    places = [round(t * 16) for t in (9.5, 9.5625, 9.625)]
    assert word_of_mouth[places] == pytest.approx([11.46, 9806, 10.41], rel=5e-4)
    assert market_left[places] == pytest.approx([-9.958, -9358, -10.91], rel=5e-4)
    total = run["Adopters"] + run["Potential adopters"]
    np.testing.assert_allclose(total, 1e6, rtol=1e-12)


@pytest.mark.parametrize(("division_time", "when"), [(15.0, 70.0), (16.0, 73.5)])
def test_yeast_reaches_the_deadly_level_when_it_is_said_to(
    division_time: float, when: float
) -> None:
    # The article prints 16 hours; its footnote has 11 units of alcohol at hour 70.
    run = as_published("yeast", {"Division time": division_time})
    assert run.time[np.argmax(run["Alcohol"] >= 11)] == when
    cells, alcohol = 1.0, 0.0
    for place in range(len(run.time)):
        assert run["Cells"][place] == pytest.approx(cells, rel=1e-9)
        born = cells * (1.1 - 0.1 * alcohol) / division_time
        dead = cells * math.exp(alcohol - 11) / 30
        cells, alcohol = cells + 0.5 * (born - dead), alcohol + 0.5 * 0.01 * cells


def test_an_arms_race_is_a_power_of_its_matrix() -> None:
    run = as_published("arms_race")
    wanted = np.array([[0, 1, 0.9], [1, 0, 1.1], [1.1, 0.9, 0]])
    yearly = np.eye(3) + (wanted - np.eye(3)) / 10
    arms = np.linalg.matrix_power(yearly, 100) @ [50, 100, 150]
    reached = [run[f"{party} arms"][-1] for party in ("First", "Second", "Third")]
    np.testing.assert_allclose(reached, arms, rtol=1e-9)


def protein_in_the_end(loss: float, protein: float, stop: float = 400) -> float:
    """Return where protein ends, started with messenger in balance with it."""
    run = simulate(
        model("genetic_switch"), {"Loss rate of protein": loss},
        initial={"Protein": protein, "Messenger": loss * protein},
        method="rk4", dt=0.25, stop=stop, save_every=stop, estimate_error=False,
    )  # fmt: skip
    return float(run["Protein"][-1])


@pytest.mark.parametrize("loss", [0.4, 0.5, 0.6])
def test_the_switch_tips_and_rests_at_the_roots(loss: float) -> None:
    root = math.sqrt(1 - 4 * loss**2 * 0.8**2)
    tipping, on = ((1 + sign * root) / (2 * loss * 0.8) for sign in (-1, 1))
    assert protein_in_the_end(loss, tipping + 0.001) == pytest.approx(on, rel=1e-6)
    assert protein_in_the_end(loss, tipping - 0.001) < 1e-6


def test_the_switch_folds_at_five_eighths() -> None:
    # Beyond 1/(2 b) the upper states have met and gone; the ghost they leave is passed slowly.
    assert protein_in_the_end(0.6249, 2.0, stop=3000) > 1
    assert protein_in_the_end(0.6251, 2.0, stop=3000) < 1e-6


def budworm_growth(budworms: float, growth: float, capacity: float) -> float:
    """Return the net change of budworms a year at a state."""
    run = simulate(
        model("budworm_outbreak"), {"Growth rate": growth, "Carrying capacity": capacity},
        initial={"Budworms": budworms}, stop=1, estimate_error=False,
    )  # fmt: skip
    return float(run["Net growth"][0] - run["Eaten by birds"][0])


def test_budworms_have_their_cusp_where_it_is_known_to_be() -> None:
    growth, capacity, place, step = 3 * math.sqrt(3) / 8, 3 * math.sqrt(3), math.sqrt(3), 0.01
    below, at, above = (
        budworm_growth(place + move, growth, capacity) for move in (-step, 0.0, step)
    )
    assert (growth, capacity) == pytest.approx((0.649519, 5.19615), rel=1e-6)
    assert at == pytest.approx(0, abs=1e-12)
    # Slope and curvature vanish too: what is left grows with the cube of the distance.
    assert abs(above - below) / (2 * step) < 1e-4
    assert abs(above - 2 * at + below) / step**2 < 1e-4


@pytest.mark.parametrize(("fold", "start"), [("outbreak begins", 0.1), ("outbreak ends", 9.0)])
def test_budworms_fold_where_the_curves_touch(fold: str, start: float) -> None:
    # Both folds lie on growth = 2n^3/(1 + n^2)^2, capacity = 2n^3/(n^2 - 1).
    bracket = (1.001, math.sqrt(3)) if fold == "outbreak begins" else (math.sqrt(3), 9.0)
    n = brentq(lambda n: 2 * n**3 / (n**2 - 1) - 10, *bracket)
    growth = 2 * n**3 / (1 + n**2) ** 2
    ends = [
        simulate(
            model("budworm_outbreak"), {"Growth rate": growth * factor},
            initial={"Budworms": start}, dt=0.25, stop=2000, save_every=2000, estimate_error=False,
        )["Budworms"][-1]
        for factor in (0.999, 1.001)
    ]  # fmt: skip
    assert ends[0] < math.sqrt(3) < ends[1]
