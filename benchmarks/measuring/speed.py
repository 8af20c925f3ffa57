"""Every engine on one model, by Euler and by RK4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from . import recipes as known
from .cases import FOLDER, SPREAD, Case
from .engines import Lap
from .goals import Goal, Verdict, shown, spread
from .page import Section, Table
from .plan import Plan
from .rounds import Group, Spread, group, in_turn, ratios

RECIPES = (
    known.PYTHON, known.NUMPY, known.JAVASCRIPT, known.LLVM, known.LLVM_STRICT, known.LLVM_AVX2,
    known.C_RELAXED, known.C_STRICT, known.C_AVX2, known.SIMLIN, known.PYSD,
)  # fmt: skip
METHODS = {"euler": "Euler", "rk4": "RK4"}
SLOWER = {"numpy": 10, "javascript": 100, "pysimlin": 100, "python": 5_000, "PySD": 1_000_000}
"""Engines that do a part of the runs: one in so many, one at least."""

SAVERS = ("llvm", "C, relaxed")
"""Engines that are also run with only the start and the stop saved: the rest is saving."""

GOALS = {
    "medium": (
        ("llvm", "C, relaxed", 0.8), ("llvm, strict", "C, relaxed", 1.3),
        ("llvm, AVX2", "C, relaxed, AVX2", 1.2),
    ),
    "large": (
        ("llvm", "C, relaxed", 0.9), ("llvm, strict", "C, relaxed", 1.5),
        ("llvm, AVX2", "C, relaxed, AVX2", 1.2),
    ),
}  # fmt: skip
RK4_TO_EULER = 4.5

Key = tuple[str, ...]
"""Method, or form of the model, and engine; then `bare` where nothing is saved."""


def runs_of(name: str, runs: int) -> int:
    """Return how many of the runs an engine does."""
    return max(runs // SLOWER.get(name, 1), 1)


class Measured:
    """Seconds a run, of each round, by a key; why others are not there."""

    def __init__(
        self, laps: Mapping[Key, list[Lap]], runs: Mapping[Key, int], missing: Mapping[Key, str]
    ):
        self.laps = laps
        self.runs = runs
        self.missing = missing

    def seconds(self, key: Key) -> list[float]:
        """Return CPU seconds a run in each round."""
        return [lap.cpu / self.runs[key] for lap in self.laps[key]]

    def ratio(self, above: Key, below: Key) -> Spread | None:
        """Return how many times as long one takes; None where one of them is not there."""
        if above not in self.laps or below not in self.laps:
            return None
        return ratios(self.seconds(above), self.seconds(below))

    def verdict(self, goal: Goal, above: Key, below: Key) -> Verdict:
        """Return the verdict on a ratio."""
        reasons = [self.missing[key] for key in (above, below) if key in self.missing]
        return Verdict(goal, self.ratio(above, below), "; ".join(reasons))


def model_section(name: str, plan: Plan, folder: Path) -> Section:
    """Return all engines on one model, by Euler and by RK4, on one thread."""
    with ExitStack() as stack:
        groups = {}
        for method in ("euler", "rk4"):
            case = Case(FOLDER / f"{name}.xmile", method, folder, plan.runs)
            groups[method] = stack.enter_context(group(case, RECIPES))
        works: dict[Key, Callable[[], Lap]] = {}
        for method, each in groups.items():
            for engine, process in each.engines.items():
                runs = runs_of(engine, plan.runs)
                works[method, engine] = partial(process.run, runs, 1, each.case.every)
                if engine in SAVERS:
                    bare = partial(process.run, runs, 1, each.case.clock.steps)
                    works[method, engine, "bare"] = bare
        laps = in_turn(works, plan.rounds)
    counts = {key: runs_of(key[1], plan.runs) for key in works}
    missing: dict[Key, str] = {
        (method, engine): reason
        for method, each in groups.items()
        for engine, reason in each.left_out.items()
    }
    measured = Measured(laps, counts, missing)
    section = Section(f"The {name} model", _told(groups["euler"].case))
    section.tables = [_table(method, each, measured) for method, each in groups.items()]
    for above, below, bound in GOALS.get(name, ()):
        goal = Goal(f"{name}, Euler, {plan.runs:,} runs: {above} / {below}", bound)
        section.verdicts.append(measured.verdict(goal, ("euler", above), ("euler", below)))
    goal = Goal(f"{name}: llvm, RK4 / Euler", RK4_TO_EULER)
    section.verdicts.append(measured.verdict(goal, ("rk4", "llvm"), ("euler", "llvm")))
    section.remarks = [line for each in groups.values() for line in left_out(each)]
    return section


def left_out(found: Group) -> list[str]:
    """Return which engines are left out, and why."""
    what = f"{found.case.name}, {METHODS[found.case.method]}"
    return [f"{what}: without {name}: {why}." for name, why in found.left_out.items()]


def apart(found: Group, engine: str) -> str:
    """Return how far an engine is from the first."""
    size = found.differences.get(engine)
    return "-" if size is None else f"{size:.0e}" if size else "0"


def _told(case: Case) -> str:
    flat = case.flat
    clock = case.clock
    return (
        f"`{case.source.name}`: {len(flat.visible)} equations, {len(flat.levels)} stocks after "
        f"expansion, {len(flat.tables)} graphical functions, {clock.steps:,} steps. Runs differ in "
        f"{len(case.varied)} constants, by up to {100 * SPREAD:.0f} % to either side; saved are "
        f"{', '.join(case.named(case.series))}, at each unit of time. One thread."
    )


def _table(method: str, found: Group, measured: Measured) -> Table:
    rows = []
    for engine, process in found.engines.items():
        key = (method, engine)
        seconds = Spread.of([1e6 * each for each in measured.seconds(key)])
        ratio = measured.ratio(key, (method, "C, relaxed"))
        saving = "-"
        if engine in SAVERS:
            bare = measured.ratio((method, engine, "bare"), key)
            assert bare is not None
            saving = f"{100 * max(1 - bare.middle, 0):.0f} %"
        phases = [process.phases.get(each) for each in ("read", "compile", "code")]
        rows.append((
            engine,
            *("-" if each is None else shown(1e3 * max(each, 0)) for each in phases),
            f"{measured.runs[key]:,}", spread(seconds), saving,
            "-" if ratio is None else spread(ratio), shown(measured.laps[key][-1].peak),
            apart(found, engine),
        ))  # fmt: skip
    header = ("engine", "read, ms", "compile, ms", "code, ms", "runs", "a run, us",
              "of it saving", "times C, relaxed", "peak, MB", "differs by")  # fmt: skip
    return Table(METHODS[method], header, rows)
