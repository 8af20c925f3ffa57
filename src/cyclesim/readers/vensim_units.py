"""Units as Vensim writes them: `people/year [0,100,1]`."""

from __future__ import annotations

import math
import re

from cyclesim.project import Bounds

_RANGE = re.compile(r"\[([^\[\]]*)\]\s*\Z")


def units_of(written: str) -> str:
    """Return the units without the range behind them."""
    return " ".join(_RANGE.sub("", written).split())


def bounds_of(written: str) -> Bounds | None:
    """Return the range behind the units: open where there is none, None where it is faulty."""
    match = _RANGE.search(written)
    if match is None:
        return Bounds()
    pieces = [text.strip() for text in match[1].split(",")]
    ends: list[float | None] = []
    for text in (*pieces, "", "")[:2]:
        try:
            value = math.inf if text in ("", "?") else float(text)
        except ValueError:
            return None
        ends.append(value if math.isfinite(value) else None)
    low, high = ends
    return Bounds(low, high) if low is None or high is None or low <= high else None
