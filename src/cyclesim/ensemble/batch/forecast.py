"""What a batch will take: time, measured on a few of its runs, disk and memory."""

from __future__ import annotations

import time
from dataclasses import dataclass

from cyclesim.ensemble.batch.chunks import Job, Labeller, compute_to_send, task_of
from cyclesim.ensemble.batch.plan import Part, Plan

_FIRST = 64
_PATIENCE = 3.0
"""Seconds that the measured runs may take."""


@dataclass(frozen=True)
class Forecast:
    """What was measured: `seconds` of one processor for all runs, `disk` in bytes."""

    runs: int
    parts: int
    measured: int
    seconds: float
    disk: int


def forecast(plan: Plan, labeller: Labeller | None) -> Forecast:
    """Return what a batch will take, by some runs of its first scenario; nothing is written."""
    task = task_of(plan, labeller)

    def measured(count: int) -> tuple[float, int]:
        job = Job(task, Part(0, 0, 0, count), plan.sample.numbers(0, count))
        begun = time.perf_counter()
        done = compute_to_send(job)
        return time.perf_counter() - begun, len(done.series or b"") + len(done.runs)

    count = min(_FIRST, plan.design.runs)
    compute_to_send(Job(task, Part(0, 0, 0, 1), plan.sample.numbers(0, 1)))  # the code is made once
    seconds, size = measured(count)
    more = min(plan.lanes, plan.chunk, plan.design.runs)
    if more > count and seconds * more / count < 10 * _PATIENCE and seconds < _PATIENCE:
        count = more
        seconds, size = measured(count)
    disk = size * plan.runs // count
    if plan.sketch is not None:
        disk += plan.count * sketch_bytes(plan)
    return Forecast(plan.runs, plan.count, count, seconds * plan.runs / count, disk)


def sketch_bytes(plan: Plan) -> int:
    """Return how much the sketches of one part take until the batch is finished."""
    cells = len(plan.outputs) * len(plan.schedule.times)
    buffers = max(1, (plan.chunk // max(1, plan.sketch or 1)).bit_count()) + 1
    return 8 * cells * (plan.sketch or 0) * buffers


def most_bytes(plan: Plan) -> int:
    """Return the most disk that a batch can take: eight bytes a number."""
    outputs, times = len(plan.outputs), len(plan.schedule.times)
    own = 8 * plan.runs * (len(plan.design.quantities) + 3 * outputs + 2)
    kept = plan.count * sketch_bytes(plan) if plan.sketch else 8 * plan.runs * times * outputs
    return own * 2 + kept
