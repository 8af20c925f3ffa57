"""The strokes of a picture as SVG: symbols, pipes' ends, arcs with heads, words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

import numpy as np

from cyclesim.diagram.sheet import CLOUD, DOT, VALVE, Arrow, Badge, Place, Point, Side
from cyclesim.diagram.structure import Form

_SHADOW = 4.0
"""How far the sheets of an array's stack lie apart."""

_SHOWN = {"-": "−"}  # a minus that is as wide as the plus


def symbol(place: Place, array: bool) -> Iterator[str]:
    """Yield what is drawn of a variable besides its words; an array is a stack."""
    left, top, right, bottom = place.symbol
    size = f'width="{plain(right - left)}" height="{plain(bottom - top)}"'
    if place.form in (Form.STOCK, Form.MODULE) and not place.alias:
        round_ = ' rx="9"' if place.form is Form.MODULE else ' rx="2"'
        for step in (2, 1) if array else ():
            shift = step * _SHADOW
            yield f'<rect x="{plain(left + shift)}" y="{plain(top - shift)}" {size}{round_}/>'
        yield f'<rect x="{plain(left)}" y="{plain(top)}" {size}{round_}/>'
    elif place.form is Form.FLOW and not place.alias:
        for step in (1, 0) if array else (0,):
            yield _valve(place, step * _SHADOW)
    elif place.side is not Side.CENTRE:
        yield f'<circle class="dot" cx="{plain(place.x)}" cy="{plain(place.y)}" r="{plain(DOT)}"/>'
    elif array:
        for back in (2.5, 0.0):
            yield (
                f'<rect class="array" x="{plain(left + back)}" y="{plain(top - back)}" '
                f'{size} rx="4"/>'
            )


def _valve(place: Place, shift: float) -> str:
    x, y, v = place.x + shift, place.y - shift, VALVE
    corners: list[Point] = [(-v, -v), (v, -v), (-v, v), (v, v)]
    if _upright(place):
        corners = [(dy, dx) for dx, dy in corners]
    shown = " ".join(f"{plain(x + dx)},{plain(y + dy)}" for dx, dy in corners)
    return f'<polygon class="valve" points="{shown}"/>'


def _upright(place: Place) -> bool:
    """Return whether the pipe stands where the valve is on it."""
    for (x0, y0), (x1, y1) in zip(place.points, place.points[1:], strict=False):
        if abs(x0 - x1) < 1 and abs(place.x - x0) < 2:
            return min(y0, y1) - 1 <= place.y <= max(y0, y1) + 1
    return False


def retreated(points: tuple[Point, ...], to_stock: bool) -> tuple[Point, ...]:
    """Return a pipe's points, its end drawn back to where the arrow head begins."""
    back = 10.0 if to_stock else CLOUD + 8
    return (*points[:-1], away(points[-1], points[-2], back))


def away(point: Point, towards: Point, distance: float) -> Point:
    """Return the point so far from one point towards another."""
    dx, dy = towards[0] - point[0], towards[1] - point[1]
    length = math.hypot(dx, dy) or 1.0
    return (point[0] + dx / length * distance, point[1] + dy / length * distance)


def head(foot: Point, tip: Point, half: float, name: str = "") -> str:
    """Return an arrow head, `half` as wide to each side."""
    dx, dy = tip[0] - foot[0], tip[1] - foot[1]
    length = math.hypot(dx, dy) or 1.0
    ax, ay = -dy / length * half, dx / length * half
    corners = (tip, (foot[0] + ax, foot[1] + ay), (foot[0] - ax, foot[1] - ay))
    shown = " ".join(f"{plain(x)},{plain(y)}" for x, y in corners)
    kind = f' class="{name}"' if name else ""
    return f'<polygon{kind} points="{shown}"/>'


def cloud(x: float, y: float) -> str:
    """Return a cloud: where a flow begins or ends outside the model."""
    way = (
        f"M{plain(x - 8)} {plain(y + 8)} a6 6 0 0 1 -2.5 -11 a7 7 0 0 1 8 -7.5 "
        "a8 8 0 0 1 12.5 3.5 a6 6 0 0 1 1.5 11.5 a5.5 5.5 0 0 1 -8 3.5 a6.5 6.5 0 0 1 -11.5 0 z"
    )
    return f'<path class="cloud" d="{way}"/>'


def bends_left(line: np.ndarray) -> bool:
    """Return whether an arc swings out to the left of its way."""
    start, middle, end = line[0], line[len(line) // 2], line[-1]
    turn = (end[0] - start[0]) * (middle[1] - start[1]) - (end[1] - start[1]) * (
        middle[0] - start[0]
    )
    return bool(turn < 0)


def arrow_lines(line: np.ndarray, arrow: Arrow, sign: Point) -> Iterator[str]:
    """Yield the curve, its head, and its sign."""
    tip = (float(line[-1, 0]), float(line[-1, 1]))
    gone = np.hypot(*(line - line[-1]).T)
    foot_at = int(np.flatnonzero(gone >= min(8.0, gone[0]))[-1])
    foot = (float(line[foot_at, 0]), float(line[foot_at, 1]))
    body = np.vstack((line[:foot_at], [foot])) if foot_at else line[:2]
    yield f'<path d="{_curve(body)}"/>'
    yield head(foot, tip, 3.6)
    shown = _SHOWN.get(arrow.sign, arrow.sign)
    if shown:
        yield text_line(shown, sign[0], sign[1] + 4.5, "")


def sign_place(line: np.ndarray, left: bool, back: float) -> Point:
    """Return the middle of a sign beside a link, so far before its head, on one of its sides."""
    gone = np.hypot(*(line - line[-1]).T)
    at = int(np.flatnonzero(gone >= min(back, gone[0] / 2))[-1])
    (x, y), (dx, dy) = line[at], line[min(at + 1, len(line) - 1)] - line[max(at - 1, 0)]
    length = math.hypot(dx, dy) or 1.0
    side = 9.0 if left else -9.0
    return (float(x + dy / length * side), float(y - dx / length * side))


def _curve(points: np.ndarray) -> str:
    """Return the path of an arc by its two ends and the circle through its middle."""
    (x0, y0), (x1, y1) = points[0], points[-1]
    mx, my = points[len(points) // 2]
    twice = (x1 - x0) * (my - y0) - (y1 - y0) * (mx - x0)
    sides = (
        math.dist((x0, y0), (x1, y1)),
        math.dist((x0, y0), (mx, my)),
        math.dist((mx, my), (x1, y1)),
    )
    if abs(twice) < 1e-3 * sides[0] ** 2:
        return f"M{plain(x0)} {plain(y0)} L{plain(x1)} {plain(y1)}"
    radius = sides[0] * sides[1] * sides[2] / (2 * abs(twice))
    sweep = 1 if twice < 0 else 0
    large = 1 if _swept_far(points) else 0
    return f"M{plain(x0)} {plain(y0)} {_turn(radius, large, sweep, (x1, y1))}"


def _swept_far(points: np.ndarray) -> bool:
    begin, end = points[1] - points[0], points[-1] - points[-2]
    return bool(
        float(begin @ end) < 0
        and len(points) > 60
        and math.dist(points[0], points[-1])
        < (np.hypot(*np.diff(points, axis=0).T).sum() / (math.pi / 2))
    )


def _turn(radius: float, large: int, sweep: int, end: Point) -> str:
    return f"A{plain(radius)} {plain(radius)} 0 {large} {sweep} {plain(end[0])} {plain(end[1])}"


def turning(badge: Badge) -> str:
    """Return an open circle with a head: the way a loop is drawn round."""
    way = 1 if badge.clockwise else -1
    start, end = math.radians(-60), math.radians(-120)
    x, y, r = badge.x, badge.y, 13.0
    a = (x + way * r * math.cos(start), y + r * math.sin(start))
    b = (x + way * r * math.cos(end), y + r * math.sin(end))
    sweep = 1 if badge.clockwise else 0
    arc = f"M{plain(a[0])} {plain(a[1])} {_turn(r, 1, sweep, b)}"
    tip = (b[0] + way * 6.5, b[1] - 2.6)
    return f'<path d="{arc}"/>{head(b, tip, 4.0)}'


def text_line(text: str, x: float, y: float, name: str) -> str:
    """Return a line of text, escaped."""
    kind = f' class="{name}"' if name else ""
    return f'<text x="{plain(x)}" y="{plain(y)}"{kind}>{escape(text)}</text>'


def plain(value: float) -> str:
    """Return a number with one decimal, without a zero behind it."""
    text = f"{float(value):.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")
