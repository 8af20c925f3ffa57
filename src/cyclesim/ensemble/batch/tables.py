"""The tables of a batch, and their bytes: the same numbers give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np

from cyclesim.ensemble.batch.sketch import Moments, Sketch
from cyclesim.integrate import RunStatus, Status
from cyclesim.scenario.words import moment

MEASURES = ("end", "lowest", "highest")
OWN = ("run", "scenario", "time", "noise_seed", "status", "reason")
"""Columns of a batch's own; a number of the model that is called so has `(model)` behind it."""

SHARES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""The quantiles of a summary."""

_AT_ONCE = 1 << 20
"""Bytes written at once."""

_COMPLETE = Status.COMPLETE.name.casefold()


def series_table(
    scenario: str, first: int, outputs: Sequence[str], time: np.ndarray, values: np.ndarray
) -> Any:
    """Return scenario, run, time, and a column for each output; a row each saved time of each run.

    `values` are (output, run, time), and are not copied. No cell is null: what is not there is NaN.
    """
    import pyarrow as pa

    runs = values.shape[1]
    run = np.arange(first, first + runs, dtype=np.int64)
    columns: dict[str, Any] = {
        "scenario": _same(scenario, runs * len(time)),
        "run": pa.array(np.repeat(run, len(time))),
        "time": pa.array(np.tile(time, runs)),
    }
    columns |= {
        own_name(name): pa.array(each.reshape(-1))
        for name, each in zip(outputs, values, strict=True)
    }
    # Told to be without nulls, Parquet keeps no list of which cells are there.
    fields = [pa.field(name, each.type, nullable=False) for name, each in columns.items()]
    return pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields))


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
    words = [_COMPLETE] * runs
    reasons: list[str | None] = [None] * runs
    for run, each in enumerate(status):
        if each.status is not Status.COMPLETE:  # a few of very many
            words[run], reasons[run] = each.status.name.casefold(), _reason(each, time_units)
    columns["status"] = pa.array(words, pa.string())
    columns["reason"] = pa.array(reasons, pa.string())
    for place, name in enumerate(outputs):
        for measure, row in zip(MEASURES, measures[:, place], strict=True):
            columns[f"{name} ({measure})"] = row
        if labels is not None:
            columns[f"{name} (behaviour)"] = pa.array(labels[place], pa.string())
    return pa.table(columns)


def summary_table(
    scenario: str, outputs: Sequence[str], time: np.ndarray, sketch: Sketch, moments: Moments
) -> Any:
    """Return mean, spread and quantiles of each output at each time of one scenario."""
    import pyarrow as pa

    count = np.maximum(moments.count, 1)
    shares = sketch.quantiles(np.array(SHARES), moments.count)
    none = np.where(moments.count > 0, 0.0, np.nan)
    columns: dict[str, Any] = {
        "scenario": pa.array([scenario] * len(none)),
        "output": pa.array([name for name in outputs for _ in time]),
        "time": np.tile(time, len(outputs)),
        "runs": moments.count,
        "mean": moments.mean + none,
        "deviation": np.sqrt(moments.squares / count) + none,
        "least": moments.least + none,
        **{f"quantile {share:g}": row for share, row in zip(SHARES, shares.T, strict=True)},
        "most": moments.most + none,
        "rank_error": sketch.rank_error * sketch.runs / count + none,
    }
    return pa.table(columns)


def own_name(name: str) -> str:
    """Return the column's name of a number of the model, apart from a batch's own columns."""
    return f"{name} (model)" if name in OWN else name


def _reason(status: RunStatus, time_units: str) -> str:
    last = moment(status.time, time_units)
    return status.message or f"{status.status.value}; its last numbers are of {last}"


def _same(text: str, count: int) -> Any:
    import pyarrow as pa

    places = pa.array(np.zeros(count, dtype=np.int32))
    return pa.DictionaryArray.from_arrays(places, pa.array([text]))


def options(table: Any) -> dict[str, Any]:
    """Return how a table is written: numbers as they are, words by their place in a list.

    Numbers seldom repeat themselves; of those that do, compression makes as little in less time.
    Statistics are kept of what readers select by: the outputs of a part go over their whole range.
    """
    import pyarrow as pa

    words = [
        each.name
        for each in table.schema
        if pa.types.is_dictionary(each.type) or pa.types.is_string(each.type)
    ]
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": words,
        "store_schema": False,
        "write_statistics": [name for name in table.column_names if name in OWN],
    }


def sink_into(file: BinaryIO) -> Any:
    """Return what gathers pages before it writes them: each write through Python has to wait."""
    import pyarrow as pa

    return pa.BufferedOutputStream(pa.PythonFile(file, "w"), _AT_ONCE)


def write_table(table: Any, sink: Any) -> None:
    """Write a table as a Parquet file, one row group, into a file or a sink of pyarrow's."""
    import pyarrow.parquet as pq

    pq.write_table(table, sink, row_group_size=max(1, table.num_rows), **options(table))


def encoded(table: Any) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


def as_file(table: Any) -> bytes | Callable[[BinaryIO], None]:
    """Return the file of a table, or what writes it; in the second case no copy of it is made."""
    if isinstance(table, bytes):
        return table

    def write(file: BinaryIO) -> None:
        with sink_into(file) as sink:
            write_table(table, sink)

    return write


def put_aside(table: Any) -> bytes:
    """Return a table as bytes that `taken_up` reads: as it lies in memory, since both are quick."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def taken_up(content: bytes) -> Any:
    """Return the table that was put aside."""
    import pyarrow as pa

    return pa.ipc.open_file(content).read_all()
