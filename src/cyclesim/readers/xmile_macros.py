"""XMILE's macros (XMILE 1.0, section 4.8) and unit definitions (section 2.5)."""

from __future__ import annotations

from cyclesim.errors import SourceText
from cyclesim.expr import ExpressionError, parse
from cyclesim.names import Ident, canonical, displayed
from cyclesim.project import About, Equation, Macro, UnitDefinition
from cyclesim.readers.findings import Findings, place_of
from cyclesim.readers.xmile_dimensions import Dimensions
from cyclesim.readers.xmile_elements import IN_MACRO, refuse_unknown
from cyclesim.readers.xmile_equations import read_equation
from cyclesim.readers.xmile_variables import Surroundings, read_variables, variable_elements
from cyclesim.readers.xml import Element


def read_macros(root: Element, dimensions: Dimensions, findings: Findings) -> tuple[Macro, ...]:
    """Return the macros of a file in the order in which they stand there."""
    found: dict[Ident, Macro] = {}
    for element in root.all("macro"):
        macro = _macro(element, dimensions, findings)
        if macro is None:
            continue
        other = found.setdefault(macro.ident, macro)
        if other is not macro:
            message = f"the name is taken by the macro {place_of(other.location, element.location)}"
            findings.fault("twin", message, element.location, f"macro '{macro.name}'")
    return tuple(found.values())


def _macro(element: Element, dimensions: Dimensions, findings: Findings) -> Macro | None:
    name = displayed(element.attributes.get("name", ""))
    if not name:
        findings.fault("unnamed", "the macro has no name", element.location, "<macro>")
        return None
    refuse_unknown(element.children, IN_MACRO, findings, f"macro '{name}'")
    about = About(f"{name}", canonical(name), element.location)
    parameters = tuple(_parameter(child, name, findings) for child in element.all("parm"))
    idents = [ident for ident, _ in parameters]
    for place, (ident, child) in enumerate(zip(idents, element.all("parm"), strict=True)):
        if ident in idents[:place]:
            message = f"the parameter '{displayed(child.text)}' stands there twice"
            findings.fault("twin", message, child.location, f"macro '{name}'")
    equation = read_equation(element, about, findings)
    # Stella keeps a variable for each parameter, with the value that it has while it is edited.
    own = [
        child
        for child in variable_elements(element)
        if canonical(child.attributes.get("name", "")) not in idents
    ]
    variables = read_variables(own, Surroundings(dimensions), findings)
    if equation is None:
        return None
    return Macro(name, about.ident, element.location, parameters, equation, variables)


def _parameter(element: Element, macro: str, findings: Findings) -> tuple[Ident, Equation | None]:
    name = displayed(element.text)
    subject = f"macro '{macro}'"
    if not name:
        findings.fault("unnamed", "a parameter has no name", element.location, subject)
    written = element.attributes.get("default")
    if written is None:
        return canonical(name), None
    where = element.location
    source = SourceText(written, where.path, ((0, where.line, where.column),))
    try:
        return canonical(name), Equation(source, parse(written, findings.next_call))
    except ExpressionError as error:
        message = f"the default '{written}' of '{name}' cannot be read: {error.message}"
        findings.fault("equation", message, where, subject, error.hint or "")
        return canonical(name), None


def read_units(root: Element, findings: Findings) -> tuple[UnitDefinition, ...]:
    """Return the units that a file defines."""
    found: dict[Ident, UnitDefinition] = {}
    for block in root.all("model_units"):
        for element in block.children:
            unit = _unit(element, findings)
            if unit is None:
                continue
            other = found.setdefault(canonical(unit.name), unit)
            if other is not unit:
                message = (
                    f"the name is taken by the unit {place_of(other.location, element.location)}"
                )
                findings.fault("twin", message, element.location, f"unit '{unit.name}'")
    return tuple(found.values())


def _unit(element: Element, findings: Findings) -> UnitDefinition | None:
    if element.tag == "units":  # before XMILE 1.0: a list of the units in use
        return None
    if element.tag != "unit":
        message = "this element is not known"
        findings.fault("unknown-element", message, element.location, f"<{element.tag}>")
        return None
    name = " ".join(element.attributes.get("name", "").split())
    if not name:
        findings.fault("unnamed", "the unit has no name", element.location, "<unit>")
        return None
    known = frozenset(["eqn", "alias"])
    refuse_unknown(element.children, known, findings, f"unit '{name}'")
    if element.attributes.get("disabled", "").casefold() == "true":
        return None
    eqn = element.child("eqn")
    equation = " ".join(eqn.text.split()) if eqn is not None else ""
    aliases = tuple(" ".join(alias.text.split()) for alias in element.all("alias"))
    kept = tuple(alias for alias in aliases if alias)
    return UnitDefinition(name, equation or None, kept, element.location)
