"""The command line: arguments in, one library call, an exit code out."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from cyclesim.errors import CyclesimError
from cyclesim.names import did_you_mean
from cyclesim.version import __version__

_COMMANDS = {
    "demo": "cyclesim.cli.run",
    "run": "cyclesim.cli.run",
    "simulate": "cyclesim.cli.simulate",
    "check": "cyclesim.cli.check",
    "schema": "cyclesim.cli.tell",
    "doctor": "cyclesim.cli.tell",
}
"""Each command's module, imported only when the command is used: start time is felt."""

_FIRST_STEPS = """\
cyclesim runs models of service organisations. Three things to try:

    cyclesim demo                                   a first look: a study and its report
    cyclesim simulate service_cycle                 a model's own run, as CSV
    cyclesim check scenarios/virtuous_or_vicious.yaml   everything that can be wrong with a study

`cyclesim --help` lists all commands; `cyclesim COMMAND --help` explains one."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(_COMMANDS[cmd_name]), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            advice = did_you_mean(args[0], _COMMANDS) or "`cyclesim --help` lists the commands."
            raise click.UsageError(f"no command is called '{args[0]}'. {advice}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, invoke_without_command=True)
@click.version_option(__version__, prog_name="cyclesim")
@click.pass_context
def cli(context: click.Context) -> None:
    """Run stock-and-flow models of service organisations."""
    if context.invoked_subcommand is None:
        click.echo(_FIRST_STEPS)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code; faults are told in sentences."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that cannot show a character
    try:
        code = cli.main(arguments, prog_name="cyclesim", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: every file written so far is whole.", err=True)
        sys.exit(130)
    except CyclesimError as error:
        click.echo(f"cyclesim: {error}" if error.exit_code != 3 else str(error), err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        click.echo(f"cyclesim: {error.filename or 'a file'}: {error.strerror or error}.", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
