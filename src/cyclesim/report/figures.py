"""Plotly figures of runs; plotly is imported only when one is drawn."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cyclesim.analysis.words import unit
from cyclesim.compiler import FlatModel, FlatVariable, NothingSelected, selected
from cyclesim.errors import UsageError
from cyclesim.names import displayed
from cyclesim.report.confidential import PLOTLY_CONFIG, figure_class
from cyclesim.report.marks import WIDE, Mark, Place, places
from cyclesim.results import Results
from cyclesim.scenario.parts import StudyRun

__all__ = ["PLOTLY_CONFIG", "by_title", "figure", "letter", "line", "look", "plot"]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
PLOT_HEIGHT = 300
MOST_ELEMENTS = 12
ROW = 16


@dataclass(frozen=True)
class Line:
    """How a scenario is drawn: a colour on white, one on dark, and a dash of its own."""

    light: str
    dark: str
    dash: str


LINES = (
    # After Okabe and Ito, made dark (or light) enough for 4.5:1 against the background.
    Line("#4a4a4a", "#c9cdd2", "6px,4px"),
    Line("#0068a8", "#5ab4ee", "solid"),
    Line("#b94a08", "#ff9350", "14px,2px"),
    Line("#007a58", "#35cda2", "9px,3px"),
    Line("#a3327a", "#ec93c6", "2px,3px"),
    Line("#806500", "#efc94c", "12px,3px,2px,3px"),
    Line("#5b4bb5", "#b3a6ff", "6px,2px,2px,2px,2px,2px"),
    Line("#237487", "#7fd6e8", "3px,6px"),
)
"""The first is the baseline's: grey and dashed, as what the others are held against."""


def line(place: int) -> Line:
    """Return the line of the scenario at that place in its study."""
    if place < len(LINES):
        return LINES[place]
    # From the ninth on colours return with another's dash, never with the same pair.
    hue = 1 + (place - len(LINES)) % (len(LINES) - 1)
    turn = 1 + (place - len(LINES)) // (len(LINES) - 1)
    return replace(LINES[hue], dash=LINES[(hue + turn) % len(LINES)].dash)


def letter(place: int) -> str:
    """Return the letter by which charts and tables name a scenario."""
    return chr(ord("A") + place) if place < 26 else str(place + 1)


def plain(text: str) -> str:
    """Return a text that plotly shows as it is: it would read tags and entities otherwise."""
    return html.escape(displayed(text), quote=False)


def plot(
    results: Results | Mapping[str, Results] | StudyRun, *variables: str, title: str | None = None
) -> Any:
    """Return a figure of one run, of runs by title, or of a study: a panel for each variable.

    Without `variables` it shows a study's outputs, or else the first six stocks. An array has a
    panel for each element, at most twelve.
    """
    runs, names, marks = _what(results)
    if not variables + names:
        raise UsageError("there is no stock to draw. Name the variables: plot(results, 'Profit').")
    flat = next(iter(runs.values())).flat
    shown = [each for name in variables or names for each in _elements(flat, name)]
    from plotly.subplots import make_subplots

    drawn = figure_class()(
        make_subplots(rows=len(shown), shared_xaxes=True, vertical_spacing=0.12 / len(shown))
    )
    for row, name in enumerate(shown, start=1):
        panel = figure(runs, name, marks=marks if row == 1 else ())
        for trace in panel.data:
            trace.showlegend = row == 1 and len(runs) > 1
            drawn.add_trace(trace, row=row, col=1)
        label = panel.layout.yaxis.title.text
        drawn.update_yaxes(title=label, range=panel.layout.yaxis.range, row=row, col=1)
    first = next(iter(runs.values()))
    drawn.update_xaxes(title=plain(first.flat.time_units or "time"), row=len(shown), col=1)
    drawn.update_layout(
        **look() | {"legend": below(len(shown))}, height=138 + 230 * len(shown),
        margin={"l": 70, "r": 24, "t": 50, "b": 96}, title=plain(title) if title else None,
    )  # fmt: skip
    return drawn


def _elements(flat: FlatModel, name: str) -> list[str]:
    try:
        return [each.variable.name for each in selected(flat, name).elements(MOST_ELEMENTS)]
    except NothingSelected as nothing:
        raise UsageError(str(nothing)) from None


def _what(
    results: Results | Mapping[str, Results] | StudyRun,
) -> tuple[Mapping[str, Results], tuple[str, ...], tuple[Mark, ...]]:
    if isinstance(results, StudyRun):
        return by_title(results), tuple(o.variable.name for o in results.study.outputs), ()
    runs: Mapping[str, Results]
    runs = {results.flat.name: results} if isinstance(results, Results) else results
    flat = next(iter(runs.values())).flat
    stocks = [flat.by_ident[level.ident] for level in flat.levels]
    return runs, tuple(s.name for s in stocks if not s.hidden)[:6], ()


def by_title(run: StudyRun) -> dict[str, Results]:
    """Return a study's results by scenario title; the name is added where titles are equal."""
    titles = [scenario.title for scenario in run.study.scenarios]
    return {
        s.title if titles.count(s.title) == 1 else f"{s.title} ({s.name})": run.results[s.name]
        for s in run.study.scenarios
    }


def figure(
    results_by_title: Mapping[str, Results],
    variable: str,
    *,
    title: str | None = None,
    marks: Sequence[Mark] = (),
) -> Any:
    """Return a `plotly.graph_objects.Figure` of one variable, a line a run.

    The first run is taken for the baseline; `marks` are times with labels.
    """
    import plotly.graph_objects as go

    runs = list(results_by_title.items())
    if not runs:
        raise UsageError("there is no run to draw.")
    shown = _one(runs[0][1], variable)
    traces = [_trace(go, place, name, run, variable) for place, (name, run) in enumerate(runs)]
    times = runs[0][1].time
    begin, end = float(times[0]), float(times[-1])
    set_places = places(marks, begin, end, WIDE, with_text=True)
    rows = 1 + max((place.row for place in set_places), default=-1)
    return figure_class()(
        data=traces,
        layout={
            **look(),
            "height": PLOT_HEIGHT + 70 + ROW * rows,
            "margin": {"l": 70, "r": 34, "t": 14 + ROW * rows + (30 if title else 0), "b": 52},
            "title": {"text": plain(title)} if title else None,
            "showlegend": len(runs) > 1,
            "xaxis": {"title": {"text": plain(runs[0][1].flat.time_units or "time")},
                      "range": [begin, end], "zeroline": False},
            "yaxis": {"title": {"text": axis_label(shown.name, shown.units)}, "zeroline": False,
                      "range": value_range([run[variable] for _, run in runs])},
            "shapes": [_mark_line(mark) for mark in marks],
            "annotations": [
                _mark_label(m, p) for m, p in zip(marks, set_places, strict=True)
            ],
        },
    )  # fmt: skip


def axis_label(name: str, units: str | None) -> str:
    """Return the label of an axis: a name and its unit, on at most three lines."""
    unit_text = unit(units)
    return _wrapped(plain(f"{name} ({unit_text})" if unit_text else name))


def _one(results: Results, name: str) -> FlatVariable:
    try:
        variable = selected(results.flat, name).variable
    except NothingSelected as nothing:
        raise UsageError(str(nothing)) from None
    if variable.shape:
        raise UsageError(f"'{variable.name}' is an array: a figure shows one of its elements.")
    return variable


def _trace(go: Any, place: int, title: str, run: Results, variable: str) -> Any:
    look = line(place)
    return go.Scatter(
        x=run.time,
        y=run[variable],
        name=plain(title),
        mode="lines",
        line={"color": look.light, "dash": look.dash, "width": 2.2},
        hovertemplate="%{y:,.4~g}",
    )


def below(panels: int) -> dict[str, Any]:
    """Return the legend under so many panels: as far below the last one however many there are."""
    return {"orientation": "h", "y": -62 / (230 * panels), "yanchor": "top"}


def look() -> dict[str, Any]:
    """Return the layout that every figure has."""
    ink, grid = "#1d2126", "#e3e6ea"
    axis = {"gridcolor": grid, "linecolor": "#9aa1a9", "automargin": True}
    return {
        "template": {"layout": {"xaxis": axis, "yaxis": axis}},
        "font": {"family": FONT, "size": 13, "color": ink},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "#8a9199"},
        "hovermode": "x unified",
        "legend": {"orientation": "h", "y": -0.22, "yanchor": "top"},
    }


def _wrapped(label: str, width: int = 34) -> str:
    lines = [""]
    for word in label.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines[:3])


def value_range(curves: Sequence[np.ndarray]) -> list[float]:
    """Return the axis for some curves; what hardly moves is drawn flat, not blown up."""
    values = np.concatenate([curve[np.isfinite(curve)] for curve in curves])
    if values.size == 0:
        return [0.0, 1.0]
    low, high = float(values.min()), float(values.max())
    least = 0.05 * max(abs(low), abs(high)) or 1.0
    if high - low < least:
        middle = (low + high) / 2
        low, high = middle - least / 2, middle + least / 2
    return [low - 0.06 * (high - low), high + 0.06 * (high - low)]


def _mark_line(mark: Mark) -> dict[str, Any]:
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": mark.time, "x1": mark.time,
        "y0": 0, "y1": 1, "layer": "below", "line": {"color": "#8a9199", "width": 1, "dash": "dot"},
    }  # fmt: skip


def _mark_label(mark: Mark, place: Place) -> dict[str, Any]:
    return {
        "x": mark.time, "xref": "x", "y": 1, "yref": "paper", "xanchor": place.anchor,
        "yanchor": "bottom", "yshift": ROW * place.row, "showarrow": False,
        "text": plain(place.text), "font": {"size": 11, "color": "#59616a"},
    }  # fmt: skip
