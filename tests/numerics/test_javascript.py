"""The `javascript` target under Node: operations, arrays, state over time, noise, odd names."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from cyclesim.codegen import emit_javascript
from cyclesim.codegen.emit_javascript import runtime_text, schedule_numbers
from cyclesim.compiler import FlatModel, Piece, flatten
from cyclesim.compiler.terms import Apply, Symbol
from cyclesim.names import canonical
from cyclesim.operations import OPERATIONS
from tests.javascript_runs import NODE, node
from tests.models_in_text import aux, model

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node.js: install nodejs")

NAN, INF = math.nan, math.inf
NAMES = ("p", "q", "r")

ROUNDED = {
    "standard_normal": 4, "normal_quantile": 4, "log_gamma": 4, "beta_quantile": 8,
}  # fmt: skip
"""Operations whose golden values are themselves rounded, and by how many ulps they may differ."""


# --- operations ----------------------------------------------------------------------------------


def operation_model(operation: str, in_step: bool) -> FlatModel:
    """Return a model whose variable `y` is an operation of parameters p, q, r.

    `in_step` makes it a value of each step instead of one computed when the run is bound.
    """
    resolved = model(
        *(aux(name, 1) for name in NAMES), aux("never", "TIME < -1"), aux("y", "p + q + r")
    ).resolved
    arguments = tuple(Symbol(canonical(name)) for name in NAMES[: OPERATIONS[operation].arity])
    formula = Apply(operation, arguments)
    if in_step:
        still = next(part for part in resolved.parts if part.about.ident == "never").formula[0].term
        zero = Apply("subtract", (Symbol(canonical("p")), Symbol(canonical("p"))))
        formula = Apply("select", (still, zero, formula))
    parts = tuple(
        replace(part, formula=(Piece(formula),)) if part.about.ident == "y" else part
        for part in resolved.parts
    )
    return flatten(replace(resolved, parts=parts))


def computed(asked: list[tuple[str, bool, tuple[float, ...]]]) -> list[float]:
    """Return what generated code makes of operations, (name, in a step, arguments) each."""
    lines = [runtime_text(), "const given = [], models = new Map();"]
    made: set[tuple[str, bool]] = set()
    for operation, in_step, arguments in asked:
        key = f"{operation} {in_step}"
        if (operation, in_step) not in made:
            made.add((operation, in_step))
            flat = operation_model(operation, in_step)
            settings = json.dumps(schedule_numbers(flat.sim_specs))
            lines.append(emit_javascript(flat, key).text)
            lines.append(f'models.set("{key}", cyclesim.model("{key}", {settings}));')
        numbers = json.dumps([float(a) for a in (*arguments, *[0.0] * (3 - len(arguments)))])
        lines.append(f'given.push(["{key}", {numbers}]);')
    lines.append("""
const found = given.map(([key, numbers]) => {
  const m = models.get(key);
  const parameters = m.parameters.slice();
  ["p", "q", "r"].forEach((n, k) => { parameters[m.parameterPlaces.get(n)] = numbers[k]; });
  return String(m.run({ parameters, stop: 1, keep: [m.rowPlaces.get("y")] }).values[0][1]);
});
console.log(JSON.stringify(found));""")
    return [float(text.replace("Infinity", "inf")) for text in json.loads(node("\n".join(lines)))]


def same(found: float, wanted: float, ulps: int) -> bool:
    if wanted != wanted or found != found:
        return wanted != wanted and found != found
    return found == wanted or abs(found - wanted) <= ulps * math.ulp(wanted)


def test_golden_values_of_every_operation() -> None:
    golden = [
        (name, in_step, arguments, wanted)
        for name, operation in OPERATIONS.items()
        for in_step in (False, True)
        for arguments, wanted in operation.golden
    ]
    found = computed([asked[:3] for asked in golden])
    wrong = [
        (*asked, value)
        for asked, value in zip(golden, found, strict=True)
        if not same(value, asked[3], ROUNDED.get(asked[0], 0))
    ]
    assert wrong == []
