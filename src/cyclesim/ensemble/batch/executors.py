"""Where parts of a batch are computed: in this process, in several, or on several machines."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any

from cyclesim.ensemble.batch.chunks import Done, Job, compute, compute_to_send
from cyclesim.errors import RunError
from cyclesim.manifest import program
from cyclesim.version import __version__

Each = Callable[[Iterable[Job]], Iterator[Done]]
"""Yields parts as they are done, in any order."""

PATIENCE = "10s"
"""How long a scheduler may take to answer."""

_AHEAD = 2
"""Parts under way or waiting for each process: enough for none to be idle, few in memory."""


@contextmanager
def local(workers: int = 1) -> Iterator[Each]:
    """Give what computes parts in so many processes of this machine; with one, in this one."""
    if workers < 2:
        yield lambda jobs: map(compute, jobs)
        return
    # Started anew on every system alike: what a program has open is not handed on.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)

    def each(jobs: Iterable[Job]) -> Iterator[Done]:
        waiting = iter(jobs)
        under_way: set[Future[Done]] = set()
        try:
            while True:
                room = workers * _AHEAD - len(under_way)
                under_way |= {pool.submit(compute_to_send, job) for job in islice(waiting, room)}
                if not under_way:
                    return
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        except BrokenProcessPool:
            raise RunError(
                "a worker process has ended, killed or out of memory. What is done is kept: "
                "the same command goes on from there, perhaps with fewer --workers."
            ) from None

    try:
        yield each
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asked says what happened
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that asked is killed, instead of waiting for it for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def cluster(address: str) -> Iterator[Each]:
    """Give what computes parts on the workers of a Dask scheduler.

    They need this very cyclesim and no files: jobs and results travel. A part whose worker is lost
    is computed by another. Raises RunError where there is no scheduler, or workers have another
    version or source.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise RunError(
            "a cluster needs the packages dask and distributed: "
            "python -m pip install 'cyclesim[cluster]'."
        ) from None
    try:
        client = distributed.Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise RunError(f"no scheduler answers at '{address}': {error}.") from None
    with client:
        client.wait_for_workers(1, timeout=60)
        for where, found in client.run(program).items():
            if found == program():
                continue
            edited = ", from another source" if found["cyclesim"] == __version__ else ""
            raise RunError(
                f"the worker at {where} has cyclesim {found['cyclesim']}{edited}, and this is "
                f"{__version__}. Install the same on all machines."
            )
        yield lambda jobs: _on_cluster(client, jobs)


def _on_cluster(client: Any, jobs: Iterable[Job]) -> Iterator[Done]:
    distributed: Any = import_module("distributed")
    waiting = iter(jobs)
    threads = max(1, sum(client.nthreads().values()))

    def submit(job: Job) -> Any:
        return client.submit(compute_to_send, job, pure=False, retries=3)

    under_way = distributed.as_completed(
        [submit(job) for job in islice(waiting, threads * _AHEAD)], raise_errors=False
    )
    for future in under_way:
        if future.status != "finished":
            raise RunError(f"a part could not be computed on the cluster: {future.exception()}.")
        yield future.result()
        future.release()
        for job in islice(waiting, 1):
            under_way.add(submit(job))
