"""A model, a study and its checks to start from."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from cyclesim.errors import UsageError

_HERE = Path(__file__).resolve().parent
_NAMES = ("model.xmile", "study.yaml", "checks.yaml", "README.md")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_ -]*")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)


def starting_files(name: str) -> dict[str, str]:
    """Return the texts of a new project by file name; `name` becomes the model's title.

    Raises UsageError for a name that cannot be a folder's everywhere.
    """
    if not _NAME.fullmatch(name) or name != name.strip():
        raise UsageError(
            f"'{name}' cannot be a name. It begins with a letter; letters, digits, blanks, "
            "_ and - may follow."
        )
    if _DEVICES.fullmatch(name):
        raise UsageError(f"'{name}' names a device on Windows. Take another name.")
    words = re.sub(r"[_ -]+", " ", name).strip()
    title = words[:1].upper() + words[1:]
    return {
        file: Template((_HERE / file).read_text(encoding="utf-8")).substitute(title=title)
        for file in _NAMES
    }
