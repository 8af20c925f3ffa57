"""Vensim's .mdl files into a `Project`; what is not computed is refused by name.

Vensim's words (level, lookup, subscript, control variable) are translated here and in the
modules beside this one; nothing after them knows that a model came from Vensim.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from cyclesim.errors import Location, ModelError, in_file_order
from cyclesim.names import canonical
from cyclesim.project import Project
from cyclesim.readers.external import ExternalFiles
from cyclesim.readers.findings import Findings
from cyclesim.readers.vensim_control import read_control
from cyclesim.readers.vensim_file import split_file
from cyclesim.readers.vensim_macros import read_heads, read_macro
from cyclesim.readers.vensim_outputs import giving, with_outputs
from cyclesim.readers.vensim_sketch import read_method, read_tags, read_units, read_views
from cyclesim.readers.vensim_statement import Kind, read_statement
from cyclesim.readers.vensim_subscripts import read_subscripts
from cyclesim.readers.vensim_variables import Section, time_units_of


def read_vensim(content: bytes, path: str) -> Project:
    """Return what a Vensim file says. Raises ModelError with everything found wrong."""
    findings = Findings(path)
    file = split_file(content, findings)
    read = [read_statement(entry, findings) for entry in file.entries]
    statements = [statement for statement in read if statement is not None]
    heads = read_heads(file.macros, findings)
    outputs = {head.name.ident: head.outputs for head in heads if head.outputs}
    statements = with_outputs(statements, outputs, findings)
    heads = tuple(
        replace(head, statements=tuple(with_outputs(list(head.statements), outputs, findings)))
        for head in heads
    )
    inner = [statement for head in heads for statement in head.statements]
    files = ExternalFiles(path, read_tags(file.settings))
    subscripts = read_subscripts([*statements, *inner], findings, files)
    tables = {each.name.ident for each in statements if each.kind is Kind.TABLE}
    named = {giving(head.name.name, word.name) for head in heads for word in head.outputs}
    named |= {head.name.name for head in heads}
    callable_macros = frozenset(map(canonical, named))
    macros = [
        macro
        for head in heads
        for macro in read_macro(head, subscripts, callable_macros, findings, files)
    ]
    section = Section(
        subscripts, callable_macros | tables, findings, files, time_units_of(statements)
    )
    about = [each for each in statements if each.kind not in (Kind.DIMENSION, Kind.ALIAS)]
    variables = section.variables(about)
    if not about and not findings.diagnostics:
        findings.fault("empty", "the model has no variables", Location(path, 1, 1))
    method = read_method(file.settings, findings)
    control = read_control(variables, method, path, findings)
    if findings.diagnostics:
        raise ModelError(in_file_order(findings.diagnostics))
    return Project(
        path=path,
        name=PurePath(path).stem,
        sim_specs=control.sim_specs,
        variables=control.variables,
        dimensions=subscripts.dimensions,
        macros=tuple(macros),
        unit_definitions=read_units(file.settings),
        views=read_views(file.sketches, control.variables),
        doc=file.doc,
    )
