"""Curves of scenarios over time as a small drawing that prints well."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from cyclesim.checks.statements import told

_WIDTH, _HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 14, 14, 34
_COLOURS = ("#0068a8", "#c4500a", "#00694c", "#8a2f8f", "#7a5c00", "#59616a")
_DASHES = ("", "9 4", "3 3", "12 3 3 3", "6 2 2 2 2 2", "1 4")
MOST_CURVES = len(_COLOURS)

Curve = tuple[str, np.ndarray, np.ndarray]
"""A name with times and values."""


def drawing(curves: Sequence[Curve], time_units: str, title: str) -> str:
    """Return curves as SVG, each in a colour and dashes of its own, named in a legend."""
    shown = [(name, *_finite(times, values)) for name, times, values in curves[:MOST_CURVES]]
    shown = [curve for curve in shown if len(curve[1])]
    if not shown:
        return ""
    first, last = (f(float(f(times)) for _, times, _ in shown) for f in (min, max))
    low, high = (f(float(f(values)) for _, _, values in shown) for f in (min, max))
    if high - low < 1e-9 * max(abs(high), abs(low), 1e-300):
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    height = _HEIGHT + 20 * len(shown)
    across = (_WIDTH - _LEFT - _RIGHT) / ((last - first) or 1.0)
    up = (_HEIGHT - _TOP - _BOTTOM) / (high - low)
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">',
        *_axes(first, last, low, high, time_units),
    ]
    for place, (name, times, values) in enumerate(shown):
        points = " ".join(
            f"{_LEFT + (t - first) * across:.1f},{_HEIGHT - _BOTTOM - (v - low) * up:.1f}"
            for t, v in zip(times, values, strict=True)
        )
        style = f'stroke="{_COLOURS[place]}" stroke-dasharray="{_DASHES[place]}"'
        parts.append(f'<polyline class="line" {style} points="{points}"/>')
        y = _HEIGHT + 20 * place + 8
        parts.append(
            f'<line class="line" {style} x1="{_LEFT}" y1="{y}" x2="{_LEFT + 40}" y2="{y}"/>'
        )
        parts.append(f'<text x="{_LEFT + 50}" y="{y + 4}">{escape(name)}</text>')
    return "".join([*parts, "</svg>"])


def _finite(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    there = np.isfinite(values)
    return times[there], values[there]


def _axes(first: float, last: float, low: float, high: float, time_units: str) -> list[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    ends = f'text-anchor="end" x="{_LEFT - 6}"'
    under = f'y="{bottom + 18}"'
    return [
        f'<line class="axis" x1="{_LEFT}" y1="{_TOP}" x2="{_LEFT}" y2="{bottom}"/>',
        f'<line class="axis" x1="{_LEFT}" y1="{bottom}" x2="{right}" y2="{bottom}"/>',
        f'<text {ends} y="{_TOP + 8}">{told(high, low)}</text>',
        f'<text {ends} y="{bottom}">{told(low, high)}</text>',
        f'<text x="{_LEFT}" {under}>{told(first)}</text>',
        f'<text text-anchor="end" x="{right}" {under}>{told(last)} {escape(time_units)}</text>',
    ]
