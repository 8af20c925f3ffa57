"""The charts of a report: figures with their end letters, and the same numbers as tables."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cyclesim.analysis.words import moment, number, places, unit
from cyclesim.report.figures import (
    PLOT_HEIGHT,
    ROW,
    by_title,
    figure,
    letter,
    line,
    value_range,
)
from cyclesim.report.findings import Answer
from cyclesim.report.marks import NARROW, WIDE, Mark, Place
from cyclesim.report.marks import places as label_places
from cyclesim.results import Results
from cyclesim.scenario.parts import Output, StudyRun

MOST_ROWS = 12
LETTER_HEIGHT = 14
_STEPS = {"week": (1, 2, 4, 13, 26, 52, 104, 260, 520), "month": (1, 2, 3, 6, 12, 24, 60, 120)}


@dataclass(frozen=True)
class ValueTable:
    """A chart's numbers at a dozen times; `rows` are a time and a text for each scenario."""

    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Chart:
    """One output over time, all scenarios overlaid, with the words and numbers that say it."""

    output: Output
    units: str
    alternative: str
    table: ValueTable
    envelope: dict[str, Any]


def charts(run: StudyRun, found: Sequence[Answer], marks: Sequence[Mark]) -> tuple[Chart, ...]:
    """Return a chart for each output of a study, in its order."""
    return tuple(
        _chart(run, found, marks, place, output)
        for place, output in enumerate(run.study.outputs)
    )  # fmt: skip


def _chart(
    run: StudyRun, found: Sequence[Answer], marks: Sequence[Mark], place: int, output: Output
) -> Chart:
    runs = [run.results[scenario.name] for scenario in run.study.scenarios]
    name = output.variable.name
    drawn = json.loads(figure(by_title(run), name, marks=marks).to_json())
    drawn["layout"].pop("template", None)
    drawn["layout"].update(showlegend=False, annotations=[])
    said = " ".join(
        f"{answer.letter}, {answer.scenario.title}: {answer.findings[place].words}"
        for answer in found
    )
    head = f"Line chart of {output.title} over time, one line for each scenario."
    envelope = {
        "data": drawn["data"],
        "layout": drawn["layout"],
        "ends": _ends(runs, name),
        "labels": _labels(run, marks),
        "lines": [[line(i).light, line(i).dark] for i in range(len(runs))],
        "height": PLOT_HEIGHT,
        "row": ROW,
    }
    units = unit(output.variable.units)
    return Chart(output, units, f"{head} {said}", _table(runs, name), envelope)


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


def _ends(runs: Sequence[Results], name: str) -> list[dict[str, Any]]:
    """Return a letter at the end of each line, moved apart where lines end together."""
    low, high = value_range([run[name] for run in runs])
    pixel = (high - low) / PLOT_HEIGHT
    ends = []
    for place, run in enumerate(runs):
        values = run[name][np.isfinite(run[name])]
        if values.size:
            ends.append((place, float(values[-1])))
    gap = LETTER_HEIGHT * pixel
    spread = spread_apart([value for _, value in ends], gap, low + gap / 2, high - gap / 2)
    return [
        {"scenario": place, "text": letter(place), "y": y}
        for (place, _), y in zip(ends, spread, strict=True)
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


def _table(runs: Sequence[Results], name: str) -> ValueTable:
    first = runs[0]
    units = first.flat.time_units
    picked = picked_times(first.time, units)
    decimals = places(*(float(v) for run in runs for v in run[name][picked] if np.isfinite(v)))
    return ValueTable(
        tuple(
            (
                moment(float(first.time[index]), units),
                tuple(number(float(run[name][index]), decimals) for run in runs),
            )
            for index in picked
        )
    )


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
