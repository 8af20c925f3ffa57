"""Machine code against C: the same model, runs and saved stocks, in turn on one thread.

The C program (`c_model.py`) is compiled with gcc's relaxed arithmetic and runs in a process of its
own, since that switches the arithmetic of its process. Each round runs every engine once; the
median of the ratios of CPU times within a round is printed, with the smallest and largest.
Run it: python benchmarks/llvm_against_c.py [--model MODEL] [--runs N] [--rounds N]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from c_model import CModel

from cyclesim.codegen import Binding
from cyclesim.codegen.emit_llvm import Code, CompiledProgram, emit_llvm
from cyclesim.codegen.llvm_machine import this_machine
from cyclesim.compiler import FlatModel
from cyclesim.integrate import integrate, state_of
from cyclesim.integrate.compiled import integrate_compiled
from cyclesim.schedule import Schedule, schedule_of
from cyclesim.simulation import load, parameter_values, settled_specs

GCC = ("gcc", "-O3", "-march=native", "-ffast-math", "-fopenmp-simd")
WIDE = (*GCC, "-mprefer-vector-width=512")
NARROW = (*GCC, "-mno-avx512f", "-mprefer-vector-width=256")
VARIED = 6


class Case:
    """A model with the numbers of many runs: the first few parameters vary by a tenth."""

    def __init__(self, flat: FlatModel, runs: int, folder: Path) -> None:
        self.flat = flat
        self.runs = runs
        self.folder = folder
        self.keep_idents = tuple(rule.ident for rule in flat.levels[:3])
        self.keep = [flat.places[ident] for ident in self.keep_idents]
        rng = np.random.default_rng(1)
        own = parameter_values(flat, {})
        self.columns = [
            value * rng.uniform(0.95, 1.05, runs) if n < VARIED else np.float64(value)
            for n, value in enumerate(own)
        ]
        self.file = folder / "given"
        self.padded = -(-runs // 64) * 64  # the C program does whole blocks
        rows = [np.resize(np.atleast_1d(column), self.padded) for column in self.columns]
        np.array(rows).tofile(self.file)

    def schedule(self, method: str) -> Schedule:
        """Return a schedule that saves at each unit of time."""
        specs = settled_specs(self.flat.sim_specs, method, save_every=Fraction(1))
        return schedule_of(specs, self.flat.sim_specs)

    def binding(self, schedule: Schedule, runs: int | None = None) -> Binding:
        """Return what all runs are given."""
        clock = schedule.clock
        count = runs or self.runs
        columns = [np.resize(column, count) if column.ndim else column for column in self.columns]
        numbers = (clock.start, clock.stop, clock.dt, schedule.declared_dt)
        return Binding(columns, *numbers, 0, np.arange(count))


class CEngine:
    """The C program of a case, waiting to be told to run."""

    def __init__(self, case: Case, flags: tuple[str, ...], lanes: int) -> None:
        clock = case.schedule("euler").clock
        source = case.folder / f"model{lanes}.c"
        source.write_text(CModel(case.flat, case.keep_idents, lanes).text())
        program = source.with_suffix("")
        begun = time.perf_counter()
        subprocess.run([*flags, str(source), "-o", str(program), "-lm"], check=True)
        self.compiling = time.perf_counter() - begun
        every = round(1 / clock.dt)
        numbers = (case.padded, clock.start, clock.dt, clock.steps, every)
        self.process = subprocess.Popen(
            [str(program), str(case.file), *map(str, numbers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.last = 0.0
        self.share = case.runs / case.padded

    def __call__(self) -> float:
        """Run all; return the CPU seconds."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        seconds, last = self.process.stdout.readline().split()
        self.last = float(last)
        return float(seconds) * self.share


def ours(
    case: Case, program: CompiledProgram, method: str = "euler", runs: int | None = None
) -> Callable[[], float]:
    """Return a function that runs all in machine code and returns the CPU seconds."""
    schedule = case.schedule(method)
    binding = case.binding(schedule, runs)
    state = state_of(program.bind(binding))

    def run() -> float:
        begun = time.thread_time()
        run.last = integrate(program, schedule, binding, state, keep=case.keep)  # type: ignore[attr-defined]
        return time.thread_time() - begun

    return run


def with_machine(program: CompiledProgram, vectors: str) -> CompiledProgram:
    """Return a program for narrower vectors."""
    machine = this_machine(vectors)
    assert machine is not None
    code = Code(program.flat, program.code.strict, machine)
    return replace(program, code=code, bind=code.bind)


def told(name: str, ratios: list[float]) -> None:
    """Print the median of ratios and how far they are apart."""
    middle = statistics.median(ratios)
    print(f"  {name:42s} {middle:6.2f}   ({min(ratios):.2f} to {max(ratios):.2f})")


def measure(case: Case, rounds: int) -> None:
    """Run all engines in turn and print how they compare."""
    quick, strict = emit_llvm(case.flat), emit_llvm(case.flat, strict=True)
    fewer = max(case.runs // 4, 1)
    engines: dict[str, Callable[[], float]] = {
        "C": CEngine(case, WIDE, 32),
        "C, AVX2": CEngine(case, NARROW, 16),
        "llvm": ours(case, quick),
        "llvm, strict": ours(case, strict),
        "llvm, AVX2": ours(case, with_machine(quick, "avx2")),
        "llvm, Euler, a quarter": ours(case, quick, runs=fewer),
        "llvm, RK4, a quarter": ours(case, quick, "rk4", fewer),
    }
    for engine in engines.values():
        engine()
    last = float(engines["llvm"].last.values[-1, -1, 0])  # type: ignore[attr-defined]
    found = engines["C"].last  # type: ignore[attr-defined]
    print(f"  last saved value of the first run: llvm {last:.15g}, C {found:.15g}")
    rows = [{name: engine() for name, engine in engines.items()} for _ in range(rounds)]
    for name in engines:
        count = fewer if "quarter" in name else case.runs
        each = statistics.median(row[name] for row in rows) / count
        print(f"  {name:42s} {each * 1e6:6.1f} us a run")
    for name, over in (
        ("llvm", "C"),
        ("llvm, strict", "C"),
        ("llvm, AVX2", "C, AVX2"),
        ("llvm, RK4, a quarter", "llvm, Euler, a quarter"),
    ):
        told(f"{name} / {over}", [row[name] / row[over] for row in rows])


def threads(case: Case, runs: int, rounds: int) -> None:
    """Print how much faster two threads are than one, by the clock on the wall."""
    program = emit_llvm(case.flat)
    schedule = case.schedule("euler")
    binding = case.binding(schedule, runs)
    state = state_of(program.bind(binding))
    ratios = []
    for _ in range(rounds):
        laps = []
        for count in (1, 2):
            begun = time.perf_counter()
            integrate_compiled(program, schedule, binding, state, case.keep, count)
            laps.append(time.perf_counter() - begun)
        ratios.append(laps[0] / laps[1])
    told(f"{runs:,} runs, one thread / two (wall)", ratios)


def main() -> None:
    """Measure the medium and the large model, or the one named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", action="append")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=0, help="runs for the thread test")
    given = parser.parse_args()
    models = given.model or [str(Path(__file__).with_name("medium.xmile")), "service_cycle"]
    for name in models:
        flat = load(name).flat
        steps = schedule_of(flat.sim_specs, flat.sim_specs).clock.steps
        print(f"{name}: {len(flat.variables)} variables, {given.runs:,} runs of {steps} steps")
        with tempfile.TemporaryDirectory() as folder:
            case = Case(flat, given.runs, Path(folder))
            if given.threads:
                threads(case, given.threads, given.rounds)
            else:
                measure(case, given.rounds)


if __name__ == "__main__":
    main()
