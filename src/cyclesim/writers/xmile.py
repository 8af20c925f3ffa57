"""A `Project` into XMILE 1.0 (OASIS, 14 December 2015) that reads back as the same project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from cyclesim.names import Ident, canonical
from cyclesim.project import (
    Dimension,
    DimensionMapping,
    Flow,
    Macro,
    Project,
    SimSpecs,
    Stock,
    Submodel,
    UnitDefinition,
    Variable,
    View,
)
from cyclesim.writers.elementwise import elementwise
from cyclesim.writers.equations import equation_text, name_text
from cyclesim.writers.layout import kept_view, view_tag
from cyclesim.writers.numbers import exact
from cyclesim.writers.tags import Tag, tag
from cyclesim.writers.variables import Dimensions, variable_tag

_NAMESPACES = {
    "xmlns": "http://docs.oasis-open.org/xmile/ns/XMILE/v1.0",
    "xmlns:isee": "http://iseesystems.com/XMILE",
    "xmlns:simlin": "https://simlin.com/XMILE/v1.0",
}
"""XMILE's, and those of two makers for what XMILE lacks: save interval, mappings, model names."""


def write_xmile(project: Project) -> str:
    """Return the text of an XMILE file; every array as a whole or element by element."""
    project = elementwise(project)
    dimensions = {dimension.ident: dimension for dimension in project.dimensions}
    root = tag(
        "xmile",
        {"version": "1.0", **_NAMESPACES},
        [
            _header(project),
            _sim_specs(project.sim_specs),
            _dimensions(project.dimensions, dimensions),
            _units(project.unit_definitions),
            _model(project.variables, project.views, dimensions, doc=project.doc),
            *(_submodel(each, dimensions) for each in project.submodels),
            *(_macro(each, dimensions) for each in project.macros),
        ],
    )
    return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', *root.lines(), ""])


def _header(project: Project) -> Tag:
    axes = [len(variable.about.dimensions) for variable in project.variables]
    options = [
        tag("uses_arrays", {"maximum_dimensions": str(max(axes, default=1) or 1)})
        if project.dimensions
        else None,
        tag("uses_submodels") if project.submodels else None,
        tag("uses_macros", {"recursive_macros": "false", "option_filters": "false"})
        if project.macros
        else None,
    ]
    belts = [v.conveyor for v in _all_variables(project) if isinstance(v, Stock) and v.conveyor]
    if belts:
        leaks = any(isinstance(v, Flow) and v.leak for v in _all_variables(project))
        options.append(tag("uses_conveyor", {"leak": "true"} if leaks else None))
    used = [option for option in options if option is not None]
    children = [
        tag("options", {"namespace": "std"}, used) if used else None,
        tag("name", text=project.name),
        tag("vendor", text="cyclesim"),
        tag("product", {"version": "1.0", "lang": "en"}, text="cyclesim"),
    ]
    return tag("header", None, children)


def _all_variables(project: Project) -> Iterator[Variable]:
    yield from project.variables
    for submodel in project.submodels:
        yield from submodel.variables
    for macro in project.macros:
        yield from macro.variables


def _sim_specs(specs: SimSpecs) -> Tag:
    attributes = {"method": specs.method.value}
    if specs.time_units:
        attributes["time_units"] = specs.time_units
    if specs.save_interval is not None:
        attributes["isee:save_interval"] = exact(specs.save_interval)
    children = [
        tag("start", text=exact(specs.start)),
        tag("stop", text=exact(specs.stop)),
        _dt(specs.dt),
    ]
    return tag("sim_specs", attributes, children)


def _dt(dt: Fraction) -> Tag:
    """Return the step; one that divides a time unit as how many make one, so that it is exact."""
    written, inverse = exact(dt), exact(1 / dt)
    reciprocal = dt.numerator == 1 and dt.denominator > 1
    if reciprocal or ("/" in written and "/" not in inverse):
        return tag("dt", {"reciprocal": "true"}, text=inverse)
    return tag("dt", text=written)


def _dimensions(found: Iterable[Dimension], by_ident: Dimensions) -> Tag | None:
    tags = [_dimension(dimension, by_ident) for dimension in found]
    return tag("dimensions", None, tags) if tags else None


def _dimension(dimension: Dimension, by_ident: Dimensions) -> Tag:
    attributes = {"name": name_text(dimension.name)}
    elements = [tag("elem", {"name": name_text(name)}) for name in dimension.elements]
    if dimension.numbered:
        attributes["size"] = str(len(dimension.elements))
        elements = []
    mappings = [_mapping(dimension, each, by_ident) for each in dimension.mappings]
    return tag("dim", attributes, [*elements, *mappings])


def _mapping(dimension: Dimension, mapping: DimensionMapping, by_ident: Dimensions) -> Tag:
    target = by_ident[mapping.target]
    names = {canonical(name): name for name in target.elements}
    if mapping.elements == tuple((ident,) for ident in names):
        return tag("isee:maps_to", text=name_text(target.name))
    pairs = [
        tag("simlin:elem", {"from": name_text(own), "to": name_text(names[theirs])})
        for own, group in zip(dimension.elements, mapping.elements, strict=True)
        for theirs in group
    ]
    return tag("simlin:mapping", {"target": name_text(target.name)}, pairs)


def _units(found: tuple[UnitDefinition, ...]) -> Tag | None:
    tags = [
        tag(
            "unit",
            {"name": unit.name},
            [
                tag("eqn", text=unit.equation) if unit.equation else None,
                *(tag("alias", text=alias) for alias in unit.aliases),
            ],
        )
        for unit in found
    ]
    return tag("model_units", None, tags) if tags else None


def _model(
    variables: tuple[Variable, ...],
    views: tuple[View, ...],
    dimensions: Dimensions,
    name: str | None = None,
    doc: str | None = None,
) -> Tag:
    kept = [found for view in views if (found := kept_view(view)) is not None]
    children: list[Tag | None] = [
        tag("doc", text=doc) if doc is not None else None,
        tag("variables", None, [variable_tag(each, dimensions) for each in variables]),
        *(kept or (tag("views", None, [view_tag(variables)]),)),
    ]
    return tag("model", {"name": name_text(name)} if name is not None else None, children)


def _submodel(submodel: Submodel, dimensions: Dimensions) -> Tag:
    return _model(submodel.variables, submodel.views, dimensions, submodel.name)


def _macro(macro: Macro, dimensions: Dimensions) -> Tag:
    children: list[Tag | None] = [tag("eqn", text=equation_text(macro.equation))]
    for ident, default in macro.parameters:
        attributes = {"default": equation_text(default)} if default is not None else None
        children.append(tag("parm", attributes, text=_parameter(ident)))
    if macro.variables:
        tags = [variable_tag(each, dimensions) for each in macro.variables]
        children.append(tag("variables", None, tags))
    return tag("macro", {"name": name_text(macro.name)}, children)


def _parameter(ident: Ident) -> str:
    return name_text(ident)
