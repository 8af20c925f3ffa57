"""INITIAL TIME, FINAL TIME, TIME STEP and SAVEPER; and what has to be known before a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from cyclesim.errors import Location, SourceText
from cyclesim.expr import Call, Expr, Number, Reference
from cyclesim.expr.tree import rewritten
from cyclesim.names import Ident, canonical
from cyclesim.project import Auxiliary, Equation, Method, SimSpecs, Variable
from cyclesim.readers.findings import Findings
from cyclesim.readers.vensim_parts import Formula, Integral, Part
from cyclesim.readers.vensim_stocks import Draft
from cyclesim.readers.vensim_values import Values

START, STOP, DT, SAVE = map(canonical, ("INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER"))
_CLOCK = {START: "STARTTIME", STOP: "STOPTIME", DT: "DT"}
_LONGEST_MOVING = 10_000
"""Steps up to which a FINAL TIME that moves is followed before the run."""
_FIXED = {"smthn": 2, "delayn": 2, "random": 2}
"""Functions with an argument that must be a number: an order, a seed."""


def settled(drafts: Mapping[Ident, Draft]) -> dict[Ident, Draft]:
    """Return the drafts with orders of delays and seeds as the numbers that they start with.

    Vensim fixes both when a run starts, whatever they are computed from.
    """
    equations = _scalars(drafts)
    start = Values(equations).of(equations[START]) if START in equations else None
    values = Values(equations, start if start is not None else Fraction(0))

    def node(expr: Expr) -> Expr:
        place = _FIXED.get(expr.function) if isinstance(expr, Call) else None
        if not isinstance(expr, Call) or place is None or len(expr.arguments) <= place:
            return expr
        value = values.of(expr.arguments[place])
        if isinstance(expr.arguments[place], Number) or value is None:
            return expr
        arguments = list(expr.arguments)
        arguments[place] = Number(float(value), arguments[place].span)
        return replace(expr, arguments=tuple(arguments))

    def equation(given: Equation) -> Equation:
        return replace(given, expr=rewritten(given.expr, node))

    def part(given: Part) -> Part:
        if isinstance(given, Integral):
            return replace(given, rate=equation(given.rate), initial=equation(given.initial))
        return replace(given, equation=equation(given.equation))

    return {
        ident: replace(draft, parts=tuple(map(part, draft.parts)))
        for ident, draft in drafts.items()
    }


def _scalars(drafts: Mapping[Ident, Draft]) -> dict[Ident, Expr]:
    found: dict[Ident, Expr] = {}
    for ident, draft in drafts.items():
        match draft.parts:
            case (Formula(equation=equation, subscripts=(), graphical=None),):
                found[ident] = equation.expr
    return found


@dataclass(frozen=True)
class Control:
    """The run that a model asks for, and its variables with control variables on the clock."""

    sim_specs: SimSpecs
    variables: tuple[Variable, ...]


def read_control(
    variables: tuple[Variable, ...], method: Method, path: str, findings: Findings
) -> Control:
    """Return the settings of a run; control variables read the clock from then on.

    So a run with another dt, start or stop is a run in which TIME STEP and its kin are those.
    """
    before = len(findings.diagnostics)
    equations = {
        variable.about.ident: variable.definitions[0].equation.expr
        for variable in variables
        if isinstance(variable, Auxiliary) and _plain(variable)
    }
    named = {variable.about.ident: variable for variable in variables}
    values = Values(equations)
    found: dict[Ident, Fraction] = {}
    for ident, shown in ((START, "INITIAL TIME"), (STOP, "FINAL TIME"), (DT, "TIME STEP")):
        if ident not in named:
            if not before:  # else it may be among what could not be read
                message = f"{shown} is not given"
                findings.fault("sim-specs", message, Location(path, 1, 1))
            continue
        value = values.of(equations[ident]) if ident in equations else None
        if value is not None:
            found[ident] = value
    moving = _stop_by_the_clock(equations, found)
    if moving is not None:
        found[STOP] = moving
    for ident in (START, STOP, DT):
        if ident in named and ident not in found:
            _not_fixed(named[ident], findings)
    if DT in found and found[DT] <= 0:
        message = f"it is {float(found[DT]):g}, which makes no steps"
        where = named[DT].about.location
        findings.fault("sim-specs", message, where, "'TIME STEP'", "Use one above 0.")
    save = _save_interval(named, equations, values, findings)
    default = SimSpecs()
    units = next((named[i].about.units for i in (DT, STOP, START) if i in named), None)
    specs = SimSpecs(
        found.get(START, default.start),
        found.get(STOP, default.stop),
        found.get(DT, default.dt),
        save if save != found.get(DT) else None,
        method,
        units or "",
    )
    return Control(specs, tuple(_on_the_clock(variable, named, moving) for variable in variables))


def _plain(variable: Auxiliary) -> bool:
    definitions = variable.definitions
    return not variable.about.dimensions and len(definitions) == 1 and not definitions[0].graphical


def _save_interval(
    named: Mapping[Ident, Variable],
    equations: Mapping[Ident, Expr],
    values: Values,
    findings: Findings,
) -> Fraction | None:
    if SAVE not in named:
        return None
    value = values.of(equations[SAVE]) if SAVE in equations else None
    if value is None:
        _not_fixed(named[SAVE], findings)
    elif value <= 0:
        message = f"it is {float(value):g}, not a number above 0"
        findings.fault("sim-specs", message, named[SAVE].about.location, "'SAVEPER'")
    return value


def _not_fixed(variable: Variable, findings: Findings) -> None:
    name = variable.about.name
    message = f"{name} cannot be known before the run, and one that changes is not computed yet"
    findings.fault("sim-specs", message, variable.about.location, f"'{name}'", "Give a number.")


def _stop_by_the_clock(
    equations: Mapping[Ident, Expr], found: Mapping[Ident, Fraction]
) -> Fraction | None:
    """Return the first time that is not before a FINAL TIME that goes by the time alone.

    Vensim works FINAL TIME out at each step. None where it is a number, where it depends on
    what only a run can tell, and where it is not come to in a good many steps.
    """
    if STOP in found or STOP not in equations or not {START, DT} <= found.keys():
        return None
    time, dt = found[START], found[DT]
    if dt <= 0:
        return None
    first = Values(equations, time)
    for _ in range(_LONGEST_MOVING):
        stop = Values(equations, time, first).of(equations[STOP])
        if stop is None or stop <= time:
            return None if stop is None else time
        time += dt
    return None


def _on_the_clock(
    variable: Variable, named: Mapping[Ident, Variable], moving: Fraction | None
) -> Variable:
    reading = _CLOCK.get(variable.about.ident)
    if moving is not None and variable.about.ident == STOP:
        return variable  # it is what its equation says at each time
    if reading is None or canonical(reading) in named or not isinstance(variable, Auxiliary):
        return variable
    where = variable.about.location
    source = SourceText(reading, where.path, ((0, where.line, where.column),))
    equation = Equation(source, Reference(canonical(reading), reading))
    return replace(variable, definitions=(replace(variable.definitions[0], equation=equation),))
