"""A tornado: where each output ends when one number at a time goes to either end of its way."""

from __future__ import annotations

import numpy as np

from cyclesim.analysis.sensitivity.parts import Tornado
from cyclesim.analysis.sensitivity.running import Runner, distributions
from cyclesim.ensemble.designs.sample import levels


def tornadoes(runner: Runner, base: tuple[float, ...]) -> tuple[Tornado, ...]:
    """Return the tornado of each output; `base` (quantity,) are the study's own numbers."""
    ways = [levels(each) for each in distributions(runner.quantities)]
    numbers = np.array([[min(way), max(way)] for way in ways]).T
    count = len(ways)
    rows = np.repeat(np.array(base)[:, None], 2 * count + 1, axis=1)
    for side in (0, 1):
        places = np.arange(count)
        rows[places, 1 + side * count + places] = numbers[side]
    found = runner.at_numbers(runner.quantities, rows, [-1])[1][:, 0]
    return tuple(
        Tornado(output, runner.quantities, numbers, float(row[0]), row[1:].reshape(2, count))
        for output, row in zip(runner.study.outputs, found, strict=True)
    )
