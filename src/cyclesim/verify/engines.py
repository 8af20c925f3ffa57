"""Other engines, each run in a process and a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import numpy as np

from cyclesim.project import Method

INTERPRETER = "CYCLESIM_ENGINES_PYTHON"
"""Names the Python that has the engines, where it is another than the one that runs cyclesim."""

TIME_LIMIT = 300.0
"""Seconds after which an engine counts as hanging."""

_RUNNER = Path(__file__).with_name("runner.py")


class Status(Enum):
    """How an engine answered."""

    RAN = "ran"
    REFUSED = "refused"
    WITHHELD = "withheld"
    BROKEN = "broken"
    MISSING = "missing"
    CRASHED = "crashed"
    HUNG = "hung"


@dataclass(frozen=True)
class Engine:
    """Another program that computes models: its package, and the methods that it has."""

    key: str
    name: str
    package: str
    methods: frozenset[Method]

    @property
    def pip_line(self) -> str:
        """Return the command that installs it, for the Python that would run it."""
        python = os.environ.get(INTERPRETER) or "python"
        return f"{python} -m pip install {self.package}"


PYSD = Engine("pysd", "PySD", "pysd", frozenset({Method.EULER}))
SIMLIN = Engine("simlin", "pysimlin", "pysimlin", frozenset({Method.EULER, Method.RK2, Method.RK4}))
ENGINES = {engine.key: engine for engine in (PYSD, SIMLIN)}


@dataclass(frozen=True)
class Answer:
    """What came back: values of each column by its name as the engine writes it, (time,) each."""

    status: Status
    message: str = ""
    version: str | None = None
    time: np.ndarray = field(default_factory=lambda: np.empty(0))
    columns: dict[str, np.ndarray] = field(default_factory=dict)


def ask(engine: Engine, model: bytes, suffix: str, time_limit: float = TIME_LIMIT) -> Answer:
    """Return what an engine computes for the contents of a model file.

    The engine works on a copy in a scratch folder, since PySD writes its code beside the model.
    """
    with tempfile.TemporaryDirectory(prefix="cyclesim-verify-") as scratch:
        copy = Path(scratch, f"model{suffix.casefold()}")
        copy.write_bytes(model)
        return ask_about(engine, copy, time_limit)


def ask_about(engine: Engine, model: Path, time_limit: float = TIME_LIMIT) -> Answer:
    """Return what an engine computes for a model file; it may write into that file's folder."""
    python = os.environ.get(INTERPRETER) or sys.executable
    with tempfile.TemporaryDirectory(prefix="cyclesim-answer-") as folder:
        command = [python, "-P", str(_RUNNER), engine.key, str(model), folder]
        try:
            done = subprocess.run(
                command, cwd=model.parent, capture_output=True, timeout=time_limit, check=False
            )
        except subprocess.TimeoutExpired:
            return Answer(Status.HUNG, f"no answer within {time_limit:g} seconds")
        except OSError as error:
            return Answer(Status.BROKEN, f"'{python}' cannot be started: {error.strerror}")
        answer = Path(folder, "answer.json")
        if not answer.is_file():
            return Answer(Status.CRASHED, _last_words(done))
        said = json.loads(answer.read_text(encoding="utf-8"))
        status = Status(said["status"])
        if status is not Status.RAN:
            return Answer(status, said["message"], said["version"])
        values = np.load(Path(folder, "values.npy"), allow_pickle=False)
        columns = dict(zip(said["columns"][1:], values[1:], strict=True))
        return Answer(status, "", said["version"], values[0], columns)


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    how = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
    return f"its process ended with {how}" + (f": {last[:200]}" if last else "")
