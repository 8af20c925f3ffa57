"""Runs measured: every engine on a model, and the peers on both forms of the medium one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from . import engines as known
from .cases import FOLDER, SPREAD, Case
from .engines import Lap
from .goals import Goal, Verdict, shown, spread
from .page import Section, Table
from .plan import Plan
from .rounds import COMPARED, TOLERANCE, Group, Spread, group, in_turn, ratios

RECIPES = (
    known.PYTHON, known.NUMPY, known.LLVM, known.LLVM_STRICT, known.LLVM_AVX2, known.C_RELAXED,
    known.C_STRICT, known.C_AVX2, known.SIMLIN, known.PYSD,
)  # fmt: skip
SLOWER = {"numpy": 10, "pysimlin": 100, "python": 5_000, "PySD": 1_000_000}
"""Engines that do a part of the runs: one in so many, one at least."""

SAVERS = ("numpy", "llvm", "llvm, strict", "C, relaxed", "C, strict")
"""Engines that are also run with nothing saved but start and stop: the rest is saving."""

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
    missing = {
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
    if name in GOALS:
        goal = Goal(f"{name}: llvm, RK4 / Euler", RK4_TO_EULER)
        section.verdicts.append(measured.verdict(goal, ("rk4", "llvm"), ("euler", "llvm")))
    section.remarks = [remark for each in groups.values() for remark in remarks(each)]
    return section


def remarks(found: Group) -> list[str]:
    """Return how far engines are apart, and which are left out and why."""
    told = [f"{name} {size:.0e}" if size else f"{name} 0"
            for name, size in found.differences.items() if name in found.engines]  # fmt: skip
    what = f"{found.case.name}, {found.case.method}"
    lines = [f"{what}: largest differences from {next(iter(found.engines))}, of a series' range: "
             f"{', '.join(told)}."]  # fmt: skip
    return lines + [f"{what}: without {name}: {why}." for name, why in found.left_out.items()]


def _told(case: Case) -> str:
    flat = case.flat
    clock = case.clock
    return (
        f"`{case.source.name}`: {len(flat.visible)} equations, {len(flat.levels)} stocks after "
        f"expansion, {len(flat.tables)} graphical functions, {clock.steps:,} steps. One thread. "
        f"{len(case.varied)} constants differ from run to run by up to {SPREAD:.0%}; "
        f"{', '.join(case.named(case.series))} are saved at each unit of time. "
        f"Before anything is timed, {COMPARED} runs are compared at every saved time; an engine "
        f"that is farther than {TOLERANCE:g} of a series' range from the first gets no time."
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
            saving = f"{max(1 - bare.middle, 0):.0%}"
        phases = [process.phases.get(each) for each in ("read", "compile", "code")]
        rows.append((
            engine,
            *("-" if each is None else shown(1e3 * max(each, 0)) for each in phases),
            f"{measured.runs[key]:,}", spread(seconds), saving,
            "-" if ratio is None else spread(ratio), shown(measured.laps[key][-1].peak),
        ))  # fmt: skip
    header = ("engine", "read, ms", "compile, ms", "code, ms", "runs", "a run, us",
              "of it saving", "times C, relaxed", "peak, MB")  # fmt: skip
    return Table({"euler": "Euler", "rk4": "RK4"}[method], header, rows)


def peers_section(plan: Plan, folder: Path) -> Section:
    """Return PySD and pysimlin beside machine code, on both forms of the medium model."""
    forms = {"attached": "medium.xmile", "named": "medium_named_tables.mdl"}
    recipes = (known.LLVM, known.SIMLIN, known.PYSD)
    with ExitStack() as stack:
        groups = {
            form: stack.enter_context(
                group(Case(FOLDER / file, "euler", folder, plan.runs), recipes)
            )
            for form, file in forms.items()
        }
        counts = {(form, engine): runs_of(engine, plan.runs)
                  for form, each in groups.items() for engine in each.engines}  # fmt: skip
        works = {
            key: partial(groups[key[0]].engines[key[1]].run, count, 1, groups[key[0]].case.every)
            for key, count in counts.items()
        }
        laps = in_turn(works, plan.pysd_rounds, warm=False)
    missing = {(form, engine): why for form, each in groups.items()
               for engine, why in each.left_out.items()}  # fmt: skip
    measured = Measured(laps, counts, missing)
    section = Section("PySD and pysimlin", _FORMS)
    section.tables = [_peers_table(measured)]
    for goal, above, below in (
        (Goal("medium: pysimlin / llvm", 60, at_least=True),
         ("attached", "pysimlin"), ("attached", "llvm")),
        (Goal("medium, named tables: PySD / llvm", 300_000, at_least=True),
         ("named", "PySD"), ("named", "llvm")),
    ):  # fmt: skip
        section.verdicts.append(measured.verdict(goal, above, below))
    section.remarks = [remark for each in groups.values() for remark in remarks(each)]
    return section


_FORMS = (
    "PySD is two engines in one. A graphical function that is attached to an equation, as in "
    "`medium.xmile`, becomes a call of NumPy's `interp`; one that is a variable of its own and is "
    "called by its name, as Vensim's models have it and as `medium_named_tables.mdl` has the same "
    "six, goes through xarray's interpolation in every step. The goal for PySD was set for the "
    "second form; both are shown. PySD does one run at a time of the model's own numbers."
)


def _peers_table(measured: Measured) -> Table:
    rows = []
    for form, engine in measured.laps:
        key = (form, engine)
        ratio = measured.ratio(key, (form, "llvm"))
        seconds = Spread.of([1e6 * each for each in measured.seconds(key)])
        rows.append((f"{engine}, tables {form}", f"{measured.runs[key]:,}", spread(seconds),
                     "-" if ratio is None else spread(ratio)))  # fmt: skip
    return Table("", ("engine and form", "runs", "a run, us", "times llvm"), rows)
