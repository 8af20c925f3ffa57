"""Vensim's macros: a head with inputs and outputs, and equations of their own."""

from __future__ import annotations

from dataclasses import dataclass

from cyclesim.errors import SourceText
from cyclesim.expr import Call, ExpressionError, Reference, walk
from cyclesim.expr.lexer import Token
from cyclesim.expr.vensim_tokens import vensim_tokens
from cyclesim.functions import FUNCTIONS, Form
from cyclesim.names import Ident, canonical
from cyclesim.project import Auxiliary, Definition, Equation, Macro, Stock, Variable
from cyclesim.readers.external import ExternalFiles
from cyclesim.readers.findings import Findings
from cyclesim.readers.vensim_file import MacroText
from cyclesim.readers.vensim_outputs import giving
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
    """A macro's name and inputs, its outputs beside the one that bears its name, statements."""

    name: Word
    inputs: tuple[Word, ...]
    outputs: tuple[Word, ...]
    source: SourceText
    statements: tuple[Statement, ...]


def read_heads(texts: tuple[MacroText, ...], findings: Findings) -> tuple[MacroHead, ...]:
    """Return the macros with their statements read."""
    found: list[MacroHead] = []
    taken: dict[Ident, Word] = {}
    for text in texts:
        statements = [read_statement(entry, findings) for entry in text.entries]
        try:
            name, inputs, outputs = _head(text.head)
        except ExpressionError as error:
            fault_in(findings, text.head, text.head.content.partition("(")[0], "macro", error)
            continue
        if taken.setdefault(name.ident, name) is not name:
            line = taken[name.ident].location.line
            message = f"the name is taken by a macro on line {line}"
            findings.fault("twin", message, name.location, f"'{name.name}'")
        read = tuple(statement for statement in statements if statement is not None)
        found.append(MacroHead(name, inputs, outputs, text.head, read))
    return tuple(found)


def _head(source: SourceText) -> tuple[Word, tuple[Word, ...], tuple[Word, ...]]:
    tokens = vensim_tokens(source.content)
    shape = [_kind(token) for token in tokens]
    words = [token for token in tokens if _kind(token) == "name"]
    further = shape[shape.index(":") :].count("name") if ":" in shape else 0
    first = len(words) - further
    inputs = ["name", ","] * (first - 1)
    outputs = [":", *(["name", ","] * further)[:-1]] if further else []
    if not words or shape != ["name", "(", *inputs[:-1], *outputs, ")", ""]:
        usage = "name(input, input) or name(input : output)"
        raise ExpressionError(f"it is not written as {usage}", tokens[0].span)
    read = [word_of(token, source) for token in words]
    return read[0], tuple(read[1:first]), tuple(read[first:])


def _kind(token: Token) -> str:
    return "name" if token.kind in ("name", "quoted") else token.text


def read_macro(
    head: MacroHead,
    subscripts: Subscripts,
    known: frozenset[Ident],
    findings: Findings,
    files: ExternalFiles,
) -> tuple[Macro, ...]:
    """Return a macro for each output; the variable that bears its name is what a call gives."""
    own = {each.name.ident for each in head.statements if each.kind is Kind.TABLE}
    inputs = frozenset(word.ident for word in head.inputs)
    section = Section(subscripts, known | own, findings, files, in_macro=True, own=inputs)
    before = len(findings.diagnostics)
    variables = section.variables(head.statements)
    if len(findings.diagnostics) > before:
        return ()
    made: list[Macro] = []
    for word in (head.name, *head.outputs):
        output = next((each for each in variables if each.about.ident == word.ident), None)
        if output is None:
            message = "the macro has no equation for the variable that bears its name"
            if word is not head.name:
                message = f"the macro has no equation for its output '{word.name}'"
            findings.fault("macro", message, word.location, f"'{head.name.name}'")
        elif head.outputs and any(map(_draws, variables)):
            message = "a macro with several outputs that draws at random is not computed yet"
            hint = "Draw outside it, and give it the number drawn."
            findings.fault("macro", message, head.name.location, f"'{head.name.name}'", hint)
            return ()
        else:
            made.append(_giving(head, word, output, variables))
    return tuple(made)


def _giving(
    head: MacroHead, word: Word, output: Variable, variables: tuple[Variable, ...]
) -> Macro:
    """Return the macro that gives one output."""
    own = word is head.name
    name = head.name.name if own else giving(head.name.name, word.name)
    parameters = tuple((each.ident, None) for each in head.inputs)
    definition = _sole_equation(output, variables)
    if definition is not None and own:
        others = tuple(each for each in variables if each is not output)
        return Macro(name, canonical(name), word.location, parameters, definition, others)
    reference = Reference(output.about.ident, output.about.name)
    where = output.about.location
    source = SourceText(output.about.name, where.path, ((0, where.line, where.column),))
    equation = Equation(source, reference)
    return Macro(name, canonical(name), word.location, parameters, equation, variables)


def _draws(variable: Variable) -> bool:
    """Return whether an equation draws at random, or calls a macro that might."""
    return any(
        isinstance(node, Call)
        and (node.function not in FUNCTIONS or FUNCTIONS[node.function].form is Form.NOISE)
        for definition in _definitions(variable)
        for node in walk(definition.equation.expr)
    )


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
    return {
        node.ident
        for definition in _definitions(variable)
        for node in walk(definition.equation.expr)
        if isinstance(node, Reference)
    }


def _definitions(variable: Variable) -> tuple[Definition, ...]:
    if isinstance(variable, Stock):
        return variable.initial
    found: tuple[Definition, ...] = getattr(variable, "definitions", ())
    return found
