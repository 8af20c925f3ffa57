"""The assessment: what is read, what it says of today, and where that leads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cyclesim import library
from cyclesim.analysis.assessment import (
    Answers,
    Respondent,
    forecast,
    profile,
    read_answers,
    read_questionnaire,
)
from cyclesim.analysis.assessment.form import blank_csv, blank_yaml
from cyclesim.analysis.assessment.sampling import drawn_parts
from cyclesim.cli import main
from cyclesim.compiler import Role
from cyclesim.errors import StudyError, UsageError
from cyclesim.names import canonical
from cyclesim.simulation import load, simulate

ASKED = read_questionnaire()
SURE = replace(ASKED, reading_error=0.0)
EXAMPLES = library.model_path("service_cycle").parent / "assessments"


def answers(means: dict[str, float] | float, people: int = 50) -> Answers:
    """Return answers in which each practice has the same mean, its element's, over many people."""
    crowd = []
    for person in range(people):
        marks = {}
        for practice in ASKED.practices:
            mean = means if isinstance(means, float) else means[practice.element]
            marks[practice.code] = 1.0 if person < round(mean * people) else 0.0
        crowd.append(Respondent(str(person), "", marks))
    return Answers("made", "", tuple(crowd))


def test_it_asks_fifty_practices_of_parts_that_the_model_has() -> None:
    assert len(ASKED.practices) == 50
    assert len({practice.code for practice in ASKED.practices}) == 50
    flat = load(ASKED.model).flat
    assert all(flat.by_ident[canonical(e)].role is Role.LEVEL for e in ASKED.elements)
    for part in ASKED.all_parts:
        variable = flat.by_ident[canonical(part)]
        assert variable.role is Role.PARAMETER
        assert variable.range.low == 0
        assert variable.range.high >= 2 * variable.values[0]
    for pair in ASKED.contradictions:
        assert {pair.full, pair.none} <= set(ASKED.by_code)


def test_half_everywhere_is_half_of_fifty_points() -> None:
    found = profile(answers(0.5), ASKED)
    assert found.points == pytest.approx(25)
    assert found.score == pytest.approx(25)
    assert [each.level for each in found.elements] == [pytest.approx(0.5)] * 6
    assert found.missing == ()


@pytest.mark.parametrize("kind", ["yaml", "csv"])
def test_a_form_filled_in_reads_back(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"answers.{kind}"
    if kind == "yaml":
        filled = [f"{line} half" if line.strip().rstrip(":") in ASKED.by_code else line
                  for line in blank_yaml(ASKED).splitlines()]  # fmt: skip
        file.write_text("\n".join(filled), encoding="utf-8")
    else:
        text = blank_csv(ASKED)
        for code in ASKED.by_code:
            text = text.replace(f",{code},,", f",{code},half,")
        file.write_text(text, encoding="utf-8")
    found = profile(read_answers(file, ASKED), ASKED)
    assert found.points == pytest.approx(25)
    assert found.skipped == {"Respondent 1": 0}


def test_a_blank_form_is_told_to_be_blank(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text(blank_yaml(ASKED), encoding="utf-8")
    with pytest.raises(StudyError, match="nobody has answered anything"):
        read_answers(file, ASKED)


FAULTY = """\
organisation: Desk
responders: 3
respondents:
  Ada:
    level: front line
    answers:
      U1: maybe
      U11: half
      S1: 0.7
      S1: full
      Z9: none
"""
FOUND = """\
answers.yaml:2:1: 'responders' is not a key here. Did you mean 'respondents'?
answers.yaml:7:11: U1: 'maybe' is not an answer. Answer none, half or full (0, 0.5 or 1), or leave it blank.
answers.yaml:8:7: there is no practice 'U11'. Did you mean 'U1'?
answers.yaml:9:11: S1: '0.7' is not an answer. Answer none, half or full (0, 0.5 or 1), or leave it blank.
answers.yaml:11:7: there is no practice 'Z9'. They run from U1 to R8."""  # noqa: E501

FAULTY_TABLE = """\
respondent,level,practice,answer
Ada,front line,U1,half
Ada,executives,U2,half
Ada,front line,U1,full
,front line,U3,half
Ben,front line,U4,often
"""
FOUND_IN_TABLE = """\
answers.csv:3:1: 'Ada' is on level 'front line' above and on 'executives' here. Write one level a person.
answers.csv:4:1: U1: Ada answers it twice. Keep one.
answers.csv:5:1: the respondent has no name. A number will do.
answers.csv:6:1: U4: 'often' is not an answer. Answer none, half or full (0, 0.5 or 1), or leave it blank."""  # noqa: E501


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("answers.yaml", FAULTY.replace("      S1: full\n", "\n"), FOUND),
        ("answers.csv", FAULTY_TABLE, FOUND_IN_TABLE),
        ("answers.csv", "who,practice\nAda,U1\n",
         "answers.csv:1:1: there is no column respondent and no column level and no column answer. "
         "The first line names the columns respondent, level, practice, answer."),
        ("answers.yaml", "respondents:\n  Ada: {level: top}\n",
         "answers.yaml:2:8: Ada: there are no answers. "
         "Write 'answers:' and below it a line for each practice, as U1: half."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(
    name: str, text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as raised:
        read_answers(name, ASKED)
    assert str(raised.value) == message


def test_an_answer_given_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text("respondents:\n  Ada:\n    answers:\n      U1: none\n      u1: full\n", "utf-8")
    with pytest.raises(StudyError, match="U1: Ada answers it twice"):
        read_answers(file, ASKED)


def test_what_nobody_answered_is_named_and_left_out() -> None:
    given = answers(0.5)
    people = tuple(
        replace(each, marks={code: mark for code, mark in each.marks.items() if code != "L9"})
        for each in given.respondents
    )
    found = profile(replace(given, respondents=people), ASKED)
    assert [practice.code for practice in found.missing] == ["L9"]
    assert found.points == pytest.approx(25)
    assert found.unusable == ()


def test_an_element_that_nobody_answered_has_no_forecast() -> None:
    given = answers(0.5)
    people = tuple(
        replace(each, marks={c: mark for c, mark in each.marks.items() if not c.startswith("R")})
        for each in given.respondents
    )
    found = profile(replace(given, respondents=people), ASKED)
    assert found.unusable == ("Recognition",)
    with pytest.raises(UsageError, match="'Recognition' were answered by nobody"):
        forecast(found)


def test_a_contradiction_is_named() -> None:
    marks = {practice.code: 0.5 for practice in ASKED.practices} | {"M4": 1.0, "M1": 0.0}
    found = profile(Answers("made", "", (Respondent("Ada", "", marks),)), ASKED)
    assert found.contradictions == (
        "Ada answers M4 with full and M1 with none, but results that are not measured cannot be "
        "shown.",
    )


def test_parts_that_differ_by_chance_alone_are_drawn_as_alike() -> None:
    # Three people, every answer a coin: the parts' means differ by what chance gives.
    generator = np.random.default_rng(5)
    spreads = []
    for _ in range(20):
        coins = generator.integers(0, 2, size=(3, len(SURE.practices))).astype(float)
        people = tuple(
            Respondent(str(n), "", dict(zip(SURE.by_code, row.tolist(), strict=True)))
            for n, row in enumerate(coins)
        )
        given = Answers("made", "", people)
        drawn = drawn_parts(given, SURE, 400, generator).mean(axis=0)[:3]
        means = [np.nanmean(given.matrix(SURE)[:, SURE.index(practices)])
                 for practices in SURE.parts("Understanding").values()]  # fmt: skip
        spreads.append((drawn.std(), np.std(means)))
    shrunk, observed = np.mean(spreads, axis=0)
    assert shrunk < 0.4 * observed


def test_parts_that_differ_for_many_respondents_are_drawn_apart() -> None:
    given = answers(dict.fromkeys(ASKED.elements, 0.5))
    low = {p.code for p in ASKED.practices if p.part == "Departments listen to each other"}
    people = tuple(
        replace(each, marks={c: 0.0 if c in low else mark for c, mark in each.marks.items()})
        for each in given.respondents
    )
    drawn = drawn_parts(replace(given, respondents=people), SURE, 200, np.random.default_rng(1))
    place = list(SURE.all_parts).index("Departments listen to each other")
    assert drawn[:, place].mean() < 0.1
    assert drawn[:, place - 1].mean() == pytest.approx(0.5, abs=0.05)


def alone(level: float) -> float:
    """Return the score after two years of a run by itself, all elements at one level."""
    initial = dict.fromkeys(ASKED.elements, level) | {"Process capability": level}
    results = simulate(ASKED.model, {"Start at the reference": 1}, initial=initial, stop=104)
    return float(results["Service excellence score"][-1])


@pytest.mark.parametrize("level", [0.3, 0.6])
def test_many_sure_answers_give_what_a_run_by_itself_gives(level: float) -> None:
    found = forecast(profile(answers(level, 5000), SURE), horizon=104, draws=20, mend=False)
    middle = float(found.bands[0].values[2, -1])
    assert middle == pytest.approx(alone(level), rel=0.02)
    assert found.starts.mean() == pytest.approx(50 * level, rel=0.01)


def test_an_organisation_above_the_threshold_rises_and_one_below_declines() -> None:
    above = forecast(profile(answers(0.45, 400), ASKED), draws=40, mend=False)
    below = forecast(profile(answers(0.35, 400), ASKED), draws=40, mend=False)
    assert above.rise > 0.95
    assert below.decline > 0.95


def test_fewer_answers_give_a_wider_forecast() -> None:
    few = forecast(profile(answers(0.5, 2), ASKED), horizon=52, draws=60, mend=False)
    many = forecast(profile(answers(0.5, 60), ASKED), horizon=52, draws=60, mend=False)
    assert few.ends.std() > 2 * many.ends.std()


def test_shuffled_answers_forecast_nothing() -> None:
    # Claim C9 and its control: organisations differ in their forecasts as they do in their
    # answers; with each practice's answers dealt out at random they hardly differ.
    levels = np.arange(2, 8) / 10
    marks = np.array([answers(float(level), 10).matrix(ASKED) for level in levels])
    shuffled = marks.copy()
    generator = np.random.default_rng(2)
    for place in range(marks.shape[2]):
        column = shuffled[:, :, place].ravel()
        generator.shuffle(column)
        shuffled[:, :, place] = column.reshape(marks.shape[:2])

    def ends(everyone: np.ndarray) -> np.ndarray:
        found = []
        for organisation in everyone:
            people = tuple(
                Respondent(str(n), "", dict(zip(ASKED.by_code, row.tolist(), strict=True)))
                for n, row in enumerate(organisation)
            )
            given = profile(Answers("made", "", people), ASKED)
            found.append(np.median(forecast(given, horizon=52, draws=10, mend=False).ends))
        return np.array(found)

    told, nothing = ends(marks), ends(shuffled)
    assert (np.diff(told) > 0).all()
    assert np.ptp(nothing) < 0.3 * np.ptp(told)


def test_mending_is_ranked_by_runs_and_the_weakest_part_comes_first() -> None:
    given = answers(0.6)
    weak = {p.code for p in ASKED.practices if p.part == "Departments listen to each other"}
    people = tuple(
        replace(each, marks={c: 0.0 if c in weak else mark for c, mark in each.marks.items()})
        for each in given.respondents
    )
    found = forecast(profile(replace(given, respondents=people), SURE), horizon=104, draws=10)
    assert {found.mendings[0].practice.code} == weak
    assert all(each.gain > -1e-9 for each in found.mendings)
    rises = [each.rise for each in found.together]
    assert rises == sorted(rises)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(left.value.code or 0)


@pytest.mark.parametrize(
    ("file", "way"), [("city_help_desk.yaml", "decline"), ("village_clinic.csv", "rise")]
)
def test_the_worked_examples_lie_on_the_two_sides_of_the_threshold(
    file: str, way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("assess", str(EXAMPLES / file), "--out", str(out), "--draws", "40") == 0
    said = capsys.readouterr().out
    chance = {"decline": "declines in", "rise": "rises in"}[way]
    assert int(said.split(chance)[1].split()[0]) > 75
    assert sorted(path.name for path in out.iterdir()) == [
        "assessment.html", "profile.csv", "summary.json",
    ]  # fmt: skip
    page = (out / "assessment.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert page.count('class="outer"') == 4
    # Nothing there is replaced.
    assert run("assess", str(EXAMPLES / file), "--out", str(out)) == 2
