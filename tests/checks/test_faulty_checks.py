"""Checks files with mistakes, and exactly what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cyclesim.checks import checks_schema, read_checks
from cyclesim.errors import ModelError, StudyError, UsageError
from tests.checks.small import CHECKS, team, written

MEASURE = "measures: {end: {scenario: baseline, variable: Skill, at: end}}\n"
CLAIM = MEASURE + "claims: {C1: {says: x, holds: [HOLDS]}}\n"

FAULTY = {
    "misspelt key": (
        "mesures: {}\n",
        ["1:1: mesures: no key is called 'mesures'. Did you mean 'measures'?"],
    ),
    "the model is not named": (
        "model: model.xmile\n",
        ["1:1: model: the model is the model.xmile beside this file. Delete the key."],
    ),
    "empty file": (
        "\n",
        ["1:1: the file is empty. Write its keys with their values, beginning with 'model: ...'."],
    ),
    "measure of an unknown scenario": (
        "measures: {end: {scenario: baselin, variable: Skill, at: end}}\n",
        ["1:28: measures.end.scenario: no scenario is called 'baselin'. "
         "Did you mean 'baseline'?"],
    ),
    "measure of an unknown variable": (
        "measures: {end: {scenario: baseline, variable: Skil, at: end}}\n",
        ["1:48: measures.end.variable: no variable is called 'Skil'. Did you mean 'Skill'?"],
    ),
    "nothing measured": (
        "measures: {end: {scenario: baseline, variable: Skill}}\n",
        ["1:17: measures.end: nothing is measured. Give one of at, take, when."],
    ),
    "two ways of measuring": (
        "measures: {end: {scenario: baseline, variable: Skill, at: 3, take: mean}}\n",
        ["1:17: measures.end: at and take are both given. Give one of at, take, when."],
    ),
    "unknown take": (
        "measures: {end: {scenario: baseline, variable: Skill, take: greatst}}\n",
        ["1:61: measures.end.take: 'greatst' is none of greatest, least, mean, total, first. "
         "Did you mean 'greatest'?"],
    ),
    "no condition": (
        "measures: {end: {scenario: baseline, variable: Skill, when: under 2}}\n",
        ["1:61: measures.end.when: 'under 2' is no condition. Write 'above 2' or 'below 2'."],
    ),
    "after without when": (
        "measures: {end: {scenario: baseline, variable: Skill, take: mean, after: 3}}\n",
        ["1:17: measures.end: 'after' belongs to 'when'. Narrow 'take' with 'from' and 'until'."],
    ),
    "time after the run": (
        "measures: {end: {scenario: baseline, variable: Skill, at: 101}}\n",
        ["1:59: measures.end.at: week 101 lies after the run, which goes from week 0 to "
         "week 100. Choose a time within it."],
    ),
    "name that no statement can read": (
        "measures: {the end: {scenario: baseline, variable: Skill, at: end}}\n",
        ["1:12: measures.the end: 'the end' cannot be read in a statement. "
         "Use letters, digits and underscores, a letter first."],
    ),
    "name in another spelling": (
        MEASURE.replace("}}", "}, END: {scenario: baseline, variable: Skill, at: 1}}"),
        ["1:65: measures.END: 'END' is 'end' in another spelling. Keep one of them."],
    ),
    "unknown measure": (
        CLAIM.replace("HOLDS", "ned > 0"),
        ["2:32: claims.C1.holds[1]: no measure is called 'ned'. Did you mean 'end'?\n"
         "    ned > 0\n    ^^^"],
    ),
    "statement that ends": (
        CLAIM.replace("HOLDS", "end >"),
        ["2:32: claims.C1.holds[1]: the equation ends where a value is expected.\n"
         "    end >\n         ^"],
    ),
    "number as a statement": (
        CLAIM.replace("HOLDS", "end + 1"),
        ["2:32: claims.C1.holds[1]: 'end + 1' is a number, neither true nor false. "
         "Compare it: a > b, a <= b, a = b.\n    end + 1\n    ^^^^^^^"],
    ),
    "chain of comparisons": (
        CLAIM.replace("HOLDS", "0 < end < 2"),
        ["2:32: claims.C1.holds[1]: '0 < end' is true or false, and is compared with a number. "
         "Write NOT (a > b), or a < b AND b < c.\n    0 < end < 2\n    ^^^^^^^"],
    ),
    "not before a comparison": (
        CLAIM.replace("HOLDS", "NOT end > 2"),
        ["2:32: claims.C1.holds[1]: 'NOT end' is true or false, and is compared with a number. "
         "Write NOT (a > b), or a < b AND b < c.\n    NOT end > 2\n    ^^^^^^^"],
    ),
    "function with a memory": (
        CLAIM.replace("HOLDS", "'SMTH1(end, 3) > 2'"),
        ["2:32: claims.C1.holds[1]: a statement cannot call 'SMTH1'. "
         "MIN, MAX, ABS, EXP, LN and SQRT are there.\n    SMTH1(end, 3) > 2\n    ^^^^^^^^^^^^^"],
    ),
    "wrong number of arguments": (
        CLAIM.replace("HOLDS", "'ABS(end, 3) > 2'"),
        ["2:32: claims.C1.holds[1]: ABS is given 2 of 1 argument. Write ABS(x).\n"
         "    ABS(end, 3) > 2\n    ^^^^^^^^^^^"],
    ),
    "no measure at all": (
        CLAIM.replace("HOLDS", "1 > 0"),
        ["2:32: claims.C1.holds[1]: no measure is in it. A statement is about the model.\n"
         "    1 > 0\n    ^^^^^"],
    ),
    "nothing claimed": (
        MEASURE + "claims: {C1: {says: x, holds: []}}\n",
        ["2:31: claims.C1.holds: the list is empty."],
    ),
    "control that changes nothing": (
        CLAIM.replace("[HOLDS]", "[end > 0], control: {says: y}"),
        ["2:51: claims.C1.control: nothing is changed. "
         "Give settings, initial, start or scenarios."],
    ),
    "control of a stock": (
        CLAIM.replace("[HOLDS]", "[end > 0], control: {says: y, settings: {Skill: 3}}"),
        ["2:72: claims.C1.control.settings.Skill: 'Skill' is a stock and changes only through "
         "its flows. Give its value at the start under 'initial'."],
    ),
    "control that swaps what is not read": (
        "scenarios: {cut: }\n"
        + CLAIM.replace("[HOLDS]", "[end > 0], control: {says: y, scenarios: {cut: baseline}}"),
        ["3:73: claims.C1.control.scenarios.cut: no measure of the claim is taken from 'cut'."],
    ),
    "control from an unknown state": (
        CLAIM.replace("[HOLDS]", "[end > 0], control: {says: y, start: low}"),
        ["2:68: claims.C1.control.start: no starting state is called 'low'. "
         "Describe it under 'starting_states'."],
    ),
    "share without draws": (
        CLAIM.replace("[HOLDS]", "[end > 0], share: 0.9"),
        ["2:49: claims.C1.share: there are no draws. Add 'draws: {number: 200}', or delete it."],
    ),
    "share in per cent without its sign": (
        CLAIM.replace("[HOLDS]", "[end > 0], share: 90"),
        ["2:49: claims.C1.share: 90 is no share. Write a number above 0 and at most 1, "
         "or '90 %'."],
    ),
    "no draws and no reason": (
        CLAIM.replace("[HOLDS]", "[end > 0], draws: false"),
        ["2:14: claims.C1: 'draws: false' needs a reason. Say it under 'because'."],
    ),
    "left out what is not drawn": (
        "draws: {leave_out: {Pay: why}}\n",
        ["1:21: draws.leave_out.Pay: 'Pay' is not drawn: its doc gives no plausible range. "
         "Delete it."],
    ),
    "one draw": (
        "draws: {number: 1}\n",
        ["1:8: draws: 1 draws say nothing of a share. Draw at least 2."],
    ),
    "settled for part of a step": (
        "draws: {settle: 0.3}\n",
        ["1:17: draws.settle: 0.3 is no whole number of steps of 0.25. "
         "Choose one that dt divides."],
    ),
    "draws with an adaptive solver": (
        "run: {method: rk45}\ndraws: {number: 10}\n",
        ["2:1: draws: draws need a fixed step, and the method is rk45. "
         "Give 'run: {method: rk4}' with a dt."],
    ),
    "extreme that is none": (
        "extremes: {x: {says: y}}\n",
        ["1:15: extremes.x: nothing is extreme. Give settings, initial or changes."],
    ),
    "statement about another run": (
        MEASURE + "extremes: {x: {initial: {Skill: 0}, holds: [end > 0]}}\n",
        ["2:45: extremes.x.holds[1]: no measure of 'end > 0' is taken from 'x'. "
         "Take one from it: {scenario: x, variable: ...}."],
    ),
    "extreme called like a scenario": (
        "extremes: {baseline: {initial: {Skill: 0}}}\n",
        ["1:12: extremes.baseline: a scenario is called so too. Give it another name."],
    ),
    "equilibrium of an unknown scenario": (
        "equilibrium: {scenario: rest}\n",
        ["1:25: equilibrium.scenario: no scenario is called 'rest'. The scenarios are baseline."],
    ),
    "flow among the stocks": (
        "equilibrium: {signed: [Learning]}\n",
        ["1:24: equilibrium.signed[1]: 'Learning' is not a stock."],
    ),
    "behaviour called like a claim": (
        CLAIM.replace("HOLDS", "end > 0") + "behaviour: {C1: {says: x, holds: end > 0}}\n",
        ["3:13: behaviour.C1: a claim is called 'C1' too. Give it another."],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTY)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, name: str) -> None:
    text, wanted = FAULTY[name]
    file = written(tmp_path, text)
    with pytest.raises(StudyError) as caught:
        read_checks(file)
    told = [str(found).removeprefix(f"{file}:") for found in caught.value.diagnostics]
    assert told == wanted


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = CHECKS.replace("Skill: up", "Skil: up").replace("take: first", "take: frst")
    text = text.replace("0.9 * before", "0.9 * befor").replace("cut: more", "cut: mor")
    with pytest.raises(StudyError) as caught:
        read_checks(written(tmp_path, text))
    subjects = [found.subject for found in caught.value.diagnostics]
    assert subjects == [
        "outputs.Skil", "measures.before.take", "claims.C1.holds[1]",
        "claims.C1.control.scenarios.cut",
    ]  # fmt: skip


def test_a_constant_outside_its_own_range_is_told(tmp_path: Path) -> None:
    model = team().replace("plausible from 5 to 15", "plausible from 12 to 15")
    with pytest.raises(StudyError, match="'Time to learn' is 10 in the model, and plausible from "):
        read_checks(written(tmp_path, "draws: {number: 5}\n", model))


def test_a_measure_that_nothing_uses_is_a_warning(tmp_path: Path) -> None:
    found = read_checks(written(tmp_path, MEASURE))
    assert [warning.message for warning in found.warnings] == ["no statement uses this measure"]


def test_the_model_must_be_there_and_be_sound(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no checks file"):
        read_checks(tmp_path / "checks.yaml")
    file = written(tmp_path, MEASURE)
    (tmp_path / "model.xmile").write_text(team().replace("Pay *", "Pey *"), encoding="utf-8")
    with pytest.raises(ModelError, match="Did you mean 'Pay'"):
        read_checks(file)
    (tmp_path / "model.xmile").unlink()
    with pytest.raises(StudyError, match=r"there is no model\.xmile beside this file"):
        read_checks(file)


def test_the_schema_knows_each_key() -> None:
    schema = checks_schema()
    assert "model" not in schema["properties"]
    assert {"measures", "claims", "draws", "extremes", "equilibrium"} <= set(schema["properties"])
    assert "$defs" in schema
