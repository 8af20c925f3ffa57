"""`plot`: the figure of whatever is given; which one that is depends on what it is."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np

from cyclesim.analysis.explanation import Explanation
from cyclesim.analysis.explanation.tracing import Trace
from cyclesim.analysis.loops import LoopAnalysis
from cyclesim.analysis.sensitivity import Screening, Tornado, Variance
from cyclesim.analysis.tipping import Between, Continuation, Margins, Pulses, RegimeMap
from cyclesim.ensemble.batch import Outcome
from cyclesim.errors import UsageError
from cyclesim.names import did_you_mean
from cyclesim.report import figures
from cyclesim.report.confidential import figure_class
from cyclesim.report.figures import axis_label, plain
from cyclesim.report.loops import shares_figure, trace_figure
from cyclesim.report.reasons import STRIP
from cyclesim.report.reasons import figure as explained
from cyclesim.report.sensitivity import screening_figure, tornado_figure, variance_figure
from cyclesim.report.tipping import (
    between_figure,
    bifurcation_figure,
    map_figure,
    margins_figure,
    pulses_figure,
)

_BAND = (0.05, 0.5, 0.95)
_NARROW = 0.14
"""A phase that takes less of the strip's width has no room for its loop's name."""


@singledispatch
def plot(thing: Any, *variables: str, title: str | None = None) -> Any:
    """Return a figure of runs, a study, a batch, loops, an explanation, or a part of an analysis.

    Runs: one, several by title, or a study's; a panel for each variable, without `variables` the
    study's outputs, or else the first six stocks. A batch: the median and the middle 90 % of runs
    at each time. Raises UsageError for names that there are not.
    """
    return figures.plot(thing, *variables, title=title)


@plot.register
def _explanation(found: Explanation, *, title: str | None = None) -> Any:
    drawn = explained(found, 1)
    begin, end = float(found.course[0][0]), float(found.course[0][-1])
    for phase in found.phases:
        if phase.leading is None or phase.end - phase.start < _NARROW * (end - begin):
            continue
        loop = phase.leading.loop
        text = f"{'R' if loop.reinforcing else 'B'} {loop.name if loop.given else ''}".strip()
        drawn.add_annotation(x=(phase.start + phase.end) / 2, y=STRIP / 2, yref="paper",
                             xanchor="center", yanchor="middle", showarrow=False,
                             text=plain(text))  # fmt: skip
    drawn.update_layout(margin_t=40)  # room for the legend
    return _titled(drawn, title)


@plot.register
def _loops(found: LoopAnalysis, *, title: str | None = None) -> Any:
    return _titled(shares_figure(found), title)


@plot.register
def _trace(found: Trace, *, title: str | None = None) -> Any:
    return _titled(trace_figure(found), title)


@plot.register
def _pulses(found: Pulses, *, title: str | None = None) -> Any:
    return _titled(pulses_figure([found], "time unit"), title)


@plot.register
def _margins(found: Margins, *, title: str | None = None) -> Any:
    return _titled(margins_figure(found), title)


@plot.register
def _between(found: Between, *, title: str | None = None) -> Any:
    return _titled(between_figure(found), title)


@plot.register
def _branches(found: Continuation, *, title: str | None = None) -> Any:
    return _titled(bifurcation_figure(found), title)


@plot.register
def _map(found: RegimeMap, *, title: str | None = None) -> Any:
    return _titled(map_figure(found), title)


@plot.register
def _screening(found: Screening, *, title: str | None = None) -> Any:
    return _titled(screening_figure(found), title)


@plot.register
def _tornado(found: Tornado, *, title: str | None = None) -> Any:
    return _titled(tornado_figure(found), title)


@plot.register
def _variance(found: Variance, *, title: str | None = None) -> Any:
    return _titled(variance_figure(found), title)


def _titled(drawn: Any, title: str | None) -> Any:
    if title is not None:
        top = max(74, (drawn.layout.margin.t or 0) + 34)  # a legend may stand below it
        place = {"text": plain(title), "x": 0, "xref": "paper", "y": 1, "yref": "container",
                 "yanchor": "top", "pad": {"t": 10}}  # fmt: skip
        drawn.update_layout(title=place, margin_t=top, height=drawn.layout.height + 34)
    return drawn


@plot.register
def _batch(outcome: Outcome, *variables: str, title: str | None = None) -> Any:
    """Return fans: a panel for each variable, in each scenario its median and middle 90 %."""
    from plotly.subplots import make_subplots

    table = outcome.series()
    known = [name for name in table.columns if name not in ("scenario", "run", "time")]
    for name in variables:
        if name not in known:
            raise UsageError(
                f"the batch kept no '{name}'. {did_you_mean(name, known) or f'It kept {known}.'}"
            )
    shown = variables or tuple(known)
    drawn = figure_class()(
        make_subplots(rows=len(shown), shared_xaxes=True, vertical_spacing=0.12 / len(shown))
    )
    scenarios = list(dict.fromkeys(table["scenario"]))
    for row, name in enumerate(shown, start=1):
        for place, scenario in enumerate(scenarios):
            part = table[table["scenario"] == scenario]
            bands = part.groupby("time")[name].quantile(list(_BAND)).unstack()
            for trace in _fan(bands, scenario, place, first=row == 1):
                drawn.add_trace(trace, row=row, col=1)
        units = outcome.units.get(name)
        drawn.update_yaxes(title=axis_label(name, units), row=row, col=1)
    drawn.update_xaxes(title=plain(outcome.time_units or "time"), row=len(shown), col=1)
    drawn.update_layout(
        **figures.look() | {"legend": figures.below(len(shown))}, height=116 + 230 * len(shown),
        margin={"l": 70, "r": 24, "t": 20, "b": 96},
    )  # fmt: skip
    return _titled(drawn, title)


def _fan(bands: Any, scenario: str, place: int, *, first: bool) -> list[Any]:
    import plotly.graph_objects as go

    style = figures.line(place)
    low, middle, high = (np.asarray(bands[share]) for share in _BAND)
    time = bands.index
    red, green, blue = (int(style.light[n : n + 2], 16) for n in (1, 3, 5))
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    fill = {"fill": "tonexty", "fillcolor": f"rgba({red},{green},{blue},0.16)"}
    return [
        go.Scatter(x=time, y=low, legendgroup=scenario, **edge),
        go.Scatter(x=time, y=high, legendgroup=scenario, **edge, **fill),
        go.Scatter(
            x=time, y=middle, mode="lines", name=plain(scenario), legendgroup=scenario,
            showlegend=first, line={"color": style.light, "dash": style.dash, "width": 2.2},
            hovertemplate="%{y:,.4~g}",
        ),
    ]  # fmt: skip
