"""A project in XMILE's terms: an array has one equation for all elements, or one for each.

Equations for subranges, and those that leave elements out, become equations of elements.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from cyclesim.expr import Call, Expr, Number, Reference, Subscripted, Unary, Wildcard, walk
from cyclesim.expr.tree import rewritten
from cyclesim.names import Ident, canonical
from cyclesim.project import (
    About,
    Auxiliary,
    Definition,
    Dimension,
    Equation,
    Flow,
    Graph,
    Macro,
    Project,
    Stock,
    Submodel,
    Variable,
)

Elements = tuple[Ident, ...]
_LOOKUP = canonical("LOOKUP")


def elementwise(project: Project) -> Project:
    """Return the project with every array defined as a whole or element by element.

    A number below zero becomes a sign and a number, as it is read.
    """
    by_ident = {dimension.ident: dimension for dimension in project.dimensions}
    names = {i: tuple(map(canonical, each.elements)) for i, each in by_ident.items()}
    everything = [project.variables, *(each.variables for each in project.submodels)]
    arrays = {v.about.ident: v.about.dimensions for part in everything for v in part}
    tables = {v.about.ident: v.about for part in everything for v in part if isinstance(v, Graph)}
    sets = _Sets(by_ident, names, arrays, tables)

    def submodel(given: Submodel) -> Submodel:
        return replace(given, variables=tuple(map(sets.variable, given.variables)))

    def macro(given: Macro) -> Macro:
        own = tuple(map(sets.variable, given.variables))
        defaults = tuple((i, sets.plain(each) if each else None) for i, each in given.parameters)
        equation = sets.plain(given.equation)
        return replace(given, variables=own, equation=equation, parameters=defaults)

    return replace(
        project,
        variables=tuple(map(sets.variable, project.variables)),
        submodels=tuple(map(submodel, project.submodels)),
        macros=tuple(map(macro, project.macros)),
    )


@dataclass(frozen=True)
class _Sets:
    by_ident: Mapping[Ident, Dimension]
    elements: Mapping[Ident, Elements]
    arrays: Mapping[Ident, Elements]
    """The dimensions of each variable."""
    tables: Mapping[Ident, About]

    def variable(self, variable: Variable) -> Variable:
        match variable:
            case Stock():
                initial = self.definitions(variable, variable.initial)
                conveyor = variable.conveyor
                conveyor = conveyor.changed(self.plain) if conveyor is not None else None
                return replace(variable, initial=initial, conveyor=conveyor)
            case Flow() | Auxiliary():
                found = self.definitions(variable, variable.definitions)
                return replace(variable, definitions=found)
            case Graph(about=about):
                if all(self.simple(s, about.dimensions) for s, _ in variable.graphicals):
                    return variable
                parts = [
                    (place, points)
                    for subscripts, points in variable.graphicals
                    for place in self.covered(subscripts, about.dimensions)
                ]
                return replace(variable, graphicals=tuple(dict(reversed(parts)).items())[::-1])
        return variable

    def simple(self, subscripts: Elements, dimensions: Elements) -> bool:
        """Return whether subscripts are the dimensions of the variable, or all elements."""
        return subscripts == dimensions or all(
            subscript in self.elements[dimension]
            for subscript, dimension in zip(subscripts, dimensions, strict=True)
        )

    def covered(self, subscripts: Elements, dimensions: Elements) -> Iterator[Elements]:
        """Yield the places of an array that subscripts name, in order."""
        sets: list[Elements] = []
        for subscript, dimension in zip(subscripts, dimensions, strict=True):
            if subscript in self.elements[dimension] or subscript not in self.by_ident:
                sets.append((subscript,))
            else:
                sets.append(self.elements[subscript])
        yield from product(*sets)

    def definitions(
        self, variable: Variable, given: tuple[Definition, ...]
    ) -> tuple[Definition, ...]:
        dimensions = variable.about.dimensions
        given = tuple(replace(each, equation=self.plain(each.equation)) for each in given)
        whole = [each for each in given if each.subscripts == dimensions]
        plain = all(not each.excepts and self.simple(each.subscripts, dimensions) for each in given)
        if plain and (len(given) == 1 or not whole):
            return given
        return tuple(place for each in given for place in self.spread(each, dimensions))

    def spread(self, given: Definition, dimensions: Elements) -> Iterator[Definition]:
        """Yield a definition for each element that one covers."""
        left_out = {
            place for subscripts in given.excepts for place in self.covered(subscripts, dimensions)
        }
        for place in self.covered(given.subscripts, dimensions):
            if place in left_out:
                continue
            loop = dict(zip(given.subscripts, place, strict=True))
            loop |= {d: e for d, e in zip(dimensions, place, strict=True) if d not in loop}
            expr = self.at(given.equation.expr, loop)
            equation = given.equation
            if expr != equation.expr:
                equation = Equation(equation.source, expr)
            yield Definition(equation, place, (), given.graphical)

    def at(self, expr: Expr, loop: Mapping[Ident, Ident]) -> Expr:
        """Return an equation for one element: each dimension replaced by its element.

        Within brackets a dimension is a subscript, elsewhere the number of its element.
        """
        sized = {
            id(argument)
            for call in walk(expr)
            if isinstance(call, Call) and call.function == "size"
            for argument in call.arguments
        }

        def subscript(given: Expr) -> Expr:
            if isinstance(given, Reference) and not given.path:
                element = self.element(given.ident, loop)
                if element is not None:
                    return replace(given, ident=element, name=element)
            return given

        def within_brackets(node: Expr) -> Expr:
            if isinstance(node, Subscripted):
                return replace(node, subscripts=tuple(map(subscript, node.subscripts)))
            return node

        def elsewhere(node: Expr) -> Expr:
            match node:
                case Reference(ident=ident, path=()) if ident in self.by_ident and ident in loop:
                    if id(node) not in sized:
                        element = loop[ident]
                        return replace(node, ident=element, name=element, path=(node.name,))
            return node

        return rewritten(rewritten(expr, within_brackets), elsewhere)

    def element(self, ident: Ident, loop: Mapping[Ident, Ident]) -> Ident | None:
        """Return the element that a dimension stands for within a loop, also by a mapping."""
        if ident in loop:
            return loop[ident]
        if ident not in self.by_ident:
            return None
        found = (self.mapped(ident, *pair) for pair in loop.items() if pair[0] in self.by_ident)
        return next((element for element in found if element is not None), None)

    def mapped(self, ident: Ident, looped: Ident, element: Ident) -> Ident | None:
        """Return the element of a dimension that stands for one of another, from either side."""
        for mapping in self.by_ident[looped].mappings:
            if mapping.target == ident:
                place = self.elements[looped].index(element)
                if len(mapping.elements[place]) == 1:
                    return mapping.elements[place][0]
        for mapping in self.by_ident[ident].mappings:
            if mapping.target == looped:
                pairs = zip(self.elements[ident], mapping.elements, strict=True)
                return next((own for own, theirs in pairs if element in theirs), None)
        return None

    def plain(self, equation: Equation) -> Equation:
        """Return an equation as XMILE has it.

        A sign is an operator of its own; all elements of a whole dimension are `*`. Vensim's
        call of a graphical function becomes LOOKUP, which more tools know.
        """
        foreign = equation.source.path.casefold().endswith(".mdl")

        def change(node: Expr) -> Expr:
            match node:
                case Number(value=value) if value < 0:
                    return Unary("-", replace(node, value=-value), node.span)
                case Call(function=function) if foreign and function in self.tables:
                    table = self.tables[function]
                    arguments = (Reference(table.ident, table.name), *node.arguments)
                    return replace(node, function=_LOOKUP, name="LOOKUP", arguments=arguments)
                case Subscripted(base=Reference(ident=ident, path=())):
                    own = self.arrays.get(ident, ())
                    if len(own) == len(node.subscripts):
                        pairs = zip(own, node.subscripts, strict=True)
                        return replace(node, subscripts=tuple(_starred(*pair) for pair in pairs))
            return node

        expr = rewritten(equation.expr, change)
        return Equation(equation.source, expr) if expr != equation.expr else equation


def _starred(dimension: Ident, subscript: Expr) -> Expr:
    if isinstance(subscript, Wildcard) and subscript.dimension == dimension:
        return Wildcard(None, "", subscript.span)
    return subscript
