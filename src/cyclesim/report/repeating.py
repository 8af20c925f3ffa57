"""A run's manifest, and a repeated run held against the series that the first one wrote."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cyclesim.ensemble.batch.repeating import Difference, apart
from cyclesim.errors import UsageError
from cyclesim.manifest import about, now, program, study_identity
from cyclesim.scenario.parts import StudyRun

SERIES = "series.csv"
RUN = "run"


@dataclass(frozen=True)
class RunOptions:
    """What a run was asked for: the study and the options of the command line, as they were given.

    `settings` are numbers in each variable's own unit.
    """

    study: str
    settings: Mapping[str, float]
    method: str | None = None
    dt: str | None = None


def run_identity(run: StudyRun, options: RunOptions) -> dict[str, Any]:
    """Return all that decides the series of a run, ready for JSON."""
    return {
        **study_identity(run.study, run.study.scenarios),
        "settings": dict(options.settings),
        **program(),
    }


def run_manifest(
    run: StudyRun, options: RunOptions, command: list[str], series: str
) -> dict[str, Any]:
    """Return the manifest of a run; its files are those that a repetition is compared with."""
    return {
        **about(run.study, command, ("numpy", "scipy")),
        "kind": RUN,
        "study": options.study,
        "options": {
            "settings": dict(options.settings),
            "method": options.method,
            "dt": options.dt,
        },
        "written": now(),
        "state": "complete",
        "identity": run_identity(run, options),
        "files": {SERIES: hashlib.sha256(series.encode()).hexdigest()},
    }


def options_of(manifest: dict[str, Any]) -> RunOptions:
    """Return what a run was asked for, from its manifest. Raises UsageError where it is damaged."""
    try:
        given = manifest["options"]
        settings = {str(name): float(value) for name, value in given["settings"].items()}
        method, dt = (None if given[key] is None else str(given[key]) for key in ("method", "dt"))
        return RunOptions(str(manifest["study"]), settings, method, dt)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UsageError("the manifest does not say what the run was asked for.") from None


def differences_of_series(before: Path, now: str) -> list[Difference]:
    """Return where the series that a run wrote differ the most from those of its repetition.

    Raises UsageError where they are not there any more.
    """
    try:
        stored = before.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"'{before}' is not there: nothing to compare with.") from None
    if stored == now.encode():
        return []
    try:
        old, new = _columns(stored.decode()), _columns(now)
    except (ValueError, IndexError, csv.Error):
        return [Difference(before.name, "what it holds: it is no table of numbers", float("inf"))]
    if list(old) != list(new) or any(len(old[key]) != len(new[key]) for key in old):
        return [Difference(before.name, "its columns or rows", float("inf"))]
    worst = Difference(before.name, "how it is written", 0.0)
    for (scenario, column), values in old.items():
        share = apart(values, new[scenario, column])
        if share > worst.share:
            worst = Difference(before.name, f"'{column}' of scenario '{scenario}'", share)
    return [worst]


def _columns(text: str) -> dict[tuple[str, str], np.ndarray]:
    """Return the columns of each scenario; an empty cell is NaN."""
    (_, *names), *rows = csv.reader(io.StringIO(text))
    found: dict[tuple[str, str], np.ndarray] = {}
    for scenario in dict.fromkeys(row[0] for row in rows):
        own = [row[1:] for row in rows if row[0] == scenario]
        table = np.array([[float(cell or "nan") for cell in row] for row in own])
        found |= {(scenario, name): table[:, place] for place, name in enumerate(names)}
    return found
