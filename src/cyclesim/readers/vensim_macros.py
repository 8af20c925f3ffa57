"""Vensim's macros: a head with inputs and outputs, and equations of their own."""

from __future__ import annotations

from dataclasses import dataclass

from cyclesim.errors import SourceText
from cyclesim.expr import ExpressionError, Reference, walk
from cyclesim.expr.lexer import Token
from cyclesim.expr.vensim_tokens import vensim_tokens
from cyclesim.names import Ident
from cyclesim.project import Auxiliary, Definition, Equation, Macro, Stock, Variable
from cyclesim.readers.external import ExternalFiles
from cyclesim.readers.findings import Findings
from cyclesim.readers.vensim_file import MacroText
from cyclesim.readers.vensim_statement import (
    Kind,
    Statement,
    Word,
    fault_in,
    read_statement,
    word_of,
)
from cyclesim.readers.vensim_subscripts import Subscripts
from cyclesim.readers.vensim_variables import Section


@dataclass(frozen=True)
class MacroHead:
    """A macro's name and inputs, and its statements."""

    name: Word
    inputs: tuple[Word, ...]
    source: SourceText
    statements: tuple[Statement, ...]


def read_heads(texts: tuple[MacroText, ...], findings: Findings) -> tuple[MacroHead, ...]:
    """Return the macros with their statements read; several outputs are refused."""
    found: list[MacroHead] = []
    taken: dict[Ident, Word] = {}
    for text in texts:
        statements = [read_statement(entry, findings) for entry in text.entries]
        try:
            name, inputs = _head(text.head)
        except ExpressionError as error:
            fault_in(findings, text.head, text.head.content.partition("(")[0], "macro", error)
            continue
        if taken.setdefault(name.ident, name) is not name:
            line = taken[name.ident].location.line
            message = f"the name is taken by a macro on line {line}"
            findings.fault("twin", message, name.location, f"'{name.name}'")
        read = tuple(statement for statement in statements if statement is not None)
        found.append(MacroHead(name, inputs, text.head, read))
    return tuple(found)


def _head(source: SourceText) -> tuple[Word, tuple[Word, ...]]:
    tokens = vensim_tokens(source.content)
    words = [token for token in tokens if token.kind in ("name", "quoted")]
    for token in tokens:
        if token.text == ":":
            message = "macros with several outputs are not computed yet"
            raise ExpressionError(message, token.span, "Write a macro for each output.")
    shape = [_kind(token) for token in tokens]
    inputs = ["name", ","] * (len(words) - 1)
    if not words or shape != ["name", "(", *inputs[:-1], ")", ""]:
        raise ExpressionError("it is not written as name(input, input)", tokens[0].span)
    return word_of(words[0], source), tuple(word_of(token, source) for token in words[1:])


def _kind(token: Token) -> str:
    return "name" if token.kind in ("name", "quoted") else token.text


def read_macro(
    head: MacroHead,
    subscripts: Subscripts,
    known: frozenset[Ident],
    findings: Findings,
    files: ExternalFiles,
) -> Macro | None:
    """Return a macro; the variable that bears its name is what a call gives."""
    own = {each.name.ident for each in head.statements if each.kind is Kind.TABLE}
    inputs = frozenset(word.ident for word in head.inputs)
    section = Section(subscripts, known | own, findings, files, in_macro=True, own=inputs)
    before = len(findings.diagnostics)
    variables = section.variables(head.statements)
    if len(findings.diagnostics) > before:
        return None
    name = head.name
    output = next((each for each in variables if each.about.ident == name.ident), None)
    if output is None:
        message = "the macro has no equation for the variable that bears its name"
        findings.fault("macro", message, name.location, f"'{name.name}'")
        return None
    parameters = tuple((word.ident, None) for word in head.inputs)
    definition = _sole_equation(output, variables)
    if definition is not None:
        others = tuple(each for each in variables if each is not output)
        return Macro(name.name, name.ident, name.location, parameters, definition, others)
    reference = Reference(output.about.ident, output.about.name)
    where = output.about.location
    source = SourceText(output.about.name, where.path, ((0, where.line, where.column),))
    equation = Equation(source, reference)
    return Macro(name.name, name.ident, name.location, parameters, equation, variables)


def _sole_equation(output: Variable, variables: tuple[Variable, ...]) -> Equation | None:
    """Return the equation of an output that is one and that nothing in the macro reads."""
    if not isinstance(output, Auxiliary) or len(output.definitions) != 1:
        return None
    definition = output.definitions[0]
    if definition.subscripts or definition.graphical is not None:
        return None
    if output.about.ident in {ident for each in variables for ident in _read_by(each)}:
        return None
    return definition.equation


def _read_by(variable: Variable) -> set[Ident]:
    definitions: tuple[Definition, ...] = ()
    if isinstance(variable, Stock):
        definitions = variable.initial
    elif not hasattr(variable, "graphicals"):
        definitions = getattr(variable, "definitions", ())
    return {
        node.ident
        for definition in definitions
        for node in walk(definition.equation.expr)
        if isinstance(node, Reference)
    }
