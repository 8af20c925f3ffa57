"""What came of a model's checks, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from cyclesim.checks.parts import ClaimResult, ExtremeResult, ModelCheck, RestResult, Share
from cyclesim.scenario.quantities import as_written


def lines(found: ModelCheck) -> Iterator[str]:
    """Yield a line for each claim, extreme and the start: what was asked and what came of it."""
    for claim in found.claims:
        yield claim_line(claim)
    for extreme in found.extremes:
        yield extreme_line(extreme)
    if found.rest is not None:
        yield rest_line(found.rest, found.checks.study.specs.time_units)
    if found.draws is not None:
        yield draws_line(found)


def faults(found: ModelCheck) -> Iterator[str]:
    """Yield everything that did not come out as it must, with its place in the file."""
    for claim in found.claims:
        yield from (f"{claim.claim.location}: {fault}" for fault in claim_faults(claim))
    for extreme in found.extremes:
        name = extreme.extreme.scenario.name
        for fault in (*extreme.faults, *(s.words for s in extreme.statements if not s.held)):
            yield f"{extreme.extreme.location}: the extreme '{name}': {fault}"
    if found.rest is not None and found.checks.equilibrium is not None:
        at = found.checks.equilibrium.location
        yield from (f"{at}: equilibrium: {fault}" for fault in found.rest.faults)
    for verdict in found.verdicts:
        if not verdict.held:
            yield f"{verdict.expectation.location}: expectation failed: {verdict.words}"


def claim_faults(found: ClaimResult) -> Iterator[str]:
    """Yield what is wrong with a claim: its statements, its control, its share of draws."""
    ident = found.claim.ident
    for statement in found.statements:
        if not statement.held:
            yield f"{ident}: {statement.words}"
    if not found.control_proves:
        unjudged = [each for each in found.control if each.held is None]
        if unjudged:
            yield f"the control of {ident} cannot be judged: {unjudged[0].words}"
        else:
            yield f"the control of {ident} proves nothing: all its statements hold"
    if not found.shared and found.draws is not None:
        yield f"{ident} holds in {share_words(found.draws.share)}, less than {_wanted(found)}"


def _wanted(found: ClaimResult) -> str:
    return f"{as_written(100 * (found.claim.share or 0.0))} %"


def share_words(share: Share) -> str:
    """Return a share of draws with its interval."""
    low, high = (100 * bound for bound in (share.low, share.high))
    return f"{percent(share)} of {share.of:,} draws ({low:.1f} to {high:.1f} %)"


def percent(share: Share) -> str:
    """Return a share in per cent; all and none only where it is so."""
    return f"{100 * share.value:.3g} %" if share.held in (0, share.of) else _between(share)


def _between(share: Share) -> str:
    return f"{min(99.9, max(0.1, 100 * share.value)):.1f} %"


def claim_line(found: ClaimResult) -> str:
    """Return a claim in one line: whether it holds, its sentence, numbers, control and draws."""
    claim = found.claim
    verb = "holds" if found.held else "DOES NOT HOLD"
    parts = ["; ".join(_numbers(each.words) for each in found.statements)]
    if claim.control is not None:
        parts.append("its control breaks it" if found.control_proves else "its control does not")
    if found.draws is not None:
        parts.append(f"in {share_words(found.draws.share)}")
        if found.draws.control is not None:
            parts.append(f"with its control in {percent(found.draws.control)}")
        if found.draws.deciders:
            parts.append(f"decided by {deciders_words(found)}")
    return f"{claim.ident} {verb}: {claim.says} [{'; '.join(parts)}]"


def deciders_words(found: ClaimResult) -> str:
    """Return the constants that decide a claim, each with its rank correlation."""
    assert found.draws is not None
    return ", ".join(f"{each.variable} ({each.correlation:+.2f})" for each in found.draws.deciders)


def _numbers(words: str) -> str:
    return words.replace(" holds: ", ": ")


def extreme_line(found: ExtremeResult) -> str:
    """Return an extreme in one line."""
    name = found.extreme.scenario.name
    bad = [*found.faults, *(each.words for each in found.statements if not each.held)]
    if bad:
        return f"extreme '{name}' FAILS: {'; '.join(bad)}"
    says = f" {found.extreme.says}" if found.extreme.says else ""
    numbers = "; ".join(_numbers(each.words) for each in found.statements)
    shown = f" [{numbers}]" if numbers else ""
    return f"extreme '{name}' is borne: finite, no stock below zero.{says}{shown}"


def rest_line(found: RestResult, time_units: str) -> str:
    """Return how the start stands in one line."""
    if found.faults:
        return f"the start FAILS: {'; '.join(found.faults)}"
    moved = "no output moves"
    if found.mover:
        size = f"{100 * found.moved:.2g}" if found.moved >= 1e-5 else "less than 0.001"
        moved = f"'{found.mover}' moves most, by {size} %"
    return f"the start rests: {moved}; {found.stability.words(time_units)}"


def draws_line(found: ModelCheck) -> str:
    """Return what was drawn, in one line."""
    assert found.draws is not None
    drawn = found.draws
    failed = "all ran"
    if drawn.failed:
        first = ", ".join(f"draw {n} ({why})" for n, why in list(drawn.failed.items())[:3])
        more = f" and {len(drawn.failed) - 3} more" if len(drawn.failed) > 3 else ""
        failed = f"{len(drawn.failed)} did not reach the end: {first}{more}"
    return f"draws: {drawn.number:,} of {len(drawn.sampled)} constants; {failed}"
