"""XMILE's modules: which model each is made of, and what is connected to its inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cyclesim.expr import Reference, Subscripted
from cyclesim.names import Ident, canonical, displayed
from cyclesim.project import (
    About,
    Auxiliary,
    Connection,
    Flow,
    Module,
    Submodel,
    Variable,
)
from cyclesim.readers.findings import Findings
from cyclesim.readers.xmile_equations import named
from cyclesim.readers.xml import Element

_IN_BRACKETS = re.compile(r'([^\["]+|.*")\[([^\[\]]*)\]')


def model_of(module: Element) -> str:
    """Return the name of the model that a module is made of: its own, unless it names another."""
    return displayed(module.attributes.get("model_name", module.attributes.get("name", "")))


@dataclass(frozen=True)
class Connections:
    """The connections of the modules of one model, by module."""

    by_module: Mapping[Ident, tuple[Connection, ...]]


def read_connections(elements: Iterable[Element], findings: Findings) -> Connections:
    """Return what is connected to each module of a model.

    Stella lists a connection with both modules that it joins; the one that it leads to has it.
    """
    modules = [element for element in elements if element.tag == "module"]
    names = [canonical(module.attributes.get("name", "")) for module in modules]
    found: dict[Ident, dict[_Target, Connection]] = {name: {} for name in names}
    for module, own in zip(modules, names, strict=True):
        for element in module.all("connect"):
            to, parts = _element(element.attributes.get("to", ""))
            base, places = _element(element.attributes.get("from", ""))
            named_there = tuple(Reference(canonical(each), each) for each in places)
            source = Subscripted(base, named_there) if places else base
            subject = f"'{displayed(module.attributes.get('name', ''))}'"
            if not to.ident or not base.ident:
                message = "the connection does not say from where to where"
                findings.fault("connection", message, element.location, subject)
                continue
            owner, to = _owner(to, own, found)
            if to.path:
                message = f"the connection leads to '{'.'.join((*to.path, to.name))}'"
                message += ", which is no input of a module here"
                findings.fault("connection", message, element.location, subject)
                continue
            connection = Connection(to, source, tuple(map(canonical, parts)))
            other = found[owner].setdefault((to.ident, connection.elements), connection)
            if other != connection:
                message = f"'{to.name}' is connected twice"
                findings.fault("connection", message, element.location, subject)
    return Connections({name: tuple(each.values()) for name, each in found.items()})


_Target = tuple[Ident, tuple[Ident, ...]]
"""An input, and the elements of it that are connected."""


def _element(text: str) -> tuple[Reference, tuple[str, ...]]:
    """Return the variable that a name means and the elements in its square brackets."""
    written = _IN_BRACKETS.fullmatch(text.strip())
    if written is None:
        return named(text), ()
    return named(written[1]), tuple(displayed(each) for each in written[2].split(","))


def _owner(to: Reference, own: Ident, modules: Mapping[Ident, object]) -> tuple[Ident, Reference]:
    """Return the module that a connection leads to, and its input."""
    if len(to.path) == 1 and canonical(to.path[0]) in modules:
        return canonical(to.path[0]), Reference(to.ident, to.name)
    return own, to


def read_module(
    element: Element, about: About, connections: Connections | None, findings: Findings
) -> Module | None:
    """Return a module with what is connected to its inputs."""
    if connections is None:
        message = "a macro cannot hold a module"
        findings.fault("module", message, element.location, f"'{about.name}'")
        return None
    return Module(about, model_of(element), connections.by_module.get(about.ident, ()))


def inputs_of(
    elements: Iterable[Element], name: str, connected: Mapping[Ident, frozenset[Ident]]
) -> frozenset[Ident]:
    """Return the variables of a model whose values come from outside where they are connected."""
    marked = {
        canonical(element.attributes.get("name", ""))
        for element in elements
        if element.attributes.get("access", "").casefold() == "input"
        and not (element.all("inflow") or element.all("outflow"))
    }
    return connected.get(canonical(name), frozenset()) | marked


def connected_inputs(models: Iterable[Iterable[Element]]) -> dict[Ident, frozenset[Ident]]:
    """Return, for each model that modules are made of, the inputs that any module connects."""
    found: dict[Ident, frozenset[Ident]] = {}
    for elements in models:
        made_of = {
            canonical(element.attributes.get("name", "")): canonical(model_of(element))
            for element in elements
            if element.tag == "module"
        }
        unheard = Findings("")  # what is wrong is told when the model itself is read
        for module, connections in read_connections(elements, unheard).by_module.items():
            inputs = frozenset(connection.input.ident for connection in connections)
            model = made_of[module]
            found[model] = found.get(model, frozenset()) | inputs
    return found


def check_inputs(
    models: Iterable[Iterable[Variable]], submodels: Iterable[Submodel], findings: Findings
) -> None:
    """Note each module that leaves an input without a value: neither equation nor connection."""
    waiting = {canonical(each.name): tuple(_waiting(each.variables)) for each in submodels}
    for variables in models:
        for module in variables:
            if not isinstance(module, Module):
                continue
            given = {connection.input.ident for connection in module.connections}
            for about in waiting.get(canonical(module.model), ()):
                if about.ident not in given:
                    message = f"nothing is connected to '{about.name}', which has no equation"
                    subject = f"'{module.about.name}'"
                    findings.fault("connection", message, module.about.location, subject)


def _waiting(variables: Iterable[Variable]) -> Iterator[About]:
    for variable in variables:
        if isinstance(variable, Auxiliary | Flow) and any(
            definition.waiting for definition in variable.definitions
        ):
            yield variable.about
