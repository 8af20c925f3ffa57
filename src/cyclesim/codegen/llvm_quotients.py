"""Which quotients must be the rounded ones, and which may be a product with a reciprocal.

A product with a reciprocal is up to one unit of the last place off. That matters nowhere where
all that follows within the step is continuous and as large; at a jump or a pole it may be seen,
as where `INT(x / p)` is 1 or 0, or `1 / (1 - x / p)` infinite or not. So it may in a difference
that is 0 in equilibrium. Differences that the compiler made only move levels (SMOOTH, DELAY).
"""

from __future__ import annotations

from cyclesim.compiler import FlatModel, Term
from cyclesim.compiler.terms import Apply, Literal, Lookup, Reduce, Symbol, operands
from cyclesim.names import Ident
from cyclesim.project import GraphicalKind

_SMOOTH = frozenset({
    "add", "multiply", "negate", "percent", "absolute", "minimum", "maximum", "exponential",
    "sine", "cosine", "arc_tangent",
    "hyperbolic_sine", "hyperbolic_cosine", "hyperbolic_tangent",
})  # fmt: skip
"""Operations that are continuous for all numbers."""

_SMOOTH_REDUCTIONS = frozenset({"sum", "product", "mean", "deviation", "lowest", "highest"})


def rounded_quotients(flat: FlatModel) -> frozenset[Term]:
    """Return the divisions of a model's steps that are seen to be off if they are not rounded."""
    terms: dict[Ident, list[Term]] = {}
    waiting: list[tuple[Term, bool, bool]] = []  # with whether it is seen, and is a modeller's
    for statement in flat.steps:
        for each in statement.assignments:
            own = [piece.term for piece in each.pieces]
            terms.setdefault(each.ident, []).extend(own)
            written = not flat.by_ident[each.ident].hidden
            waiting += [(term, False, written) for term in own]
    waiting += [(piece.term, False, True) for rule in flat.memories for piece in rule.update]
    for ring in flat.buffers:
        waiting += [(piece.term, False, True) for piece in ring.input]
        waiting += [(piece.term, True, True) for piece in ring.delay]  # in whole steps
    found: set[Term] = set()
    known: set[Ident] = set()
    while waiting:
        term, seen, written = waiting.pop()
        if seen and isinstance(term, Apply) and term.operation == "divide":
            found.add(term)
        if seen and isinstance(term, Symbol) and term.ident not in known:
            known.add(term.ident)
            waiting += [(each, True, written) for each in terms.get(term.ident, ())]
        within = _seen_within(flat, term, seen, written)
        waiting += [(one, here, written) for one, here in zip(operands(term), within, strict=True)]
    return frozenset(found)


def _seen_within(flat: FlatModel, term: Term, seen: bool, written: bool) -> list[bool]:
    """Return for each operand of a term whether it would be seen to be off."""
    count = len(operands(term))
    match term:
        case Apply(operation="subtract"):
            return [seen or written] * count
        case Apply(operation=name) if name in _SMOOTH:
            return [seen] * count
        case Reduce(operation=name) if name in _SMOOTH_REDUCTIONS:
            return [seen] * count
        case Apply(operation="select"):
            return [True, seen, seen]
        case Apply(operation="divide", arguments=(_, below)):
            return [seen, seen or not _above_zero(below)]
        case Apply(operation="power", arguments=(base, exponent)):
            return [seen or not (_above_zero(base) or exponent == Literal(2.0)), seen]
        case Apply(operation="natural_logarithm" | "square_root", arguments=(argument,)):
            return [seen or not _above_zero(argument)]
        case Lookup(table=table):
            jumps = any(
                each.kind is GraphicalKind.DISCRETE or len(set(each.x)) < len(each.x)
                for each in flat.tables[table].graphicals
            )
            return [seen or jumps, *[True] * (count - 1)]
    return [True] * count


def _above_zero(term: Term) -> bool:
    """Return whether a term is kept above zero, as `MAX(x, 0.1)` is."""
    return (
        isinstance(term, Apply)
        and term.operation == "maximum"
        and any(isinstance(each, Literal) and each.value > 0 for each in term.arguments)
    )
