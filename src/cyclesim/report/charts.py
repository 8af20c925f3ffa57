"""The charts of a report: figures with their end letters, and the same numbers as tables."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from cyclesim.analysis.words import moment, number, places, unit
from cyclesim.report.figures import (
    PLOT_HEIGHT,
    ROW,
    axis_label,
    by_title,
    figure,
    letter,
    line,
    plain,
    value_range,
)
from cyclesim.report.findings import Answer
from cyclesim.report.marks import NARROW, WIDE, Mark, Place
from cyclesim.report.marks import places as label_places
from cyclesim.results import Results
from cyclesim.scenario.parts import Output, StudyRun

MOST_ROWS = 12
MOST_LINES = 8
"""Lines of one chart where elements of an array share it."""

ELEMENT_DASHES = ("solid", "9px,4px", "2px,4px", "12px,3px,2px,3px", "22px,5px", "4px,2px",
                  "8px,3px,2px,3px,2px,3px", "1px,7px")  # fmt: skip

LETTER_HEIGHT = 14
_STEPS = {"week": (1, 2, 4, 13, 26, 52, 104, 260, 520), "month": (1, 2, 3, 6, 12, 24, 60, 120)}


@dataclass(frozen=True)
class ValueTable:
    """A chart's numbers at a dozen times; `rows` are a time and a text for each head."""

    heads: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Chart:
    """An output over time, all scenarios overlaid, with the words and numbers that say it.

    A few elements of an array share a chart; `elements` are then their names.
    """

    output: Output
    units: str
    alternative: str
    table: ValueTable
    envelope: dict[str, Any]
    elements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Curve:
    """A line of a chart: an output in a scenario; `element` is named where there are several."""

    output: Output
    place: int
    title: str
    values: np.ndarray
    element: str = ""

    @property
    def end(self) -> str:
        """Return what stands at the line's end."""
        return f"{letter(self.place)} {self.element}".strip()


def charts(run: StudyRun, found: Sequence[Answer], marks: Sequence[Mark]) -> tuple[Chart, ...]:
    """Return a chart for each output of a study, in its order; few elements share one."""
    made: list[Chart] = []
    numbered = enumerate(run.study.outputs)
    for array, group in groupby(numbered, key=lambda one: one[1].array or one[0]):
        outputs = list(group)
        few = len(outputs) * len(run.study.scenarios) <= MOST_LINES
        parts = [outputs] if few and isinstance(array, str) else [[one] for one in outputs]
        made += (_chart(run, found, marks, part) for part in parts)
    return tuple(made)


def _chart(
    run: StudyRun,
    found: Sequence[Answer],
    marks: Sequence[Mark],
    outputs: Sequence[tuple[int, Output]],
) -> Chart:
    output = outputs[0][1]
    several = len(outputs) > 1
    if several:
        output = replace(output, title=output.array)
    curves = [curve for _, one in outputs for curve in _curves(run, one, several)]
    drawn = json.loads(figure(by_title(run), outputs[0][1].variable.name, marks=marks).to_json())
    layout = drawn["layout"]
    layout.pop("template", None)
    layout.update(showlegend=False, annotations=[])
    traces = drawn["data"]
    if several:
        traces = [
            _element_trace(run, one, number, marks)
            for number, (_, one) in enumerate(outputs)
        ]  # fmt: skip
        traces = [trace for element in traces for trace in element]
        layout["yaxis"]["range"] = value_range([curve.values for curve in curves])
        layout["yaxis"]["title"]["text"] = axis_label(output.title, output.variable.units)
        layout["margin"]["r"] += 8 * max(len(curve.element) for curve in curves)
    said = " ".join(
        f"{answer.letter}, {answer.scenario.title}: {answer.findings[place].words}"
        for place, _ in outputs
        for answer in found
    )
    each = "each element in each scenario" if several else "each scenario"
    head = f"Line chart of {output.title} over time, one line for {each}."
    looks = [line(curve.place) for curve in curves]
    envelope = {
        "data": traces,
        "layout": layout,
        "ends": _ends(curves),
        "labels": _labels(run, marks),
        "lines": [[look.light, look.dark] for look in looks],
        "scenarios": [curve.place for curve in curves],
        "height": PLOT_HEIGHT,
        "row": ROW,
    }
    units = unit(output.variable.units)
    elements = tuple(dict.fromkeys(curve.element for curve in curves)) if several else ()
    table = _table(curves, run.results[run.study.scenarios[0].name])
    return Chart(output, units, f"{head} {said}", table, envelope, elements)


def _curves(run: StudyRun, output: Output, several: bool) -> list[Curve]:
    name = output.variable.name
    element = name[name.rindex("[") + 1 : -1].replace(",", ", ") if several else ""
    return [
        Curve(output, place, scenario.title, run.results[scenario.name][name], element)
        for place, scenario in enumerate(run.study.scenarios)
    ]


def _element_trace(
    run: StudyRun, output: Output, number: int, marks: Sequence[Mark]
) -> list[dict[str, Any]]:
    """Return the lines of one element among several: dashes tell elements, colours scenarios."""
    name = output.variable.name
    traces: list[dict[str, Any]] = json.loads(figure(by_title(run), name, marks=marks).to_json())[
        "data"
    ]
    for trace in traces:
        trace["line"]["dash"] = ELEMENT_DASHES[number % len(ELEMENT_DASHES)]
        trace["name"] += plain(f", {name[name.rindex('[') + 1 : -1]}")
    return traces


def _labels(run: StudyRun, marks: Sequence[Mark]) -> dict[str, list[dict[str, Any]]]:
    times = run.results[run.study.scenarios[0].name].time
    begin, end = float(times[0]), float(times[-1])
    return {
        "wide": _placed(marks, label_places(marks, begin, end, WIDE, with_text=True)),
        "narrow": _placed(marks, label_places(marks, begin, end, NARROW, with_text=False)),
    }


def _placed(marks: Sequence[Mark], found: Sequence[Place]) -> list[dict[str, Any]]:
    return [
        {"time": mark.time, "text": place.text, "row": place.row, "anchor": place.anchor}
        for mark, place in zip(marks, found, strict=True)
    ]


def _ends(curves: Sequence[Curve]) -> list[dict[str, Any]]:
    """Return a letter at the end of each line, moved apart where lines end together."""
    low, high = value_range([curve.values for curve in curves])
    pixel = (high - low) / PLOT_HEIGHT
    ends = []
    for row, curve in enumerate(curves):
        values = curve.values[np.isfinite(curve.values)]
        if values.size:
            ends.append((row, curve, float(values[-1])))
    gap = LETTER_HEIGHT * pixel
    spread = spread_apart([value for *_, value in ends], gap, low + gap / 2, high - gap / 2)
    return [
        {"scenario": curve.place, "line": row, "text": curve.end, "y": y}
        for (row, curve, _), y in zip(ends, spread, strict=True)
    ]


def spread_apart(values: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return the values at least `gap` apart, moved as little as keeps them within the bounds."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    placed = [0.0] * len(values)
    below = -math.inf
    for index in order:
        placed[index] = below = max(values[index], below + gap, low)
    above = math.inf
    for index in reversed(order):
        placed[index] = above = min(placed[index], above - gap, high)
    return placed


def _table(curves: Sequence[Curve], first: Results) -> ValueTable:
    units = first.flat.time_units
    picked = picked_times(first.time, units)
    shown = (float(v) for curve in curves for v in curve.values[picked] if np.isfinite(v))
    decimals = places(*shown)
    return ValueTable(
        tuple(
            (letter(curve.place), f"{curve.title}, {curve.element}".rstrip(", "))
            for curve in curves
        ),
        tuple(
            (
                moment(float(first.time[index]), units),
                tuple(number(float(curve.values[index]), decimals) for curve in curves),
            )
            for index in picked
        ),
    )  # fmt: skip


def picked_times(time: np.ndarray, units: str) -> list[int]:
    """Return the places of at most a dozen saved times at round distances, the last included."""
    length = float(time[-1] - time[0])
    steps: list[float] = list(_STEPS.get(units.strip().lower().removesuffix("s"), ()))
    if length > 0:
        power = 10.0 ** math.floor(math.log10(length) - 2)
        steps += [m * power * scale for scale in (1, 10, 100) for m in (1, 2, 5)]
    fitting = (s for s in sorted(steps) if 0 < length / s <= MOST_ROWS - 1)
    step = next(fitting, length or 1.0)
    wanted = time[0] + step * np.arange(int(length / step + 1e-9) + 1)
    near = {int(np.abs(time - at).argmin()) for at in (*wanted, time[-1])}
    return sorted(near)


def sparkline(values: np.ndarray, low: float, high: float, points: int = 60) -> str:
    """Return the path of a curve in a box of 100 by 28, empty where there is no number."""
    values = values[np.isfinite(values)]
    if values.size < 2:
        return ""
    picked = values[np.linspace(0, values.size - 1, min(points, values.size)).astype(int)]
    heights = 26 - 24 * (picked - low) / ((high - low) or 1.0)
    across = np.linspace(1, 99, picked.size)
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, heights, strict=True))


def palette_css(count: int) -> str:
    """Return the scenarios' colours as CSS variables, on white and on dark."""
    looks = [line(place) for place in range(count)]
    light = "".join(f"--s{i}:{look.light};" for i, look in enumerate(looks))
    dark = "".join(f"--s{i}:{look.dark};" for i, look in enumerate(looks))
    return f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def dash_array(place: int) -> str:
    """Return a scenario's dashes for an SVG line."""
    dash = line(place).dash
    return "none" if dash == "solid" else dash.replace("px", "").replace(",", " ")
