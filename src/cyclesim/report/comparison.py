"""The scenarios side by side: a row each, a cell for each output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cyclesim.analysis.words import number, places, share
from cyclesim.report.charts import sparkline
from cyclesim.report.figures import value_range
from cyclesim.report.findings import SAME, Answer, Finding
from cyclesim.scenario.parts import Output, StudyRun


@dataclass(frozen=True)
class Difference:
    """How an end lies to another value, told by arrow, number and word; `mood` is its class."""

    arrow: str
    text: str
    verdict: str
    mood: str


@dataclass(frozen=True)
class Cell:
    """What one output came to in one scenario; `path` and `base` are curves of 100 by 28."""

    end: str
    versus: Difference
    shape: str
    path: str
    base: str


def comparison(run: StudyRun, found: Sequence[Answer]) -> tuple[tuple[Cell, ...], ...]:
    """Return a row of cells for each scenario, in the study's order."""
    columns = [_column(run, found, place) for place in range(len(run.study.outputs))]
    return tuple(zip(*columns, strict=True))


def _column(run: StudyRun, found: Sequence[Answer], place: int) -> list[Cell]:
    output: Output = run.study.outputs[place]
    curves = [run.results[scenario.name][output.variable.name] for scenario in run.study.scenarios]
    low, high = value_range(curves)
    findings = [answer.findings[place] for answer in found]
    decimals = places(*(finding.behaviour.end for finding in findings))
    base = sparkline(curves[0], low, high)
    return [
        Cell(
            number(finding.behaviour.end, decimals),
            _from_start(finding) if row == 0 else _from_baseline(finding),
            finding.behaviour.shape.value,
            sparkline(curves[row], low, high),
            base if row else "",
        )
        for row, finding in enumerate(findings)
    ]


def _from_start(finding: Finding) -> Difference:
    found = finding.behaviour
    return _difference(found.change, found.start, found.better)


def _from_baseline(finding: Finding) -> Difference:
    base = finding.behaviour.end - finding.versus
    return _difference(finding.versus, base, finding.better)


def _difference(difference: float, base: float, better: bool | None) -> Difference:
    if not abs(difference) > SAME * max(abs(base), abs(base + difference)):
        known = difference == difference  # not so where a run broke off
        return Difference("=" if known else "?", "the same" if known else "no end", "", "same")
    verdict = {True: "better", False: "worse", None: ""}[better]
    if base * (base + difference) > 0 and abs(difference) <= 3 * abs(base):
        text = share(difference / abs(base))
    else:
        text = ("+" if difference > 0 else "") + number(difference)
    return Difference("▲" if difference > 0 else "▼", text, verdict, verdict or "moved")
