"""From a compiled model to a picture: what is shown, where it stands, what is left out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from cyclesim.compiler import CompiledModel
from cyclesim.diagram.causal import loop_sheet
from cyclesim.diagram.choice import MOST_AUXILIARIES, limited, shown
from cyclesim.diagram.layout import laid_out
from cyclesim.diagram.loops import Named, core_found, core_of_named, named_loops
from cyclesim.diagram.sheet import Sheet
from cyclesim.diagram.structure import Form, Structure, structure_of
from cyclesim.diagram.svg import svg
from cyclesim.diagram.views import sheet_of_views
from cyclesim.display import Shown
from cyclesim.errors import UsageError
from cyclesim.names import Ident

MOST_OF_A_VIEW = 60
"""A model's own view of more variables than this is drawn only where all are asked for."""

_LONGEST_TEXT = 1_000_000
_SIGNS = "+ moves the same way, − the other way, ? is not one or the other all along"
_GHOSTS = "A name in italics stands for the variable of that name elsewhere in the picture."
_FORMS = {
    Form.STOCK: ("stock", "stocks"),
    Form.FLOW: ("flow", "flows"),
    Form.AUXILIARY: ("auxiliary", "auxiliaries"),
    Form.CONSTANT: ("constant", "constants"),
    Form.MODULE: ("module", "modules"),
}


@dataclass(frozen=True)
class Diagram(Shown):
    """A picture of a model: the sheet, and what it is a picture of.

    `source` says where the places come from: the model's own view, or our layout.
    """

    sheet: Sheet
    structure: Structure
    source: str

    @cached_property
    def svg(self) -> str:
        """Return the picture as the text of an SVG file."""
        return svg(self.sheet, self.structure)


def stock_diagram(model: CompiledModel, all: bool = False, layout: str = "") -> Diagram:
    """Return the stock-and-flow picture of a model.

    `layout` is `view` for the model's own, `own` for ours; where it is left open, the view is
    taken unless it is too full for an eye and not `all` is asked for.
    Raises UsageError where a view is asked for and there is none, or there is nothing to draw.
    """
    whole = structure_of(model)
    if not whole.parts:
        raise UsageError("the model has nothing that could be drawn.")
    view = None if layout == "own" else sheet_of_views(model.resolved.project.views, whole)
    if view is None and layout == "view":
        raise UsageError("the model has no view of its own. Leave out --layout view.")
    if view is not None and (all or layout == "view" or len(view.places) <= MOST_OF_A_VIEW):
        return _finished(view, whole, whole, "the model's own view")
    part = whole if all else shown(whole, _told(model, whole))
    return _finished(laid_out(part, ghosts=not all), part, whole, "our layout")


def loop_diagram(model: CompiledModel, marks: Iterable[str] = ()) -> Diagram:
    """Return the causal loop picture of a model: the loops its text names, or the shortest ones.

    `marks` choose among the loops that the README beside the model file, or its doc, names.
    Raises UsageError where there are no loops, or none of that mark.
    """
    whole = structure_of(model)
    named = _named(model, whole)
    wanted = tuple(marks)
    known = [mark for mark, _, _ in named]
    missing = [mark for mark in wanted if mark not in known]
    if missing:
        told = f"It names {', '.join(known)}." if known else "It names none."
        raise UsageError(f"no loop {', '.join(missing)} is named beside the model. {told}")
    core = core_of_named(named, whole, wanted) if named else core_found(whole)
    if not core.loops:
        raise UsageError("no feedback loop was found. Draw the stocks: --kind stocks.")
    part = limited(whole, {i for loop in core.loops for i in loop.around}, core.links)
    sheet = loop_sheet(part, core)
    late = ", dashed with a delay" if any(a.delayed for a in sheet.arrows) else ""
    signs = f"{_SIGNS}{late}. Links pass through variables that are left out; boxes are stocks."
    source = "loops that the model's text names" if named else "the shortest loops"
    return Diagram(replace(sheet, notes=(signs, *core.notes)), part, source)


def _told(model: CompiledModel, whole: Structure) -> list[Ident]:
    """Return the variables that the loops in the model's text run through."""
    named = _named(model, whole)
    counts: dict[Ident, int] = {}
    for _, _, around in named:
        for ident in around:
            counts[ident] = counts.get(ident, 0) + 1
    tied = [i for i in counts if whole.parts[i].form is Form.AUXILIARY]
    return sorted(tied, key=lambda i: -counts[i])[: MOST_AUXILIARIES // 2]


def _named(model: CompiledModel, whole: Structure) -> tuple[Named, ...]:
    """Return the loops that the README beside the model file names, else the model's own doc."""
    readme = Path(model.flat.path).parent / "README.md"
    text = ""
    with contextlib.suppress(OSError):  # a file that cannot be read names no loops
        if readme.stat().st_size <= _LONGEST_TEXT:
            text = readme.read_text(encoding="utf-8", errors="replace")
    return named_loops(text, whole) or named_loops(model.resolved.project.doc or "", whole)


def _finished(sheet: Sheet, part: Structure, whole: Structure, source: str) -> Diagram:
    """Return a picture with its title and what it leaves out."""
    there = {place.ident for place in sheet.places}
    left: list[str] = []
    for form, (one, many) in _FORMS.items():
        count = sum(p.form is form and i not in there for i, p in whole.parts.items())
        if count:
            left.append(f"{count} {one if count == 1 else many}")
    late = ", dashed with a delay" if any(a.delayed for a in sheet.arrows) else ""
    begin = ", dotted at the start only" if any(a.initial for a in sheet.arrows) else ""
    notes = [f"{_SIGNS}{late}{begin}."] if sheet.arrows else []
    if any(place.alias for place in sheet.places):
        notes.append(_GHOSTS)
    if left:
        notes.append(f"Left out: {' and '.join(left)}. Links pass through them.")
    if part.fainter:
        links = "1 link that leads" if part.fainter == 1 else f"{part.fainter} links that lead"
        notes.append(f"Not drawn: {links} through several of those. --all draws everything.")
    named = replace(sheet, notes=tuple(notes), title=whole.name)
    return Diagram(named, part, source)
