"""The report of a study: one HTML file that needs no network and says what it found."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from cyclesim.analysis.explanation import StudyExplanations
from cyclesim.analysis.tipping import Nearest
from cyclesim.analysis.tipping.words import nearest_words
from cyclesim.analysis.words import exact_number, moment, unit
from cyclesim.files import write_whole
from cyclesim.names import canonical
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
    script = template_text("report.js")
    library = _library()
    context = _context(run, command, explained)
    context["margin"] = nearest_words(margin) if margin else ""
    why = context["why"].each if context["why"] else ()
    return str(
        environment()
        .get_template("report.html")
        .render(
            **context,
            style=template_text("report.css") + palette_css(len(run.study.scenarios)),
            script=script,
            library=library[0],
            policy=_policy(_sha256(script), library[1]),
            payload=_json_in_html(
                {
                    "charts": [chart.envelope for chart in context["charts"]],
                    "reasons": [reason.envelope for reason in why],
                    "config": PLOTLY_CONFIG,
                }
            ),
        )
    )


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
        "named": {canonical(c): c for variable in flat.variables for c in variable.columns},
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
        "titles": {scenario.name: scenario.title for scenario in study.scenarios},
        "held": sum(verdict.held for verdict in run.verdicts),
        "parameters": parameters,
        "parameters_in_words": in_words(parameters),
        "errors": error_rows(run),
        "remarks": remarks(run),
        "facts": facts(run),
        "command": command_line(run, command),
    }


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
            policy=_policy(_sha256(script), library[1]),
            payload=_json_in_html(payload),
        )
    )
    return str(filled)


@cache
def template_text(name: str) -> str:
    """Return a file of the template's folder."""
    return (resources.files("cyclesim.report") / "template" / name).read_text("utf-8")


@cache
def environment() -> Any:
    """Return what fills templates: everything escaped, nothing undefined."""
    import jinja2  # a fifth of a second that only a report has to pay

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(template_text),
    )
    environment.globals.update(begins=begins, letter=letter, dash_array=dash_array)
    environment.filters.update(kept=_kept, number=exact_number, unit=unit, moment=moment)
    return environment


def _kept(text: str) -> str:
    """Return a text in which no line ends between a number and its per cent."""
    return text.replace(" %", "\u00a0%")


@cache
def _library() -> tuple[str, str]:
    """Return plotly.js packed for the page (4.8 MB become 2), and its hash unpacked.

    The page unpacks it into a script element, which runs only because its hash is the one
    that the page's policy names.
    """
    from plotly.offline import get_plotlyjs

    source = get_plotlyjs()
    packed = gzip.compress(source.encode("utf-8"), compresslevel=6, mtime=0)
    return base64.b64encode(packed).decode("ascii"), _sha256(source)


def _sha256(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _policy(*hashes: str) -> str:
    # Plotly sets styles as it draws, and saves a picture by way of a data: and a blob: image.
    return (
        f"default-src 'none'; script-src {' '.join(hashes)}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _json_in_html(value: Any) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
