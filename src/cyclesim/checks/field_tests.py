"""The field's tests of a model, each with what was run and what came out.

Their names and order are those of Sterman (2000), table 21-4, after Barlas (1996) and Forrester
and Senge (1980). A test for which nothing was run says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cyclesim.checks.pages import Block, Items, Paragraph, Table
from cyclesim.checks.parts import ClaimResult, ModelCheck
from cyclesim.checks.words import (
    claim_faults,
    deciders_words,
    draws_line,
    extreme_line,
    rest_line,
    share_words,
)
from cyclesim.compiler import Role
from cyclesim.compiler.check_units import check_units
from cyclesim.compiler.parts import Kind
from cyclesim.report.evidence import Basis, in_words, parameter_rows, plausible_range
from cyclesim.results import Results

NOT_DONE = "not done"
_TOO_COARSE = 0.01
_SMALLEST = 0.001
"""Per cent below which an error is told as less than this."""


@dataclass(frozen=True)
class FieldTest:
    """One of the field's tests; `verdict` is passed, failed, done (words alone) or not done."""

    name: str
    run: str
    verdict: str
    outcome: str
    blocks: tuple[Block, ...]


def field_tests(found: ModelCheck) -> tuple[FieldTest, ...]:
    """Return the twelve tests in the order of the table."""
    words = found.checks.words
    return (
        _boundary(found),
        _structure(found),
        _units(found),
        _parameters(found),
        _extremes(found),
        _integration(found),
        _reproduction(found),
        _anomaly(found),
        _told("Family member", "the model as another member of its family", words.family),
        _told("Surprise behaviour", "what was found without being built in", words.surprises),
        _sensitivity(found),
        _told("System improvement", "what the model says would improve it", words.improvement),
    )


def _none(name: str, run: str, why: str) -> FieldTest:
    return FieldTest(name, run, NOT_DONE, why, (Paragraph(f"Not done: {why}."),))


def _told(name: str, run: str, sentences: Sequence[str]) -> FieldTest:
    if not sentences:
        return _none(name, run, "the checks file says nothing of it")
    count = f"{len(sentences)} finding{'s' if len(sentences) != 1 else ''}, by the modeller's word"
    return FieldTest(name, run, "done", count, (Items(tuple(sentences)),))


def _boundary(found: ModelCheck) -> FieldTest:
    name, run = "Boundary adequacy", "what is explained, given and left out, side by side"
    words = found.checks.words
    lists = (words.endogenous, words.exogenous, words.left_out)
    if not any(lists):
        return _none(name, run, "the checks file names no boundary")
    height = max(map(len, lists))
    rows = tuple(
        tuple(each[place] if place < len(each) else "" for each in lists) for place in range(height)
    )
    counts = ", ".join(
        f"{len(each)} {kind}"
        for each, kind in zip(lists, ("endogenous", "exogenous", "left out"), strict=True)
    )
    table = Table(("endogenous", "exogenous", "left out"), rows)
    return FieldTest(name, run, "done", counts, (table,))


def _structure(found: ModelCheck) -> FieldTest:
    flat = found.checks.study.model.flat
    stocks = [v for v in flat.visible if v.kind is Kind.STOCK]
    flows = [v for v in flat.visible if v.kind is Kind.FLOW]
    silent = [v.name for v in flat.visible if not (v.about.doc or "").strip()]
    outcome = (
        f"{len(stocks)} stocks change only through {len(flows)} flows; "
        f"{len(silent)} of {len(flat.visible)} variables have no word on what they are"
    )
    blocks: list[Block] = [
        Paragraph(
            "The compiler accepts a model only if every name exists, each variable has one "
            "equation, no equations need each other within one step, and a stock changes only "
            "through its flows. " + outcome[:1].upper() + outcome[1:] + "."
        )
    ]
    if silent:
        blocks.append(Items(tuple(silent[:20])))
    if found.rest is not None:
        stands = rest_line(found.rest, flat.time_units)
        blocks.append(Paragraph(f"{stands[:1].upper()}{stands[1:]}."))
        kinks = found.rest.stability.kinks
        if kinks:
            pairs = "; ".join(f"'{kink.stock}' of '{kink.of}'" for kink in kinks[:8])
            more = f", and {len(kinks) - 8} more" if len(kinks) > 8 else ""
            blocks.append(
                Paragraph(f"Rates that answer a rise and a fall differently there: {pairs}{more}.")
            )
    failed = found.rest is not None and bool(found.rest.faults)
    run = "the compiler, and rest and stability of the start"
    return FieldTest(
        "Structure assessment", run, "failed" if failed else "passed", outcome, tuple(blocks)
    )


def _units(found: ModelCheck) -> FieldTest:
    model = found.checks.study.model
    faults = check_units(model.resolved.project)
    declared = [v for v in model.flat.visible if v.units]
    outcome = (
        f"{len(faults)} finding{'s' if len(faults) != 1 else ''}; "
        f"{len(declared)} of {len(model.flat.visible)} variables declare a unit"
    )
    verdict = "failed" if faults else "passed"
    if not declared:
        verdict, outcome = NOT_DONE, "no variable declares a unit"
    shown = Items(tuple(str(fault.message) for fault in faults), "No unit contradicts another.")
    return FieldTest(
        "Dimensional consistency", "units of every equation", verdict, outcome, (shown,)
    )


def _parameters(found: ModelCheck) -> FieldTest:
    flat = found.checks.study.model.flat
    rows = parameter_rows(flat, {}, ())
    if not rows:
        return _none("Parameter assessment", "what each number rests on", "there are no constants")
    faults = []
    for row in rows:
        variable, limits = row.variable, plausible_range(row.variable.about.doc)
        if row.ground.basis is Basis.UNKNOWN:
            faults.append(f"'{variable.name}' does not say what its number rests on")
        elif row.ground.basis is Basis.ASSUMPTION and limits is None:
            faults.append(f"'{variable.name}' is assumed without a plausible range")
        elif limits and not all(limits[0] <= v <= limits[1] for v in variable.values):
            faults.append(f"'{variable.name}' lies outside its plausible range")
    computed = [
        v.name
        for v in flat.visible
        if plausible_range(v.about.doc) is not None and v.role is not Role.PARAMETER
    ]
    faults += [f"'{name}' has a plausible range and is computed, so it is not drawn"
               for name in computed]  # fmt: skip
    blocks = (Paragraph(in_words(rows)), Items(tuple(faults), "Each says what it rests on."))
    outcome = f"{in_words(rows)[:-1]}; {len(faults)} finding{'s' if len(faults) != 1 else ''}"
    return FieldTest(
        "Parameter assessment", "what each number rests on", "failed" if faults else "passed",
        outcome, blocks,
    )  # fmt: skip


def _extremes(found: ModelCheck) -> FieldTest:
    name, run = "Extreme conditions", "states and changes beyond what is plausible"
    if not found.extremes:
        return _none(name, run, "the checks file names no extreme")
    bad = [
        each
        for each in found.extremes
        if each.faults or not all(statement.held for statement in each.statements)
    ]
    outcome = f"{len(found.extremes) - len(bad)} of {len(found.extremes)} are borne"
    words = Paragraph("Borne is a run that reaches its end, all of it finite, no stock below zero.")
    rows = tuple(
        (
            each.extreme.scenario.name,
            each.extreme.says,
            extreme_line(each) if each in bad else "borne",
            "; ".join(statement.words for statement in each.statements),
        )
        for each in found.extremes
    )
    table = Table(("extreme", "what it is", "what came out", "numbers"), rows)
    return FieldTest(name, run, "failed" if bad else "passed", outcome, (words, table))


def _integration(found: ModelCheck) -> FieldTest:
    run = "each scenario again with half the step (or a hundredth of the tolerance)"
    checks = found.checks
    judged = {output.variable.name for output in checks.study.outputs}
    judged |= {measure.variable.name for measure in checks.measures.values()}
    runs = {scenario.name: found.results[scenario.name] for scenario in checks.study.scenarios}
    ranges = _ranges(runs.values())
    rows, worst = [], 0.0
    for name, results in runs.items():
        if results.error is None:
            rows.append((name, "not estimated", "", ""))
            continue
        shares = {
            column: share * float(np.ptp(results[column])) / ranges[column]
            for column, share in results.error.share_of_range.items()
            if ranges[column] > 0
        }
        variable = max(shares, key=lambda column: shares[column], default="none")
        largest = shares.get(variable, 0.0)
        used = max((share for column, share in shares.items() if column in judged), default=largest)
        worst = max(worst, used)
        rows.append((name, _part(used), variable, _part(largest)))
    outcome = f"at most {_part(worst)} of the range of a variable that is judged"
    heads = ("scenario", "error of what is judged", "largest of all variables", "its error")
    verdict = "failed" if worst > _TOO_COARSE else "passed"
    return FieldTest("Integration error", run, verdict, outcome, (
        Paragraph("Errors are shares of a variable's range over all scenarios."),
        Table(heads, tuple(rows)),
    ))  # fmt: skip


def _ranges(runs: Iterable[Results]) -> dict[str, float]:
    """Return how far the values of each variable, or element, lie apart in all runs together."""
    least: dict[str, float] = {}
    most: dict[str, float] = {}
    for results in runs:
        for column in results.error.share_of_range if results.error is not None else ():
            values = results[column]
            least[column] = min(float(values.min()), least.get(column, math.inf))
            most[column] = max(float(values.max()), most.get(column, -math.inf))
    return {column: most[column] - least[column] for column in least}


def _part(share: float) -> str:
    per_cent = 100 * share
    if 0 < per_cent < _SMALLEST:
        return f"less than {_SMALLEST:g} %"
    return f"{per_cent:.0f} %" if per_cent >= 10 else f"{per_cent:.2g} %"


def _reproduction(found: ModelCheck) -> FieldTest:
    name, run = "Behaviour reproduction", "published behaviour, held against the model's"
    published = [each for each in found.claims if each.claim.published]
    if not published:
        return _none(name, run, "the checks file names no published behaviour")
    return _of_claims(name, run, published)


def _of_claims(name: str, run: str, claims: Sequence[ClaimResult]) -> FieldTest:
    held = [each for each in claims if each.held]
    rows = tuple(
        (
            each.claim.ident,
            each.claim.says,
            each.claim.source or "",
            "; ".join(statement.words for statement in each.statements),
        )
        for each in claims
    )
    verdict = "passed" if len(held) == len(claims) else "failed"
    table = Table(("id", "behaviour", "source", "numbers"), rows)
    return FieldTest(name, run, verdict, f"{len(held)} of {len(claims)} are shown", (table,))


def _anomaly(found: ModelCheck) -> FieldTest:
    name, run = "Behaviour anomaly", "each claim with a loop or an assumption taken away"
    controlled = [each for each in found.claims if each.claim.control is not None]
    if not controlled:
        return _none(name, run, "no claim has a control")
    proving = [each for each in controlled if each.control_proves]
    rows = []
    for each in controlled:
        control = each.claim.control
        assert control is not None
        broken = [statement.words for statement in each.control if statement.held is False]
        rows.append(
            (each.claim.ident, control.says, "; ".join(broken) or "every statement still holds")
        )
    table = Table(("claim", "what is taken away", "what no longer holds"), tuple(rows))
    outcome = f"{len(proving)} of {len(controlled)} claims break, as they must"
    verdict = "passed" if len(proving) == len(controlled) else "failed"
    return FieldTest(name, run, verdict, outcome, (table,))


def _sensitivity(found: ModelCheck) -> FieldTest:
    name, run = "Sensitivity analysis", "joint draws of every judged constant"
    drawn = [(each, each.draws) for each in found.claims if each.draws is not None]
    if found.draws is None or not drawn:
        return _none(name, run, "no draws were made")
    rows = tuple(
        (
            each.claim.ident,
            share_words(draws.share),
            share_words(draws.control) if draws.control else "no control",
            deciders_words(each) if draws.deciders else "none stands out",
        )
        for each, draws in drawn
    )
    short = [each for each, _ in drawn if not each.shared]
    least = min(draws.share.value for _, draws in drawn)
    table = Table(("claim", "holds in", "still holds with its control in", "decided by"), rows)
    faults = [fault for each in short for fault in claim_faults(each) if " draws " in fault]
    outcome = f"the least share of draws in which a claim holds is {100 * least:.3g} %"
    blocks = (Paragraph(draws_line(found) + "."), table, Items(tuple(faults), ""))
    return FieldTest(name, run, "failed" if short else "passed", outcome, blocks)
