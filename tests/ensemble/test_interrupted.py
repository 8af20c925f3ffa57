"""Batches that are killed, interrupted or run out of disk: what is there in the end is the same."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

import pytest

from cyclesim.ensemble.batch import files, running
from cyclesim.ensemble.batch.files import only_writer
from tests.ensemble.commands import DESIGN, cyclesim, parquet, started
from tests.ensemble.small import study_file

ASKED = ("--chunk", 25, "--no-labels", "--quiet", "--target", "numpy")
PARTS = 3 * 300 // 25

posix = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    there = tmp_path_factory.mktemp("whole")
    study_file(there, DESIGN)
    assert cyclesim("batch", there / "study.yaml", "--out", there / "runs", *ASKED) == 0
    return there


def done(out: Path) -> int:
    return len(list((out / ".working").glob("runs-*.arrow")))


def run_until(out: Path, study: Path, least: int, *options: object):
    """Start a batch and return its process once so many parts are done."""
    process = started("batch", study, "--out", out, *ASKED, *options)
    while done(out) < least and process.poll() is None:
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()
    return process


@posix
def test_a_killed_batch_goes_on(whole: Path, tmp_path: Path) -> None:
    out, study = tmp_path / "runs", whole / "study.yaml"
    for least in (3, 12):
        process = run_until(out, study, least)
        process.kill()
        process.communicate()
    assert 12 <= done(out) < PARTS
    assert not (out / "runs.parquet").exists()
    (out / "series" / ".part-00030.parquet.part").write_bytes(b"half")  # as a kill may leave it
    assert cyclesim("batch", study, "--out", out, *ASKED) == 0
    assert parquet(out) == parquet(whole / "runs")
    assert {each.name for each in out.iterdir()} == {"manifest.json", "runs.parquet", "series"}


@posix
def test_an_interrupted_batch_says_so_and_goes_on(whole: Path, tmp_path: Path) -> None:
    out, study = tmp_path / "runs", whole / "study.yaml"
    process = run_until(out, study, 3, "--workers", 2)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert "the same command goes on from here" in told
    assert "Traceback" not in told
    assert not (out / ".lock").exists()
    there = done(out)
    assert cyclesim("batch", study, "--out", out, *ASKED) == 0
    assert there >= 3
    assert parquet(out) == parquet(whole / "runs")


def test_a_full_disk_is_told_and_costs_nothing(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out, study = tmp_path / "runs", whole / "study.yaml"
    sync, left = os.fsync, iter(range(40))

    def full(handle: int) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        assert cyclesim("batch", study, "--out", out, *ASKED) == 1
    told = capsys.readouterr().err
    assert "no space left on device. Free some space" in told
    assert 3 < done(out) < PARTS
    assert not list(out.rglob("*.part"))
    assert cyclesim("batch", study, "--out", out, *ASKED) == 0
    assert parquet(out) == parquet(whole / "runs")


@pytest.mark.parametrize("name", ["write", "finish", "clear"])
def test_a_batch_that_ends_at_any_step_goes_on(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    out, study = tmp_path / "runs", whole / "study.yaml"
    own = getattr(running.Store, name)
    calls = iter(range(1000))

    def ended(self: running.Store, *given: object) -> None:
        if name == "write":
            own(self, *given)
            if next(calls) < 20:
                return
        if name == "finish":
            self._write_runs()
        if name == "clear":
            (out / ".working" / "runs-00003.arrow").unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(running.Store, name, ended)
        assert cyclesim("batch", study, "--out", out, *ASKED) == 130
    assert cyclesim("batch", study, "--out", out, *ASKED) == 0
    assert parquet(out) == parquet(whole / "runs")
    assert not (out / ".working").exists()


def test_a_second_writer_is_refused(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "runs"
    out.mkdir()
    with only_writer(out / ".lock"):
        assert cyclesim("batch", whole / "study.yaml", "--out", out, *ASKED) == 1
        assert f"is being written by process {os.getpid()}" in capsys.readouterr().err
        assert [each.name for each in out.iterdir()] == [".lock"]
    assert cyclesim("batch", whole / "study.yaml", "--out", out, *ASKED) == 0


def test_a_lock_that_a_killed_process_left_is_none(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    out.mkdir()
    (out / ".lock").write_text("process 1 on elsewhere\n")
    assert cyclesim("batch", whole / "study.yaml", "--out", out, *ASKED) == 0


def test_a_changed_model_is_refused_before_the_rest_is_run(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, out = study_file(tmp_path, DESIGN), tmp_path / "runs"
    process = run_until(out, study, 3)
    process.kill()
    process.communicate()
    before = {path: path.read_bytes() for path in out.rglob("*.parquet")}
    model = tmp_path / "model.xmile"
    model.write_text(model.read_text().replace("/ 4", "/ 5"))
    assert cyclesim("batch", study, "--out", out, *ASKED) == 2
    assert "model: is another one now" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.rglob("*.parquet")} == before
