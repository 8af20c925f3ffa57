"""The figures and the page of an analysis of tipping points."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cyclesim.analysis.tipping import (
    Between,
    Continuation,
    Margins,
    Pulses,
    RegimeMap,
    Special,
    Threshold,
    TippingAnalysis,
    What,
)
from cyclesim.analysis.tipping.words import REST, answer, rule_words, sections
from cyclesim.analysis.words import moment, number, with_unit
from cyclesim.report.confidential import PLOTLY_CONFIG, figure_class
from cyclesim.report.figures import axis_label, plain
from cyclesim.report.html import scripted_page, template_text
from cyclesim.report.layouts import BAD, GOOD, INK, SOFT, layout_of

MOST_BARS = 14
_SYMBOLS = {Special.FOLD: "diamond", Special.HOPF: "circle-open", Special.BRANCH: "x"}


@dataclass(frozen=True)
class Shown:
    """A chart on the page: its heading, what it says in words, and the figure."""

    heading: str
    words: str
    figure: Any


def margins_figure(found: Margins, levers: Sequence[str] = (), named: Sequence[str] = ()) -> Any:
    """Return how far each thing may move before the outcome turns, in per cent of today.

    What the study's scenarios change comes first, with a border, then what it names besides and
    stocks. All other constants are shown only where none of these turns it.
    """
    import plotly.graph_objects as go

    known = [t for t in found.turning if t.today != 0]
    own = [t for t in known if t.name in levers or t.what is What.CHANGE]
    own += [t for t in known if t.name in named and t not in own]
    own += [t for t in known if t.what is What.STOCK and t not in own]
    shown = (own or known)[:MOST_BARS][::-1]
    names = list(dict.fromkeys(_bold(t, levers) for t in shown))
    traces = []
    for how, colour, title in (
        ("at once", BAD, "turns at once"), ("by degrees", SOFT, "turns by degrees"),
        ("the run breaks off", INK, "the run breaks off"),
    ):  # fmt: skip
        part = [t for t in shown if t.how == how]
        if part:
            traces.append(
                go.Bar(
                    x=[100 * (_value(t) - t.today) / abs(t.today) for t in part],
                    y=[_bold(t, levers) for t in part],
                    orientation="h", name=title, marker={"color": colour},
                    text=[plain(with_unit(number(_value(t)), t.units)) for t in part],
                    textposition="outside", cliponaxis=False,
                    hovertemplate="%{x:.3~g} %<extra>%{y}</extra>",
                )
            )  # fmt: skip
    drawn = figure_class()(
        data=traces,
        layout=layout_of(
            "change from today, per cent", "", 120 + 30 * len(names), barmode="overlay"
        ),
    )
    drawn.update_yaxes(categoryorder="array", categoryarray=names)
    drawn.update_xaxes(zeroline=True, zerolinecolor=INK, zerolinewidth=1.5)
    widest = max((abs(x) for trace in traces for x in trace.x), default=1.0)
    below = min((x for trace in traces for x in trace.x), default=0.0)
    drawn.update_xaxes(range=[min(1.4 * below, -0.25 * widest), 1.4 * max(widest, 1e-9)])
    return drawn


def _value(found: Threshold) -> float:
    return found.today if found.value is None else found.value


def _bold(found: Threshold, levers: Sequence[str]) -> str:
    title = plain(found.label or found.name)
    return f"<b>{title}</b>" if found.name in levers else title


def between_figure(found: Between) -> Any:
    """Return where runs end that start between a bad and a good start, with the turn."""
    import plotly.graph_objects as go

    shares = np.linspace(0, 100, len(found.ends))
    good = found.rule.judged(found.ends)
    traces = [
        go.Scatter(
            x=shares[good == side], y=found.ends[good == side], mode="markers", name=title,
            marker={"color": colour, "size": 11},
        )
        for side, colour, title in ((True, GOOD, "good"), (False, BAD, "bad"))
    ]  # fmt: skip
    lines = [_upright(100 * share, INK) for share in found.shares]
    label = axis_label(f"{found.rule.title} at the end", found.rule.units)
    drawn = figure_class()(
        data=traces, layout=layout_of("share of the way from the bad to the good start, per cent",
                                    label, shapes=lines)
    )  # fmt: skip
    for share in found.shares:
        drawn.add_annotation(x=100 * share, y=1, yref="paper", yanchor="bottom", showarrow=False,
                             text=f"turns at {100 * share:.4g} %")  # fmt: skip
    return drawn


def bifurcation_figure(found: Continuation) -> Any:
    """Return the equilibria along a parameter: stable ones drawn through, others dashed."""
    import plotly.graph_objects as go

    drawn = figure_class()(
        layout=layout_of(
            axis_label(found.parameter, found.units), axis_label(found.output, found.output_units),
            430, shapes=[_upright(found.today, SOFT)],
        )
    )  # fmt: skip
    titles: set[str] = set()
    for branch in found.branches:
        drawn_at = branch.drawn
        along, output = branch.parameter[drawn_at], branch.output[drawn_at]
        for stable, part in _stretches(branch.stable[drawn_at]):
            title = "stable" if stable else "tipping point or unstable"
            drawn.add_trace(
                go.Scatter(
                    x=along[part], y=output[part], mode="lines", name=title,
                    legendgroup=title, showlegend=title not in titles,
                    line={"color": GOOD if stable else BAD, "width": 2.6,
                          "dash": "solid" if stable else "6px,4px"},
                )
            )  # fmt: skip
            titles.add(title)
    for kind in Special:
        points = [p for p in found.points if p.kind is kind]
        if points:
            drawn.add_trace(
                go.Scatter(
                    x=[p.parameter for p in points], y=[p.output for p in points],
                    mode="markers+text", name=kind.value, textposition="top center",
                    text=[number(p.parameter) for p in points],
                    marker={"color": INK, "size": 10, "symbol": _SYMBOLS[kind]},
                )
            )  # fmt: skip
    drawn.update_xaxes(range=[found.low, found.high])
    drawn.add_annotation(x=found.today, y=0, yref="paper", yanchor="bottom", xanchor="left",
                         showarrow=False, text=f" today {number(found.today)}",
                         font={"color": SOFT})  # fmt: skip
    return drawn


def _stretches(stable: np.ndarray) -> Iterator[tuple[bool, slice]]:
    """Yield runs of equal stability, each with the point that ends it."""
    cuts = [0, *(np.flatnonzero(stable[1:] != stable[:-1]) + 1).tolist(), len(stable)]
    for first, last in itertools.pairwise(cuts):
        yield bool(stable[first]), slice(first, min(last + 1, len(stable)))


def map_figure(found: RegimeMap) -> Any:
    """Return good and bad outcomes over two parameters, the boundary and today."""
    import plotly.graph_objects as go

    across, up, good = _plane(found)
    traces: list[Any] = [
        go.Heatmap(
            x=across, y=up, z=good.astype(int), showscale=False, hoverinfo="skip", zmin=0, zmax=1,
            colorscale=[[0, "rgba(185,74,8,.45)"], [1, "rgba(0,122,88,.45)"]],
        )
    ]  # fmt: skip
    for colour, title in ((GOOD, "ends well"), (BAD, "ends badly")):
        traces.append(
            go.Scatter(x=[None], y=[None], mode="markers", name=title,
                       marker={"color": colour, "size": 11, "symbol": "square"})
        )  # fmt: skip
    traces.append(
        go.Scatter(x=found.edge[:, 0], y=found.edge[:, 1], mode="markers", name="where it turns",
                   marker={"color": INK, "size": 4})
    )  # fmt: skip
    traces.append(
        go.Scatter(x=[found.today[0]], y=[found.today[1]], mode="markers+text", name="today",
                   text=["today"], textposition="top center",
                   marker={"color": "#0068a8", "size": 15, "symbol": "star"})
    )  # fmt: skip
    labels = [axis_label(n, u) for n, u in zip(found.names, found.units, strict=True)]
    drawn = figure_class()(data=traces, layout=layout_of(labels[0], labels[1], 460))
    for axis, (low, high) in zip(
        (drawn.update_xaxes, drawn.update_yaxes), found.limits, strict=True
    ):
        edge = 0.02 * (high - low)
        axis(range=[low - edge, high + edge])
    return drawn


def _plane(found: RegimeMap) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return both axes and the outcome (y, x), of the nearest run where none was made.

    Cells that were not refined have one outcome at all their corners.
    """
    axes = [np.linspace(low, high, 65) for low, high in found.limits]
    x, y = np.meshgrid(*axes)
    wide, high = (axis[-1] - axis[0] for axis in axes)
    away = np.abs(x[..., None] - found.x) / wide + np.abs(y[..., None] - found.y) / high
    return axes[0], axes[1], found.good[away.argmin(axis=-1)]


def pulses_figure(found: Sequence[Pulses], time_units: str) -> Any:
    """Return the smallest pulse that turns the outcome, over how long it lasts."""
    import plotly.graph_objects as go

    traces = [
        go.Scatter(
            x=p.durations, y=np.where(p.breaks_off, np.nan, p.sizes), mode="lines+markers",
            name=f"{'up' if p.limit > p.today else 'down'}", connectgaps=False,
            line={"color": BAD if not p.rescue else GOOD,
                  "dash": "solid" if p.limit > p.today else "6px,4px"},
        )
        for p in found
        if np.isfinite(p.sizes).any()
    ]  # fmt: skip
    traces += [
        go.Scatter(
            x=p.durations[p.breaks_off], y=p.sizes[p.breaks_off], mode="markers",
            name="the run breaks off", marker={"color": INK, "symbol": "x", "size": 9},
        )
        for p in found
        if p.breaks_off.any()
    ]  # fmt: skip
    label = axis_label(f"added to {found[0].variable}", found[0].units)
    drawn = figure_class()(
        data=traces, layout=layout_of(f"duration, {plain(time_units)}s", label, showlegend=True)
    )
    drawn.update_xaxes(type="log", tickvals=found[0].durations.tolist())
    drawn.update_yaxes(zeroline=True, zerolinecolor=SOFT)
    return drawn


def _upright(at: float, colour: str) -> dict[str, Any]:
    return {"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1,
            "line": {"color": colour, "width": 1.4, "dash": "dot"}}  # fmt: skip


def figures(analysis: TippingAnalysis) -> Iterator[Shown]:
    """Yield the charts of an analysis, those of what was found."""
    since = moment(analysis.start, analysis.time_units)
    found = analysis.lasting_margins or analysis.margins
    if found is not None and any(t.today != 0 for t in found.turning):
        yield Shown(
            "How far each thing may move",
            f"How far each may move, by itself and from {since} on, before the outcome turns; the "
            "label is the value at which it does. What the study's scenarios change stands on "
            "top, in bold; then what the study names besides, and stocks. All else is in the "
            "table.",
            margins_figure(found, analysis.levers, analysis.named),
        )
    if analysis.between is not None:
        yield Shown(
            "Between a bad and a good start",
            f"Every stock at the same share of the way from {analysis.between.bad_start} to "
            f"{analysis.between.good_start}.",
            between_figure(analysis.between),
        )
    branches = analysis.continuation
    if branches is not None and branches.branches:
        yield Shown(
            f"Equilibria along {branches.parameter}",
            "Where the organisation can rest, for each value of the parameter. It is drawn to "
            "what is drawn through and away from what is dashed; at a fold the two meet.",
            bifurcation_figure(branches),
        )
    plane = analysis.regimes
    if plane is not None:
        yield Shown(
            "Good and bad over two parameters",
            f"Runs in which both hold from {since} on; today is the star.",
            map_figure(plane),
        )
    if any(np.isfinite(p.sizes).any() for p in analysis.pulses):
        yield Shown(
            "The smallest pulse",
            f"What has to be added to {analysis.pulses[0].variable} for a while, from "
            f"{moment(analysis.pulses[0].start, analysis.time_units)} on, to turn the outcome.",
            pulses_figure(analysis.pulses, analysis.time_units),
        )


def tipping_html(analysis: TippingAnalysis) -> str:
    """Return an analysis as one HTML page that needs no network."""
    shown = list(figures(analysis))
    rule = analysis.lasting or analysis.rule
    payload = {
        "charts": [json.loads(each.figure.to_json()) for each in shown],
        "config": PLOTLY_CONFIG,
    }
    return scripted_page(
        "tipping.html",
        "tipping.js",
        payload,
        style=template_text("report.css"),
        analysis=analysis,
        answer=answer(analysis),
        rule=rule_words(rule, analysis) if rule is not None else "",
        sections=list(sections(analysis)),
        folded=REST,
        shown=shown,
        rows=_rows(analysis),
    )


def _rows(analysis: TippingAnalysis) -> list[tuple[str, ...]]:
    """Return a table of all that turns: name, today, within the run, for ever."""
    names: dict[tuple[str, bool], list[Threshold | None]] = {}
    for column, found in enumerate((analysis.margins, analysis.lasting_margins)):
        for t in found.turning if found is not None else ():
            names.setdefault((t.name, t.upwards), [None, None])[column] = t
    return [
        (
            _first(pair).label or name, "up" if upwards else "down", number(_first(pair).today),
            *("" if t is None or t.value is None else with_unit(number(t.value), t.units)
              for t in pair),
            "" if pair[-1] is None else pair[-1].how,
        )
        for (name, upwards), pair in sorted(
            names.items(), key=lambda item: (_group(analysis, item[1]), _nearest(item[1]))
        )
    ]  # fmt: skip


def _group(analysis: TippingAnalysis, pair: Sequence[Threshold | None]) -> int:
    """Return where a row stands: decisions, what is named besides, stocks, all else."""
    first = _first(pair)
    if first.name in analysis.levers or first.what is What.CHANGE:
        return 0
    if first.name in analysis.named:
        return 1
    return 2 if first.what is What.STOCK else 3


def _first(pair: Sequence[Threshold | None]) -> Threshold:
    return next(t for t in pair if t is not None)


def _nearest(pair: Sequence[Threshold | None]) -> tuple[bool, float]:
    return min(t.rank for t in pair if t is not None)
