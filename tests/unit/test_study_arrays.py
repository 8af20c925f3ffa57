"""Arrays in study files, against the same organisation written out in scalars."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from cyclesim.cli import main as command_line
from cyclesim.compiler import CompiledModel
from cyclesim.names import canonical
from cyclesim.report import report_html, series_csv, summary
from cyclesim.report.charts import MOST_LINES
from cyclesim.report.figures import plot
from cyclesim.scenario import read_study
from cyclesim.scenario.parts import StudyRun
from cyclesim.simulation import simulate
from cyclesim.study import run_study
from tests.models_in_text import aux, flow, stock, xmile

MODEL = Path(__file__).parents[1] / "errors" / "studies" / "steps.xmile"
STEPS = {"Check in": 0.2, "Treatment": 0.3, "Check out": 0.5}
KINDS = ("New", "Old")
DATA = "week,index\n0,0.1\n5,0.4\n12,0.2\n"


def scalars() -> str:
    """Return the model without arrays: a variable for each element, `Share of Check in`."""
    made = [aux("Demand", 100)]
    for step, share in STEPS.items():
        made += [
            stock(f"Backlog of {step}", 10, f"Arrivals of {step}", f"Completions of {step}"),
            flow(f"Arrivals of {step}", f'Demand * "Share of {step}"'),
            flow(f"Completions of {step}", f'"Backlog of {step}" / "Time needed of {step}"'),
            aux(f"Share of {step}", share),
            aux(f"Time needed of {step}", 2),
            *(aux(f"Price of {step},{kind}", 7) for kind in KINDS),
        ]
    made += [
        aux("Failure rate of Check in", '0.1 * "Backlog of Check in"'),
        aux("Failure rate of Treatment", '0.05 * "Backlog of Treatment"'),
        aux("Failure rate of Check out", 1),
    ]
    return xmile(*made, stop=20, dt="0.25", save=1)


def study(folder: Path, text: str, model: str = "steps.xmile", outputs: str = "Demand: up") -> Path:
    (folder / "data.csv").write_text(DATA)
    shutil.copy(MODEL, folder)
    (folder / "scalars.xmile").write_text(scalars())
    path = folder / f"{Path(model).stem}.yaml"
    head = f"model: {model}\ntitle: A test\nchange_from: 3\noutputs:\n  {outputs}\n"
    path.write_text(f"{head}scenarios:\n  baseline:\n{text}", encoding="utf-8")
    return path


def run(folder: Path, text: str, outputs: str = "Demand: up") -> StudyRun:
    return run_study(study(folder, text, outputs=outputs))


def written_out(text: str) -> str:
    """Return a study text with one key for each element of what it names."""
    lines: list[str] = []
    for line in text.splitlines():
        found = re.match(r"(\s+)([A-Z][\w ]*)\[(.*?)\]: (.*)", line)
        if found is None:
            lines.append(line)
            continue
        indent, name, subscripts, value = found.groups()
        elements = [[]]
        for known, wanted in zip((list(STEPS), KINDS), subscripts.split(","), strict=False):
            names = known if wanted == "*" else [wanted]
            elements = [[*each, one] for each in elements for one in names]
        lines += [f"{indent}{name} of {','.join(each)}: {value}" for each in elements]
    return "\n".join(lines) + "\n"


def compare(folder: Path, text: str) -> None:
    arrays = run(folder, text)
    other = run_study(study(folder, written_out(text), model="scalars.xmile"))
    for scenario, results in other.results.items():
        for name in results.columns:
            mine = re.sub(r"^(.*) of (.*)$", r"\1[\2]", name)
            assert np.array_equal(arrays.results[scenario][mine], results[name]), (scenario, name)


def main(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as left:
        command_line(arguments)
    return int(left.value.code or 0)


CHANGES = [
    "0.36",
    "36 %",
    "{step: {to: 0.9, at: 5}}",
    "{step: {by: 0.1}}",
    "{ramp: {to: 0.8, from: 4, until: 12}}",
    "{ramp: {by: 0.2, until: 12}}",
    "{pulse: {to: 0.9, from: 5, for: 3}}",
    "{pulse: {by: 0.3, for: 3}}",
    "{points: [[2, 0.5], [6, 0.1]]}",
    "{points: [[2, 0.5], [6, 0.1]], between: hold}",
    "{csv: data.csv, time: week, column: index}",
]
PARTS = ["Share[Treatment]", "Share[*]", "Price[Check out,Old]", "Price[*,New]",
         "Failure rate[Check in]", "Failure rate[Check out]", "Arrivals[Treatment]"]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_every_kind_of_change_of_every_kind_of_part_is_as_on_scalars(tmp_path, change):
    scenarios = [
        f"  s{place}:\n    changes:\n      {part}: {change}" for place, part in enumerate(PARTS)
    ]
    compare(tmp_path, "\n".join(scenarios) + "\n")


def test_values_before_the_start_are_as_on_scalars(tmp_path):
    compare(
        tmp_path,
        """  one:
    initial:
      Backlog[Check in]: 40
      Share[Treatment]: 0.1
      Failure rate[Check out]: 3
  all:
    initial:
      Backlog[*]: 40
      Price[Treatment,*]: 1
  follows:
    initial: recompute
    changes:
      Time needed[Treatment]: 4
      Demand: 50
""",
    )


def test_later_layers_take_over_the_elements_that_they_name(tmp_path):
    found = run(
        tmp_path,
        """  all:
    changes:
      Share: {step: {by: 0.1, at: 2}}
  one:
    extends: all
    changes:
      Share[Treatment]: {step: {to: 0.9, at: 10}}
  back:
    extends: one
    changes:
      Share: {step: {to: 0.4, at: 15}}
""",
    )
    share = {name: results["Share"] for name, results in found.results.items()}
    assert share["all"][:, 5].tolist() == pytest.approx([0.3, 0.4, 0.6])
    # The element's own change takes the place of the array's: nothing of it is left.
    assert share["one"][:, 5].tolist() == pytest.approx([0.3, 0.3, 0.6])
    assert share["one"][:, 10].tolist() == pytest.approx([0.3, 0.9, 0.6])
    assert share["back"][:, 10].tolist() == pytest.approx([0.2, 0.3, 0.5])
    assert share["back"][:, 15].tolist() == pytest.approx([0.4, 0.4, 0.4])


@pytest.mark.parametrize("turned", [False, True])
def test_the_narrower_name_wins_within_one_list(tmp_path, turned):
    changes = ["      Price: 1\n", '      "Price[*,New]": 2\n', "      Price[Treatment,New]: 3\n"]
    listed = "".join(reversed(changes) if turned else changes)
    starts = ["Backlog: 1", '"Backlog[Check in]": 2']
    start = ", ".join(reversed(starts) if turned else starts)
    found = run(tmp_path, f"  one:\n    initial: {{{start}}}\n    changes:\n{listed}")
    assert found.results["one"]["Price"][..., -1].tolist() == [[2, 1], [3, 1], [2, 1]]
    assert found.results["one"]["Backlog"][:, 0].tolist() == [2, 1, 1]


def test_a_name_whose_elements_are_all_named_beside_it_changes_nothing(tmp_path):
    elements = "".join(f"      Share[{step}]: 0.1\n" for step in STEPS)
    found = run(tmp_path, f"  one:\n    changes:\n      Share: 0.9\n{elements}")
    assert found.results["one"]["Share"][:, -1].tolist() == [0.1] * 3


def test_a_starting_state_is_laid_under_the_values_of_a_scenario(tmp_path):
    found = run_study(
        study(
            tmp_path,
            """  one: {start: full, initial: {"Backlog[Check in]": 3}}
  all: {start: part, initial: {Backlog: 8}}
starting_states:
  full: {Backlog: 50}
  part: {"Backlog[Treatment]": 1}
""",
        )
    )
    assert found.results["one"]["Backlog"][:, 0].tolist() == [3, 50, 50]
    assert found.results["all"]["Backlog"][:, 0].tolist() == [8, 8, 8]
    told = re.findall(r"<span><bdi>(.+?)</bdi> (.+?)</span>", report_html(found))
    assert told[:2] == [("Backlog", "50"), ("Backlog[Check in]", "3")]


def test_changes_are_told_with_the_number_that_the_element_had(tmp_path):
    found = run(
        tmp_path,
        """  one:
    initial: {"Share[Treatment]": 0.1}
    changes:
      Share[Treatment]: 0.4
      Share[Check out]: 0.6
      Time needed: 4
      Failure rate[Treatment]: 2
  all: {changes: {Share: 0.3}}
""",
    )
    words = {c.variable.name: c.words for s in found.study.scenarios for c in s.changes}
    assert words == {
        "Share[Treatment]": "0.1 -> 0.4 from week 3",
        "Share[Check out]": "0.5 -> 0.6 from week 3",
        "Time needed": "2 -> 4 week from week 3",
        "Failure rate[Treatment]": "set to 2 1/week from week 3",
        "Share": "set to 0.3 from week 3",
    }
    assert [warning.message for warning in found.study.warnings] == [
        "has an equation, '0.05 * Backlog[Treatment]'; it is replaced from week 3 on"
    ]


def test_expectations_are_about_elements(tmp_path):
    text = "  one: {changes: {Demand: 50}}\nexpect:\n" + "".join(
        f'  - {{scenario: one, variable: "{name}", at: 2, {wanted}}}\n'
        for name, wanted in (
            ("share[check_OUT]", "equals: 0.5, within: 1e-9"),
            ("Share[Check in]", "above: 0.3"),
            ("Backlog[Treatment]", 'above: {scenario: one, variable: "Backlog[Check in]"}'),
        )
    )
    assert [(v.held, v.words) for v in run(tmp_path, text).verdicts][:2] == [
        (True, "Share[Check out] at week 2 is 0.5, within 1e-09 of 0.5 as expected"),
        (False, "Share[Check in] at week 2 is 0.2, not above 0.3"),
    ]
    third = run(tmp_path, text).verdicts[2]
    assert third.held
    assert third.words.endswith("(Backlog[Check in] of 'one') as expected")


def test_settings_name_elements(tmp_path):
    path = study(tmp_path, "  one: {changes: {Share: {step: {by: 0.1}}}}\n")
    found = run_study(path, settings={"share[Treatment]": 0.7, "Share": 0.6, "Failure rate": 1})
    assert found.results["baseline"]["Share"][:, 0].tolist() == [0.6, 0.7, 0.6]
    assert found.results["one"]["Share"][:, -1].tolist() == pytest.approx([0.7, 0.8, 0.7])
    settings = found.results["one"].provenance["settings"]
    assert settings == {"Share": 0.6, "Failure rate": 1, "Share[Treatment]": 0.7}


def test_the_command_line_sets_elements(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = study(tmp_path, "  one: {changes: {Demand: 50}}\n")
    assert main(["run", path.name, "--set", "Share[Check in]=70 %", "--out", "results"]) == 0
    assert "set: 'Share[Check in]' = 0.7" in capsys.readouterr().err
    rows = list(csv.DictReader(io.StringIO((tmp_path / "results/series.csv").read_text())))
    assert {row["Share[Check in]"] for row in rows} == {"0.7"}
    assert main(["simulate", "steps.xmile", "--set", "share[check_in]=0.4",
                 "--initial", "Backlog[ Treatment ]=1", "--out", "run.csv"]) == 0  # fmt: skip
    told = capsys.readouterr().err
    assert "'Share[Check in]' = 0.4" in told
    assert "'Backlog[Treatment]' = 1 order" in told
    first = next(csv.DictReader(io.StringIO((tmp_path / "run.csv").read_text())))
    assert (first["Share[Check in]"], first["Backlog[Treatment]"]) == ("0.4", "1.0")
    assert main(["simulate", "steps.xmile", "--set", "Price[Treatment,New]=1",
                 "--set", "Price[Treatment, New]=2"]) == 2  # fmt: skip
    assert "--set gives 'Price[Treatment, New]' twice" in capsys.readouterr().err


# What is shown


TWO = "  more: {changes: {Demand: 120}}\n"


def test_an_output_that_is_an_array_is_shown_element_by_element(tmp_path):
    found = run(tmp_path, TWO, "Failure rate: down\n  Share[Treatment]: up")
    shown = [output.title for output in found.study.outputs]
    assert shown == [f"Failure rate[{step}]" for step in STEPS] + ["Share[Treatment]"]
    told = summary(found)["scenarios"][1]["outputs"]
    assert [one["variable"] for one in told] == shown
    assert told[0]["end"] == pytest.approx(found.results["more"]["Failure rate"][0, -1])
    assert told[0]["sentence"].startswith("Failure rate[Check in] rises from 1.00 to 4.80")
    json.dumps(summary(found), allow_nan=False)


def test_series_hold_every_element(tmp_path):
    found = run(tmp_path, TWO)
    rows = list(csv.DictReader(io.StringIO(series_csv(found))))
    results = found.results["more"]
    assert set(rows[0]) == {"scenario", "time", *results.columns}
    mine = [row for row in rows if row["scenario"] == "more"]
    for name, place in results.columns.items():
        values = results.trajectory.values[place].tolist()
        assert [float(row[name]) for row in mine] == values, name


def payload(page: str) -> list[dict]:
    found = re.search(r'<script type="application/json" id="payload">(.*?)</script>', page)
    found = found or re.search(r'<script[^>]*id="payload"[^>]*>(.*?)</script>', page, re.DOTALL)
    return json.loads(found.group(1))["charts"]


def test_few_elements_share_a_chart_of_which_every_line_is_told_apart(tmp_path):
    found = run(tmp_path, TWO, "Failure rate: {good: down, title: Failures}\n  Demand: up")
    page = report_html(found)
    elements, demand = payload(page)
    assert len(elements["data"]) == len(elements["lines"]) == 6 <= MOST_LINES
    assert elements["scenarios"] == [0, 1] * 3
    assert demand["scenarios"] == [0, 1]
    assert len({(tuple(c), t["line"]["dash"]) for c, t in
                zip(elements["lines"], elements["data"], strict=True)}) == 6  # fmt: skip
    ends = {end["line"]: end["text"] for end in elements["ends"]}
    assert [ends[line] for line in range(6)] == [
        f"{letter} {step}" for step in STEPS for letter in "AB"
    ]
    low, high = elements["layout"]["yaxis"]["range"]
    for number, step in enumerate(STEPS):
        for place, scenario in enumerate(("baseline", "more")):
            values = found.results[scenario][f"Failure rate[{step}]"]
            assert low <= values.min()
            assert values.max() <= high
            trace = elements["data"][2 * number + place]
            assert trace["name"].endswith(f", {step}")
    assert "Failures[Check out]" in page
    assert "<bdi>Failures</bdi>" in page


def test_more_lines_than_a_chart_can_carry_have_a_chart_for_each_element(tmp_path):
    several = "".join(f"  s{n}: {{changes: {{Demand: {n}}}}}\n" for n in range(3))
    charts = payload(report_html(run(tmp_path, several, "Share: up")))
    assert [len(chart["data"]) for chart in charts] == [4, 4, 4]


def test_of_a_large_array_the_first_elements_are_shown_and_it_is_said(tmp_path):
    found = run(tmp_path, TWO, "Load: down\n  Load[40]: up")
    shown = [output.title for output in found.study.outputs]
    assert shown == [*(f"Load[{n}]" for n in range(1, 13)), "Load[40]"]
    assert [w.message for w in found.study.warnings] == [
        "is an array of 40 elements, and the first 12 are shown; series.csv holds all"
    ]


def test_parameters_are_listed_by_element_where_they_differ(tmp_path):
    page = report_html(run(tmp_path, '  one: {changes: {"Share[Treatment]": 0.4}}\n'))
    rows = re.findall(r'<th scope="row"><bdi>([^<]*)</bdi>(.*?)</th><td>([^<]*)</td>', page)
    numbers = {name: (number, "changed in" in changed) for name, changed, number in rows}
    assert numbers["Share[Check in]"] == ("0.2", False)
    assert numbers["Share[Treatment]"] == ("0.3", True)
    assert numbers["Time needed"] == ("2", False)


def test_a_figure_draws_an_array_in_panels(tmp_path):
    found = run(tmp_path, TWO)
    drawn = plot(found.results["more"], "Backlog", "Price[*,New]")
    titles = [drawn.layout[axis].title.text for axis in
              ("yaxis", *(f"yaxis{n}" for n in range(2, 7)))]  # fmt: skip
    assert [title.partition(" (")[0].partition("<br>")[0] for title in titles] == [
        *(f"Backlog[{step}]" for step in STEPS), *(f"Price[{step},New]" for step in STEPS)
    ]  # fmt: skip


# Both targets


@pytest.mark.parametrize("target", ["python", "numpy"])
def test_targets_agree_on_changed_elements(tmp_path, target):
    text = "  one:\n    changes:\n" + "".join(
        f"      {part}: {change}\n" for part, change in zip(PARTS[2:], CHANGES[2:], strict=False)
    )
    read = read_study(study(tmp_path, text))
    changed: CompiledModel = read.model.changed(*(c.override for c in read.scenarios[1].changes))
    assert changed.flat.by_ident[canonical("Price")].shape == (3, 2)
    one = simulate(changed, target=target, estimate_error=False)
    other = run_study(read).results["one"]
    assert np.allclose(one.trajectory.values, other.trajectory.values, 1e-12, 0)
