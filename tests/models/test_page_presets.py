"""What a study's page computes, in Node, against what `cyclesim run` gives."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from library_runs import STUDIES, study

from cyclesim.codegen.emit_javascript import runtime_text
from cyclesim.compiler import Points, Pulse, Ramp, Step
from cyclesim.ensemble import run_scenario
from cyclesim.page import payload
from cyclesim.scenario import Study, read_study
from tests.javascript_runs import NODE, node

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node: name it in CYCLESIM_NODE")

ENGINE = (Path(payload.__file__).parent / "template" / "engine.js").read_text("utf-8")


def played(made: payload.Contents, states: list[dict]) -> list[dict]:
    """Return what the engine of a page gives in some states: {preset, values} each."""
    names = [output["name"] for output in made.data["outputs"]]
    script = "\n".join([
        runtime_text(), *made.programs, ENGINE,
        f"const data = {json.dumps(made.data)};",
        "const made = engine.makeEngine(data);",
        f"const runs = {json.dumps(states)}.map(({{preset, values}}) =>",
        f"  made.run(preset, values, {json.dumps(names)}));",
        "console.log(JSON.stringify(runs.map((run) => (",
        "  {time: [...run.time], values: [...run.values.values()].map((each) => [...each]),",
        "   status: run.status}))));",
    ])  # fmt: skip
    return json.loads(node(script))


WHOLE = ("cost_programme", "eroding_standard", "virtuous_or_vicious", "which_element_first")
"""Studies held against their whole runs; the others until all changes are at work."""


def until_all_changes_work(asked: Study) -> Study:
    """Return a study that stops a twelfth of its run after the last of its changes."""
    overrides = [change.override for scenario in asked.scenarios for change in scenario.changes]
    times = [float(asked.specs.start)]
    for override in overrides:
        times.append(override.time if isinstance(override, Step) else 0.0)
        times += override.times if isinstance(override, Points) else ()
        if isinstance(override, Pulse):
            times.append(override.start + override.duration)
        if isinstance(override, Ramp):
            times.append(override.until)
    specs = asked.specs
    stop = min(specs.stop, math.ceil(max(times)) + (specs.stop - specs.start) // 12)
    return replace(asked, specs=replace(specs, stop=Fraction(stop)))


@pytest.mark.parametrize("name", STUDIES)
def test_the_numbers_of_presets_are_those_of_the_study(name: str) -> None:
    asked = study(name)
    if name not in WHOLE:
        asked = until_all_changes_work(asked)
    made = payload.contents(asked, with_loops=False)
    presets = [{"preset": place, "values": {}} for place in range(len(asked.scenarios))]
    whole = [run_scenario(asked, each, estimate_error=False) for each in asked.scenarios]
    played_runs = played(made, presets)
    for results, found in zip(whole, played_runs, strict=True):
        assert found["status"]["complete"]
        assert np.array_equal(found["time"], results.time)
    for place, output in enumerate(asked.outputs):
        wanted = np.array([results[output.variable.name] for results in whole])
        columns = np.array([found["values"][place] for found in played_runs])
        # The range is that of all scenarios: one of them may be at rest.
        assert np.abs(columns - wanted).max() <= 1e-9 * np.ptp(wanted), output.title


MOVED = """
  moved:
    extends: {extends}
    changes: {{{changes}}}
"""


@pytest.mark.parametrize(
    ("preset", "levers"),
    [
        ("baseline", {"Training share": 0.31, "Demand multiplier": 1.07}),
        ("training cut", {"Training share": 0.36}),
        ("training restored late", {"Training share": 0.5}),
        ("training restored late", {"Recognition share": 0.2}),
        ("surge with recognition", {"Demand multiplier": 0.93}),
        ("two points lower", {"Managers listen to staff": 0.74}),
    ],
)
def test_a_lever_moved_is_a_scenario_that_extends_the_preset(
    preset: str, levers: dict[str, float], tmp_path: Path
) -> None:
    asked = study("virtuous_or_vicious")
    # The scenarios stand last in what is kept, so that one more may follow them.
    text = Path(asked.path).read_text("utf-8").partition("\ntipping:")[0]
    changes = ", ".join(f"{lever}: {value}" for lever, value in levers.items())
    path = tmp_path / "study.yaml"
    path.write_text(text + MOVED.format(extends=preset, changes=changes), "utf-8")
    own = read_study(path)
    whole = run_scenario(own, own.scenarios[-1], estimate_error=False)
    made = payload.contents(asked, with_loops=False)
    places = [lever["name"] for lever in made.data["levers"]]
    state = {
        "preset": [scenario.name for scenario in asked.scenarios].index(preset),
        "values": {places.index(lever): value for lever, value in levers.items()},
    }
    (found,) = played(made, [state])
    for output, column in zip(asked.outputs, found["values"], strict=True):
        wanted = whole[output.variable.name]
        assert np.abs(np.array(column) - wanted).max() <= 1e-9 * np.ptp(wanted), output.title


TURNS = """
const lever = {low: 0, high: 1, step: 0.01};
const sides = {
  one: (x) => Math.sign(x - 0.37),
  breaks: (x) => (x > 0.8 ? NaN : 1),
  band: (x) => (Math.abs(x - 0.37) < 0.001 ? 0 : Math.sign(x - 0.37)),
  none: () => -1,
  two: (x) => (x > 0.2 && x < 0.9 ? 1 : -1),
};
const found = Object.entries(sides).map(([name, side]) =>
  [name, engine.turns(0.6, lever, side)]);
console.log(JSON.stringify(Object.fromEntries(found),
  (key, value) => (Number.isNaN(value) ? "NaN" : value)));
"""


def test_turns_are_found_where_they_are_to_a_twentieth_of_a_step() -> None:
    found = json.loads(node(f"{runtime_text()}{ENGINE}{TURNS}"))
    near = pytest.approx
    assert found["one"]["below"] == {"at": near(0.37, abs=5e-4), "side": -1}
    assert found["one"]["above"] is None
    assert found["breaks"]["above"] == {"at": near(0.8, abs=5e-4), "side": "NaN"}
    assert found["band"]["below"] == {"at": near(0.371, abs=5e-4), "side": -1}
    assert found["none"]["below"] is found["none"]["above"] is None
    assert found["two"]["below"]["at"] == near(0.2, abs=5e-4)
    assert found["two"]["above"]["at"] == near(0.9, abs=5e-4)


def test_a_run_that_breaks_down_has_no_side() -> None:
    ask = "console.log(JSON.stringify([[1, 2], [2, 1], [1, 1.005], [1, NaN], [0, 0]]"
    ask += ".map((column) => String(engine.side(column)))));"
    sides = json.loads(node(f"{runtime_text()}{ENGINE}{ask}"))
    assert sides == ["1", "-1", "0", "NaN", "0"]
