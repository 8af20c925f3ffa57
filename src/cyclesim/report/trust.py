"""How far a study's numbers can be trusted, and what it takes to repeat them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cyclesim.report.figures import letter
from cyclesim.results import Results
from cyclesim.scenario.parts import StudyRun

TOO_COARSE = 0.01
"""A discretisation error above this share of a variable's range is worth a warning."""


@dataclass(frozen=True)
class Share:
    """The largest error among some variables, as a share of that variable's range."""

    variable: str
    share: float

    @property
    def too_coarse(self) -> bool:
        """Return whether it is worth a warning."""
        return self.share > TOO_COARSE

    @property
    def text(self) -> str:
        """Return the share as per cent."""
        per_cent = 100 * self.share
        text = f"{per_cent:.1f}" if per_cent >= 1 else f"{per_cent:.2g}"
        return "none found" if self.share == 0 else f"{text} %"


@dataclass(frozen=True)
class ErrorRow:
    """How far a scenario's headline variables, and all, may lie from those of tiny steps.

    Both are None where the error could not be found.
    """

    title: str
    headline: Share | None
    any: Share | None
    compared_with: str


@dataclass(frozen=True)
class Fact:
    """One line of the provenance."""

    what: str
    text: str


def error_rows(run: StudyRun) -> tuple[ErrorRow, ...]:
    """Return a row for each scenario, in the study's order."""
    headline = [output.variable.name for output in run.study.outputs]
    return tuple(
        _error_row(scenario.title, run.results[scenario.name], headline)
        for scenario in run.study.scenarios
    )


def _error_row(title: str, results: Results, headline: Sequence[str]) -> ErrorRow:
    error = results.error
    if error is None:
        return ErrorRow(title, None, None, "")
    shares = [Share(name, error.share_of_range.get(name, 0.0)) for name in headline]
    largest = max(shares, key=lambda found: found.share, default=None)
    return ErrorRow(title, largest, Share(*error.worst), error.compared_with)


def alarms(run: StudyRun) -> tuple[str, ...]:
    """Return what a reader must know before trusting the answer."""
    found = [
        f"'{scenario.title}' did not run to its end: {_ending(run.results[scenario.name])}."
        for scenario in run.study.scenarios
        if not run.results[scenario.name].status.complete
    ]
    failed = sum(not verdict.held for verdict in run.verdicts)
    if failed:
        found.append(
            f"{failed} of {len(run.verdicts)} checks of this study "
            f"{'does' if failed == 1 else 'do'} not hold; they are marked below."
        )
    coarse = _too_coarse((row.title, row.headline) for row in error_rows(run))
    if coarse:
        found.append(f"The step is too coarse for a headline variable: {coarse}. "
                     "Run the study with a smaller dt.")  # fmt: skip
    return tuple(found)


def _too_coarse(found: Iterable[tuple[str, Share | None]]) -> str:
    """Return the worst of the errors above the limit in words, empty where there is none."""
    coarse = [(title, share) for title, share in found if share and share.too_coarse]
    if not coarse:
        return ""
    title, worst = max(coarse, key=lambda pair: pair[1].share)
    more = f", and {len(coarse) - 1} more scenarios are above 1 %" if len(coarse) > 1 else ""
    more = more.replace("1 more scenarios are", "one more scenario is")
    return (
        f"'{worst.variable}' may be off by {worst.text} of its range in '{title}'{more}"
    )  # fmt: skip


def _ending(results: Results) -> str:
    return results.status.message or results.status.status.value


def remarks(run: StudyRun) -> tuple[str, ...]:
    """Return the warnings of the study, its notes and those of its runs, each said once."""
    rows = error_rows(run)
    coarse = _too_coarse((row.title, row.any) for row in rows)
    quiet = not _too_coarse((row.title, row.headline) for row in rows)
    said = [
        *(
            [f"The step is coarse behind the headline variables: {coarse}."]
            if coarse and quiet
            else []
        ),
        *(f"{warning.message}. {warning.hint or ''}".strip() for warning in run.study.warnings),
        *run.notes,
        *(note for results in run.results.values() for note in results.notes),
    ]
    return tuple(dict.fromkeys(said))


def command_line(run: StudyRun, command: Sequence[str] | None) -> str:
    """Return the command that repeats the study, quoted for a shell."""
    return shlex.join(command or ("cyclesim", "run", _shown_path(run.study.path)))


def facts(run: StudyRun) -> tuple[Fact, ...]:
    """Return the provenance that all runs share, then what differs from run to run."""
    study = run.study
    rows = {"study": _shown_path(study.path), "study digest": study.digest}
    keys = dict.fromkeys(key for results in run.results.values() for key in results.provenance)
    for key in keys:
        label = key.replace("_", " ")
        if key == "scenario" or label in rows:
            continue  # the scenarios have their letters, the study its own line
        texts = [_text(run.results[s.name].provenance.get(key)) for s in study.scenarios]
        if len(set(texts)) == 1:
            rows[label] = texts[0]
        else:
            rows |= {f"{label}, {letter(place)}": text for place, text in enumerate(texts)}
    return tuple(Fact(what, text) for what, text in rows.items())


def _text(value: object) -> str:
    if value is None or value == {}:
        return "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {one}" for name, one in value.items())
    text = str(value)
    return _shown_path(text) if Path(text).is_absolute() else text


def _shown_path(path: str) -> str:
    """Return a path as it may be shown to others: from here, or the file's name alone."""
    # A report is passed on: a reader elsewhere has no use for the writer's home folder.
    whole = Path(path)
    if not whole.is_absolute():
        return whole.as_posix()
    here = Path.cwd()
    return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else whole.name
