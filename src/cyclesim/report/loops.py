"""The figures of loops: whose share of the change is how large, and when; and of traced changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cyclesim.analysis.explanation.tracing import Trace
from cyclesim.analysis.loops import Loop, LoopAnalysis
from cyclesim.analysis.loops.parts import STILL, Partition
from cyclesim.report.confidential import figure_class
from cyclesim.report.figures import FONT, plain

MOST = 8
"""Loops of a partition that are drawn; what is left is drawn as one."""

MOST_BARS = 30

REINFORCING = (
    "#c2540a",
    "#e07b39",
    "#8f3d06",
    "#f0a878",
    "#b5651d",
    "#d98b5f",
    "#7a3305",
    "#f5c6a5",
)
BALANCING = ("#0068a8", "#3f94c9", "#004a78", "#86bde0", "#2a6f97", "#61a5c2", "#013a63", "#a9d6e5")
REST = "#9aa1a9"


def shares_figure(found: LoopAnalysis, height: int = 300) -> Any:
    """Return the shares of loops over time, stacked: reinforcing upwards, balancing downwards.

    A panel for each partition that moves, and one for its named loops where it is seen through a
    few stocks. Of a set of runs the first is drawn.
    """
    from plotly.subplots import make_subplots

    panels = list(_panels(found))
    titles = [title for _, title in panels]
    drawn = figure_class()(
        make_subplots(
            rows=max(1, len(panels)), shared_xaxes=True, subplot_titles=titles or None,
            vertical_spacing=0.3 / max(1, len(panels)),
        )
    )  # fmt: skip
    for row, (partition, _) in enumerate(panels, start=1):
        for trace in _areas(found, partition):
            drawn.add_trace(trace, row=row, col=1)
        drawn.update_yaxes(title="share, per cent", range=[-100, 100], row=row, col=1)
    drawn.update_xaxes(title=plain(found.time_units or "time"), row=max(1, len(panels)), col=1)
    drawn.update_layout(
        height=90 + height * max(1, len(panels)), font={"family": FONT, "size": 13},
        margin={"l": 70, "r": 24, "t": 46, "b": 60}, hovermode="x unified",
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    return drawn


def _panels(found: LoopAnalysis) -> Iterator[tuple[Partition, str]]:
    for partition in found.partitions:
        if partition.moved < STILL or not any(x.members for x in found.of(partition.number)):
            continue
        among = partition.through or partition.stocks
        more = f" and {len(among) - 3} more" if len(among) > 3 else ""
        yield partition, plain(f"Among {', '.join(among[:3])}{more}")
        for again in found.by_name:
            if again.stocks == partition.stocks and any(x.members for x in found.of(again.number)):
                yield again, "Loops with names, in shares of one another"


def _areas(found: LoopAnalysis, partition: Partition) -> Iterator[Any]:
    """Yield the areas of a panel, the most important loops nearest to the axis."""
    import plotly.graph_objects as go

    listed = [loop for loop in found.of(partition.number) if loop.members]
    rest = np.zeros((2, len(found.time)))
    for loop in listed[MOST:]:
        values = _first_run(loop)
        rest += np.stack((np.maximum(values, 0), np.minimum(values, 0)))
    places = {1: 0, -1: 0}
    for loop in listed[:MOST]:
        values = _first_run(loop)
        way = 1 if float(values.sum()) >= 0 else -1
        colour = (REINFORCING if way > 0 else BALANCING)[places[way] % len(REINFORCING)]
        places[way] += 1
        for sign in (1, -1):
            part = np.maximum(sign * values, 0) * sign
            if part.any():
                yield _area(go, found, partition, (_title(loop), colour), part, sign, sign == way)
    for sign, part in zip((1, -1), rest, strict=True):
        if part.any():
            name = f"{len(listed) - MOST} others"
            yield _area(go, found, partition, (name, REST), part, sign, sign == 1)


def _area(
    go: Any,
    found: LoopAnalysis,
    partition: Partition,
    look: tuple[str, str],
    part: np.ndarray,
    sign: int,
    legend: bool,
) -> Any:
    name, colour = look
    return go.Scatter(
        x=found.time, y=100 * part, name=plain(name), mode="lines", line={"width": 0},
        fillcolor=colour, stackgroup=f"{partition.number} {sign}", showlegend=legend,
        legendgroup=f"{partition.number} {name}", hovertemplate="%{y:.0f} %",
    )  # fmt: skip


def _first_run(loop: Loop) -> np.ndarray:
    return loop.relative if loop.relative.ndim == 1 else loop.relative[:, 0]


def _title(loop: Loop) -> str:
    return f"{loop.mark} {loop.name}"


def trace_figure(found: Trace) -> Any:
    """Return why a variable changed as bars: each input's share of the change of what it moves."""
    import plotly.graph_objects as go

    rows = list(_rows(found, 0))[:MOST_BARS][::-1]
    # A no-break space keeps the depth in a label; one of zero width tells equal names apart.
    deep, apart = chr(0xA0) * 4, chr(0x200B)
    labels = [
        f"{deep * depth}{plain(each.name)}{apart * place}"
        for place, (each, depth) in enumerate(rows)
    ]
    shares = [100 * each.share for each, _ in rows]
    bars = go.Bar(
        x=shares, y=labels, orientation="h", text=[f"{share:.0f} %" for share in shares],
        marker={"color": [REINFORCING[0] if share >= 0 else BALANCING[0] for share in shares]},
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    drawn = figure_class()(data=[bars])
    drawn.update_layout(
        height=110 + 26 * len(rows), font={"family": FONT, "size": 13},
        margin={"l": 70, "r": 40, "t": 20, "b": 60}, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis={"title": {"text": f"share of the change of what it moves; {plain(found.name)} "
                                 f"from {found.start:.4g} to {found.end:.4g}"}},
        yaxis={"automargin": True},
    )  # fmt: skip
    return drawn


def _rows(found: Trace, depth: int) -> Iterator[tuple[Trace, int]]:
    for each in found.inputs:
        yield each, depth
        yield from _rows(each, depth + 1)
