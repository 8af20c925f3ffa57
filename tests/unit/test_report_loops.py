"""Figures and tables of loops and of traced changes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import cyclesim as cs
from cyclesim.analysis.explanation import trace_csv, why_changed
from cyclesim.analysis.loops import Named, loops
from cyclesim.cli import cli
from cyclesim.simulation import load, simulate
from tests.models_in_text import flow, model, stock


def rows_of(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table)))


def test_areas_add_up_to_the_whole_change() -> None:
    """While anything moves the sizes of all shares come to one; signs tell the areas apart."""
    found = loops(simulate(load("yeast")))
    drawn = cs.plot(found)
    areas = np.array([trace.y for trace in drawn.data], dtype=float)
    active = np.abs([loop.relative for loop in found.loops]).sum(axis=0) > 0
    assert np.abs(areas).sum(axis=0)[active] == pytest.approx(100 * np.ones(active.sum()))
    net = sum(loop.relative for loop in found.loops)
    assert areas.sum(axis=0) == pytest.approx(100 * net, abs=1e-9)
    shown = {trace.name for trace in drawn.data if trace.showlegend}
    assert shown == {f"{loop.mark} {loop.name}" for loop in found.loops}


def test_named_loops_of_a_folded_model_have_a_panel_of_their_own() -> None:
    results = simulate(load("service_cycle"), {"Training share": 0.27})
    named = [Named("Practice", ("Understanding", "Standards", "Development", "Listening",
                                "Measurement", "Recognition"))]  # fmt: skip
    found = loops(results, named)
    assert found.by_name
    titles = {note.text for note in cs.plot(found).layout.annotations}
    assert "Loops with names, in shares of one another" in titles


def test_a_name_is_drawn_as_text() -> None:
    name = "<b>Bold</b>"
    whole = model(stock(name, 1, "In"), flow("In", f'0.1 * "{name}"'), stop=10)
    drawn = cs.plot(loops(simulate(whole)))
    assert all("<b>" not in trace.name for trace in drawn.data)


def test_a_traced_change_has_bars_and_a_table() -> None:
    """Of a sum that rises from 30 to 80 one term gives 40, the other 10: 80 and 20 %."""
    whole = model(
        stock("First", 10, "More"), flow("More", 4), stock("Second", 20, "Other"),
        flow("Other", 1), stock("Sum", 0, "Change"), flow("Change", "First + Second"), stop=10,
    )  # fmt: skip
    trace = why_changed(simulate(whole), "Change", 0, 10)
    rows = rows_of(trace_csv(trace))
    shares = {row["name"]: float(row["share"]) for row in rows if row["depth"] == "1"}
    assert shares == pytest.approx({"First": 0.8, "Second": 0.2})
    (bars,) = cs.plot(trace).data
    drawn = {
        label.strip(" \u00a0\u200b"): share for label, share in zip(bars.y, bars.x, strict=True)
    }
    assert drawn["First"] == pytest.approx(80)
    assert drawn["Second"] == pytest.approx(20)


def test_why_with_a_folder_writes_its_tree(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["loops", "yeast", "--why", "Cells", "--to", "40", "--out", "told", "--quiet"]
    assert CliRunner().invoke(cli, asked).exit_code == 0
    assert sorted(each.name for each in Path("told").iterdir()) == ["why.csv", "why.json"]
    told = json.loads(Path("told", "why.json").read_text("utf-8"))
    rows = rows_of(Path("told", "why.csv").read_text("utf-8"))
    assert (rows[0]["name"], rows[0]["depth"]) == ("Cells", "0")
    assert float(rows[0]["end"]) == told["trace"]["end"]
    again = CliRunner().invoke(cli, asked)
    assert again.exit_code != 0  # nothing is overwritten unasked


def test_explain_writes_a_table_of_what_was_cut(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["run", "eroding_standard", "--explain", "--no-margin", "--out", "told", "--quiet"]
    assert CliRunner().invoke(cli, asked).exit_code == 0
    rows = rows_of(Path("told", "why.csv").read_text("utf-8"))
    summary = json.loads(Path("told", "summary.json").read_text("utf-8"))
    claims = {
        each["name"]: each["explanation"]["claim"]["share_of_movement_taken"]
        for each in summary["scenarios"]
        if each["explanation"] and each["explanation"]["claim"]
    }
    told = {row["scenario"]: float(row["taken"]) for row in rows if row["part"] == "adds"}
    assert told
    assert told == pytest.approx(claims)
