"""The report, its figures and its tables; how it behaves in a browser is tested there."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from cyclesim.analysis.behavior import sentence
from cyclesim.compiler import Points
from cyclesim.errors import UsageError
from cyclesim.report import report_html, series_csv, summary, write_report, write_series_csv
from cyclesim.report.charts import picked_times, spread_apart
from cyclesim.report.evidence import Basis, ground_of
from cyclesim.report.figures import LINES, PLOTLY_CONFIG, figure, letter, line, plot, value_range
from cyclesim.report.findings import answers, in_one_sentence, strongest_first
from cyclesim.report.marks import LETTER_WIDTH, Mark, begins, marks_of, places
from cyclesim.scenario.parts import StudyRun
from tests.study_runs import HOSTILE, broken_off, study_run


class Page(HTMLParser):
    """The elements of a page and the text that a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def run() -> StudyRun:
    return study_run()


@pytest.fixture(scope="module")
def page(run: StudyRun) -> str:
    return report_html(run)


# What it says


def test_the_report_answers_first_and_then_shows_why(page: str) -> None:
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings == [
        "Before you trust this",
        "The answer",
        "Side by side in week 100",
        "Over time",
        "What each scenario changes",
        "What was expected, and whether it holds",
        "What the numbers rest on",
        "How exactly it was computed",
        "Warnings and notes",
        "How to repeat it",
    ]


def test_the_answer_has_the_numbers_and_the_scenario_that_moves_farthest_first(
    run: StudyRun,
) -> None:
    found = strongest_first(answers(run))
    assert [answer.scenario.name for answer in found] == ["more", "cut", "baseline"]
    assert found[1].main.words == (
        "Service quality falls from 1.00 to 0.51 by week 100, from week 11 on, "
        "declining, then levelling off: worse than at the start, 49 % lower than in 'As it is'."
    )
    assert in_one_sentence(answers(run)) == (
        "Service quality gets better in 1 of 3 scenarios and worse in 1. "
        "It ends best in 'More training', at 1.73, and worst in 'Training cut', at 0.51."
    )


def test_no_finding_claims_a_cause(run: StudyRun) -> None:
    # Virtuous and vicious are said of loops, and no loop has been looked at here.
    said = json.dumps(summary(run)) + Page(report_html(run)).text
    assert not re.search("virtuous|vicious", said, re.IGNORECASE)


def test_every_parameter_says_what_it_rests_on(page: str) -> None:
    text = Page(page).text
    assert (
        "Of 4 parameters, 1 is assumed within a plausible range, 1 is without a source or a word "
        "on where the number comes from, 1 is taken from a source and 1 is a matter of definition "
        "or scale." in text
    )
    rows = re.findall(r'<th scope="row"><bdi>([^<]*)</bdi>[^\n]*<b>(\w[\w ]*)</b>', page)
    assert [basis for _, basis in rows] == [basis.value for basis in Basis]


@pytest.mark.parametrize(
    ("doc", "basis", "words"),
    [
        (None, Basis.UNKNOWN, ""),
        ("A number.", Basis.UNKNOWN, ""),
        ("A rate. Source: Smith 1999, table 3.", Basis.SOURCE, "Smith 1999, table 3."),
        ("A rate. Definition: the\n scale.", Basis.DEFINITION, "the scale."),
        ("A. Assumption: plausible from 26 to 78.", Basis.ASSUMPTION, "plausible from 26 to 78"),
        (
            "A. Assumption: plausible from 0.5 to 1.5; nobody counts them.",
            Basis.ASSUMPTION,
            "plausible from 0.5 to 1.5; nobody counts them.",
        ),
        ("A. Assumption: a guess.", Basis.ASSUMPTION, "a guess."),
    ],
)
def test_a_doc_says_what_a_number_rests_on(doc: str | None, basis: Basis, words: str) -> None:
    found = ground_of(doc)
    assert (found.basis, found.words) == (basis, words)


def test_a_failed_check_is_told_before_the_answer(page: str) -> None:
    assert page.index("1 of 2 checks of this study does not hold") < page.index("The answer")
    assert page.index("✗ fails") < page.index("✓ holds")


def test_a_step_that_is_too_coarse_is_told(run: StudyRun) -> None:
    results = run.results["cut"]
    assert results.error is not None
    coarse = replace(results.error, share_of_range={"Service quality": 0.02})
    told = report_html(replace(run, results={**run.results, "cut": replace(results, error=coarse)}))
    assert "The step is too coarse for a headline variable" in Page(told).text
    hidden = replace(results.error, share_of_range={"Service quality": 0.0, "Learning": 0.02})
    told = report_html(replace(run, results={**run.results, "cut": replace(results, error=hidden)}))
    assert "The step is coarse behind the headline variables" in Page(told).text
    assert "too coarse" not in Page(told).text


def test_a_run_that_broke_off_is_told_and_shown_as_far_as_it_went(run: StudyRun) -> None:
    broken = broken_off(run, "more", 30)
    text = Page(report_html(broken)).text
    assert "'More training' did not run to its end: a stock became infinite at week 30." in text
    assert "no end" in text
    assert "by week 29" in text
    json.dumps(summary(broken), allow_nan=False)
    last = list(csv.reader(io.StringIO(series_csv(broken))))[-1]
    assert last[:2] == ["more", "100.0"]
    assert set(last[2:]) == {""}


def test_it_says_how_to_repeat_it_and_shows_no_folder_of_the_writer(run: StudyRun) -> None:
    assert "cyclesim run studies/training.yaml" in report_html(run)
    given = report_html(run, command=["cyclesim", "run", "my study.yaml"])
    assert "cyclesim run 'my study.yaml'" in Page(given).text
    elsewhere = replace(run, study=replace(run.study, path="/home/someone/secret/training.yaml"))
    assert "someone" not in report_html(elsewhere)


def test_the_same_run_gives_the_same_bytes(run: StudyRun, page: str) -> None:
    assert report_html(run) == page


# What it must not do


def test_hostile_texts_are_shown_and_never_run() -> None:
    for text in HOSTILE:
        told = report_html(study_run(" ".join(text.split()), (text, text + "2", "Third"), text))
        page = Page(told)
        assert not [tag for tag, _ in page.tags if tag in ("img", "iframe", "object")]
        assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
        assert sum(tag == "script" for tag, _ in page.tags) == 3
        assert " ".join(text.split()) in page.text
        payload = re.search(r'id="payload">(.*?)</script>', told)
        assert payload is not None
        json.loads(payload.group(1))


def test_nothing_is_fetched_from_anywhere(page: str) -> None:
    found = Page(page)
    for tag, attrs in found.tags:
        assert not {"src", "href", "srcset", "action", "data"} & set(attrs), tag
    assert "url(" not in page.split("</style>")[0]
    assert "@import" not in page


def test_the_policy_allows_the_two_scripts_by_their_hashes_and_nothing_else(page: str) -> None:
    found = Page(page)
    policy = next(
        a["content"] for t, a in found.tags if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    packed = re.search(r'id="library">(.*?)</script>', page)
    own = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert packed is not None
    assert len(own) == 1
    scripts = [own[0].encode(), gzip.decompress(base64.b64decode(packed.group(1)))]
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
        for script in scripts
    ]
    assert policy.startswith("default-src 'none';")
    assert f"script-src {' '.join(hashes)};" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy


def test_every_figure_is_shown_without_an_offer_to_send_it(run: StudyRun) -> None:
    assert PLOTLY_CONFIG["showSendToCloud"] is False
    assert PLOTLY_CONFIG["displaylogo"] is False
    for drawn in (plot(run), figure({"a": run.results["cut"]}, "Cost")):
        written = drawn.to_html(include_plotlyjs=False)
        assert '"showSendToCloud": false' in written
        assert '"displaylogo": false' in written


def test_a_report_is_whole_or_not_there(
    run: StudyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_report(run, tmp_path / "new" / "report.html")
    assert path.read_text("utf-8") == report_html(run)

    def full(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("cyclesim.files.os.replace", full)
    with pytest.raises(OSError, match="disk"):
        write_report(run, tmp_path / "second" / "report.html")
    assert list((tmp_path / "second").iterdir()) == []


def test_importing_the_package_and_the_report_imports_no_plotly() -> None:
    code = (
        "import sys, cyclesim, cyclesim.report, cyclesim.report.figures;"
        "assert not {'plotly', 'pandas', 'jinja2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Figures


def test_a_figure_has_a_line_for_each_run_with_colour_and_dash_of_its_own(run: StudyRun) -> None:
    drawn = figure({"a <b>": run.results["baseline"], "c": run.results["cut"]}, "service quality")
    assert [trace.name for trace in drawn.data] == ["a &lt;b&gt;", "c"]
    looks = {(trace.line.color, trace.line.dash) for trace in drawn.data}
    assert len(looks) == 2
    assert drawn.layout.yaxis.title.text == "Service quality"
    assert drawn.layout.xaxis.title.text == "week"


def test_forty_scenarios_look_different_and_have_names() -> None:
    looks = [line(place) for place in range(40)]
    assert len({(look.light, look.dash) for look in looks}) == 40
    assert len({letter(place) for place in range(40)}) == 40


def contrast(colour: str, other: str) -> float:
    def luminance(text: str) -> float:
        parts = [int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(colour), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_line_is_seen_on_white_and_on_dark() -> None:
    for look in LINES:
        assert contrast(look.light, "#ffffff") >= 4.5
        assert contrast(look.dark, "#14171b") >= 4.5


def test_plot_takes_one_run_several_or_a_study(run: StudyRun) -> None:
    assert len(plot(run.results["cut"]).data) == 1
    assert len(plot({"a": run.results["cut"], "b": run.results["more"]}, "Cost").data) == 2
    assert len(plot(run).data) == 6
    with pytest.raises(UsageError, match="no variable is called 'Costs'"):
        plot(run.results["cut"], "Costs")


def test_what_hardly_moves_is_drawn_flat() -> None:
    low, high = value_range([np.array([100.0, 100.1])])
    assert high - low > 5


def test_no_label_of_a_mark_meets_another_nor_the_line_of_one_in_a_higher_row() -> None:
    times = (0.0, 0.5, 10, 11, 12, 40, 48, 49, 90, 97, 99, 100)
    marks = [Mark(i, time, "Something happens here", ()) for i, time in enumerate(times)]
    for width, with_text in ((640.0, True), (250.0, False)):
        found = places(marks, 0, 100, width, with_text)
        spans = []
        for mark, place in zip(marks, found, strict=True):
            at, long = width * mark.time / 100, LETTER_WIDTH * len(place.text)
            begin, end = (at, at + long) if place.anchor == "left" else (at - long, at)
            spans.append((place.row, begin, end, at))
        for one, other in combinations(spans, 2):
            if one[0] == other[0]:
                assert one[2] <= other[1] or other[2] <= one[1]
            low, high = sorted((one, other))
            assert low[0] == high[0] or not low[1] < high[3] < low[2]


def test_events_speak_for_the_changes_of_their_time(run: StudyRun) -> None:
    marks = marks_of(run.study)
    assert [mark.time for mark in marks] == [10, 12]
    assert [(entry.text, entry.scenarios) for entry in marks[0].entries] == [
        ("What if we train less?", (1,)),
        ("Training share changed", (2,)),
    ]


@pytest.mark.parametrize(("hold", "time"), [(True, 10.0), (False, 0.0)])
def test_points_that_begin_as_it_was_begin_to_count_when_they_leave_it(
    run: StudyRun, hold: bool, time: float
) -> None:
    change = run.study.scenarios[1].changes[0]
    points = Points(change.variable.ident, (0, 10, 49), (0.4, 0.27, 0.4), hold)
    assert begins(replace(change, override=points, time=0.0)) == time
    assert begins(change) == 10


def test_letters_at_the_ends_stay_apart_and_inside() -> None:
    placed = spread_apart([5.0, 5.1, 5.05, 9.9, 0.0], 1.0, 0.0, 10.0)
    ordered = sorted(placed)
    assert all(high - low >= 1 - 1e-9 for low, high in pairwise(ordered))
    assert min(placed) >= 0
    assert max(placed) <= 10


@pytest.mark.parametrize("length", [1.0, 10.0, 26, 52, 100, 156, 260, 520, 1e-3, 1e6])
@pytest.mark.parametrize("units", ["week", "Months", "day", ""])
def test_a_table_of_values_has_at_most_a_dozen_rows_and_the_end(length: float, units: str) -> None:
    time = np.linspace(0, length, 1041)
    picked = picked_times(time, units)
    assert 2 <= len(picked) <= 13
    assert picked[0] == 0
    assert picked[-1] == 1040


# Tables


def test_the_series_hold_every_variable_with_all_its_digits(run: StudyRun, tmp_path: Path) -> None:
    path = write_series_csv(run, tmp_path / "series.csv")
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    assert rows[0][:3] == ["scenario", "time", "Service quality"]
    assert len(rows) == 1 + 3 * 101
    for row in rows[1:]:
        index = int(float(row[1]))
        assert float(row[2]) == run.results[row[0]]["Service quality"][index]


def test_the_summary_is_json_with_the_same_sentences(run: StudyRun) -> None:
    found = json.loads(json.dumps(summary(run), allow_nan=False))
    assert found["schema_version"] == 1
    cut = found["scenarios"][1]
    quality = cut["outputs"][0]
    assert quality["shape"] == "levelling off"
    assert quality["better"] is False
    assert quality["change"] == pytest.approx(quality["end"] - quality["start"])
    assert quality["sentence"] == answers(run)[1].findings[0].words
    assert cut["discretisation_error"]["share_of_range"] < 0.02
    assert cut["provenance"]["method"] == "euler"
    assert [verdict["held"] for verdict in found["expectations"]] == [True, False]


def test_a_sentence_without_a_baseline_compares_with_nothing(run: StudyRun) -> None:
    output = run.study.outputs[1]
    text = sentence(output, run.results["cut"])
    assert text.startswith("Cost falls from 300 to 200 pounds/week by week 100")
    assert text.endswith(": better than at the start.")
    assert math.isclose(run.results["cut"]["Cost"][-1], 200)
