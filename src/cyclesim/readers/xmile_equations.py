"""The equations of a variable: one, one for all elements of an array, or one an element."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass, replace

from cyclesim.errors import Diagnostic, SourceText
from cyclesim.expr import (
    Binary,
    Call,
    Expr,
    ExpressionError,
    Number,
    Reference,
    Wildcard,
    parse,
    walk,
)
from cyclesim.expr.tree import rewritten
from cyclesim.names import Ident, canonical, displayed
from cyclesim.project import About, Definition, Equation, GraphicalFunction
from cyclesim.readers.findings import Findings
from cyclesim.readers.graphical import read_graphical
from cyclesim.readers.xmile_dimensions import Dimensions, read_subscripts
from cyclesim.readers.xmile_elements import IN_ELEMENT, refuse_unknown
from cyclesim.readers.xml import Element

_COMMENTS = re.compile(r"(?:\s|\{[^}]*\})*\Z")
_QUESTION = re.compile(r"[?\s]*\?[?\s]*\Z")
_NUMBER = r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*"
_LIST = re.compile(f"{_NUMBER}(?:[,;]{_NUMBER})+[;,]?\\s*\\Z")
_NAME_PART = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^."])+')

Graphicals = tuple[tuple[tuple[Ident, ...], GraphicalFunction], ...]


@dataclass(frozen=True)
class Part:
    """What a file says of a variable, or of the elements of it that `subscripts` name."""

    element: Element
    subscripts: tuple[Ident, ...]
    graphical: GraphicalFunction | None
    excepts: tuple[tuple[Ident, ...], ...] = ()

    @property
    def without_equation(self) -> bool:
        """Return whether there are points and no equation that they were applied to."""
        return self.graphical is not None and self.element.child("eqn") is None


def read_parts(
    element: Element, about: About, known: Dimensions, findings: Findings
) -> tuple[Part, ...]:
    """Return the parts of a variable: itself, and its elements where they differ."""
    graphical = _graphical(element, about, findings)
    elements = element.all("element")
    if not about.dimensions:
        for child in elements:
            message = "it has elements and no dimensions"
            findings.fault("subscript", message, child.location, f"'{about.name}'")
        return () if elements else (Part(element, (), graphical),)
    if not elements:
        return _listed(element, about, known, graphical)
    found: dict[tuple[Ident, ...], Part] = {}
    for child in elements:
        refuse_unknown(child.children, IN_ELEMENT, findings, f"'{about.name}'")
        subscripts = read_subscripts(child, about.dimensions, f"'{about.name}'", known, findings)
        own = _graphical(child, about, findings) or graphical
        if subscripts in found:
            message = f"[{child.attributes['subscript']}] stands there twice"
            findings.fault("subscript", message, child.location, f"'{about.name}'")
        elif subscripts is not None:
            found[subscripts] = Part(child, subscripts, own)
    if element.child("eqn") is None:
        return tuple(found.values())
    rest = Part(element, about.dimensions, graphical, tuple(found))
    return (rest, *found.values())


def _listed(
    element: Element, about: About, known: Dimensions, graphical: GraphicalFunction | None
) -> tuple[Part, ...]:
    """Return an array's one equation, or as many as it has elements where all are listed.

    Converters of Vensim models write them so: an <eqn> for each element, or one of numbers with
    commas between them, in the order of the elements.
    """
    names = [[canonical(each) for each in known[ident].elements] for ident in about.dimensions]
    places = list(itertools.product(*names))
    equations = element.all("eqn")
    if len(equations) == 1 and _LIST.match(equations[0].text):
        equations = _numbers(equations[0])
    if len(equations) == 1 or len(equations) != len(places):
        return (Part(element, about.dimensions, graphical),)
    return tuple(
        Part(Element("element", "", {}, eqn.location, [eqn]), place, graphical)
        for eqn, place in zip(equations, places, strict=True)
    )


def _numbers(eqn: Element) -> list[Element]:
    """Return an equation for each number of a list, where it stands."""
    found = []
    for number in re.finditer(r"[^,;\s]+", eqn.source.content):
        where = eqn.source.location(number.start())
        piece = (number.group(), where.line, where.column)
        found.append(Element("eqn", "", {}, where, [], [piece]))
    return found


def _graphical(element: Element, about: About, findings: Findings) -> GraphicalFunction | None:
    gf = element.child("gf")
    return read_graphical(gf, about.name, findings) if gf is not None else None


def read_definitions(
    parts: tuple[Part, ...], about: About, findings: Findings, from_outside: bool = False
) -> tuple[Definition, ...]:
    """Return the definitions of a variable; () where something is wrong with all of them.

    `from_outside` says that a module's user gives the value: then there need be no equation.
    """
    found: list[Definition] = []
    for part in parts:
        equation = read_equation(part.element, about, findings, from_outside)
        if equation is not None:
            found.append(Definition(equation, part.subscripts, part.excepts, part.graphical))
    return tuple(found)


def read_equation(
    element: Element, about: About, findings: Findings, from_outside: bool = False
) -> Equation | None:
    """Return the equation of a variable or an element, None where something is wrong with it."""
    source = _source(element, about, findings)
    if source is None and element.all("eqn")[1:]:
        return None
    if from_outside and (source is None or _COMMENTS.match(source.content)):
        where = element.location
        nothing = SourceText("", where.path, ((0, where.line, where.column),))
        return Equation(source or nothing, Number(math.nan))
    if source is None or not source.content.strip():
        eqn = element.child("eqn")
        where = eqn.location if eqn is not None else element.location
        findings.fault("no-equation", "there is no equation", where, f"'{about.name}'")
        return None
    if _QUESTION.match(source.content):
        message = "'???' is Stella's mark for an equation that it could not write"
        where = source.location(source.content.index("?"))
        hint = "Write the equation, or save the model again from the tool that it came from."
        findings.fault("placeholder", message, where, f"'{about.name}'", hint)
        return None
    if about.dimensions and _LIST.match(source.content):
        message = "the list of numbers is not as long as the array has elements"
        where = source.location(len(source.content) - len(source.content.lstrip()))
        hint = "Write one number for each element, in their order."
        findings.fault("list", message, where, f"'{about.name}'", hint)
        return None
    expr = parsed(source, f"'{about.name}'", findings)
    return Equation(source, expr) if expr is not None else None


def _source(element: Element, about: About, findings: Findings) -> SourceText | None:
    found = element.all("eqn")
    if len(found) > 1:
        message = "there are two equations"
        findings.fault("equations", message, found[1].location, f"'{about.name}'", "Keep one.")
        return None
    if not found:
        return None
    initial = element.child("init_eqn")
    if initial is None or not initial.text.strip():
        return found[0].source
    for source in (found[0].source, initial.source):
        if not _readable(source.content):
            return source  # alone, so that what is wrong is shown where it stands
    return _active_initial(found[0].source, initial.source)


def _readable(text: str) -> bool:
    try:
        parse(text)
    except ExpressionError:
        return False
    return True


def _active_initial(running: SourceText, initial: SourceText) -> SourceText:
    """Return one equation of two: what holds at the start, and what holds from then on."""
    content, marks = "ACTIVE INITIAL(", []
    for text, after in ((running, ", "), (initial, ")")):
        marks += [(len(content) + offset, line, column) for offset, line, column in text.marks]
        content += text.content + after
    first = marks[0]
    return SourceText(content, running.path, ((0, first[1], first[2]), *marks))


def parsed(source: SourceText, subject: str, findings: Findings) -> Expr | None:
    """Return the tree of an equation, None where it cannot be read."""
    try:
        tree = parse(source.content, findings.next_call)
        changes = [change for tool, change in _OWN_WORDS.items() if tool in findings.written_by]
        for change in changes:
            tree = rewritten(tree, change)
        return tree
    except ExpressionError as error:
        findings.diagnostics.append(
            Diagnostic(
                "equation",
                error.message,
                source.location(error.span.start),
                subject,
                error.hint,
                source.excerpt(*error.span),
            )
        )
        return None


def _per_time(node: Expr) -> Expr:
    """Return POISSON of a rate, as Stella has it, as XMILE's of what is expected in a step."""
    if isinstance(node, Call) and node.function == "poisson" and node.arguments:
        expected = Binary("*", node.arguments[0], Reference(canonical("DT"), "DT"))
        return replace(node, arguments=(expected, *node.arguments[1:]))
    return node


def _each_rank(node: Expr) -> Expr:
    """Return RANK of an array at the equation's element as the rank of each element."""
    if not isinstance(node, Call) or node.function != "rank" or len(node.arguments) != 2:
        return node
    if any(isinstance(each, Wildcard) for each in walk(node.arguments[0])):
        return node
    return replace(node, function=canonical("VECTOR RANK"), name="VECTOR RANK")


_OWN_WORDS = {"isee systems": _per_time, "simlin": _each_rank}
"""What functions mean in the files of a tool, where XMILE has them mean something else."""


def named(text: str) -> Reference:
    """Return the variable that a name means; dots outside quotes lead into modules.

    A name that begins with a dot lies in the model that holds the module.
    """
    pieces = [piece for piece in _NAME_PART.findall(text) if piece.strip()] or [text]
    name = displayed(pieces[-1])
    return Reference(canonical(pieces[-1]), name, tuple(displayed(piece) for piece in pieces[:-1]))


def read_flow_names(
    elements: list[Element], about: About, findings: Findings
) -> tuple[Equation, ...]:
    """Return the flows that a stock names, each with its place."""
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
        reference = named(name)
        if any(equation.expr == reference for equation in found):
            message = f"<{element.tag}> names '{name}' twice"
            findings.fault("unknown-flow", message, element.location, f"'{about.name}'")
            continue
        found.append(Equation(place, reference))
    return tuple(found)
