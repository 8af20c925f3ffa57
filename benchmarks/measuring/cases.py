"""What is measured: the models, and the numbers that their runs are given."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from cyclesim.compiler import FlatModel
from cyclesim.names import Ident
from cyclesim.schedule import Clock, Tableau, schedule_of
from cyclesim.simulation import load, settled_specs

FOLDER = Path(__file__).parents[1]
VARIED = 6
SAVED = 3
SPREAD = 0.05
"""The first constants of a model differ from run to run, by so much to either side at most."""


@dataclass(frozen=True)
class Case:
    """A model of this folder, the copy that engines read, and the numbers of its runs.

    The copy says how often is saved and by which method, since some engines take that from the
    file alone. Run 0 has the model's own numbers.
    """

    source: Path
    method: str
    folder: Path
    most_runs: int

    @property
    def name(self) -> str:
        """Return what the model is called."""
        return self.source.stem

    @cached_property
    def path(self) -> Path:
        """Return the copy that engines read."""
        text = self.source.read_text(encoding="utf-8")
        settings = f'<sim_specs save_interval="1" method="{self.method}" '
        # A folder of its own: PySD writes its code beside the model.
        copy = self.folder / f"{self.name}-{self.method}" / self.source.name
        copy.parent.mkdir()
        copy.write_text(text.replace("<sim_specs ", settings), encoding="utf-8")
        return copy

    @cached_property
    def flat(self) -> FlatModel:
        """Return the model compiled."""
        return load(self.source).flat

    @cached_property
    def clock(self) -> Clock:
        """Return the times of a run."""
        return schedule_of(self.flat.sim_specs).clock

    @property
    def tableau(self) -> Tableau:
        """Return the method as numbers."""
        return schedule_of(settled_specs(self.flat.sim_specs, self.method)).tableau

    @property
    def every(self) -> int:
        """Return how many steps a unit of time has: runs save that often."""
        return round(1 / self.clock.dt)

    @property
    def varied(self) -> list[Ident]:
        """Return the constants that differ from run to run."""
        visible = [i for i in self.flat.parameters if not self.flat.by_ident[i].hidden]
        return [i for i in visible if self.flat.by_ident[i].values[0]][:VARIED]

    @property
    def series(self) -> list[Ident]:
        """Return the stocks that are saved."""
        visible = [rule.ident for rule in self.flat.levels]
        return [i for i in visible if not self.flat.by_ident[i].hidden][:SAVED]

    def named(self, idents: list[Ident]) -> list[str]:
        """Return names as they are written in the model."""
        return [self.flat.by_ident[ident].name for ident in idents]

    @cached_property
    def sample(self) -> Path:
        """Return the file of the numbers of runs, (constant, run)."""
        path = self.folder / f"{self.name}-{self.method}.npy"
        generator = np.random.default_rng(1)
        own = [self.flat.by_ident[ident].values[0] for ident in self.varied]
        spread = generator.uniform(1 - SPREAD, 1 + SPREAD, (len(own), self.padded))
        spread[:, 0] = 1.0
        np.save(path, spread * np.array(own)[:, None])
        return path

    @cached_property
    def bare_sample(self) -> Path:
        """Return the same file without NumPy's head, for the C program."""
        path = self.sample.with_suffix(".raw")
        np.load(self.sample).tofile(path)
        return path

    @property
    def padded(self) -> int:
        """Return the number of runs in whole blocks."""
        return -(-self.most_runs // 64) * 64

    def asked(self, target: str = "", strict: bool = False) -> dict[str, object]:
        """Return what an engine's process is told."""
        return {
            "model": str(self.path), "method": self.method, "sample": str(self.sample),
            "varied": self.named(self.varied), "series": self.named(self.series),
            "target": target, "strict": strict, "start": self.clock.start,
            "dt": self.clock.dt, "steps": self.clock.steps,
        }  # fmt: skip


def surroundings() -> dict[str, str]:
    """Return the environment in which processes find this very cyclesim."""
    path = os.pathsep.join([str(FOLDER.parent / "src"), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path}
