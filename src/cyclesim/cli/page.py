"""`cyclesim page`: a study as one file that can be mailed, opened offline and played."""

from __future__ import annotations

from pathlib import Path

import click

from cyclesim.cli.options import Command, force_option, quiet_option
from cyclesim.cli.places import find_study, refuse_taken_file, write_new
from cyclesim.cli.streams import say, tell
from cyclesim.page import page_html
from cyclesim.study import read_study


@click.command(
    cls=Command,
    examples=[
        "cyclesim page virtuous_or_vicious",
        "cyclesim page my_study.yaml --out my_study.html",
    ],
)
@click.argument("study")
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="Write here, else beside us."
)
@force_option
@quiet_option
def page(study: str, out: Path | None, force: bool, quiet: bool) -> None:
    """Make one HTML file in which a reader moves the levers of a study.

    STUDY is a file, or a library study's name. The file needs no network and sends nothing. What
    the levers are, and how far they go, a study says under `ui`; else they are the constants that
    its scenarios change. Without --out it is written here under the study's name.
    """
    file = find_study(study)
    target = out if out is not None else Path(f"{file.stem}.html")
    refuse_taken_file(target, force)
    read = read_study(file)
    for warning in read.warnings:
        tell(str(warning))
    if not quiet:
        tell("running the scenarios and scoring their loops")
    text = page_html(read)
    write_new(target, text, force)
    if not quiet:
        tell(f"wrote {target}: {len(text.encode('utf-8')) / 1000:,.0f} kB, open it in a browser")
    say(str(target))
