"""Models run by the `javascript` target under Node: many in one process, answers as bytes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from cyclesim.codegen.emit_javascript import emit_javascript, runtime_text, schedule_numbers
from cyclesim.compiler import FlatModel
from cyclesim.project import SimSpecs

NODE = os.environ.get("CYCLESIM_NODE") or shutil.which("node") or shutil.which("nodejs")

WRITTEN = """
const fs = require("fs");
const told = [];
const out = fs.openSync(process.argv[2], "w");
function write(run) {
  told.push({ status: run.status, rows: run.values.length, times: run.time.length });
  for (const column of [run.time, ...run.values]) {
    fs.writeSync(out, new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
}
"""


@dataclass(frozen=True)
class Job:
    """A run asked for: a model, its settings, and what `run` is given besides.

    `before` is the model in whose initial state the run starts, if not its own.
    """

    flat: FlatModel
    specs: SimSpecs | None = None
    declared: SimSpecs | None = None
    before: FlatModel | None = None
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ran:
    """What a run gave: `time` (time,), `values` (row, time), and how it ended."""

    time: np.ndarray
    values: np.ndarray
    status: dict[str, Any]


def node(script: str, *arguments: str) -> str:
    """Return what a script prints under Node."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "script.js"
        path.write_text(script, encoding="utf-8")
        done = subprocess.run(
            [str(NODE), str(path), *arguments], capture_output=True, text=True, encoding="utf-8"
        )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def script_of(jobs: Sequence[Job]) -> str:
    """Return a script that runs jobs and hands each to `write`, texts and numbers only."""
    lines = [runtime_text()]
    for number, job in enumerate(jobs):
        specs = job.specs or job.flat.sim_specs
        settings = json.dumps(schedule_numbers(specs, job.declared))
        given = json.dumps(job.given)  # NaN and Infinity are JavaScript's own words
        lines.append(emit_javascript(job.flat, f"model {number}").text)
        if job.before is not None:
            lines.append(emit_javascript(job.before, f"before {number}").text)
            state = f'cyclesim.model("before {number}", {settings}).initialState({given})'
            given = f"{{...{given}, state: {state}}}"
        lines.append(f'write(cyclesim.model("model {number}", {settings}).run({given}));')
    return "\n".join(lines)


def ran(jobs: Sequence[Job]) -> list[Ran]:
    """Return what Node makes of jobs, in one process."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "values"
        shown = node(f"{WRITTEN}{script_of(jobs)}\nconsole.log(JSON.stringify(told));", str(path))
        numbers = np.fromfile(path, dtype="<f8")
    found = []
    place = 0
    for told in json.loads(shown):
        count, times = told["rows"] + 1, told["times"]
        block = numbers[place : place + count * times].reshape(count, times)
        place += count * times
        found.append(Ran(block[0], block[1:], told["status"]))
    assert place == len(numbers)
    return found


def assert_same(flat: FlatModel, wanted: np.ndarray, found: Ran) -> None:
    """A run agrees with that of `python` to 1e-9 of each variable's range.

    A variable that rests has no range of its own: it may differ by 1e-12 of what is large in
    its unit, or among what it is computed from.
    """
    assert found.values.shape == wanted.shape
    rows = {v.ident: slice(flat.places[v.ident], flat.places[v.ident] + v.size)
            for v in flat.variables}  # fmt: skip
    peaks = {ident: float(np.abs(wanted[place]).max()) for ident, place in rows.items()}
    large: dict[str | None, float] = {}
    for variable in flat.variables:
        large[variable.units] = max(large.get(variable.units, 1.0), peaks[variable.ident])
    spread = np.ptp(wanted, axis=1)
    away = np.abs(wanted - found.values).max(axis=1)
    for variable in flat.variables:
        needs = [peaks[need] for piece in variable.pieces for need in piece.symbols]
        allowed = 1e-9 * spread + 1e-12 * max(large[variable.units], *needs, 0.0)
        place = rows[variable.ident]
        assert (away[place] <= allowed[place]).all(), (variable.name, away[place], allowed[place])
