"""An analysis of tipping points as tables: CSV for each part, and a dictionary ready for JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np

from cyclesim.analysis.tipping.branches import Branch
from cyclesim.analysis.tipping.parts import Margins, Nearest, Threshold, TippingAnalysis
from cyclesim.analysis.tipping.words import nearest_words, sentences

SCHEMA_VERSION = 1


def margins_csv(analysis: TippingAnalysis) -> str:
    """Return every margin as CSV: a row each for a thing, a direction and a horizon."""
    heads = ("name", "kind", "units", "horizon", "judged_at", "today", "direction", "limit",
             "limit_assumed", "threshold", "within", "share_of_today", "ends_before", "ends_beyond",
             "steepness", "tips", "breaks_off", "turns_seen")  # fmt: skip
    rows = [
        row
        for found, horizon in ((analysis.margins, "run"), (analysis.lasting_margins, "lasting"))
        if found is not None
        for row in _margin_rows(found, horizon)
    ]
    return _csv(heads, rows)


def _margin_rows(found: Margins, horizon: str) -> Iterable[tuple[object, ...]]:
    for t in found.thresholds:
        turns = t.value is not None
        yield (
            t.name, t.what.value, t.units or "", horizon, found.rule.time, t.today,
            "up" if t.upwards else "down", t.limit, t.assumed, t.value if turns else "",
            t.within if turns else "", t.share if turns and t.today else "",
            t.before if turns else "", t.beyond if turns else "",
            t.steep if turns and not t.breaks_off else "",
            t.tips if turns else "", t.breaks_off if turns else "", t.crossings,
        )  # fmt: skip


def thresholds_csv(analysis: TippingAnalysis) -> str:
    """Return the turn between the two starts as CSV: a row a stock."""
    line = analysis.between
    rows: list[tuple[object, ...]] = []
    if line is not None and line.shares:
        rows = [
            (name, units or "", bad, value, good, line.shares[0], line.within)
            for name, units, bad, value, good in line.stocks
        ]
    heads = ("stock", "units", "bad_start", "threshold", "good_start", "share_of_way", "within")
    return _csv(heads, rows)


def equilibria_csv(analysis: TippingAnalysis) -> str:
    """Return the equilibria as CSV: a row each, with its largest eigenvalue and all stocks."""
    found = analysis.equilibria
    if found is None:
        return _csv(("kind",), ())
    heads = ("kind", "eigenvalue_real", "eigenvalue_imaginary", "smooth",
             *found.outputs, *found.stocks)  # fmt: skip
    rows = (
        (
            each.kind.value,
            each.eigenvalues[0].real if each.eigenvalues else "",
            each.eigenvalues[0].imag if each.eigenvalues else "",
            not each.kinks, *each.outputs.tolist(), *each.levels.tolist(),
        )
        for each in found.found
    )  # fmt: skip
    return _csv(heads, rows)


def branches_csv(analysis: TippingAnalysis) -> str:
    """Return the branches of equilibria as CSV: a row a point, special ones named."""
    found = analysis.continuation
    if found is None:
        return _csv(("branch",), ())
    rows: list[tuple[object, ...]] = []
    for place, branch in enumerate(found.branches, start=1):
        rows += [
            (place, value, end, "stable" if stable else "unstable", "")
            for value, end, stable in zip(
                branch.parameter.tolist(), branch.output.tolist(), branch.stable, strict=True
            )
        ]
        rows += [(place, p.parameter, p.output, "", p.kind.value) for p in branch.points]
    return _csv(("branch", found.parameter, found.output, "stability", "point"), rows)


def map_csv(analysis: TippingAnalysis) -> str:
    """Return the map as CSV: runs that end well or badly, and the boundary."""
    found = analysis.regimes
    if found is None:
        return _csv(("outcome",), ())
    rows = [
        (x, y, "good" if good else "bad")
        for x, y, good in zip(found.x.tolist(), found.y.tolist(), found.good, strict=True)
    ]
    rows += [(x, y, "boundary") for x, y in found.edge.tolist()]
    return _csv((*found.names, "outcome"), rows)


def pulses_csv(analysis: TippingAnalysis) -> str:
    """Return the smallest pulses as CSV: a row a duration and direction."""
    rows = [
        (p.variable, p.units or "", "up" if p.limit > p.today else "down", duration,
         size if math.isfinite(size) else "",
         "breaks off" if broken else "rescues" if p.rescue else "tips")
        for p in analysis.pulses
        for duration, size, broken in zip(
            p.durations.tolist(), p.sizes.tolist(), p.breaks_off.tolist(), strict=True
        )
    ]  # fmt: skip
    return _csv(("variable", "units", "direction", "duration", "smallest", "outcome"), rows)


TABLES = {
    "margins.csv": margins_csv,
    "thresholds.csv": thresholds_csv,
    "equilibria.csv": equilibria_csv,
    "branches.csv": branches_csv,
    "map.csv": map_csv,
    "pulses.csv": pulses_csv,
}
"""The tables by the name of their file."""


def _csv(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else ""
    return value


def as_dict(analysis: TippingAnalysis) -> dict[str, Any]:
    """Return an analysis ready for JSON; what is not a number is None, a complex one a pair."""
    found = _plain(analysis)
    return {"schema_version": SCHEMA_VERSION, "in_words": list(sentences(analysis)), **found}


def nearest_dict(found: Nearest) -> dict[str, Any]:
    """Return the nearest tipping point ready for JSON, with its sentence."""
    threshold = found.threshold
    tips = None
    if threshold is not None:
        tips = {**_plain(threshold), "direction": "up" if threshold.upwards else "down"}
    return {
        "scenario": found.scenario,
        "sentence": nearest_words(found),
        "outcome": found.rule.variable,
        "judged_at": found.rule.time,
        "lasting": found.lasting,
        "threshold": tips,
        "decisions_tried": found.decisions,
        "others_tried": found.others,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Branch):
        drawn = value.drawn
        return {
            "parameter": _plain(value.parameter[drawn]),
            "output": _plain(value.output[drawn]),
            "stable": _plain(value.stable[drawn]),
            "points": _plain(value.points),
        }
    if is_dataclass(value) and not isinstance(value, type):
        found = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        if isinstance(value, Threshold):
            found |= {"tips": value.tips, "breaks_off": value.breaks_off}
        return found
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, complex):
        return [_plain(value.real), _plain(value.imag)]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
