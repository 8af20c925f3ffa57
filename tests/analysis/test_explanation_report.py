"""The report's section on why: what it says, draws and leaves out."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import numpy as np
import pytest

from cyclesim.analysis.explanation import StudyExplanations, explain_study
from cyclesim.analysis.words import moment, number
from cyclesim.report import report_html, summary
from cyclesim.scenario.parts import StudyRun
from cyclesim.simulation import simulate
from tests.analysis.test_explanation import turned_by_a_change


def ran() -> tuple[StudyRun, StudyExplanations]:
    study, results = turned_by_a_change()
    still = simulate(study.model)
    run = StudyRun(study, {"baseline": still, "more": results})
    return run, explain_study(run)


def payload(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="payload">(.*?)</script>', page, re.S)
    assert found is not None
    told: dict[str, Any] = json.loads(found[1])
    return told


def test_the_sentence_the_strip_and_the_run_without_the_loop_are_there():
    run, explained = ran()
    found = explained.by_scenario["more"]
    assert found.claim is not None
    page = report_html(run, explained=explained)
    told = html.unescape(page).replace("\u00a0%", " %")
    assert " -> " in found.sentence
    assert found.sentence.startswith("Vicious cycle. ")
    # The badge says which cycle it is, and once is enough; no line breaks before or in an arrow.
    shown = found.sentence.removeprefix("Vicious cycle. ").replace(" -> ", "\u00a0→ ")
    assert f'<p class="finding" dir="auto">{shown}</p>' in told
    assert "vicious cycle" in told
    cut = found.claim.cut
    assert cut.value is not None
    at = f"to stay at its value of {moment(cut.time, 'week')}, {number(cut.value)}, from then on;"
    assert f"takes '{cut.source}' {at} all else goes on." in told
    (reason,) = payload(page)["reasons"]
    as_it_ran, without = (trace["y"] for trace in reason["data"])
    np.testing.assert_allclose(as_it_ran, run.results["more"]["Quality"])
    np.testing.assert_allclose(without, found.claim.values)
    assert [(p["start"], p["end"]) for p in reason["phases"]] == [(0, 10), (10, 40)]
    assert reason["phases"][1]["text"].startswith("R ")
    assert len(reason["layout"]["shapes"]) == 2


def test_scenarios_at_rest_and_those_left_out_are_named():
    run, explained = ran()
    assert "there is nothing to explain, in <q><bdi>As it is" in report_html(
        run, explained=explained
    )
    some = StudyExplanations({"baseline": explained.by_scenario["baseline"]}, ("more",), 2.0)
    page = report_html(run, explained=some)
    assert "would have taken longer: <q><bdi>More work" in page
    assert payload(page)["reasons"] == []


def test_without_explanations_there_is_no_such_section():
    run, _ = ran()
    assert 'id="why"' not in report_html(run)
    assert summary(run)["not_explained"] == ["baseline", "more"]


def test_the_summary_holds_each_explanation():
    run, explained = ran()
    found = json.loads(json.dumps(summary(run, explained), allow_nan=False))
    baseline, more = (scenario["explanation"] for scenario in found["scenarios"])
    assert found["not_explained"] == []
    assert (baseline["cause"], baseline["claim"]) == ("nothing", None)
    assert (more["cause"], more["cycle"]) == ("loop", "vicious")
    assert more["claim"]["output_at_end_without"] == pytest.approx(0.98, abs=5e-3)
