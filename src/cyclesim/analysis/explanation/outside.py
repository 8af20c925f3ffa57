"""What comes from outside the loops: how much of a movement, and from which variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from cyclesim.analysis.explanation.bench import Bench
from cyclesim.analysis.explanation.effects import SWINGING, effect
from cyclesim.analysis.explanation.parts import Driver
from cyclesim.analysis.explanation.stretches import Stretch
from cyclesim.analysis.explanation.view import View
from cyclesim.analysis.loops.fold import folded_in_parts
from cyclesim.analysis.loops.graph import needs
from cyclesim.analysis.shapes import Behaviour, behaviour
from cyclesim.compiler import FlatModel, FlatVariable, Replacement, Role
from cyclesim.compiler.terms import moves
from cyclesim.names import Ident
from cyclesim.results import Results
from cyclesim.scenario.parts import Output

Array = np.ndarray

MOST_DRIVERS = 3

FORCED = 0.5
"""What forces an output to swing takes so much of its ups and downs with it."""


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
    bench: Bench,
    output: Output,
    found: Behaviour,
    values: Array,
    baseline: Results | None = None,
) -> Driver | None:
    """Return what outside the loops the output's movement goes with, shown by taking it away.

    `found` is what the output's `values` did.
    `baseline` is a run from the same start without the scenario's changes, where there is one.
    """
    flat = bench.results.flat
    upstream = above(flat, output.variable.ident)
    changed = [
        change.variable.name
        for change in bench.scenario.changes
        if change.override.ident in upstream or change.override.ident == output.variable.ident
    ]
    if changed:
        without = baseline or bench.unchanged()
        return _driver(tuple(dict.fromkeys(changed)), True, without, output, found, values)
    drivers: list[Driver] = []
    for variable in _moving_by_itself(flat, upstream):
        if len(drivers) == MOST_DRIVERS:
            break
        row = bench.results.trajectory.values[flat.places[variable.ident]]
        held = Replacement(variable.ident, float(row[0]))
        drivers.append(_driver((variable.name,), False, bench.held(held), output, found, values))
    return max(drivers, key=lambda each: each.took, default=None)


def forced(bench: Bench, output: Output, found: Behaviour, values: Array) -> Driver | None:
    """Return what swings by the clock and makes the output swing; None where nothing does.

    It takes half of the output's ups and downs with it, and swings itself: a step may set off a
    swing, and is no beat.
    """
    flat, time = bench.results.flat, bench.results.time
    tried = 0
    for variable in _moving_by_itself(flat, above(flat, output.variable.ident)):
        row = bench.results.trajectory.values[flat.places[variable.ident]]
        if behaviour(time, row, output.good).shape not in SWINGING:
            continue
        tried += 1
        held = bench.held(Replacement(variable.ident, float(row[0])))
        made = _driver((variable.name,), False, held, output, found, values)
        if made.took >= FORCED:
            return made
        if tried == MOST_DRIVERS:
            break
    return None


def _driver(
    names: tuple[str, ...],
    changes: bool,
    without: Results,
    output: Output,
    found: Behaviour,
    values: Array,
) -> Driver:
    other = np.asarray(without[output.variable.name], dtype=float)
    if other.shape != values.shape or not np.isfinite(other).all():
        other = np.full_like(values, np.nan)
    made = effect(found, without.time, values, other)
    if not np.isfinite(made.took):
        made = replace(made, took=0.0)
    return Driver(names, changes, float(other[-1]), made)


def distances(bench: Bench, output: Output) -> dict[Ident, int]:
    """Return how far variables lie below what comes from outside: the changes, and the clock."""
    flat = bench.results.flat
    upstream = above(flat, output.variable.ident)
    readers: dict[Ident, list[Ident]] = {}
    for ident, needed in needs(flat).items():
        for each in needed:
            readers.setdefault(each, []).append(ident)
    sources = [change.override.ident for change in bench.scenario.changes]
    if not sources:
        sources = [variable.ident for variable in _moving_by_itself(flat, upstream)]
    found = dict.fromkeys(sources, 0)
    waiting = list(found)
    for ident in waiting:
        for reader in readers.get(ident, ()):
            if reader not in found:
                found[reader] = found[ident] + 1
                waiting.append(reader)
    return found


def above(flat: FlatModel, output: Ident) -> dict[Ident, int]:
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


def _moving_by_itself(flat: FlatModel, upstream: dict[Ident, int]) -> Iterator[FlatVariable]:
    """Yield the modeller's scalar variables that read the clock or draw noise, nearest first."""
    for ident in upstream:
        variable = flat.by_ident[ident]
        plain = not variable.hidden and not variable.shape and variable.role is Role.ALGEBRAIC
        if plain and any(moves(piece.term) for piece in variable.pieces):
            yield variable
