"""XMILE (OASIS XMILE 1.0) into a `Project`; what is not computed is refused by name."""

from __future__ import annotations

from pathlib import PurePath

from cyclesim.errors import ModelError, in_file_order
from cyclesim.names import Ident, canonical, displayed
from cyclesim.project import Project, SimSpecs, Submodel, Variable, View
from cyclesim.readers.findings import Findings, place_of
from cyclesim.readers.sim_specs import read_sim_specs
from cyclesim.readers.xmile_dimensions import read_dimensions
from cyclesim.readers.xmile_elements import IN_FILE, IN_MODEL, refuse_unknown
from cyclesim.readers.xmile_includes import with_includes
from cyclesim.readers.xmile_macros import read_macros, read_units
from cyclesim.readers.xmile_modules import (
    check_inputs,
    connected_inputs,
    inputs_of,
    read_connections,
)
from cyclesim.readers.xmile_variables import (
    Surroundings,
    non_negative_defaults,
    read_variables,
    variable_elements,
)
from cyclesim.readers.xml import Element, parse_xml, to_xml


def read_xmile(content: bytes, path: str) -> Project:
    """Return what an XMILE file says. Raises ModelError with everything found wrong."""
    root = parse_xml(content, path)
    findings = Findings(path)
    if root.tag != "xmile":
        findings.fault("not-xmile", f"the file is <{root.tag}>, not <xmile>", root.location)
        raise ModelError(findings.diagnostics)
    findings.written_by = _written_by(root)
    project = _project(with_includes(root, findings), findings)
    if findings.diagnostics or project is None:
        raise ModelError(in_file_order(findings.diagnostics))
    return project


def _project(root: Element, findings: Findings) -> Project | None:
    refuse_unknown(root.children, IN_FILE, findings)
    main, others = _models(root, findings)
    specs = _sim_specs(root, main, findings)
    dimensions = read_dimensions(root, findings)
    units = read_units(root, findings)
    known = {dimension.ident: dimension for dimension in dimensions}
    connected = connected_inputs(variable_elements(model) for model in root.all("model"))
    around = Surroundings(known, non_negative_defaults(root))
    variables = _variables(main, around, findings) if main is not None else ()
    submodels: list[Submodel] = []
    for model in others:
        name = displayed(model.attributes["name"])
        inputs = inputs_of(variable_elements(model), name, connected)
        within = Surroundings(known, around.non_negative, inputs)
        submodels.append(Submodel(name, _variables(model, within, findings), _views(model)))
    macros = read_macros(root, known, findings)
    check_inputs([variables, *(each.variables for each in submodels)], submodels, findings)
    if main is None:
        return None
    return Project(
        path=findings.path,
        name=_title(root) or PurePath(findings.path).stem,
        sim_specs=specs,
        variables=variables,
        dimensions=dimensions,
        submodels=tuple(submodels),
        macros=macros,
        unit_definitions=units,
        views=_views(main),
        doc=_doc(main),
    )


def _models(root: Element, findings: Findings) -> tuple[Element | None, list[Element]]:
    """Return the model itself, which has no name or is the first, and those of its modules."""
    models = root.all("model")
    if not models:
        findings.fault("models", "the file holds no <model>", root.location)
        return None, []
    unnamed = [model for model in models if not model.attributes.get("name", "").strip()]
    for model in unnamed[1:]:
        where = place_of(unnamed[0].location, model.location)
        message = f"a model without a name stands {where} already"
        hint = "Give it a name, and make a module of it."
        findings.fault("models", message, model.location, "<model>", hint)
    main = unnamed[0] if unnamed else models[0]
    others = [model for model in models if model is not main and model not in unnamed]
    first: dict[Ident, Element] = {}
    for model in others:
        name = displayed(model.attributes["name"])
        other = first.setdefault(canonical(name), model)
        if other is not model:
            message = f"the name is taken by the model {place_of(other.location, model.location)}"
            findings.fault("twin", message, model.location, f"model '{name}'")
        for specs in model.all("sim_specs"):
            message = "settings of its own for a module are not computed yet"
            findings.fault("sim-specs", message, specs.location, f"model '{name}'")
    return main, others


def _sim_specs(root: Element, main: Element | None, findings: Findings) -> SimSpecs:
    """Return the settings of a run; those that stand in the model itself go before the file's."""
    own = main.child("sim_specs") if main is not None else None
    return read_sim_specs(own or root.child("sim_specs"), findings)


def _title(root: Element) -> str | None:
    header = root.child("header")
    name = header.child("name") if header is not None else None
    return name.text.strip() if name is not None and name.text.strip() else None


def _written_by(root: Element) -> str:
    """Return the tools named in a header, whose words may differ from the standard's."""
    header = root.child("header")
    named = [header.child(tag) for tag in ("vendor", "product")] if header is not None else []
    return " ".join(tag.text.strip().casefold() for tag in named if tag is not None)


def _views(model: Element) -> tuple[View, ...]:
    return tuple(View(to_xml(view), view.location) for view in model.all("views"))


def _doc(model: Element) -> str | None:
    doc = model.child("doc")
    return " ".join(doc.text.split()) if doc is not None else None


def _variables(model: Element, around: Surroundings, findings: Findings) -> tuple[Variable, ...]:
    refuse_unknown(model.children, IN_MODEL, findings)
    elements = variable_elements(model)
    within = Surroundings(
        around.dimensions,
        around.non_negative | non_negative_defaults(model),
        around.connected,
        read_connections(elements, findings),
    )
    before = len(findings.diagnostics)
    found = read_variables(elements, within, findings)
    if not found and len(findings.diagnostics) == before:
        findings.fault("empty", "the model has no variables", model.location)
    return found
