"""`cyclesim check` with checks beside a model: lines, exit codes, tables, the dossier."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cyclesim.checks.tables import block_in
from cyclesim.cli import main
from tests.checks.small import CHECKS, team, written

README = """\
# Team

<!-- parameters -->
<!-- /parameters -->

Words between.

<!-- claims -->
<!-- /claims -->
"""
DRAWN = CHECKS + "draws: {number: 20}\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def answer(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return int(end.value.code or 0), told.out, told.err

    return answer


def test_a_model_is_held_against_its_checks(run, tmp_path: Path) -> None:
    file = written(tmp_path, DRAWN)
    model = file.with_name("model.xmile")
    code, out, err = run("check", model)
    assert (code, err) == (0, "")
    first, second, well = out.splitlines()
    assert first.startswith("C1 holds: Less training, less skill. [after < 0.9 * before: 0.52")
    assert "of 20 draws" in first
    assert second == "draws: 20 of 3 constants; all ran"
    assert well == f"{model}: well"
    assert run("check", file)[1].endswith(f"{file}: well\n")
    code, out, err = run("check", model, "--no-draws")
    assert "draws" not in out
    assert run("check", model, "--no-draws", "--quiet") == (0, "", "")


def test_exit_codes_of_a_wrong_claim_and_of_a_faulty_file(run, tmp_path: Path) -> None:
    model = written(tmp_path, CHECKS.replace("after <", "after >")).with_name("model.xmile")
    code, out, err = run("check", model)
    assert code == 4
    assert "C1 DOES NOT HOLD" in out
    assert "C1: after > 0.9 * before does not hold: 0.5204 against 0.9" in err
    written(tmp_path, "mesures: {}\n")
    code, out, err = run("check", model)
    assert (code, out) == (3, "")
    assert "Did you mean 'measures'?" in err


def test_json_is_complete(run, tmp_path: Path) -> None:
    checks = DRAWN + "equilibrium:\nextremes: {none: {initial: {Skill: 0}}}\n"
    model = written(tmp_path, checks).with_name("model.xmile")
    code, out, _ = run("check", model, "--json")
    (file,) = json.loads(out)["files"]
    found = file["checks"]
    assert (code, file["exit_code"]) == (0, 0)
    claim = found["claims"][0]
    assert claim["holds"]
    assert claim["control"]["breaks_the_claim"]
    assert claim["draws"]["claim"]["of"] == 20
    assert found["equilibrium"]["stability"]["growth"] == pytest.approx(-0.04)
    assert [each["name"] for each in found["extremes"]] == ["none"]
    assert next(each["name"] for each in found["draws"]["constants"]) == "Training share"


def test_a_model_alone_must_not_start_on_an_unstable_equilibrium(run, tmp_path: Path) -> None:
    text = team().replace("Skill / Time_to_forget", "(2 - Skill) / Time_to_forget")
    alone = tmp_path / "alone.xmile"
    alone.write_text(text, encoding="utf-8")
    code, _, err = run("check", alone, "--units", "off")
    assert code == 4
    assert "starts on an unstable equilibrium: a deviation doubles in 17.3 weeks" in err


def test_a_study_is_judged_with_the_units_of_its_model(run, tmp_path: Path) -> None:
    text = team().replace("<units>pound</units>", "<units>hour</units>", 1)
    (tmp_path / "team.xmile").write_text(text, encoding="utf-8")
    study = tmp_path / "study.yaml"
    study.write_text(
        "model: team.xmile\ntitle: x\noutputs: {Skill: up}\nscenarios: {as it is: }\n",
        encoding="utf-8",
    )
    code, _out, err = run("check", study)
    assert code == 0
    assert "Cost" in err
    assert "warning" in err
    assert run("check", study, "--units", "off")[2] == ""
    assert run("check", study, "--units", "error")[0] == 3


def test_tables_are_written_and_their_drift_is_told(run, tmp_path: Path) -> None:
    model = written(tmp_path, DRAWN).with_name("model.xmile")
    readme = tmp_path / "README.md"
    readme.write_text(README, encoding="utf-8")
    code, _, err = run("check", model)
    assert code == 4
    assert "the table of parameters no longer fits the model" in err
    assert run("check", model, "--tables")[0] == 0
    text = readme.read_text(encoding="utf-8")
    assert "| Training share | 0.4 | dmnl | 0.2 to 0.6 | assumption |" in text
    assert "| Pay | 100 | pound |  | definition: the scale. |" in text
    assert text.startswith("# Team\n\n<!-- parameters -->\n| parameter |")
    assert "\nWords between.\n" in text
    (row,) = (block_in(text, "claims") or "").splitlines()[2:]
    assert re.fullmatch(
        r"\| C1 \| Less training, less skill\. \| holds \| fails, as it must \| "
        r"[\d.]+ % of 20 \|",
        row,
    )
    assert run("check", model)[0] == 0
    assert run("check", model, "--no-draws")[0] == 0  # shares are not compared without draws
    readme.write_text(text.replace("| 100 |", "| 101 |"), encoding="utf-8")
    code, _, err = run("check", model, "--no-draws")
    assert code == 4
    assert err == (
        f"{readme}: the table of parameters no longer fits the model ('Pay'). "
        "`cyclesim check MODEL --tables` writes it anew.\n"
    )
    readme.write_text(text.replace(" of 20 |", " of 21 |"), encoding="utf-8")
    assert run("check", model, "--no-draws")[0] == 0
    code, _, err = run("check", model)
    assert (code, "the table of claims no longer fits the model ('C1')" in err) == (4, True)


def test_tables_without_draws_keep_the_shares(run, tmp_path: Path) -> None:
    model = written(tmp_path, DRAWN).with_name("model.xmile")
    readme = tmp_path / "README.md"
    readme.write_text(README, encoding="utf-8")
    run("check", model, "--tables")
    before = readme.read_text(encoding="utf-8")
    run("check", model, "--tables", "--no-draws")
    assert readme.read_text(encoding="utf-8") == before


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br", "link", "img"):
            self.open.append(tag)
        self.outside += [v for k, v in attrs if k in ("src", "href") and v]

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


FULL = (
    DRAWN
    + """\
equilibrium:
extremes: {none: {initial: {Skill: 0}}}
boundary: {endogenous: [Skill], exogenous: [Pay, Training share], left_out: [People who leave]}
behaviour: {B1: {says: Skill fades., source: Smith 1999, holds: after < before}}
surprises: [None so far <script>alert(1)</script>]
family: [Teams that learn.]
"""
)


def test_the_dossier_tells_each_test_and_what_was_not_done(run, tmp_path: Path) -> None:
    model = written(tmp_path, FULL).with_name("model.xmile")
    folder = tmp_path / "dossier"
    code, _, err = run("check", model, "--dossier", folder)
    assert (code, err) == (0, f"dossier: {folder / 'dossier.html'}\n")
    text = (folder / "dossier.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z][\w ]+) \| [^|]+ \| (\w[\w ]*): ", text, re.MULTILINE)
    assert rows == [
        ("Boundary adequacy", "done"), ("Structure assessment", "passed"),
        ("Dimensional consistency", "passed"), ("Parameter assessment", "passed"),
        ("Extreme conditions", "passed"), ("Integration error", "passed"),
        ("Behaviour reproduction", "passed"), ("Behaviour anomaly", "passed"),
        ("Family member", "done"), ("Surprise behaviour", "done"),
        ("Sensitivity analysis", "passed"), ("System improvement", "not done"),
    ]  # fmt: skip
    for words in (
        "11 of the field's 12 tests were done. None of them failed.",
        "Training that does not matter.",  # the control: a behaviour anomaly test
        "| Forgetting | flow | Skill / Time\\_to\\_forget | 1/week | F. |",
        "| Skill | Training\\_share \\* Time\\_to\\_forget / Time\\_to\\_learn | 1 | dmnl |",
        "| method | rk4 |", "| dt | 0.25 |", "20, seed 1, Latin hypercube",
        "| cut |  |  | Training share: 0.4 -> 0.2 from week 20 |",
        "To repeat it: cyclesim check ", "People who leave",
    ):  # fmt: skip
        assert words in text, words
    html = (folder / "dossier.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(html)
    assert (page.open, page.wrong, page.outside) == ([], [], [])
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<svg ") == 1
    assert html.count("<polyline") == 3
    assert "default-src 'none'" in html


def test_a_dossier_is_never_written_over_unasked(run, tmp_path: Path) -> None:
    model = written(tmp_path).with_name("model.xmile")
    folder = tmp_path / "dossier"
    folder.mkdir()
    (folder / "dossier.md").write_text("mine", encoding="utf-8")
    code, _, err = run("check", model, "--dossier", folder)
    assert code == 2
    assert "already holds dossier.md" in err
    assert (folder / "dossier.md").read_text(encoding="utf-8") == "mine"
    assert run("check", model, "--dossier", folder, "--force")[0] == 0
    code, _, err = run("check", "faster_pull", "--dossier", tmp_path / "y")
    assert (code, "a dossier is of one model" in err) == (2, True)


def test_a_model_without_checks_has_a_dossier_that_says_so(run, tmp_path: Path) -> None:
    alone = tmp_path / "alone.xmile"
    alone.write_text(team(), encoding="utf-8")
    assert run("check", alone, "--dossier", tmp_path / "d")[0] == 0
    text = (tmp_path / "d" / "dossier.md").read_text(encoding="utf-8")
    assert "4 of the field's 12 tests were done." in text
    assert "Not done: no claim has a control." in text


def test_a_dossier_names_the_element_of_an_array_that_a_scenario_begins_with(run, tmp_path) -> None:
    steps = Path(__file__).parents[1] / "errors" / "studies" / "steps.xmile"
    checks = """\
outputs: {Demand: up}
scenarios: {one: {initial: {"Backlog[Check in]": 3, "Share[Treatment]": 0.1}}}
measures: {demand: {scenario: one, variable: Demand, at: end}}
claims: {C: {says: Demand stays., holds: demand > 99}}
"""
    model = written(tmp_path, checks, steps.read_text(encoding="utf-8")).with_name("model.xmile")
    assert run("check", model, "--dossier", tmp_path / "d")[0] == 0
    text = (tmp_path / "d" / "dossier.md").read_text(encoding="utf-8")
    assert "| one |  | Backlog[Check in] = 3 order; Share[Treatment] = 0.1 |" in text


def test_the_schema_of_checks_is_printed(run) -> None:
    code, out, _ = run("schema", "--checks")
    assert code == 0
    assert "claims" in json.loads(out)["properties"]
    assert "claims" not in json.loads(run("schema")[1])["properties"]
