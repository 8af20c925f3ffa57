"""Kill a batch at random moments until it is complete, and compare its files with a whole one's.

    python benchmarks/batch_kills.py [kills] [--workers N] [--summary-only]

Every Parquet file has to be that of a batch which nobody has interrupted, byte for byte.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH = [sys.executable, "-m", "cyclesim", "batch", "emergency_waits", "--runs", "1000",
         "--chunk", "100", "--quiet", "--no-labels"]  # fmt: skip


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the Parquet files of a folder."""
    found = folder.rglob("*.parquet")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def killed(command: list[str], after: float) -> bool:
    """Start a batch and kill it after some seconds; return whether it was finished by then."""
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        process.wait(after)
        return True
    except subprocess.TimeoutExpired:
        process.kill()  # its own workers see that and end
        process.wait()
        return False


def main() -> None:
    """Print how many kills there were and whether all files are the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kills", nargs="?", type=int, default=50)
    parser.add_argument("--workers", default="1")
    parser.add_argument("--summary-only", action="store_true")
    given = parser.parse_args()
    command = [*BATCH, "--workers", given.workers]
    command += ["--summary-only"] if given.summary_only else []
    chance = random.Random(given.kills)
    with tempfile.TemporaryDirectory() as spare:
        whole = Path(spare) / "whole"
        begun = time.perf_counter()
        subprocess.run([*command, "--out", str(whole)], check=True)
        seconds = time.perf_counter() - begun
        expected = files_of(whole)
        kills = batches = 0
        while kills < given.kills:
            batches += 1
            out = Path(spare) / f"killed-{batches}"
            while kills < given.kills:
                if killed([*command, "--out", str(out)], chance.uniform(0.2, 1.1) * seconds / 2):
                    break
                kills += 1
            else:
                subprocess.run([*command, "--out", str(out)], check=True)
            assert files_of(out) == expected, f"{out} differs"
            left = {each.name for each in out.iterdir()} - {"series"}
            assert left <= {"manifest.json", "runs.parquet", "summary.parquet"}, left
    print(f"{kills} kills in {batches} batches of {len(expected)} files ({seconds:.1f} s each): "
          "all files equal, byte for byte")  # fmt: skip


if __name__ == "__main__":
    main()
