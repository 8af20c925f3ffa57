"""What a project uses that XMILE 1.0 does not have, so that other tools may not know it."""

from __future__ import annotations

from collections.abc import Iterator

from cyclesim.expr import Call, Expr, walk
from cyclesim.names import Ident, canonical
from cyclesim.project import Auxiliary, Definition, Flow, Graph, Module, Project, Stock, Variable
from cyclesim.writers.equations import ACTIVE_INITIAL

STANDARD = frozenset(
    canonical(name)
    for name in (
        *("ABS", "ARCCOS", "ARCSIN", "ARCTAN", "COS", "EXP", "INF", "INT", "LN", "LOG10"),
        *("MAX", "MIN", "PI", "SIN", "SQRT", "TAN", "MOD", "ROUND"),
        *("EXPRND", "LOGNORMAL", "NORMAL", "POISSON", "RANDOM"),
        *("DELAY", "DELAY1", "DELAY3", "DELAYN", "FORCST", "SMTH1", "SMTH3", "SMTHN", "TREND"),
        *("PULSE", "RAMP", "STEP", "DT", "STARTTIME", "STOPTIME", "TIME"),
        *("INIT", "PREVIOUS", "SELF", "LOOKUP", "LOOKUPINV", "SAFEDIV"),
        *("MEAN", "PROD", "RANK", "SIZE", "STDDEV", "SUM"),
    )
)
"""The functions of XMILE 1.0, sections 3.5 and 3.7.2, and those that Stella has besides."""


def unportable(project: Project) -> tuple[str, ...]:
    """Return the functions called that XMILE lacks, by name and in order of name."""
    scopes = [project.variables, *(each.variables for each in project.submodels)]
    scopes += [macro.variables for macro in project.macros]
    known = {macro.ident for macro in project.macros} | {
        variable.about.ident
        for variables in scopes
        for variable in variables
        if not isinstance(variable, Module | Stock)
    }
    roots = [expr for variables in scopes for each in variables for expr in _equations(each)]
    roots += [macro.equation.expr for macro in project.macros]
    found: dict[Ident, str] = {}
    for root in roots:
        for node in walk(root):
            if isinstance(node, Call) and node.function not in STANDARD | known:
                found.setdefault(node.function, node.name)
    return tuple(found[ident] for ident in sorted(found))


def _equations(variable: Variable) -> Iterator[Expr]:
    match variable:
        case Stock(initial=definitions, conveyor=conveyor):
            yield from _parts(definitions)
            yield from (each.expr for each in (conveyor.equations if conveyor else ()))
        case Flow(definitions=definitions) | Auxiliary(definitions=definitions):
            yield from _parts(definitions)
        case Graph() | Module():
            return


def _parts(definitions: tuple[Definition, ...]) -> Iterator[Expr]:
    """Yield equations; an initial one of its own has a place in the file, not in the equation."""
    for definition in definitions:
        expr = definition.equation.expr
        if isinstance(expr, Call) and expr.function == ACTIVE_INITIAL:
            yield from expr.arguments
        else:
            yield expr
