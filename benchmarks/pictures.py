"""How legible each library model's pictures are: links that cross, words that are covered, size.

Run `python benchmarks/pictures.py [MODEL ...]` from the root of the project.
"""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path

import numpy as np

from cyclesim import load, loop_diagram, stock_diagram
from cyclesim.diagram import Diagram
from cyclesim.diagram.arcs import crossings, drawn, segments
from cyclesim.diagram.layout import struck
from cyclesim.diagram.sheet import Box
from cyclesim.diagram.text import SIZE

COLUMN = 900.0
"""Width in pixels of the column in which a picture is read."""


def measured(diagram: Diagram) -> dict[str, float]:
    """Return places, links, crossings of links, words struck, overlaps, and letters in pixels."""
    sheet = diagram.sheet
    lines = [drawn(arrow, sheet.by_key, 61) for arrow in sheet.arrows]
    size = re.search(r' width="([\d.]+)" height="([\d.]+)"', diagram.svg)
    assert size is not None
    return {
        "places": len(sheet.places),
        "links": len(lines),
        "crossings": sum(crossings(a, segments(b)) for a, b in itertools.combinations(lines, 2)),
        "struck": len(struck(sheet)),
        "overlaps": sum(
            any(_covers(a, b) for a in one.boxes for b in other.boxes)
            for one, other in itertools.combinations(sheet.places, 2)
        ),
        "letters": round(SIZE * float(np.minimum(1.0, COLUMN / float(size[1]))), 1),
    }


def _covers(one: Box, other: Box) -> bool:
    return (
        min(one[2], other[2]) > max(one[0], other[0]) + 0.5
        and min(one[3], other[3]) > max(one[1], other[1]) + 0.5
    )


def main() -> None:
    """Print a line for each picture."""
    library = Path(__file__).parent.parent / "models"
    names = sys.argv[1:] or sorted(path.parent.name for path in library.glob("*/model.xmile"))
    for name in names:
        model = load(name)
        for kind, diagram in (("stocks", stock_diagram(model)), ("loops", loop_diagram(model))):
            told = "  ".join(f"{key} {value:>5}" for key, value in measured(diagram).items())
            print(f"{name:26} {kind:7} {told}", flush=True)


if __name__ == "__main__":
    main()
