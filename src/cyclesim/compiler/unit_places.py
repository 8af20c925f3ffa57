"""Where part of an equation stands, and how the modeller wrote it."""

from __future__ import annotations

from cyclesim.compiler.unit_agreements import Site
from cyclesim.errors import Excerpt, Location
from cyclesim.expr import Expr, Number, Reference, Span, Subscripted, to_text
from cyclesim.expr.text import number_text
from cyclesim.names import canonical

_LONGEST = 60


def full_name(expr: Expr) -> str:
    """Return the name of a reference, that of a module's variable in full."""
    base = expr.base if isinstance(expr, Subscripted) else expr
    return ".".join((*base.path, base.name)) if isinstance(base, Reference) else to_text(expr)


def text_of(site: Site, expr: Expr | None) -> str:
    """Return part of an equation as it was written, a name as it is shown."""
    if expr is None:
        return site.about.name
    if isinstance(expr, Reference):
        return full_name(expr)
    if isinstance(expr, Number):
        return number_text(expr.value)
    span = _span(site, expr)
    text = site.equation.source.content[span.start : span.end] if span else to_text(expr)
    shown = " ".join(text.replace("\\\n", " ").split())
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1].rstrip() + "…"


def place_of(site: Site, expr: Expr | None) -> tuple[Location, Excerpt | None]:
    """Return where part of an equation stands, the equation's own place where that is unknown."""
    source = site.equation.source
    span = _span(site, expr) if expr is not None else None
    if span is None:
        made = canonical(site.equation.text) == canonical(site.about.name)
        return site.about.location if made else source.location(), None
    return source.location(span.start), source.excerpt(*span)


def _span(site: Site, expr: Expr) -> Span | None:
    """Return the part of the text that an expression was read from, its brackets in pairs."""
    content = site.equation.source.content
    start, end = expr.span
    if not start < end <= len(content):
        return None
    if isinstance(expr, Reference | Subscripted):
        written = canonical(content[start:end].split("[")[0])
        name = canonical(full_name(expr))
        if not name.endswith(written.rpartition(".")[2]):
            return None  # read from another text, that of a module's connection
        return Span(start, end)
    return _balanced(content, start, end)


def _balanced(content: str, start: int, end: int) -> Span:
    """Return a span widened until each round bracket in it has its other half."""
    depth = least = 0
    for character in content[start:end]:
        depth += (character == "(") - (character == ")")
        least = min(least, depth)
    opening, closing = -least, depth - least
    while opening and start:
        start -= 1
        opening += (content[start] == ")") - (content[start] == "(")
    while closing and end < len(content):
        closing += (content[end] == "(") - (content[end] == ")")
        end += 1
    return Span(start, end)
