"""Relative scores of every loop against those that another engine, Simlin, computes itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cyclesim.analysis.loops import loops
from cyclesim.simulation import simulate
from tests.models_in_text import aux, flow, stock, xmile

simlin = pytest.importorskip("simlin", reason="Simlin has no wheel for this platform")

ARMS = {"a": "b + 0.9 * c", "b": "a + 1.1 * c", "c": "1.1 * a + 0.9 * b"}

TEXTS = {
    "yeast": xmile(
        stock("cells", 1, "budding", "dying"),
        stock("alcohol", 0, "brewing"),
        flow("budding", "cells * (1.1 - 0.1 * alcohol) / 15"),
        flow("dying", "cells * EXP(alcohol - 11) / 30"),
        flow("brewing", "0.01 * cells"),
        stop=100, dt="1/2", save="0.5",
    ),
    "arms": xmile(
        *(stock(one, 50 * n, f"arming_{one}") for n, one in enumerate(ARMS, start=1)),
        *(flow(f"arming_{one}", f"(target_{one} - {one}) / 10") for one in ARMS),
        *(aux(f"target_{one}", want) for one, want in ARMS.items()),
        stop=60,
    ),
    "three stocks that swing": xmile(
        stock("orders", 10, "ordering", "shipping"),
        stock("staff", 5, "hiring", "leaving"),
        stock("trust", 1, "change"),
        flow("ordering", "4 * trust + 2 * SQRT(orders)"),
        flow("shipping", "MIN(orders, 2 * staff)"),
        flow("hiring", "0.3 * (orders / 3 - staff)"),
        flow("leaving", "0.05 * staff * (2 - trust)"),
        aux("delay", "orders / (1 + 2 * staff)"),
        flow("change", "0.2 * (1 / (0.5 + delay) - trust)"),
        stop=40, dt="1/4", save="0.25",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_relative_scores_are_those_of_simlin(name: str, tmp_path: Path):
    file = tmp_path / "model.xmile"
    file.write_text(TEXTS[name], encoding="utf-8")
    theirs = simlin.load(str(file)).run(analyze_loops=True).loops
    found = loops(simulate(file, method="euler", estimate_error=False))
    count = len(found.time)
    # Simlin stamps a score with the end of the interval after that of its flows: one step later.
    series = [np.asarray(each.behavior_time_series)[2:count] for each in theirs]
    series = [each for each in series if each.any()]  # loops never active are no loops here
    assert len(found.loops) == len(series) == found.partitions[0].loops
    for loop in found.loops:
        away = [np.abs(each - loop.relative[1 : count - 1]).max() for each in series]
        assert min(away) < 1e-9
        series.pop(int(np.argmin(away)))
