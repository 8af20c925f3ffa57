"""Models as scripts in Chromium: the same runs as in Python, under a policy without eval."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cyclesim import library
from cyclesim.codegen.emit_javascript import emit_javascript, runtime_text, schedule_numbers
from cyclesim.ensemble import run_scenario, scenario_models
from cyclesim.scenario import read_study
from cyclesim.simulation import load, simulate
from tests.browser.test_report import ARGUMENTS, chromium
from tests.javascript_runs import Ran, assert_same
from tests.models_in_text import aux, flow, model, stock

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="no Chromium: install one, or name it in CYCLESIM_CHROMIUM"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield started
        started.close()


def opened(browser: Any, folder: Path, *scripts: str) -> tuple[Any, list[str]]:
    """Return a page of scripts, each allowed by its digest alone, and what it complained of."""
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    policy = escape(f"default-src 'none'; script-src {allowed}", quote=True)
    written = "".join(f"<script>{script}</script>" for script in scripts)
    path = folder / "page.html"
    path.write_text(
        f'<!doctype html><html><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"></head>'
        f"<body>{written}</body></html>",
        encoding="utf-8",
    )
    page = browser.new_context(offline=True).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(path.as_uri())
    return page, complaints


def told(page: Any, run: str) -> Ran:
    """Return what a run gave in the page."""
    text = page.evaluate(
        f"() => {{ const r = {run}; return JSON.stringify("
        "[Array.from(r.time), r.values.map(v => Array.from(v)), r.status]); }"
    )
    time, values, status = json.loads(text)
    return Ran(np.array(time), np.array(values, dtype=float), status)


@pytest.mark.parametrize("name", ["service_cycle", "park", "budworm_outbreak"])
def test_a_library_model_runs_as_in_python(browser: Any, tmp_path: Path, name: str) -> None:
    flat = load(name).flat
    numbers = json.dumps(schedule_numbers(flat.sim_specs))
    start = f'const m = cyclesim.model("model", {numbers});'
    page, complaints = opened(browser, tmp_path, runtime_text(), emit_javascript(flat).text, start)
    found = told(page, "m.run()")
    assert complaints == []
    assert found.status["complete"]
    assert_same(flat, simulate(load(name), estimate_error=False).trajectory.values, found)


def test_a_scenario_starts_where_the_unchanged_organisation_stands(
    browser: Any, tmp_path: Path
) -> None:
    study = read_study(library.study_path("virtuous_or_vicious"))
    scenario = next(one for one in study.scenarios if one.changes and not one.recompute)
    before, changed = scenario_models(study, scenario)
    numbers = json.dumps(schedule_numbers(study.specs, study.model.flat.sim_specs))
    start = (
        f'const s = {numbers}, m = cyclesim.model("changed", s);'
        'const state = cyclesim.model("before", s).initialState();'
    )
    scripts = [emit_javascript(before.flat, "before").text,
               emit_javascript(changed.flat, "changed").text]  # fmt: skip
    page, complaints = opened(browser, tmp_path, runtime_text(), *scripts, start)
    found = told(page, "m.run({ state })")
    assert complaints == []
    wanted = run_scenario(study, scenario, estimate_error=False)
    assert_same(changed.flat, wanted.trajectory.values, found)


def test_noise_and_hostile_names_do_no_harm(browser: Any, tmp_path: Path) -> None:
    name = '</script><script>alert(\\"here\\")</script><!--\u202e\u2028'
    loaded = model(stock(f'"{name}"', 1, "f"), flow("f", "NORMAL(0, 1)"), aux("u", "RANDOM(0, 1)"),
                   stop=50, method="RK4", time_units=escape(name))  # fmt: skip
    numbers = json.dumps(schedule_numbers(loaded.flat.sim_specs))
    start = f'const m = cyclesim.model("model", {numbers});'
    text = emit_javascript(loaded.flat).text
    page, complaints = opened(browser, tmp_path, runtime_text(), text, start)
    found = told(page, "m.run({ seed: 5, run: 7 })")
    assert complaints == []
    assert page.locator("script").count() == 3
    wanted = simulate(loaded, noise_seed=5, run=7, estimate_error=False).trajectory.values
    assert_same(loaded.flat, wanted, found)
    assert page.evaluate("m.rows[0]") == loaded.flat.variables[0].name
