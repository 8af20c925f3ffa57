"""Whole runs in machine code: many at once, in blocks, shared out among threads."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import prod

import numpy as np

from cyclesim.codegen import TARGETS, Binding, Program
from cyclesim.codegen.emit_llvm import Code, CompiledProgram, Given, Rows, aligned
from cyclesim.codegen.llvm_plan import Job, buffer_idents, held_idents, level_idents, size_of
from cyclesim.integrate.blame import diverged
from cyclesim.integrate.trajectory import RunStatus, State, Status, Trajectory
from cyclesim.schedule import Schedule

MOST_EXPLAINED = 100
"""Runs of a set that are told from which variable they left the numbers: the first of them."""

PARTS_OF_A_THREAD = 32
"""In how many parts the share of a thread is done."""


def integrate_compiled(
    program: Program,
    schedule: Schedule,
    binding: Binding,
    state: State | None = None,
    keep: Sequence[int] | None = None,
    threads: int | None = None,
) -> Trajectory:
    """Return the trajectories of a set of runs: values (row, time, run).

    `threads` are as many as CYCLESIM_THREADS says, or one, where they are not given. Run k has the
    same bits as the lone run k, whatever runs beside it.
    """
    assert isinstance(program, CompiledProgram)
    flat = program.flat
    kept = range(flat.rows) if keep is None else keep
    if state is None:
        state = State(*map(tuple, program.bind(binding).initial()))
    rows = Rows(flat, binding, state)
    threads = threads or int(os.environ.get("CYCLESIM_THREADS", "1"))
    runs = _Runs(program, schedule, binding, kept, threads)
    values, died, states = runs.of(program.code, rows)
    statuses = runs.statuses(rows, died, states)
    return Trajectory(np.array(schedule.times), values, statuses)


class _Runs:
    def __init__(
        self,
        program: CompiledProgram,
        schedule: Schedule,
        binding: Binding,
        keep: Sequence[int],
        threads: int,
    ) -> None:
        self.program = program
        self.flat = program.flat
        self.schedule = schedule
        self.binding = binding
        self.keep = tuple(keep)
        self.threads = threads

    def of(self, code: Code, rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return values (row, time, run), the step that each run did not survive, and states.

        The step is -1 for a whole run. A state is that at the start of this step.
        """
        schedule = self.schedule
        machine = code.run(schedule.tableau, self.keep)
        given = Given(rows, self.binding, machine.lanes)
        shape = (len(schedule.saved), len(self.keep), given.width)
        values = aligned(prod(shape)).reshape(shape)
        given.set(Job.OUT, values)
        clock = schedule.clock
        times = np.array([clock.time(step) for step in range(clock.steps + 1)])
        times = np.pad(times, (0, -len(times) % given.lanes), "edge")
        given.set(Job.TIMES, times)
        given.job[Job.PITCH] = len(times)
        given.set(Job.CLOCKED, np.empty(machine.terms * len(schedule.tableau.b) * len(times)))
        given.job[Job.STEPS] = clock.steps
        given.set(Job.SAVED, np.array((*schedule.saved, -1), dtype=np.int64))
        died = np.full(given.width, -1, dtype=np.int64)
        given.set(Job.DIED, died)
        count = size_of(self.flat, (*level_idents(self.flat), *held_idents(self.flat)))
        states = np.zeros((count, given.width))
        given.set(Job.STATES, states)
        memory = clock.steps * size_of(self.flat, buffer_idents(self.flat)) * given.lanes

        job = given.job.ctypes.data
        machine.clocked(job)

        def work(parts: deque[tuple[int, int]]) -> None:
            frame, history = aligned(machine.size), aligned(memory)
            while True:
                try:
                    first, end = parts.popleft()
                except IndexError:
                    return
                machine.run(job, frame.ctypes.data, history.ctypes.data, first, end)

        self.shared(work, given.blocks)
        for step in set(died[died >= 0].tolist()):  # what is saved after a run's end is nothing
            after = bisect_right(schedule.saved, step)
            values[after:, :, died == step] = np.nan
        found = values.transpose(1, 0, 2)[:, :, : rows.runs]
        died, states = died[: rows.runs], states[:, : rows.runs]
        extreme = np.flatnonzero(given.extreme[: rows.runs])
        if len(extreme) and not code.strict:
            exact = Code(self.flat, True, code.machine)
            parts = self.of(exact, rows.of(extreme))
            found[:, :, extreme], died[extreme], states[:, extreme] = parts
        return found, died, states

    def shared(self, work: Callable[[deque[tuple[int, int]]], None], count: int) -> None:
        """Do work on all blocks, in threads that take one part of them after the other."""
        threads = min(self.threads, count)
        if threads <= 1:
            work(deque([(0, count)]))
            return
        # Many parts: a thread that is kept waiting leaves its share to the others.
        parts = min(count, threads * PARTS_OF_A_THREAD)
        edges = [count * part // parts for part in range(parts + 1)]
        waiting = deque(pairwise(edges))
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(work, waiting) for _ in range(threads)]:
                done.result()

    def statuses(self, rows: Rows, died: np.ndarray, states: np.ndarray) -> tuple[RunStatus, ...]:
        """Return how each run ended; of the first that left the numbers also by which variable."""
        clock = self.schedule.clock
        whole = RunStatus(Status.COMPLETE, clock.stop)
        found = [whole] * rows.runs
        for number, run in enumerate(np.flatnonzero(died >= 0).tolist()):
            step = int(died[run])
            if number < MOST_EXPLAINED:
                found[run] = self.blamed(rows, run, step, states[:, run])
            else:
                found[run] = RunStatus(Status.DIVERGED, clock.time(step))
        return tuple(found)

    def blamed(self, rows: Rows, run: int, step: int, state: np.ndarray) -> RunStatus:
        """Return what the reference says of a run at the last step it survived."""
        one = rows.of(np.array([run]))
        numbers = [float(row[0]) for row in one.given]
        parameters: list[float | list[float]] = []
        for ident in self.flat.parameters:
            variable = self.flat.by_ident[ident]
            own, numbers = numbers[: variable.size], numbers[variable.size :]
            parameters.append(own if variable.shape else own[0])
        program = TARGETS["python"](self.flat)
        bound = program.bind(self.binding._replace(parameters=parameters, runs=int(one.numbers[0])))
        count = size_of(self.flat, level_idents(self.flat))
        values = state.tolist()
        clock = self.schedule.clock
        return diverged(
            program, bound, clock.time(step), (values[:count], values[count:]), clock.time(step + 1)
        )
