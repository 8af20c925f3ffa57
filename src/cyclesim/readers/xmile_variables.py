"""XMILE's variables: stocks, flows, auxiliaries and graphical functions of their own."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from cyclesim.errors import SourceText
from cyclesim.expr import Number
from cyclesim.names import Ident, canonical, displayed
from cyclesim.project import (
    About,
    Auxiliary,
    Bounds,
    Definition,
    Equation,
    Flow,
    Graph,
    Stock,
    Variable,
)
from cyclesim.readers.findings import Findings
from cyclesim.readers.xmile_conveyors import (
    leak_equation,
    outflows_of_conveyors,
    read_conveyor,
    read_leak,
    refuse_spread,
)
from cyclesim.readers.xmile_dimensions import Dimensions, read_dimensions_of
from cyclesim.readers.xmile_elements import (
    AMONG_VARIABLES,
    IN_VARIABLE,
    REFUSED,
    refuse_unknown,
)
from cyclesim.readers.xmile_equations import (
    Part,
    read_definitions,
    read_flow_names,
    read_parts,
)
from cyclesim.readers.xmile_modules import Connections, read_module
from cyclesim.readers.xml import Element


@dataclass(frozen=True)
class Surroundings:
    """What the variables of a model are read with."""

    dimensions: Dimensions
    non_negative: frozenset[str] = frozenset()
    """The kinds of variable that are non-negative unless they say otherwise."""
    connected: frozenset[Ident] = frozenset()
    """The variables to which a module's user connects others."""
    connections: Connections | None = None
    off_conveyors: frozenset[Ident] = frozenset()
    """The flows that leave conveyors."""


def read_variables(
    elements: list[Element], around: Surroundings, findings: Findings
) -> tuple[Variable, ...]:
    """Return the variables of a model in the order in which they stand there."""
    around = replace(around, off_conveyors=outflows_of_conveyors(elements))
    read = (_variable(element, around, findings) for element in elements)
    found = [variable for variable in read if variable is not None]
    _refuse_twins(found, findings)
    return tuple(found)


def loose(model: Element) -> Element:
    """Return the variables that files of before XMILE 1.0 set directly into <model>."""
    kinds = ("stock", "flow", "aux", "gf", "module")
    found = [child for child in model.children if child.tag in kinds]
    return Element("variables", "", {}, model.location, found)


def variable_elements(model: Element) -> list[Element]:
    """Return the elements of a model's variables."""
    return [child for block in (*model.all("variables"), loose(model)) for child in block.children]


def non_negative_defaults(element: Element) -> frozenset[str]:
    """Return which kinds of variable are non-negative unless they say otherwise."""
    behavior = element.child("behavior")
    if behavior is None:
        return frozenset()
    if behavior.child("non_negative") is not None:
        return frozenset({"stock", "flow"})
    blocks = [child for child in behavior.children if child.tag in ("stock", "flow")]
    return frozenset(block.tag for block in blocks if block.child("non_negative") is not None)


def _refuse_twins(variables: list[Variable], findings: Findings) -> None:
    first: dict[Ident, Variable] = {}
    for variable in variables:
        about = variable.about
        other = first.setdefault(about.ident, variable)
        if other is not variable:
            line = other.about.location.line
            message = f"the name is taken by '{other.about.name}' on line {line}"
            hint = "Names are equal whatever their case, blanks or underscores."
            findings.fault("twin", message, about.location, f"'{about.name}'", hint)


def _variable(element: Element, around: Surroundings, findings: Findings) -> Variable | None:
    if element.tag in REFUSED:
        name = displayed(element.attributes.get("name", element.tag))
        findings.fault(element.tag, REFUSED[element.tag], element.location, f"'{name}'")
        return None
    if element.tag not in AMONG_VARIABLES:
        message = "no kind of variable is called so"
        findings.fault("unknown-element", message, element.location, f"<{element.tag}>")
        return None
    if element.tag not in (*IN_VARIABLE, "gf"):
        return None
    if not displayed(element.attributes.get("name", "")):
        message = "the variable has no name"
        findings.fault("unnamed", message, element.location, f"<{element.tag}>")
        return None
    about = _about(element, around, findings)
    if element.tag in IN_VARIABLE:
        subject = f"'{about.name}'"
        refuse_unknown(element.children, IN_VARIABLE[element.tag], findings, subject)
    if element.tag == "module":
        return read_module(element, about, around.connections, findings)
    if element.tag == "gf":
        wrapped = Element("aux", "", {}, element.location, [element])
        return _graph(read_parts(wrapped, about, around.dimensions, findings), about)
    return _computed(element, about, around, findings)


def _graph(parts: tuple[Part, ...], about: About) -> Graph | None:
    found = [(part.subscripts, part.graphical) for part in parts if part.graphical is not None]
    return Graph(about, tuple(found)) if found else None


def _computed(
    element: Element, about: About, around: Surroundings, findings: Findings
) -> Variable | None:
    if element.tag == "flow":
        element = leak_equation(element, about, findings)
    parts = read_parts(element, about, around.dimensions, findings)
    if element.tag == "aux" and parts and all(part.without_equation for part in parts):
        return _graph(parts, about)
    is_input = element.attributes.get("access", "").casefold() == "input"
    from_outside = about.ident in around.connected
    before = len(findings.diagnostics)
    leak = read_leak(element, about, findings) if element.tag == "flow" else None
    if element.tag == "flow":
        refuse_spread(element, about, findings)
    if about.ident in around.off_conveyors and leak is None and not _has_equation(parts):
        definitions = _given_by_conveyor(element, about)
    else:
        definitions = read_definitions(parts, about, findings, from_outside)
    conveyor = read_conveyor(element, about, findings) if element.tag == "stock" else None
    if element.tag == "stock":
        inflows = read_flow_names(element.all("inflow"), about, findings)
        outflows = read_flow_names(element.all("outflow"), about, findings)
        if from_outside and (inflows or outflows):
            message = "a stock with flows of its own cannot be given its value from outside"
            findings.fault("connection", message, element.location, f"'{about.name}'")
    if len(findings.diagnostics) > before or not definitions:
        return None
    non_negative = _flag(element, element.tag in around.non_negative)
    if element.tag == "flow":
        return Flow(about, definitions, non_negative, leak)
    if element.tag == "aux" or from_outside:
        return Auxiliary(about, definitions, is_input or from_outside)
    # A conveyor holds what entered and did not leave yet: never less than nothing.
    return Stock(about, definitions, inflows, outflows, non_negative and conveyor is None, conveyor)


def _has_equation(parts: tuple[Part, ...]) -> bool:
    return any(eqn.text.strip() for part in parts for eqn in part.element.all("eqn"))


def _given_by_conveyor(element: Element, about: About) -> tuple[Definition, ...]:
    """Return what keeps the place of the equation of a flow that a conveyor gives."""
    where = element.location
    nothing = SourceText("0", where.path, ((0, where.line, where.column),))
    return (Definition(Equation(nothing, Number(0.0)), about.dimensions),)


def _flag(element: Element, default: bool) -> bool:
    flag = element.child("non_negative")
    if flag is None:
        return default
    return flag.text.strip().casefold() != "false"


def _about(element: Element, around: Surroundings, findings: Findings) -> About:
    name = displayed(element.attributes["name"])
    units = element.child("units")
    doc = element.child("doc") or element.child("documentation")
    block = element.child("dimensions")
    dimensions: tuple[Ident, ...] = ()
    if block is not None:
        dimensions = read_dimensions_of(block, f"'{name}'", around.dimensions, findings)
    return About(
        name=name,
        ident=canonical(element.attributes["name"]),
        location=element.location,
        units=" ".join(units.text.split()) if units is not None else None,
        doc=" ".join(doc.text.split()) if doc is not None else None,
        range=_range(element.child("range"), name, findings),
        dimensions=dimensions,
    )


def _range(element: Element | None, name: str, findings: Findings) -> Bounds:
    if element is None:
        return Bounds()
    ends: list[float | None] = []
    for key in ("min", "max"):
        text = element.attributes.get(key)
        try:
            ends.append(float(text) if text else None)
        except ValueError:
            ends.append(math.nan)
        if ends[-1] is not None and math.isnan(ends[-1]):
            message = f"the range's {key} '{text}' is not a number"
            findings.fault("range", message, element.location, f"'{name}'")
            ends[-1] = None
    low, high = ends
    if low is not None and high is not None and low > high:
        message = f"the range runs from {low:g} down to {high:g}"
        findings.fault("range", message, element.location, f"'{name}'")
    return Bounds(low, high)
