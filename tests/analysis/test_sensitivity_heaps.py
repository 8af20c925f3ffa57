"""Two heaps of ends: found where they are, and then neither deviation nor median is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cyclesim.analysis.heaps import heaps_of
from cyclesim.analysis.sensitivity import Wishes, sensitivity
from cyclesim.analysis.sensitivity.words import answer, sentences
from cyclesim.report.sensitivity import fan_figure, sensitivity_html
from tests.analysis.test_sensitivity import bistable, study_of

Draw = Callable[[np.random.Generator, int], np.ndarray]

ONE: dict[str, Draw] = {
    "uniform": lambda rng, n: rng.random(n),
    "normal": lambda rng, n: rng.normal(size=n),
    "far tail": lambda rng, n: np.exp(2 * rng.normal(size=n)),
    "one-sided": lambda rng, n: rng.exponential(size=n),
    "outliers": lambda rng, n: np.append(rng.normal(size=n - 5), [99.0] * 5),
    "touching": lambda rng, n: rng.normal(size=n) + 2 * (rng.random(n) < 0.5),
}


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("runs", [100, 1000])
def test_one_heap_is_not_taken_for_two(name: str, runs: int) -> None:
    rng = np.random.default_rng(4)
    found = [heaps_of(ONE[name](rng, runs)) for _ in range(40)]
    assert sum(each is not None for each in found) <= 1


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_two_heaps_are_found_where_they_are(share: float) -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        lower = np.arange(1000) < 1000 * share
        values = rng.normal(size=1000) + np.where(lower, 3.0, 10.0)
        found = heaps_of(rng.permutation(np.append(values, [np.nan] * 20)))
        assert found is not None
        assert found.share == pytest.approx(share, abs=0.01)
        assert found.low == pytest.approx(3, abs=0.4)
        assert found.high == pytest.approx(10, abs=0.4)


def test_two_heaps_have_no_deviation_and_no_median(tmp_path: Path) -> None:
    found = sensitivity(bistable(tmp_path), Wishes(points=64, paths=4))
    fan = found.fans[0]
    assert fan.heaps is not None
    assert fan.heaps.share == pytest.approx(0.5, abs=0.03)
    assert (fan.heaps.low, fan.heaps.high) == pytest.approx((0, 1), abs=0.01)
    told = "\n".join(sentences(found))
    assert "'Q' (two heaps, 5" in told
    assert "standard deviation" not in told.split("'T' ")[0]
    assert "Its ends lie in two heaps" in answer(found)[1]
    assert "'Q (initial)'" in answer(found)[1]
    assert "median" not in [trace.name for trace in fan_figure(fan, found.time, "month").data]
    assert "no median speaks for them" in sensitivity_html(found)


def test_one_heap_has_both(tmp_path: Path) -> None:
    vary = "X1: {from: 0, to: 1}, X2: {from: 0, to: 1}"
    study = study_of(tmp_path, "X1 + X2", ["X1", "X2"], vary)
    found = sensitivity(study, Wishes(points=64, paths=4))
    assert found.fans[0].heaps is None
    assert "standard deviation 0.4" in "\n".join(sentences(found))
    figure = fan_figure(found.fans[0], found.time, "month")
    assert "median" in [trace.name for trace in figure.data]
