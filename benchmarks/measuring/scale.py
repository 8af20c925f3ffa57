"""From a hundred runs to a million, on one thread and on two: time and memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from . import recipes as known
from .cases import FOLDER, Case
from .engines import Engine, Lap
from .goals import Goal, Verdict, shown
from .page import Section, Table
from .plan import Plan
from .rounds import Spread, group, in_turn
from .speed import left_out

RECIPES = (
    known.LLVM, known.C_RELAXED, known.C_STRICT, known.NUMPY, known.JAVASCRIPT, known.SIMLIN,
    known.PYTHON,
)  # fmt: skip
FASTEST = ("llvm", "C, relaxed")
"""Engines that do all numbers of runs."""

TWO_THREADS = ("llvm", "C, relaxed", "C, strict")
SAVED_EVERY = 10
"""Units of time between saved ones: a million runs saved at each would be gigabytes."""

ONE_ROUND = 1_000_000
"""From so many runs on a set is done once."""

SPEED_UP = {"medium": 1.7, "large": 1.7}

Row = tuple[str, int]
"""Engine and threads."""

Laps = dict[int, dict[Row, list[Lap]]]
"""By the number of runs."""


def scale_section(names: tuple[str, ...], plan: Plan, folder: Path) -> Section:
    """Return times and memory of each model by the number of runs."""
    section = Section("By the number of runs", _words(plan))
    for name in names:
        case = Case(FOLDER / f"{name}.xmile", "euler", folder, plan.scale[-1])
        with group(case, RECIPES) as found:
            laps = measured(found.engines, case, plan)
        section.tables += _tables(name, laps)
        if name in SPEED_UP:
            section.verdicts.append(_verdict(name, laps[plan.two_threads], plan))
        section.remarks += left_out(found)
    return section


def _words(plan: Plan) -> str:
    rounds = f"medians of {plan.scale_rounds}" if plan.scale_rounds > 1 else "one"
    if plan.scale[-1] >= ONE_ROUND:
        rounds += f", of {ONE_ROUND:,} runs one"
    return (
        f"Euler, saved every {SAVED_EVERY} units of time. Time is that of a set by the clock on "
        "the wall, which threads are to shorten, divided by its runs; memory is the most that the "
        "engine's process has had so far (C reads the numbers of all runs at its start). Rounds "
        f"in turn: {rounds}. All but `llvm` and relaxed C leave out (-) a set that would take "
        f"more than {plan.longest:g} s."
    )


def measured(engines: dict[str, Engine], case: Case, plan: Plan) -> Laps:
    """Return laps by the number of runs; what the last set took says whether one is tried."""
    rows = [(name, threads) for name in engines for threads in (1, 2)
            if threads == 1 or name in TWO_THREADS]  # fmt: skip
    seconds = dict.fromkeys(rows, 0.0)
    every = case.every * SAVED_EVERY
    found: Laps = {}
    for runs in plan.scale:
        works = {
            (name, threads): partial(engines[name].run, runs, threads, every)
            for name, threads in rows
            if name in FASTEST or seconds[name, threads] * runs <= plan.longest
        }
        many = runs >= ONE_ROUND
        found[runs] = in_turn(works, 1 if many else plan.scale_rounds, warm=not many)
        for row, laps in found[runs].items():
            seconds[row] = laps[-1].wall / runs
        for row in set(rows) - set(works):
            seconds[row] = float("inf")
    return found


def _verdict(name: str, laps: dict[Row, list[Lap]], plan: Plan) -> Verdict:
    words = f"{name}, {plan.two_threads:,} runs: llvm, one thread / two, on the wall"
    goal = Goal(words, SPEED_UP[name], at_least=True)
    if ("llvm", 1) not in laps or ("llvm", 2) not in laps:
        return Verdict(goal, None, "llvm did not do so many runs")
    pairs = zip(laps["llvm", 1], laps["llvm", 2], strict=True)
    return Verdict(goal, Spread.of([one.wall / two.wall for one, two in pairs]))


def _tables(name: str, laps: Laps) -> list[Table]:
    counts = tuple(f"{runs:,} runs" for runs in laps)
    rows = list(next(iter(laps.values())))

    def cells(row: Row, wanted: str) -> tuple[str, ...]:
        told = []
        for runs, found in laps.items():
            if row not in found:
                told.append("-")
            elif wanted == "peak":
                told.append(shown(found[row][-1].peak))
            else:
                told.append(shown(Spread.of([1e6 * lap.wall / runs for lap in found[row]]).middle))
        return tuple(told)

    threads = {1: "one thread", 2: "two threads"}
    return [
        Table(f"The {name} model: microseconds a run", ("engine", *counts),
              [(f"{row[0]}, {threads[row[1]]}", *cells(row, "wall")) for row in rows]),
        Table(f"The {name} model: megabytes", ("engine", *counts),
              [(row[0], *cells(row, "peak")) for row in rows if row[1] == 1]),
    ]  # fmt: skip
