"""PySD and pysimlin beside machine code, on both forms of the medium model."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from . import recipes as known
from .cases import FOLDER, Case
from .goals import Goal, spread
from .page import Section, Table
from .plan import Plan
from .rounds import COMPARED, TOLERANCE, Group, Spread, difference, group, in_turn
from .speed import Key, Measured, apart, left_out, runs_of


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
        counts: dict[Key, int] = {(form, engine): runs_of(engine, plan.runs)
                  for form, each in groups.items() for engine in each.engines}  # fmt: skip
        works = {
            key: partial(groups[key[0]].engines[key[1]].run, count, 1, groups[key[0]].case.every)
            for key, count in counts.items()
        }
        _same_model(groups["attached"], groups["named"])
        laps = in_turn(works, plan.pysd_rounds, warm=False)
        # Seconds of PySD between its turns leave machine code with cold memory, which does not
        # count beside PySD but would beside pysimlin: these two have rounds of their own.
        quick = {key: work for key, work in works.items() if key[1] != known.PYSD.name}
        near = in_turn(quick, plan.rounds)
    missing: dict[Key, str] = {(form, engine): why for form, each in groups.items()
               for engine, why in each.left_out.items()}  # fmt: skip
    measured, close = Measured(laps, counts, missing), Measured(near, counts, missing)
    section = Section("PySD and pysimlin", _FORMS)
    section.tables = [_table(measured, close, groups)]
    for goal, form, engine, timed in (
        (Goal("medium: pysimlin / llvm", 60, at_least=True), "attached", "pysimlin", close),
        (Goal("medium, named tables: PySD / llvm", 300_000, at_least=True), "named", "PySD",
         measured),
    ):  # fmt: skip
        section.verdicts.append(timed.verdict(goal, (form, engine), (form, "llvm")))
    told = {f"{each} {engine.version}" for found in groups.values()
            for each, engine in found.engines.items() if engine.version}  # fmt: skip
    section.remarks = [f"Measured: {', '.join(sorted(told))}."] if told else []
    section.remarks += [line for each in groups.values() for line in left_out(each)]
    return section


_FORMS = (
    "PySD is two engines in one. A graphical function that is attached to an equation, as in "
    "`medium.xmile`, becomes a call of NumPy's `interp`; one that is a variable of its own and is "
    "called by its name, as Vensim's models have it and as `medium_named_tables.mdl` has the same "
    "six, goes through xarray's interpolation in every step. The goal for PySD was set for the "
    "second form; both are shown. PySD does one run at a time of the model's own numbers, beside "
    "machine code in rounds of its own."
)


def _same_model(one: Group, other: Group) -> None:
    """Stop where the two forms do not give the same numbers."""
    first = one.engines["llvm"].values(COMPARED, one.case.every)
    second = other.engines["llvm"].values(COMPARED, other.case.every)
    size = difference(first, second)
    if not size <= TOLERANCE:
        raise SystemExit(f"{one.case.source} and {other.case.source} differ by {size:.1e}.")


def _table(measured: Measured, close: Measured, groups: Mapping[str, Group]) -> Table:
    rows = []
    for form, engine in measured.laps:
        key = (form, engine)
        timed = close if key in close.laps else measured
        ratio = timed.ratio(key, (form, "llvm"))
        seconds = Spread.of([1e6 * each for each in timed.seconds(key)])
        rows.append(
            (
                f"{engine}, tables {form}",
                f"{measured.runs[key]:,}",
                spread(seconds),
                "-" if ratio is None else spread(ratio),
                apart(groups[form], engine),
            )
        )
    return Table("", ("engine and form", "runs", "a run, us", "times llvm", "differs by"), rows)
