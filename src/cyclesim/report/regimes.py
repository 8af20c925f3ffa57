"""Runs by what became of them: their courses in colours, and a map over any two numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cyclesim.analysis.sensitivity import Labels, SensitivityAnalysis
from cyclesim.analysis.sensitivity.words import percent
from cyclesim.analysis.words import unit
from cyclesim.report.confidential import figure_class
from cyclesim.report.figures import LINES, plain
from cyclesim.report.layouts import layout_of
from cyclesim.scenario.parts import Direction

MOST_TIMES = 100
MOST_POINTS = 1500
MOST_NUMBERS = 150_000
"""Numbers of runs that a page holds: with many quantities the map shows fewer runs."""
OTHERS = "another course"
"""Courses that are rarer than those with a colour of their own."""

# Better and worse differ by colour and by sign.
_SIGNS = {
    "gets better": (LINES[3], "circle"),
    "gets worse": (LINES[2], "x"),
    "ends as it began": (LINES[0], "square"),
    "does not reach the end": (LINES[4], "star-triangle-down"),
}
_OTHER_SIGNS = ("circle", "x", "diamond", "triangle-up", "square", "cross")


def kinds_of(labels: Labels) -> tuple[str, ...]:
    """Return what became of each run: better or worse, or its course where neither is good."""
    if labels.output.good is not Direction.NEITHER:
        return labels.end_of
    common = [name for name, _ in Counter(labels.course_of).most_common(len(_OTHER_SIGNS) - 1)]
    return tuple(name if name in common else OTHERS for name in labels.course_of)


def signs_of(kinds: Sequence[str]) -> dict[str, tuple[Any, str]]:
    """Return the line and the sign of each kind, the most common first."""
    free = iter(zip(LINES[1:], _OTHER_SIGNS, strict=False))
    names = [name for name, _ in Counter(kinds).most_common()]
    return {name: _SIGNS[name] if name in _SIGNS else next(free) for name in names}


def paths_figure(labels: Labels, time: np.ndarray, paths: np.ndarray, time_units: str) -> Any:
    """Return the courses (time, run) of some runs, coloured by what became of them."""
    import plotly.graph_objects as go

    places = np.unique(np.linspace(0, len(time) - 1, MOST_TIMES).round().astype(int))
    kinds = kinds_of(labels)
    shown = np.array(kinds[: paths.shape[1]])
    traces = []
    for name, (line, _) in signs_of(kinds).items():
        runs = np.flatnonzero(shown == name)
        if not runs.size:
            continue
        gaps = np.full((1, runs.size), np.nan)  # between one run and the next no line is drawn
        rows = np.vstack([paths[np.ix_(places, runs)], gaps])
        values = [_short(each) for each in rows.T.ravel().tolist()]
        times = [*time[places].tolist(), None] * runs.size
        share = kinds.count(name) / len(kinds)
        traces.append(
            go.Scatter(
                x=times, y=values, mode="lines", name=f"{plain(name)} ({plain(percent(share))})",
                line={"color": line.light, "width": 1}, opacity=0.55, hoverinfo="skip",
            )
        )  # fmt: skip
    label = plain(unit(labels.output.variable.units) or labels.output.title)
    return figure_class()(data=traces, layout=layout_of(plain(time_units) or "time", label, 340))


def map_figure() -> Any:
    """Return the empty map that the page's script fills with what is chosen."""
    layout = layout_of("", "", 520)
    return figure_class()(data=[], layout=layout)


def map_payload(found: SensitivityAnalysis) -> dict[str, Any] | None:
    """Return what the map needs: the numbers of runs, what became of them, and the regions.

    None where runs were not labelled, or fewer than two numbers vary in the scenario.
    """
    if found.sample is None or not found.labels:
        return None
    numbers = found.sample.numbers
    used = [place for place, row in enumerate(numbers) if np.isfinite(row).all()]
    if len(used) < 2:
        return None
    runs = min(numbers.shape[1], MOST_POINTS, MOST_NUMBERS // len(used))
    return {
        "quantities": [_quantity(found, place) for place in used],
        "numbers": [[_short(each) for each in numbers[place, :runs].tolist()] for place in used],
        "outputs": [_output(found, labels, used, runs) for labels in found.labels],
    }


def _quantity(found: SensitivityAnalysis, place: int) -> dict[str, str]:
    quantity = found.quantities[place]
    units = unit(quantity.units)
    return {"name": quantity.label, "title": plain(f"{quantity.label}, {units}" if units else
                                                   quantity.label)}  # fmt: skip


def _output(
    found: SensitivityAnalysis, labels: Labels, used: list[int], runs: int
) -> dict[str, Any]:
    kinds = kinds_of(labels)[:runs]
    signs = signs_of(kinds_of(labels))
    names = list(signs)
    own = {found.quantities[place].label: at for at, place in enumerate(used)}
    regions = [
        {
            "outcome": region.outcome,
            "limits": {
                own[limit.quantity.label]: [_open(limit.low), _open(limit.high)]
                for limit in region.limits
            },
        }
        for region in labels.discoveries[:1]
    ]
    return {
        "name": labels.output.title,
        "kinds": [names.index(kind) for kind in kinds],
        "names": [plain(name) for name in names],
        "colours": [line.light for line, _ in signs.values()],
        "signs": [sign for _, sign in signs.values()],
        "pair": _pair(found, labels, own, regions),
        "regions": regions,
    }


def _pair(
    found: SensitivityAnalysis,
    labels: Labels,
    own: Mapping[str, int],
    regions: Sequence[Mapping[str, Any]],
) -> list[int]:
    """Return the two quantities that tell most: a region's limits, then what moves the end."""
    chosen = [place for region in regions for place in region["limits"]]
    for parts in (found.variances, found.distances, found.screenings):
        for part in parts:
            if part.output.title == labels.output.title:
                chosen += [own.get(part.quantities[place].label, -1) for place in part.order]
    chosen = list(dict.fromkeys([each for each in chosen if each >= 0] + [0, 1]))
    return chosen[:2]


def _open(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _short(value: float | None) -> float | None:
    """Return a number with the five digits that a picture shows, None where it is none."""
    return float(f"{value:.5g}") if value is not None and math.isfinite(value) else None
