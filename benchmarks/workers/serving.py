"""What every engine's process does: say what starting took, then run as often as it is told to.

It needs NumPy alone, so that any interpreter can run it. What an engine prints goes to stderr;
answers go out on what stdout was, a line of JSON each.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

Run = Callable[[], Any]
"""Does a set of runs; it gives back what `values` can read."""


def peak_megabytes() -> float:
    """Return the most memory that this process has had resident since it began."""
    # The figure of getrusage begins with what the parent had when it started the process.
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("VmHWM"))
        return float(line.split()[1]) * 1024 / 1e6
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


class Laps:
    """Seconds of each phase of starting, by the clock on the wall."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.begun = time.perf_counter()

    def lap(self, name: str) -> None:
        """End a phase."""
        now = time.perf_counter()
        self.seconds[name] = now - self.begun
        self.begun = now


def answers() -> Callable[[dict[str, Any]], None]:
    """Return what sends an answer to the process that asked; stdout is stderr from now on."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(content: dict[str, Any]) -> None:
        out.write(json.dumps(content) + "\n")
        out.flush()

    return answer


def serve(
    answer: Callable[[dict[str, Any]], None],
    ready: dict[str, Any],
    prepare: Callable[[int, int, int], Run],
    values: Callable[[int, int], np.ndarray],
) -> None:
    """Answer until stdin ends.

    `run N T E` does N runs in T threads, saving every E steps; `values N E PATH` writes what the
    first N runs saved, an array (time, series, run), into a file.
    """
    answer(ready)
    known: tuple[tuple[int, ...], Run] | None = None
    for line in sys.stdin:
        order, *words = line.split()
        if order == "values":
            found = np.ascontiguousarray(values(int(words[0]), int(words[1])), dtype=float)
            found.tofile(words[2])
            answer({"shape": found.shape})
            continue
        asked = tuple(map(int, words))
        if known is None or known[0] != asked:
            known = asked, prepare(*asked)
        begun, own = time.perf_counter(), time.process_time()
        known[1]()
        own, begun = time.process_time() - own, time.perf_counter() - begun
        answer({"cpu": own, "wall": begun, "peak": peak_megabytes()})
