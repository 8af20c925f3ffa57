"""Draws: each lane is the run alone, shares against closed forms, what decides a claim."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from cyclesim.checks import Checks, judge, read_checks
from cyclesim.checks.draws import Lanes, numbers_of, sampled_of, wilson
from cyclesim.checks.words import claim_line, faults, lines
from cyclesim.compiler import FlatModel
from cyclesim.ensemble import run_scenario
from cyclesim.integrate import Trajectory
from cyclesim.names import canonical
from cyclesim.scenario.parts import Scenario
from cyclesim.simulation import simulate
from tests.checks.small import CHECKS, assumed, team, written

DRAWS = CHECKS + "draws: {number: 40, seed: 3}\n"


def lanes_of(checks: Checks) -> Lanes:
    plan = checks.draws
    assert plan is not None
    sampled = sampled_of(checks.study.model.flat, plan.leave_out, plan.range)
    numbers = numbers_of(sampled, plan.number, plan.seed)
    return Lanes(checks.study, sampled, numbers, plan.settle)


def turns_of(lanes: Lanes, scenario: Scenario) -> list[tuple[slice, FlatModel, Trajectory]]:
    ready = lanes.of(scenario)
    found = ready.turns(lanes.numbers, lanes.settle)
    return [(part, ready.changed.flat, trajectory) for part, trajectory in found]


def test_draws_fill_each_range_evenly(tmp_path: Path) -> None:
    checks = read_checks(written(tmp_path, DRAWS))
    sampled = sampled_of(checks.study.model.flat, {}, 1.0)
    assert [(s.name, s.low, s.high) for s in sampled] == [
        ("Training share", 0.2, 0.6), ("Time to learn", 5, 15), ("Time to forget", 20, 30),
    ]  # fmt: skip
    numbers = numbers_of(sampled, 40, 3)
    for each, row in zip(sampled, numbers, strict=True):  # one draw in each fortieth
        strata = np.floor((row - each.low) / (each.high - each.low) * 40).astype(int)
        assert sorted(strata) == list(range(40))
    np.testing.assert_array_equal(numbers, numbers_of(sampled, 40, 3))
    assert (numbers != numbers_of(sampled, 40, 4)).any()
    half = sampled_of(checks.study.model.flat, {canonical("Time to learn"): "why"}, 0.5)
    assert [(s.low, s.high) for s in half] == [(pytest.approx(0.3), 0.5), (22.5, 27.5)]


@pytest.mark.parametrize("name", ["baseline", "cut", "more"])
def test_a_lane_is_the_run_alone(tmp_path: Path, name: str) -> None:
    checks = read_checks(written(tmp_path, DRAWS))
    lanes = lanes_of(checks)
    scenario = next(each for each in checks.study.scenarios if each.name == name)
    ((part, flat, found),) = turns_of(lanes, scenario)
    assert part == slice(0, 40)
    skill = found.values[flat.places[canonical("Skill")]]
    for lane in (0, 7, 39):
        values = {s.ident: n for s, n in zip(lanes.sampled, lanes.numbers[:, lane], strict=True)}
        alone = run_scenario(checks.study, scenario, values)
        np.testing.assert_allclose(skill[:, lane], alone["Skill"], rtol=1e-12)


def test_a_scenario_starts_in_the_state_of_its_own_draw(tmp_path: Path) -> None:
    lanes = lanes_of(read_checks(written(tmp_path, DRAWS)))
    scenario = next(each for each in lanes.study.scenarios if each.name == "cut")
    ((_, flat, found),) = turns_of(lanes, scenario)
    share, learn, forget = lanes.numbers
    first = found.values[flat.places[canonical("Skill")], 0]
    np.testing.assert_allclose(first, share * forget / learn)


@pytest.mark.parametrize("recompute", [False, True])
def test_a_change_from_the_start_on_leaves_the_past_alone(tmp_path: Path, recompute: bool) -> None:
    at_once = "scenarios: {now: {CHANGED}}\ndraws: {number: 5}\n"
    changed = "changes: {Training share: {step: {to: 0.2, at: 0}}}"
    if recompute:
        changed = "initial: recompute, changes: {Training share: 0.2}"
    lanes = lanes_of(read_checks(written(tmp_path, at_once.replace("CHANGED", changed))))
    scenario = next(each for each in lanes.study.scenarios if each.name == "now")
    ((_, flat, found),) = turns_of(lanes, scenario)
    share, learn, forget = lanes.numbers
    first = found.values[flat.places[canonical("Skill")], 0]
    np.testing.assert_allclose(first, (0.2 if recompute else share) * forget / learn)


def test_settling_finds_the_equilibrium_that_numbers_do_not_say(tmp_path: Path) -> None:
    checks = DRAWS.replace("seed: 3", "seed: 3, settle: 1000")
    lanes = lanes_of(read_checks(written(tmp_path, checks, team("1"))))
    share, learn, forget = lanes.numbers
    plain = lanes.study.scenarios[0]
    ((_, flat, found),) = turns_of(lanes, plain)
    skill = found.values[flat.places[canonical("Skill")]]
    np.testing.assert_allclose(skill[0], share * forget / learn, rtol=1e-9)
    np.testing.assert_allclose(skill[-1], skill[0], rtol=1e-9)
    begun = dataclasses.replace(plain, start={canonical("Skill"): 0.3})
    ((_, _, given),) = turns_of(lanes, begun)
    assert (given.values[flat.places[canonical("Skill")], 0] == 0.3).all()


def test_draws_that_do_not_fit_at_once_are_run_in_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanes = lanes_of(read_checks(written(tmp_path, DRAWS)))
    scenario = lanes.study.scenarios[1]
    ((_, _, whole),) = turns_of(lanes, scenario)
    monkeypatch.setattr("cyclesim.ensemble.lanes.MOST_BYTES", whole.values.nbytes // 3)
    turns = turns_of(lanes, scenario)
    assert len(turns) > 2
    together = np.concatenate([found.values for _, _, found in turns], axis=2)
    np.testing.assert_array_equal(together, whole.values)


def test_arrays_are_drawn_element_by_element(tmp_path: Path) -> None:
    more = assumed("Other", 3, "dmnl", 2, 4).replace(
        "<units>dmnl", '<dimensions><dim name="Part"/></dimensions><units>dmnl'
    )
    model = team(more=more).replace(
        "<model>", '<dimensions><dim name="Part" size="3"/></dimensions><model>', 1
    )
    lanes = lanes_of(read_checks(written(tmp_path, DRAWS, model)))
    assert [each.name for each in lanes.sampled][3:] == ["Other[1]", "Other[2]", "Other[3]"]
    ((_, flat, found),) = turns_of(lanes, lanes.study.scenarios[0])
    rows = found.values[flat.places[canonical("Other")] :][:3, -1]
    np.testing.assert_array_equal(rows, lanes.numbers[3:])


SHARE = """\
scenarios: {cut: {changes: {Training share: {step: {to: 0.4, at: 20}}}}}
measures:
  before: {scenario: cut, variable: Skill, take: first}
  after: {scenario: cut, variable: Skill, at: end}
claims:
  less: {says: Skill falls., holds: [after < before], SHARE
         control: {says: Training held., settings: {Training share: 0.1}}}
draws: {number: 400, seed: 1}
"""


def test_shares_and_deciders_against_what_must_come_out(tmp_path: Path) -> None:
    """Skill falls where the share drawn is above 0.4: in half of the draws, by nothing else."""
    found = judge(read_checks(written(tmp_path, SHARE.replace("SHARE", ""))))
    (claim,) = found.claims
    assert claim.draws is not None
    assert claim.draws.share.held == 200
    assert claim.draws.control is not None
    assert claim.draws.control.held == 0
    assert [each.variable for each in claim.draws.deciders] == ["Training share"]
    # Ranks 1..n against a truth that splits them in the middle: sqrt(3)/2.
    assert claim.draws.deciders[0].correlation == pytest.approx(3**0.5 / 2, abs=0.01)
    assert claim.draws.decided_by == "whether it holds"
    assert claim_line(claim).endswith(
        "in 50.0 % of 400 draws (45.1 to 54.9 %); with its control in 0 %; "
        "decided by Training share (+0.87)]"
    )


@pytest.mark.parametrize(("least", "failed"), [("0.49", 0), ("51 %", 1)])
def test_a_claim_below_its_share_fails(tmp_path: Path, least: str, failed: int) -> None:
    checks = SHARE.replace("SHARE", f"share: {least},").replace("after < before", "after <= before")
    found = judge(read_checks(written(tmp_path, checks)))
    told = [fault for fault in faults(found) if "less than" in fault]
    assert len(told) == failed
    if failed:
        assert told[0].endswith(
            "less holds in 50.0 % of 400 draws (45.1 to 54.9 %), less than 51 %"
        )


def test_a_claim_left_out_of_the_draws_is_not_drawn(tmp_path: Path) -> None:
    checks = SHARE.replace("SHARE", "draws: false, because: it is about the default,")
    found = judge(read_checks(written(tmp_path, checks)))
    assert found.claims[0].draws is None
    assert found.draws is not None
    assert found.draws.number == 400


def test_draws_that_do_not_reach_the_end_are_named_and_count_against(tmp_path: Path) -> None:
    """Growth at a rate drawn from 1 to 15 a week leaves the numbers before week 100 if above 8."""
    model = team().replace("Skill / Time_to_forget", "0 - Skill * Time_to_learn")
    checks = """\
measures: {begin: {scenario: baseline, variable: Skill, take: first}}
claims: {C: {says: x, holds: begin > 0}}
draws: {number: 50, leave_out: {Time to forget: kept}}
"""
    found = judge(read_checks(written(tmp_path, checks, model)))
    assert found.draws is not None
    assert found.claims[0].draws is not None
    failed = len(found.draws.failed)
    assert 0 < failed < 50
    assert found.claims[0].draws.share.held == 50 - failed
    line = list(lines(found))[-1]
    assert line.startswith(f"draws: 50 of 2 constants; {failed} did not reach the end: draw ")
    ranked = zip(*sorted(zip(numbers_of(found.draws.sampled, 50, 1)[1], range(50), strict=True)),
                 strict=True)  # fmt: skip
    fastest = list(ranked)[1][-failed:]
    assert set(found.draws.failed) == {place + 1 for place in fastest}


def test_the_interval_of_a_share_is_wilsons() -> None:
    """Newcombe (1998), table I: 81 of 263, and 0 of 20."""
    found = wilson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    none = wilson(0, 20)
    assert (none.low, round(none.high, 4)) == (0.0, 0.1611)


def test_processes_give_what_one_gives(tmp_path: Path) -> None:
    scenarios = "".join(f"  s{n}: {{changes: {{Training share: 0.{n}}}}}\n" for n in range(1, 8))
    measures = "".join(f"  m{n}: {{scenario: s{n}, variable: Skill, at: end}}\n"
                       for n in range(1, 8))  # fmt: skip
    checks = (
        f"scenarios:\n{scenarios}measures:\n{measures}"
        "claims: {C: {says: x, holds: [m1 < m2 AND m2 < m3, m4 < m5 AND m5 < m6 AND m6 < m7]}}\n"
        "draws: {number: 20}\n"
    )
    read = read_checks(written(tmp_path, checks))
    one, two = judge(read), judge(read, processes=2)
    assert list(lines(one)) == list(lines(two))
    assert one.measures == two.measures


def test_the_point_is_the_default_run(tmp_path: Path) -> None:
    file = written(tmp_path, DRAWS)
    found = judge(read_checks(file))
    alone = simulate(file.with_name("model.xmile"))
    np.testing.assert_array_equal(found.results["baseline"]["Skill"], alone["Skill"])
