"""The figures and the page of an analysis of sensitivity."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cyclesim.analysis.sensitivity import (
    Fan,
    Labels,
    Screening,
    SensitivityAnalysis,
    Tornado,
    Variance,
)
from cyclesim.analysis.sensitivity.words import answer, heaps_words, sections
from cyclesim.analysis.words import number, unit
from cyclesim.report.confidential import PLOTLY_CONFIG, figure_class
from cyclesim.report.figures import LINES, plain
from cyclesim.report.html import scripted_page, template_text
from cyclesim.report.layouts import BAD, BLUE, FAINT, GOOD, INK, SOFT, layout_of
from cyclesim.report.regimes import map_figure, map_payload, paths_figure

MOST_BARS = 12
MOST_OUTPUTS = 4
LEAST_SHARE = 0.03
_END_COLOURS = {"gets better": GOOD, "gets worse": BAD, "moves": FAINT}


@dataclass(frozen=True)
class Drawn:
    """A chart on the page: its heading, how it is read, and the figure."""

    heading: str
    words: str
    figure: Any
    chosen: bool = False
    """Whether the reader chooses what it shows."""


def fan_figure(fan: Fan, time: np.ndarray, time_units: str) -> Any:
    """Return the spread of an output over time: the middle half, nine tenths, and the median."""
    import plotly.graph_objects as go

    low, lower, middle, upper, high = fan.values
    band = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    shade = "rgba(0,104,168,"
    traces = [
        go.Scatter(x=time, y=high, **band),
        go.Scatter(
            x=time, y=low, mode="lines", line={"width": 0}, fill="tonexty",
            fillcolor=f"{shade}0.16)", name="nine tenths of the runs", hoverinfo="skip",
        ),
        go.Scatter(x=time, y=upper, **band),
        go.Scatter(
            x=time, y=lower, mode="lines", line={"width": 0}, fill="tonexty",
            fillcolor=f"{shade}0.3)", name="half of the runs", hoverinfo="skip",
        ),
    ]  # fmt: skip
    if fan.heaps is None:  # between two heaps the median is where hardly a run is
        line = {"color": BLUE, "width": 2}
        traces.append(go.Scatter(x=time, y=middle, mode="lines", name="median", line=line))
    label = plain(unit(fan.output.variable.units) or fan.output.title)
    return figure_class()(data=traces, layout=layout_of(plain(time_units) or "time", label, 340))


def tornado_figure(found: Tornado) -> Any:
    """Return where an output ends with one number at either end of its way, the longest on top."""
    import plotly.graph_objects as go

    order = found.order[:MOST_BARS][::-1]
    names = [_short(found.quantities[place].label) for place in order]
    sides = (("with the number at its lower end", BLUE), ("at its upper end", BAD))
    bars = [
        go.Bar(
            x=found.ends[side, order] - found.own, base=found.own, y=names, orientation="h",
            name=name, marker={"color": colour}, customdata=[
                [number(float(found.numbers[side, place])), number(float(found.ends[side, place]))]
                for place in order
            ],
            hovertemplate="at %{customdata[0]}: %{customdata[1]}<extra>%{y}</extra>",
        )
        for side, (name, colour) in enumerate(sides)
    ]  # fmt: skip
    label = plain(unit(found.output.variable.units)) or "its own unit"
    layout = layout_of(f"where it ends, {label}", "", 130 + 26 * len(order), barmode="overlay")
    line = {"color": INK, "width": 1}
    layout["shapes"] = [{"type": "line", "x0": found.own, "x1": found.own, "yref": "paper",
                         "y0": 0, "y1": 1, "line": line}]  # fmt: skip
    return figure_class()(data=bars, layout=layout)


def screening_figure(found: Screening) -> Any:
    """Return the mean size of each quantity's effect on an output's end, the largest on top."""
    import plotly.graph_objects as go

    order = found.order[:MOST_BARS][::-1]
    names = [_short(found.quantities[place].label) for place in order]
    bars = go.Bar(
        x=found.mean[order], y=names, orientation="h", marker={"color": BLUE},
        error_x={"type": "data", "array": found.interval[order], "color": SOFT, "thickness": 1},
        hovertemplate="%{x:.3~g}<extra>%{y}</extra>",
    )  # fmt: skip
    label = f"effect on the end, {plain(unit(found.output.variable.units)) or 'own unit'}"
    return figure_class()(data=[bars], layout=layout_of(label, "", 110 + 26 * len(order)))


def variance_figure(found: Variance) -> Any:
    """Return each quantity's share of the variance of an output's end: alone, and in all."""
    import plotly.graph_objects as go

    order = found.order[:MOST_BARS][::-1]
    names = [_short(found.quantities[place].label) for place in order]
    sets = (
        ("alone", found.first, found.first_interval, BLUE),
        ("with all it acts together with", found.total, found.total_interval, SOFT),
    )
    bars = [
        go.Bar(
            x=100 * np.clip(value, 0, np.clip(found.total, 0, None))[order], y=names,
            orientation="h", name=name, marker={"color": colour},
            error_x={"type": "data", "array": 100 * half[order], "color": INK, "thickness": 1},
            hovertemplate="%{x:.0f} %<extra>%{y}</extra>",
        )
        for name, value, half, colour in sets
    ]  # fmt: skip
    layout = layout_of(
        "share of the variance, per cent", "", 130 + 34 * len(order), barmode="group"
    )
    return figure_class()(data=bars, layout=layout)


def course_figure(found: Variance, time_units: str) -> Any:
    """Return the shares of an output's variance over time, of the largest quantities."""
    import plotly.graph_objects as go

    course = found.course
    peaks = np.nan_to_num(course.total).max(axis=1)
    chosen = [place for place in np.argsort(-peaks, kind="stable") if peaks[place] >= LEAST_SHARE]
    lines = [
        go.Scatter(
            x=course.time, y=100 * np.clip(course.total[place], 0, None), mode="lines+markers",
            name=_short(found.quantities[place].label, 34), marker={"color": line.light, "size": 5},
            line={"color": line.light, "width": 2, "dash": line.dash},
            hovertemplate="%{y:.0f} %<extra>%{fullData.name}</extra>",
        )
        for place, line in zip(chosen, LINES[1:], strict=False)
    ]  # fmt: skip
    layout = layout_of(plain(time_units) or "time", "share of the variance, per cent", 380)
    layout["yaxis"]["rangemode"] = "tozero"
    return figure_class()(data=lines, layout=layout)


def labels_figure(found: Sequence[Labels]) -> Any:
    """Return in how many runs each output gets better and worse."""
    import plotly.graph_objects as go

    names = list(dict.fromkeys(share.name for each in found for share in each.ends))
    rows = [each.output.title for each in found][::-1]
    bars = []
    for name in names:
        shares = {e.output.title: s.value for e in found for s in e.ends if s.name == name}
        bars.append(
            go.Bar(
                x=[100 * shares.get(row, 0.0) for row in rows], y=[_short(row) for row in rows],
                orientation="h", name=plain(name),
                marker={"color": _END_COLOURS.get(name, SOFT)},
                hovertemplate="%{x:.1f} %<extra>%{fullData.name}</extra>",
            )
        )  # fmt: skip
    layout = layout_of("share of the runs, per cent", "", 130 + 30 * len(rows), barmode="stack")
    return figure_class()(data=bars, layout=layout)


def _short(name: str, most: int = 46) -> str:
    return plain(name if len(name) <= most else f"{name[: most - 1]}…")


def figures(found: SensitivityAnalysis) -> Iterator[Drawn]:
    """Yield the charts of the page: what becomes of it, how far it spreads, what decides."""
    if found.labels:
        yield Drawn(
            "Better or worse", "In how many of the runs each output ends better or worse than it "
            "began.", labels_figure(found.labels),
        )  # fmt: skip
    if map_payload(found) is not None:
        yield Drawn(
            "Where it gets better and worse",
            "Each sign is a run; the other numbers differ from run to run too. The frame, where "
            "there is one, is the region found for the outcome named in it.",
            map_figure(),
            chosen=True,
        )
    for fan in found.fans[:MOST_OUTPUTS]:
        yield Drawn(
            f"{fan.output.title} over time",
            _fan_words(fan),
            fan_figure(fan, found.time, found.time_units),
        )
        yield from _paths(found, fan)
    for variance in found.variances[:MOST_OUTPUTS]:
        if variance.deviation > 0:
            yield Drawn(
                f"What decides where {variance.output.title} ends",
                "Shares of its variance by Sobol, with their 95 % intervals.",
                variance_figure(variance),
            )
            yield Drawn(
                f"What decides {variance.output.title}, over time",
                "Shares of its variance then, each with all it acts together with; the lines may "
                "come to more than 100 %. Times at which it does not vary are left out.",
                course_figure(variance, found.time_units),
            )
    for tornado in found.tornadoes[:MOST_OUTPUTS]:
        yield Drawn(
            f"One number at a time: {tornado.output.title}",
            "Where it ends with one number at either end of its way and all others the study's "
            "own; the line is where it ends with none moved. What numbers do together it does "
            "not show.",
            tornado_figure(tornado),
        )
    for screening in found.screenings[:MOST_OUTPUTS]:
        yield Drawn(
            f"What matters at all for {screening.output.title}",
            "Mean size of the effect of moving a number across its distribution, wherever the "
            "others stand (Morris), with its 95 % interval.",
            screening_figure(screening),
        )


def _paths(found: SensitivityAnalysis, fan: Fan) -> Iterator[Drawn]:
    labels = next((each for each in found.labels if each.output is fan.output), None)
    if labels is None or found.sample is None:
        return
    paths = found.sample.paths[found.fans.index(fan)]
    yield Drawn(
        f"{fan.output.title} run by run",
        f"The first {paths.shape[1]} runs, each coloured by what becomes of it; in brackets the "
        f"share of all {len(labels.end_of):,}.",
        paths_figure(labels, found.time, paths, found.time_units),
    )


def _fan_words(fan: Fan) -> str:
    words = "The median of all runs, with the middle half and nine tenths of them."
    if fan.heaps is not None:
        words = (
            "The middle half and nine tenths of all runs. They end in two heaps, "
            f"{heaps_words(fan.heaps, fan.output)}: hardly a run lies between, and no median "
            "speaks for them."
        )
    if fan.failed:
        words += f" {fan.failed:,} of the runs fail before the end, and are missing from then on."
    return words


def sensitivity_html(found: SensitivityAnalysis) -> str:
    """Return an analysis as one HTML page that needs no network."""
    drawn = list(figures(found))
    payload = {
        "charts": [json.loads(each.figure.to_json()) for each in drawn],
        "config": PLOTLY_CONFIG,
        "map": map_payload(found),
    }
    return scripted_page(
        "sensitivity.html",
        "tipping.js",
        payload,
        style=template_text("report.css"),
        found=found,
        answer=answer(found),
        sections=list(sections(found)),
        drawn=drawn,
    )
