"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass

MILLION = 1_000_000


@dataclass(frozen=True)
class Plan:
    """Numbers of rounds and runs.

    By the number of runs, slower engines leave out a set that would take more than `longest`
    seconds.
    """

    rounds: int
    runs: int
    scale: tuple[int, ...]
    scale_rounds: int
    two_threads: int
    longest: float
    starts: int
    pysd_rounds: int
    summary_runs: int
    parquet_runs: int
    parquet_rounds: int


FULL = Plan(
    rounds=5, runs=10_000, scale=(100, 1_000, 10_000, 100_000, MILLION), scale_rounds=5,
    two_threads=100_000, longest=2.0, starts=5, pysd_rounds=3,
    summary_runs=MILLION, parquet_runs=100_000, parquet_rounds=5,
)  # fmt: skip
QUICK = Plan(
    rounds=2, runs=500, scale=(100, 1_000, 10_000), scale_rounds=1,
    two_threads=10_000, longest=0.3, starts=1, pysd_rounds=1,
    summary_runs=20_000, parquet_runs=10_000, parquet_rounds=2,
)  # fmt: skip
