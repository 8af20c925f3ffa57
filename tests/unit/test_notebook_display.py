"""What shows itself in a notebook: numbers as in the results, hostile names as text."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cyclesim as cs
from cyclesim.analysis.sensitivity import Wishes
from cyclesim.analysis.words import number
from cyclesim.display import Shown
from cyclesim.errors import UsageError
from tests.models_in_text import aux, compiled, flow, stock, xmile

HOSTILE = "<script>alert(1)</script>"


def shown(thing: Shown) -> str:
    text = thing._repr_html_()
    assert text is not None
    return text


def test_a_run_shows_the_start_and_end_of_its_stocks():
    text = xmile(
        stock("Cups", "100", outflows="Loss"),
        flow("Loss", "Cups / 10"),
        stock("Still", "0.679822"),
        dt="1/4",
    )
    results = cs.simulate(compiled(text))
    found = re.findall(
        r"<tr><th scope=.row.>(.*?)</th><td>(.*?)</td><td>(.*?)</td>", shown(results)
    )
    assert found[0] == ("Cups", "100", f"{100 * (1 - 1 / 40) ** 40:.0f}")
    assert found[1][1] == found[1][2]


def test_names_are_text_and_never_markup():
    model = compiled(xmile(stock(HOSTILE, "1", outflows="out"), flow("out", "1"), aux("a&b", "2")))
    for thing in (model, cs.simulate(model), cs.stock_diagram(model)):
        text = shown(thing)
        assert "<script" not in text
        assert html.escape(HOSTILE, quote=False) in text.replace("&#34;", '"')


def test_a_study_shows_every_scenario_and_what_did_not_hold():
    run = cs.run_study("hiring_wave")
    text = shown(run)
    for scenario in run.study.scenarios:
        assert html.escape(scenario.title) in text
    assert f"{len(run.verdicts)} of {len(run.verdicts)} expectations hold" in text
    assert "<script" not in text


def test_loops_show_their_sentences():
    model = compiled(xmile(stock("Cups", "100", outflows="Loss"), flow("Loss", "Cups / 10")))
    text = shown(cs.loops(cs.simulate(model)))
    assert "balancing" in text
    assert "Cups" in text


def test_what_has_no_picture_is_refused():
    from cyclesim.report.notebook import html_of

    with pytest.raises(TypeError, match="int has no picture"):
        html_of(3)


def test_showing_is_loaded_when_asked_for(tmp_path: Path):
    code = "import sys, cyclesim, cyclesim.results; print('cyclesim.report' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


HOSTILE_STUDY = """
model: m.xmile
title: <img src=x onerror=alert(1)>
outputs: {"<b>Cups</b>": {good: down}}
scenarios:
  "<i>one</i>": {title: <script>alert(1)</script>}
  two: {changes: {"Time & <u>loss</u>": 5}}
design: {runs: 20, vary: {"Time & <u>loss</u>": {from: 5, to: 15}}}
"""
MARKUP = ("<script", "<img", "<b>C", "<i>", "<u>")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    text = xmile(
        stock("<b>Cups</b>", "100", outflows="Loss"),
        flow("Loss", '"<b>Cups</b>" / "Time & <u>loss</u>"'),
        aux("Time & <u>loss</u>", "10"),
        stop="20",
    )
    (tmp_path / "m.xmile").write_text(text, encoding="utf-8")
    (tmp_path / "s.yaml").write_text(HOSTILE_STUDY, encoding="utf-8")
    return tmp_path


def test_analyses_show_hostile_names_as_text(hostile: Path):
    run = cs.run_study(hostile / "s.yaml")
    why = cs.explain_study(run)
    batch = cs.run_batch(hostile / "s.yaml", hostile / "runs")
    analysis = cs.tipping(run.study)
    wishes = Wishes(methods=("morris",), paths=4)
    things = (run, why, why["two"], batch, analysis, cs.sensitivity(run.study, wishes))
    margin = analysis.margins.thresholds[0] if analysis.margins else None
    for thing in (*things, *([margin] if margin else [])):
        text = shown(thing)
        for markup in MARKUP:
            assert markup not in text, (type(thing).__name__, markup)
    for thing in (run, why["two"], batch):
        drawn = cs.plot(thing).to_json()
        assert not any(markup.replace("<", "\\u003c") in drawn for markup in MARKUP[:2])
        assert not any(f'"{markup}' in drawn for markup in MARKUP)


def test_an_explanation_shows_its_sentence_and_its_figure(hostile: Path):
    why = cs.explain_study(cs.run_study(hostile / "s.yaml"), scenarios=["two"])
    assert list(why.by_scenario) == ["two"]
    assert html.unescape(shown(why["two"])).count(why["two"].sentence) == 1
    course = next(trace for trace in cs.plot(why["two"]).data if trace.name == "as it ran")
    # Euler with steps of 1: a tenth goes in the first step, then, changed, a fifth in each.
    assert course.y[-1] == pytest.approx(100 * 0.9 * 0.8**19)
    with pytest.raises(UsageError, match="no scenario 'thre'"):
        cs.explain_study(cs.run_study(hostile / "s.yaml"), scenarios=["thre"])


def test_a_batch_shows_the_quantiles_of_its_runs(hostile: Path):
    batch = cs.run_batch(hostile / "s.yaml", hostile / "runs", runs=40, scenarios=["two"])
    table = batch.table()
    assert len(table) == 40
    ends = table["<b>Cups</b> (end)"].to_numpy()
    assert f"<b>{number(float(np.median(ends)))}</b>" in shown(batch)
    fan = {trace.name: trace for trace in cs.plot(batch).data}
    assert fan["two"].y[-1] == pytest.approx(np.median(ends))
    low, high = (trace for trace in cs.plot(batch).data if trace.name is None)
    assert (low.y[-1], high.y[-1]) == pytest.approx(tuple(np.quantile(ends, (0.05, 0.95))))
    with pytest.raises(UsageError, match="kept no 'Loss'"):
        cs.plot(batch, "Loss")


def test_a_notebook_stores_no_more_text_than_is_read():
    results = cs.simulate(compiled(xmile(stock("Cups", "100"))))
    bundle = results._repr_mimebundle_()
    assert bundle["text/plain"] == "<Results>"
    assert bundle["text/html"] == shown(results)
