"""What there is to draw: variables, the flows between stocks, and who moves whom."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from cyclesim.compiler import CompiledModel, FlatModel, Role
from cyclesim.compiler.flat import FlatVariable
from cyclesim.compiler.parts import Kind
from cyclesim.diagram.signs import Effect, effects, joined, product
from cyclesim.names import Ident
from cyclesim.project import Module


class Form(Enum):
    """What a variable is drawn as."""

    STOCK = "stock"
    FLOW = "flow"
    AUXILIARY = "aux"
    CONSTANT = "constant"
    MODULE = "module"


@dataclass(frozen=True)
class Part:
    """A variable, or a module with all in it."""

    ident: Ident
    name: str
    form: Form
    array: bool = False
    doc: str = ""


@dataclass(frozen=True)
class Ends:
    """The stocks that a flow drains and fills; None is outside the model."""

    source: Ident | None
    target: Ident | None


@dataclass(frozen=True)
class Influence:
    """One variable moves another: `+` the same way, `-` the other, `?` not known.

    `delayed` where it passes a delay or a memory; `initial` where only a starting value does.
    `slope` is how much per unit at the start, NaN where that is no single number.
    """

    sign: str
    delayed: bool = False
    initial: bool = False
    slope: float = field(default=math.nan, compare=False)


Links = dict[tuple[Ident, Ident], Influence]


@dataclass(frozen=True)
class Structure:
    """A model as it is drawn; links of pipes are not among `links`.

    `fainter` is the number of links left out as they pass through many variables.
    """

    name: str
    doc: str
    parts: Mapping[Ident, Part]
    flows: Mapping[Ident, Ends]
    links: Links = field(default_factory=dict)
    fainter: int = 0

    @property
    def stocks(self) -> tuple[Ident, ...]:
        """Return the stocks in the order of the file."""
        return tuple(i for i, part in self.parts.items() if part.form is Form.STOCK)

    def moves(self) -> Links:
        """Return the links and, beside them, how each flow moves its stocks."""
        found = dict(self.links)
        for flow, ends in self.flows.items():
            for stock, sign in ((ends.source, "-"), (ends.target, "+")):
                if stock is not None:
                    found.setdefault((flow, stock), Influence(sign))
        return found


def structure_of(model: CompiledModel) -> Structure:
    """Return what there is to draw of a model; a module stands for what lies in it."""
    flat = model.flat
    owners = _owners(model)
    flows, further = _flows(flat, owners)
    parts = dict(_parts(model, owners, flows))
    every = _influences(flat, effects(model)) | further
    for pair in _inner(flat):
        every.pop(pair, None)
    links = _between_owners(collapsed(every, set(owners)), owners)
    links = {
        pair: influence
        for pair, influence in links.items()
        if pair[0] != pair[1] and not _piped(flows, pair)
    }
    for stock in flat.levels:
        _add_initial(flat, owners, stock.ident, links)
    doc = " ".join((flat.doc or "").split())
    return Structure(flat.name, doc, parts, flows, links)


def collapsed(links: Links, kept: Iterable[Ident]) -> Links:
    """Return the links between those kept, through all that is left out in between.

    Signs are multiplied along each way. Where ways differ, the sign is that of their sum at the
    start, `?` where it cannot be had.
    """
    stay = set(kept)
    out = outgoing(links)
    found: Links = {}
    for source in dict.fromkeys(pair[0] for pair in links):
        if source in stay:
            for target, ways in _ways(source, out, stay).items():
                slope = total(source, target, out, stay)
                told = {way.sign for way in ways}
                sign = sign_of(slope) if told == {"+", "-"} else joined(told)
                found[source, target] = Influence(sign, all(w.delayed for w in ways), False, slope)
    return found


Outgoing = Mapping[Ident, list[tuple[Ident, Influence]]]

_ROUNDING = 1e-9


def outgoing(links: Links) -> Outgoing:
    """Return for each variable what it moves."""
    found: dict[Ident, list[tuple[Ident, Influence]]] = {}
    for (source, target), influence in links.items():
        found.setdefault(source, []).append((target, influence))
    return found


def sign_of(slope: float) -> str:
    """Return the sign of a slope, `?` where it is not a number."""
    return "?" if not slope or math.isnan(slope) else ("+" if slope > 0 else "-")


def total(source: Ident, target: Ident, out: Outgoing, stay: set[Ident]) -> float:
    """Return the slope of all ways together that pass none of `stay`, by the chain rule.

    0 where there is no way; NaN where a part of one has no slope, as what passes a stock has
    none, where ways cancel out, or where they run in a circle.
    """
    known: dict[Ident, tuple[float, float]] = {}

    def onward(node: Ident, above: frozenset[Ident]) -> tuple[float, float]:
        """Return the sum of the ways from a node, and of their sizes."""
        if node in above:
            return math.nan, math.nan
        if node not in known:
            summed = size = 0.0
            for end, step in out.get(node, ()):
                if step.initial or (end != target and end in stay):
                    continue
                rest, most = (1.0, 1.0) if end == target else onward(end, above | {node})
                if most != 0.0:  # it leads there
                    summed += step.slope * rest
                    size += abs(step.slope) * most
            known[node] = (summed, size)
        return known[node]

    summed, size = onward(source, frozenset())
    return math.nan if size and abs(summed) <= _ROUNDING * size else summed


def _ways(source: Ident, out: Outgoing, stay: set[Ident]) -> dict[Ident, set[Influence]]:
    found: dict[Ident, set[Influence]] = {}
    begun = Influence("+")
    waiting, seen = [(source, begun)], {(source, begun)}
    while waiting:
        node, way = waiting.pop()
        for target, step in out.get(node, ()):
            if step.initial:
                continue
            taken = Influence(product(way.sign, step.sign), way.delayed or step.delayed)
            if target in stay:
                found.setdefault(target, set()).add(taken)
            elif (target, taken) not in seen:
                seen.add((target, taken))
                waiting.append((target, taken))
    return found


def _owners(model: CompiledModel) -> dict[Ident, Ident]:
    """Return what each variable that the modeller wrote is drawn as: itself, or its module."""
    project = model.resolved.project
    modules = [each.about.ident for each in project.variables if isinstance(each, Module)]
    found: dict[Ident, Ident] = {}
    for variable in model.flat.visible:
        inside = next((m for m in modules if variable.ident.startswith(f"{m}.")), None)
        found[variable.ident] = inside or variable.ident
    return found


def _parts(
    model: CompiledModel, owners: Mapping[Ident, Ident], flows: Mapping[Ident, Ends]
) -> Iterator[tuple[Ident, Part]]:
    for variable in model.resolved.project.variables:
        if isinstance(variable, Module):
            about = variable.about
            yield about.ident, Part(about.ident, about.name, Form.MODULE, doc=about.doc or "")
    for each in model.flat.visible:
        if owners[each.ident] == each.ident:
            doc = " ".join((each.about.doc or "").split())
            yield each.ident, Part(each.ident, each.name, _form(each, flows), bool(each.shape), doc)


def _form(variable: FlatVariable, flows: Mapping[Ident, Ends]) -> Form:
    if variable.ident in flows:
        return Form.FLOW
    if variable.role is Role.LEVEL:
        return Form.STOCK
    fixed = variable.role in (Role.PARAMETER, Role.CONSTANT)
    return Form.CONSTANT if fixed else Form.AUXILIARY


def _inner(flat: FlatModel) -> set[tuple[Ident, Ident]]:
    """Return the ways in which the stocks of a delay govern their own filling and draining.

    Seen from outside, what goes into a delay comes out of it: that is all there is to draw.
    """
    hidden = [rule for rule in flat.levels if flat.by_ident[rule.ident].hidden]
    filling = {(rule.ident, flow) for rule in hidden for flow in rule.inflows}
    return filling | {(flow, rule.ident) for rule in hidden for flow in rule.outflows}


def _flows(flat: FlatModel, owners: Mapping[Ident, Ident]) -> tuple[dict[Ident, Ends], Links]:
    """Return each flow's two stocks; where it changes more of them, the rest as influences."""
    drained: dict[Ident, Ident] = {}
    filled: dict[Ident, Ident] = {}
    further: Links = {}
    for rule in flat.levels:
        shown = owners.get(rule.ident) == rule.ident
        for sign, flows, first in (("+", rule.inflows, filled), ("-", rule.outflows, drained)):
            for flow in flows:
                drawn = shown and owners.get(flow) == flow
                if not drawn or first.setdefault(flow, rule.ident) != rule.ident:
                    further[flow, rule.ident] = Influence(sign)
    named = {each.ident for each in flat.visible if each.kind is Kind.FLOW}
    idents = [
        each.ident
        for each in flat.visible
        if owners[each.ident] == each.ident
        and (each.ident in named or each.ident in filled or each.ident in drained)
    ]
    return {i: Ends(drained.get(i), filled.get(i)) for i in idents}, further


def _influences(flat: FlatModel, known: Mapping[tuple[Ident, Ident], Effect]) -> Links:
    held = {rule.ident for rule in flat.memories} | {rule.ident for rule in flat.buffers}
    held |= {rule.ident for rule in flat.levels if flat.by_ident[rule.ident].hidden}
    return {
        (source, target): Influence(
            effect.sign, target in held or source in held, False, effect.slope
        )
        for (source, target), effect in known.items()
    }


def _between_owners(links: Links, owners: Mapping[Ident, Ident]) -> Links:
    found: dict[tuple[Ident, Ident], list[Influence]] = {}
    for (source, target), influence in links.items():
        found.setdefault((owners[source], owners[target]), []).append(influence)
    return {
        pair: ways[0]
        if len(ways) == 1
        else Influence(joined(each.sign for each in ways), all(each.delayed for each in ways))
        for pair, ways in found.items()
    }


def _piped(flows: Mapping[Ident, Ends], pair: tuple[Ident, Ident]) -> bool:
    ends = flows.get(pair[0])
    return ends is not None and pair[1] in (ends.source, ends.target)


def _add_initial(
    flat: FlatModel, owners: Mapping[Ident, Ident], stock: Ident, links: Links
) -> None:
    if stock not in owners:
        return
    for piece in flat.by_ident[stock].pieces:
        for need in piece.symbols:
            if need in owners and owners[need] != owners[stock]:
                links.setdefault((owners[need], owners[stock]), Influence("", initial=True))
