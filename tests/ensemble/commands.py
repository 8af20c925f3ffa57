"""Batches run by the command line, in this process or in one that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cyclesim.cli import main

ROOT = Path(__file__).parents[2]

DESIGN = """
design:
  runs: 300
  seed: 2
  vary: {Training: plausible, Noise: {from: 0, to: 0.5}}
  changes: {Training: {to: {from: 0.1, to: 1}}}
"""


def cyclesim(*arguments: object) -> int:
    """Run a command in this process and return its exit code."""
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    assert isinstance(end.value.code, int)
    return end.value.code


def environment() -> dict[str, str]:
    """Return what a process needs to find the packages under test."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def started(*arguments: object) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    command = [sys.executable, "-m", "cyclesim", *map(str, arguments)]
    return subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)


def parquet(folder: Path) -> dict[str, bytes]:
    """Return the Parquet files of a batch."""
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.parquet")}
    assert "runs.parquet" in found
    return found
