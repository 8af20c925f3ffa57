"""Models, runs, studies, loops and pictures as they show themselves in a notebook.

HTML with its own style and no script, so that it looks the same in every notebook, and in one that
was turned into a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np

from cyclesim.analysis.explanation import Cause, Explanation, StudyExplanations
from cyclesim.analysis.explanation.words import notes
from cyclesim.analysis.loops import LoopAnalysis
from cyclesim.analysis.loops.words import sentences
from cyclesim.analysis.sensitivity import SensitivityAnalysis
from cyclesim.analysis.sensitivity import words as sensitivity_words
from cyclesim.analysis.tipping import Nearest, Threshold, TippingAnalysis
from cyclesim.analysis.tipping.words import (
    answer,
    nearest_words,
    rule_words,
    sections,
    turning_words,
)
from cyclesim.analysis.words import number, pair, unit
from cyclesim.compiler import CompiledModel, FlatVariable, Role
from cyclesim.diagram import Diagram, stock_diagram
from cyclesim.ensemble.batch import Outcome
from cyclesim.report.charts import sparkline
from cyclesim.report.comparison import comparison
from cyclesim.report.figures import value_range
from cyclesim.report.findings import answers, in_one_sentence
from cyclesim.report.html import environment, template_text
from cyclesim.report.reasons import phase_rows, tag
from cyclesim.results import Results
from cyclesim.scenario.parts import StudyRun
from cyclesim.simulation import STILL

MOST_ROWS = 24
"""Rows shown of a run; a study's outputs are all shown."""


@singledispatch
def html_of(thing: object) -> str:
    """Return how a thing shows itself. Raises TypeError for one that has no picture."""
    raise TypeError(f"{type(thing).__name__} has no picture.")


def _page(kind: str, **context: Any) -> str:
    template = environment().get_template("notebook.html")
    return str(template.render(kind=kind, style=template_text("notebook.css"), **context))


@html_of.register
def _model(model: CompiledModel) -> str:
    flat = model.flat
    stocks = [variable for variable in flat.visible if variable.role is Role.LEVEL]
    return _page(
        "model",
        flat=flat,
        count=len(flat.visible),
        constants=sum(variable.role is Role.PARAMETER for variable in flat.visible),
        stocks=stocks[:MOST_ROWS],
        left=len(stocks[MOST_ROWS:]),
        picture=stock_diagram(model).svg,
    )


@html_of.register
def _results(results: Results) -> str:
    shown = [v for v in results.variables if v.role is Role.LEVEL] or list(results.variables)
    rows = [_row(name, variable, results) for variable in shown for name in variable.columns]
    return _page(
        "results",
        results=results,
        units=results.flat.time_units,
        span=pair(float(results.time[0]), float(results.time[-1])),
        rows=rows[:MOST_ROWS],
        left=len(results.columns) - len(rows[:MOST_ROWS]),
        worst=results.error.worst if results.error and results.error.worst[1] else None,
    )


def _row(name: str, variable: FlatVariable, results: Results) -> Mapping[str, str]:
    values = results.trajectory.values[results.columns[name]]
    known = values[np.isfinite(values)]
    ends = (float(known[0]), float(known[-1])) if known.size else (np.nan, np.nan)
    moved = known.size and float(np.ptp(known)) > STILL * float(np.abs(known).max())
    start, end = pair(*ends) if moved else (number(ends[0]), number(ends[0]))
    low, high = value_range([values])
    path = sparkline(values, low, high)
    return {"name": name, "start": start, "end": end, "unit": unit(variable.units), "path": path}


@html_of.register
def _study_run(run: StudyRun) -> str:
    found = answers(run)
    return _page(
        "study",
        study=run.study,
        overall=in_one_sentence(found),
        answers=found,
        rows=comparison(run, found),
        held=sum(verdict.held for verdict in run.verdicts),
        verdicts=run.verdicts,
        notes=run.notes,
    )


@html_of.register
def _loops(analysis: LoopAnalysis) -> str:
    lines = [line.strip() for line in sentences(analysis) if line.strip()]
    return _page("loops", analysis=analysis, lines=lines[:MOST_ROWS], left=len(lines[MOST_ROWS:]))


@html_of.register
def _diagram(diagram: Diagram) -> str:
    return _page("diagram", picture=diagram.svg)


@html_of.register
def _explanation(found: Explanation) -> str:
    return _page(
        "explanation", found=found, tag=tag(found), rows=phase_rows(found), notes=notes(found)
    )


@html_of.register
def _explanations(found: StudyExplanations) -> str:
    told = [
        (each.scenario.title, tag(each), each.sentence)
        for each in found.by_scenario.values()
        if each.cause is not Cause.NOTHING
    ]
    output = next((e.output.title for e in found.by_scenario.values()), "")
    return _page("explanations", told=told, output=output, left_out=found.left_out)


@html_of.register
def _tipping(analysis: TippingAnalysis) -> str:
    rule = analysis.lasting or analysis.rule
    return _page(
        "analysis",
        analysis=analysis,
        answer=answer(analysis),
        how=rule_words(rule, analysis) if rule is not None else "",
        sections=list(sections(analysis)),
    )


@html_of.register
def _sensitivity(analysis: SensitivityAnalysis) -> str:
    count = f"{analysis.runs:,} runs in {analysis.seconds:.1f} s"
    return _page(
        "analysis",
        analysis=analysis,
        answer=" ".join(sensitivity_words.answer(analysis)),
        how=f"{len(analysis.quantities)} uncertain numbers ({analysis.design}), {count}.",
        sections=list(sensitivity_words.sections(analysis)),
    )


@html_of.register
def _threshold(found: Threshold) -> str:
    return _page("threshold", words=turning_words(found))


@html_of.register
def _nearest(found: Nearest) -> str:
    return _page("threshold", words=nearest_words(found))


@html_of.register
def _outcome(outcome: Outcome) -> str:
    table = outcome.table()
    rows = []
    for scenario, part in table.groupby("scenario", sort=False, observed=True):
        ends = {name: part[f"{name} (end)"].quantile([0.05, 0.5, 0.95]) for name in outcome.units}
        shown = [(number(q[0.5]), pair(q[0.05], q[0.95])) for q in ends.values()]
        rows.append((scenario, len(part), shown))
    error = outcome.manifest["discretisation_error"]["share"]
    return _page(
        "batch",
        outcome=outcome,
        study=Path(outcome.manifest["study"]).stem,
        rows=rows,
        names=[(name, unit(units)) for name, units in outcome.units.items()],
        error=error,
        design=outcome.manifest["design"],
    )
