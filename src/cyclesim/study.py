"""A study from its file to what its scenarios gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from cyclesim.analysis.labels import label
from cyclesim.analysis.shapes import behaviours
from cyclesim.compiler import NothingSelected, Role, selected
from cyclesim.ensemble import run_scenario
from cyclesim.ensemble.batch import Outcome, local, plan_of
from cyclesim.ensemble.batch import run_batch as written
from cyclesim.ensemble.designs import design_named, scenarios_named, with_runs
from cyclesim.errors import UsageError
from cyclesim.names import Ident
from cyclesim.project import Method
from cyclesim.results import Results
from cyclesim.scenario import Change, Scenario, Study, StudyRun, read_study
from cyclesim.scenario.changes import effective_time
from cyclesim.scenario.coverage import number_before, overlapping
from cyclesim.scenario.parts import Direction
from cyclesim.scenario.quantities import as_written
from cyclesim.scenario.words import change_words, quantity
from cyclesim.schedule import schedule_of
from cyclesim.simulation import settled_specs
from cyclesim.verdicts import verdicts

if TYPE_CHECKING:
    import numpy as np

__all__ = ["labels", "read_study", "run_batch", "run_study"]


def run_study(
    study: Study | str | Path,
    *,
    settings: Mapping[str, float] | None = None,
    method: str | Method | None = None,
    dt: float | str | Fraction | None = None,
    save_every: float | str | Fraction | None = None,
    progress: Callable[[str], None] | None = None,
) -> StudyRun:
    """Return what every scenario of a study gave, and whether what it expects holds.

    `settings` give constants another number in all scenarios, from before the start; a change of
    the same constant still takes effect at its time, and what the study expects is not judged: it
    was written for the study as it stands. A scenario that diverges costs the others
    nothing: its results end where it did, a note says so and what is expected of it fails.
    Raises UsageError for settings that do not fit.
    """
    whole = study if isinstance(study, Study) else read_study(study)
    specs = settled_specs(whole.specs, method, dt, None, None, save_every)
    schedule_of(specs, whole.model.flat.sim_specs)
    given = _settings(whole, settings or {})
    whole = replace(whole, specs=specs, scenarios=_with_settings(whole, given.values))
    results: dict[str, Results] = {}
    notes = list(given.notes)
    for scenario in whole.scenarios:
        if progress is not None:
            progress(scenario.title)
        found = run_scenario(whole, scenario, given.values)
        results[scenario.name] = found
        if not found.status.complete:
            notes.append(f"'{scenario.name}' did not reach the end: {found.status.message}.")
    notes += _overruled(whole, given.values)
    if given.values and whole.expectations:
        notes.append("what the study expects is not judged, since settings change what it studies.")
        return StudyRun(whole, results, (), tuple(notes))
    return StudyRun(whole, results, verdicts(whole, results), tuple(notes))


def run_batch(
    study: Study | str | Path,
    folder: str | Path,
    *,
    runs: int | None = None,
    scenarios: Sequence[str] = (),
    design: str | None = None,
    workers: int = 1,
) -> Outcome:
    """Return a study run many times, with other numbers each time, its tables in a folder.

    What differs is the study's design, else the constants go through their plausible ranges; `runs`
    of each of the `scenarios` named, or of the design's own. The folder holds `runs.parquet` (a row
    a run) and `series/` (a row each saved time of each run); a batch that was broken off goes on
    where it was. Raises UsageError for names that do not fit and for a folder of something else.
    """
    whole = study if isinstance(study, Study) else read_study(study)
    chosen = design_named(whole, design)
    if runs is not None:
        chosen = with_runs(chosen, runs)
    plan = plan_of(whole, chosen, scenarios_named(whole, chosen, tuple(scenarios)))
    command = ["cyclesim", "batch", str(study) if not isinstance(study, Study) else whole.path]
    command += ["--design", design] if design is not None else []
    command += ["--runs", str(runs)] if runs is not None else []
    for name in scenarios:
        command += ["--scenario", name]
    with local(workers) as each:
        return written(plan, Path(folder), each, labeller=labels, command=command)


def labels(time: np.ndarray, curves: np.ndarray, good: Direction) -> list[str]:
    """Return what each curve (run, time) did, in the field's words."""
    return [str(label(found)) for found in behaviours(time, curves, good)]


def _overruled(study: Study, values: Mapping[Ident, float]) -> list[str]:
    """Return a note for each setting that a scenario's own change overrules from the start on."""
    start = float(study.specs.start)
    found = []
    for ident in values:
        chosen = selected(study.model.flat, ident)
        own = [
            f"'{scenario.title}'"
            for scenario in study.scenarios
            if any(
                effective_time(change.override, start) <= start
                and overlapping(chosen, selected(study.model.flat, change.variable.ident))
                for change in scenario.changes
            )
        ]
        if own:
            found.append(
                f"'{chosen.variable.name}' is told from the start on by {', '.join(own)}: the "
                "setting does not count there."
            )
    return found


@dataclass(frozen=True)
class _Settings:
    values: Mapping[Ident, float]
    notes: tuple[str, ...]


def _settings(study: Study, given: Mapping[str, float]) -> _Settings:
    flat = study.model.flat
    values: dict[Ident, float] = {}
    notes: list[str] = []
    for name, value in given.items():
        try:
            variable = selected(flat, name).variable
        except NothingSelected as nothing:
            raise UsageError(str(nothing)) from None
        if variable.role is Role.LEVEL:
            raise UsageError(
                f"'{variable.name}' is a stock: it changes through its flows. "
                "Give its value at the start in the study, under 'initial'."
            )
        if variable.role is not Role.PARAMETER:
            notes.append(
                f"'{variable.name}' has an equation, '{variable.equation}'; "
                f"it is replaced by {as_written(value)} in all scenarios."
            )
        if not variable.range.holds(value):
            shown = quantity(value, variable.units)
            notes.append(f"'{variable.name}' = {shown} lies outside its range, {variable.range}.")
        values[variable.ident] = float(value)
    widest_first = sorted(values, key=lambda ident: -selected(flat, ident).variable.size)
    return _Settings({ident: values[ident] for ident in widest_first}, tuple(notes))


def _with_settings(study: Study, values: Mapping[Ident, float]) -> tuple[Scenario, ...]:
    """Return the scenarios, the words of their changes true under the settings."""
    units = study.specs.time_units

    def told(change: Change) -> Change:
        chosen = selected(study.model.flat, change.variable.ident)
        if not any(overlapping(chosen, selected(study.model.flat, ident)) for ident in values):
            return change
        before = number_before(chosen, values, study.model.flat)
        words = change_words(change.override, change.variable, before, units)
        return replace(change, words=words)

    return tuple(
        replace(scenario, changes=tuple(told(change) for change in scenario.changes))
        for scenario in study.scenarios
    )
