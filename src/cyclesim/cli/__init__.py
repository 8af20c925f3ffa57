"""The command line: arguments in, one library call, an exit code out."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import Any

import click

from cyclesim.cli.streams import let_go, prepare, say, tell
from cyclesim.errors import CyclesimError
from cyclesim.names import did_you_mean
from cyclesim.version import __version__

_COMMANDS = {
    "demo": "cyclesim.cli.run",
    "run": "cyclesim.cli.run",
    "simulate": "cyclesim.cli.simulate",
    "check": "cyclesim.cli.check",
    "convert": "cyclesim.cli.convert",
    "diagram": "cyclesim.cli.diagram",
    "loops": "cyclesim.cli.loops",
    "tipping": "cyclesim.cli.tipping",
    "page": "cyclesim.cli.page",
    "batch": "cyclesim.cli.batch",
    "rerun": "cyclesim.cli.rerun",
    "sensitivity": "cyclesim.cli.sensitivity",
    "verify": "cyclesim.cli.verify",
    "assess": "cyclesim.cli.assess",
    "new": "cyclesim.cli.new",
    "schema": "cyclesim.cli.schema",
    "doctor": "cyclesim.cli.doctor",
}
"""Each command's module, imported only when the command is used: start time is felt."""

_FIRST_STEPS = """\
cyclesim runs models of service organisations. Three things to try:

    cyclesim demo                                   a first look: a study and its report
    cyclesim simulate service_cycle --out run.csv   one run of a model, as a table
    cyclesim check virtuous_or_vicious              everything that can be wrong with a study

`cyclesim --help` lists all commands; `cyclesim COMMAND --help` explains one."""

_EXIT_CODES = """\
Data goes to stdout, messages to stderr. Exit codes: 0 well, 1 the model or a run failed, 2 usage,
3 an invalid file, 4 an expectation failed, 5 a part of a batch failed, 130 interrupted, 141 the
reader of a pipe has gone."""

_INTERRUPTED = 130
_READER_GONE = 141
_RUN_FAILED = 1


class _ReaderGoneError(Exception):
    """What reads the output, `head` for one, has had enough."""


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

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # click would leave with 1, which here means that a run failed.
            raise _ReaderGoneError from None


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EXIT_CODES,
)
@click.version_option(__version__, prog_name="cyclesim")
@click.pass_context
def cli(context: click.Context) -> None:
    """Run stock-and-flow models of service organisations."""
    if context.invoked_subcommand is None:
        say(_FIRST_STEPS)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code; faults are told in sentences."""
    prepare()
    gc.set_threshold(100_000, 20, 20)  # a command makes many things that stay: start time is felt
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: list[str] | None) -> int:
    try:
        code = cli.main(arguments, prog_name="cyclesim", standalone_mode=False)
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        tell("interrupted: every file written so far is whole.")
        return _INTERRUPTED
    except _ReaderGoneError:
        let_go()
        return _READER_GONE
    except CyclesimError as error:
        tell(f"cyclesim: {error}" if error.exit_code != 3 else str(error))
        return error.exit_code
    except ModuleNotFoundError as error:
        if (error.name or "cyclesim").partition(".")[0] == "cyclesim":
            raise
        tell(
            f"cyclesim: the package '{error.name}' is missing. "
            "`cyclesim doctor` prints the line that adds it."
        )
        return _RUN_FAILED
    except OSError as error:
        tell(f"cyclesim: {_failure(error)}")
        if error.filename is None:
            let_go()
        return _RUN_FAILED
    return code if isinstance(code, int) else 0


def _failure(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is None:  # files bear a name; what has none is the output
        return f"the output could not be written: {reason}."
    return f"'{error.filename}': {reason}."
