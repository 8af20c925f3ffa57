"""A batch repeated from its manifest, or one run of it, and held against what was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cyclesim.ensemble.batch.chunks import Curves, prepared
from cyclesim.ensemble.batch.plan import Plan, plan_of
from cyclesim.ensemble.batch.store import RUNS, SERIES
from cyclesim.ensemble.batch.tables import MEASURES, own_name
from cyclesim.ensemble.designs import design_named, scenarios_named, with_runs
from cyclesim.errors import UsageError
from cyclesim.manifest import another_study, what_changed
from cyclesim.scenario.parts import Study
from cyclesim.simulation import settled_specs


@dataclass(frozen=True)
class Difference:
    """Where a file differs: in which column the most, and by how much of the number."""

    file: str
    column: str
    share: float


def plan_from(manifest: dict[str, Any], study: Study) -> Plan:
    """Return the plan of a batch from its manifest; another program may compute it now.

    Raises UsageError with what has changed, where the study or its model is another one now.
    """
    identity = manifest["identity"]
    run = identity["run"]
    specs = settled_specs(study.specs, run["method"], run["dt"])
    study = replace(study, specs=specs)
    named = manifest["design"]
    names = [scenario.name for scenario in study.scenarios]
    design = design_named(study, named if named in study.designs else None)
    if design.method.random:
        design = with_runs(design, identity["design"]["runs"])
    plan = plan_of(
        study,
        design,
        scenarios_named(study, design, [name for name in identity["scenarios"] if name in names]),
        target=identity["target"],
        strict=identity["strict"],
        chunk=identity["chunk"],
        summary_only=identity["summary_only"],
        labelled=identity["labels"],
    )
    changed = what_changed(manifest, plan.identity)
    if changed:
        raise another_study(study, "batch", changed)
    return plan


def lone_run(plan: Plan, scenario: str, run: int) -> Curves:
    """Return one run of a batch computed by itself: values (output, time, 1).

    Raises UsageError where there is no such scenario or run.
    """
    chosen = scenarios_named(plan.study, plan.design, [scenario])[0]
    if not 0 <= run < plan.design.runs:
        raise UsageError(f"there is no run {run}: runs go from 0 to {plan.design.runs - 1:,}.")
    ready = prepared(plan.study, chosen, plan.design.quantities, plan.target, plan.strict)
    return ready.curves(plan.sample.numbers(run, run + 1), run)


def apart_from_stored(folder: Path, plan: Plan, scenario: str, run: int, found: Curves) -> float:
    """Return by how much a lone run differs at most from what the batch wrote of it.

    Of the saved values where they were kept, else of the end, lowest and highest; as a share of
    the largest of each output.
    """
    import pyarrow.parquet as pq

    wanted = [("scenario", "=", scenario), ("run", "=", run)]
    values = found.values[:, :, 0]
    if plan.sketch is None:
        place = [s.name for s in plan.scenarios].index(scenario)
        number = place * -(-plan.design.runs // plan.chunk) + run // plan.chunk
        table = pq.read_table(folder / SERIES / f"part-{number:05}.parquet", filters=wanted)
        stored = np.array([table[own_name(name)].to_numpy() for name in plan.outputs])
    else:
        table = pq.read_table(folder / RUNS, filters=wanted)
        names = [[f"{name} ({measure})" for measure in MEASURES] for name in plan.outputs]
        stored = np.array([[table[column][0].as_py() for column in row] for row in names], float)
        values = np.array([values[:, -1], np.nanmin(values, axis=1), np.nanmax(values, axis=1)]).T
    return max(apart(a, b) for a, b in zip(stored, values, strict=True))


def differences(before: Path, now: Path, files: Sequence[str]) -> list[Difference]:
    """Return for each file that differs where it does the most."""
    found = []
    for name in files:
        if (before / name).read_bytes() != (now / name).read_bytes():
            found.append(_difference(name, before / name, now / name))
    return found


def _difference(name: str, before: Path, now: Path) -> Difference:
    import pyarrow.parquet as pq

    old, new = pq.read_table(before), pq.read_table(now)
    if old.column_names != new.column_names or old.num_rows != new.num_rows:
        return Difference(name, "its columns or rows", float("inf"))
    worst = Difference(name, "how it is written", 0.0)
    for column in old.column_names:
        a, b = old[column].to_pandas().to_numpy(), new[column].to_pandas().to_numpy()
        if a.dtype.kind == "f" and b.dtype.kind == "f":
            share = apart(a, b)
        else:
            share = 0.0 if old[column].equals(new[column]) else float("inf")
        if share > worst.share:
            worst = Difference(name, column, share)
    return worst


def apart(before: np.ndarray, now: np.ndarray) -> float:
    """Return how far two columns are apart, as a share of the largest number; NaN equals NaN."""
    if not np.array_equal(np.isnan(before), np.isnan(now)):
        return float("inf")
    there = ~np.isnan(before)
    if np.array_equal(before[there], now[there]):
        return 0.0
    largest = float(np.abs(before[there]).max())
    return float(np.abs(before[there] - now[there]).max()) / largest if largest else float("inf")
