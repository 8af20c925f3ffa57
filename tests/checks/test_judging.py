"""Claims, controls, extremes and rest on a model with a closed form."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from cyclesim.checks import ModelCheck, judge, read_checks
from cyclesim.checks.measures import measured
from cyclesim.checks.parts import Measure, Take
from cyclesim.checks.statements import statement_of, told, truth, value_of
from cyclesim.checks.words import claim_line, faults, lines
from cyclesim.names import Ident, canonical
from tests.checks.small import CHECKS, team, written


def checked(folder: Path, checks: str = CHECKS, model: str | None = None) -> ModelCheck:
    return judge(read_checks(written(folder, checks, model)))


def after_cut(time: float, share: float = 0.2) -> float:
    """Skill after training goes from 0.4 to another share in week 20."""
    rest = share * 2.5
    return rest + (1 - rest) * math.exp(-max(0.0, time - 20) / 25)


def test_a_claim_and_its_control_in_a_line(tmp_path: Path) -> None:
    found = checked(tmp_path)
    assert list(faults(found)) == []
    assert found.measures == {
        "before": pytest.approx(1.0),
        "after": pytest.approx(after_cut(100), rel=1e-6),
    }
    assert claim_line(found.claims[0]) == (
        "C1 holds: Less training, less skill. "
        "[after < 0.9 * before: 0.5204 against 0.9; its control breaks it]"
    )


def test_a_wrong_claim_is_told_with_its_numbers(tmp_path: Path) -> None:
    found = checked(tmp_path, CHECKS.replace("after < 0.9 * before", "after > 0.9 * before"))
    assert not found.claims[0].held
    told_of = list(faults(found))
    assert told_of[0].endswith(
        "checks.yaml:10:3: C1: after > 0.9 * before does not hold: 0.5204 against 0.9"
    )
    assert "the control of C1 proves nothing: all its statements hold" in told_of[1]


def test_a_control_that_changes_nothing_proves_nothing(tmp_path: Path) -> None:
    idle = CHECKS.replace("scenarios: {cut: more}", "settings: {Pay: 7}")
    assert [fault.partition(": ")[2] for fault in faults(checked(tmp_path, idle))] == [
        "the control of C1 proves nothing: all its statements hold"
    ]


@pytest.mark.parametrize(
    "control",
    [
        "settings: {Training share: 0.1}",  # skill starts at 0.25 and rises to 0.5
        "settings: {Learning: 0.04}",  # a flow held: the loop is cut
        "initial: {Skill: 0.1}",
        "start: low",
        "initial: {Skill: 0.1}, scenarios: {cut: more}",
    ],
)
def test_controls_by_settings_states_and_scenarios(tmp_path: Path, control: str) -> None:
    checks = CHECKS.replace("scenarios: {cut: more}", control)
    checks += "starting_states: {low: {Skill: 0.1}}\n"
    assert list(faults(checked(tmp_path, checks))) == []


def test_a_control_that_breaks_down_is_no_proof(tmp_path: Path) -> None:
    checks = CHECKS.replace("scenarios: {cut: more}", "settings: {Time to forget: 0}")
    (fault,) = (each for each in faults(checked(tmp_path, checks)) if "control" in each)
    assert "the control of C1 cannot be judged: after < 0.9 * before cannot be judged" in fault


MEASURES = """\
change_from: 20
scenarios: {cut: {changes: {Training share: 0.2}}}
measures:
  at_40: {scenario: cut, variable: Skill, at: 40}
  between: {scenario: cut, variable: Skill, at: 40.4}
  most: {scenario: cut, variable: Skill, take: greatest}
  most_late: {scenario: cut, variable: Skill, take: greatest, from: 60}
  least: {scenario: cut, variable: Skill, take: least}
  area: {scenario: cut, variable: Skill, take: total, from: 20}
  mean: {scenario: cut, variable: Skill, take: mean, from: 10.5, until: 20}
  falls: {scenario: cut, variable: Skill, when: below 0.75}
  again: {scenario: cut, variable: Skill, when: below 0.75, after: 60.5}
  never: {scenario: cut, variable: Skill, when: above 1.5}
claims:
  M: {says: All are used., holds: [at_40 + between + most + most_late + least + area + mean > 0,
      falls + again < never]}
"""


def test_measures_against_the_closed_form(tmp_path: Path) -> None:
    found = checked(tmp_path, MEASURES).measures
    close = pytest.approx
    assert found[canonical("at_40")] == close(after_cut(40), rel=1e-6)
    line = 0.6 * after_cut(40) + 0.4 * after_cut(41)
    assert found[canonical("between")] == close(line, rel=1e-6)
    assert found[canonical("most")] == close(1.0)
    assert found[canonical("most_late")] == close(after_cut(60), rel=1e-6)
    assert found[canonical("least")] == close(after_cut(100), rel=1e-6)
    area = 0.5 * 80 + 0.5 * 25 * (1 - math.exp(-80 / 25))
    assert found[canonical("area")] == close(area, rel=1e-3)
    assert found[canonical("mean")] == close(1.0)
    assert found[canonical("falls")] == math.ceil(20 + 25 * math.log(2))
    assert found[canonical("again")] == 61
    assert found[canonical("never")] == math.inf


def test_measures_of_many_runs_are_those_of_each(tmp_path: Path) -> None:
    checks = read_checks(written(tmp_path, MEASURES))
    times = np.arange(0.0, 101.0)
    values = np.random.default_rng(3).random((101, 7)) * 2
    values[:, 3] = np.nan
    for measure in checks.measures.values():
        many = measured(measure, times, values)
        alone = [float(measured(measure, times, values[:, run])) for run in range(7)]
        np.testing.assert_allclose(many, alone, rtol=1e-14)
        assert np.isnan(many[3])


EXTREMES = """\
measures: {skill: {scenario: nothing, variable: Skill, at: end}}
extremes:
  nothing: {initial: {Skill: 0}, settings: {Training share: 0}, says: No skill., holds: [skill = 0]}
  endless: {changes: {Time to forget: 0}}
  below: {initial: {Skill: 1}, changes: {Learning: -1}}
"""


def test_extremes_must_stay_finite_and_stocks_above_zero(tmp_path: Path) -> None:
    found = checked(tmp_path, EXTREMES)
    nothing, endless, below = found.extremes
    assert (nothing.faults, nothing.statements[0].held) == ((), True)
    assert "it does not reach the end" in endless.faults[0]
    low = -25 + 26 * math.exp(-95 / 25)  # from week 5 on, a twentieth of the run
    assert below.faults == (f"the stock 'Skill' falls to {low:.4g} at 100",)
    signed = checked(tmp_path, EXTREMES + "equilibrium: {signed: [Skill]}\n")
    assert signed.extremes[2].faults == ()
    assert len([fault for fault in faults(found) if "the extreme" in fault]) == 2


@pytest.mark.parametrize(
    ("initial", "wanted"),
    [
        ("Training_share * Time_to_forget / Time_to_learn", []),
        (
            "1.002",
            ["the start does not rest: 'Skill' moves by 0.20% over the run, more than 0.10%"],
        ),
    ],
)
def test_the_start_rests(tmp_path: Path, initial: str, wanted: list[str]) -> None:
    checks = "outputs: {Skill: up}\nequilibrium: {moves: 0.001}\n"
    found = checked(tmp_path, checks, team(initial))
    assert found.rest is not None
    assert list(found.rest.faults) == wanted
    if not wanted:
        assert "the slowest deviation halves in 17.3 weeks" in list(lines(found))[-1]


def test_an_unstable_start_is_refused_unless_it_is_meant(tmp_path: Path) -> None:
    model = team().replace("Skill / Time_to_forget", "(2 - Skill) / Time_to_forget")
    found = checked(tmp_path, "outputs: {Skill: up}\nequilibrium:\n", model)
    (fault,) = faults(found)
    assert fault.endswith(
        "equilibrium: starts on an unstable equilibrium: a deviation doubles in 17.3 weeks, "
        "most in 'Skill'"
    )
    meant = "outputs: {Skill: up}\nequilibrium: {stable: false}\n"
    assert list(faults(checked(tmp_path, meant, model))) == []


def test_expectations_of_the_file_are_judged(tmp_path: Path) -> None:
    checks = CHECKS + "expect: [{scenario: more, variable: Skill, below: 1}]\n"
    (fault,) = faults(checked(tmp_path, checks))
    assert "expectation failed: Skill at week 100 is 1.24" in fault


VALUES = {Ident("a"): 2.0, Ident("b"): -3.0, Ident("c"): math.inf, Ident("d"): math.nan}
NAMES = {ident: str(ident) for ident in VALUES}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a > b", True), ("a <= b", False), ("ABS(b) = 3", True), ("a <> 2", False),
        ("MAX(a, b, 1) = 2 AND MIN(a, b) = -3", True), ("a > 3 OR b < 0", True),
        ("NOT (a > 3)", True), ("EXP(LN(a)) - a < 1e-12", True), ("SQRT(a ^ 4) = 4", True),
        ("a < c", True), ("c - c = 0", False), ("d < 1", None), ("NOT (d < 1)", None),
        ("-b / 3 = 1", True), ("b MOD 2 = 1", True), ("IF a > 1 THEN b ELSE c < 0", None),
    ],
)  # fmt: skip
def test_statements_are_computed_as_equations_are(text: str, holds: bool | None) -> None:
    statement = statement_of(text, NAMES)
    if text.startswith("IF"):
        assert isinstance(statement, tuple)
        assert "is a number" in statement[0].message
        return
    assert not isinstance(statement, tuple), statement
    assert truth(statement, VALUES) is holds


def test_numbers_are_told_apart() -> None:
    assert told(0.9000004, 0.9) == "0.9000004"
    assert told(123456.7, 123457.9) == "123,457"
    assert told(math.inf) == "infinity"
    statement = statement_of("a + 1 > 2 AND (b > 0 OR a > 5)", NAMES)
    assert not isinstance(statement, tuple)
    assert value_of(statement.expr, VALUES) == 0.0


def test_a_measure_is_what_its_words_say() -> None:
    variable = None
    first = Measure("m", Ident("m"), "s", variable, Take.FIRST)  # type: ignore[arg-type]
    assert float(measured(first, np.array([0.0, 1.0]), np.array([5.0, 6.0]))) == 5.0
