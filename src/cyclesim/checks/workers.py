"""Runs spread over processes, where there are many of them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Protocol, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

_FEW = 8
"""Fewer runs than these are done before another process has begun."""

_TURNS = 6
"""How many portions each process is given: one by one, so that none waits for the last."""


class Each(Protocol):
    """What applies a function to each job and yields the results in order."""

    def __call__(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
        """Yield what the function gives for each job."""
        ...


@contextmanager
def workers(count: int) -> Iterator[Each]:
    """Give what runs jobs in `count` processes; with one, or for few jobs, in this one."""
    # Started anew on every system alike: what a program has open is not handed on.
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_deaf)

    def each(function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
        if count < 2 or len(jobs) < _FEW:
            return map(function, jobs)
        return pool.map(function, jobs, chunksize=max(1, len(jobs) // (count * _TURNS)))

    try:
        yield each
    finally:
        pool.shutdown(cancel_futures=True)


def _deaf() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asked says what happened
