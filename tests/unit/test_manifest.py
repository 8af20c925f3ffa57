"""What a manifest says of the program that computed it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cyclesim import manifest
from tests.ensemble.commands import DESIGN, cyclesim, environment, parquet
from tests.ensemble.small import study_file

BATCH = """
import sys
from cyclesim import run_batch, run_study
run_study(sys.argv[1])
run_batch(sys.argv[1], sys.argv[2], workers=1)
loaded = {name.split(".")[1] for name in sys.modules if name.startswith("cyclesim.")}
print(*sorted(loaded))
"""


def test_all_that_runs_go_through_is_in_the_digest(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BATCH, str(study_file(tmp_path, DESIGN)), str(tmp_path / "b")]
    found = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    digested = dict(manifest.source_digests())
    assert set(found.stdout.split()) <= digested.keys()
    assert not manifest.NOT_IN_RESULTS & digested.keys()


def test_a_digest_is_of_names_and_lines(tmp_path: Path) -> None:
    def digest(**files: bytes) -> str:
        paths = []
        for name, content in files.items():
            paths.append(tmp_path / f"{name}.py")
            paths[-1].write_bytes(content)
        return manifest._source_digest(tmp_path, paths)

    whole = digest(a=b"x = 1\n", b=b"y = 2\n")
    assert len(whole) == 16
    assert digest(a=b"x = 1\r\n", b=b"y = 2\r\n") == whole
    others = [
        digest(a=b"x = 1\n", b=b"y = 3\n"), digest(a=b"x = 1\n", c=b"y = 2\n"),
        digest(a=b"x = 1\ny = 2\n", b=b""), digest(a=b"x = 1\n"),
    ]  # fmt: skip
    assert len({whole, *others}) == 5


def test_parts_of_two_programs_are_not_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study, out = study_file(tmp_path, DESIGN), tmp_path / "runs"
    asked = ("batch", study, "--out", out, "--no-labels", "--target", "numpy")
    assert cyclesim(*asked) == 0
    assert "nothing left to do" not in capsys.readouterr().err
    assert cyclesim(*asked) == 0
    assert "nothing left to do: all runs are there" in capsys.readouterr().err
    before = parquet(out)
    edited = {**dict(manifest.source_digests()), "codegen": "0" * 16}
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "source_digests", lambda: tuple(edited.items()))
        assert cyclesim(*asked) == 2
        assert "cyclesim: its own source is another one now, in codegen" in capsys.readouterr().err
        assert parquet(out) == before
        # To repeat it by the other program and compare is what `rerun` is for.
        assert cyclesim("rerun", out) == 0
        told = capsys.readouterr().err
        assert "note: cyclesim: its own source is another one now, in codegen" in told
        assert "the same, byte for byte" in told
    assert cyclesim(*asked) == 0


def test_a_study_that_is_another_one_is_told_line_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, out = study_file(tmp_path, DESIGN), tmp_path / "runs"
    assert cyclesim("batch", study, "--out", out, "--no-labels", "--quiet") == 0
    other = tmp_path / "other.yaml"
    text = study.read_text().replace("pulse: {changes", "pulses: {changes")
    other.write_text(text.replace("seed: 2", "seed: 3"))
    capsys.readouterr()
    assert cyclesim("rerun", out, "--study", other) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"cyclesim: '{other}' does not give this batch as it was. What changed:",
        "  scenarios.pulse: taken out",
        "  design.seed: 2 then, 3 now",
        "Name the study as it was with --study, or make a batch of it as it is now.",
    ]
    assert cyclesim("rerun", out, "--study", "emergency_waits") == 2
    told = capsys.readouterr().err.splitlines()
    assert told[1] == "  model: is another one now"
    assert len(told) == 15
    assert told[13].startswith("  and ")
    study.rename(tmp_path / "moved.yaml")
    assert cyclesim("rerun", out) == 2
    assert "--study names the study, if it was moved" in capsys.readouterr().err
    assert cyclesim("rerun", out, "--study", tmp_path / "moved.yaml") == 0
