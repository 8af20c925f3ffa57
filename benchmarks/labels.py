"""Labels measured: how many of 1,000 noisy curves get theirs, and how long a label takes.

Run from the repository's root: `python -m benchmarks.labels [SEED ...]`.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from cyclesim.analysis.behavior import behaviour, behaviours
from cyclesim.scenario.parts import Direction
from tests.analysis.curves import FAMILIES, FINE
from tests.analysis.test_labels import wrong

COUNT = 1000


def right(seed: int) -> None:
    """Print the share of curves that got their label, and the errors."""
    missed = wrong(seed, COUNT)
    print(f"seed {seed}: {100 * (1 - missed.total() / COUNT):.1f} % of {COUNT} right")
    for (family, said), count in missed.most_common():
        print(f"  {count} of '{family}' called '{said}'")


def speed(noise: float, runs: int = 5000, points: int = 261) -> None:
    """Print the time for a label alone and in a batch, the first use of a length left out."""
    rng = np.random.default_rng(1)
    share = np.linspace(0, 1, points)
    courses = [np.interp(share, FINE, family(rng)) for family, _, _ in FAMILIES.values()]
    rows = np.array([courses[run % len(courses)] for run in range(runs)])
    rows = rows + rng.normal(0, noise, rows.shape) * np.ptp(rows, axis=1, keepdims=True)
    behaviours(share, rows[: len(courses)], Direction.UP)
    begun = time.process_time()
    behaviours(share, rows, Direction.UP)
    batch = (time.process_time() - begun) / runs
    begun = time.process_time()
    for row in rows[:500]:
        behaviour(share, row, Direction.UP)
    alone = (time.process_time() - begun) / 500
    print(f"noise {noise}: {1e6 * alone:.0f} microseconds alone, {1e6 * batch:.0f} in a batch")


if __name__ == "__main__":
    for given in sys.argv[1:] or ["2026"]:
        right(int(given))
    speed(0.0)
    speed(0.02)
