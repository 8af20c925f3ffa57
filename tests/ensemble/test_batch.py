"""Batches: what they hold, against lone runs; and what is refused before a run starts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from cyclesim.ensemble import run_scenario
from cyclesim.ensemble.batch import executors, files, plan
from cyclesim.ensemble.designs import design_named, sample_of
from cyclesim.manifest import compared
from cyclesim.scenario import read_study
from tests.ensemble.commands import DESIGN, cyclesim, parquet
from tests.ensemble.small import STUDY, study_file

ALL = ("plain", "step", "pulse")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the study and a batch of it."""
    there = tmp_path_factory.mktemp("batch")
    study = study_file(there, DESIGN)
    assert cyclesim("batch", study, "--out", there / "runs", "--chunk", 70, "--quiet") == 0
    return there


def series(folder: Path):
    return pq.read_table(folder / "series").to_pandas()


@pytest.mark.parametrize("scenario", ["plain", "step"])
def test_run_k_is_the_study_with_its_numbers_written_in(folder: Path, scenario: str) -> None:
    study = read_study(folder / "study.yaml")
    numbers = sample_of(study, design_named(study)).numbers(250, 251)[:, 0]
    number = dict(zip(design_named(study).labels, numbers.tolist(), strict=True))
    # A lone run of a study is run 0: without noise its number does not matter.
    text = STUDY + DESIGN.replace("Noise: {from: 0, to: 0.5}", "Noise: {values: [0]}")
    start = f"initial: {{Training: {number['Training']!r}}}"
    alone = STUDY.replace("plain: {}", f"plain: {{{start}}}")
    alone = alone.replace("step: {changes", f"step: {{{start}, changes")
    alone = alone.replace("to: 0.5, at: 4", f"to: {number['Training (to)']!r}, at: 4")
    quiet, lone = folder / "quiet.yaml", folder / "lone.yaml"
    quiet.write_text(text)
    lone.write_text(alone)
    out = folder / f"quiet-{scenario}"
    assert cyclesim("batch", quiet, "--out", out, "--scenario", scenario, "--quiet") == 0
    found = series(out)
    found = found[found["run"] == 250]
    expected = read_study(lone)
    chosen = next(each for each in expected.scenarios if each.name == scenario)
    results = run_scenario(expected, chosen, estimate_error=False)
    np.testing.assert_allclose(found["time"], results.time)
    for output in ("Skill", "Learning"):
        np.testing.assert_allclose(found[output], results[output], rtol=1e-12)


@pytest.mark.parametrize(("scenario", "run"), [("plain", 0), ("step", 299), ("pulse", 133)])
def test_a_lone_run_has_the_bits_of_run_k(
    folder: Path, scenario: str, run: int, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("rerun", folder / "runs", "--run", run, "--scenario", scenario)
    assert cyclesim(*asked) == 0
    told = capsys.readouterr()
    assert "to the last digit" in told.err
    rows = [line.split(",") for line in told.out.splitlines()]
    assert rows[0] == ["time", "Skill", "Learning"]
    found = series(folder / "runs")
    found = found[(found["scenario"] == scenario) & (found["run"] == run)]
    printed = np.array(rows[1:], dtype=float)
    np.testing.assert_array_equal(printed, found[["time", "Skill", "Learning"]].to_numpy())


def test_tables_are_as_documented(folder: Path) -> None:
    runs = pq.read_table(folder / "runs" / "runs.parquet").to_pandas()
    assert list(runs.columns) == [
        "scenario", "run", "Training", "Noise", "Training (to)", "noise_seed", "status", "reason",
        "Skill (end)", "Skill (lowest)", "Skill (highest)", "Skill (behaviour)",
        "Learning (end)", "Learning (lowest)", "Learning (highest)", "Learning (behaviour)",
    ]  # fmt: skip
    assert [*zip(runs["scenario"], runs["run"], strict=True)] == [
        (name, run) for name in ALL for run in range(300)
    ]
    # A number of a change is in the scenarios that have it, and in no others.
    assert runs["Training (to)"].notna().tolist() == [name == "step" for name in runs["scenario"]]
    found = series(folder / "runs")
    grouped = found.groupby(["scenario", "run"], sort=False, observed=True)["Skill"]
    np.testing.assert_array_equal(grouped.last(), runs["Skill (end)"])
    np.testing.assert_array_equal(grouped.min(), runs["Skill (lowest)"])
    np.testing.assert_array_equal(grouped.max(), runs["Skill (highest)"])
    study = read_study(folder / "study.yaml")
    numbers = sample_of(study, design_named(study)).numbers(0, 300)
    np.testing.assert_array_equal(runs["Noise"], np.tile(numbers[1], 3))


def test_workers_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    study = folder / "study.yaml"
    asked = ("--out", out, "--chunk", 70, "--workers", 2, "--quiet")
    assert cyclesim("batch", study, *asked) == 0
    assert parquet(out) == parquet(folder / "runs")
    assert not (out / ".working").exists()
    assert not (out / ".lock").exists()


def test_other_parts_hold_the_same_numbers(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    assert cyclesim("batch", folder / "study.yaml", "--out", out, "--chunk", 1000, "--quiet") == 0
    assert series(out).equals(series(folder / "runs"))


def test_a_batch_is_repeated_and_compared(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cyclesim("rerun", folder / "runs" / "manifest.json") == 0
    assert "all 16 files are the same, byte for byte" in capsys.readouterr().err
    study = study_file(tmp_path, DESIGN)
    out = tmp_path / "runs"
    assert cyclesim("batch", study, "--out", out, "--chunk", 70, "--quiet", "--no-labels") == 0
    part = out / "series" / "part-00003.parquet"
    table = pq.read_table(part)
    column = table["Skill"].to_numpy().copy()
    column[5] *= 1.001
    pq.write_table(table.set_column(3, "Skill", [column]), part)
    assert cyclesim("rerun", out) == 4
    assert "part-00003.parquet differs most in Skill" in capsys.readouterr().err


def test_what_changed_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = study_file(tmp_path, DESIGN)
    out = tmp_path / "runs"
    assert cyclesim("batch", study, "--out", out, "--quiet") == 0
    before = parquet(out)
    again = study.read_text().replace("to: 0.5, at: 4", "to: 0.5, at: 5")
    study.write_text(again.replace("seed: 2", "seed: 3").replace("to: 0.5}}\n", "to: 0.6}}\n"))
    model = tmp_path / "model.xmile"
    model.write_text(model.read_text().replace("/ 4", "/ 5"))
    assert cyclesim("batch", study, "--out", out, "--runs", 30) == 2
    told = capsys.readouterr().err
    for words in ("model: is another one now", "scenarios.step: changes other things now",
                  "design.runs: 300 then, 30 now", "design.seed: 2 then, 3 now",
                  "design.quantities.Noise.high: 0.5 then, 0.6 now"):  # fmt: skip
        assert words in told, told
    assert cyclesim("rerun", out) == 2
    assert parquet(out) == before


def test_a_batch_that_is_complete_is_left_alone(folder: Path) -> None:
    manifest = (folder / "runs" / "manifest.json").read_bytes()
    asked = ("--out", folder / "runs", "--chunk", 70, "--quiet")
    assert cyclesim("batch", folder / "study.yaml", *asked) == 0
    assert (folder / "runs" / "manifest.json").read_bytes() == manifest


def test_the_manifest_tells_what_computed_the_batch(folder: Path) -> None:
    told = json.loads((folder / "runs" / "manifest.json").read_text())
    assert told["state"] == "complete"
    assert told["command"][:2] == ["cyclesim", "batch"]
    assert told["identity"]["design"]["quantities"]["Noise"] == {
        "distribution": "uniform", "low": 0.0, "high": 0.5,
    }  # fmt: skip
    assert set(told["files"]) == set(parquet(folder / "runs"))
    assert told["discretisation_error"]["runs"] == 16


def test_a_dry_run_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_file(tmp_path, DESIGN)
    there = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    assert cyclesim("batch", study, "--out", tmp_path / "runs", "--dry-run") == 0
    assert "900 runs in 3 parts" in capsys.readouterr().out
    assert cyclesim("batch", study, "--dry-run", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["runs"] == 900
    assert told["disk_bytes"] > 900 * 11 * 2 * 4
    assert sorted(tmp_path.rglob("*")) == there


DIVERGING = """
design:
  method: paired
  vary: {Time to forget: {values: [1, 10, 1.0e-4, 1.0e-5]}}
"""


@pytest.mark.parametrize("target", ["numpy", "llvm"])
def test_runs_that_diverge_cost_the_others_nothing(
    tmp_path: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_file(tmp_path, DIVERGING.replace("values: [1,", "values: [1.5,"))
    model = tmp_path / "model.xmile"
    model.write_text(model.read_text().replace('<range min="1"/>', ""))
    model.write_text(model.read_text().replace("<stop>10</stop>", "<stop>100</stop>"))
    study.write_text(study.read_text().replace("stop: 10,", "stop: 100,"))
    out = tmp_path / "runs"
    asked = ("--out", out, "--scenario", "plain", "--target", target)
    assert cyclesim("batch", study, *asked) == 5
    assert "2 of 4 runs did not reach their end" in capsys.readouterr().err
    runs = pq.read_table(out / "runs.parquet").to_pandas()
    assert runs["status"].tolist() == ["complete", "complete", "diverged", "diverged"]
    assert runs["reason"].isna().tolist() == [True, True, False, False]
    assert "became infinite" in runs["reason"][2]
    assert runs["Skill (end)"].isna().tolist() == [False, False, True, True]
    study.write_text(study.read_text().replace("[1.5, 10, ", "["))
    assert cyclesim("batch", study, "--out", tmp_path / "none", "--scenario", "plain") == 1


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    study = study_file(tmp_path, DESIGN)
    assert cyclesim("batch", study, "--out", tmp_path) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.xmile", "study.yaml"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "manifest.json").write_text("{}")
    assert cyclesim("batch", study, "--out", other) == 2
    assert (other / "manifest.json").read_text() == "{}"


def test_a_disk_too_small_is_told_before_a_run_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_file(tmp_path, DESIGN)
    monkeypatch.setattr("cyclesim.ensemble.batch.running.free_bytes", lambda folder: 100_000)
    assert cyclesim("batch", study, "--out", tmp_path / "runs") == 1
    assert "the batch may take" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--runs", "0"), "0 runs"),
        (("--runs", "1000000000000"), "1,000,000,000,000 runs"),
        (("--scenario", "plane"), "Did you mean 'plain'"),
        (("--design", "wide"), "no design 'wide'"),
        (("--method", "rk45"), "fixed step"),
        (("--target", "nmpy"), "Did you mean 'numpy'"),
        (("--chunk", "0"), "Give 1 or more"),
        (("--workers", "0"), "Give 1 or more"),
        (("--dt", "0.3"), "does not divide"),
        (("--cluster", "tcp://127.0.0.1:9"), "no scheduler answers"),
    ],
)
def test_what_makes_no_batch_is_refused(
    tmp_path: Path, options: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(executors, "PATIENCE", "1s")
    study = study_file(tmp_path, DESIGN)
    assert cyclesim("batch", study, "--out", tmp_path / "runs", *options) in (1, 2)
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told
    assert not (tmp_path / "runs").exists()


def test_files_are_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    files.write_lasting(path, b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_lasting(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.parquet"]


def test_differences_of_identities_are_told_one_by_one() -> None:
    before = {"model_digest": "a", "design": {"seed": 1, "runs": 2}, "scenarios": {"x": "1"}}
    now = {"model_digest": "b", "design": {"seed": 1, "runs": 3}, "scenarios": {"y": "1"}}
    assert compared(before, now) == [
        "model: is another one now", "design.runs: 2 then, 3 now", "scenarios.x: taken out",
        "scenarios.y: added",
    ]  # fmt: skip
    assert compared(before, before) == []


def test_runs_computed_side_by_side_do_not_matter(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "MOST_LANES", 16)
    out = tmp_path / "runs"
    assert cyclesim("batch", folder / "study.yaml", "--out", out, "--chunk", 70, "--quiet") == 0
    assert parquet(out) == parquet(folder / "runs")
