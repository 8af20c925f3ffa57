"""The layout that all charts of an analysis share."""

from __future__ import annotations

from typing import Any

from cyclesim.report.figures import FONT

INK, SOFT, FAINT, BLUE, GOOD, BAD = (
    "#1d2126", "#59616a", "#9aa1a9", "#0068a8", "#007a58", "#b94a08",
)  # fmt: skip
"""Colours on white; the page's script has others for dark paper."""


def layout_of(x: str, y: str, height: int = 380, **more: Any) -> dict[str, Any]:
    """Return a layout with titles of both axes and a legend above."""
    axis = {"gridcolor": "#e3e6ea", "linecolor": FAINT, "automargin": True, "zeroline": False}
    return {
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": SOFT}, "height": height,
        "margin": {"l": 70, "r": 30, "t": 20, "b": 60},
        "xaxis": {**axis, "title": {"text": x}}, "yaxis": {**axis, "title": {"text": y}},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}, **more,
    }  # fmt: skip
