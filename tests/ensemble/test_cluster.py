"""A batch on a real scheduler with two worker processes over TCP, one of them killed midway."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ensemble.commands import DESIGN, cyclesim, environment, parquet, started
from tests.ensemble.small import study_file

pytest.importorskip("distributed")

ASKED = ("--chunk", 15, "--no-labels", "--target", "numpy", "--quiet")
PATIENCE = 60.0


@contextmanager
def process(*arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """Give a process that ends with the test."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [sys.executable, "-m", *map(str, arguments)]
    begun = subprocess.Popen(command, env=environment(), **quiet)
    try:
        yield begun
    finally:
        begun.kill()
        begun.wait()


def waited(ready) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_worker_killed_midway_costs_nothing(tmp_path: Path) -> None:
    study, file = study_file(tmp_path, DESIGN), tmp_path / "scheduler.json"
    out = tmp_path / "spread"
    shared = ("--scheduler-file", file)
    worker = ("distributed.cli.dask_worker", *shared, "--nthreads", 1, "--no-nanny",
              "--no-dashboard", "--memory-limit", 0, "--local-directory", tmp_path)  # fmt: skip
    scheduler = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", 0,
                 "--no-dashboard", *shared)  # fmt: skip
    with process(*scheduler), process(*worker) as first, process(*worker):
        waited(file.exists)
        waited(lambda: file.read_text().endswith("}"))
        address = json.loads(file.read_text())["address"]
        assert address.startswith("tcp://")
        batch = started("batch", study, "--out", out, *ASKED, "--cluster", address)
        working = out / ".working"
        waited(lambda: len(list(working.glob("runs-*"))) >= 6 or batch.poll() is not None)
        first.kill()
        left = 60 - len(list(working.glob("runs-*")))
        _, told = batch.communicate(timeout=PATIENCE)
    assert batch.returncode == 0, told
    assert left > 10
    whole = tmp_path / "whole"
    assert cyclesim("batch", study, "--out", whole, *ASKED) == 0
    assert parquet(out) == parquet(whole)
