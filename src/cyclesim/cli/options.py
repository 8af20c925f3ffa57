"""Options and answers that several commands share."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from cyclesim.cli.streams import tell
from cyclesim.compiler import selected
from cyclesim.errors import UsageError
from cyclesim.names import canonical

if TYPE_CHECKING:  # the doctor reads this module where packages are missing
    from cyclesim.compiler import FlatModel
    from cyclesim.results import Results

TOO_COARSE = 0.01
"""A discretisation error above this share of a variable's range is worth a warning."""

_AROUND = re.compile(r"\s*([\[\],])\s*")
"""Blanks around the brackets and commas of an element make no other name."""

set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a variable, or an element Name[E] of an array, from before the start; "
    "`6 %` is 0.06. Can be given again.",
)
method_option = click.option("--method", metavar="M", help="euler, rk2, rk4, rk45, lsoda or radau.")
dt_option = click.option("--dt", metavar="X", help="Length of a step, in the model's time unit.")
force_option = click.option("--force", is_flag=True, help="Replace what is there.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
quiet_option = click.option(
    "--quiet", is_flag=True, help="Print no messages, only warnings and faults."
)


class Command(click.Command):
    """A command whose help shows examples before anything else."""

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.examples = tuple(examples)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, each on a line of its own however long, then the text."""
        if self.examples:
            formatter.write("\n")
            for example in self.examples:
                formatter.write(f"  {example}\n")
        super().format_help_text(ctx, formatter)


def numbers(settings: Iterable[str], option: str = "--set") -> dict[str, float]:
    """Return the numbers of NAME=VALUE settings; `6 %` is 0.06.

    Raises UsageError naming the setting that is not of that form, or that is given twice.
    """
    found: dict[str, float] = {}
    idents: set[str] = set()
    for setting in settings:
        name, equals, written = (part.strip() for part in setting.rpartition("="))
        if not equals or not name:
            raise UsageError(
                f"{option} '{setting}' is not of the form NAME=VALUE. "
                f'Write it like {option} "Training share=0.3", in quotation marks.'
            )
        ident = canonical(_AROUND.sub(r"\1", name))
        if ident in idents:
            raise UsageError(f"{option} gives '{name}' twice. Give it once.")
        idents.add(ident)
        found[name] = number(written, f"{option} '{name}'")
    return found


def number(written: str, what: str) -> float:
    """Return a number as written, a percentage as its share."""
    percent = written.endswith("%")
    try:
        value = float(written[:-1] if percent else written)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{what}: '{written}' is not a number. Write it like 0.06 or 6 %.")
    return value / 100 if percent else value


def json_text(value: Any) -> str:
    """Return JSON that every console and every code page can carry, its letters escaped."""
    return json.dumps(value, indent=1, allow_nan=False)


def progress(quiet: bool) -> Callable[[str], None] | None:
    """Return what says which scenario is being run, to someone who watches."""
    if quiet or not sys.stderr.isatty():
        return None
    return lambda title: tell(f"running '{title}'")


def tell_settings(settings: Mapping[str, float], flat: FlatModel, quiet: bool) -> None:
    """Print each number set, as it was understood and with its unit, on stderr."""
    if quiet:
        return
    for name, value in settings.items():
        variable = selected(flat, name).variable
        unit = "" if variable.units in (None, "", "1", "dmnl") else f" {variable.units}"
        tell(f"set: '{variable.name}' = {value:.12g}{unit}")


def remarks(results: Results, quiet: bool = False, title: str = "") -> Iterator[str]:
    """Yield what a run has to say besides its values; where quiet, no mere notes."""
    head = f"{title}: " if title else ""
    if not quiet:
        yield from (f"note: {head}{note}" for note in results.notes)
    warning = step_warning(results)
    if warning is not None:
        yield f"warning: {head}{warning}"


def step_warning(results: Results) -> str | None:
    """Return the sentence that the step may be too coarse, None where it is not."""
    if results.error is None:
        return None
    name, share = results.error.worst
    if share <= TOO_COARSE:
        return None
    better = ", or the method rk4" if results.provenance.get("method") in ("euler", "rk2") else ""
    return (
        f"the step may be too coarse: '{name}' may be off by {share:.1%} of its range, "
        f"against {results.error.compared_with}. Try a smaller dt{better}."
    )
