"""An explanation ready for JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from typing import Any

from cyclesim.analysis.explanation.effects import Effect
from cyclesim.analysis.explanation.parts import Cause, Claim, Explanation, Share, ToldLoop
from cyclesim.analysis.explanation.tracing import Trace
from cyclesim.analysis.explanation.words import notes


def as_dict(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation ready for JSON; a value that is not a number is None."""
    claim, driver = explanation.claim, explanation.driver
    return {
        "variable": explanation.output.variable.name,
        "sentence": explanation.sentence,
        "cause": explanation.cause.name.casefold(),
        "label": explanation.label,
        "cycle": explanation.cycle.name.casefold() if explanation.cycle else None,
        "claim": _claim(claim) if claim else None,
        "back": _claim(explanation.back) if explanation.back else None,
        "withdrawn": [_claim(each) for each in explanation.withdrawn],
        "outside": None
        if driver is None
        else {
            "variables": list(driver.names),
            "changed_by_the_scenario": driver.changes,
            "end_without": _finite(driver.end_without),
            "share_taken": _finite(driver.took),
            **_effect(driver.effect),
        },
        "balanced": [[_loop(each.loop), _loop(each.other)] for each in explanation.balanced],
        "phases": [
            {
                "start": phase.start,
                "end": phase.end,
                "leading": _share(phase.leading) if phase.leading else None,
                "share_of_its_sign": phase.ruling,
            }
            for phase in explanation.phases
        ],
        "notes": notes(explanation),
        "named": [_share(each) for each in explanation.named],
        "named_notes": list(explanation.beside),
    }


def explanations_csv(found: Iterable[Explanation]) -> str:
    """Return explanations as CSV: a row each for a loop that was cut, and for what is outside.

    `part` says what came of it: it carries the change or the way back, adds to it, or is withdrawn.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((
        "scenario", "variable", "label", "cause", "part", "what", "polarity", "from", "share",
        "taken", "compared_by", "compared_at", "value", "without",
    ))  # fmt: skip
    for each in found:
        head = (
            each.scenario.name,
            each.output.variable.name,
            each.label,
            each.cause.name.casefold(),
        )
        for part, claim in _cuts(each):
            loop, effect = claim.loop, claim.effect
            writer.writerow((
                *head, part, " -> ".join(loop.way) if not loop.given else loop.name,
                "reinforcing" if loop.reinforcing else "balancing", claim.start,
                "" if claim.by_name else claim.share, effect.took, effect.reading.value,
                effect.time, effect.value, effect.without,
            ))  # fmt: skip
        driver = each.driver
        if driver is not None:
            effect = driver.effect
            writer.writerow((
                *head, "outside", ", ".join(driver.names), "", "", "", effect.took,
                effect.reading.value, effect.time, effect.value, effect.without,
            ))  # fmt: skip
    return text.getvalue()


def _cuts(found: Explanation) -> Iterator[tuple[str, Claim]]:
    if found.claim is not None:
        yield "carries" if found.cause is Cause.LOOP else "adds", found.claim
    if found.back is not None:
        yield "way back", found.back
    yield from (("withdrawn", claim) for claim in found.withdrawn)


def trace_csv(trace: Trace) -> str:
    """Return a traced change as CSV: a row a variable, each under what it moves, by depth."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("depth", "name", "share", "start", "end", "closes_loop"))
    waiting = [(0, trace)]
    while waiting:
        depth, each = waiting.pop()
        writer.writerow((depth, each.name, each.share, each.start, each.end, each.closes))
        waiting += [(depth + 1, part) for part in reversed(each.inputs)]
    return text.getvalue()


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "loop": _loop(claim.loop),
        "start": claim.start,
        "end": claim.end,
        "share": claim.share,
        "shares_of": "the loops of given names" if claim.by_name else "the change",
        "share_of_its_sign": claim.ruling,
        "leading": [_share(each) for each in claim.leading],
        "cut": {
            "source": claim.cut.source,
            "target": claim.cut.target,
            "held_from": claim.cut.time,
            "held_at": claim.cut.value,
            "elements": claim.cut.elements,
            "also_cut": [_share(each) for each in claim.cut.also],
        },
        "not_to_be_cut_apart_from": [_loop(each) for each in claim.with_others],
        "output_at_end": _finite(claim.end_value),
        "output_at_end_without": _finite(claim.end_without),
        "share_of_movement_taken": _finite(claim.took),
        "each_would_do_alone": claim.either,
        **_effect(claim.effect),
        "shape_without": claim.behaviour.shape.value,
        "stands": claim.stands,
        "carries": claim.carries,
        "reason": claim.reason,
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "compared_by": effect.reading.value,
        "compared_at": effect.time,
        "output_then": _finite(effect.value),
        "output_then_without": _finite(effect.without),
    }


def _loop(loop: ToldLoop) -> dict[str, Any]:
    return {
        "name": loop.name,
        "name_given": loop.given,
        "variables": list(loop.way),
        "polarity": "reinforcing" if loop.reinforcing else "balancing",
    }


def _share(share: Share) -> dict[str, Any]:
    return {**_loop(share.loop), "share": share.share}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
