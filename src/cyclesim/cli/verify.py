"""`cyclesim verify`: the same model in another engine."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator

import click

from cyclesim.cli.options import Command, json_option, quiet_option
from cyclesim.verify import Cause, Finding, Opinion, Verdict, Verification
from cyclesim.verify import verify as verify_model

_CAUSES = {
    Cause.PROVEN: "explained and proven by emulation",
    Cause.POSSIBLE: "perhaps explained",
    Cause.UNKNOWN: "unexplained",
}

SHOWN = 12
"""Variables listed for each engine, the worst first."""


@click.command(
    cls=Command,
    examples=["cyclesim verify service_cycle", "cyclesim verify model.xmile --against pysd"],
)
@click.argument("model")
@click.option(
    "--against",
    type=click.Choice(["pysd", "simlin"]),
    help="Ask this engine only; without it, every one that is installed.",
)
@json_option
@quiet_option
def verify(model: str, against: str | None, as_json: bool, quiet: bool) -> int:
    """Run MODEL (a file, or a library model's name) in other engines and tell where they differ.

    PySD and pysimlin each run in a process of their own, on a copy of the file. The exit code is
    0 where they agree or a known limitation of theirs explains the difference, 4 where nothing
    does, 1 where one could not run the model, 2 where none is installed.
    """
    found = verify_model(model, against or ("pysd", "simlin"))
    if as_json:
        click.echo(json.dumps(as_data(found), ensure_ascii=False, indent=1))
    else:
        for opinion in found.opinions:
            if opinion.verdict is not Verdict.MISSING:
                click.echo("\n".join(lines(opinion, found.tolerance)))
    for opinion in found.opinions:
        if opinion.verdict is Verdict.MISSING and not (quiet and found.exit_code != 2):
            click.echo(missing_line(opinion), err=True)
    return found.exit_code


def missing_line(opinion: Opinion) -> str:
    """Return what to type where an engine is not installed."""
    engine = opinion.engine
    return f"{engine.name} is not installed. Add it: {engine.pip_line}"


def lines(opinion: Opinion, tolerance: float) -> Iterator[str]:
    """Yield what an engine's opinion comes to, for reading."""
    name = f"{opinion.engine.name} {opinion.version}" if opinion.version else opinion.engine.name
    if opinion.verdict is Verdict.NOT_RUN:
        yield f"{name} could not run the model: {opinion.message}"
        yield from (f"  known: {reason}" for reason in opinion.reasons)
        return
    if opinion.findings:
        yield from _table(opinion)
    yield f"{name}: {summary(opinion, tolerance)}"
    yield f"  given: {opinion.handed}; method on both sides: {opinion.method.value}"
    yield from (f"  note: {note}" for note in opinion.notes)
    if opinion.left_out:
        yield f"  left out, drawn at random: {_few(opinion.left_out)}"
    if opinion.not_given:
        yield f"  not given by {opinion.engine.name}: {_few(opinion.not_given)}"


def summary(opinion: Opinion, tolerance: float) -> str:
    """Return the opinion in a sentence."""
    largest = opinion.largest
    if largest is None:
        return "it gives none of the model's variables, so that there is nothing to compare"
    of = f"compared: {opinion.compared}"
    where = f"'{largest.name}' at {largest.at:g}"
    if opinion.verdict is Verdict.AGREES:
        worst = f", the largest difference {_share(largest.share)} of range in {where}"
        return f"agrees within {tolerance:g} of each range; {of}" + (worst if largest.share else "")
    causes = Counter(finding.cause for finding in opinion.findings)
    tail = ", ".join(f"{causes[cause]} {_CAUSES[cause]}" for cause in Cause if causes[cause])
    return f"differs in {len(opinion.findings)}: {tail}; {of}"


def _table(opinion: Opinion) -> Iterator[str]:
    shown = opinion.findings[:SHOWN]
    width = max(8, *(len(each.difference.name) for each in shown))
    theirs = opinion.engine.name
    yield (f"{'variable':<{width}}  {'of range':>9}  {'begins':>8}  {'worst at':>8}  "
           f"{'cyclesim':>12}  {theirs:>12}  why")  # fmt: skip
    reasons = list(dict.fromkeys(s for each in opinion.findings for s in each.sentences))
    for each in shown:
        apart = each.difference
        begins = "" if apart.begins is None else f"{apart.begins:g}"
        yield (f"{apart.name:<{width}}  {_share(apart.share):>9}  {begins:>8}  {apart.at:>8g}  "
               f"{apart.ours:>12.6g}  {apart.theirs:>12.6g}  {_why(each, reasons)}")  # fmt: skip
    if len(opinion.findings) > SHOWN:
        yield f"... and {len(opinion.findings) - SHOWN} more"
    for number, sentence in enumerate(reasons, 1):
        yield f"  ({number}) {sentence}"


def _why(finding: Finding, reasons: list[str]) -> str:
    numbers = " ".join(f"({reasons.index(sentence) + 1})" for sentence in finding.sentences)
    if finding.cause is Cause.PROVEN:
        return f"{numbers}, proven".strip(", ")
    return f"perhaps {numbers}" if finding.cause is Cause.POSSIBLE else "unexplained"


def _share(share: float) -> str:
    return "no number" if math.isinf(share) else f"{share:.2g}"


def _few(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def as_data(found: Verification) -> dict[str, object]:
    """Return a verification as data; what is not a number is null."""
    return {
        "schema_version": 1,
        "model_file": found.path,
        "model": found.name,
        "tolerance": found.tolerance,
        "exit_code": found.exit_code,
        "engines": [_opinion_data(opinion) for opinion in found.opinions],
    }


def _opinion_data(opinion: Opinion) -> dict[str, object]:
    missing = opinion.verdict is Verdict.MISSING
    return {
        "engine": opinion.engine.key,
        "version": opinion.version,
        "verdict": opinion.verdict.value,
        "message": missing_line(opinion) if missing else opinion.message,
        "known_reasons": list(opinion.reasons),
        "handed_over": opinion.handed,
        "method": opinion.method.value,
        "notes": list(opinion.notes),
        "compared": opinion.compared,
        "largest_share_of_range": _number(opinion.largest.share) if opinion.largest else None,
        "differences": [_finding_data(finding) for finding in opinion.findings],
        "not_given": list(opinion.not_given),
        "left_out_as_random": list(opinion.left_out),
    }


def _finding_data(finding: Finding) -> dict[str, object]:
    apart = finding.difference
    return {
        "variable": apart.name,
        "share_of_range": _number(apart.share),
        "begins": apart.begins,
        "worst_at": apart.at,
        "ours": _number(apart.ours),
        "theirs": _number(apart.theirs),
        "cause": finding.cause.name.casefold(),
        "limitations": list(finding.sentences),
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
