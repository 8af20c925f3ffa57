"""Vensim's subscript ranges, subranges, mappings and equivalences into dimensions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import product

from cyclesim.expr import ExpressionError
from cyclesim.expr.vensim_tokens import vensim_tokens
from cyclesim.names import Ident, canonical, did_you_mean
from cyclesim.project import Dimension, DimensionMapping
from cyclesim.readers.external import ExternalFiles
from cyclesim.readers.findings import Findings
from cyclesim.readers.vensim_ranges import RANGES, RangeDraft, read_range
from cyclesim.readers.vensim_refused import refused_calls
from cyclesim.readers.vensim_statement import Kind, Statement, Word, fault_in

_NUMBERED = re.compile(r"(.*?)(\d+)\Z", re.DOTALL)
_LONGEST = 100_000


@dataclass(frozen=True)
class Subscripts:
    """All dimensions of a model; those in `broken` were not understood."""

    dimensions: tuple[Dimension, ...] = ()
    broken: frozenset[Ident] = frozenset()
    by_ident: dict[Ident, Dimension] = field(default_factory=dict)
    elements: dict[Ident, tuple[Ident, ...]] = field(default_factory=dict)
    names: dict[Ident, str] = field(default_factory=dict)

    @staticmethod
    def of(dimensions: Iterable[Dimension], broken: frozenset[Ident]) -> Subscripts:
        """Return the dimensions with their elements by identifier."""
        found = tuple(dimensions)
        elements = {each.ident: tuple(map(canonical, each.elements)) for each in found}
        names = {canonical(name): name for each in found for name in each.elements}
        return Subscripts(found, broken, {each.ident: each for each in found}, elements, names)

    def covered(self, subscript: Ident) -> tuple[Ident, ...] | None:
        """Return the elements that a subscript stands for, None where there is none such."""
        if subscript in self.elements:
            return self.elements[subscript]
        return (subscript,) if subscript in self.names else None

    def home(self, subscripts: Iterable[Ident]) -> Ident | None:
        """Return the smallest dimension that holds everything used at one place.

        One that is named there itself comes before others; None where no dimension holds all.
        """
        used = tuple(dict.fromkeys(subscripts))
        wanted = {element for subscript in used for element in self.covered(subscript) or ()}
        holding = [
            each.ident for each in self.dimensions if wanted <= set(self.elements[each.ident])
        ]
        if not holding:
            return None
        return min(holding, key=lambda ident: (ident not in used, len(self.elements[ident])))

    def families(self) -> dict[Ident, str]:
        """Return the largest dimension that holds each element, and each dimension it is not.

        Vensim numbers elements by their place in it, where a name is used as a number.
        """
        found: dict[Ident, str] = {}
        for each in sorted(self.dimensions, key=lambda each: -len(each.elements)):
            for element in self.elements[each.ident]:
                found.setdefault(element, each.name)
        largest: dict[Ident, str] = {}
        for each in self.dimensions:
            homes = {found[element] for element in self.elements[each.ident]}
            home = homes.pop() if len(homes) == 1 else each.name
            if len(self.elements[canonical(home)]) > len(each.elements):
                largest[each.ident] = home
        return found | largest

    def effective(
        self, subscripts: tuple[Ident, ...], hole: tuple[Ident, ...]
    ) -> list[tuple[Ident, ...]]:
        """Return what an exception takes out of an equation, which may be nothing."""
        sets = [(self.covered(own) or (), self.covered(out) or ()) for own, out in zip(
            subscripts, hole, strict=True)]  # fmt: skip
        common = [[element for element in out if element in own] for own, out in sets]
        if all(len(both) == len(out) for both, (_, out) in zip(common, sets, strict=True)):
            return [hole]
        return list(product(*common))

    def known(self) -> list[str]:
        """Return the names that may stand in square brackets."""
        return [each.name for each in self.dimensions] + list(self.names.values())


def read_subscripts(
    statements: Iterable[Statement], findings: Findings, files: ExternalFiles
) -> Subscripts:
    """Return the dimensions that the file declares, in its order."""
    declared = [each for each in statements if each.kind in (Kind.DIMENSION, Kind.ALIAS)]
    reader = _Reader({}, findings, files)
    for statement in declared:
        reader.declare(statement)
    for ident in list(reader.drafts):
        reader.elements_of(ident)
    dimensions = [reader.dimension(ident) for ident in reader.drafts if ident not in reader.broken]
    return Subscripts.of(_with_aliases(dimensions, reader), frozenset(reader.broken))


@dataclass
class _Reader:
    drafts: dict[Ident, RangeDraft]
    findings: Findings
    files: ExternalFiles
    broken: set[Ident] = field(default_factory=set)
    open: list[Ident] = field(default_factory=list)

    def names(self) -> list[str]:
        return [draft.statement.name.name for draft in self.drafts.values()]

    def declare(self, statement: Statement) -> None:
        name = statement.name
        if name.ident in self.drafts:
            line = self.drafts[name.ident].statement.name.location.line
            message = f"the name is taken by a dimension on line {line}"
            self.findings.fault("twin", message, name.location, f"'{name.name}'")
            return
        draft = RangeDraft(statement)
        self.drafts[name.ident] = draft
        try:
            tokens = vensim_tokens(statement.right.content)
            refused = refused_calls(tokens, frozenset(), RANGES)
            if refused:
                raise refused[0]
            read_range(tokens, statement, draft, self.files)
        except ExpressionError as error:
            self.fault(draft, error)

    def fault(self, draft: RangeDraft, error: ExpressionError) -> None:
        self.broken.add(draft.statement.name.ident)
        fault_in(
            self.findings, draft.statement.right, draft.statement.name.name, "dimension", error
        )

    def word_fault(
        self, draft: RangeDraft, message: str, word: Word, hint: str | None = None
    ) -> None:
        name = draft.statement.name
        self.broken.add(name.ident)
        self.findings.fault("dimension", message, word.location, f"'{name.name}'", hint or "")

    def elements_of(self, ident: Ident) -> tuple[str, ...]:
        draft = self.drafts[ident]
        if draft.elements is None:
            if ident in self.open:
                self.word_fault(draft, "the dimension is defined by itself", draft.statement.name)
                return ()
            self.open.append(ident)
            found = [name for item in draft.items for name in self.item(item, draft)]
            self.open.pop()
            draft.elements = tuple(dict.fromkeys(found))
            if len(draft.elements) < len(found) and ident not in self.broken:
                twice = next(name for name in found if found.count(name) > 1)
                self.word_fault(draft, f"'{twice}' stands in it twice", draft.statement.name)
        return draft.elements

    def item(self, item: Word | tuple[Word, Word], draft: RangeDraft) -> tuple[str, ...]:
        if isinstance(item, tuple):
            return self.range(*item, draft)
        if item.ident in self.drafts:
            if item.ident in self.broken:
                self.broken.add(draft.statement.name.ident)
            return self.elements_of(item.ident)
        if draft.statement.kind is Kind.ALIAS:
            hint = did_you_mean(
                item.name, [each.statement.name.name for each in self.drafts.values()]
            )
            self.word_fault(draft, f"no dimension is called '{item.name}'", item, hint)
            return ()
        return (item.name,)

    def range(self, first: Word, last: Word, draft: RangeDraft) -> tuple[str, ...]:
        a, b = _NUMBERED.match(first.name), _NUMBERED.match(last.name)
        if not a or not b or canonical(a[1]) != canonical(b[1]) or int(a[2]) > int(b[2]):
            message = f"'{first.name}' to '{last.name}' is no range of elements"
            self.word_fault(draft, message, first, "Write it as (A1-A9).")
            return ()
        low, high = int(a[2]), int(b[2])
        if high - low >= _LONGEST:
            message = f"a range has more than {_LONGEST:,} elements"
            self.word_fault(draft, message, first)
            return ()
        return tuple(f"{a[1]}{number}" for number in range(low, high + 1))

    def dimension(self, ident: Ident) -> Dimension:
        draft = self.drafts[ident]
        name = draft.statement.name
        mappings = [self.mapping(draft, *mapping) for mapping in draft.mappings]
        found = tuple(mapping for mapping in mappings if mapping is not None)
        return Dimension(name.name, ident, draft.elements or (), name.location, False, found)

    def mapping(
        self, draft: RangeDraft, target: Word, parts: list[Word]
    ) -> DimensionMapping | None:
        if target.ident not in self.drafts:
            message = f"it is mapped to '{target.name}', which is no dimension"
            self.word_fault(draft, message, target, did_you_mean(target.name, self.names()))
            return None
        if target.ident in self.broken:
            return None
        goal: list[tuple[Ident, ...]] = [
            (canonical(name),) for name in self.elements_of(target.ident)
        ]
        own = len(draft.elements or ())
        groups = [self.group(part) for part in parts] if parts else goal
        flat: list[tuple[Ident, ...]] = [(element,) for group in groups for element in group]
        for candidate in (groups, flat):
            if len(candidate) == own:
                return DimensionMapping(target.ident, tuple(candidate))
        spread = self.spread(draft, groups)
        if spread is not None:
            return DimensionMapping(target.ident, spread)
        message = f"it has {own} elements and is mapped to {len(flat)} of '{target.name}'"
        self.word_fault(draft, message, target, "Name one element or group for each.")
        return None

    def group(self, part: Word) -> tuple[Ident, ...]:
        if part.ident in self.drafts:
            return tuple(map(canonical, self.elements_of(part.ident)))
        return (part.ident,)

    def spread(
        self, draft: RangeDraft, groups: list[tuple[Ident, ...]]
    ) -> tuple[tuple[Ident, ...], ...] | None:
        """Return the groups for all elements where they were given item by item."""
        if len(groups) != len(draft.items):
            return None
        sizes = [len(self.item(item, draft)) for item in draft.items]
        pairs = zip(groups, sizes, strict=True)
        return tuple(group for group, size in pairs for _ in range(size))


def _with_aliases(dimensions: list[Dimension], reader: _Reader) -> list[Dimension]:
    """Return the dimensions, equivalent ones mapped to each other element by element."""
    by_ident = {each.ident: each for each in dimensions}
    for ident in [each.ident for each in dimensions]:
        draft = reader.drafts[ident]
        if draft.statement.kind is not Kind.ALIAS:
            continue
        item = draft.items[0]
        other = item.ident if isinstance(item, Word) else ident
        for one, two in ((ident, other), (other, ident)):
            pairs = tuple((canonical(name),) for name in by_ident[two].elements)
            mappings = (*by_ident[one].mappings, DimensionMapping(two, pairs))
            by_ident[one] = replace(by_ident[one], mappings=mappings)
    return list(by_ident.values())
