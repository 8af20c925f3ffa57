"""Which variable left the numbers first, when, and from which inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cyclesim.codegen import Bound, Program
from cyclesim.compiler.terms import symbols
from cyclesim.integrate.trajectory import RunStatus, Status
from cyclesim.names import Ident


def diverged(
    program: Program,
    bound: Bound,
    time: float,
    state: tuple[Sequence[Any], Sequence[Any]],
    after: float,
) -> RunStatus:
    """Return the status of a run whose stocks are numbers at `time` and not at `after`."""
    row = bound.outputs(time, time, *state)
    flat = program.flat
    values = {v.ident: float(value) for v, value in zip(flat.variables, row, strict=True)}
    units = f" {flat.time_units}" if flat.time_units else ""
    at = f"at time {time:.10g}{units}"
    feeding = _feeding(program)
    for ident in (*flat.constants, *flat.steps):
        if ident not in feeding:
            continue
        needs = symbols(flat.by_ident[ident].term)
        if not math.isfinite(values[ident]) and all(math.isfinite(values[n]) for n in needs):
            message = f"'{flat.by_ident[ident].name}' became {_word(values[ident])} {at}"
            return RunStatus(
                Status.DIVERGED, time, f"{message}, from {_listed(program, needs, values)}"
            )
    for rule in flat.levels:
        if not math.isfinite(values[rule.ident]):
            name = flat.by_ident[rule.ident].name
            message = f"the initial value of '{name}' is {_word(values[rule.ident])}"
            return RunStatus(Status.DIVERGED, time, message)
    for rule in flat.levels:
        flows = (*rule.inflows, *rule.outflows)
        rate = sum(values[i] for i in rule.inflows) - sum(values[o] for o in rule.outflows)
        if not math.isfinite(rate + values[rule.ident]) or abs(rate) > 1e290:
            name = flat.by_ident[rule.ident].name
            message = f"the stock '{name}' grew beyond the numbers after time {time:.10g}{units}"
            return RunStatus(
                Status.DIVERGED, time, f"{message}, from {_listed(program, flows, values)}"
            )
    message = f"a stock grew beyond the numbers between time {time:.10g} and {after:.10g}{units}"
    return RunStatus(Status.DIVERGED, time, message)


def _feeding(program: Program) -> frozenset[Ident]:
    """Return what stocks and memory take in, directly or through others."""
    flat = program.flat
    needs = {variable.ident: symbols(variable.term) for variable in flat.variables}
    waiting = [flow for rule in flat.levels for flow in (*rule.inflows, *rule.outflows)]
    for term in (*(rule.update for rule in flat.memories), *(ring.input for ring in flat.buffers)):
        waiting += symbols(term) if term is not None else ()
    found: set[Ident] = set()
    while waiting:
        ident = waiting.pop()
        if ident not in found:
            found.add(ident)
            waiting += needs[ident]
    return frozenset(found)


def _word(value: float) -> str:
    return "NaN (not a number)" if value != value else "infinite"


def _listed(program: Program, needs: Sequence[Ident], values: dict[Ident, float]) -> str:
    shown = [f"'{program.flat.by_ident[n].name}' = {values[n]:.6g}" for n in needs]
    return ", ".join(shown) if shown else "the clock alone"
