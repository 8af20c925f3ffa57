"""Which way a variable moves another: the sign of each partial derivative, by differences.

Every equation is computed with the model's own code from values that are moved one at a time:
at the start first, then along the model's own run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cyclesim.codegen import TARGETS, Binding, Program
from cyclesim.compiler import CompiledModel, FlatModel, FlatVariable, Piece, Role
from cyclesim.compiler.flat import Assignment
from cyclesim.names import Ident
from cyclesim.simulation import simulate

Pair = tuple[Ident, Ident]

SMALL, LARGE = 1e-4, 0.3
"""Moves as shares of a value. The large one speaks only where the small one moves nothing."""

_MOVES = (SMALL, -SMALL, LARGE, -LARGE)
_MOMENTS = 6
_NOISE = 1e-10
"""A change below this share of a value is rounding."""


def product(*signs: str) -> str:
    """Return the sign along a path: `?` where a part of it is not known."""
    if "?" in signs:
        return "?"
    return "-" if signs.count("-") % 2 else "+"


def joined(signs: Iterable[str]) -> str:
    """Return the sign that all share, `?` where they differ."""
    found = set(signs)
    return found.pop() if len(found) == 1 else "?"


class Effect(NamedTuple):
    """How one variable moves another: `+`, `-` or `?`, and by how much per unit at the start.

    `?` is what changes along the run, differs between elements, or moves nothing at all; the
    slope is NaN where it is no single number.
    """

    sign: str
    slope: float


def effects(model: CompiledModel) -> dict[Pair, Effect]:
    """Return the effect of each variable on each that is computed from it directly."""
    flat = model.flat
    pieces = {ident: made for ident, made in _equations(flat) if any(p.symbols for p in made)}
    pairs = [(need, own) for own, made in pieces.items() for need in _needs(made)]
    if not pairs:
        return {}
    probe = _Probe(flat, pieces)
    found: dict[Pair, list[set[str]]] = {pair: [set(), set()] for pair in pairs}
    slopes: dict[Pair, float] = {}
    for time, state in _states(model):
        seen = probe.look(time, state, found)
        slopes = slopes or seen
    return {pair: Effect(_verdict(*seen), slopes[pair]) for pair, seen in found.items()}


def _verdict(small: set[str], large: set[str]) -> str:
    told = small or large
    return joined(told) if told else "?"


def _needs(pieces: tuple[Piece, ...]) -> tuple[Ident, ...]:
    return tuple(dict.fromkeys(need for piece in pieces for need in piece.symbols))


def _equations(flat: FlatModel) -> Iterator[tuple[Ident, tuple[Piece, ...]]]:
    """Yield what each variable is computed from once the run is on its way."""
    for variable in flat.variables:
        if variable.role in (Role.CONSTANT, Role.ALGEBRAIC):
            yield variable.ident, variable.pieces
    for memory in flat.memories:
        yield memory.ident, memory.update
    for buffer in flat.buffers:
        yield buffer.ident, buffer.input


def _states(model: CompiledModel) -> Iterator[tuple[float, dict[Ident, np.ndarray]]]:
    """Yield times and every variable's value, the start first."""
    flat = model.flat
    results = simulate(model, estimate_error=False, strict=False)
    values, times = results.trajectory.values, results.time
    count = len(times)
    for column in sorted({round(part * (count - 1) / _MOMENTS) for part in range(_MOMENTS + 1)}):
        if column and not np.isfinite(values[:, column]).all():
            break
        yield (
            float(times[column]),
            {
                variable.ident: values[flat.places[variable.ident] :, column][: variable.size]
                for variable in flat.variables
            },
        )


class _Probe:
    """The model with every variable given as a number, and beside it what it is computed as."""

    def __init__(self, flat: FlatModel, pieces: Mapping[Ident, tuple[Piece, ...]]) -> None:
        self.flat = flat
        self.sources = tuple(dict.fromkeys(n for made in pieces.values() for n in _needs(made)))
        given = [replace(each, role=Role.PARAMETER) for each in flat.variables]
        self.computed = {ident: Ident(f"{ident} computed") for ident in pieces}
        made = [
            _renamed(flat.by_ident[ident], self.computed[ident], parts)
            for ident, parts in pieces.items()
        ]
        everything = (*given, *made)
        probe = replace(
            flat,
            variables=everything,
            parameters=tuple(each.ident for each in given),
            constants=(),
            initial=(),
            steps=tuple(Assignment(each.ident, each.pieces) for each in made),
            levels=(),
            memories=(),
            buffers=(),
            breakpoints=(),
            by_ident={each.ident: each for each in everything},
        )
        self.program: Program = TARGETS["numpy"](probe)
        self.rows = {each.ident: number for number, each in enumerate(everything)}

    def look(
        self, time: float, state: Mapping[Ident, np.ndarray], found: dict[Pair, list[set[str]]]
    ) -> dict[Pair, float]:
        """Add the signs seen in one state, of small moves and of large ones; return slopes."""
        columns = 1 + len(self.sources) * len(_MOVES)
        moved = {
            ident: np.repeat(values[:, None], columns, axis=1) for ident, values in state.items()
        }
        for number, ident in enumerate(self.sources):
            size = np.abs(state[ident])
            reach = np.where(size > 0, size, size.max() or 1.0)
            for turn, move in enumerate(_MOVES):
                moved[ident][:, 1 + number * len(_MOVES) + turn] += move * reach
        computed = self._compute(time, moved, columns)
        slopes: dict[Pair, float] = {}
        for pair, seen in found.items():
            values = computed[pair[1]]
            first = 1 + self.sources.index(pair[0]) * len(_MOVES)
            for turn, move in enumerate(_MOVES):
                seen[turn // 2].update(_seen(values[:, 0], values[:, first + turn], move))
            change = values[:, first] - values[:, first + 1]
            given = moved[pair[0]][:, first] - moved[pair[0]][:, first + 1]
            single = len(change) == len(given) == 1 and given[0] and np.isfinite(change[0])
            slopes[pair] = float(change[0] / given[0]) if single else math.nan
        return slopes

    def _compute(
        self, time: float, moved: Mapping[Ident, np.ndarray], columns: int
    ) -> dict[Ident, np.ndarray]:
        specs = self.flat.sim_specs
        parameters = tuple(
            values.reshape((*self.flat.by_ident[ident].shape, columns))
            for ident, values in moved.items()
        )
        dt = np.float64(specs.dt)
        clock = (np.float64(specs.start), np.float64(specs.stop), dt, dt)
        with np.errstate(all="ignore"):
            bound = self.program.bind(Binding(parameters, *clock, 0, 0))
            rows = bound.outputs(np.float64(time), np.float64(time), (), ())
        return {
            ident: np.broadcast_to(
                np.asarray(rows[self.rows[name]], dtype=float),
                (*self.flat.by_ident[ident].shape, columns),
            ).reshape(-1, columns)
            for ident, name in self.computed.items()
        }


def _renamed(variable: FlatVariable, ident: Ident, pieces: tuple[Piece, ...]) -> FlatVariable:
    about = replace(variable.about, ident=ident)
    return replace(variable, about=about, role=Role.ALGEBRAIC, pieces=pieces)


def _seen(before: np.ndarray, after: np.ndarray, move: float) -> set[str]:
    change = (after - before) * (1 if move > 0 else -1)
    size = np.maximum(np.abs(before), np.abs(after))
    told = change[np.isfinite(change) & (np.abs(change) > _NOISE * size)]
    return {sign for sign, there in (("+", (told > 0).any()), ("-", (told < 0).any())) if there}
