"""Engines, each in a process of its own that waits to be told to run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cyclesim.verify.engines import INTERPRETER

from .c_model import CModel
from .cases import FOLDER, Case, surroundings

COMPILER = "gcc"
STRICT = (COMPILER, "-O3", "-march=native", "-fopenmp", "-mprefer-vector-width=512")
RELAXED = (*STRICT, "-ffast-math")
NARROW = (COMPILER, "-O3", "-march=native", "-fopenmp", "-ffast-math", "-mno-avx512f",
          "-mprefer-vector-width=256")  # fmt: skip


class Lap(NamedTuple):
    """What one set of runs took: seconds, and the most memory so far in megabytes."""

    cpu: float
    wall: float
    peak: float


class Missing(Exception):
    """An engine cannot be had here; the message says why."""


@dataclass(frozen=True)
class Recipe:
    """How an engine is started for a case.

    `lanes` makes it a C program with blocks of so many runs; else `worker` is its script.
    """

    name: str
    worker: str = "run_cyclesim.py"
    target: str = ""
    strict: bool = False
    narrow: bool = False
    flags: tuple[str, ...] = ()
    lanes: int = 0
    package: str = ""
    methods: tuple[str, ...] = ("euler", "rk4")

    def start(self, case: Case) -> Engine:
        """Return the engine, ready to run. Raises Missing where it cannot be had."""
        if self.lanes:
            return self._compiled(case)
        python = _python_with(self.package) if self.package else sys.executable
        words = [python, str(FOLDER / "workers" / self.worker),
                 json.dumps(case.asked(self.target, self.strict))]  # fmt: skip
        env = dict(os.environ) if self.package else surroundings()
        env["CYCLESIM_CACHE"] = str(case.folder / "cache")
        if self.narrow:
            env["CYCLESIM_VECTORS"] = "avx2"
        engine = Engine(self.name, words, env, case.path.parent)
        ready = engine.answer()
        engine.phases, engine.version = ready["phases"], ready.get("version", "")
        return engine

    def _compiled(self, case: Case) -> Engine:
        if shutil.which(COMPILER) is None:
            raise Missing(f"{COMPILER} is not installed")
        source = case.path.parent / f"{self.name.replace(' ', '_').replace(',', '')}.c"
        source.write_text(
            CModel(case.flat).text(case.varied, case.series, self.lanes, case.tableau)
        )
        program = source.with_suffix(".run")
        begun = time.perf_counter()
        subprocess.run([*self.flags, str(source), "-o", str(program), "-lm"], check=True)
        taken = time.perf_counter() - begun
        clock = case.clock
        numbers = (case.bare_sample, case.padded, clock.start, clock.dt, clock.steps)
        engine = Engine(self.name, [str(program), *map(str, numbers)], os.environ, case.path.parent)
        engine.phases = {"code": taken}
        return engine


class Engine:
    """A process that runs a model as often as it is told to."""

    def __init__(
        self, name: str, words: Sequence[str], env: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self.phases: dict[str, float] = {}
        self.version = ""
        self.folder = folder
        self.said = folder / f"{name.replace(' ', '_')}.log"
        with self.said.open("wb") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                env=env, cwd=folder,
            )  # fmt: skip

    def answer(self) -> dict[str, Any]:
        """Return the next answer. Raises RuntimeError with its last words where it has ended."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            last = self.said.read_text(errors="replace").strip().splitlines()[-1:]
            raise RuntimeError(f"{self.name} has ended: {''.join(last)}")
        found: dict[str, Any] = json.loads(line)
        return found

    def ask(self, line: str) -> dict[str, Any]:
        """Send an order and return the answer."""
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.answer()

    def run(self, runs: int, threads: int, every: int) -> Lap:
        """Do runs; return what they took."""
        found = self.ask(f"run {runs} {threads} {every}")
        return Lap(found["cpu"], found["wall"], found["peak"])

    def values(self, runs: int, every: int) -> np.ndarray:
        """Return what the first runs saved, (time, series, run)."""
        path = self.folder / f"{self.name.replace(' ', '_')}.values"
        shape = self.ask(f"values {runs} {every} {path}")["shape"]
        return np.fromfile(path).reshape(shape)

    def stop(self) -> None:
        """End the process."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def _python_with(package: str) -> str:
    """Return a Python that has a package. Raises Missing where the one that is named has not."""
    python = os.environ.get(INTERPRETER) or sys.executable
    try:
        subprocess.run([python, "-c", f"import {package}"], check=True, capture_output=True)
    except FileNotFoundError:
        raise Missing(f"there is no {python}, which {INTERPRETER} names") from None
    except subprocess.CalledProcessError:
        raise Missing(
            f"{python} has no {package}; install it, or let {INTERPRETER} name a Python that has it"
        ) from None
    return python


C_RELAXED = Recipe("C, relaxed", flags=RELAXED, lanes=32)
C_STRICT = Recipe("C, strict", flags=STRICT, lanes=32)
C_AVX2 = Recipe("C, relaxed, AVX2", flags=NARROW, lanes=16)
LLVM = Recipe("llvm", target="llvm")
LLVM_STRICT = Recipe("llvm, strict", target="llvm", strict=True)
LLVM_AVX2 = Recipe("llvm, AVX2", target="llvm", narrow=True)
NUMPY = Recipe("numpy", target="numpy")
PYTHON = Recipe("python", target="python")
SIMLIN = Recipe("pysimlin", worker="run_simlin.py", package="simlin")
PYSD = Recipe("PySD", worker="run_pysd.py", package="pysd", methods=("euler",))
