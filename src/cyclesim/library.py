"""Where the models and studies that come with cyclesim lie.

A wheel carries them inside the package (`_library`); an editable install and a checkout
read the source tree's own, so that an edit is never hidden by a stale copy.
"""

from __future__ import annotations

from pathlib import Path

from cyclesim.errors import UsageError
from cyclesim.names import did_you_mean

_PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """Return the folder that holds `models` and `scenarios`."""
    checkout = _PACKAGE.parents[1]
    if (checkout / "pyproject.toml").is_file() and (checkout / "models").is_dir():
        return checkout
    return _PACKAGE / "_library"


def model_names() -> tuple[str, ...]:
    """Return the names of the library's models."""
    return tuple(sorted(path.parent.name for path in (root() / "models").glob("*/model.xmile")))


def study_names() -> tuple[str, ...]:
    """Return the names of the library's studies."""
    return tuple(sorted(path.stem for path in (root() / "scenarios").glob("*.yaml")))


def model_path(name: str) -> Path:
    """Return the file of the library model `name`.

    Raises UsageError with the nearest name where there is none.
    """
    if name in model_names():
        return root() / "models" / name / "model.xmile"
    advice = did_you_mean(name, model_names()) or f"It has {', '.join(model_names())}."
    raise UsageError(f"the library has no model '{name}'. {advice}")


def study_path(name: str) -> Path:
    """Return the file of the library study `name`.

    Raises UsageError with the nearest name where there is none.
    """
    if name in study_names():
        return root() / "scenarios" / f"{name}.yaml"
    advice = did_you_mean(name, study_names()) or f"It has {', '.join(study_names())}."
    raise UsageError(f"the library has no study '{name}'. {advice}")
