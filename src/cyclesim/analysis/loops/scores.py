"""Link scores: how much of a value's change comes from each of its inputs.

Loops That Matter (Schoenberg, Davidsen and Eberlein 2020, equation 1; for flows Schoenberg,
Hayward and Eberlein 2023, equation 3, written so that it holds for any dt). Each equation is
evaluated anew with one input at the end of an interval and all else, the clock included, at its
start. A score is stamped with the start of its interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cyclesim.analysis.loops.graph import CausalGraph, Equation, NetFlow
from cyclesim.codegen.array_noise import noise_of
from cyclesim.codegen.emit_numpy import NumpyRenderer, term_names
from cyclesim.compiler import FlatModel, Term
from cyclesim.compiler.terms import symbols
from cyclesim.names import Ident
from cyclesim.results import Results

Array = np.ndarray

ROUNDING = 64 * np.finfo(float).eps
"""A change below this share of the values it is the difference of is rounding, not change."""

_MOST_NUMBERS = 4_000_000
"""Numbers that one evaluation may hold; more inputs are evaluated in several."""


def link_scores(graph: CausalGraph, results: Results) -> Array:
    """Return the score of each link of the graph over each interval: (link, interval, run).

    A single run has one run. A score is 0 where cause or effect do not move, and where a run
    left the numbers. Sources: see the module.
    """
    values = results.trajectory.values
    runs = values.reshape((*values.shape[:2], -1))
    samples = _Samples(graph.flat, results, runs)
    rows = [row for equation in graph.equations for row in samples.of_equation(equation)]
    inside = {(link.source, link.target) for link in graph.links}
    rows += [row for each in graph.net_flows for row in samples.of_flows(each, inside)]
    shape = (len(graph.links), runs.shape[1] - 1, runs.shape[2])
    return np.array(rows, dtype=float).reshape(shape)


def contributions(results: Results, equation: Equation, first: int, last: int) -> Array:
    """Return what each input of an equation adds to its change between two saved times: (input,).

    Over each interval an input moves alone, once with all else at the start and once at the end,
    and the mean counts: a share of a product is then shared evenly. What is left is the clock's, or
    that of inputs together. The values are those of the first run.
    """
    values = results.trajectory.values
    samples = _Samples(results.flat, results, values.reshape((*values.shape[:2], -1))[:, :, :1])
    begins, ends, _ = samples.spots(equation)
    begins, ends = begins[first:last], ends[first:last]
    with np.errstate(all="ignore"):
        before, _, alone = _Evaluation(samples, equation.term, begins, ends).all(equation.inputs)
        end, _, without = _Evaluation(samples, equation.term, ends, begins).all(equation.inputs)
        parts = [
            float(np.nansum((on - before) + (end - off)) / 2)
            for on, off in zip(alone, without, strict=True)
        ]
    return np.array(parts)


class _Samples:
    """A run at the start and at the end of each interval, the free axis (interval, run) in one."""

    def __init__(self, flat: FlatModel, results: Results, runs: Array) -> None:
        self.flat = flat
        self.runs = runs
        self.time = np.asarray(results.time, dtype=float)
        self.count = runs.shape[2]
        self.renderer = NumpyRenderer(flat)
        self.names = term_names(flat, self.renderer)
        told = results.provenance
        self.numbers = {
            key: np.float64(float(told.get(key, default)))
            for key, default in (
                ("dt", flat.sim_specs.dt),
                ("start", self.time[0]),
                ("stop", self.time[-1]),
            )
        }
        self.seed = int(told.get("noise_seed", 0))
        self.declared_dt = float(flat.sim_specs.dt)

    def noise(self, cases: int, samples: int) -> tuple[Any, Any, Any]:
        """Return what numbers noise steps and draws, for so many samples in so many cases."""
        runs = np.tile(np.arange(self.count, dtype=np.int64), cases * samples)
        return noise_of(float(self.numbers["start"]), self.declared_dt, self.seed, runs)

    def of_equation(self, equation: Equation) -> Iterator[Array]:
        """Yield the score of each input of an equation."""
        if not equation.inputs:
            return
        first, last, valid = self.spots(equation)
        wanted = _Evaluation(self, equation.term, first, last)
        with np.errstate(all="ignore"):
            before, after, moved = wanted.all(equation.inputs)
            change = _change(before, after)
            for row, value in zip(equation.inputs, moved, strict=True):
                cause = _change(self.at(row, first), self.at(row, last))
                part = _change(before, value)
                score = np.abs(part / change) * np.sign(part) * np.sign(cause)
                yield np.where(valid & (change != 0) & np.isfinite(score), score, 0.0)

    def of_flows(self, net_flow: NetFlow, inside: set[tuple[int, int]]) -> Iterator[Array]:
        """Yield the score of each flow of a stock that lies on a loop."""
        spots = np.arange(len(self.time))
        changes, sizes = [], []
        for row, _ in net_flow.flows:
            before, after = self.at(row, spots[:-1]), self.at(row, spots[1:])
            changes.append(_change(before, after))
            sizes.append(np.maximum(np.abs(before), np.abs(after)))
        with np.errstate(all="ignore"):
            signs = [sign for _, sign in net_flow.flows]
            net = sum(s * change for s, change in zip(signs, changes, strict=True))
            net = np.where(np.abs(net) <= ROUNDING * sum(sizes), 0.0, net)
            for (row, sign), change in zip(net_flow.flows, changes, strict=True):
                if (row, net_flow.target) in inside:
                    score = sign * np.abs(change / net)
                    yield np.where((net != 0) & np.isfinite(score), score, 0.0)

    def spots(self, equation: Equation) -> tuple[Array, Array, Array]:
        """Return the samples at the start and end of each interval, and which are within the run.

        What a memory or buffer holds was taken in earlier: at the saved time nearest to that.
        """
        spots = np.arange(len(self.time))
        if equation.lag is None:
            return spots[:-1], spots[1:], np.ones((len(spots) - 1) * self.count, dtype=bool)
        lag = _Evaluation(self, equation.lag, spots, spots).plain()
        lag = lag.reshape(len(spots), self.count)[:, 0]
        taken_in = self.time - np.maximum(lag, self.numbers["dt"])
        middles = (self.time[1:] + self.time[:-1]) / 2
        nearest = np.searchsorted(middles, taken_in, side="right")
        valid = taken_in[:-1] >= self.time[0] - 1e-6 * self.numbers["dt"]
        return nearest[:-1], nearest[1:], np.repeat(valid, self.count)

    def at(self, rows: Any, spots: Array) -> Array:
        """Return values at samples, the free axis last."""
        found = self.runs[rows][..., spots, :]
        flat: Array = found.reshape((*found.shape[:-2], -1))
        return flat


class _Evaluation:
    """One equation at pairs of samples."""

    def __init__(self, samples: _Samples, term: Term, first: Array, last: Array) -> None:
        self.samples, self.first, self.last = samples, first, last
        self.idents = symbols(term)
        self.function = _compiled(samples, term, self.idents)
        self.free = len(first) * samples.count
        flat = samples.flat
        self.firsts = [flat.places[ident] for ident in self.idents]
        self.shapes = [flat.by_ident[ident].shape for ident in self.idents]
        self.sizes = [flat.by_ident[ident].size for ident in self.idents]

    def plain(self) -> Array:
        """Return the value of the term at each of the first samples."""
        value: Array = self.called([self.mixed(self.first, ())], np.zeros(1, dtype=bool))[0]
        return value

    def all(self, inputs: tuple[int, ...]) -> tuple[Array, Array, list[Array]]:
        """Return the value before, after, and with each input alone at its value after."""
        end = np.array([False, True])
        ends = [self.mixed(self.first, ()), self.mixed(self.last, ())]
        before, after = self.called(ends, end)
        moved: list[Array] = []
        at_once = max(1, _MOST_NUMBERS // (self.free * max(1, sum(self.sizes))))
        for begin in range(0, len(inputs), at_once):
            some = inputs[begin : begin + at_once]
            mixed = [self.mixed(self.first, (row,)) for row in some]
            moved += list(self.called(mixed, np.zeros(len(some), dtype=bool)))
        return before, after, moved

    def mixed(self, spots: Array, moved: tuple[int, ...]) -> list[Array]:
        """Return the arguments at samples, the rows in `moved` at the last samples instead."""
        found = []
        for first, size in zip(self.firsts, self.sizes, strict=True):
            values = self.samples.at(slice(first, first + size), spots)
            for row in moved:
                if first <= row < first + size:
                    values = values.copy()
                    values[row - first] = self.samples.at(row, self.last)
            found.append(values)
        return found

    def called(self, cases: list[list[Array]], at_end: Array) -> Array:
        """Return the value of the term in each case: (case, free axis)."""
        arguments = [
            np.concatenate([case[n] for case in cases], axis=-1).reshape((*shape, -1))
            for n, shape in enumerate(self.shapes)
        ]
        samples = self.samples
        spots = np.concatenate([self.last if end else self.first for end in at_end])
        time = np.repeat(samples.time[spots], samples.count)
        step, draw, draw_seeded = samples.noise(len(cases), len(self.first))
        value = self.function(time, time, step(time), draw, draw_seeded, *arguments)
        return np.broadcast_to(np.asarray(value, dtype=float), time.shape).reshape(len(cases), -1)


def _change(before: Array, after: Array) -> Array:
    """Return the difference, 0 where it is no more than rounding."""
    change = after - before
    size = np.maximum(np.abs(before), np.abs(after))
    return np.where(np.abs(change) <= ROUNDING * size, 0.0, change)


_GIVEN = "time, step_time, noise_step, draw, draw_seeded"


def _compiled(samples: _Samples, term: Term, idents: tuple[Ident, ...]) -> Callable[..., Array]:
    """Return a term as a function of the time and of the variables that it reads.

    The code holds our own names and numbers only, as that of a target does.
    """
    renderer = samples.renderer
    given = "".join(f", {renderer.names[ident]}" for ident in idents)
    text = f"lambda {_GIVEN}{given}: {renderer.render(term)}"
    support = {**samples.names, **renderer.support, **samples.numbers, "__builtins__": {}}
    function: Callable[..., Array] = eval(compile(text, "<equation of a link>", "eval"), support)
    return function
