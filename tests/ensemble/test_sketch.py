"""Sketches: every quantile lies within the rank error that the sketch itself states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclesim.ensemble.batch.sketch import Moments, Sketch, packed, unpacked
from tests.ensemble.commands import DESIGN, cyclesim, parquet
from tests.ensemble.small import study_file

SHARES = np.array([0.01, 0.05, 0.25, 0.5, 0.9, 0.99])


def ranks_off(sketch: Sketch, values: np.ndarray) -> np.ndarray:
    """Return by how much the true share of each quantile misses the share asked for."""
    found = sketch.quantiles(SHARES, np.array([len(values)]))[0]
    ordered = np.sort(values)
    below = np.searchsorted(ordered, found, side="left") / len(values)
    upto = np.searchsorted(ordered, found, side="right") / len(values)
    return np.maximum(np.maximum(below - SHARES, SHARES - upto), 0)


def data(kind: str, count: int) -> np.ndarray:
    generator = np.random.default_rng(5)
    match kind:
        case "sorted":
            return np.arange(count, dtype=float)
        case "reversed":
            return -np.arange(count, dtype=float)
        case "steps":
            return generator.integers(0, 4, count).astype(float)
        case "zigzag":  # one from either end: what alternate choices could be led astray by
            half = np.arange(count // 2, dtype=float)
            return np.stack([half, count - half], axis=1).reshape(-1)
    return generator.lognormal(size=count)


@pytest.mark.parametrize("kind", ["random", "sorted", "reversed", "steps", "zigzag"])
def test_quantiles_are_within_the_stated_error(kind: str) -> None:
    values = data(kind, 100_000)
    sketch = Sketch.empty(64, 1)
    for first in range(0, len(values), 777):
        sketch.add(values[None, first : first + 777])
    assert sketch.rank_error < 0.06
    assert ranks_off(sketch, values).max() <= sketch.rank_error
    assert sum(buffer.size for buffer in sketch.buffers.values()) <= 64 * 12


@settings(max_examples=30)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.integers(0, 99))
def test_merged_sketches_are_within_the_stated_error(sizes: list[int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    parts = [generator.normal(size=(1, size)) for size in sizes]
    whole = Sketch.empty(16, 1)
    for part in parts:
        sketch = Sketch.empty(16, 1)
        sketch.add(part)
        whole.merge(unpacked(packed(sketch, Moments.of(part)))[0])
    values = np.concatenate(parts, axis=1)[0]
    assert whole.runs == len(values)
    assert ranks_off(whole, values).max() <= whole.rank_error


def test_few_numbers_have_their_own_quantiles() -> None:
    sketch = Sketch.empty(64, 2)
    sketch.add(np.array([[3.0, 1, 2, np.nan], [np.nan] * 4]))
    found = sketch.quantiles(np.array([0.3, 0.5, 1]), np.array([3, 0]))
    np.testing.assert_array_equal(found, [[1, 2, 3], [np.nan] * 3])


def test_moments_are_those_of_the_numbers() -> None:
    values = np.random.default_rng(1).normal(1e6, 1, size=(2, 1000))
    values[0, 5] = np.nan
    merged = Moments.of(values[:, :10])
    for first in range(10, 1000, 90):
        merged = merged.merged(Moments.of(values[:, first : first + 90]))
    np.testing.assert_array_equal(merged.count, [999, 1000])
    np.testing.assert_allclose(merged.mean, np.nanmean(values, axis=1), rtol=1e-15)
    spread = np.nanstd(values, axis=1)
    np.testing.assert_allclose(np.sqrt(merged.squares / merged.count), spread, rtol=1e-9)
    np.testing.assert_array_equal(merged.least, np.nanmin(values, axis=1))
    np.testing.assert_array_equal(merged.most, np.nanmax(values, axis=1))


def test_a_summary_is_that_of_the_saved_values(tmp_path: Path) -> None:
    study = study_file(tmp_path, DESIGN)
    asked = ("--runs", 5000, "--scenario", "step", "--quiet", "--no-labels")
    assert cyclesim("batch", study, "--out", tmp_path / "all", *asked) == 0
    asked = (*asked, "--summary-only", "--chunk", 700)
    assert cyclesim("batch", study, "--out", tmp_path / "few", *asked) == 0
    assert not (tmp_path / "few" / "series").exists()
    series = pq.read_table(tmp_path / "all" / "series").to_pandas()
    summary = pq.read_table(tmp_path / "few" / "summary.parquet").to_pandas()
    assert len(summary) == 2 * 11
    for _, row in summary.iterrows():
        values = np.sort(series[series["time"] == row["time"]][row["output"]])
        assert row["runs"] == 5000
        assert row["mean"] == pytest.approx(values.mean(), rel=1e-12)
        assert row["deviation"] == pytest.approx(values.std(), rel=1e-9, abs=1e-12)
        assert (row["least"], row["most"]) == (values[0], values[-1])
        assert row["rank_error"] < 0.005
        for share in (0.01, 0.5, 0.95):
            found = row[f"quantile {share:g}"]
            below, upto = (np.searchsorted(values, found, s) / 5000 for s in ("left", "right"))
            assert below - row["rank_error"] <= share <= upto + row["rank_error"]
    again = tmp_path / "again"
    assert cyclesim("batch", study, "--out", again, *asked, "--workers", 2) == 0
    assert parquet(again) == parquet(tmp_path / "few")
    assert cyclesim("rerun", again, "--run", 4321) == 0


def test_the_first_and_the_second_of_each_pair_are_kept_in_turn() -> None:
    sketch = Sketch.empty(2, 1)
    sketch.add(np.array([[1.0, 2, 3, 4]]))
    assert sketch.buffers[1].tolist() == [[1, 3]]
    sketch.add(np.array([[5.0, 6, 7, 8]]))  # 6 and 8, with 1 and 3 then 1 and 6
    assert sketch.buffers[2].tolist() == [[1, 6]]
    assert (sketch.raised, sketch.lowered) == (1 + 2, 1)
    assert sketch.rank_error == (3 + 4) / 8
