"""Parts of a picture that no link joins, side by side: each in a frame, none upon another."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from cyclesim.diagram.arcs import drawn
from cyclesim.diagram.chains import Piece, moved
from cyclesim.diagram.sheet import Arrow, Box, Place, Sheet

_GUTTER = 34.0
"""How far frames stay from one another."""

_PAGE = 1060.0
"""Wider than this letters are too small where the picture fits the width of a page."""


def groups(
    pieces: Sequence[Piece], arrows: Sequence[Arrow]
) -> list[tuple[list[Piece], list[Arrow]]]:
    """Return the pieces that links join, and these links, group by group."""
    home = {place.key: n for n, piece in enumerate(pieces) for place in piece.places}
    joined = list(range(len(pieces)))
    for arrow in arrows:
        one, other = joined[home[arrow.source]], joined[home[arrow.target]]
        joined = [one if each == other else each for each in joined]
    return [
        (
            [piece for n, piece in enumerate(pieces) if joined[n] == group],
            [arrow for arrow in arrows if joined[home[arrow.source]] == group],
        )
        for group in dict.fromkeys(joined)
    ]


def packed(sheets: Iterable[Sheet]) -> Sheet:
    """Return sheets as one, the largest first, each as high up and as far left as there is room."""
    waiting = sorted(sheets, key=lambda sheet: -_area(extent(sheet)))
    frames = [extent(sheet) for sheet in waiting]
    widest = max(right - left for left, _, right, _ in frames)
    total = sum(map(_area, frames))
    taken: list[Box] = []
    places: list[Place] = []
    arrows: list[Arrow] = []
    for sheet, frame in zip(waiting, frames, strict=True):
        spot = _spot(frame, taken, max(widest, min(1.1 * math.sqrt(total), _PAGE)))
        taken.append(spot)
        x, y = round(spot[0] - frame[0]), round(spot[1] - frame[1])
        places += [moved(place, x, y) for place in sheet.places]
        arrows += sheet.arrows
    return replace(waiting[0], places=tuple(places), arrows=tuple(arrows))


def squeezed(places: Sequence[Place], most: float) -> tuple[Place, ...]:
    """Return places without empty stripes across the picture that are wider than `most`."""
    for axis in (0, 1):
        spans = [_span(place, axis) for place in places]
        end, shift = min(first for first, _ in spans), 0.0
        shifts = [0.0] * len(spans)
        for number in sorted(range(len(spans)), key=lambda n: spans[n]):
            first, last = spans[number]
            shift += max(0.0, round(first - end - most))
            shifts[number] = -shift
            end = max(end, last)
        places = [
            moved(place, *((by, 0.0) if axis == 0 else (0.0, by)))
            for place, by in zip(places, shifts, strict=True)
        ]
    return tuple(places)


def _span(place: Place, axis: int) -> tuple[float, float]:
    boxes = Piece((place,)).solid
    return min(box[axis] for box in boxes), max(box[axis + 2] for box in boxes)


def extent(sheet: Sheet) -> Box:
    """Return the frame around everything on a sheet, arcs and clouds too."""
    boxes = [box for place in sheet.places for box in Piece((place,)).solid]
    for arrow in sheet.arrows:
        line = drawn(arrow, sheet.by_key)
        if len(line):
            boxes.append((*line.min(axis=0), *line.max(axis=0)))
    every = np.array(boxes)
    return (*every[:, :2].min(axis=0), *every[:, 2:].max(axis=0))


def _area(box: Box) -> float:
    return (box[2] - box[0] + _GUTTER) * (box[3] - box[1] + _GUTTER)


def _spot(frame: Box, taken: Sequence[Box], width: float) -> Box:
    """Return the frame moved to the highest free spot, the leftmost of these."""
    wide, high = frame[2] - frame[0], frame[3] - frame[1]
    xs = [0.0, *(box[2] + _GUTTER for box in taken)]
    ys = sorted([0.0, *(box[3] + _GUTTER for box in taken)])
    for y in ys:
        for x in sorted(xs):
            spot = (x, y, x + wide, y + high)
            if (not x or spot[2] <= width) and not any(_meet(spot, box) for box in taken):
                return spot
    raise AssertionError(frame)  # below the lowest there is always room


def _meet(one: Box, other: Box) -> bool:
    return (
        one[0] < other[2] + _GUTTER - 1
        and other[0] < one[2] + _GUTTER - 1
        and one[1] < other[3] + _GUTTER - 1
        and other[1] < one[3] + _GUTTER - 1
    )
