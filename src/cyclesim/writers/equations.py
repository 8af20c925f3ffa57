"""Equations as XMILE has them: as they were written where that is XMILE, else from the tree."""

from __future__ import annotations

import re
from dataclasses import replace

from cyclesim.expr import Call, Expr, ExpressionError, Reference, parse, to_text
from cyclesim.expr.tree import rewritten
from cyclesim.names import canonical
from cyclesim.project import Definition, Equation

ACTIVE_INITIAL = canonical("ACTIVE INITIAL")
_PLAIN = re.compile(r"[^\W\d][\w$ ]*\Z")


def texts(definition: Definition) -> tuple[str, str | None]:
    """Return the equation of a definition, and the one for its start where it has another."""
    if definition.waiting:
        return definition.equation.source.content, None
    expr = definition.equation.expr
    if isinstance(expr, Call) and expr.function == ACTIVE_INITIAL and len(expr.arguments) == 2:
        running, initial = expr.arguments
        return printed(running), printed(initial)
    return equation_text(definition.equation), None


def equation_text(equation: Equation) -> str:
    """Return an equation that parses to the same tree: as written, if XMILE was written."""
    written = equation.source.content
    if equation.source.path.casefold().endswith(".mdl"):
        return printed(equation.expr)
    try:
        same = parse(written) == equation.expr
    except ExpressionError:
        same = False
    return written if same else printed(equation.expr)


def printed(expr: Expr) -> str:
    """Return the text of a tree, every name so that it is read as what it stands for."""
    return to_text(rewritten(expr, _under_its_own_name))


def _under_its_own_name(node: Expr) -> Expr:
    if isinstance(node, Reference) and canonical(node.name) != node.ident:
        return replace(node, name=node.ident)
    if isinstance(node, Call) and canonical(node.name) != node.function:
        return replace(node, name=node.function)
    return node


def qualified(reference: Reference) -> str:
    """Return a name in a module, or of the model itself with a dot before it."""
    own = to_text(Reference(reference.ident, reference.name))
    if not reference.path:
        return f".{own}"
    # Blanks are kept: the parts of a path are compared as they are written.
    path = [part if _PLAIN.match(part) else f'"{part}"' for part in reference.path]
    return ".".join([*path, own])


def name_text(name: str) -> str:
    """Return a name as it stands in an attribute."""
    escaped = name.replace("\\", "\\\\")
    return f'"{escaped}"' if name.startswith('"') and name.endswith('"') else escaped
