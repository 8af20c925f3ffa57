"""`cyclesim doctor`: what is installed, what is missing, the line that adds it.

It imports nothing that may be missing.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tomllib
from importlib import metadata
from typing import Any

import click

from cyclesim import library
from cyclesim.cli.options import Command, json_option, json_text
from cyclesim.cli.streams import say
from cyclesim.version import __version__

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


@click.command(cls=Command, examples=["cyclesim doctor", "cyclesim doctor --json"])
@json_option
def doctor(as_json: bool) -> int:
    """Say what is installed, and how to add what is missing.

    Exit code 1 where a package is missing that cyclesim cannot do without.
    """
    found = examination()
    if as_json:
        say(json_text(found))
    else:
        _tell(found)
    return 1 if _missing(found["packages"], None) else 0


def examination() -> dict[str, Any]:
    """Return what cyclesim needs and what of it is there."""
    given = os.environ.get("CYCLESIM_CHROMIUM")
    return {
        "schema_version": 1,
        "cyclesim": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "library": str(library.root()),
        "models": list(library.model_names()),
        "studies": list(library.study_names()),
        "browser": given or next(filter(None, map(shutil.which, _BROWSERS)), None),
        "packages": [_package(*requirement) for requirement in _requirements()],
    }


def _requirements() -> list[tuple[str, str | None]]:
    """Return what is to be installed, and for which extra."""
    try:
        lines = metadata.requires("cyclesim") or []
    except metadata.PackageNotFoundError:
        return _requirements_of_the_checkout()
    found = []
    for line in lines:
        requirement, _, marker = line.partition(";")
        extra = _EXTRA.search(marker)
        found.append((requirement.strip(), extra.group(1) if extra else None))
    return [pair for pair in found if _name(pair[0]) != "cyclesim"]


def _requirements_of_the_checkout() -> list[tuple[str, str | None]]:
    file = library.root() / "pyproject.toml"
    if not file.is_file():
        return []
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {})
    needed: list[tuple[str, str | None]] = [(line, None) for line in project["dependencies"]]
    optional = [(line, extra) for extra, lines in extras.items() for line in lines]
    return needed + [pair for pair in optional if _name(pair[0]) != "cyclesim"]


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return found.group() if found else requirement


def _package(requirement: str, extra: str | None) -> dict[str, Any]:
    name = _name(requirement)
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        version = None
    return {
        "name": name,
        "requirement": requirement,
        "version": version,
        "needed": extra is None,
        "extra": extra,
    }


def _missing(packages: list[dict[str, Any]], extra: str | None) -> list[str]:
    return [p["requirement"] for p in packages if p["extra"] == extra and not p["version"]]


def _line(requirements: list[str]) -> str:
    quoted = " ".join(f'"{requirement}"' for requirement in requirements)
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"{python} -m pip install {quoted}"


def _tell(found: dict[str, Any]) -> None:
    packages: list[dict[str, Any]] = found["packages"]
    say(f"cyclesim {found['cyclesim']} on Python {found['python']}, {found['platform']}")
    say(f"models and studies in {found['library']}")
    for package in packages:
        if package["needed"]:
            say(f"  {package['name']:<14} {package['version'] or 'MISSING'}")
    missing = _missing(packages, None)
    if missing:
        say(f"add what is missing: {_line(missing)}")
    for extra in dict.fromkeys(package["extra"] for package in packages if package["extra"]):
        missing = _missing(packages, extra)
        state = f"not needed to run models; add it: {_line(missing)}" if missing else "complete"
        say(f"  extra {extra}: {state}")
    say(f"browser for tests of pages: {found['browser'] or 'none found'}")
