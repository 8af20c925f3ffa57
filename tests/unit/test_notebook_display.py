"""What shows itself in a notebook: numbers as in the results, hostile names as text."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cyclesim as cs
from cyclesim.display import Shown
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
