"""A study's results as tables for other programs: series as CSV, findings as JSON."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

from cyclesim.analysis.behavior import Behaviour, shape_words
from cyclesim.analysis.explanation import StudyExplanations
from cyclesim.analysis.explanation.tables import as_dict
from cyclesim.analysis.tipping import Nearest
from cyclesim.analysis.tipping.tables import nearest_dict
from cyclesim.files import write_whole
from cyclesim.report.findings import Answer, answers
from cyclesim.results import Results
from cyclesim.scenario.parts import StudyRun, Verdict

SCHEMA_VERSION = 1


def series_csv(run: StudyRun) -> str:
    """Return scenario, time, then a column for each variable and element; a row each saved time.

    Numbers have all their digits; a value that a run did not reach is empty.
    """
    names = [name for variable in run.study.model.flat.visible for name in variable.columns]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["scenario", "time", *names])
    for scenario in run.study.scenarios:
        results = run.results[scenario.name]
        rows = results.columns
        series = (results.trajectory.values[rows[name]].tolist() for name in names)
        columns = [results.time.tolist(), *series]
        for row in zip(*columns, strict=True):
            cells = (repr(value) if math.isfinite(value) else "" for value in row)
            writer.writerow([scenario.name, *cells])
    return text.getvalue()


def write_series_csv(run: StudyRun, path: Path) -> Path:
    """Write `series_csv` to a file that is whole or not there."""
    return write_whole(path, series_csv(run))


def summary(
    run: StudyRun, explained: StudyExplanations | None = None, margin: Nearest | None = None
) -> dict[str, Any]:
    """Return what a study found, ready for JSON; a value that is not a number is None.

    Each scenario that is `explained` says why it went where it went; `margin` is how far the
    organisation is from a tipping point, None where it was not looked for.
    """
    study = run.study
    baseline = study.scenarios[0].name if study.scenarios else None
    return {
        "schema_version": SCHEMA_VERSION,
        "study": study.title,
        "question": study.question,
        "study_file": study.path,
        "study_digest": study.digest,
        "time_units": study.model.flat.time_units,
        "baseline": baseline,
        "scenarios": [_scenario(answer, run.results[answer.scenario.name], explained)
                      for answer in answers(run)],
        "not_explained": list(explained.left_out) if explained else
                         [scenario.name for scenario in study.scenarios],
        "margin": nearest_dict(margin) if margin else None,
        "expectations": [_verdict(verdict) for verdict in run.verdicts],
        "warnings": [str(warning) for warning in study.warnings],
        "notes": list(run.notes),
    }  # fmt: skip


def _scenario(
    answer: Answer, results: Results, explained: StudyExplanations | None
) -> dict[str, Any]:
    why = explained.by_scenario.get(answer.scenario.name) if explained else None
    return {
        "name": answer.scenario.name,
        "title": answer.scenario.title,
        "complete": results.status.complete,
        "status": results.status.message or results.status.status.value,
        "outputs": [
            {
                "variable": finding.output.variable.name,
                "title": finding.output.title,
                "units": finding.output.variable.units,
                "good": finding.output.good.value,
                **_course(finding.behaviour),
                "against_baseline": _finite(finding.versus),
                "sentence": finding.words,
            }
            for finding in answer.findings
        ],
        "explanation": as_dict(why) if why else None,
        "discretisation_error": _error(results),
        "notes": list(results.notes),
        "provenance": dict(results.provenance),
    }


def _course(found: Behaviour) -> dict[str, Any]:
    return {
        "start": _finite(found.start),
        "end": _finite(found.end),
        "change": _finite(found.change),
        "shape": found.shape.value,
        "shape_in_words": shape_words(found),
        "began": found.began,
        "better": found.better,
        "extreme": None
        if found.extreme is None
        else {"time": found.extreme.time, "value": found.extreme.value},
    }


def _error(results: Results) -> dict[str, Any] | None:
    if results.error is None:
        return None
    variable, share = results.error.worst
    return {
        "worst_variable": variable,
        "share_of_range": _finite(share),
        "compared_with": results.error.compared_with,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    expectation = verdict.expectation
    return {
        "scenario": expectation.scenario,
        "variable": expectation.variable.name,
        "time": expectation.time,
        "held": verdict.held,
        "words": verdict.words,
        "because": expectation.because,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
