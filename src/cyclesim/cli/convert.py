"""`cyclesim convert`: a model of another tool into XMILE."""

from __future__ import annotations

from pathlib import Path

import click

from cyclesim.cli.options import Command, force_option, quiet_option
from cyclesim.cli.places import find_model, refuse_taken_file, write_new
from cyclesim.cli.streams import tell
from cyclesim.errors import UsageError
from cyclesim.readers import read_model
from cyclesim.writers import unportable, write_xmile

_WRITTEN = (".xmile", ".stmx", ".xml")


@click.command(cls=Command, examples=["cyclesim convert population.mdl population.xmile"])
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@force_option
@quiet_option
def convert(source: str, target: str, force: bool, quiet: bool) -> int:
    """Write a model, Vensim's .mdl or any XMILE, as an XMILE file.

    IN is a file, or a library model's name. OUT is not replaced unless --force says so.
    """
    path = Path(target)
    if path.suffix.casefold() not in _WRITTEN:
        kinds = ", ".join(_WRITTEN)
        raise UsageError(f"'{target}' cannot be written: its name ends in none of {kinds}.")
    refuse_taken_file(path, force)
    project = read_model(find_model(source))
    write_new(path, write_xmile(project), force)
    strange = unportable(project)
    if quiet:
        return 0
    if strange:
        calls = "the function" if len(strange) == 1 else "the functions"
        named = ", ".join(strange)
        tell(f"note: other tools may not know {calls} {named}.")
    if any(dimension.mappings for dimension in project.dimensions):
        tell("note: other tools may not know how dimensions map to one another.")
    tell(f"{path} is written.")
    return 0
