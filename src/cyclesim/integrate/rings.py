"""What a run holds from earlier steps: memories, and the past inputs of delays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cyclesim.codegen import Bound

Column = Any


class Rings:
    """Past inputs of each buffer, from the first step on.

    A delay lasts whole steps, at least one: the first step at or after the delay is over.
    """

    def __init__(self, memories: int, held: Sequence[Column], dt: float) -> None:
        self.memories = memories
        self.before = held[memories:]
        self.dt = dt
        self.inputs: list[list[Column]] = [[] for _ in self.before]

    def next_held(
        self,
        bound: Bound,
        time: float,
        levels: Sequence[Column],
        held: Sequence[Column],
        step: int,
    ) -> tuple[Column, ...]:
        """Return what is held during step + 1; the state given is that at the start of `step`."""
        if not held:
            return ()
        renewed = bound.update(time, time, levels, held)
        values = list(renewed[: self.memories])
        for place, past in enumerate(self.inputs):
            given, delay = renewed[self.memories + 2 * place : self.memories + 2 * place + 2]
            past.append(given)
            values.append(self._read(past, delay, self.before[place], step + 1))
        return tuple(values)

    def _read(self, past: list[Column], delay: Column, before: Column, step: int) -> Column:
        if np.ndim(delay) == 0 or np.size(delay) == 1:
            due = step - self._steps(float(np.reshape(delay, ())))
            return past[due] if due >= 0 else before
        whole = np.broadcast(delay, past[-1]).shape
        delays = np.broadcast_to(delay, whole).ravel()
        places = np.array([step - self._steps(each) for each in delays.tolist()])
        history = np.array([np.broadcast_to(each, whole).ravel() for each in past])
        found = history[np.maximum(places, 0), np.arange(len(places))]
        return np.where(places.reshape(whole) >= 0, found.reshape(whole), before)

    def _steps(self, delay: float) -> int:
        if delay != delay:
            return 1
        return max(
            1, min(len(self.inputs[0]) + 1, math.ceil(min(max(delay / self.dt, 0.0), 1e15) - 1e-6))
        )
