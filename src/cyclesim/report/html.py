"""The report of a study: one HTML file that needs no network and says what it found."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from cyclesim import sealed
from cyclesim.analysis.explanation import StudyExplanations
from cyclesim.analysis.tipping import Nearest
from cyclesim.analysis.tipping.words import nearest_words
from cyclesim.analysis.words import exact_number, moment, unit
from cyclesim.compiler import FlatModel, selected
from cyclesim.files import write_whole
from cyclesim.names import Ident
from cyclesim.report.charts import charts, dash_array, palette_css
from cyclesim.report.comparison import comparison
from cyclesim.report.confidential import PLOTLY_CONFIG
from cyclesim.report.evidence import in_words, parameter_rows
from cyclesim.report.figures import letter
from cyclesim.report.findings import answers, in_one_sentence, strongest_first
from cyclesim.report.marks import begins, marks_of
from cyclesim.report.reasons import reasons
from cyclesim.report.trust import alarms, command_line, error_rows, facts, remarks
from cyclesim.scenario.parts import StudyRun


def write_report(
    run: StudyRun,
    path: Path,
    *,
    command: Sequence[str] | None = None,
    explained: StudyExplanations | None = None,
    margin: Nearest | None = None,
) -> Path:
    """Write a study's report to a file that is whole or not there.

    `command` is the command line that repeats it, `cyclesim run STUDY` where not given;
    `explained` says why scenarios went where they went, `margin` how far a tipping point is.
    """
    return write_whole(path, report_html(run, command=command, explained=explained, margin=margin))


def report_html(
    run: StudyRun,
    *,
    command: Sequence[str] | None = None,
    explained: StudyExplanations | None = None,
    margin: Nearest | None = None,
) -> str:
    """Return a study's report as one HTML page, the same for the same run and command."""
    context = _context(run, command, explained)
    context["margin"] = nearest_words(margin) if margin else ""
    why = context["why"].each if context["why"] else ()
    payload = {
        "charts": [chart.envelope for chart in context["charts"]],
        "reasons": [reason.envelope for reason in why],
        "config": PLOTLY_CONFIG,
    }
    style = template_text("report.css") + palette_css(len(run.study.scenarios))
    return scripted_page("report.html", "report.js", payload, style=style, **context)


def _context(
    run: StudyRun, command: Sequence[str] | None, explained: StudyExplanations | None
) -> dict[str, Any]:
    study = run.study
    flat = study.model.flat
    found = answers(run)
    marks = marks_of(study)
    baseline = run.results[study.scenarios[0].name]
    parameters = parameter_rows(flat, baseline.parameters, study.scenarios)
    first, last = float(baseline.time[0]), float(baseline.time[-1])
    return {
        "study": study,
        "flat": flat,
        "first": moment(first, flat.time_units),
        "last": moment(last, flat.time_units),
        "answers": found,
        "ranked": strongest_first(found),
        "overall": in_one_sentence(found),
        "why": reasons(strongest_first(found), explained) if explained else None,
        "alarms": alarms(run),
        "rows": comparison(run, found),
        "charts": charts(run, found, marks),
        "marks": marks,
        "verdicts": run.verdicts,
        "starts": {each.name: _named(flat, each.start) for each in study.scenarios},
        "titles": {scenario.name: scenario.title for scenario in study.scenarios},
        "held": sum(verdict.held for verdict in run.verdicts),
        "parameters": parameters,
        "parameters_in_words": in_words(parameters),
        "errors": error_rows(run),
        "remarks": remarks(run),
        "facts": facts(run),
        "command": command_line(run, command),
    }


def _named(flat: FlatModel, values: Mapping[Ident, float]) -> dict[str, float]:
    """Return values under the names of what they are given to, elements of arrays as such."""
    return {selected(flat, ident).variable.name: value for ident, value in values.items()}


def scripted_page(template: str, script_name: str, payload: Any, **context: Any) -> str:
    """Return a page of Plotly charts from a template; only its own script and plotly.js may run."""
    script, library = template_text(script_name), _library()
    filled = (
        environment()
        .get_template(template)
        .render(
            **context,
            script=script,
            library=library[0],
            policy=sealed.policy(sealed.sha256(script), library[1]),
            payload=sealed.json_text(payload),
        )
    )
    return str(filled)


def template_text(name: str) -> str:
    """Return a file of the report's templates."""
    return sealed.template_text("cyclesim.report", name)


@cache
def environment() -> Any:
    """Return what fills the report's templates, in the words that they share."""
    environment = sealed.environment("cyclesim.report")
    environment.globals.update(begins=begins, letter=letter, dash_array=dash_array)
    environment.filters.update(kept=_kept, number=exact_number, unit=unit, moment=moment)
    return environment


def _kept(text: str) -> str:
    """Return a text with arrows, no line of which ends between a number and its per cent.

    A line may end behind an arrow, and neither before nor within it.
    """
    return text.replace(" %", "\u00a0%").replace(" -> ", "\u00a0\u2192 ")


@cache
def _library() -> tuple[str, str]:
    """Return plotly.js packed for the page (4.8 MB become 2), and its hash unpacked.

    The page unpacks it into a script element, which runs only because its hash is the one
    that the page's policy names.
    """
    from plotly.offline import get_plotlyjs

    source = get_plotlyjs()
    packed = gzip.compress(source.encode("utf-8"), compresslevel=6, mtime=0)
    return base64.b64encode(packed).decode("ascii"), sealed.sha256(source)
