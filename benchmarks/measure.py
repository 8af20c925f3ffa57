"""Measure cyclesim's targets beside PySD, pysimlin and generated C in one run; write README.md.

    python benchmarks/measure.py [--quick] [--out FILE]

Results of all engines are compared first; one that differs gets no time. Engines that are not
there are left out, and the page says so. CYCLESIM_ENGINES_PYTHON names the Python that has PySD
and pysimlin, where it is another than this one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measuring import machine
from measuring.batches import batches_section
from measuring.page import Section, rendered
from measuring.peers import peers_section
from measuring.plan import FULL, QUICK, Plan
from measuring.scale import scale_section
from measuring.speed import model_section
from measuring.starting import starting_section

MODELS = ("small", "medium", "large")


def sections(plan: Plan, folder: Path) -> list[Section]:
    """Return all that is measured, telling on stderr what is done at the moment."""
    works: list[tuple[str, Callable[[Path], Section]]] = [
        *((f"{name} model", lambda f, n=name: model_section(n, plan, f)) for name in MODELS),
        ("PySD and pysimlin", lambda f: peers_section(plan, f)),
        ("numbers of runs", lambda f: scale_section(MODELS, plan, f)),
        ("before the first run", lambda f: starting_section(plan, f)),
        ("batches", lambda f: batches_section(plan)),
    ]
    found = []
    for name, work in works:
        begun = time.perf_counter()
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        own = folder / name.replace(" ", "-")
        own.mkdir()
        found.append(work(own))
        print(f"{time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs and rounds")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("README.md"))
    given = parser.parse_args()
    described, begun = machine.described(), time.perf_counter()
    wanted, load = machine.load()
    with tempfile.TemporaryDirectory(prefix="cyclesim-measure-") as folder:
        found = sections(QUICK if given.quick else FULL, Path(folder))
    described["load at the start"] = load
    described["load at the end"] = machine.load()[1]
    described["time taken"] = f"{(time.perf_counter() - begun) / 60:.1f} minutes"
    command = f"python benchmarks/measure.py{' --quick' if given.quick else ''}"
    page = rendered(found, described, given.quick, wanted > machine.QUIET, command)
    given.out.write_text(page, encoding="utf-8")
    for line in (line for section in found for line in section.remarks if ": without " in line):
        print(line, file=sys.stderr)
    print(f"wrote {given.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
