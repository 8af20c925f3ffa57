"""PySD as an engine: the model translated into Python once, then its own run again and again."""

from __future__ import annotations

import json
import sys
import warnings
from importlib import metadata
from typing import Any

import numpy as np
from serving import Laps, Run, answers, serve


def main() -> None:
    """Read and translate the model, then serve. Its runs are all those of the model's numbers."""
    answer = answers()
    asked = json.loads(sys.argv[1])
    warnings.simplefilter("ignore")
    import pysd

    laps = Laps()
    reading = pysd.read_vensim if asked["model"].endswith(".mdl") else pysd.read_xmile
    model = reading(asked["model"])
    laps.lap("read")

    def one(every: int) -> Any:
        saved = np.arange(0, asked["steps"] + 1, every) * asked["dt"] + asked["start"]
        return model.run(return_columns=asked["series"], return_timestamps=saved)

    def prepared(runs: int, threads: int, every: int) -> Run:
        return lambda: [one(every) for run in range(runs)]

    def values(runs: int, every: int) -> np.ndarray:
        return one(every)[asked["series"]].to_numpy()[:, :, None]

    ready = {"phases": laps.seconds, "version": metadata.version("pysd")}
    serve(answer, ready, prepared, values)


if __name__ == "__main__":
    main()
