"""Where something is wrong, what it is, and what to do about it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """Whether a finding stops the work or only has to be said."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, order=True)
class Location:
    """A place in a file; lines and columns count from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Excerpt:
    """The line at fault and the part of it to be underlined (offset counts from 0)."""

    line: str
    offset: int
    width: int

    def __str__(self) -> str:
        underline = " " * self.offset + "^" * max(1, self.width)
        return f"    {self.line}\n    {underline}"


@dataclass(frozen=True)
class SourceText:
    """A text taken from a file, which remembers where each of its characters stood.

    `marks` are (offset, line, column): from that offset on, the text runs on from that place.
    """

    content: str
    path: str
    marks: tuple[tuple[int, int, int], ...]

    def location(self, offset: int = 0) -> Location:
        """Return where the character at `offset` stands in the file."""
        index = max(0, bisect_right(self.marks, (offset, 1 << 60, 1 << 60)) - 1)
        start, line, column = self.marks[index]
        between = self.content[start:offset]
        breaks = between.count("\n")
        if breaks:
            return Location(self.path, line + breaks, len(between) - between.rfind("\n"))
        return Location(self.path, line, column + len(between))

    def excerpt(self, start: int, end: int) -> Excerpt:
        """Return the line of the text that holds `start`, underlined up to `end`."""
        line_start = self.content.rfind("\n", 0, start) + 1
        line_end = self.content.find("\n", start)
        line = self.content[line_start : line_end if line_end >= 0 else None]
        shift = len(line) - len(line.lstrip())
        width = min(end, line_start + len(line)) - start
        return Excerpt(line.strip(), max(0, start - line_start - shift), width)


@dataclass(frozen=True)
class Diagnostic:
    """One finding: where, what about, what is wrong, and what to do.

    `message` is a sentence without its full stop; `hint` is a whole sentence.
    """

    code: str
    message: str
    location: Location | None = None
    subject: str | None = None
    hint: str | None = None
    excerpt: Excerpt | None = None
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        head = "warning: " if self.severity is Severity.WARNING else ""
        where = f"{self.location}: " if self.location else ""
        about = f"{self.subject}: " if self.subject else ""
        stop = "" if self.message.endswith(("?", ".")) else "."
        advice = f" {self.hint}" if self.hint else ""
        shown = f"\n{self.excerpt}" if self.excerpt else ""
        return f"{where}{head}{about}{self.message}{stop}{advice}{shown}"


class CyclesimError(Exception):
    """Anything that the user is told in a sentence instead of a traceback."""

    exit_code = 1


class UsageError(CyclesimError):
    """The command or call does not fit what it was given."""

    exit_code = 2


class RunError(CyclesimError):
    """A run that could not be carried out or did not end well."""

    exit_code = 1


class DiagnosticError(CyclesimError):
    """Everything found wrong in a file, in the order in which it stands there."""

    exit_code = 3

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


class ModelError(DiagnosticError):
    """A model file that cannot be computed as it stands."""


class StudyError(DiagnosticError):
    """A study file that cannot be run as it stands."""


def in_file_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the findings sorted by place; those without a place come first."""
    nowhere = Location("", 0, 0)
    return tuple(sorted(diagnostics, key=lambda found: found.location or nowhere))
