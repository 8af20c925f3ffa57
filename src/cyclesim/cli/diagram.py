"""`cyclesim diagram`: a model as a picture, or a view put into its file."""

from __future__ import annotations

from pathlib import Path

import click

from cyclesim.cli.options import Command, force_option, quiet_option
from cyclesim.cli.places import find_model, refuse_taken_file, write_new
from cyclesim.cli.streams import say, tell
from cyclesim.diagram import loop_diagram, stock_diagram, write_view
from cyclesim.errors import UsageError
from cyclesim.simulation import load

_XMILE = (".xmile", ".stmx", ".itmx", ".xml")


@click.command(
    cls=Command,
    examples=[
        "cyclesim diagram service_cycle --out service_cycle.svg",
        "cyclesim diagram capability_trap --kind loops --out traps.svg",
        "cyclesim diagram model.xmile --write-view --out with_view.xmile",
    ],
)
@click.argument("model")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write here.")
@click.option(
    "--kind", type=click.Choice(["stocks", "loops"]), default="stocks", show_default=True,
    help="Stocks and flows, or feedback loops.",
)  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="Show every variable, constants too.")
@click.option("--loops", metavar="R1,B2", help="Only these of the loops that the README names.")
@click.option(
    "--layout", type=click.Choice(["view", "own"]), help="The model's own view, or our layout."
)
@click.option("--write-view", "writes", is_flag=True, help="Write the model with a view instead.")
@click.option("--in-place", is_flag=True, help="With --write-view: into the model file itself.")
@force_option
@quiet_option
def diagram(
    model: str,
    out: Path | None,
    kind: str,
    everything: bool,
    loops: str | None,
    layout: str | None,
    writes: bool,
    in_place: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Draw a model as SVG: stocks and flows, or its feedback loops.

    MODEL is a file, or a library model's name. Without --out the picture goes to stdout. A large
    model is drawn with its stocks, its flows and what ties them together; --all draws the rest.
    --write-view gives a copy of an XMILE file a view of all variables, for other tools too.
    """
    _refuse_together(kind, everything, loops, layout, writes, in_place, out)
    file = find_model(model)
    if out is not None:
        refuse_taken_file(out, force)
    if writes:
        _write_view(file, out, layout, force, quiet)
        return
    loaded = load(file)
    if kind == "loops":
        marks = [mark.strip().upper() for mark in (loops or "").split(",") if mark.strip()]
        drawn = loop_diagram(loaded, marks)
    else:
        drawn = stock_diagram(loaded, everything, layout or "")
    if out is None:
        say(drawn.svg, end="")
    else:
        write_new(out, drawn.svg, force)
    if not quiet:
        for note in drawn.sheet.notes[1:]:
            tell(f"note: {note}")
        if out is not None:
            places = len({place.ident for place in drawn.sheet.places})
            tell(
                f"wrote {out}: {places} variables, {len(drawn.sheet.arrows)} links, {drawn.source}"
            )


def _refuse_together(
    kind: str,
    everything: bool,
    loops: str | None,
    layout: str | None,
    writes: bool,
    in_place: bool,
    out: Path | None,
) -> None:
    """Raise UsageError with every pair of options that do not fit."""
    faults = []
    if kind == "loops":
        for given, name in ((everything, "--all"), (layout, "--layout"), (writes, "--write-view")):
            if given:
                faults.append(f"{name} goes with --kind stocks, not with --kind loops.")
    elif loops:
        faults.append("--loops chooses loops: add --kind loops.")
    if in_place and not writes:
        faults.append("--in-place says where a view is written: add --write-view.")
    if in_place and out is not None:
        faults.append("--in-place and --out name two files: choose one.")
    if writes and not in_place and out is None:
        faults.append("--write-view needs --out FILE, or --in-place for the model file itself.")
    if faults:
        raise UsageError(" ".join(faults))


def _write_view(file: Path, out: Path | None, layout: str | None, force: bool, quiet: bool) -> None:
    if file.suffix.casefold() not in _XMILE:
        raise UsageError(
            f"'{file}' is no XMILE file, so it can hold no view. `cyclesim convert` makes one."
        )
    drawn = stock_diagram(load(file), all=True, layout=layout or "own")
    try:
        text = write_view(file.read_bytes(), drawn.sheet).decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"'{file}' is not in UTF-8. Save it as UTF-8 first.") from None
    target = out or file
    write_new(target, text, force or out is None)
    if not quiet:
        tell(f"wrote {target}: a view of {len(drawn.sheet.places)} variables, {drawn.source}")
