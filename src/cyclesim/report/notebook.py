"""Models, runs, studies, loops and pictures as they show themselves in a notebook.

HTML with its own style and no script, so that it looks the same in every notebook, and in one that
was turned into a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import numpy as np

from cyclesim.analysis.loops import LoopAnalysis
from cyclesim.analysis.loops.words import sentences
from cyclesim.analysis.words import number, pair, unit
from cyclesim.compiler import CompiledModel, FlatVariable, Role
from cyclesim.diagram import Diagram, stock_diagram
from cyclesim.report.charts import sparkline
from cyclesim.report.comparison import comparison
from cyclesim.report.figures import value_range
from cyclesim.report.findings import answers, in_one_sentence
from cyclesim.report.html import environment, template_text
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
    return _page("loops", analysis=analysis, lines=[line.strip() for line in sentences(analysis)])


@html_of.register
def _diagram(diagram: Diagram) -> str:
    return _page("diagram", picture=diagram.svg)
