"""The `llvm` target: many runs at once in machine code, a vector of them in each step.

It has the same functions as `numpy`, on the same columns, and one more: `integrate.compiled`
runs a whole schedule within the machine code.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cyclesim.codegen import llvm_machine
from cyclesim.codegen.array_functions import REDUCTIONS as REDUCTIONS_OF_LISTS
from cyclesim.codegen.llvm_machine import Loaded, Machine, this_machine
from cyclesim.codegen.llvm_model import ModelText
from cyclesim.codegen.llvm_operations import CALLED_BACK
from cyclesim.codegen.llvm_plan import Job, buffer_idents, held_idents, level_idents, size_of
from cyclesim.codegen.llvm_terms import CALLED_REDUCTION, REDUCTIONS
from cyclesim.codegen.llvm_text import Module
from cyclesim.codegen.program import Binding, Bound, Column, Columns, Program, Source
from cyclesim.compiler import FlatModel
from cyclesim.names import Ident
from cyclesim.operations import OPERATIONS
from cyclesim.schedule import Tableau
from cyclesim.version import __version__

_ADDRESS, _WHOLE = ctypes.c_void_p, ctypes.c_int64

MOST_ABREAST = 2000
"""The most equations of which whole runs are computed two registers abreast: while one half of a
vector waits for a number, the other is computed. Longer code takes too long to make."""


def unserved(flat: FlatModel) -> str:
    """Return why machine code cannot run a model, as a clause; empty where it can."""
    if flat.conveyors:
        names = ", ".join(f"'{flat.by_ident[each.stock].name}'" for each in flat.conveyors)
        return f"{names} {'is a conveyor' if len(flat.conveyors) == 1 else 'are conveyors'}"
    if this_machine() is None:
        return "this processor has no fused multiply-add"
    return ""


@dataclass(frozen=True)
class CompiledProgram(Program):
    """A program of machine code. `strict` keeps each division, the quick way has reciprocals."""

    code: Code = field(kw_only=True)


def emit_llvm(flat: FlatModel, strict: bool = False) -> CompiledProgram:
    """Return the program of a model in machine code, compiled when it is first used.

    With `strict` a division by a parameter is a division, else a product with its reciprocal.
    Where `unserved` gives a reason there is no such program.
    """
    machine = this_machine()
    assert machine is not None
    code = Code(flat, strict, machine)
    return CompiledProgram(Source("llvm", "", flat), code.bind, code=code)


class Rows:
    """Numbers given to runs, a row each: one number for all of them, or one for each.

    Rows are those of parameters, then of levels and of what is held where a state is given.
    """

    def __init__(self, flat: FlatModel, binding: Binding, state: tuple[Columns, Columns] | None):
        columns = list(zip(flat.parameters, binding.parameters, strict=True))
        if state is not None:
            columns += zip(level_idents(flat), state[0], strict=True)
            columns += zip(held_idents(flat), state[1], strict=True)
        self.given: list[np.ndarray] = []
        for ident, column in columns:
            size = flat.by_ident[ident].size
            array = np.asarray(column, dtype=float)
            array = array.reshape((size, -1)) if array.ndim else np.full((size, 1), float(array))
            self.given += list(array)
        self.numbers = np.atleast_1d(np.asarray(binding.runs, dtype=np.int64))
        self.runs = max((len(self.numbers), *(len(row) for row in self.given)))

    def of(self, runs: np.ndarray) -> Rows:
        """Return what is given to some of the runs."""
        part = object.__new__(Rows)
        part.given = [row if len(row) == 1 else row[runs] for row in self.given]
        part.numbers = np.broadcast_to(self.numbers, (self.runs,))[runs]
        part.runs = len(runs)
        return part


class Given:
    """A job for machine code, and the memory that it points to."""

    def __init__(self, rows: Rows, binding: Binding, lanes: int) -> None:
        self.lanes = lanes
        self.runs = rows.runs
        self.blocks = -(-rows.runs // lanes)
        self.width = self.blocks * lanes
        self.kept: list[np.ndarray] = []
        self.job = np.zeros(len(Job), dtype=np.int64)
        more = self.width - rows.runs
        full = [row if len(row) == 1 or not more else np.pad(row, (0, more), "edge")
                for row in rows.given]  # fmt: skip
        addresses = [self.address(np.ascontiguousarray(row)) for row in full]
        self.set(Job.INPUTS, np.array(addresses, dtype=np.int64))
        strides = [int(len(row) > 1) for row in full]
        self.set(Job.STRIDES, np.array(strides, dtype=np.int64))
        numbers = np.broadcast_to(rows.numbers, (rows.runs,))
        self.set(Job.RUNS, np.pad(numbers, (0, more), "edge"))
        self.job[Job.SEED] = binding.noise_seed
        clock = (binding.dt, binding.start, binding.stop, binding.declared_dt)
        self.set(Job.CLOCK, np.array(clock, dtype=float))
        self.job[Job.WIDTH] = self.width
        self.extreme = np.zeros(self.width)
        self.set(Job.EXTREME, self.extreme)

    def address(self, array: np.ndarray) -> int:
        """Return where an array lies, and keep it there."""
        self.kept.append(array)
        address: int = array.__array_interface__["data"][0]  # there may be thousands
        return address

    def set(self, what: Job, array: np.ndarray) -> None:
        """Put the address of an array into the job."""
        self.job[what] = self.address(array)


def aligned(count: int) -> np.ndarray:
    """Return memory for numbers that begins where a page does."""
    held = np.empty(count + 512)
    first = (-held.ctypes.data % 4096) // 8
    return held[first : first + count]


class RunCode(NamedTuple):
    """Functions of whole runs; they run without the interpreter's lock.

    `run` is called with addresses of job, frame and history, the first block and the one after the
    last; `clocked` with that of the job, before it: it computes `terms` numbers for each stage and
    step. `size` is that of a frame in numbers, `lanes` the runs of a block.
    """

    run: Callable[..., None]
    clocked: Callable[..., None]
    terms: int
    size: int
    lanes: int


class Code:
    """The machine code of a model, made piece by piece as it is asked for."""

    def __init__(self, flat: FlatModel, strict: bool, machine: Machine) -> None:
        self.flat = flat
        self.strict = strict
        self.machine = machine
        self.made: dict[str, tuple[Loaded, int]] = {}

    @cached_property
    def identity(self) -> str:
        """Return what code depends on: what is computed, in which order it is given and kept."""
        flat = self.flat
        order = [(each.ident, each.shape, each.role.name) for each in flat.variables]
        return f"{flat.digest} {order} {flat.parameters} {[rule.ident for rule in flat.levels]}"

    def run(self, tableau: Tableau, keep: Sequence[int]) -> RunCode:
        """Return the functions of whole runs by a method, with the rows of `keep` saved."""
        purpose = f"run {tableau!r} {tuple(keep)}"
        few = len(self.flat.steps) <= MOST_ABREAST
        lanes = self.machine.lanes * (2 if few else 1)
        stages = len(tableau.b)
        code, size = self._code(purpose, lanes, stages, lambda text: text.run(tableau, keep))
        return RunCode(
            code.function("run", _ADDRESS, _ADDRESS, _ADDRESS, _WHOLE, _WHOLE),
            code.function("clocked", _ADDRESS),
            int(code.function("clocked_terms", result=_WHOLE)()),
            size,
            lanes,
        )

    def entry(self, name: str) -> tuple[Callable[..., None], int]:
        """Return a function of all blocks at one time, and the size of its frame in numbers."""
        code, size = self._code(name, self.machine.lanes, 2, lambda text: text.entry(name))
        return code.function("at", _ADDRESS, _ADDRESS, _WHOLE, _WHOLE), size

    def _code(
        self, purpose: str, lanes: int, stages: int, made: Callable[[ModelText], str]
    ) -> tuple[Loaded, int]:
        if purpose not in self.made:

            def text() -> str:
                module = Module(lanes, self.machine.permutes)
                return made(ModelText(self.flat, module, self.strict, stages))

            digest = f"{_emitter()} {self.identity} {self.strict} {lanes} {purpose}"
            code = llvm_machine.loaded(self.machine, digest, text, _symbols())
            size = int(code.function("frame_size", result=_WHOLE)()) * lanes
            self.made[purpose] = code, size
        return self.made[purpose]

    def bind(self, binding: Binding) -> Bound:
        """Return the functions of a program, on columns with runs as their last axis."""
        flat = self.flat

        def at(name: str, count: int, times: tuple[float, float], *state: Columns) -> np.ndarray:
            rows = Rows(flat, binding, (state[0], state[1]) if state else None)
            return self._at(name, rows, binding, count, times)

        levels, held, buffers = level_idents(flat), held_idents(flat), buffer_idents(flat)
        start = (float(binding.start),) * 2

        def columns(found: np.ndarray, idents: Iterable[Ident]) -> list[Column]:
            made, place = [], 0
            for ident in idents:
                variable = flat.by_ident[ident]
                part = found[place : place + variable.size]
                made.append(part.reshape((*variable.shape, -1)))
                place += variable.size
            return made

        def initial() -> tuple[Columns, Columns]:
            found = columns(at("initial", size_of(flat, [*levels, *held]), start), [*levels, *held])
            return tuple(found[: len(levels)]), tuple(found[len(levels) :])

        def derivatives(time: float, step_time: float, *state: Columns) -> Columns:
            return columns(
                at("derivatives", size_of(flat, levels), (time, step_time), *state), levels
            )

        def outputs(time: float, step_time: float, *state: Columns) -> Columns:
            idents = [variable.ident for variable in flat.variables]
            return columns(at("outputs", size_of(flat, idents), (time, step_time), *state), idents)

        def update(time: float, step_time: float, *state: Columns) -> Columns:
            idents = [*held, *buffers]
            found = columns(at("update", size_of(flat, idents), (time, step_time), *state), idents)
            count = len(held) - len(buffers)
            pairs = zip(found[count : len(held)], found[len(held) :], strict=True)
            return [*found[:count], *(each for pair in pairs for each in pair)]

        def breakpoints() -> Sequence[tuple[Any, Any]]:
            found = at("breakpoints", 2 * len(flat.breakpoints), start)
            return list(zip(found[::2], found[1::2], strict=True))

        return Bound(initial, derivatives, update, outputs, breakpoints)

    def _at(
        self,
        name: str,
        rows: Rows,
        binding: Binding,
        count: int,
        times: tuple[float, float],
    ) -> np.ndarray:
        function, size = self.entry(name)
        given = Given(rows, binding, self.machine.lanes)
        out = np.empty((count, given.width))
        given.set(Job.OUT, out)
        given.set(Job.TIMES, np.array(times, dtype=float))
        frame = aligned(size)
        function(given.job.ctypes.data, frame.ctypes.data, 0, given.blocks)
        extreme = np.flatnonzero(given.extreme[: rows.runs])
        if len(extreme) and not self.strict:
            exact = Code(self.flat, True, self.machine)
            out[:, extreme] = exact._at(name, rows.of(extreme), binding, count, times)
        return out[:, : rows.runs]


@cache
def _emitter() -> str:
    """Return a digest of the code that writes code."""
    digest = hashlib.sha256(__version__.encode())
    here = Path(__file__).parent
    for path in (*sorted(here.glob("llvm_*.py")), here.parent / "noise.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def _called() -> dict[str, Any]:
    """Return what machine code calls back: seldom used operations, in Python."""
    number = ctypes.c_double
    called: dict[str, Any] = {}
    for name in CALLED_BACK:
        operation = OPERATIONS[name]
        kind = ctypes.CFUNCTYPE(number, *[number] * operation.arity)
        called[f"cyclesim_{name}"] = kind(operation.scalar)
    called[CALLED_REDUCTION] = ctypes.CFUNCTYPE(None, *[_WHOLE] * 5, _ADDRESS)(_reduced)
    return called


@cache
def _symbols() -> dict[str, int]:
    """Return the addresses of what machine code calls back."""
    return {
        name: int(ctypes.cast(function, _ADDRESS).value or 0)
        for name, function in _called().items()
    }


def _reduced(number: int, bodies: int, count: int, extras: int, lanes: int, place: int) -> None:
    """Compute a reduction in each lane; bodies and extras lie before the place for its value."""
    rows = bodies * count + extras + 1
    memory = (ctypes.c_double * (rows * lanes)).from_address(place)
    numbers = np.ctypeslib.as_array(memory).reshape((rows, lanes))
    function = REDUCTIONS_OF_LISTS[REDUCTIONS[number]]
    for lane in range(lanes):
        column = numbers[:-1, lane].tolist()
        lists = [column[body * count : (body + 1) * count] for body in range(bodies)]
        numbers[-1, lane] = function(*lists, *column[bodies * count :])
