"""The `javascript` target: a model as a script for a browser, and the runtime that it needs.

A script holds our own names, numbers, and the names of variables as quoted text. It registers
its program with the runtime, which steps, saves, and says how a run ended.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources

from cyclesim.codegen.program import Source
from cyclesim.codegen.render_javascript import JavascriptRenderer
from cyclesim.codegen.script import script_text
from cyclesim.compiler import FlatModel
from cyclesim.errors import UsageError
from cyclesim.names import Ident
from cyclesim.project import SimSpecs
from cyclesim.schedule import schedule_of

RUNTIME = ("operations", "probability", "noise", "arrays", "allocation", "conveyors",
           "clock", "blame", "run")  # fmt: skip
"""The files of the runtime, in the order in which they stand in it."""


def emit_javascript(
    flat: FlatModel, name: str = "model", keep: Collection[Ident] | None = None
) -> Source:
    """Return the script of a model, which registers its program under a name.

    `keep` names the variables that are to be shown, all where it is None: whatever neither they
    nor the state of the run need is left out.
    """
    return Source("javascript", script_text(flat, JavascriptRenderer(flat), name, keep), flat)


def runtime_text() -> str:
    """Return the script of the runtime, which defines `cyclesim`."""
    folder = resources.files("cyclesim.codegen") / "javascript"
    parts = [(folder / f"{part}.js").read_text(encoding="utf-8") for part in RUNTIME]
    body = "\n".join(parts)
    return f'const cyclesim = (function () {{\n"use strict";\n\n{body}}})();\n'


def schedule_numbers(specs: SimSpecs, declared: SimSpecs | None = None) -> dict[str, object]:
    """Return the settings of a run as the runtime takes them, ready for JSON.

    Whole numbers that a double may not hold are texts. `save_every` is a number of steps, as a
    fraction. Noise keeps to the grid of `declared`. Raises UsageError for an adaptive method,
    and where the times make no run.
    """
    if specs.method.adaptive:
        raise UsageError(f"{specs.method.value} does not run in a browser. Use euler, rk2 or rk4.")
    schedule = schedule_of(specs, declared)
    clock, tableau = schedule.clock, schedule.tableau
    every = (specs.save_interval or specs.dt) / specs.dt
    return {
        "tableau": {"a": tableau.a, "b": tableau.b, "c": tableau.c},
        "first": str(clock.first),
        "each": str(clock.each),
        "parts": str(clock.parts),
        "steps": clock.steps,
        "save_every": [str(every.numerator), str(every.denominator)],
        "declared_dt": schedule.declared_dt,
    }
