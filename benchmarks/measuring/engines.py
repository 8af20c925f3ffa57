"""An engine: a process that runs a model as often as it is told to."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Lap(NamedTuple):
    """What one set of runs took: seconds, and the most memory so far in megabytes."""

    cpu: float
    wall: float
    peak: float


class Missing(Exception):
    """An engine cannot be had here; the message says why."""


class Engine:
    """A process that waits for orders; `phases` are seconds of what it did before."""

    def __init__(
        self, name: str, words: Sequence[str], env: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self.phases: dict[str, float] = {}
        self.version = ""
        self.own = folder / name.replace(" ", "-").replace(",", "")
        with self.own.with_suffix(".log").open("wb") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                env=env, cwd=folder,
            )  # fmt: skip

    def answer(self) -> dict[str, Any]:
        """Return the next answer. Raises Missing with its last words where it has ended."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            said = self.own.with_suffix(".log").read_text(errors="replace").strip()
            raise Missing(f"its process has ended: {''.join(said.splitlines()[-1:])}")
        found: dict[str, Any] = json.loads(line)
        return found

    def ask(self, line: str) -> dict[str, Any]:
        """Send an order and return the answer."""
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.answer()

    def run(self, runs: int, threads: int, every: int) -> Lap:
        """Do runs, saving every so many steps; return what they took."""
        found = self.ask(f"run {runs} {threads} {every}")
        return Lap(found["cpu"], found["wall"], found["peak"])

    def values(self, runs: int, every: int) -> np.ndarray:
        """Return what the first runs saved, (time, series, run); fewer where it does but one."""
        path = self.own.with_suffix(".values")
        shape = self.ask(f"values {runs} {every} {path}")["shape"]
        return np.fromfile(path).reshape(shape)

    def stop(self) -> None:
        """End the process."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
