"""A resolved model into the order in which it is computed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cyclesim.compiler.breakpoints import breakpoints
from cyclesim.compiler.flat import (
    BufferRule,
    FlatModel,
    FlatVariable,
    LevelRule,
    MemoryRule,
    Role,
)
from cyclesim.compiler.limits import limited_outflows
from cyclesim.compiler.order import dependency_order
from cyclesim.compiler.parts import Algebraic, Buffer, Kind, Level, Memory, Model
from cyclesim.compiler.terms import Literal, Term, moves, symbols
from cyclesim.errors import Diagnostic, ModelError
from cyclesim.names import Ident
from cyclesim.project import Graph, Stock

Part = Level[Term] | Algebraic[Term] | Memory[Term] | Buffer[Term]


def flatten(model: Model[Term]) -> FlatModel:
    """Return the model with its orders, places, breakpoints and digest.

    Raises ModelError where variables need each other in the same step, or to start.
    """
    model = limited_outflows(model)
    formulas = {
        part.about.ident: part.formula for part in model.parts if isinstance(part, Algebraic)
    }
    fixed = _fixed(formulas)
    parameters = tuple(ident for ident in fixed if isinstance(formulas[ident], Literal))
    constants = tuple(ident for ident in fixed if ident not in set(parameters))
    moving = {i: symbols(term) for i, term in formulas.items() if i not in fixed}
    steps, cycles = dependency_order(moving, moving)
    starts = _initial_needs(model, moving)
    state = [part.about.ident for part in model.parts if not isinstance(part, Algebraic)]
    initial, initial_cycles = dependency_order(state, starts)
    if cycles or initial_cycles:
        raise ModelError(_cycle_findings(model, cycles, initial_cycles))
    roles = {
        **dict.fromkeys(fixed, Role.CONSTANT),
        **dict.fromkeys(parameters, Role.PARAMETER),
    }
    equations = _equation_texts(model)
    variables = tuple(_variable(part, roles, equations) for part in model.parts)
    return FlatModel(
        path=model.project.path,
        name=model.project.name,
        doc=model.project.doc,
        sim_specs=model.project.sim_specs,
        variables=variables,
        parameters=parameters,
        constants=constants,
        initial=initial,
        steps=steps,
        levels=tuple(
            LevelRule(part.about.ident, part.inflows, part.outflows, part.non_negative)
            for part in model.parts
            if isinstance(part, Level)
        ),
        memories=tuple(
            MemoryRule(part.about.ident, part.update)
            for part in model.parts
            if isinstance(part, Memory)
        ),
        buffers=tuple(
            BufferRule(part.about.ident, part.input, part.delay)
            for part in model.parts
            if isinstance(part, Buffer)
        ),
        tables=model.tables,
        breakpoints=breakpoints(_terms(model), frozenset(fixed), model.tables),
        by_ident={variable.ident: variable for variable in variables},
        places={variable.ident: place for place, variable in enumerate(variables)},
        digest=_digest(model),
    )


def _fixed(formulas: dict[Ident, Term]) -> dict[Ident, None]:
    """Return what can be computed before the run starts, each after its needs."""
    needs = {ident: symbols(term) for ident, term in formulas.items()}
    order, cycles = dependency_order(formulas, needs)
    in_cycle = {ident for cycle in cycles for ident in cycle}
    fixed: dict[Ident, None] = {}
    for ident in order:
        steady = not moves(formulas[ident]) and all(need in fixed for need in needs[ident])
        if steady and ident not in in_cycle:
            fixed[ident] = None
    return fixed


def _initial_needs(
    model: Model[Term], moving: dict[Ident, tuple[Ident, ...]]
) -> dict[Ident, tuple[Ident, ...]]:
    needs = dict(moving)
    for part in model.parts:
        if not isinstance(part, Algebraic):
            needs[part.about.ident] = symbols(part.initial)
    return needs


def _cycle_findings(
    model: Model[Term],
    cycles: tuple[tuple[Ident, ...], ...],
    initial_cycles: tuple[tuple[Ident, ...], ...],
) -> Iterator[Diagnostic]:
    parts = {part.about.ident: part for part in model.parts}
    seen: set[frozenset[Ident]] = set()
    for cycle, at_start in [*((c, False) for c in cycles), *((c, True) for c in initial_cycles)]:
        if frozenset(cycle) in seen:
            continue
        seen.add(frozenset(cycle))
        about = parts[cycle[0]].about
        chain = " <- ".join(f"'{parts[ident].about.name}'" for ident in cycle)
        if at_start:
            message = f"the initial values need each other: {chain}"
            hint = "Give one of the stocks an initial value that does not need the others."
        else:
            message = f"the variables need each other in the same step: {chain}"
            hint = "Put a stock, a smooth or a delay into the circle."
        yield Diagnostic("cycle", message, about.location, f"'{about.name}'", hint)


def _equation_texts(model: Model[Term]) -> dict[Ident, str]:
    texts: dict[Ident, str] = {}
    for variable in model.project.variables:
        if isinstance(variable, Stock):
            texts[variable.about.ident] = variable.initial.text
        elif not isinstance(variable, Graph):
            texts[variable.about.ident] = variable.equation.text
    return texts


_ROLES = {Level: Role.LEVEL, Memory: Role.MEMORY, Buffer: Role.BUFFER}


def _variable(part: Part, roles: dict[Ident, Role], equations: dict[Ident, str]) -> FlatVariable:
    ident = part.about.ident
    equation = equations.get(ident, "")
    if isinstance(part, Algebraic):
        role = roles.get(ident, Role.ALGEBRAIC)
        return FlatVariable(part.about, part.kind, role, part.formula, equation, (), part.origin)
    kind = Kind.STOCK if isinstance(part, Level) else Kind.AUXILIARY
    role = _ROLES[type(part)]
    return FlatVariable(part.about, kind, role, part.initial, equation, (), part.origin)


def _terms(model: Model[Term]) -> Iterator[Term]:
    for part in model.parts:
        match part:
            case Level(initial=initial):
                yield initial
            case Algebraic(formula=formula):
                yield formula
            case Memory(initial=initial, update=update):
                yield initial
                if update is not None:
                    yield update
            case Buffer():
                yield from (part.input, part.delay, part.initial)


@dataclass(frozen=True)
class _Digested:
    """What decides a model's results, without places in the file, docs and units."""

    ident: Ident
    part: str


def _digest(model: Model[Term]) -> str:
    told = [repr(model.project.sim_specs), repr(sorted(model.tables.items()))]
    for part in sorted(model.parts, key=lambda part: part.about.ident):
        bare = replace(part, about=None, origin=None)  # type: ignore[arg-type]
        told.append(repr(_Digested(part.about.ident, repr(bare))))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
