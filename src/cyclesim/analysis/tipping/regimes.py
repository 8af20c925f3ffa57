"""Good and bad outcomes over two parameters: a grid that is refined where they meet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cyclesim.analysis.tipping.parts import RegimeMap, Rule
from cyclesim.analysis.tipping.search import bisected
from cyclesim.analysis.tipping.today import Today

Array = np.ndarray
Limits = tuple[float, float]

COARSE = 8
"""Cells on a side at first."""

SPLITS = 2
"""How often a cell with both outcomes at its corners is cut in four."""

TOLERANCE = 1 / 32
"""How near the boundary is found, as a share of the smallest cell."""


def regimes(
    today: Today, rule: Rule, places: tuple[int, int], limits: tuple[Limits, Limits]
) -> RegimeMap:
    """Return where in the plane of two numbers, by their places, the outcome is good.

    A cell whose corners differ is cut in four, twice; then each edge of the smallest cells at
    whose ends the outcome differs is bisected, all at once as lanes. What lies within a cell with
    four like corners is not seen.
    """
    low = np.array([each[0] for each in limits])
    size = np.array([each[1] - each[0] for each in limits])

    def judge(points: Array) -> Array:
        """Return whether points (point, 2), shares of the plane, are good."""
        numbers = np.repeat(today.numbers[:, None], len(points), axis=1)
        for axis, place in enumerate(places):
            numbers[place] = low[axis] + points[:, axis] * size[axis]
        return rule.judged(today.ends(rule.variable, rule.time, None, numbers))

    known, width = _refined(judge)
    first, second = _edges(known, width)
    cells = COARSE * 2**SPLITS

    def judge_edges(lines: Array, shares: Array) -> Array:
        return judge((first[lines] + shares[:, None] * (second - first)[lines]) / cells)

    before = np.array([known[(int(x), int(y))] for x, y in first], dtype=bool)
    if len(first):
        begin, end = bisected(
            judge_edges, np.zeros(len(first)), np.ones(len(first)), before, TOLERANCE,
            relative=False,
        )  # fmt: skip
        shares = ((begin + end) / 2)[:, None]
        edge = low + (first + shares * (second - first)) / cells * size
    else:
        edge = np.zeros((0, 2))
    nodes = np.array(list(known), dtype=float) / cells
    names, units = zip(*(_named(today, place) for place in places), strict=True)
    return RegimeMap(
        rule, names, units, limits,
        (float(today.numbers[places[0]]), float(today.numbers[places[1]])),
        low[0] + nodes[:, 0] * size[0], low[1] + nodes[:, 1] * size[1],
        np.array(list(known.values()), dtype=bool), edge, float(TOLERANCE / cells),
    )  # fmt: skip


def _named(today: Today, place: int) -> tuple[str, str | None]:
    varied = today.varied[place]
    return varied.name, today.study.model.flat.by_ident[varied.ident].units


def _refined(judge: Callable[[Array], Array]) -> tuple[dict[tuple[int, int], bool], int]:
    """Return the nodes judged, in units of the smallest cell, and the width of that: 1."""
    cells = COARSE * 2**SPLITS
    known: dict[tuple[int, int], bool] = {}
    width = 2**SPLITS
    corners = [(x, y) for x in range(0, cells, width) for y in range(0, cells, width)]
    while True:
        nodes = {(x + i, y + j) for x, y in corners for i in (0, width) for j in (0, width)}
        new = sorted(nodes - known.keys())
        if new:
            good = judge(np.array(new, dtype=float) / cells)
            known.update(zip(new, good.tolist(), strict=True))
        if width == 1:
            return known, width
        mixed = [c for c in corners if len({known[n] for n in _corners(c, width)}) > 1]
        width //= 2
        corners = [(x + i, y + j) for x, y in mixed for i in (0, width) for j in (0, width)]


def _corners(corner: tuple[int, int], width: int) -> list[tuple[int, int]]:
    return [(corner[0] + i, corner[1] + j) for i in (0, width) for j in (0, width)]


def _edges(known: dict[tuple[int, int], bool], width: int) -> tuple[Array, Array]:
    """Return both ends (edge, 2) of the smallest edges whose ends differ."""
    pairs = [
        ((x, y), (x + i * width, y + j * width))
        for x, y in known
        for i, j in ((1, 0), (0, 1))
        if known.get((x + i * width, y + j * width), known[(x, y)]) != known[(x, y)]
    ]
    ends = np.array(pairs, dtype=float).reshape((-1, 2, 2))
    return ends[:, 0], ends[:, 1]
