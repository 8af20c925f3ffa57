"""What comes from outside the loops: how much of a movement, and from which variables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cyclesim.analysis.explanation.bench import Bench
from cyclesim.analysis.explanation.parts import Driver
from cyclesim.analysis.explanation.stretches import Stretch
from cyclesim.analysis.explanation.view import View
from cyclesim.analysis.loops.fold import folded_in_parts
from cyclesim.analysis.loops.graph import needs
from cyclesim.compiler import FlatModel, FlatVariable, Replacement, Role
from cyclesim.compiler.terms import moves
from cyclesim.names import Ident
from cyclesim.results import Results
from cyclesim.scenario.parts import Output

Array = np.ndarray

MOST_DRIVERS = 3


def driven_from_outside(view: View, number: int, stretch: Stretch, values: Array) -> float:
    """Return for how much of a movement a partition is moved by what lies outside it.

    With all else folded into one stock S of the leading loop, the change of its net flow is the
    feedback's part, the score of its loop on itself, and the rest comes from outside. An interval
    is driven from outside where the rest is the larger; intervals weigh by |change| of the
    output's `values`, a share of 1 in all. A step from outside thus counts while it is taken only.
    """
    network = view.network
    ends = network.unfolded.ends if network.unfolded else network.ends
    scores = network.unfolded.scores if network.unfolded else network.scores
    states = tuple(sorted({row for pair in ends for row in pair if view.nodes[row].state}))
    rows = [row for row in view.families[number].way if view.nodes[row].state]
    flows = {each.target: each for each in view.graph.net_flows}
    stock = next((row for row in rows if row in flows), None)
    if stock is None:
        return 0.0
    part = slice(stretch.first, stretch.past)
    own = folded_in_parts(ends, scores[:, part], states, [states.index(stock)])[0][:, 0, 0]
    samples = view.values[:, stretch.first : stretch.past + 1]
    net = sum(sign * samples[row] for row, sign in flows[stock].flows)
    feedback = own * np.sign(np.diff(samples[stock])) * np.sign(np.diff(net))
    moved = np.abs(np.diff(values[stretch.first : stretch.past + 1]))
    moved = np.where(view.total[part] > 0, moved, 0.0)
    outside = np.abs(1.0 - feedback) > np.abs(feedback)
    whole = float(moved.sum())
    return float(moved[outside].sum()) / whole if whole > 0 else 0.0


def driver(
    bench: Bench, output: Output, values: Array, baseline: Results | None = None
) -> Driver | None:
    """Return what outside the loops the output's movement goes with, shown by taking it away.

    `baseline` is a run from the same start without the scenario's changes, where there is one.
    """
    flat = bench.results.flat
    above = _above(flat, output.variable.ident)
    changed = [
        change.variable.name
        for change in bench.scenario.changes
        if change.override.ident in above or change.override.ident == output.variable.ident
    ]
    if changed:
        without = baseline or bench.unchanged()
        end = float(without[output.variable.name][-1])
        return Driver(tuple(dict.fromkeys(changed)), True, end, _took(values, end))
    found: list[Driver] = []
    for variable in _moving_by_itself(flat, above):
        if len(found) == MOST_DRIVERS:
            break
        row = bench.results.trajectory.values[flat.places[variable.ident]]
        held = Replacement(variable.ident, float(row[0]))
        end = float(bench.held(held)[output.variable.name][-1])
        found.append(Driver((variable.name,), False, end, _took(values, end)))
    return max(found, key=lambda each: each.took, default=None)


def distances(bench: Bench, output: Output) -> dict[Ident, int]:
    """Return how far variables lie below what comes from outside: the changes, and the clock."""
    flat = bench.results.flat
    above = _above(flat, output.variable.ident)
    readers: dict[Ident, list[Ident]] = {}
    for ident, needed in needs(flat).items():
        for each in needed:
            readers.setdefault(each, []).append(ident)
    sources = [change.override.ident for change in bench.scenario.changes]
    if not sources:
        sources = [variable.ident for variable in _moving_by_itself(flat, above)]
    found = dict.fromkeys(sources, 0)
    waiting = list(found)
    for ident in waiting:
        for reader in readers.get(ident, ()):
            if reader not in found:
                found[reader] = found[ident] + 1
                waiting.append(reader)
    return found


def _took(values: Array, end: float) -> float:
    moved = float(values[-1] - values[0])
    return (float(values[-1]) - end) / moved if moved else 0.0


def _above(flat: FlatModel, output: Ident) -> dict[Ident, int]:
    """Return what a variable is computed from, however far up, the nearest first."""
    computed_from = needs(flat)
    found = {output: 0}
    waiting = [output]
    for ident in waiting:
        for need in computed_from.get(ident, ()):
            if need not in found:
                found[need] = found[ident] + 1
                waiting.append(need)
    return found


def _moving_by_itself(flat: FlatModel, above: dict[Ident, int]) -> Iterator[FlatVariable]:
    """Yield the modeller's scalar variables that read the clock or draw noise, nearest first."""
    for ident in above:
        variable = flat.by_ident[ident]
        plain = not variable.hidden and not variable.shape and variable.role is Role.ALGEBRAIC
        if plain and any(moves(piece.term) for piece in variable.pieces):
            yield variable
