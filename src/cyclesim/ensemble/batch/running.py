"""A batch run, or gone on with: parts that are missing are computed and written as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclesim.display import Shown
from cyclesim.ensemble.batch.accuracy import sampled_error
from cyclesim.ensemble.batch.chunks import Job, Labeller, task_of
from cyclesim.ensemble.batch.executors import Each
from cyclesim.ensemble.batch.files import free_bytes, only_writer
from cyclesim.ensemble.batch.forecast import most_bytes
from cyclesim.ensemble.batch.plan import Plan
from cyclesim.ensemble.batch.store import LOCK, RUNS, SERIES, Store
from cyclesim.errors import RunError, UsageError
from cyclesim.manifest import about, now

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Progress:
    """How far a batch is: `done` of `runs`, `found` of them there already when it began."""

    runs: int
    done: int
    found: int
    failed: int


@dataclass(frozen=True)
class Outcome(Shown):
    """A batch that is complete: its folder, its manifest, and the units of what was kept.

    `computed` are the runs that had to be computed for it now.
    """

    folder: Path
    manifest: dict[str, Any]
    units: Mapping[str, str | None]
    time_units: str
    computed: int

    @property
    def failed(self) -> int:
        """Return how many runs did not reach their end."""
        return int(self.manifest["failed"])

    @property
    def runs(self) -> int:
        """Return the number of runs."""
        return int(self.manifest["runs"])

    @property
    def kept(self) -> bool:
        """Return whether the series of each run were kept, not quantiles alone."""
        return (self.folder / SERIES).is_dir()

    def table(self) -> pd.DataFrame:
        """Return a row a run: scenario, run, its numbers, how it ended, and measures."""
        import pandas as pd

        return pd.read_parquet(self.folder / RUNS)

    def series(self) -> pd.DataFrame:
        """Return a row each saved time of each run: scenario, run, time, and the outputs.

        Raises UsageError where only quantiles were kept.
        """
        import pandas as pd

        if not self.kept:
            raise UsageError(f"'{self.folder}' holds quantiles at each time and no series.")
        return pd.read_parquet(self.folder / SERIES)


def run_batch(
    plan: Plan,
    folder: Path,
    each: Each,
    *,
    labeller: Labeller | None = None,
    command: list[str] | None = None,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> Outcome:
    """Return a batch once all its parts are in the folder; those that are there stay.

    Raises UsageError where the folder holds something else, or a batch of other runs; RunError
    where another process writes there, or the disk is too small.
    """
    small = disk_too_small(plan, folder)
    if small:
        raise RunError(small)
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder, plan)
    units = {out.variable.name: out.variable.units for out in plan.study.outputs}
    time_units = plan.study.specs.time_units
    with only_writer(folder / LOCK):
        begun = time.perf_counter()
        told = _about(plan, command or [])
        there = store.begin(told)
        known = store.complete
        if known is not None:
            store.clear()
            return Outcome(folder, known, units, time_units, 0)
        computed = _compute(plan, store, each, there, labeller, tell)
        error = sampled_error(plan)
        told |= {
            "finished": now(),
            "seconds": time.perf_counter() - begun - error.seconds,
            "discretisation_error": asdict(error),
        }
        return Outcome(folder, store.finish(told), units, time_units, computed)


def disk_too_small(plan: Plan, folder: Path) -> str:
    """Return why a batch is not begun, where its numbers might not fit on the disk; else nothing.

    Its numbers are taken not to be compressed at all.
    """
    needed, free = most_bytes(plan) - _size(folder), free_bytes(folder)
    if needed <= free:
        return ""
    return (
        f"the batch may take {needed / 1e6:,.0f} MB, were its numbers not to be compressed, and "
        f"the disk of '{folder}' has {free / 1e6:,.0f} MB left. Free some, keep fewer outputs or "
        "times, or use --summary-only."
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _compute(
    plan: Plan,
    store: Store,
    each: Each,
    there: frozenset[int],
    labeller: Labeller | None,
    tell: Callable[[Progress], None],
) -> int:
    """Compute and write the parts that are not there; return how many runs these are."""
    task = task_of(plan, labeller)

    def jobs() -> Iterator[Job]:
        for part in plan.parts():
            if part.number not in there:
                yield Job(task, part, plan.sample.numbers(part.first, part.stop))

    found = sum(part.stop - part.first for part in plan.parts() if part.number in there)
    done, failed = found, 0
    tell(Progress(plan.runs, done, found, failed))
    # A part is written while the next is computed: the disk takes its time.
    with ThreadPoolExecutor(1) as writer:
        before: Future[None] | None = None
        for finished in each(jobs()):
            if before is not None:
                before.result()
            before = writer.submit(store.write, finished)
            done += finished.part.stop - finished.part.first
            failed += finished.failed
            tell(Progress(plan.runs, done, found, failed))
        if before is not None:
            before.result()
    return done - found


def _about(plan: Plan, command: list[str]) -> dict[str, Any]:
    packages = ("numpy", "pyarrow", "scipy", *(("llvmlite",) if plan.target == "llvm" else ()))
    return {
        **about(plan.study, command, packages),
        "kind": "batch",
        "design": plan.design.name,
        "design_digest": plan.design.digest,
        "scenarios": [scenario.name for scenario in plan.scenarios],
        "started": now(),
    }
