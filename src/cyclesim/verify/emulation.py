"""A project changed so that our run shows what another engine makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from cyclesim.errors import SourceText
from cyclesim.expr import Binary, Call, Conditional, Expr, Number, Reference, Unary, to_text
from cyclesim.expr.tree import rewritten
from cyclesim.names import canonical
from cyclesim.project import (
    About,
    Auxiliary,
    Definition,
    Equation,
    Flow,
    Graph,
    GraphicalFunction,
    GraphicalKind,
    Project,
    Stock,
    Variable,
)


def with_variables(project: Project, change: Callable[[Variable], Variable]) -> Project:
    """Return the project with `change` applied to each variable, also those of modules."""
    submodels = tuple(
        replace(each, variables=tuple(map(change, each.variables))) for each in project.submodels
    )
    variables = tuple(map(change, project.variables))
    return replace(project, variables=variables, submodels=submodels)


def with_definitions(
    project: Project, change: Callable[[Variable, Definition], Definition]
) -> Project:
    """Return the project with `change` applied to each definition of a variable."""

    def changed(variable: Variable) -> Variable:
        match variable:
            case Stock(initial=initial):
                return replace(variable, initial=tuple(change(variable, d) for d in initial))
            case Flow(definitions=given) | Auxiliary(definitions=given):
                return replace(variable, definitions=tuple(change(variable, d) for d in given))
        return variable

    return with_variables(project, changed)


def with_expressions(project: Project, change: Callable[[Expr], Expr]) -> Project:
    """Return the project with `change` applied to each node of each equation."""

    def changed(_: Variable, definition: Definition) -> Definition:
        equation = definition.equation
        expr = rewritten(equation.expr, change)
        return replace(definition, equation=replace(equation, expr=expr))

    return with_definitions(project, changed)


def definitions_of(variable: Variable) -> tuple[Definition, ...]:
    """Return the equations of a variable, those of its start for a stock."""
    match variable:
        case Stock(initial=found) | Flow(definitions=found) | Auxiliary(definitions=found):
            return found
    return ()


def graphicals_of(variable: Variable) -> Iterator[GraphicalFunction]:
    """Yield the graphical functions of a variable."""
    if isinstance(variable, Graph):
        yield from (graphical for _, graphical in variable.graphicals)
    for definition in definitions_of(variable):
        if definition.graphical is not None:
            yield definition.graphical


def with_graphicals(
    project: Project, change: Callable[[GraphicalFunction], GraphicalFunction]
) -> Project:
    """Return the project with `change` applied to each graphical function."""

    def definition(_: Variable, given: Definition) -> Definition:
        if given.graphical is None:
            return given
        return replace(given, graphical=change(given.graphical))

    def graph(variable: Variable) -> Variable:
        if not isinstance(variable, Graph):
            return variable
        found = tuple((place, change(graphical)) for place, graphical in variable.graphicals)
        return replace(variable, graphicals=found)

    return with_variables(with_definitions(project, definition), graph)


def plainly_written(project: Project) -> Project:
    """Return the project with every equation's text printed from its tree, without comments."""

    def changed(_: Variable, definition: Definition) -> Definition:
        equation = definition.equation
        source = replace(equation.source, content=to_text(equation.expr))
        return replace(definition, equation=replace(equation, source=source))

    return with_definitions(project, changed)


def all_continuous(project: Project) -> Project:
    """Return the project with every graphical function of the kind `continuous`."""
    return with_graphicals(project, lambda given: replace(given, kind=GraphicalKind.CONTINUOUS))


def earlier_point_counts(project: Project) -> Project:
    """Return the project with the earlier of two points at one x counting there."""

    def change(given: GraphicalFunction) -> GraphicalFunction:
        later = (math.nextafter(b, math.inf) if b == a else b for a, b in pairwise(given.x))
        return replace(given, x=(given.x[0], *later))

    return with_graphicals(project, change)


def without_graphicals_of_elements(project: Project) -> Project:
    """Return the project without the graphical functions that elements of arrays have."""

    def change(variable: Variable, given: Definition) -> Definition:
        elementwise = variable.about.dimensions and given.subscripts != variable.about.dimensions
        return replace(given, graphical=None) if elementwise else given

    return with_definitions(project, change)


def stocks_may_fall_below_zero(project: Project) -> Project:
    """Return the project without non-negative stocks."""

    def change(variable: Variable) -> Variable:
        return replace(variable, non_negative=False) if isinstance(variable, Stock) else variable

    return with_variables(project, change)


def flows_may_run_backwards(project: Project) -> Project:
    """Return the project without non-negative flows."""

    def change(variable: Variable) -> Variable:
        return replace(variable, non_negative=False) if isinstance(variable, Flow) else variable

    return with_variables(project, change)


def stocks_are_refilled(project: Project) -> Project:
    """Return the project with non-negative stocks set back to zero, their flows left as they are.

    Under Euler an inflow MAX(0, -stock/dt - net flow) does just that.
    """

    def refilled(variables: tuple[Variable, ...]) -> Iterator[Variable]:
        for variable in variables:
            if isinstance(variable, Stock) and variable.non_negative:
                yield from _with_refill(variable)
            else:
                yield variable

    submodels = tuple(
        replace(each, variables=tuple(refilled(each.variables))) for each in project.submodels
    )
    return replace(project, variables=tuple(refilled(project.variables)), submodels=submodels)


def _with_refill(stock: Stock) -> tuple[Stock, Flow]:
    net: Expr = Number(0.0)
    for inflow in stock.inflows:
        net = Binary("+", net, inflow.expr)
    for outflow in stock.outflows:
        net = Binary("-", net, outflow.expr)
    held = Binary("/", Reference(stock.about.ident, stock.about.name), _call("DT"))
    refill = _call("MAX", Number(0.0), Unary("-", Binary("+", held, net)))
    about = About(
        name := f"{stock.about.name} set back to zero",
        canonical(name),
        stock.about.location,
        dimensions=stock.about.dimensions,
    )
    flow = Flow(about, (Definition(_equation(refill, about), about.dimensions),))
    inflows = (*stock.inflows, _equation(Reference(about.ident, about.name), about))
    return replace(stock, non_negative=False, inflows=inflows), flow


def _equation(expr: Expr, about: About) -> Equation:
    place = (0, about.location.line, about.location.column)
    return Equation(SourceText("", about.location.path, (place,)), expr)


def integers_are_cut(project: Project) -> Project:
    """Return the project with INT cutting towards zero."""

    def change(node: Expr) -> Expr:
        if isinstance(node, Call) and node.function == canonical("INT"):
            (value,) = node.arguments
            below = Unary("-", _call("INT", Unary("-", value)))
            return Conditional(Binary("<", value, Number(0.0)), below, node)
        return node

    return with_expressions(project, change)


def steps_come_at_the_nearest(project: Project) -> Project:
    """Return the project with STEP coming at the nearest step instead of the next."""

    def change(node: Expr) -> Expr:
        if isinstance(node, Call) and node.function == canonical("STEP"):
            height, time = node.arguments
            # a little less than half a step, since a time half-way belongs to the later step
            earlier = Binary("-", time, Binary("*", Number(0.4999), _call("DT")))
            return replace(node, arguments=(height, earlier))
        return node

    return with_expressions(project, change)


def remainders_are_positive(project: Project) -> Project:
    """Return the project with the remainder by a negative number taken as by a positive one."""

    def change(node: Expr) -> Expr:
        if isinstance(node, Binary) and node.operator == "mod":
            return replace(node, right=_call("ABS", node.right))
        return node

    return with_expressions(project, change)


def trends_count_per_average(project: Project) -> Project:
    """Return the project with FORCST's initial trend counted over the averaging time."""

    def change(node: Expr) -> Expr:
        match node:
            case Call(function="forcst", arguments=(value, average, horizon, trend)):
                shared = Binary("/", trend, average)
                return replace(node, arguments=(value, average, horizon, shared))
        return node

    return with_expressions(project, change)


def delays_are_smeared(project: Project) -> Project:
    """Return the project with DELAY as a first-order delay."""

    def change(node: Expr) -> Expr:
        if isinstance(node, Call) and node.function == canonical("DELAY"):
            return replace(node, function=canonical("DELAY1"), name="DELAY1")
        return node

    return with_expressions(project, change)


def _call(function: str, *arguments: Expr) -> Expr:
    return Call(canonical(function), function, arguments)
