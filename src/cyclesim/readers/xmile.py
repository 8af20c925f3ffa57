"""XMILE (OASIS XMILE 1.0) into a `Project`; what is not computed is refused by name."""

from __future__ import annotations

import math
from pathlib import PurePath

from cyclesim.errors import Diagnostic, ModelError, SourceText, in_file_order
from cyclesim.expr import Expr, ExpressionError, Reference, parse
from cyclesim.names import Ident, canonical, displayed
from cyclesim.project import (
    About,
    Auxiliary,
    Bounds,
    Equation,
    Flow,
    Graph,
    Project,
    Stock,
    Variable,
    View,
)
from cyclesim.readers.findings import Findings
from cyclesim.readers.graphical import read_graphical
from cyclesim.readers.sim_specs import read_sim_specs
from cyclesim.readers.xml import Element, parse_xml, to_xml

_STAY_QUIET = frozenset(
    [
        "header",
        "sim_specs",
        "behavior",
        "style",
        "data",
        "views",
        "prefs",
        "model_units",
        "default_settings",
        "equation_prefs",
        "uuid",
        "multiplayer_settings",
        "time_formats",
    ]
)
"""Elements of the whole file that say nothing about values."""

_VARIABLE_CHILDREN = frozenset(
    [
        "eqn",
        "inflow",
        "outflow",
        "gf",
        "units",
        "doc",
        "documentation",
        "range",
        "scale",
        "format",
        "non_negative",
        "event_poster",
        "style",
    ]
)
_MODEL_CHILDREN = frozenset(
    [
        "variables",
        "views",
        "doc",
        "sim_specs",
        "behavior",
        "style",
        "stock",
        "flow",
        "aux",
        "gf",
        "display",
    ]
)
_REFUSED = {
    "dimensions": "arrays are not computed yet",
    "module": "modules are not computed yet",
    "macro": "macros are not computed yet",
    "group": "",
    "conveyor": "conveyors are not computed yet",
    "queue": "queues are not computed yet",
    "leak": "conveyors are not computed yet",
    "overflow": "queues are not computed yet",
    "multiplier": "unit conversion of flows is not computed yet",
    "element": "arrays are not computed yet",
    "include": "includes are not read yet",
}


def read_xmile(content: bytes, path: str) -> Project:
    """Return what an XMILE file says. Raises ModelError with everything found wrong."""
    root = parse_xml(content, path)
    findings = Findings(path)
    if root.tag != "xmile":
        findings.fault("not-xmile", f"the file is <{root.tag}>, not <xmile>", root.location)
        raise ModelError(findings.diagnostics)
    models = root.all("model")
    _refuse_unknown(root, findings)
    if len(models) != 1:
        where = models[1].location if models else root.location
        message = f"the file holds {len(models)} models; modules are not computed yet"
        if not models:
            message = "the file holds no <model>"
        findings.fault("models", message, where)
    specs = read_sim_specs(root.child("sim_specs"), findings)
    variables = _variables(models[0], root, findings) if models else ()
    if findings.diagnostics:
        raise ModelError(in_file_order(findings.diagnostics))
    return Project(
        path=path,
        name=_title(root) or PurePath(path).stem,
        sim_specs=specs,
        variables=variables,
        views=_views(models[0]),
        doc=_doc(models[0]),
    )


def _title(root: Element) -> str | None:
    header = root.child("header")
    name = header.child("name") if header is not None else None
    return name.text.strip() if name is not None and name.text.strip() else None


def _refuse_unknown(root: Element, findings: Findings) -> None:
    for child in root.children:
        if child.tag == "dimensions" and not child.children:
            continue
        if _REFUSED.get(child.tag):
            findings.fault(child.tag, _REFUSED[child.tag], child.location, f"<{child.tag}>")
        elif child.tag not in _STAY_QUIET and child.tag != "model":
            findings.fault(
                "unknown-element", "this element is not known", child.location, f"<{child.tag}>"
            )


def _views(model: Element) -> tuple[View, ...]:
    return tuple(View(to_xml(view), view.location) for view in model.all("views"))


def _doc(model: Element) -> str | None:
    doc = model.child("doc")
    return " ".join(doc.text.split()) if doc is not None else None


def _variables(model: Element, root: Element, findings: Findings) -> tuple[Variable, ...]:
    for child in model.children:
        if _REFUSED.get(child.tag):
            findings.fault(child.tag, _REFUSED[child.tag], child.location, f"<{child.tag}>")
        elif child.tag not in _MODEL_CHILDREN:
            findings.fault(
                "unknown-element", "this element is not known", child.location, f"<{child.tag}>"
            )
    defaults = _non_negative_defaults(root) | _non_negative_defaults(model)
    found: list[Variable] = []
    for container in (*model.all("variables"), _loose(model)):
        for element in container.children:
            variable = _variable(element, defaults, findings)
            if variable is not None:
                found.append(variable)
    _refuse_twins(found, findings)
    if not found and not findings.diagnostics:
        findings.fault("empty", "the model has no variables", model.location)
    return tuple(found)


def _loose(model: Element) -> Element:
    """Return the variables that files of before XMILE 1.0 set directly into <model>."""
    kinds = ("stock", "flow", "aux", "gf")
    found = [child for child in model.children if child.tag in kinds]
    return Element("variables", "", {}, model.location, found)


def _non_negative_defaults(element: Element) -> frozenset[str]:
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


def _variable(element: Element, defaults: frozenset[str], findings: Findings) -> Variable | None:
    if element.tag in _REFUSED:
        if _REFUSED[element.tag]:
            name = element.attributes.get("name", element.tag)
            findings.fault(element.tag, _REFUSED[element.tag], element.location, f"'{name}'")
        return None
    if element.tag == "dependencies":  # a list of links that the vendor derives and draws
        return None
    if element.tag not in ("stock", "flow", "aux", "gf"):
        message = "no kind of variable is called so"
        findings.fault("unknown-element", message, element.location, f"<{element.tag}>")
        return None
    if not displayed(element.attributes.get("name", "")):
        message = "the variable has no name"
        findings.fault("unnamed", message, element.location, f"<{element.tag}>")
        return None
    about = _about(element, findings)
    for child in element.children:
        if _REFUSED.get(child.tag):
            message = _REFUSED[child.tag]
            findings.fault(child.tag, message, child.location, f"'{about.name}'")
        elif child.tag not in _VARIABLE_CHILDREN and element.tag != "gf":
            message = f"<{child.tag}> is not known"
            findings.fault("unknown-element", message, child.location, f"'{about.name}'")
    if element.tag == "gf":
        graphical = read_graphical(element, about.name, findings)
        return Graph(about, graphical) if graphical is not None else None
    return _computed(element, about, defaults, findings)


def _computed(
    element: Element, about: About, defaults: frozenset[str], findings: Findings
) -> Variable | None:
    gf = element.child("gf")
    graphical = read_graphical(gf, about.name, findings) if gf is not None else None
    if element.child("eqn") is None and graphical is not None and element.tag == "aux":
        return Graph(about, graphical)
    equation = _equation(element, about, findings)
    if equation is None:
        return None
    non_negative = _flag(element, element.tag in defaults)
    if element.tag == "stock":
        inflows = _flow_names(element.all("inflow"), about, findings)
        outflows = _flow_names(element.all("outflow"), about, findings)
        return Stock(about, equation, inflows, outflows, non_negative)
    if element.tag == "flow":
        return Flow(about, equation, graphical, non_negative)
    return Auxiliary(about, equation, graphical)


def _flag(element: Element, default: bool) -> bool:
    flag = element.child("non_negative")
    if flag is None:
        return default
    return flag.text.strip().casefold() != "false"


def _about(element: Element, findings: Findings) -> About:
    name = element.attributes["name"]
    units = element.child("units")
    doc = element.child("doc") or element.child("documentation")
    return About(
        name=displayed(name),
        ident=canonical(name),
        location=element.location,
        units=" ".join(units.text.split()) if units is not None else None,
        doc=" ".join(doc.text.split()) if doc is not None else None,
        range=_range(element.child("range"), displayed(name), findings),
    )


def _range(element: Element | None, name: str, findings: Findings) -> Bounds:
    if element is None:
        return Bounds()
    ends: list[float | None] = []
    for key in ("min", "max"):
        text = element.attributes.get(key)
        try:
            end = float(text) if text else None
            if end is not None and math.isnan(end):
                raise ValueError
            ends.append(end)
        except ValueError:
            message = f"the range's {key} '{text}' is not a number"
            findings.fault("range", message, element.location, f"'{name}'")
            ends.append(None)
    low, high = ends
    if low is not None and high is not None and low > high:
        message = f"the range runs from {low:g} down to {high:g}"
        findings.fault("range", message, element.location, f"'{name}'")
    return Bounds(low, high)


def _equation(element: Element, about: About, findings: Findings) -> Equation | None:
    found = element.all("eqn")
    if len(found) > 1:
        message = "there are two equations"
        findings.fault("equations", message, found[1].location, f"'{about.name}'", "Keep one.")
        return None
    if not found or not found[0].text.strip():
        where = found[0].location if found else element.location
        findings.fault("no-equation", "there is no equation", where, f"'{about.name}'")
        return None
    source = found[0].source
    expr = _parsed(source, about, findings)
    return Equation(source, expr) if expr is not None else None


def _parsed(source: SourceText, about: About, findings: Findings) -> Expr | None:
    try:
        return parse(source.content, findings.next_call)
    except ExpressionError as error:
        findings.diagnostics.append(
            Diagnostic(
                "equation",
                error.message,
                source.location(error.span.start),
                f"'{about.name}'",
                error.hint,
                source.excerpt(*error.span),
            )
        )
        return None


def _flow_names(elements: list[Element], about: About, findings: Findings) -> tuple[Equation, ...]:
    found: list[Equation] = []
    for element in elements:
        source = element.source
        name = source.content.strip()
        start = len(source.content) - len(source.content.lstrip())
        marks = source.location(start)
        place = SourceText(name, source.path, ((0, marks.line, marks.column),))
        if not name:
            message = f"<{element.tag}> names no flow"
            findings.fault("unknown-flow", message, element.location, f"'{about.name}'")
            continue
        reference = Reference(canonical(name), displayed(name))
        if any(equation.expr == reference for equation in found):
            message = f"<{element.tag}> names '{name}' twice"
            findings.fault("unknown-flow", message, element.location, f"'{about.name}'")
            continue
        found.append(Equation(place, reference))
    return tuple(found)
