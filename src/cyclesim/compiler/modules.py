"""Modules put in place: each one's variables under qualified names, its inputs connected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from cyclesim.errors import Diagnostic, ModelError, in_file_order
from cyclesim.expr import Call, Expr, Reference
from cyclesim.expr.tree import rewritten
from cyclesim.names import Ident, canonical, did_you_mean
from cyclesim.project import (
    About,
    Auxiliary,
    Definition,
    Equation,
    Flow,
    Graph,
    Module,
    Project,
    Stock,
    Submodel,
    Variable,
)

DEPTH_LIMIT = 20

MOST_SITES = 1 << 20
"""The calls of a copy of an equation are numbered this much higher than those of the one before."""


def without_modules(project: Project) -> tuple[Variable, ...]:
    """Return all variables of a project, those of modules named `Module.Variable`.

    Raises ModelError where a module's model or the source of a connection is not there.
    """
    if not any(isinstance(variable, Module) for variable in project.variables):
        return project.variables
    submodels = {canonical(submodel.name): submodel for submodel in project.submodels}
    placing = _Placing(submodels)
    found = tuple(placing.instance(project.variables, (), {}))
    placing.diagnostics += _twins(found)
    if placing.diagnostics:
        raise ModelError(in_file_order(placing.diagnostics))
    return found


def resited(expr: Expr, copy: int) -> Expr:
    """Return a call as it is in a copy of its equation: noise is drawn anew in each copy."""
    if isinstance(expr, Call) and copy:
        return replace(expr, site=expr.site + copy * MOST_SITES)
    return expr


def _twins(variables: tuple[Variable, ...]) -> Iterator[Diagnostic]:
    """Yield a finding for each variable that a module's variable is called like."""
    known: dict[Ident, About] = {}
    for variable in variables:
        about = variable.about
        other = known.setdefault(about.ident, about)
        if other is not about:
            message = f"the name is taken by '{other.name}' on line {other.location.line}"
            yield Diagnostic("twin", message, about.location, f"'{about.name}'", "Rename one.")


Sources = Mapping[Ident, list[tuple[tuple[Ident, ...], Expr]]]
"""What feeds each input: the whole of it (()), or some of its elements."""


@dataclass
class _Placing:
    submodels: Mapping[Ident, Submodel]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    copies: dict[Ident, int] = field(default_factory=dict)

    def instance(
        self,
        variables: tuple[Variable, ...],
        path: tuple[str, ...],
        sources: Sources,
        copy: int = 0,
    ) -> Iterator[Variable]:
        """Yield the variables of one instance of a model, references made absolute."""
        local = {v.about.ident for v in variables if not isinstance(v, Module)}
        modules = {v.about.ident for v in variables if isinstance(v, Module)}

        def absolute(expr: Expr) -> Expr:
            match expr:
                case Reference(path=inner) if inner and canonical(inner[0]) in modules:
                    return _qualified(expr, (*path, *inner))
                case Reference(ident=ident, path=()) if path and ident in local:
                    return _qualified(expr, path)
                case Call(function=function) if path and function in local:
                    whole = ".".join((*path, expr.name))
                    return replace(expr, function=canonical(whole), name=whole)
            return resited(expr, copy)

        for variable in variables:
            if isinstance(variable, Module):
                yield from self.module(variable, path, absolute)
            else:
                placed = _moved(variable, path, absolute)
                given = sources.get(variable.about.ident, [])
                yield _connected(placed, given) if given else placed

    def module(
        self, module: Module, path: tuple[str, ...], absolute: Callable[[Expr], Expr]
    ) -> Iterator[Variable]:
        """Yield what a module is made of."""
        submodel = self.submodels.get(canonical(module.model))
        if submodel is None or len(path) > DEPTH_LIMIT:
            message = f"no model is called '{module.model}'"
            hint = did_you_mean(module.model, [s.name for s in self.submodels.values()])
            if submodel is not None:
                message, hint = f"modules are nested more than {DEPTH_LIMIT} deep", None
            self.fault("module", message, module, hint)
            return
        inputs = [v.about for v in submodel.variables if not isinstance(v, Module)]
        known = {about.ident for about in inputs}
        sources: dict[Ident, list[tuple[tuple[Ident, ...], Expr]]] = {}
        for connection in module.connections:
            if connection.input.ident not in known:
                message = f"the model '{module.model}' has no input '{connection.input.name}'"
                hint = did_you_mean(connection.input.name, [about.name for about in inputs])
                self.fault("connection", message, module, hint)
                continue
            source = rewritten(connection.source, absolute)
            sources.setdefault(connection.input.ident, []).append((connection.elements, source))
        for about in inputs:
            given = [elements for elements, _ in sources.get(about.ident, [])]
            if () in given and len(given) > 1:
                message = f"'{about.name}' is connected as a whole and by its elements"
                self.fault("connection", message, module, "Keep one of them.")
        model = canonical(module.model)
        copy = self.copies[model] = self.copies.get(model, -1) + 1
        yield from self.instance(submodel.variables, (*path, module.about.name), sources, copy)

    def fault(self, code: str, message: str, module: Module, hint: str | None) -> None:
        about = module.about
        found = Diagnostic(code, message, about.location, f"'{about.name}'", hint)
        self.diagnostics.append(found)


def _qualified(reference: Reference, path: tuple[str, ...]) -> Reference:
    name = ".".join((*path, reference.name))
    return replace(reference, ident=canonical(name), name=name, path=())


def _connected(variable: Variable, given: list[tuple[tuple[Ident, ...], Expr]]) -> Variable:
    """Return an input with what feeds it; elements that nothing feeds keep their equations."""
    if not isinstance(variable, Auxiliary | Flow):
        return variable
    own = variable.definitions
    place = own[0].equation.source
    fed = tuple(
        Definition(Equation(place, source), elements or variable.about.dimensions)
        for elements, source in given
    )
    parts = tuple(elements for elements, _ in given)
    kept = () if () in parts else tuple(replace(d, excepts=(*d.excepts, *parts)) for d in own)
    if isinstance(variable, Flow):
        return replace(variable, definitions=(*kept, *fed))
    return Auxiliary(variable.about, (*kept, *fed))


def _moved(variable: Variable, path: tuple[str, ...], absolute: Callable[[Expr], Expr]) -> Variable:
    about = _about(variable.about, path)

    def equation(given: Equation) -> Equation:
        return Equation(given.source, rewritten(given.expr, absolute))

    def definitions(given: tuple[Definition, ...]) -> tuple[Definition, ...]:
        return tuple(replace(each, equation=equation(each.equation)) for each in given)

    match variable:
        case Stock():
            return replace(
                variable,
                about=about,
                initial=definitions(variable.initial),
                inflows=tuple(map(equation, variable.inflows)),
                outflows=tuple(map(equation, variable.outflows)),
                conveyor=variable.conveyor.changed(equation) if variable.conveyor else None,
            )
        case Flow() | Auxiliary():
            return replace(variable, about=about, definitions=definitions(variable.definitions))
        case Graph() | Module():
            return replace(variable, about=about)


def _about(about: About, path: tuple[str, ...]) -> About:
    if not path:
        return about
    name = ".".join((*path, about.name))
    return replace(about, name=name, ident=canonical(name))
