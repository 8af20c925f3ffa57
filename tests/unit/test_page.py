"""The page of a study: its levers, its text, what a study may say of it, and how it is made."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cyclesim import library
from cyclesim.analysis.loops import loops, names_beside
from cyclesim.cli import cli
from cyclesim.ensemble import run_scenario
from cyclesim.errors import StudyError, UsageError
from cyclesim.names import canonical
from cyclesim.page import page_html
from cyclesim.page.dominance import strips
from cyclesim.page.layers import layered
from cyclesim.page.levers import levers_of
from cyclesim.page.picture import picture_of
from cyclesim.project import Method
from cyclesim.scenario import read_study
from cyclesim.scenario.parts import Study, StudyLoops
from cyclesim.simulation import simulate
from cyclesim.study import run_study
from tests.models_in_text import flow, model, stock
from tests.study_runs import HOSTILE, study_run

MODEL = Path(__file__).parents[1] / "errors" / "studies" / "team.xmile"
HEAD = "model: team.xmile\ntitle: A test\noutputs: {Service quality: up}\n"
SCENARIOS = "scenarios: {baseline: , lean: {changes: {Training share: 0.3}}}\n"
STORIES = (
    "after_a_bad_winter",
    "virtuous_or_vicious",
    "faster_pull",
    "airline_turnaround",
    "promise_ahead_of_delivery",
    "scanning_too_slowly",
    "one_width_behind",
    "half_way_to_empowerment",
    "half_of_the_work_is_done_again",
)


@pytest.fixture
def read(tmp_path: Path):
    shutil.copy(MODEL, tmp_path)

    def reading(text: str) -> Study:
        path = tmp_path / "study.yaml"
        path.write_text(HEAD + text, "utf-8")
        return read_study(path)

    return reading


def test_without_a_word_the_levers_are_what_scenarios_change() -> None:
    (lever,) = levers_of(study_run().study)
    assert lever.name == lever.label == "Training share"
    # Plausible from 0.2 to 0.6, and the study goes to 0.7.
    assert (lever.base, lever.low, lever.high) == (0.4, 0.2, 0.7)
    assert lever.step == 0.005
    assert lever.help == "Time for training."


def test_a_study_says_its_levers(read) -> None:
    study = read(
        SCENARIOS + "ui: {levers: {Training share: {label: Training, group: People, help: How "
        "much., min: 10 %, max: 0.9, step: 0.05, marks: {lean: 0.3}}, Time per order: }}\n"
    )
    first, second = levers_of(study)
    assert (first.label, first.group, first.help) == ("Training", "People", "How much.")
    assert (first.low, first.high, first.step) == (0.1, 0.9, 0.05)
    assert first.marks == (("lean", 0.3),)
    assert second.name == "Time per order"
    assert second.low < second.base < second.high


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("levers: {Traning share: }", "Did you mean 'Training share'?"),
        ("levers: {Service quality: }", "is no constant"),
        ("levers: {Training share: {min: 0.5, max: 0.2}}", "is not above 'min'"),
        ("levers: {Training share: {max: 7}}", "lies outside the range"),
        ("levers: {Training share: {marks: {far: 7}}}", "lies outside the range"),
        ("levers: {Training share: {lable: x}}", "Did you mean 'label'?"),
        ("levers: {Training share: {step: 0}}", "is not above 0"),
        ("levers: {Training share: , training share: }", "stands here already"),
        ("charts: [Backlog]", "is not among the outputs"),
        ("chart: [Service quality]", "Did you mean 'charts'?"),
    ],
)
def test_what_does_not_fit_is_told_at_its_place(read, text: str, wanted: str) -> None:
    with pytest.raises(StudyError) as error:
        read(f"{SCENARIOS}ui: {{{text}}}\n")
    (found,) = error.value.diagnostics
    assert wanted in str(found)
    assert found.location.line == 5


STORY = "ui: {levers: {Training share: }}\nstory: {steps: ["


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{title: A}", "'text: ...'"),
        ("{title: A, text: B, scenario: lear}", "Did you mean 'lean'?"),
        ("{title: A, text: B, predict: Service quality}", "needs to know of which scenario"),
        ("{title: A, text: B, scenario: lean, predict: Backlog}", "is not among the outputs"),
        ("{title: A, text: B, scenario: lean, set: {Arrival rate: 3}}", "is no lever"),
        ("{title: A, text: B, scenario: lean, set: {Training share: 3}}", "outside the range"),
        ("{title: A, text: B, show: [Backlgo]}", "Did you mean 'Backlog'?"),
        ("{title: A, text: B, shows: [Backlog]}", "Did you mean 'show'?"),
    ],
)
def test_a_story_that_does_not_fit_is_told_at_its_place(read, text: str, wanted: str) -> None:
    with pytest.raises(StudyError) as error:
        read(f"{SCENARIOS}{STORY}{{title: Well, text: Told}}, {text}]}}\n")
    (found,) = error.value.diagnostics
    assert wanted in str(found)
    assert "story.steps[2]" in str(found)
    assert found.location.line == 6


def test_a_story_is_read(read) -> None:
    text = "{title: A, text: B, show: [Backlog], scenario: lean, set: {Training share: 35 %}, "
    text += "predict: Service quality, try: C, questions: [D, E]}"
    (step,) = read(f"{SCENARIOS}{STORY}{text}]}}\n").story.steps
    assert (step.title, step.text, step.attempt, step.questions) == ("A", "B", "C", ("D", "E"))
    assert (step.shown, step.scenario, step.predict) == (("backlog",), "lean", "service_quality")
    assert step.levers == {"training_share": 0.35}


def test_a_course_over_time_is_no_number_of_a_lever(read) -> None:
    study = read(
        "change_from: 10\nscenarios:\n  baseline:\n"
        "  lean: {changes: {Training share: 0.3}}\n"
        "  later: {changes: {Training share: {step: {to: 0.3, at: 20}}}}\n"
        "  while: {changes: {Training share: {pulse: {by: 0.1, from: 12, for: 5}}}}\n"
        "  before: {initial: {Training share: 0.2}, changes: {Arrival rate: 120}}\n"
    )
    models, presets = layered(study, levers_of(study))
    assert len(models) == 1
    levers = {preset.scenario.name: preset.levers[0] for preset in presets}
    base = presets[0].bases[0]
    assert levers == {"baseline": base, "lean": 0.3, "later": None, "while": None, "before": 0.2}
    assert [bool(preset.courses) for preset in presets] == [False, False, True, True, False]
    assert presets[-1].bases[0] == 0.2


def test_initial_values_that_follow_need_a_model_of_their_own(read) -> None:
    study = read(
        "scenarios:\n  baseline:\n  lean: {changes: {Training share: 0.3}}\n"
        "  long ago: {initial: recompute, changes: {Training share: 0.3}}\n"
    )
    models, presets = layered(study, levers_of(study))
    # Nothing is compiled in for a plain number: it is bound, from before the start.
    assert len(models) == 1
    own = presets[2]
    base = models[0].levers[0].base
    assert own.bound[base] == 0.3
    assert base not in presets[1].bound


def scripts(page: str) -> list[str]:
    return re.findall(r"<script(?: id=\"engine\")?>(.*?)</script>", page, re.DOTALL)


def test_the_policy_names_the_scripts_and_nothing_else() -> None:
    page = page_html(study_run().study)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    told = policy.group(1).replace("&#39;", "'")
    found = scripts(page)
    assert len(found) == 2
    for script in found:
        digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in told
    assert "unsafe-eval" not in told
    assert "default-src 'none'" in told
    assert "worker-src blob:" in told
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)


def test_the_same_study_gives_the_same_page() -> None:
    assert page_html(study_run().study) == page_html(study_run().study)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(text: str) -> None:
    name = " ".join(text.split())
    study = replace(study_run(name, (text, "B", "C"), text).study, title=text)
    page = page_html(study)
    assert page.count("<script") == page.count("</script>") == 3
    assert "<img" not in page
    payload = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert payload is not None
    data = json.loads(payload.group(1))
    assert data["outputs"][0]["title"] == name
    assert data["presets"][0]["title"] == text


def test_what_cannot_run_in_a_browser_is_refused_by_name() -> None:
    study = study_run().study
    adaptive = replace(study, specs=replace(study.specs, method=Method.LSODA))
    with pytest.raises(UsageError, match="lsoda does not run in a browser"):
        page_html(adaptive)


def test_loops_are_told_with_the_links_that_the_picture_has() -> None:
    run = run_study("eroding_standard")
    picture = picture_of(run.study.model)
    assert picture is not None
    told, made = strips(list(run.results.values()), run.study.outputs[0].variable.ident, picture)
    ids = {link.id for link in picture.links}
    assert all(f'id="{name}"' in picture.svg for name in ids)
    named = next(loop for loop in told if loop.name == "Sliding norm")
    assert set(named.links) == ids
    assert "held back" in named.story
    assert made[0].words == ("Nothing on a feedback loop moves in this run.",)
    assert made[1].phases


@pytest.mark.parametrize("name", STORIES)
def test_a_story_of_the_library_speaks_of_what_the_page_shows(name: str) -> None:
    study = read_study(name)
    picture = picture_of(study.model)
    assert picture is not None
    drawn = set(picture.names)
    for step in study.story.steps:
        # A step that unfolds brings something into view that was not there before.
        assert not step.shown or drawn & set(step.shown)
        drawn -= set(step.shown)
    labels = {lever.label for lever in levers_of(study)}
    titles = {scenario.title for scenario in study.scenarios}
    spoken = labels | titles | {loop.name for loop in picture.loops}
    told = " ".join(f"{step.text} {step.attempt}" for step in study.story.steps)
    assert set(re.findall(r"(?<!\w)'([^']+)'(?!\w)", told)) <= spoken
    assert all(len(step.questions) == 3 for step in study.story.steps if step.predict)


def test_loops_that_the_headline_does_not_follow_from_are_left_out() -> None:
    whole = model(
        stock("Prey", 10, "Births", "Deaths"), flow("Births", "0.1 * Prey"),
        flow("Deaths", "0.01 * Prey * Hunters"),
        stock("Hunters", 5, "Arrivals", "Departures"), flow("Arrivals", "0.01 * Prey * Hunters"),
        flow("Departures", "0.1 * Hunters"),
        stock("Savings", 100, "Interest", "Spending"), flow("Interest", "0.05 * Savings"),
        flow("Spending", "0.02 * Savings"),
        stop=20, dt="0.25", save=1,
    )  # fmt: skip
    results = simulate(whole)
    told, (strip,) = strips([results], canonical("Savings"), None)
    assert sorted(loop.name for loop in told) == ["Savings, Interest", "Savings, Spending"]
    assert any("2 loops among Savings." in word for word in strip.words)
    thrift = StudyLoops((("Thrift", ("Savings", "Spending")),))
    told, _ = strips([results], canonical("Savings"), None, thrift)
    assert sorted(loop.name for loop in told) == ["Savings, Interest", "Thrift"]
    _, (other,) = strips([results], canonical("Prey"), None)
    assert any("among Prey, Hunters." in word for word in other.words)


def test_one_loop_alone_is_not_said_to_rule() -> None:
    whole = model(stock("Savings", 100, "Interest"), flow("Interest", "0.05 * Savings"), save=1)
    _, (strip,) = strips([simulate(whole)], canonical("Savings"), None)
    assert strip.silent == "There is one loop only, and nothing that it could be held against."
    assert not strip.phases


def test_the_command_writes_beside_us_and_never_over(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = CliRunner().invoke(cli, ["page", "eroding_standard"])
    assert first.exit_code == 0, first.output
    written = tmp_path / "eroding_standard.html"
    assert written.read_text("utf-8").startswith("<!doctype html>")
    again = CliRunner().invoke(cli, ["page", "eroding_standard"])
    assert isinstance(again.exception, UsageError)
    assert "already there" in str(again.exception)
    forced = CliRunner().invoke(cli, ["page", "eroding_standard", "--force", "--quiet"])
    assert forced.exit_code == 0


def test_a_page_bears_a_studys_own_names_of_loops() -> None:
    run = run_study("eroding_standard")
    names = (("Own words", ("Time per order", "Norm change", "Norm time per order")),)
    results = run.results["more orders"]
    headline = run.study.outputs[0].variable.ident
    told, _ = strips([results], headline, None, StudyLoops(names, ()))
    assert "Own words" in {loop.name for loop in told}


def test_named_loops_past_folded_stocks_are_drawn_in_shares_of_one_another() -> None:
    study = read_study(library.study_path("virtuous_or_vicious"))
    results = run_scenario(study, study.scenarios[0], estimate_error=False)
    _, (strip,) = strips([results], canonical("Service quality"), None)
    found = loops(results, names_beside(results.flat.path, results.flat))
    expected = {
        f"{loop.mark} \u2018{loop.name}\u2019": loop.importance
        for loop in found.of(found.by_name[0].number)
        if loop.members
    }
    assert {name: abs(share) for name, share in strip.named} == pytest.approx(expected, abs=1e-4)
    assert "shares are of one another" in strip.beside
