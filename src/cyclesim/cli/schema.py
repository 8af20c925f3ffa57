"""`cyclesim schema`: what study files and checks files may say."""

from __future__ import annotations

import click

from cyclesim.checks.schema import checks_schema
from cyclesim.cli.options import Command, json_text
from cyclesim.cli.streams import say
from cyclesim.scenario.schema import json_schema


@click.command(
    cls=Command,
    examples=["cyclesim schema > study.schema.json", "cyclesim schema --checks"],
)
@click.option("--checks", is_flag=True, help="That of the checks.yaml beside a model.")
def schema(checks: bool) -> None:
    """Print the JSON schema of study files, for editors.

    An editor that knows it completes keys and marks mistakes as you type.
    """
    say(json_text(checks_schema() if checks else json_schema()))
