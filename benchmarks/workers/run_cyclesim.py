"""A target of cyclesim as an engine: read, compiled, then run as often as asked.

It is given JSON: the model's file, target, strict, method, the varied constants, the series that
are saved, and the file of their numbers.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from typing import Any

import numpy as np
from serving import Laps, Run, answers, serve

from cyclesim.codegen import TARGETS, Binding, machine_code
from cyclesim.compiler import FlatModel, compile_model
from cyclesim.integrate import integrate
from cyclesim.names import canonical
from cyclesim.readers import read_model
from cyclesim.schedule import Schedule, schedule_of
from cyclesim.simulation import parameter_values, settled_specs

CHUNK = 2048
"""Runs that `numpy` does at once: more of them no longer fit into the processor's cache."""


class Target:
    """A program, and the numbers that its runs are given."""

    def __init__(self, asked: dict[str, Any], flat: FlatModel) -> None:
        self.flat = flat
        self.asked = asked
        self.name = asked["target"]
        strict = asked["strict"]
        self.program = machine_code(flat, strict=True) if strict else TARGETS[self.name](flat)
        assert self.program.target == self.name, self.program.note
        self.sample = np.load(asked["sample"], mmap_mode="r")
        self.varied = {canonical(name): place for place, name in enumerate(asked["varied"])}
        self.own = parameter_values(flat, {})
        self.keep = [flat.places[canonical(name)] for name in asked["series"]]

    def schedule(self, every: int) -> Schedule:
        """Return a schedule that saves every so many steps."""
        own = self.flat.sim_specs
        interval = Fraction(own.dt) * every
        return schedule_of(settled_specs(own, self.asked["method"], save_every=interval), own)

    def binding(self, schedule: Schedule, first: int, end: int) -> Binding:
        """Return what some of the runs are given: one number of a run alone, else columns."""
        clock = schedule.clock
        columns: list[Any] = []
        for ident, value in zip(self.flat.parameters, self.own, strict=True):
            place = self.varied.get(ident)
            row = None if place is None else np.array(self.sample[place, first:end])
            if self.name == "python":
                columns.append(value if row is None else float(row[0]))
            else:
                columns.append(np.float64(value) if row is None else row)
        numbers = (clock.start, clock.stop, clock.dt, schedule.declared_dt)
        runs = first if self.name == "python" else np.arange(first, end)
        return Binding(tuple(columns), *numbers, 0, runs)

    def prepared(self, runs: int, threads: int, every: int) -> Run:
        """Return what does so many runs and gives their values, (series, time, run)."""
        schedule = self.schedule(every)
        size = {"python": 1, "numpy": CHUNK, "llvm": runs}[self.name]
        bound = [self.binding(schedule, first, min(first + size, runs))
                 for first in range(0, runs, size)]  # fmt: skip

        def run() -> list[np.ndarray]:
            return [
                integrate(self.program, schedule, each, keep=self.keep, threads=threads).values
                for each in bound
            ]

        return run

    def values(self, runs: int, every: int) -> np.ndarray:
        """Return what the first runs saved, (time, series, run)."""
        parts = self.prepared(runs, 1, every)()
        whole = [part[:, :, None] if part.ndim == 2 else part for part in parts]
        return np.concatenate(whole, axis=2).transpose(1, 0, 2)


def main() -> None:
    """Read and compile the model, then serve."""
    answer = answers()
    asked = json.loads(sys.argv[1])
    laps = Laps()
    project = read_model(asked["model"])
    laps.lap("read")
    flat = compile_model(project).flat
    laps.lap("compile")
    target = Target(asked, flat)
    laps.lap("code")
    if target.name == "llvm":  # it is compiled when it is first used
        names = ("first", "second", "third", "fourth")
        for name in names:
            target.prepared(8, 1, 1)()
            laps.lap(name)
        # What packages take to load is no part of it; nor are the eight runs.
        first, *again = (laps.seconds.pop(name) for name in names)
        laps.seconds["code"] = first - min(again)
    serve(answer, {"phases": laps.seconds}, target.prepared, target.values)


if __name__ == "__main__":
    main()
