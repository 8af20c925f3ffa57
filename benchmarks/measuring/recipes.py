"""How each engine is started on a case."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cyclesim.codegen.emit_javascript import emit_javascript, runtime_text, schedule_numbers
from cyclesim.simulation import settled_specs
from cyclesim.verify.engines import INTERPRETER

from .c_model import CModel
from .cases import FOLDER, Case, surroundings
from .engines import Engine, Missing

WORKERS = FOLDER / "workers"
COMPILER = "gcc"
STRICT = ("-O3", "-march=native", "-fopenmp", "-mprefer-vector-width=512")
RELAXED = (*STRICT, "-ffast-math")
NARROW = ("-O3", "-march=native", "-fopenmp", "-mno-avx512f", "-mprefer-vector-width=256",
          "-ffast-math")  # fmt: skip


class Recipe(Protocol):
    """How an engine is started; `methods` are those that it has."""

    @property
    def name(self) -> str:
        """Return what the engine is called."""

    @property
    def methods(self) -> tuple[str, ...]:
        """Return the methods that it has."""

    def start(self, case: Case) -> Engine:
        """Return the engine, ready to run. Raises Missing where it cannot be had."""


@dataclass(frozen=True)
class Target:
    """A target of cyclesim that runs in Python; `surrounded` by environment variables."""

    name: str
    target: str
    strict: bool = False
    surrounded: Mapping[str, str] = field(default_factory=dict)
    methods: tuple[str, ...] = ("euler", "rk4")

    def start(self, case: Case) -> Engine:
        """Return the engine; its machine code is kept in a folder of the case's."""
        asked = case.asked(target=self.target, strict=self.strict)
        words = [sys.executable, str(WORKERS / "run_cyclesim.py"), json.dumps(asked)]
        cache = {"CYCLESIM_CACHE": str(case.folder / "cache")}
        env = {**surroundings(), **cache, **self.surrounded}
        return _ready(Engine(self.name, words, env, case.path.parent))


@dataclass(frozen=True)
class Peer:
    """Another simulator: the script that runs it, and the package that it needs."""

    name: str
    script: str
    package: str
    methods: tuple[str, ...]

    def start(self, case: Case) -> Engine:
        """Return the engine. Raises Missing where no Python has its package."""
        python = os.environ.get(INTERPRETER) or sys.executable
        try:
            look = [python, "-c", f"import {self.package}"]
            subprocess.run(look, check=True, capture_output=True)
        except OSError:
            raise Missing(f"what {INTERPRETER} names cannot be started") from None
        except subprocess.CalledProcessError:
            raise Missing(
                f"the Python that would run it has no package '{self.package}'; "
                f"{INTERPRETER} may name one that has"
            ) from None
        words = [python, str(WORKERS / self.script), json.dumps(case.asked())]
        return _ready(Engine(self.name, words, os.environ, case.path.parent))


@dataclass(frozen=True)
class InC:
    """Generated C: how it is compiled, and how many runs a block has."""

    name: str
    flags: tuple[str, ...]
    lanes: int
    methods: tuple[str, ...] = ("euler", "rk4")

    def start(self, case: Case) -> Engine:
        """Return the compiled program. Raises Missing where it cannot be had."""
        if shutil.which(COMPILER) is None:
            raise Missing(f"there is no {COMPILER}")
        source = case.path.parent / f"{self.name.replace(', ', '-').replace(' ', '-')}.c"
        text = CModel(case.flat).text(case.varied, case.series, self.lanes, case.tableau)
        source.write_text(text, encoding="utf-8")
        program = source.with_suffix(".run")
        begun = time.perf_counter()
        words = [COMPILER, *self.flags, str(source), "-o", str(program), "-lm"]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            raise Missing(f"{COMPILER} says: {' '.join(done.stderr.splitlines()[:1])}")
        taken = time.perf_counter() - begun
        clock = case.clock
        numbers = (case.bare_sample, case.padded, clock.start, clock.dt, clock.steps)
        engine = Engine(self.name, [str(program), *map(str, numbers)], os.environ, case.path.parent)
        engine.phases = {"code": taken}
        return engine


@dataclass(frozen=True)
class InNode:
    """The target that runs in a browser, under Node."""

    name: str
    methods: tuple[str, ...] = ("euler", "rk4")

    def start(self, case: Case) -> Engine:
        """Return the engine. Raises Missing where there is no Node."""
        node = shutil.which("node") or shutil.which("nodejs")
        if node is None:
            raise Missing("there is no Node.js")
        flat = case.flat
        begun = time.perf_counter()
        model = emit_javascript(flat).text
        taken = time.perf_counter() - begun
        asked = {
            "schedule": schedule_numbers(settled_specs(flat.sim_specs, case.method)),
            "keep": [flat.places[ident] for ident in case.series],
            "places": [flat.parameters.index(ident) for ident in case.varied],
            "sample": str(case.bare_sample),
        }
        worker = (WORKERS / "run_javascript.js").read_text(encoding="utf-8")
        script = case.path.parent / "javascript.js"
        parts = (runtime_text(), model, f"const ASKED = {json.dumps(asked)};", worker)
        script.write_text("\n".join(parts), encoding="utf-8")
        engine = Engine(self.name, [node, str(script)], os.environ, case.path.parent)
        engine.answer()
        engine.phases = {"code": taken}
        return engine


def _ready(engine: Engine) -> Engine:
    """Return an engine once it has told what starting took."""
    told = engine.answer()
    engine.phases, engine.version = told["phases"], told.get("version", "")
    return engine


PYTHON = Target("python", "python")
NUMPY = Target("numpy", "numpy")
LLVM = Target("llvm", "llvm")
LLVM_STRICT = Target("llvm, strict", "llvm", strict=True)
LLVM_AVX2 = Target("llvm, AVX2", "llvm", surrounded={"CYCLESIM_VECTORS": "avx2"})
JAVASCRIPT = InNode("javascript")
C_RELAXED = InC("C, relaxed", RELAXED, 32)
C_STRICT = InC("C, strict", STRICT, 32)
C_AVX2 = InC("C, relaxed, AVX2", NARROW, 16)
SIMLIN = Peer("pysimlin", "run_simlin.py", "simlin", ("euler", "rk4"))
PYSD = Peer("PySD", "run_pysd.py", "pysd", ("euler",))
