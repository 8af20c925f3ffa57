"""Why each scenario went where it went: who led when, and the run without the loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cyclesim.analysis.explanation import Cause, Claim, Cycle, Explanation, StudyExplanations
from cyclesim.analysis.explanation.words import notes, stations
from cyclesim.analysis.words import moment, number, with_unit
from cyclesim.report.confidential import figure_class
from cyclesim.report.figures import FONT, axis_label, line, plain, value_range
from cyclesim.report.findings import Answer

REINFORCING, BALANCING, RESTING = "#c2540a", "#0068a8", "#8a9199"
"""Of the strip of dominance: told apart by letters too, and on dark as well as on white."""

STRIP = 0.2
"""The part of a figure's height that the strip takes."""

HEIGHT = 330

BEYOND = 10.0
"""A run without a loop that goes so many times farther out is told, and not drawn."""


@dataclass(frozen=True)
class PhaseRow:
    """A row of the table of phases: when, which loop leads, and its share."""

    time: str
    loop: str
    share: str


@dataclass(frozen=True)
class NamedBar:
    """A loop with a name, and its share of the named ones; `width` is of the widest bar."""

    name: str
    way: str
    reinforcing: bool
    share: str
    width: float


@dataclass(frozen=True)
class Reason:
    """Why one scenario went where it went; `envelope` is its figure, None where there is none.

    `mood` is better or worse for a virtuous and a vicious cycle. `method` says how the loop was
    cut, `withdrawn` which loops led by their score and carry nothing.
    """

    place: int
    title: str
    tag: str
    mood: str
    sentence: str
    method: str
    withdrawn: tuple[str, ...]
    rows: tuple[PhaseRow, ...]
    notes: tuple[str, ...]
    alternative: str
    envelope: dict[str, Any] | None
    named: tuple[NamedBar, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reasons:
    """The section of a report; `left_out` names scenarios that were not explained."""

    output: str
    each: tuple[Reason, ...]
    still: tuple[str, ...]
    left_out: tuple[str, ...]


def reasons(found: Sequence[Answer], explained: StudyExplanations) -> Reasons:
    """Return why scenarios went where they went; `found` are the answers in the order to tell."""
    told: list[Reason] = []
    still: list[str] = []
    left: list[str] = []
    for answer in found:
        name, title = answer.scenario.name, answer.scenario.title
        if name not in explained.by_scenario:
            left.append(title)
        elif explained.by_scenario[name].cause is Cause.NOTHING:
            still.append(title)
        else:
            told.append(_reason(answer, explained.by_scenario[name]))
    output = next(iter(explained.by_scenario.values())).output.title if told or still else ""
    return Reasons(output, tuple(told), tuple(still), tuple(left))


def _reason(answer: Answer, found: Explanation) -> Reason:
    units, rows = found.time_units, phase_rows(found)
    mood = ""
    if found.cycle is not None:
        mood = "better" if found.cycle is Cycle.VIRTUOUS else "worse"
    # The badge beside the title says which cycle it is.
    badge = f"{found.label[:1].upper()}{found.label[1:]}. " if found.cycle is not None else ""
    envelope = _envelope(answer.place, found) if found.phases or found.claim else None
    return Reason(
        answer.place, answer.scenario.title, tag(found), mood, found.sentence.removeprefix(badge),
        " ".join(_method(claim, units) for claim in (found.claim, found.back) if claim),
        tuple(_withdrawn(claim) for claim in found.withdrawn),
        rows, tuple(notes(found)), _alternative(found), envelope, _bars(found),
        tuple(f"{text[:1].upper()}{text[1:]}" for text in found.beside),
    )  # fmt: skip


def _bars(found: Explanation) -> tuple[NamedBar, ...]:
    widest = max((each.share for each in found.named), default=0.0) or 1.0
    return tuple(
        NamedBar(
            each.loop.name, stations(each.loop), each.loop.reinforcing,
            f"{100 * each.share:.{0 if each.share >= 0.01 else 1}f} %", each.share / widest,
        )
        for each in found.named
    )  # fmt: skip


def phase_rows(found: Explanation) -> tuple[PhaseRow, ...]:
    """Return who leads when, and with which share."""
    units = found.time_units
    return tuple(
        PhaseRow(
            f"{moment(phase.start, units)} to {moment(phase.end, units).split(' ', 1)[-1]}",
            f"{_mark(phase.leading.loop.reinforcing)} {_title(found, phase.leading.loop)}"
            if phase.leading
            else "nothing moves",
            f"{100 * phase.leading.share:.0f} % of the change, {100 * phase.ruling:.0f} % with all "
            f"loops that {'reinforce' if phase.leading.loop.reinforcing else 'balance'}"
            if phase.leading
            else "",
        )
        for phase in found.phases
    )


def tag(found: Explanation) -> str:
    """Return what made an output move, in a word or two."""
    if found.cycle is not None:
        return found.cycle.value
    return {
        Cause.LOOP: "carried by a loop",
        Cause.OUTSIDE: "from outside",
        Cause.SHARED: "no single loop",
        Cause.BROKEN_OFF: "run broke off",
        Cause.NOTHING: "does not move",
    }[found.cause]


def _mark(reinforcing: bool) -> str:
    return "R" if reinforcing else "B"


def _title(found: Explanation, loop: Any) -> str:
    return f"'{loop.name}'" if loop.given else stations(loop)


def _method(claim: Claim, units: str) -> str:
    """Return how the loop was cut, and what else the cut cuts."""
    cut = claim.cut
    at = f", {number(cut.value)}" if cut.value is not None else ""
    then = (
        "the start" + at if cut.from_the_start else f"{moment(cut.time, units)}{at}, from then on"
    )
    text = (
        f"Checked by a run in which '{cut.target}' takes '{cut.source}' to stay at its value of "
        f"{then}; all else goes on."
    )
    if claim.by_name:
        text += " What runs through that link without a name of its own is cut with it."
    if not cut.also:
        named = " named" if claim.by_name else ""
        return f"{text} That cuts no other{named} loop of any weight."
    of = " of the named loops" if claim.by_name else ""
    others = [f"{stations(each.loop)} ({100 * each.share:.0f} %{of})" for each in cut.also[:3]]
    more = len(cut.also) - 3
    return f"{text} It also cuts {'; '.join(others)}{f' and {more} more' if more > 0 else ''}."


def _withdrawn(claim: Claim) -> str:
    name = f"'{claim.loop.name}'" if claim.loop.given else stations(claim.loop)
    return f"{name} leads by its score ({100 * claim.share:.0f} %), yet {claim.reason}: no claim."


def _alternative(found: Explanation) -> str:
    text = f"Line chart of {found.output.title} over time with the strip of leading loops."
    if found.claim is not None:
        text += f" Dashed: without the loop, ending at {found.claim.end_without:.4g}."
    return text


def _envelope(place: int, found: Explanation) -> dict[str, Any]:
    """Return the figure as plain data, with what the page's script writes on the strip."""
    drawn: dict[str, Any] = figure(found, place).to_plotly_json()
    drawn["layout"].pop("template", None)
    look = line(place)
    return {**drawn, "phases": _strip(found)[1], "place": place, "lines": [look.light, look.dark]}


def figure(found: Explanation, place: int) -> Any:
    """Return the figure: the output, dashed without the loop, over the strip of leading loops."""
    import plotly.graph_objects as go

    look = line(place)
    time, values = found.course
    curves = [values]
    look_of = {"color": look.light, "width": 2.4}
    traces = [_curve(go, found.course, "as it ran", look_of)]
    if found.claim is not None and np.isfinite(found.claim.values).any():
        curves.append(found.claim.values)
        dashed = {**look_of, "dash": "6px,4px"}
        traces.append(_curve(go, (time, found.claim.values), "without the loop", dashed))
    if found.back is not None and np.isfinite(found.back.values).all():
        far = BEYOND * found.behaviour.size
        if np.abs(found.back.values).max() <= far:
            curves.append(found.back.values)
            dotted = {**look_of, "dash": "2px,3px"}
            traces.append(
                _curve(go, (time, found.back.values), "without the loop of the way back", dotted)
            )
    units = found.output.variable.units
    shapes, _ = _strip(found)
    end = with_unit("", units)
    drawn = figure_class()(data=traces)
    drawn.update_layout(
        height=HEIGHT, margin={"l": 70, "r": 20, "t": 12, "b": 52}, showlegend=len(curves) > 1,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        font={"family": FONT, "size": 13}, hovermode="x unified",
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": RESTING},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        xaxis={"title": {"text": plain(found.time_units or "time")}, "zeroline": False,
               "range": [float(time[0]), float(time[-1])], "anchor": "free", "position": 0},
        yaxis={"title": {"text": plain(end) or axis_label(found.output.title, None)},
               "zeroline": False,
               "domain": [STRIP + 0.06, 1], "range": value_range(curves)},
        shapes=shapes,
    )  # fmt: skip
    return drawn


def _curve(go: Any, course: tuple[np.ndarray, np.ndarray], name: str, look: Any) -> Any:
    time, values = map(_numbers, course)
    return go.Scatter(
        x=time, y=values, mode="lines", name=name, line=look, hovertemplate="%{y:,.4~g}"
    )


def _numbers(values: np.ndarray) -> list[float | None]:
    """Return values as a list, None for what is no number."""
    return [float(value) if np.isfinite(value) else None for value in values]


def _strip(found: Explanation) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the bars of the strip, darker the more their loops rule, and what stands on them."""
    shapes, labels = [], []
    for phase in found.phases:
        colour, opacity, text = RESTING, 0.15, ""
        if phase.leading is not None:
            loop = phase.leading.loop
            colour = REINFORCING if loop.reinforcing else BALANCING
            opacity = 0.25 + 0.55 * max(0.0, 2 * phase.ruling - 1)
            text = f"{_mark(loop.reinforcing)} {_title(found, loop)}"
        shapes.append(
            {"type": "rect", "xref": "x", "yref": "paper", "x0": phase.start, "x1": phase.end,
             "y0": 0.02, "y1": STRIP - 0.02, "fillcolor": colour, "opacity": opacity,
             "line": {"width": 0}}
        )  # fmt: skip
        labels.append({"start": phase.start, "end": phase.end, "text": text})
    return shapes, labels
