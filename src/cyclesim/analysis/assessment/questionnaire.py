"""The questionnaire: fifty observable practices, and the part of the model each belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from cyclesim import library
from cyclesim.scenario.document import parse


@dataclass(frozen=True)
class Practice:
    """One practice: where it belongs, what is asked, and what none, half and full look like."""

    code: str
    element: str
    part: str
    text: str
    none: str
    half: str
    full: str


@dataclass(frozen=True)
class Contradiction:
    """Two answers that can hardly both be right: `full` is full while `none` is none."""

    full: str
    none: str
    because: str


@dataclass(frozen=True)
class Questionnaire:
    """The practices in order, by element and part; element and part are variables of the model.

    `reading_error` is how far one answer may lie from what an outsider would find, as a standard
    deviation on the scale from 0 to 1.
    """

    model: str
    title: str
    reading_error: float
    titles: dict[str, str]
    practices: tuple[Practice, ...]
    contradictions: tuple[Contradiction, ...]

    @property
    def elements(self) -> tuple[str, ...]:
        """Return the elements in order."""
        return tuple(self.titles)

    @cached_property
    def by_code(self) -> dict[str, Practice]:
        """Return the practices by their codes."""
        return {practice.code: practice for practice in self.practices}

    def of(self, element: str) -> tuple[Practice, ...]:
        """Return the practices of an element."""
        return tuple(p for p in self.practices if p.element == element)

    def parts(self, element: str) -> dict[str, tuple[Practice, ...]]:
        """Return the practices of an element by part."""
        return {
            part: tuple(found)
            for part, found in groupby(self.of(element), lambda practice: practice.part)
        }

    @property
    def all_parts(self) -> dict[str, tuple[Practice, ...]]:
        """Return all practices by part, in order."""
        return {part: found for e in self.elements for part, found in self.parts(e).items()}

    def index(self, practices: Sequence[Practice]) -> list[int]:
        """Return where practices stand among all."""
        order = {practice.code: place for place, practice in enumerate(self.practices)}
        return [order[practice.code] for practice in practices]


def read_questionnaire(path: str | Path | None = None) -> Questionnaire:
    """Return a questionnaire, the library's own where no file is named.

    Raises StudyError where the file is not YAML.
    """
    file = Path(path) if path else library.model_path("service_cycle").parent / "assessment.yaml"
    data: dict[str, Any] = parse(file.read_bytes(), str(file)).plain()
    practices = tuple(
        Practice(code, element, part, said["practice"], said["none"], said["half"], said["full"])
        for element, about in data["elements"].items()
        for part, asked in about["parts"].items()
        for code, said in asked.items()
    )
    return Questionnaire(
        data["model"],
        data["title"],
        float(data["reading_error"]),
        {element: about["title"] for element, about in data["elements"].items()},
        practices,
        tuple(Contradiction(**each) for each in data["contradictions"]),
    )
