"""What came of a model's checks as plain data, for other programs."""

from __future__ import annotations

import math
from typing import Any

from cyclesim.analysis.stability import Stability
from cyclesim.checks.parts import ClaimResult, Judged, ModelCheck, Share


def as_data(found: ModelCheck) -> dict[str, Any]:
    """Return everything judged, numbers and words; a number that is none is None or a word."""
    measures = found.checks.measures
    return {
        "file": found.checks.study.path,
        "digest": found.checks.study.digest,
        "measures": {
            measures[ident].name: _number(value) for ident, value in found.measures.items()
        },
        "claims": [_claim(claim) for claim in found.claims],
        "extremes": [
            {
                "name": extreme.extreme.scenario.name,
                "says": extreme.extreme.says,
                "faults": list(extreme.faults),
                "statements": [_judged(each) for each in extreme.statements],
            }
            for extreme in found.extremes
        ],
        "equilibrium": _rest(found),
        "draws": _draws(found),
        "expectations": [
            {"words": verdict.words, "held": verdict.held} for verdict in found.verdicts
        ],
        "notes": list(found.notes),
    }


def stability_data(found: Stability, time_units: str) -> dict[str, Any]:
    """Return what is found of a start."""
    return {
        "verdict": found.rest.name.casefold(),
        "words": found.words(time_units),
        "growth": found.growth if found.eigenvalues else None,
        "eigenvalues": [[each.real, each.imag] for each in found.eigenvalues],
        "kinks": [{"stock": kink.stock, "of": kink.of} for kink in found.kinks],
    }


def _claim(found: ClaimResult) -> dict[str, Any]:
    claim = found.claim
    data: dict[str, Any] = {
        "id": claim.ident,
        "says": claim.says,
        "source": claim.source,
        "published_behaviour": claim.published,
        "holds": found.held,
        "statements": [_judged(each) for each in found.statements],
        "control": None,
        "draws": None,
        "draws_left_out_because": claim.because if not claim.in_draws else None,
        "share_wanted": claim.share,
        "share_reached": found.shared,
    }
    if claim.control is not None:
        data["control"] = {
            "says": claim.control.says,
            "breaks_the_claim": found.control_proves,
            "statements": [_judged(each) for each in found.control],
        }
    if found.draws is not None:
        data["draws"] = {
            "claim": _share(found.draws.share),
            "control": _share(found.draws.control) if found.draws.control else None,
            "decided_by": found.draws.decided_by,
            "deciders": [
                {"variable": each.variable, "rank_correlation": each.correlation}
                for each in found.draws.deciders
            ],
        }
    return data


def _judged(found: Judged) -> dict[str, Any]:
    return {"statement": found.statement.text, "holds": found.held, "words": found.words}


def _share(found: Share) -> dict[str, Any]:
    return {"held": found.held, "of": found.of, "share": found.value,
            "low": found.low, "high": found.high}  # fmt: skip


def _rest(found: ModelCheck) -> dict[str, Any] | None:
    if found.rest is None:
        return None
    rest = found.rest
    units = found.checks.study.specs.time_units
    return {
        "scenario": rest.scenario,
        "moves_most": rest.mover or None,
        "by": _number(rest.moved),
        "stability": stability_data(rest.stability, units),
        "faults": list(rest.faults),
    }


def _draws(found: ModelCheck) -> dict[str, Any] | None:
    if found.draws is None:
        return None
    drawn = found.draws
    plan = found.checks.draws
    return {
        "number": drawn.number,
        "seed": plan.seed if plan else None,
        "constants": [
            {"name": each.name, "value": each.value, "low": each.low, "high": each.high}
            for each in drawn.sampled
        ],
        "failed": {str(number): why for number, why in drawn.failed.items()},
    }


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else "infinite"
