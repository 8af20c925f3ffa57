"""A run repeated from its manifest: the same to the last digit, or where it differs."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest

from cyclesim import manifest
from tests.ensemble.commands import DESIGN, cyclesim
from tests.ensemble.small import study_file

ASKED = ("--set", "Training=2", "--dt", "1/4", "--method", "rk4", "--no-explain", "--no-margin")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return the folder of a run with settings, beside its study."""
    study_file(tmp_path, DESIGN)
    folder = tmp_path / "results"
    assert cyclesim("run", tmp_path / "study.yaml", "--out", folder, "--quiet", *ASKED) == 0
    return folder


def test_a_run_is_repeated_as_it_was_asked_for(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert cyclesim("rerun", out) == 0
    assert "series.csv is the same, byte for byte" in capsys.readouterr().err
    told = json.loads((out / "manifest.json").read_text())
    assert told["kind"] == "run"
    assert told["options"] == {"settings": {"Training": 2.0}, "method": "rk4", "dt": "1/4"}
    assert told["identity"]["run"]["dt"] == 0.25
    content = (out / "series.csv").read_bytes()
    assert told["files"] == {"series.csv": hashlib.sha256(content).hexdigest()}
    assert cyclesim("rerun", out / "manifest.json", "--json", "--quiet") == 0
    assert json.loads(capsys.readouterr().out)["differences"] == []


def test_where_it_differs_most_is_said(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = out / "series.csv"
    header, *rows = csv.reader(path.read_text().splitlines())
    skill, largest = header.index("Skill"), 0.0
    for row in rows:
        if row[0] == "step":
            largest = max(largest, float(row[skill]))
    changed = next(row for row in rows if row[0] == "step" and float(row[1]) == 3)
    changed[skill] = repr(float(changed[skill]) + largest / 8)
    path.write_text("\n".join(",".join(row) for row in (header, *rows)) + "\n")
    assert cyclesim("rerun", out, "--json") == 4
    told = capsys.readouterr()
    (found,) = json.loads(told.out)["differences"]
    assert found["column"] == "'Skill' of scenario 'step'"
    assert 0.11 < found["share"] <= 0.125
    assert "series.csv differs most in 'Skill' of scenario 'step'" in told.err
    path.write_text(path.read_text().replace("step,3.0,", "step,3.5,"))
    assert cyclesim("rerun", out) == 4
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    assert cyclesim("rerun", out) == 4
    assert "its columns or rows" in capsys.readouterr().err
    path.write_bytes(b"scenario,time,\xff\n")
    assert cyclesim("rerun", out) == 4
    assert "it is no table of numbers" in capsys.readouterr().err
    path.unlink()
    assert cyclesim("rerun", out) == 2
    assert "nothing to compare with" in capsys.readouterr().err


def test_another_study_is_refused_and_another_program_told(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = out.parent / "study.yaml"
    other = out.parent / "other.yaml"
    other.write_text(study.read_text().replace("to: 0.5, at: 4", "to: 0.5, at: 5"))
    assert cyclesim("rerun", out, "--study", other) == 2
    told = capsys.readouterr().err
    assert "does not give this run as it was" in told
    assert "  scenarios.step: changes other things now" in told
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "source_digests", lambda: (("compiler", "0"),))
        assert cyclesim("rerun", out) == 0
        assert "note: cyclesim: its own source is another one now" in capsys.readouterr().err


def test_runs_and_batches_do_not_take_each_other_s_folder(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, runs = out.parent / "study.yaml", out.parent / "runs"
    before = (out / "manifest.json").read_bytes()
    assert cyclesim("batch", study, "--out", out) == 2
    assert f"'{out}' holds a run" in capsys.readouterr().err
    assert (out / "manifest.json").read_bytes() == before
    assert cyclesim("batch", study, "--out", runs, "--quiet", "--no-labels", "--runs", 8) == 0
    before = (runs / "manifest.json").read_bytes()
    capsys.readouterr()
    assert cyclesim("run", study, "--out", runs, "--force") == 2
    assert f"'{runs}' holds a batch" in capsys.readouterr().err
    assert (runs / "manifest.json").read_bytes() == before
    assert cyclesim("rerun", runs, "--quiet") == 0


@pytest.mark.parametrize("asked", [("--run", 1), ("--out", "x"), ("--workers", 2)])
def test_what_is_for_batches_only_is_refused(
    out: Path, asked: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cyclesim("rerun", out, *asked) == 2
    assert "has no other option than --study" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["options", "study", "identity"])
def test_a_damaged_manifest_is_told(
    out: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = out / "manifest.json"
    told = json.loads(path.read_text())
    del told[key]
    path.write_text(json.dumps(told))
    capsys.readouterr()
    assert cyclesim("rerun", out) == 2
    told = capsys.readouterr().err
    assert "manifest" in told
    assert "Traceback" not in told
