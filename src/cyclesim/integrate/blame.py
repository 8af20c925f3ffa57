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
    seen = _Seen(program, bound.outputs(time, time, *state))
    at = f"at time {time:.10g}{seen.units}"
    flat = program.flat
    feeding = _feeding(program)
    statements = (*flat.constants, *flat.steps)
    for assignment in (each for statement in statements for each in statement.assignments):
        ident = assignment.ident
        if ident not in feeding:
            continue
        needs = tuple({n: None for piece in assignment.pieces for n in symbols(piece.term)})
        if not seen.finite(ident) and all(seen.finite(need) for need in needs):
            name, value = seen.worst(ident)
            message = f"'{name}' became {_word(value)} {at}, from {seen.listed(needs)}"
            return RunStatus(Status.DIVERGED, time, message)
    for rule in flat.levels:
        if not seen.finite(rule.ident):
            name, value = seen.worst(rule.ident)
            message = f"the initial value of '{name}' is {_word(value)}"
            return RunStatus(Status.DIVERGED, time, message)
    for rule in flat.levels:
        flows = (*rule.inflows, *rule.outflows)
        if any(abs(value) > 1e290 for flow in flows for value in seen.values(flow)):
            name = flat.by_ident[rule.ident].name
            message = (
                f"the stock '{name}' grew beyond the numbers after time {time:.10g}{seen.units}"
            )
            return RunStatus(Status.DIVERGED, time, f"{message}, from {seen.listed(flows)}")
    message = (
        f"a stock grew beyond the numbers between time {time:.10g} and {after:.10g}{seen.units}"
    )
    return RunStatus(Status.DIVERGED, time, message)


def _feeding(program: Program) -> frozenset[Ident]:
    """Return what stocks and memory take in, directly or through others."""
    flat = program.flat
    needs = {
        variable.ident: [need for piece in variable.pieces for need in symbols(piece.term)]
        for variable in flat.variables
    }
    waiting = [flow for rule in flat.levels for flow in (*rule.inflows, *rule.outflows)]
    fed = [rule.update for rule in flat.memories] + [ring.input for ring in flat.buffers]
    waiting += [need for pieces in fed for piece in pieces for need in symbols(piece.term)]
    found: set[Ident] = set()
    while waiting:
        ident = waiting.pop()
        if ident not in found:
            found.add(ident)
            waiting += needs[ident]
    return frozenset(found)


class _Seen:
    """The values of all variables at one time, by identifier."""

    def __init__(self, program: Program, row: Sequence[Any]) -> None:
        self.flat = program.flat
        self.row = [float(value) for value in row]
        self.units = f" {self.flat.time_units}" if self.flat.time_units else ""

    def values(self, ident: Ident) -> list[float]:
        place = self.flat.places[ident]
        return self.row[place : place + self.flat.by_ident[ident].size]

    def finite(self, ident: Ident) -> bool:
        return all(math.isfinite(value) for value in self.values(ident))

    def worst(self, ident: Ident) -> tuple[str, float]:
        """Return the first element that is no number, by its full name."""
        pairs = zip(self.flat.by_ident[ident].columns, self.values(ident), strict=True)
        return next((name, value) for name, value in pairs if not math.isfinite(value))

    def listed(self, needs: Sequence[Ident]) -> str:
        shown = []
        for need in needs:
            values = self.values(need)
            text = (
                f"{values[0]:.6g}"
                if len(values) == 1
                else f"{min(values):.6g} to {max(values):.6g}"
            )
            shown.append(f"'{self.flat.by_ident[need].name}' = {text}")
        return ", ".join(shown) if shown else "the clock alone"


def _word(value: float) -> str:
    return "NaN (not a number)" if value != value else "infinite"
