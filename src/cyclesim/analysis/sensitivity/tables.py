"""An analysis of sensitivity for other programs: CSV tables and a dictionary for JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from cyclesim.analysis.sensitivity.parts import (
    Discovery,
    Distance,
    Failures,
    Labels,
    Screening,
    SensitivityAnalysis,
    Tornado,
    Variance,
)
from cyclesim.analysis.sensitivity.words import region_words, sentences

SCHEMA_VERSION = 1


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def morris_csv(found: SensitivityAnalysis) -> str:
    """Return a row an output and quantity: mean size, spread and interval of its effects."""
    return _csv(
        ("output", "quantity", "mean_effect", "spread", "interval"),
        (
            (s.output.title, s.quantities[i].label, s.mean[i], s.spread[i], s.interval[i])
            for s in found.screenings
            for i in s.order
        ),
    )


def tornado_csv(found: SensitivityAnalysis) -> str:
    """Return a row an output and quantity: its ends, and where the output ends there."""
    return _csv(
        ("output", "quantity", "low_number", "high_number", "own_end", "end_at_low", "end_at_high"),
        (
            (t.output.title, t.quantities[i].label, *t.numbers[:, i], t.own, *t.ends[:, i])
            for t in found.tornadoes
            for i in t.order
        ),
    )


def sobol_csv(found: SensitivityAnalysis) -> str:
    """Return a row an output and quantity: first and total index, with intervals."""
    return _csv(
        ("output", "quantity", "first", "first_interval", "total", "total_interval"),
        (
            (v.output.title, v.quantities[i].label, v.first[i], v.first_interval[i], v.total[i],
             v.total_interval[i])
            for v in found.variances
            for i in v.order
        ),
    )  # fmt: skip


def over_time_csv(found: SensitivityAnalysis) -> str:
    """Return a row an output, time and quantity: first and total index then, and the deviation."""
    return _csv(
        ("output", "time", "quantity", "first", "total", "total_interval", "deviation"),
        (
            (v.output.title, time, v.quantities[i].label, v.course.first[i, place],
             v.course.total[i, place], v.course.interval[i, place], v.course.deviation[place])
            for v in found.variances
            for place, time in enumerate(v.course.time)
            for i in v.order
        ),
    )  # fmt: skip


def pairs_csv(found: SensitivityAnalysis) -> str:
    """Return a row an output and pair of quantities: the second-order index, with its interval."""
    return _csv(
        ("output", "quantity", "with", "second", "second_interval"),
        (
            (v.output.title, v.quantities[i].label, v.quantities[j].label, v.second[i, j],
             v.second_interval[i, j])
            for v in found.variances
            for i in range(len(v.quantities))
            for j in range(i + 1, len(v.quantities))
        ),
    )  # fmt: skip


def convergence_csv(found: SensitivityAnalysis) -> str:
    """Return a row an output, quantity and number of base points: the total index so far."""
    return _csv(
        ("output", "quantity", "points", "total", "total_interval"),
        (
            (v.output.title, v.quantities[i].label, points, total[i], half[i])
            for v in found.variances
            for points, (total, half) in v.convergence.items()
            for i in v.order
        ),
    )


def pawn_csv(found: SensitivityAnalysis) -> str:
    """Return a row an output and quantity: median and largest distance, and that of an idle one."""
    return _csv(
        ("output", "quantity", "median", "largest", "idle"),
        (
            (d.output.title, d.quantities[i].label, d.median[i], d.largest[i], d.noise[i])
            for d in found.distances
            for i in d.order
        ),
    )


def labels_csv(found: SensitivityAnalysis) -> str:
    """Return a row an output and label: the share of runs, with its interval."""
    return _csv(
        ("output", "kind", "label", "runs", "of", "share", "low", "high"),
        (
            (each.output.title, kind, s.name, s.runs, s.of, s.value, s.low, s.high)
            for each in found.labels
            for kind, shares in (("end", each.ends), ("course", each.courses))
            for s in shares
        ),
    )


def quantiles_csv(found: SensitivityAnalysis) -> str:
    """Return a row an output and time: the quantiles of the runs."""
    levels = found.fans[0].levels if found.fans else ()
    return _csv(
        ("output", "time", *(f"{level:g}" for level in levels)),
        (
            (fan.output.title, time, *fan.values[:, place])
            for fan in found.fans
            for place, time in enumerate(found.time)
        ),
    )


def regions_csv(found: SensitivityAnalysis) -> str:
    """Return a row an output, outcome and limit: the region's density and coverage, and words."""
    return _csv(
        ("output", "outcome", "density", "coverage", "share_of_all", "inside", "runs", "quantity",
         "low", "high", "words"),
        (
            (each.output.title, r.outcome, r.density, r.coverage, r.cases / r.runs, r.inside,
             r.runs, limit.quantity.label, _open(limit.low), _open(limit.high),
             region_words(r, each.output.title))
            for each in found.labels
            for r in each.discoveries
            for limit in r.limits
        ),
    )  # fmt: skip


def runs_csv(found: SensitivityAnalysis) -> str:
    """Return a row a run of the design: its numbers, where each output ended, and its labels."""
    if found.sample is None:
        return _csv(("run",), ())
    titles = [fan.output.title for fan in found.fans]
    header = ["run", *(quantity.label for quantity in found.quantities)]
    header += [f"{title} (end)" for title in titles]
    header += [f"{each.output.title} ({kind})" for each in found.labels for kind in _KINDS]
    labels = [of for each in found.labels for of in (each.end_of, each.course_of)]
    columns = [*found.sample.numbers.tolist(), *found.sample.ends.tolist(), *labels]
    return _csv(header, ((run, *row) for run, row in enumerate(zip(*columns, strict=True))))


_KINDS = ("outcome", "course")


def _open(value: float) -> float | str:
    return value if math.isfinite(value) else ""


TABLES: dict[str, Callable[[SensitivityAnalysis], str]] = {
    "morris.csv": morris_csv,
    "tornado.csv": tornado_csv,
    "sobol.csv": sobol_csv,
    "sobol_over_time.csv": over_time_csv,
    "sobol_pairs.csv": pairs_csv,
    "sobol_convergence.csv": convergence_csv,
    "pawn.csv": pawn_csv,
    "labels.csv": labels_csv,
    "regions.csv": regions_csv,
    "quantiles.csv": quantiles_csv,
    "runs.csv": runs_csv,
}
"""Each table's file and what writes it."""


def as_dict(found: SensitivityAnalysis) -> dict[str, Any]:
    """Return the analysis ready for JSON; what is no number is None."""
    return {
        "schema_version": SCHEMA_VERSION,
        "study": found.study,
        "model": found.model,
        "scenario": found.scenario,
        "design": found.design,
        "seed": found.seed,
        "runs": found.runs,
        "quantities": [quantity.label for quantity in found.quantities],
        "morris": [_screening(each) for each in found.screenings],
        "tornado": [_tornado(each) for each in found.tornadoes],
        "sobol": [_variance(each) for each in found.variances],
        "pawn": [_distance(each) for each in found.distances],
        "labels": [_labels(each) for each in found.labels],
        "words": list(sentences(found)),
        "notes": list(found.notes),
    }


def _screening(found: Screening) -> dict[str, Any]:
    return {
        "output": found.output.title,
        "failures": _failures(found.failures),
        "effects": {
            found.quantities[i].label: {
                "mean": _number(found.mean[i]),
                "spread": _number(found.spread[i]),
                "interval": _number(found.interval[i]),
            }
            for i in found.order
        },
    }


def _tornado(found: Tornado) -> dict[str, Any]:
    return {
        "output": found.output.title,
        "own": _number(found.own),
        "ends": {
            found.quantities[i].label: [_number(each) for each in found.ends[:, i]]
            for i in found.order
        },
    }


def _variance(found: Variance) -> dict[str, Any]:
    return {
        "output": found.output.title,
        "points": found.points,
        "left_out": list(found.left_out),
        "heaps": None if found.heaps is None else asdict(found.heaps),
        "failures": _failures(found.failures),
        "indices": {
            found.quantities[i].label: {
                "first": _number(found.first[i]),
                "first_interval": _number(found.first_interval[i]),
                "total": _number(found.total[i]),
                "total_interval": _number(found.total_interval[i]),
            }
            for i in found.order
        },
        "over_time": {
            "time": found.course.time.tolist(),
            "total": {
                found.quantities[i].label: [_number(each) for each in found.course.total[i]]
                for i in found.order
            },
        },
    }


def _distance(found: Distance) -> dict[str, Any]:
    return {
        "output": found.output.title,
        "idle": {found.quantities[i].label: _number(found.noise[i]) for i in found.order},
        "failures": _failures(found.failures),
        "distances": {found.quantities[i].label: _number(found.median[i]) for i in found.order},
    }


def _labels(found: Labels) -> dict[str, Any]:
    return {
        "output": found.output.title,
        "ends": {share.name: share.value for share in found.ends},
        "courses": {share.name: share.value for share in found.courses},
        "regions": [_region(region, found.output.title) for region in found.discoveries],
    }


def _failures(found: Failures) -> dict[str, Any]:
    return {"runs": found.runs, "of": found.of, "sets": found.groups, "shift": _number(found.shift)}


def _region(region: Discovery, title: str) -> dict[str, Any]:
    return {
        "outcome": region.outcome,
        "density": region.density,
        "coverage": region.coverage,
        "limits": {
            limit.quantity.label: [_number(limit.low), _number(limit.high)]
            for limit in region.limits
        },
        "words": region_words(region, title),
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
