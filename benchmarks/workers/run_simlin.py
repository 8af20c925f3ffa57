"""pysimlin as an engine: one run after another, reset and given other numbers each time."""

from __future__ import annotations

import json
import sys
from importlib import metadata

import numpy as np
import simlin
from serving import Laps, Run, answers, serve


def main() -> None:
    """Read and compile the model, then serve."""
    answer = answers()
    asked = json.loads(sys.argv[1])
    laps = Laps()
    model = simlin.load(asked["model"])
    laps.lap("read")
    simulation = model.simulate()
    laps.lap("compile")
    sample = np.load(asked["sample"], mmap_mode="r")

    def one(run: int) -> list[np.ndarray]:
        simulation.reset()
        for name, value in zip(asked["varied"], sample[:, run].tolist(), strict=True):
            simulation.set_value(name, value)
        simulation.run_to_end()
        return [simulation.get_series(name) for name in asked["series"]]

    def prepared(runs: int, threads: int, every: int) -> Run:
        return lambda: [one(run) for run in range(runs)]

    def values(runs: int, every: int) -> np.ndarray:
        return np.array([one(run) for run in range(runs)]).transpose(2, 1, 0)

    ready = {"phases": laps.seconds, "version": metadata.version("pysimlin")}
    serve(answer, ready, prepared, values)


if __name__ == "__main__":
    main()
