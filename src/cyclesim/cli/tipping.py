"""`cyclesim tipping`: how far today is from the point of no return."""

from __future__ import annotations

from pathlib import Path

import click

from cyclesim.analysis.tipping import Wishes
from cyclesim.analysis.tipping import tipping as analysed
from cyclesim.analysis.tipping.tables import TABLES, as_dict
from cyclesim.analysis.tipping.words import sentences
from cyclesim.cli.options import Command, force_option, json_option, json_text, quiet_option
from cyclesim.cli.places import find_study, refuse_taken_folder, write_folder
from cyclesim.cli.streams import say, tell
from cyclesim.errors import UsageError
from cyclesim.report.tipping import tipping_html
from cyclesim.study import read_study

_FILES = ("tipping.html", "tipping.json", *TABLES)


@click.command(
    cls=Command,
    examples=[
        "cyclesim tipping virtuous_or_vicious",
        'cyclesim tipping virtuous_or_vicious --scenario "training cut" --out tipping',
        'cyclesim tipping study.yaml --parameter "Price" --map "Price,Training share"',
    ],
)
@click.argument("given", metavar="STUDY")
@click.option("--scenario", metavar="S", help="Whose tipping point; else the first's.")
@click.option("--at", metavar="T", type=float, help="Stand at this time of the run, not its start.")
@click.option("--outcome", metavar="NAME", help="The output that judges.")
@click.option("--parameter", metavar="NAME", help="Follow equilibria along this constant.")
@click.option("--map", "plane", metavar="X,Y", help="Map good and bad over these two constants.")
@click.option("--pulse", metavar="NAME", help="Size the pulses of this variable.")
@click.option("--check-dt", is_flag=True, help="Bisect the line once more with half the step.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Write a report here.")
@force_option
@json_option
@quiet_option
def tipping(
    given: str,
    scenario: str | None,
    at: float | None,
    outcome: str | None,
    parameter: str | None,
    plane: str | None,
    pulse: str | None,
    check_dt: bool,
    out: Path | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say how far an organisation is from the point of no return, and what would carry it over.

    STUDY is a file, or a library name. With --out writes tipping.html, tipping.json and a table
    for each part. A study's `tipping:` section says what is good and bad where its scenarios do
    not.
    """
    file = find_study(given)
    if out is not None:
        refuse_taken_folder(out, _FILES, force)
    wishes = Wishes(scenario, at, outcome, parameter, _plane(plane), pulse, check_dt)
    found = analysed(read_study(file), wishes, None if quiet else lambda what: tell(f"{what} ..."))
    if as_json:
        say(json_text(as_dict(found)))
    else:
        for line in sentences(found):
            say(line)
    if out is None:
        return
    texts = (
        tipping_html(found),
        f"{json_text(as_dict(found))}\n",
        *(table(found) for table in TABLES.values()),
    )
    write_folder(out, dict(zip(_FILES, texts, strict=True)), force)
    if not quiet:
        tell(f"wrote {', '.join(_FILES)} into {out}")


def _plane(written: str | None) -> tuple[str, str] | None:
    if written is None:
        return None
    names = [part.strip() for part in written.split(",")]
    if len(names) != 2 or not all(names):
        raise UsageError(f"--map '{written}' does not name two constants. Write --map \"A,B\".")
    return names[0], names[1]
