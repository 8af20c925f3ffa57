"""What a folder of results says of itself: what was run, what ran it, and which files came of it.

A manifest's `identity` is everything that decides the bytes of the files; what else it tells is for
its readers.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from cyclesim.errors import RunError, UsageError
from cyclesim.scenario.parts import Scenario, Study
from cyclesim.schedule import schedule_of
from cyclesim.version import __version__

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1

PROGRAM = ("cyclesim", "source")
"""Parts of an identity that say which program computed it."""

NOT_IN_RESULTS = frozenset(
    ("__main__", "checks", "cli", "diagram", "page", "report", "starter", "verify", "writers")
)
"""Parts of the package without which runs are computed."""

_TOLD = 12
"""Lines of what changed that are told: of another study nearly all has."""


def program() -> dict[str, Any]:
    """Return what computes results here: the version, and digests of its source, ready for JSON."""
    return {"cyclesim": __version__, "source": dict(source_digests())}


@lru_cache(maxsize=1)
def source_digests() -> tuple[tuple[str, str], ...]:
    """Return the digest of each part of the package that numbers go through, by name.

    SHA-256 of the Python files of a part, their names and their lines, cut to 16 digits: the same
    for a release wherever it is installed, another one where somebody has edited it. None where the
    package has no files of its own.
    """
    package = Path(__file__).parent
    parts: dict[str, list[Path]] = {}
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package)
        name = inside.parts[0].removesuffix(".py")
        if name not in NOT_IN_RESULTS and not name.startswith("_library"):
            parts.setdefault(name, []).append(path)
    return tuple((name, _source_digest(package, paths)) for name, paths in parts.items())


def _source_digest(package: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        lines = path.read_bytes().replace(b"\r\n", b"\n")  # as another system may check them out
        digest.update(f"{path.relative_to(package).as_posix()} {len(lines)}\n".encode() + lines)
    return digest.hexdigest()[:16]


def about(study: Study, command: list[str], packages: Iterable[str]) -> dict[str, Any]:
    """Return what a manifest tells its readers of a study and of where it was run."""
    return {
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "study": command[2] if len(command) > 2 else study.path,
        "study_digest": study.digest,
        "model": study.model.flat.path,
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in packages},
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def now() -> str:
    """Return the time of day, in universal time."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def study_identity(study: Study, scenarios: Iterable[Scenario]) -> dict[str, Any]:
    """Return what decides the runs of scenarios, whatever is kept of them, ready for JSON."""
    schedule = schedule_of(study.specs, study.model.flat.sim_specs)
    clock = schedule.clock
    return {
        "model_digest": study.model.flat.digest,
        "run": {
            "method": schedule.method.value,
            "start": clock.start,
            "stop": clock.stop,
            "dt": clock.dt,
            "saved_times": len(schedule.times),
            "noise_seed": study.noise_seed,
        },
        "scenarios": {scenario.name: _told(scenario) for scenario in scenarios},
    }


def _told(scenario: Scenario) -> str:
    """Return the digest of everything that a scenario does to a run."""
    told = [sorted(scenario.start.items()), scenario.recompute]
    told += [repr(change.override) for change in scenario.changes]
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(path: Path) -> dict[str, Any]:
    """Return a manifest. Raises UsageError where it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no manifest '{path}'.") from None
    except ValueError:
        raise UsageError(f"'{path}' is not the manifest of a batch or a run.") from None
    except OSError as error:
        raise RunError(f"'{path}' cannot be read: {error}.") from None
    wanted = {"identity": dict, "study": str, "command": list}
    if not isinstance(found, dict) or any(
        not isinstance(found.get(key), kind) for key, kind in wanted.items()
    ):
        raise UsageError(f"'{path}' is not the manifest of a batch or a run.")
    return found


def compared(before: Any, now: Any, at: str = "") -> list[str]:
    """Return what differs between two identities, a line each."""
    if at == "source":
        return _sources(before, now)
    if isinstance(before, dict) and isinstance(now, dict):
        return list(_differences(before, now, at))
    if before == now:
        return []
    if at.endswith("digest"):
        return [f"{at.removesuffix('_digest').replace('_digest', '')}: is another one now"]
    return [f"{at}: {_short(before)} then, {_short(now)} now"]


def what_changed(known: dict[str, Any], identity: dict[str, Any]) -> list[str]:
    """Return what of the study is not as it was, a line each; by which program is left out."""
    before, now = (
        {key: value for key, value in each.items() if key not in PROGRAM}
        for each in (known["identity"], identity)
    )
    return compared(before, now)


def another_study(study: Study, kind: str, changed: list[str]) -> UsageError:
    """Return the error that says what of a study is not as it was, for a batch or a run."""
    return UsageError(
        f"'{study.path}' does not give this {kind} as it was. What changed:\n"
        f"{in_lines(changed)}\n"
        f"Name the study as it was with --study, or make a {kind} of it as it is now."
    )


def another_program(known: dict[str, Any]) -> list[str]:
    """Return what of the program is not as it was, a line each, as far as a manifest tells."""
    before, now = known["identity"], program()
    return [
        line for key in PROGRAM if key in before for line in compared(before[key], now[key], key)
    ]


def in_lines(changed: list[str]) -> str:
    """Return what changed in lines of their own, the first of them where there are many."""
    told = changed[:_TOLD]
    if len(changed) > _TOLD:
        told.append(f"and {len(changed) - _TOLD} more")
    return "\n".join(f"  {line}" for line in told)


def _differences(before: dict[str, Any], now: dict[str, Any], at: str) -> Iterator[str]:
    for key in dict.fromkeys((*before, *now)):
        inside = f"{at}.{key}" if at else key
        if key not in now or key not in before:
            yield f"{inside}: {'taken out' if key in before else 'added'}"
        elif at == "scenarios" and before[key] != now[key]:
            yield f"{inside}: changes other things now"
        else:
            yield from compared(before[key], now[key], inside)


def _sources(before: dict[str, str], now: dict[str, str]) -> list[str]:
    parts = [part for part in dict.fromkeys((*before, *now)) if before.get(part) != now.get(part)]
    return [f"cyclesim: its own source is another one now, in {', '.join(parts)}"] if parts else []


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
