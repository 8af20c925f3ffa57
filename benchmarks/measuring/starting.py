"""What comes before the first run: reading, compiling, machine code from nothing and from disk."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import recipes as known
from .cases import FOLDER, Case, surroundings
from .chains import chains
from .goals import Goal, Verdict, spread
from .page import Section, Table
from .plan import Plan
from .rounds import Spread

SIZES = {"medium": 200.0, "large": 500.0, "chains": 5_000.0}
"""Milliseconds that machine code may take when it is made for the first time, by model."""

FROM_DISK = 20.0
WHOLE_PROCESS = 0.5
CHAINS = 5_000
PHASES = ("read", "compile", "code")


def starting_section(plan: Plan, folder: Path) -> Section:
    """Return how long machine code takes from model to first run, and a whole process."""
    sources = {name: FOLDER / f"{name}.xmile" for name in SIZES}
    sources["chains"] = folder / "chains.xmile"
    sources["chains"].write_text(chains(CHAINS), encoding="utf-8")
    laps: dict[tuple[str, str], list[float]] = {}
    equations = {}
    for _ in range(plan.starts):
        for name, source in sources.items():
            equations[name] = _started(name, source, laps)
    section = Section("Before the first run", _WORDS)
    rows = []
    for name in SIZES:
        cells = [spread(Spread.of(laps[name, phase])) for phase in (*PHASES, "again")]
        rows.append((f"{name}, {equations[name]:,} equations", *cells))
        for phase, words, bound in (
            ("code", "made", SIZES[name]),
            ("again", "from disk", FROM_DISK),
        ):
            goal = Goal(
                f"{name}, {equations[name]:,} equations: machine code {words}", bound, " ms"
            )
            section.verdicts.append(Verdict(goal, Spread.of(laps[name, phase])))
    header = ("milliseconds", "read", "compile", "machine code made", "from disk")
    section.tables = [Table("", header, rows)]
    goal = Goal("large: the whole process of `cyclesim simulate`", WHOLE_PROCESS, " s")
    section.verdicts.append(Verdict(goal, _whole_process(plan, folder)))
    return section


_WORDS = (
    "A process of its own for each time, by the clock on the wall, packages loaded before. Reading "
    "is from the file to the model as written, compiling to the one that is flat and ordered; "
    "machine code is what the first set of runs takes more than the quickest of three others. "
    f"`chains` is a model of about {CHAINS:,} equations in chains of stocks. A whole process "
    "reads the large model, runs it once with dt and once with half of it, and writes all "
    "variables as CSV."
)


def _started(name: str, source: Path, laps: dict[tuple[str, str], list[float]]) -> int:
    """Start machine code from nothing and from disk; return the number of equations."""
    with tempfile.TemporaryDirectory() as fresh:
        case = Case(source, "euler", Path(fresh), 8)
        for phases in (PHASES, ("", "", "again")):
            engine = known.LLVM.start(case)
            engine.stop()
            for phase, key in zip(PHASES, phases, strict=True):
                if key:
                    laps.setdefault((name, key), []).append(1e3 * engine.phases[phase])
        return len(case.flat.visible)


def _whole_process(plan: Plan, folder: Path) -> Spread:
    words = [sys.executable, "-m", "cyclesim", "simulate", str(FOLDER / "large.xmile"), "--force",
             "--out", str(folder / "large.csv")]  # fmt: skip
    laps = []
    for _ in range(plan.starts + 1):
        begun = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True, env=surroundings())
        laps.append(time.perf_counter() - begun)
    return Spread.of(laps[1:])  # the first may write Python's own compiled files
