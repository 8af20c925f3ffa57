"""What other engines are known not to compute as the model says: a table, each row tried.

The evidence of each row is a model of a few lines, run with the version named; the tests run it
again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cyclesim.compiler import FlatModel
from cyclesim.names import Ident
from cyclesim.project import Project
from cyclesim.verify import emulation, traits
from cyclesim.verify.traits import Where

PYSD_TRIED = "3.14.3"
SIMLIN_TRIED = "0.8.5"


@dataclass(frozen=True)
class Limitation:
    """One thing that an engine does in another way, and where in a model it would show.

    `where` finds the variables in which it shows first. `emulate` changes a project so that our
    own run shows it too, which proves the explanation; without it an explanation stays a guess.
    """

    engine: str
    tried: str
    sentence: str
    evidence: str
    where: Where
    emulate: Callable[[Project], Project] | None = None

    def touched(self, project: Project, flat: FlatModel) -> frozenset[Ident]:
        """Return the variables of a compiled model in which it shows first."""
        return traits.placed(self.where(project), flat)


@dataclass(frozen=True)
class Refusal:
    """Something that an engine is known not to read; the words follow the engine's name."""

    engine: str
    tried: str
    words: str
    where: Where


LIMITATIONS = (
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD holds the end values of a graphical function of type 'extrapolate'",
        "points (1,0) (2,1) (4,3) read at 10: 3, where the line goes on to 9",
        traits.graphicals_of_kind("extrapolate"), emulation.all_continuous,
    ),
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD draws lines between the points of a graphical function of type 'discrete'",
        "points (1,0) (2,1) (4,3) read at 3.5: 2.5, where the step holds 1",
        traits.graphicals_of_kind("discrete"), emulation.all_continuous,
    ),
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD leaves out the graphical functions of single elements of an array",
        "x[a1] = TIME with points (0,0) (5,1) gives 10 at 10, where the points give 1",
        traits.graphicals_of_elements, emulation.without_graphicals_of_elements,
    ),
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD sets a non-negative stock back to zero and lets its outflows run on",
        "a stock of 5 drained by 2 a week into another: 20 arrive within ten weeks",
        traits.non_negative_stocks, emulation.stocks_are_refilled,
    ),
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD cuts INT of a number below zero towards zero",
        "INT(-5.5) gives -5, where XMILE 1.0, 3.5.1 gives -6",
        traits.calls("INT"), emulation.integers_are_cut,
    ),
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD lets STEP come at the nearest step of the clock, not at the first one after its time",
        "STEP(1, 3.2) with dt = 0.5 comes at 3, not at 3.5",
        traits.calls("STEP"), emulation.steps_come_at_the_nearest,
    ),
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD counts FORCST's initial trend over the averaging time, not over a unit of time",
        "FORCST(10 + TIME, 3, 2, 0.1) begins at 10.67, not at 12",
        traits.calls("FORCST"), emulation.trends_count_per_average,
    ),
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD leaves out a PULSE whose time lies between two steps, and adds one a step at most",
        "PULSE(10, 3.2, 2) with dt = 0.5 gives nothing; PULSE(1, 3, 0.3) gives 2 at 4, not 4",
        traits.calls("PULSE"),
    ),
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD rounds the time of a DELAY down to whole steps",
        "DELAY(TIME, 1.7) with dt = 0.5 gives 0.5 at 2, not 0",
        traits.calls("DELAY"),
    ),
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD gives AND and OR one rank: a AND b OR c is read as a AND (b OR c)",
        "IF TIME > 5 AND TIME < 7 OR TIME = 1 is false at 1",
        traits.and_before_or,
    ),
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD applies NOT to the whole comparison after it",
        "IF NOT TIME > 7 is true at 0, where XMILE 1.0, 3.3.1 compares NOT TIME with 7",
        traits.not_before_comparison,
    ),
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD reads a name that begins with 'not' as NOT and the rest of the name",
        "notes + 1 is computed as NOT es + 1 where a variable is called 'es'",
        traits.names_beginning_with_not,
    ),
    Limitation(
        "pysd", PYSD_TRIED,
        "PySD puts the variables of modules among those of the model: of two with one name, "
        "one is lost",
        "a stock S = 1 in a module and an auxiliary S = 7 outside: S is 1",
        traits.names_in_modules_too,
    ),
    Limitation(
        "simlin", SIMLIN_TRIED,
        "pysimlin holds the end values of a graphical function of type 'extrapolate'",
        "points (1,0) (2,1) (4,3) read at 10: 3, where the line goes on to 9",
        traits.graphicals_of_kind("extrapolate"), emulation.all_continuous,
    ),
    Limitation(
        "simlin", SIMLIN_TRIED,
        "pysimlin draws lines between the points of a graphical function of type 'discrete'",
        "points (1,0) (2,1) (4,3) read at 3.5: 2.5, where the step holds 1",
        traits.graphicals_of_kind("discrete"), emulation.all_continuous,
    ),
    Limitation(
        "simlin", SIMLIN_TRIED,
        "pysimlin takes the earlier of two points at one place of a graphical function",
        "points (0,0) (2,1) (2,5) (5,6) read at 2: 1, where XMILE takes 5",
        traits.graphicals_with_a_jump, emulation.earlier_point_counts,
    ),
    Limitation(
        "simlin", SIMLIN_TRIED,
        "pysimlin lets a non-negative stock fall below zero",
        "a stock of 5 drained by 2 a week is -15 after ten weeks",
        traits.non_negative_stocks, emulation.stocks_may_fall_below_zero,
    ),
    Limitation(
        "simlin", SIMLIN_TRIED,
        "pysimlin lets a flow that runs one way only run backwards",
        "a non-negative flow of 1 - TIME/2 is -4 at 10",
        traits.non_negative_flows, emulation.flows_may_run_backwards,
    ),
    Limitation(
        "simlin", SIMLIN_TRIED,
        "pysimlin takes the remainder by a negative number as by a positive one",
        "0.5 MOD (-3) gives 0.5, not -2.5",
        traits.operators("mod"), emulation.remainders_are_positive,
    ),
    Limitation(
        "simlin", SIMLIN_TRIED,
        "pysimlin lets STEP come at the nearest step of the clock, not at the first one after "
        "its time",
        "STEP(1, 3.2) with dt = 0.5 comes at 3, not at 3.5",
        traits.calls("STEP"), emulation.steps_come_at_the_nearest,
    ),
    Limitation(
        "simlin", SIMLIN_TRIED,
        "pysimlin computes DELAY, which gives a value as it was, as DELAY1, which smears it",
        "DELAY(TIME, 2) is 0.63 at 2, not 0",
        traits.calls("DELAY"), emulation.delays_are_smeared,
    ),
    Limitation(
        "simlin", SIMLIN_TRIED,
        "pysimlin rounds halves to the even number",
        "ROUND(0.5) gives 0, not 1",
        traits.calls("ROUND"),
    ),
    Limitation(
        "simlin", SIMLIN_TRIED,
        "pysimlin adds one PULSE a step at most, and within a Runge-Kutta step only part of it",
        "PULSE(1, 3, 0.3) with dt = 0.5 gives 2 at 4, not 4; under RK4 a pulse differs",
        traits.calls("PULSE"),
    ),
)  # fmt: skip

REFUSALS = (
    Refusal("pysd", PYSD_TRIED, "does not read modules", traits.modules),
    Refusal("pysd", PYSD_TRIED, "does not read macros in XMILE", traits.macros),
    Refusal(
        "pysd", PYSD_TRIED, "does not read MOD and //", traits.operators("mod", "//"),
    ),
    Refusal(
        "pysd", PYSD_TRIED,
        "does not know ROUND, LOG10, PREVIOUS, NORMAL, RANDOM, PI, INF, DT, STARTTIME and STOPTIME",
        traits.calls("ROUND", "LOG10", "PREVIOUS", "NORMAL", "RANDOM", "PI", "INF", "DT",
                     "STARTTIME", "STOPTIME"),
    ),
    Refusal(
        "pysd", PYSD_TRIED, "does not read `*` as a subscript in XMILE", traits.wildcards,
    ),
    Refusal(
        "pysd", PYSD_TRIED, "does not read a dimension given by its size", traits.numbered,
    ),
    Refusal(
        "pysd", PYSD_TRIED, "does not read graphical functions that are called", traits.graphs,
    ),
    Refusal(
        "pysd", PYSD_TRIED, "does not read an IF within an IF without brackets", traits.nested_if,
    ),
    Refusal(
        "simlin", SIMLIN_TRIED,
        "does not know DELAYN, SMTHN, FORCST, NORMAL, RANDOM, PROD and RANK",
        traits.calls("DELAYN", "SMTHN", "FORCST", "NORMAL", "RANDOM", "PROD", "RANK"),
    ),
    Refusal(
        "simlin", SIMLIN_TRIED, "does not read graphical functions that are called by name",
        traits.graphs,
    ),
)  # fmt: skip
