"""`cyclesim assess`: fifty practices answered, a profile and a forecast."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cyclesim.analysis.assessment import (
    Forecast,
    Profile,
    forecast,
    profile,
    read_answers,
    read_questionnaire,
)
from cyclesim.analysis.assessment.form import blank_csv, blank_yaml
from cyclesim.cli.options import Command, force_option, json_option, json_text, quiet_option
from cyclesim.cli.places import fresh_folder, refuse_taken_folder, write_folder
from cyclesim.cli.streams import say, tell
from cyclesim.errors import UsageError
from cyclesim.report.assessment import (
    assessment_html,
    assessment_summary,
    named,
    profile_csv,
    sentences,
)

_FILES = ("assessment.html", "profile.csv", "summary.json")
_FIRST = 5


@click.command(
    cls=Command,
    examples=[
        "cyclesim assess --blank > answers.yaml",
        "cyclesim assess answers.yaml --out assessment",
    ],
)
@click.argument("answers", required=False)
@click.option("--blank", is_flag=True, help="Print a form to fill in, and do nothing else.")
@click.option(
    "--form",
    type=click.Choice(["yaml", "csv"]),
    default="yaml",
    show_default=True,
    help="What the blank form is written in.",
)
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path),
              help="Write here instead of into a fresh folder.")  # fmt: skip
@click.option("--draws", type=click.IntRange(10, 10_000), default=400, show_default=True,
              help="How many forecasts are drawn.")  # fmt: skip
@click.option("--horizon", type=click.FloatRange(13, 1040), default=260, show_default=True,
              help="How far the forecast looks, in weeks.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the draws.")
@force_option
@json_option
@quiet_option
def assess(
    answers: str | None,
    blank: bool,
    form: str,
    out: Path | None,
    draws: int,
    horizon: float,
    seed: int,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Turn answers about fifty practices into a profile and a forecast.

    ANSWERS is a YAML or CSV file; --blank prints the form. Writes assessment.html (a report to
    print), profile.csv (every practice, and what mending it would do) and summary.json.
    """
    questionnaire = read_questionnaire()
    if blank:
        say((blank_csv if form == "csv" else blank_yaml)(questionnaire).rstrip("\n"))
        return 0
    if answers is None:
        raise UsageError("name a file of answers; `cyclesim assess --blank` prints the form.")
    if out is not None:
        refuse_taken_folder(out, _FILES, force)
    found = profile(read_answers(answers, questionnaire), questionnaire)
    future = None if found.unusable else forecast(found, horizon=horizon, draws=draws, seed=seed)
    folder = out if out is not None else fresh_folder("cyclesim-assess")
    summary = assessment_summary(found, future)
    texts = (
        assessment_html(found, future),
        profile_csv(found, future),
        json.dumps(summary, ensure_ascii=False, indent=1) + "\n",
    )
    write_folder(folder, dict(zip(_FILES, texts, strict=True)), force)
    if as_json:
        say(json_text(summary))
    elif not quiet:
        _say(found, future)
    for sentence in named(found):
        tell(f"note: {sentence}")
    if not quiet:
        tell(f"report: {folder / _FILES[0]}")
    return 0


def _say(found: Profile, future: Forecast | None) -> None:
    for sentence in sentences(found, future):
        say(sentence)
    say()
    for element in found.elements:
        level = "not answered" if element.level != element.level else f"{100 * element.level:.0f} %"
        spread = f"  (+- {100 * element.spread:.0f} between respondents)" if element.spread else ""
        say(f"  {element.title + ' ':.<56} {level:>5}{spread}")
    if future is None:
        return
    say("\nMend first:")
    for each in future.mendings[:_FIRST]:
        say(f"  {each.practice.code:<3} {each.gain:+5.1f} points  {each.practice.text}")
