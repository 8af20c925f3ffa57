"""Tables and files of a batch: the same however they are written, and what their digests say."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cyclesim.ensemble.batch import chunks, files
from cyclesim.ensemble.batch.tables import (
    encoded,
    put_aside,
    runs_table,
    series_table,
    sink_into,
    taken_up,
    write_table,
)
from cyclesim.integrate import RunStatus, Status
from tests.ensemble.commands import DESIGN, cyclesim
from tests.ensemble.small import study_file

TIME = np.array([0.0, 0.5, 1.0])
VALUES = np.arange(24.0).reshape((2, 4, 3)) / 7  # output, run, time
VALUES[1, 2, 1:] = np.nan


def table() -> pa.Table:
    return series_table("plain", 10, ["Skill", "time"], TIME, VALUES)


def test_a_series_has_a_row_each_time_of_each_run() -> None:
    found = pq.read_table(pa.BufferReader(encoded(table()))).to_pandas()
    assert list(found.columns) == ["scenario", "run", "time", "Skill", "time (model)"]
    assert set(found["scenario"]) == {"plain"}
    for run in range(4):
        own = found[found["run"] == 10 + run]
        np.testing.assert_array_equal(own["time"], TIME)
        np.testing.assert_array_equal(own["Skill"], VALUES[0, run])
        np.testing.assert_array_equal(own["time (model)"], VALUES[1, run])
    assert found["run"].is_monotonic_increasing


def test_a_table_written_into_a_file_has_the_bytes_of_one_that_travelled(tmp_path: Path) -> None:
    wide = series_table(
        "plain", 0, ["a"], np.arange(60.0), np.random.default_rng(3).random((1, 4000, 60))
    )

    def write(file: io.RawIOBase) -> None:
        with sink_into(file) as sink:
            write_table(wide, sink)

    digest = files.write_lasting(tmp_path / "a.parquet", write)
    assert (tmp_path / "a.parquet").read_bytes() == encoded(wide)
    assert digest == hashlib.sha256(encoded(wide)).hexdigest()


def test_a_file_that_takes_a_part_at_a_time_is_whole() -> None:
    taken = bytearray()

    class Slow(io.RawIOBase):
        def write(self, content: memoryview) -> int:
            taken.extend(content[:7])
            return min(7, len(content))

    file = files._Digested(Slow())
    for content in (b"0123456789" * 5, b"", b"end"):
        assert file.write(content) == len(content)
    assert bytes(taken) == b"0123456789" * 5 + b"end"
    assert file.tell() == 53
    assert file.digest.hexdigest() == hashlib.sha256(taken).hexdigest()


def test_what_is_put_aside_is_taken_up_as_it_was() -> None:
    status = [RunStatus(Status.COMPLETE, 1.0), RunStatus(Status.DIVERGED, 0.5, "it became NaN")]
    numbers = {"Price": np.array([1.0, 2.0]), "Noise": None}
    measures = np.arange(6.0).reshape((3, 1, 2))
    own = runs_table("plain", 5, numbers, 7, status, "week", ["Skill"], measures, [["up", "down"]])
    found = taken_up(put_aside(own))
    assert found.equals(own)
    assert encoded(found) == encoded(own)
    assert own["status"].to_pylist() == ["complete", "diverged"]
    assert own["reason"].to_pylist() == [None, "it became NaN"]
    assert own["Noise"].to_pylist() == [None, None]


def test_measures_leave_out_what_is_no_number() -> None:
    values = np.array([[[1.0, 3.0, np.nan, -0.0], [0.5, np.nan, np.nan, 0.0]]])  # output, time, run
    end, low, high = chunks._measures(values)[:, 0]
    np.testing.assert_array_equal(end, [0.5, np.nan, np.nan, 0.0])
    np.testing.assert_array_equal(low, [0.5, 3.0, np.nan, 0.0])
    np.testing.assert_array_equal(high, [1.0, 3.0, np.nan, 0.0])
    assert not np.signbit([low[3], high[3]]).any()


@pytest.mark.parametrize("asked", [(), ("--summary-only",), ("--workers", 2)])
def test_digests_are_those_of_the_files(tmp_path: Path, asked: tuple[object, ...]) -> None:
    study, out = study_file(tmp_path, DESIGN), tmp_path / "runs"
    assert cyclesim("batch", study, "--out", out, "--chunk", 128, "--quiet", *asked) == 0
    told = json.loads((out / "manifest.json").read_text())["files"]
    there = {path.relative_to(out).as_posix(): path for path in out.rglob("*.parquet")}
    assert told == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()
    }
