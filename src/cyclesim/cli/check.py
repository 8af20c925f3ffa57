"""`cyclesim check`: everything that can be wrong with models and studies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from cyclesim import library
from cyclesim.cli.options import quiet_option, tell_notes
from cyclesim.cli.run import exit_code, tell_faults
from cyclesim.errors import CyclesimError, UsageError
from cyclesim.simulation import simulate
from cyclesim.study import run_study

_MODELS = (".xmile", ".stmx", ".itmx", ".xml", ".mdl")
_STUDIES = (".yaml", ".yml")


@click.command()
@click.argument("paths", nargs=-1, required=True)
@quiet_option
def check(paths: tuple[str, ...], quiet: bool) -> int:
    r"""Check models and studies: files, folders, or names of the library.

    A model is read, compiled and run, its step judged. A study is read, run and held against
    what it expects. The exit code is that of the worst finding.

    \b
    cyclesim check models scenarios
    cyclesim check my_study.yaml
    """
    worst = 0
    files = [file for path in paths for file in _files(path)]
    for file in files:
        code = _checked(file, quiet)
        worst = max(worst, code)
        if code == 0 and not quiet:
            click.echo(f"{file}: well")
    return worst


def _files(given: str) -> Iterator[Path]:
    path = Path(given)
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix in (*_MODELS, *_STUDIES))
        files = [p for p in found if p.name != "checks.yaml"]
        if not files:
            raise UsageError(f"'{path}' holds no model and no study.")
        yield from files
    elif path.is_file():
        yield path
    elif given in library.model_names():
        yield library.model_path(given)
    elif given in library.study_names():
        yield library.study_path(given)
    else:
        raise UsageError(f"there is no file, folder, library model or library study '{given}'.")


def _checked(file: Path, quiet: bool) -> int:
    try:
        if file.suffix in _STUDIES:
            found = run_study(file)
            tell_faults(found, quiet)
            return exit_code(found)
        results = simulate(file)
        tell_notes(results, quiet, str(file))
    except CyclesimError as error:
        click.echo(str(error) if error.exit_code == 3 else f"{file}: {error}", err=True)
        return error.exit_code
    return 0
