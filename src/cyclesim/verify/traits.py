"""What a project uses, and in which variables: where other engines' limitations would show."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cyclesim.compiler import FlatModel
from cyclesim.expr import Binary, Call, Conditional, Expr, Reference, Unary, Wildcard, walk
from cyclesim.names import Ident, canonical
from cyclesim.project import (
    Flow,
    Graph,
    GraphicalFunction,
    Module,
    Project,
    Stock,
    Variable,
)
from cyclesim.verify.emulation import definitions_of, graphicals_of

Where = Callable[[Project], frozenset[Ident]]
"""Finds variables by their identifiers within the model that they are written in."""

_COMPARISONS = frozenset({"<", "<=", ">", ">=", "=", "<>"})


def placed(found: frozenset[Ident], flat: FlatModel) -> frozenset[Ident]:
    """Return the variables of a compiled model that stand for those found, in modules too."""
    return frozenset(
        variable.ident
        for variable in flat.variables
        if variable.ident in found or Ident(variable.ident.rpartition(".")[2]) in found
    ) | (found & frozenset(flat.tables))


def variables(project: Project) -> Iterator[Variable]:
    """Yield every variable of a project, those of modules and macros included."""
    yield from project.variables
    for submodel in project.submodels:
        yield from submodel.variables
    for macro in project.macros:
        yield from macro.variables


def _which(known: Callable[[Variable], bool]) -> Where:
    def where(project: Project) -> frozenset[Ident]:
        return frozenset(v.about.ident for v in variables(project) if known(v))

    return where


def _nodes(known: Callable[[Expr], bool]) -> Where:
    """Return what finds the variables whose equations hold such a node; a macro's by its calls."""

    def holds(variable: Variable) -> bool:
        return any(
            known(node) for each in definitions_of(variable) for node in walk(each.equation.expr)
        )

    def where(project: Project) -> frozenset[Ident]:
        macros = {
            macro.ident
            for macro in project.macros
            if any(map(known, walk(macro.equation.expr))) or any(map(holds, macro.variables))
        }
        found = {v.about.ident for v in variables(project) if holds(v)}
        called = calls(*macros)(project) if macros else frozenset()
        return frozenset(found) | called

    return where


def calls(*functions: str) -> Where:
    """Return what finds the variables whose equations call one of the functions."""
    wanted = frozenset(map(canonical, functions))

    def known(node: Expr) -> bool:
        match node:
            case Call(function=function):
                return function in wanted
            case Reference(ident=ident, path=()):  # PI and its kin take no brackets
                return ident in wanted
        return False

    return _nodes(known)


def operators(*wanted: str) -> Where:
    """Return what finds the variables whose equations use one of the operators."""
    return _nodes(lambda node: isinstance(node, Binary) and node.operator in wanted)


def graphicals_of_kind(kind: str) -> Where:
    """Return what finds the variables with a graphical function of a kind."""
    return _graphicals(lambda given: given.kind.value == kind)


def _graphicals(known: Callable[[GraphicalFunction], bool]) -> Where:
    return _which(lambda variable: any(map(known, graphicals_of(variable))))


graphicals_with_a_jump = _graphicals(lambda given: len(set(given.x)) < len(given.x))

graphicals_of_elements = _which(
    lambda variable: (
        bool(variable.about.dimensions)
        and any(
            each.graphical is not None and each.subscripts != variable.about.dimensions
            for each in definitions_of(variable)
        )
    )
)

graphs = _which(lambda variable: isinstance(variable, Graph))

modules = _which(lambda variable: isinstance(variable, Module))


def non_negative_stocks(project: Project) -> frozenset[Ident]:
    """Return the non-negative stocks and the flows into and out of them."""
    found: set[Ident] = set()
    for variable in variables(project):
        if isinstance(variable, Stock) and variable.non_negative:
            flows = (*variable.inflows, *variable.outflows)
            references = (flow.expr for flow in flows)
            found |= {each.ident for each in references if isinstance(each, Reference)}
            found.add(variable.about.ident)
    return frozenset(found)


non_negative_flows = _which(lambda variable: isinstance(variable, Flow) and variable.non_negative)

and_before_or = _nodes(
    lambda node: (
        isinstance(node, Binary)
        and node.operator == "or"
        and isinstance(node.left, Binary)
        and node.left.operator == "and"
    )
)

not_before_comparison = _nodes(
    lambda node: (
        isinstance(node, Binary)
        and node.operator in _COMPARISONS
        and isinstance(node.left, Unary)
        and node.left.operator == "not"
    )
)

names_beginning_with_not = _nodes(
    lambda node: isinstance(node, Reference) and node.ident.startswith("not")
)

wildcards = _nodes(lambda node: isinstance(node, Wildcard))

nested_if = _nodes(
    lambda node: isinstance(node, Conditional) and isinstance(node.otherwise, Conditional)
)


def names_in_modules_too(project: Project) -> frozenset[Ident]:
    """Return the variables whose names are used in the model and in one of its modules."""
    own = {v.about.ident for v in project.variables}
    inner = [v.about.ident for each in project.submodels for v in each.variables]
    twice = {ident for ident in inner if inner.count(ident) > 1}
    return frozenset((own & set(inner)) | twice)


def macros(project: Project) -> frozenset[Ident]:
    """Return the macros."""
    return frozenset(macro.ident for macro in project.macros)


def numbered(project: Project) -> frozenset[Ident]:
    """Return the dimensions given by their size."""
    return frozenset(d.ident for d in project.dimensions if d.numbered)
