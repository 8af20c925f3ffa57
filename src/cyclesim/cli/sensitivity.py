"""`cyclesim sensitivity`: which uncertain numbers decide where a scenario ends."""

from __future__ import annotations

from pathlib import Path

import click

from cyclesim.analysis.sensitivity import METHODS, Wishes
from cyclesim.analysis.sensitivity import sensitivity as analysed
from cyclesim.analysis.sensitivity.tables import TABLES, as_dict
from cyclesim.analysis.sensitivity.words import sentences
from cyclesim.cli.options import Command, force_option, json_option, json_text, quiet_option
from cyclesim.cli.places import find_study, refuse_taken_folder, write_folder
from cyclesim.cli.streams import say, tell
from cyclesim.report.sensitivity import sensitivity_html
from cyclesim.scenario import read_study

_FILES = ("sensitivity.html", "sensitivity.json", *TABLES)


@click.command(
    cls=Command,
    examples=[
        "cyclesim sensitivity virtuous_or_vicious",
        'cyclesim sensitivity virtuous_or_vicious --scenario "training cut" --out sensitivity',
        "cyclesim sensitivity my_study.yaml --design wide --method sobol --points 1024",
    ],
)
@click.argument("given", metavar="STUDY")
@click.option("--scenario", metavar="S", help="The scenario; else the design's first.")
@click.option("--design", metavar="NAME", help="Which of the study's designs.")
@click.option(
    "--method", "methods", multiple=True, type=click.Choice(METHODS),
    help="Only this: screening, shares of variance, shifts of distributions, or labels. Again.",
)  # fmt: skip
@click.option("--paths", default=20, show_default=True, metavar="N", help="Morris's paths.")
@click.option(
    "--points", default=256, show_default=True, metavar="N",
    help="Sobol's base points, a power of 2; about twice as many runs a number belong to each.",
)  # fmt: skip
@click.option(
    "--most", default=16, show_default=True, metavar="N",
    help="Numbers whose shares of variance are found: those that matter most by Morris.",
)  # fmt: skip
@click.option("--runs", type=int, metavar="N", help="Runs for labels and PAWN, else the design's.")
@click.option("--seed", type=int, metavar="N", help="Another number draws others.")
@click.option("--target", metavar="NAME", help="llvm (machine code) or numpy.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Write a report here.")
@force_option
@json_option
@quiet_option
def sensitivity(
    given: str,
    scenario: str | None,
    design: str | None,
    methods: tuple[str, ...],
    paths: int,
    points: int,
    most: int,
    runs: int | None,
    seed: int | None,
    target: str | None,
    out: Path | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say which uncertain numbers decide where a scenario ends, and whether it gets worse.

    The numbers are those of the study's design, or the plausible ranges of the model's constants.
    With --out writes sensitivity.html, sensitivity.json and a table for each part.
    """
    file = find_study(given)
    if out is not None:
        refuse_taken_folder(out, _FILES, force)
    wishes = Wishes(scenario, design, methods or METHODS, paths, points, most, runs, seed, target)
    found = analysed(read_study(file), wishes, None if quiet else lambda what: tell(f"{what} ..."))
    if as_json:
        say(json_text(as_dict(found)))
    else:
        for line in sentences(found):
            say(line)
    if out is None:
        return
    texts = (
        sensitivity_html(found),
        f"{json_text(as_dict(found))}\n",
        *(table(found) for table in TABLES.values()),
    )
    write_folder(out, dict(zip(_FILES, texts, strict=True)), force)
    if not quiet:
        tell(f"wrote {', '.join(_FILES)} into {out}")
