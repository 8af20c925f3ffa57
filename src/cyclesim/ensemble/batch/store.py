"""The folder of a batch: which parts are done, and the files that they make in the end.

    manifest.json           what the batch is and what computed it; written first and last
    series/part-00000...    saved values, or
    summary.parquet         their quantiles
    runs.parquet            one row a run, made of the parts when all are there
    .working/               a file for each part that is done, deleted in the end

A part is done when its file in `.working` is there, which is written after its series.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from cyclesim.ensemble.batch.chunks import Done
from cyclesim.ensemble.batch.files import PART, write_json, write_lasting
from cyclesim.ensemble.batch.plan import Plan
from cyclesim.ensemble.batch.sketch import Moments, Sketch, unpacked
from cyclesim.ensemble.batch.tables import (
    as_file,
    options,
    put_aside,
    sink_into,
    summary_table,
    taken_up,
)
from cyclesim.errors import UsageError
from cyclesim.manifest import MANIFEST, compared, file_digest, in_lines, read_manifest

RUNS = "runs.parquet"
SUMMARY = "summary.parquet"
SERIES = "series"
LOCK = ".lock"
WORKING = ".working"


@dataclass(frozen=True)
class Store:
    """The folder of one batch; `digests` are those of the files that this process has written."""

    folder: Path
    plan: Plan
    digests: dict[str, str] = field(default_factory=dict)

    def begin(self, about: dict[str, Any]) -> frozenset[int]:
        """Make the folder ready and return which parts are done.

        Raises UsageError where it holds anything else, or a batch of other runs.
        """
        manifest = self.folder / MANIFEST
        if manifest.exists():
            known = read_manifest(manifest)
            if known.get("kind") == "run":
                raise UsageError(f"'{self.folder}' holds a run. Name another folder with --out.")
            changed = compared(known["identity"], self.plan.identity)
            if changed:
                raise UsageError(
                    f"'{self.folder}' holds a batch of something else. What changed:\n"
                    f"{in_lines(changed)}\n"
                    "Name another folder with --out."
                )
        else:
            strange = {each.name for each in self.folder.iterdir()} - {LOCK, f".{MANIFEST}{PART}"}
            if strange:
                raise UsageError(
                    f"'{self.folder}' already holds {sorted(strange)[0]} and is no batch. "
                    "Name another folder with --out."
                )
            write_json(manifest, {**about, "state": "unfinished", "identity": self.plan.identity})
        for folder in (self.folder, self._series, self._working):
            folder.mkdir(exist_ok=True)
            for unfinished in folder.glob(f".*{PART}"):
                unfinished.unlink()
        if self.plan.sketch is not None:
            self._series.rmdir()
        return frozenset(
            part.number for part in self.plan.parts() if self._done(part.number).exists()
        )

    @property
    def complete(self) -> dict[str, Any] | None:
        """Return the manifest of a batch that is finished, else None."""
        manifest = self.folder / MANIFEST
        known = read_manifest(manifest) if manifest.exists() else {}
        return known if known.get("state") == "complete" else None

    def write(self, done: Done) -> None:
        """Write the files of a part; the one that says it is done comes last."""
        number = done.part.number
        if done.series is not None:
            path = self._series / f"part-{number:05}.parquet"
            self._write(path, as_file(done.series))
        if done.summary:
            write_lasting(self._working / f"summary-{number:05}.npz", done.summary)
        runs = done.runs if isinstance(done.runs, bytes) else put_aside(done.runs)
        write_lasting(self._done(number), runs)

    def finish(self, about: dict[str, Any]) -> dict[str, Any]:
        """Make the tables of the whole batch, then say that it is complete; return the manifest."""
        failed = self._write_runs()
        if self.plan.sketch is not None:
            table = self._summary()
            self._write(self.folder / SUMMARY, as_file(table))
        manifest = {
            **about,
            "state": "complete",
            "identity": self.plan.identity,
            "runs": self.plan.runs,
            "failed": failed,
            "files": {
                name: self.digests.get(name) or file_digest(self.folder / name)
                for name in self.files()
            },
        }
        write_json(self.folder / MANIFEST, manifest)
        self.clear()
        return manifest

    def clear(self) -> None:
        """Delete what only an unfinished batch needs."""
        shutil.rmtree(self._working, ignore_errors=True)

    def files(self) -> list[str]:
        """Return the names of the Parquet files, in order."""
        found = self.folder.rglob("*.parquet")
        inside = (each.relative_to(self.folder) for each in found)
        return sorted(each.as_posix() for each in inside if each.parts[0] != WORKING)

    def _write_runs(self) -> int:
        """Write one table of all runs, a row group a part; return how many failed."""
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        failed: list[int] = []

        def write(file: BinaryIO) -> None:
            writer = None
            with sink_into(file) as sink:
                for part in self.plan.parts():
                    table = taken_up(self._done(part.number).read_bytes())
                    writer = writer or pq.ParquetWriter(sink, table.schema, **options(table))
                    writer.write_table(table, row_group_size=max(1, table.num_rows))
                    complete = pc.sum(pc.equal(table["status"], "complete")).as_py()
                    failed.append(table.num_rows - complete)
                if writer is not None:
                    writer.close()

        self._write(self.folder / RUNS, write)
        return sum(failed)

    def _write(self, path: Path, content: bytes | Callable[[BinaryIO], None]) -> None:
        """Write a file of the batch, its digest taken on the way."""
        name = path.relative_to(self.folder).as_posix()
        self.digests[name] = write_lasting(path, content)

    def _summary(self) -> Any:
        """Return mean, spread and quantiles of each output at each time, in each scenario."""
        import pyarrow as pa

        times = np.array(self.plan.schedule.times)
        return pa.concat_tables(
            summary_table(scenario.name, self.plan.outputs, times, *self._merged(place))
            for place, scenario in enumerate(self.plan.scenarios)
        )

    def _merged(self, scenario: int) -> tuple[Sketch, Moments]:
        sketch, moments = None, None
        for part in self.plan.parts():
            if part.scenario != scenario:
                continue
            content = (self._working / f"summary-{part.number:05}.npz").read_bytes()
            more, about = unpacked(content)
            if sketch is None or moments is None:
                sketch, moments = more, about
            else:
                sketch.merge(more)
                moments = moments.merged(about)
        assert sketch is not None
        assert moments is not None
        return sketch, moments

    @property
    def _series(self) -> Path:
        return self.folder / SERIES

    @property
    def _working(self) -> Path:
        return self.folder / WORKING

    def _done(self, number: int) -> Path:
        return self._working / f"runs-{number:05}.arrow"
