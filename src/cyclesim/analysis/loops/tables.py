"""An analysis of loops as tables: CSV over time, and a dictionary ready for JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from cyclesim.analysis.loops.parts import Loop, LoopAnalysis, Partition
from cyclesim.analysis.loops.words import note_words

SCHEMA_VERSION = 1


def scores_csv(analysis: LoopAnalysis, *, relative: bool = True) -> str:
    """Return scores of loops as CSV: the start of each interval, then a column a loop.

    A column is headed by mark and name. Relative scores are shares of the sum of all |scores| of
    the loop's partition. A set of runs has a column a loop and run.
    """
    heads: list[str] = []
    columns: list[list[float]] = []
    for loop in analysis.loops:
        values = loop.relative if relative else loop.score
        by_run = values.reshape(len(analysis.time), -1).T
        for run, column in enumerate(by_run):
            heads.append(f"{loop.mark} {loop.name}" + (f" run {run}" if len(by_run) > 1 else ""))
            columns.append(column.tolist())
    return _csv(["time", *heads], zip(analysis.time.tolist(), *columns, strict=True))


def loops_csv(analysis: LoopAnalysis) -> str:
    """Return the loops listed as CSV: a row each, with the way it takes."""
    heads = (
        "mark",
        "name",
        "partition",
        "polarity",
        "importance",
        "peak",
        "direct",
        "members",
        "way",
    )
    rows = (
        (
            loop.mark, loop.name, loop.partition, loop.polarity.value, loop.importance,
            loop.peak, loop.direct, loop.members, " -> ".join(loop.variables),
        )
        for loop in analysis.loops
    )  # fmt: skip
    return _csv(heads, rows)


def _csv(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([repr(v) if isinstance(v, float) else v for v in row] for row in rows)
    return text.getvalue()


def as_dict(analysis: LoopAnalysis) -> dict[str, Any]:
    """Return an analysis ready for JSON; raw scores beyond the numbers are None."""
    return {
        "schema_version": SCHEMA_VERSION,
        "model": analysis.model,
        "time_units": analysis.time_units,
        "time": analysis.time.tolist(),
        "stop": analysis.stop,
        "notes": list(analysis.notes),
        "partitions": [_partition(partition) for partition in analysis.partitions],
        "by_name": [_partition(partition) for partition in analysis.by_name],
        "loops": [_loop(loop) for loop in analysis.loops],
    }


def _partition(partition: Partition) -> dict[str, Any]:
    return {
        "number": partition.number,
        "method": partition.method.name.casefold(),
        "stocks": list(partition.stocks),
        "through": list(partition.through),
        "variables": partition.variables,
        "loops": partition.loops,
        "listed": partition.shown,
        "largest_share_not_listed": partition.rest,
        "net": partition.net.tolist(),
        "moved": partition.moved,
        "notes": [note_words(note) for note in partition.notes],
        "phases": [{**asdict(phase), "loops": list(phase.loops)} for phase in partition.phases],
    }


def _loop(loop: Loop) -> dict[str, Any]:
    return {
        "mark": loop.mark,
        "name": loop.name,
        "name_given": loop.given,
        "partition": loop.partition,
        "polarity": loop.polarity.value,
        "variables": list(loop.variables),
        "links": [list(link) for link in loop.links],
        "members": loop.members,
        "importance": loop.importance,
        "peak": loop.peak,
        "direct": loop.direct,
        "score": np.where(np.isfinite(loop.score), loop.score, np.array(None)).tolist(),
        "relative": loop.relative.tolist(),
    }
