"""`cyclesim schema`: what study files may say."""

from __future__ import annotations

import click

from cyclesim.cli.options import Command, json_text
from cyclesim.cli.streams import say
from cyclesim.scenario.schema import json_schema


@click.command(cls=Command, examples=["cyclesim schema > study.schema.json"])
def schema() -> None:
    """Print the JSON schema of study files, for editors.

    An editor that knows it completes keys and marks mistakes as you type.
    """
    say(json_text(json_schema()))
