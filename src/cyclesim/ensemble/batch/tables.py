"""The tables of a batch, and their bytes: the same numbers give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cyclesim.integrate import RunStatus
from cyclesim.scenario.words import moment

MEASURES = ("end", "lowest", "highest")
OWN = ("run", "scenario", "time", "noise_seed", "status", "reason")
"""Columns of a batch's own; a number of the model that is called so has `(model)` behind it."""


def series_table(
    scenario: str, first: int, outputs: Sequence[str], time: np.ndarray, values: np.ndarray
) -> Any:
    """Return scenario, run, time, and a column for each output; a row each saved time of each run.

    `values` are (output, time, run).
    """
    import pyarrow as pa

    runs = values.shape[2]
    columns: dict[str, Any] = {
        "scenario": _same(scenario, runs * len(time)),
        "run": np.repeat(np.arange(first, first + runs, dtype=np.int64), len(time)),
        "time": np.tile(time, runs),
    }
    columns |= {
        own_name(name): np.ascontiguousarray(each.T).reshape(-1)
        for name, each in zip(outputs, values, strict=True)
    }
    return pa.table(columns)


def runs_table(
    scenario: str,
    first: int,
    numbers: Mapping[str, np.ndarray | None],
    noise_seed: int,
    status: Sequence[RunStatus],
    time_units: str,
    outputs: Sequence[str],
    measures: np.ndarray,
    labels: Sequence[Sequence[str]] | None,
) -> Any:
    """Return one row a run: its numbers, how it ended, and measures (measure, output, run).

    A number that the scenario has not is null.
    """
    import pyarrow as pa

    runs = len(status)
    columns: dict[str, Any] = {
        "scenario": _same(scenario, runs),
        "run": np.arange(first, first + runs, dtype=np.int64),
    }
    for label, row in numbers.items():
        columns[own_name(label)] = pa.nulls(runs, pa.float64()) if row is None else row
    columns["noise_seed"] = np.full(runs, noise_seed, dtype=np.int64)
    columns["status"] = pa.array([each.status.name.casefold() for each in status], pa.string())
    columns["reason"] = pa.array([_reason(each, time_units) for each in status], pa.string())
    for place, name in enumerate(outputs):
        for measure, row in zip(MEASURES, measures[:, place], strict=True):
            columns[f"{name} ({measure})"] = row
        if labels is not None:
            columns[f"{name} (behaviour)"] = pa.array(labels[place], pa.string())
    return pa.table(columns)


def own_name(name: str) -> str:
    """Return the column's name of a number of the model, apart from a batch's own columns."""
    return f"{name} (model)" if name in OWN else name


def _reason(status: RunStatus, time_units: str) -> str | None:
    if status.complete:
        return None
    last = moment(status.time, time_units)
    return status.message or f"{status.status.value}; its last numbers are of {last}"


def _same(text: str, count: int) -> Any:
    import pyarrow as pa

    places = pa.array(np.zeros(count, dtype=np.int32))
    return pa.DictionaryArray.from_arrays(places, pa.array([text]))


def options(table: Any) -> dict[str, Any]:
    """Return how a table is written: numbers as they are, words by their place in a list."""
    import pyarrow as pa

    words = [
        each.name
        for each in table.schema
        if pa.types.is_dictionary(each.type) or pa.types.is_string(each.type)
    ]
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": [*words, *({"run", "time", "noise_seed"} & set(table.column_names))],
        "store_schema": False,
        "write_statistics": True,
    }


def encoded(table: Any) -> bytes:
    """Return a table as a Parquet file, one row group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=max(1, table.num_rows), **options(table))
    return bytes(sink.getvalue().to_pybytes())
