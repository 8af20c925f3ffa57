"""`cyclesim new`: a model, a study and its checks to start from."""

from __future__ import annotations

from pathlib import Path

import click

from cyclesim.cli.options import Command, quiet_option
from cyclesim.cli.places import write_new
from cyclesim.cli.streams import say
from cyclesim.errors import UsageError
from cyclesim.starter import starting_files


@click.command(cls=Command, examples=["cyclesim new help_desk"])
@click.argument("name", metavar="NAME")
@quiet_option
def new(name: str, quiet: bool) -> int:
    """Lay out a model, a study and its checks to start from.

    NAME is the folder to make, here or on a path. Nothing that is there is replaced.
    """
    folder = Path(name)
    files = starting_files(folder.name)
    if folder.exists():
        raise UsageError(f"'{folder}' is already there. Give another name.")
    for file, text in files.items():
        write_new(folder / file, text)
    if not quiet:
        say(f"{folder} holds {', '.join(files)}. Try:\n")
        say(f"    cyclesim check {_quoted(folder)}")
        say(f"    cyclesim run {_quoted(folder / 'study.yaml')}")
    return 0


def _quoted(path: Path) -> str:
    return f'"{path}"' if " " in str(path) else str(path)
