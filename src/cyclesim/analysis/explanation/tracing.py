"""Why a variable changed between two times: its inputs' shares, and theirs, as a tree.

A value computed at one time is traced through its equation, each input moved alone; a stock
through its flows, each by how far it has moved from what it was at the start. Delays and smooths
are one link. A way that comes back to a variable on it closes a loop, which is named.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.loops.graph import Equation, NetFlow, computed
from cyclesim.analysis.loops.naming import named_rows, runs_through
from cyclesim.analysis.loops.parts import Named
from cyclesim.analysis.loops.scores import contributions
from cyclesim.analysis.words import many, moment, pair
from cyclesim.compiler import FlatVariable
from cyclesim.compiler.terms import moves
from cyclesim.errors import UsageError
from cyclesim.results import Results

DEPTH = 4
LEAST = 0.05
"""An input below this share of a change is not traced."""

_MOST_INPUTS = 6


@dataclass(frozen=True)
class Trace:
    """One variable on the way up: how it changed, and its `share` of the change below it.

    Shares of inputs add up to 1 with `pace`, the part of a stock's change that flows as they were
    at the start would have made, and `rest`, the part of the clock, of inputs together and of
    inputs too small to be told. `changed` says that a scenario's change or the clock moves it.
    `closes` names the loop that is closed here.
    """

    name: str
    start: float
    end: float
    share: float
    inputs: tuple[Trace, ...] = ()
    pace: float = 0.0
    rest: float = 0.0
    changed: bool = False
    closes: str = ""


def why_changed(
    results: Results,
    variable: str,
    start: float,
    stop: float,
    *,
    depth: int = DEPTH,
    names: Sequence[Named] = (),
) -> Trace:
    """Return why a variable changed between two times, up to a depth.

    Times are those saved nearest to `start` and `stop`. Raises UsageError for a name that is not
    there or is an array, and for times that are not one after the other within the run.
    """
    found = results.variable(variable)
    known = results.flat.found(variable)
    offset = known[1] if known is not None else None
    if found.shape and offset is None:
        raise UsageError(f"'{found.name}' is an array. Name one element, as '{found.columns[0]}'.")
    time = np.asarray(results.time, dtype=float)
    if not time[0] <= start < stop <= time[-1]:
        raise UsageError(
            f"from {start:g} to {stop:g} is no stretch of a run from {time[0]:g} to {time[-1]:g}."
        )
    first, last = (int(np.abs(time - at).argmin()) for at in (start, stop))
    if first == last:
        raise UsageError(f"from {start:g} to {stop:g} there is a single saved time.")
    tracer = _Tracer(results, first, last, names)
    row = results.flat.places[found.ident] + (offset or 0)
    return tracer.trace(row, 1.0, depth, ())


class _Tracer:
    def __init__(self, results: Results, first: int, last: int, names: Sequence[Named]) -> None:
        self.results, self.first, self.last = results, first, last
        self.flat = results.flat
        values = results.trajectory.values
        self.values = values.reshape((*values.shape[:2], -1))[:, :, 0]
        self.owners = [
            (variable, offset) for variable in self.flat.variables
            for offset in range(variable.size)
        ]  # fmt: skip
        self.chains = {each.name: named_rows(self.flat, each) for each in names}

    def trace(self, row: int, share: float, depth: int, path: tuple[int, ...]) -> Trace:
        variable, offset = self.owners[row]
        start, end = float(self.values[row, self.first]), float(self.values[row, self.last])
        name = variable.columns[offset]
        if row in path:
            return Trace(name, start, end, share, closes=self.loop((*path[path.index(row) :],)))
        change = end - start
        size = max(abs(start), abs(end))
        equations, net_flows = computed(self.flat, variable.ident)
        equation = next((each for each in equations if each.target == row), None)
        net_flow = next((each for each in net_flows if each.target == row), None)
        moved = self.moved_from_outside(variable)
        if depth == 0 or abs(change) <= 1e-9 * size or (equation is None and net_flow is None):
            return Trace(name, start, end, share, changed=moved)
        parts, pace = self.parts(equation, net_flow)
        inputs, told = [], 0.0
        for source, part in sorted(parts.items(), key=lambda each: -abs(each[1]))[:_MOST_INPUTS]:
            if abs(part) >= LEAST * abs(change):
                told += part
                inputs.append(self.trace(source, part / change, depth - 1, (*path, row)))
        rest = 1.0 - (told + pace) / change
        return Trace(name, start, end, share, tuple(inputs), pace / change, rest, moved)

    def parts(
        self, equation: Equation | None, net_flow: NetFlow | None
    ) -> tuple[dict[int, float], float]:
        """Return what each visible input adds to a change, and what the pace at the start does."""
        found: dict[int, float] = {}
        pace = 0.0
        if net_flow is not None:
            time = np.asarray(self.results.time, dtype=float)[self.first : self.last + 1]
            for row, sign in net_flow.flows:
                flow = self.values[row, self.first : self.last + 1]
                pace += sign * float(flow[0]) * float(time[-1] - time[0])
                found[row] = sign * float(np.trapezoid(flow - flow[0], time))
        elif equation is not None:
            added = contributions(self.results, equation, self.first, self.last)
            for row, part in zip(equation.inputs, added.tolist(), strict=True):
                source = self.visible(row)
                if source is not None:
                    found[source] = found.get(source, 0.0) + part
        return found, pace

    def visible(self, row: int) -> int | None:
        """Return a row, or for the inside of a delay the row that goes into it."""
        seen = {row}
        waiting = [row]
        for each in waiting:
            if not self.owners[each][0].hidden:
                return each
            equations, net_flows = computed(self.flat, self.owners[each][0].ident)
            sources = [r for e in equations if e.target == each for r in e.inputs]
            sources += [r for e in net_flows if e.target == each for r, _ in e.flows]
            waiting += [r for r in sources if r not in seen]
            seen.update(sources)
        return None

    def moved_from_outside(self, variable: FlatVariable) -> bool:
        formulas = [
            piece for statement in self.flat.steps for each in statement.assignments
            if each.ident == variable.ident for piece in each.pieces
        ]  # fmt: skip
        return any(moves(piece.term) for piece in formulas)

    def loop(self, rows: tuple[int, ...]) -> str:
        """Return the name of a loop traced upwards, or its way downwards."""
        downwards = rows[::-1]
        for name in sorted(self.chains, key=lambda each: -len(self.chains[each])):
            if runs_through(downwards, self.chains[name]):
                return name
        names = [self.owners[row][0].columns[self.owners[row][1]] for row in downwards]
        return " -> ".join((*names, names[0]))


def trace_lines(trace: Trace, results: Results, start: float, stop: float) -> Iterator[str]:
    """Yield a trace line by line, each variable under what it moves."""
    units = results.flat.time_units
    if math.isclose(trace.start, trace.end, rel_tol=1e-9):
        do = "do" if many(trace.name) else "does"
        yield f"{trace.name} {do} not change between {moment(start, units)} and {stop:g}."
        return
    yield (
        f"{_course(trace)} between {moment(start, units)} and {moment(stop, units)}. "
        "Shares are of the change of the line above:"
    )
    yield from _under(trace, "  ")


def _under(trace: Trace, indent: str) -> Iterator[str]:
    for each in trace.inputs:
        end = ""
        if each.closes:
            end = f" (closes the loop {each.closes})"
        elif each.changed and not each.inputs:
            end = " (moved from outside)"
        yield f"{indent}{100 * each.share:4.0f} %  {_course(each)}{end}"
        yield from _under(each, f"{indent}    ")
    if trace.inputs and abs(trace.pace) >= LEAST:
        yield f"{indent}{100 * trace.pace:4.0f} %  its flows as they were at the start"
    if abs(trace.rest) >= LEAST and (trace.inputs or trace.changed):
        what = "moved from outside, over time" if trace.changed else "all else, and inputs together"
        yield f"{indent}{100 * trace.rest:4.0f} %  {what}"


def _course(trace: Trace) -> str:
    first, last = pair(trace.start, trace.end)
    one = "" if many(trace.name) else "s"
    if trace.start == trace.end:
        return f"{trace.name} stay{one} at {first}"
    verb = "rise" if trace.end > trace.start else "fall"
    return f"{trace.name} {verb}{one} from {first} to {last}"
