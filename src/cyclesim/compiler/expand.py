"""Functions that hide state, modules and macros become parts that remember the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from cyclesim.compiler.conveyors import with_conveyors
from cyclesim.compiler.modules import resited, without_modules
from cyclesim.compiler.parts import Algebraic, Buffer, Kind, Level, Memory, Model, Origin
from cyclesim.compiler.stateful import EXPANSIONS, Site
from cyclesim.errors import Diagnostic
from cyclesim.expr import Call, Expr, Number, Reference, Subscripted
from cyclesim.expr.tree import rewritten
from cyclesim.functions import FUNCTIONS, Form
from cyclesim.names import Ident, did_you_mean
from cyclesim.project import (
    About,
    Auxiliary,
    Conveyor,
    Definition,
    Equation,
    Flow,
    Graph,
    Leak,
    Macro,
    Project,
    Stock,
    Variable,
)

Part = Level[Definition] | Algebraic[Definition] | Memory[Definition] | Buffer[Definition]

MACRO_DEPTH = 20


def expand(project: Project) -> Model[Definition]:
    """Return the model with modules, macros and stateful functions replaced by parts.

    Faulty calls are among its `faults`. Raises ModelError where modules cannot be put in place.
    """
    macros = {macro.ident: macro for macro in project.macros}
    dimensions = frozenset(dimension.ident for dimension in project.dimensions)
    variables = without_modules(project)
    names = frozenset(variable.about.ident for variable in variables)
    expander = _Expander(macros, dimensions, names)
    for variable in variables:
        expander.add(variable, None)
    faults = (*expander.diagnostics, *_flow_faults(variables))
    graphs = tuple(variable for variable in variables if isinstance(variable, Graph))
    parts, conveyors, more = with_conveyors(expander.parts, expander.conveyors, expander.leaks)
    return Model(project, parts, graphs, faults=(*faults, *more), conveyors=conveyors)


@dataclass
class _Expander:
    macros: Mapping[Ident, Macro]
    dimensions: frozenset[Ident]
    names: frozenset[Ident]
    parts: list[Part] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    depth: int = 0
    copies: dict[Ident, int] = field(default_factory=dict)
    conveyors: list[tuple[Ident, Conveyor]] = field(default_factory=list)
    leaks: dict[Ident, Leak] = field(default_factory=dict)

    def add(self, variable: object, origin: Origin | None) -> None:
        """Append a variable and, after it, what its calls are replaced by."""
        place = len(self.parts)
        match variable:
            case Stock(about=about, conveyor=conveyor):
                equations = conveyor.equations if conveyor is not None else ()
                own = tuple(Definition(each, about.dimensions) for each in equations)
                found = self.definitions(about, (*variable.initial, *own))
                initial = found[: len(variable.initial)]
                if conveyor is not None:
                    made = iter(found[len(initial) :])
                    conveyor = conveyor.changed(lambda _: next(made).equation)
                    self.conveyors.append((about.ident, conveyor))
                self.parts.insert(
                    place,
                    Level(
                        about,
                        initial,
                        tuple(_ident(flow) for flow in variable.inflows),
                        tuple(_ident(flow) for flow in variable.outflows),
                        variable.non_negative,
                        origin,
                    ),
                )
            case Flow(about=about) | Auxiliary(about=about):
                formula = self.definitions(about, variable.definitions)
                is_flow = isinstance(variable, Flow)
                kind = Kind.FLOW if is_flow else Kind.AUXILIARY
                below = isinstance(variable, Flow) and variable.non_negative
                if isinstance(variable, Flow) and variable.leak is not None:
                    self.leaks[about.ident] = variable.leak
                self.parts.insert(place, Algebraic(about, formula, kind, below, origin))

    def definitions(self, about: About, given: tuple[Definition, ...]) -> tuple[Definition, ...]:
        numbers: dict[int, int] = {}  # the calls of all equations of a variable count together
        return tuple(self.expanded(about, definition, numbers) for definition in given)

    def expanded(self, about: About, definition: Definition, numbers: dict[int, int]) -> Definition:
        loops = tuple(s for s in definition.subscripts if s in self.dimensions)
        site = Site(about, definition.equation, loops, self.parts, self.diagnostics, numbers)
        own = Reference(about.ident, about.name)

        def change(expr: Expr) -> Expr:
            match expr:
                case Reference(ident="self", path=()) if "self" not in self.names:
                    return _subscripted(own, definition.subscripts)
                case Call(function=function) if function in self.macros:
                    return self.macro(self.macros[function], expr, site)
                case Call():
                    return self.call(expr, site)
            return expr

        expr = rewritten(definition.equation.expr, change)
        return replace(definition, equation=Equation(definition.equation.source, expr))

    def call(self, call: Call, site: Site) -> Expr:
        function = FUNCTIONS.get(call.function)
        if function is None or function.form not in (Form.STOCKS, Form.MEMORY, Form.BUFFER):
            return call
        if not function.least <= len(call.arguments) <= len(function.arguments):
            return call  # told with the other calls when names are resolved
        return EXPANSIONS[function.name](site.maker(function.name, call))

    def macro(self, macro: Macro, call: Call, site: Site) -> Expr:
        """Return the result of a macro's own copy of its variables, made for this call."""
        least = sum(1 for _, default in macro.parameters if default is None)
        if not least <= len(call.arguments) <= len(macro.parameters) or self.depth > MACRO_DEPTH:
            names = ", ".join(ident for ident, _ in macro.parameters)
            given = len(call.arguments)
            message = f"the macro {macro.name} is given {given} argument{'' if given == 1 else 's'}"
            if self.depth <= MACRO_DEPTH:
                site.fault("macro", message, call, f"Write {macro.name}({names}).")
                return Number(0.0)
            message = f"macros call each other more than {MACRO_DEPTH} deep"
            found = Diagnostic("macro", message, macro.location, f"macro '{macro.name}'")
            if found not in self.diagnostics:
                self.diagnostics.append(found)
            return Number(0.0)
        maker = site.maker(macro.name, call)
        variables = {variable.about.ident: variable for variable in macro.variables}
        result = Ident(f"{macro.ident}·result") if macro.ident in variables else macro.ident
        locals_ = {ident: maker.reference(str(ident)) for ident in variables}
        locals_ |= {ident: maker.reference(str(ident)) for ident, _ in macro.parameters}

        copy = self.copies[macro.ident] = self.copies.get(macro.ident, -1) + 1

        def local(expr: Expr) -> Expr:
            if isinstance(expr, Reference) and not expr.path and expr.ident in locals_:
                return locals_[expr.ident]
            return resited(expr, copy)

        def within(equation: Equation) -> Equation:
            return Equation(equation.source, _localised(equation.expr, local))

        for place, (ident, default) in enumerate(macro.parameters):
            if place < len(call.arguments):
                maker.auxiliary(str(ident), call.arguments[place])
            else:
                assert default is not None
                maker.auxiliary(str(ident), within(default).expr)
        self.depth += 1
        for ident, variable in variables.items():
            self.add(
                _instance(variable, maker.about(str(ident)), site, within), maker.origin(str(ident))
            )
        outcome = maker.auxiliary(str(result), within(macro.equation).expr)
        self.expand_again(outcome, site)
        self.depth -= 1
        return outcome

    def expand_again(self, outcome: Expr, site: Site) -> None:
        """Expand the calls within the equation of a part that was just made."""
        ident = outcome.base.ident if isinstance(outcome, Subscripted) else outcome.ident  # type: ignore[union-attr]
        place = next(i for i, part in enumerate(self.parts) if part.about.ident == ident)
        part = self.parts[place]
        assert isinstance(part, Algebraic)
        changed = self.definitions(part.about, part.formula)
        place = next(i for i, part in enumerate(self.parts) if part.about.ident == ident)
        self.parts[place] = replace(part, formula=changed)


def _localised(expr: Expr, local: object) -> Expr:
    """Return the tree with a macro's names replaced; a subscripted one keeps its own subscripts."""

    def change(node: Expr) -> Expr:
        if isinstance(node, Subscripted) and isinstance(node.base, Reference):
            return node
        return local(node)  # type: ignore[operator, no-any-return]

    return rewritten(expr, change)


def _instance(variable: object, about: About, site: Site, within: object) -> object:
    """Return a macro's variable under the name that it has for one call."""

    def definitions(given: tuple[Definition, ...]) -> tuple[Definition, ...]:
        return tuple(
            replace(d, equation=within(d.equation), subscripts=site.loops)  # type: ignore[operator]
            for d in given
        )

    match variable:
        case Stock():
            return replace(
                variable,
                about=about,
                initial=definitions(variable.initial),
                inflows=tuple(within(e) for e in variable.inflows),  # type: ignore[operator]
                outflows=tuple(within(e) for e in variable.outflows),  # type: ignore[operator]
                conveyor=variable.conveyor.changed(within) if variable.conveyor else None,  # type: ignore[arg-type]
            )
        case Flow() | Auxiliary():
            return replace(variable, about=about, definitions=definitions(variable.definitions))
    return variable


def _subscripted(reference: Reference, subscripts: tuple[Ident, ...]) -> Expr:
    if not subscripts:
        return reference
    return Subscripted(reference, tuple(Reference(s, str(s)) for s in subscripts))


def _ident(flow: Equation) -> Ident:
    reference = flow.expr.base if isinstance(flow.expr, Subscripted) else flow.expr
    assert isinstance(reference, Reference)  # the readers refuse anything else
    return reference.ident


def _flow_faults(variables: tuple[Variable, ...]) -> Iterator[Diagnostic]:
    """Yield a finding for each inflow and outflow that is no flow of its stock's dimensions."""
    known = {variable.about.ident: variable for variable in variables}
    flows = [v.about.name for v in variables if isinstance(v, Flow | Auxiliary)]
    for stock in variables:
        if not isinstance(stock, Stock):
            continue
        for equation in (*stock.inflows, *stock.outflows):
            found = known.get(_ident(equation))
            if found is None:
                message = f"no flow is called '{equation.text}'"
                hint = did_you_mean(equation.text, flows)
            elif isinstance(found, Graph):
                message = f"'{found.about.name}' is a graphical function, not a flow"
                hint = "Name a flow."
            elif not isinstance(found, Flow | Auxiliary):
                message = f"'{found.about.name}' is a stock and cannot fill or drain another"
                hint = "Name a flow."
            elif found.about.dimensions and found.about.dimensions != stock.about.dimensions:
                message = f"the flow '{found.about.name}' has other dimensions than the stock"
                hint = "Give both the same dimensions."
            elif stock.non_negative and found.about.dimensions != stock.about.dimensions:
                message = f"the flow '{found.about.name}' is one number for a non-negative array"
                hint = "Give it the stock's dimensions, so that each element can be limited."
            else:
                continue
            where, subject = equation.source.location(), f"'{stock.about.name}'"
            yield Diagnostic("unknown-flow", message, where, subject, hint)
