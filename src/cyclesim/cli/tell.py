"""`cyclesim schema` and `cyclesim doctor`: what study files may say, what is installed."""

from __future__ import annotations

import json
import platform
import re
import shutil
import sys
from importlib import metadata
from typing import Any

import click

from cyclesim import library
from cyclesim.cli.options import json_option
from cyclesim.scenario.schema import json_schema
from cyclesim.version import __version__


@click.command()
def schema() -> None:
    """Print the JSON schema of study files, for editors."""
    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Say what is installed, what is missing, and the line that adds it."""
    found = examination()
    if as_json:
        click.echo(json.dumps(found, indent=1))
    else:
        _tell(found)
    return 1 if any(row["needed"] and not row["version"] for row in found["packages"]) else 0


def examination() -> dict[str, Any]:
    """Return what cyclesim needs and what of it is there."""
    rows = []
    for requirement in metadata.requires("cyclesim") or []:
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        extra = re.search(r"extra == ['\"](\w+)['\"]", requirement)
        if name == "cyclesim":
            continue
        rows.append({
            "name": name,
            "version": _version(name),
            "needed": extra is None,
            "extra": extra.group(1) if extra else None,
        })  # fmt: skip
    browser = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
    return {
        "schema_version": 1,
        "cyclesim": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "library": str(library.root()),
        "models": list(library.model_names()),
        "studies": list(library.study_names()),
        "browser": browser,
        "packages": rows,
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _tell(found: dict[str, Any]) -> None:
    click.echo(f"cyclesim {found['cyclesim']} on Python {found['python']}, {found['platform']}")
    click.echo(f"models and studies in {found['library']}")
    rows: list[dict[str, str | None]] = found["packages"]
    for row in rows:
        if row["needed"]:
            state = row["version"] or "MISSING"
            click.echo(f"  {row['name']:<14} {state}")
    if any(row["needed"] and not row["version"] for row in rows):
        click.echo("add what is missing: python -m pip install --upgrade cyclesim")
    extras = sorted({row["extra"] for row in rows if row["extra"]})
    for extra in extras:
        missing = [r["name"] or "" for r in rows if r["extra"] == extra and not r["version"]]
        if missing:
            names = ", ".join(sorted(set(missing)))
            click.echo(f"  extra {extra}: missing {names}; "
                       f"add it from a checkout: python -m pip install -e .[{extra}]")  # fmt: skip
        else:
            click.echo(f"  extra {extra}: complete")
    click.echo(f"browser for tests of pages: {found['browser'] or 'none found'}")
