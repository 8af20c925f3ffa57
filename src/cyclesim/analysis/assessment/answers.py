"""Answers of one or many respondents, from YAML or CSV; blanks and faults are named."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cyclesim.analysis.assessment.questionnaire import Questionnaire
from cyclesim.errors import Diagnostic, Location, StudyError, UsageError, in_file_order
from cyclesim.names import did_you_mean
from cyclesim.scenario.document import Document, Mapping, Scalar, parse
from cyclesim.scenario.document import Path as Keys

SUFFIXES = (".yaml", ".yml", ".json", ".csv")
MARKS = {
    "none": 0.0,
    "half": 0.5,
    "full": 1.0,
    "0": 0.0,
    "0.5": 0.5,
    "1": 1.0,
    "1.0": 1.0,
    "0.0": 0.0,
}
COLUMNS = ("respondent", "level", "practice", "answer")
_KEYS = ("organisation", "respondents")
_RESPONDENT = ("level", "answers")


@dataclass(frozen=True)
class Respondent:
    """Who answered, on which level of the organisation, and the marks by practice (0, 0.5, 1)."""

    name: str
    level: str
    marks: dict[str, float]


@dataclass(frozen=True)
class Answers:
    """What all respondents answered; `path` is the file it was read from."""

    path: str
    organisation: str
    respondents: tuple[Respondent, ...]

    def matrix(self, questionnaire: Questionnaire) -> np.ndarray:
        """Return the marks, (respondent, practice); NaN where there is no answer."""
        return np.array(
            [
                [each.marks.get(practice.code, np.nan) for practice in questionnaire.practices]
                for each in self.respondents
            ]
        )

    @property
    def levels(self) -> tuple[str, ...]:
        """Return the levels of the organisation in the order met."""
        return tuple(dict.fromkeys(each.level for each in self.respondents))


def read_answers(path: str | Path, questionnaire: Questionnaire) -> Answers:
    """Return the answers of a file.

    Raises UsageError where there is none of a known kind, StudyError with everything wrong in it:
    practices that do not exist, answers that are none of none, half, full, two answers to one.
    """
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"there is no file of answers '{path}'.")
    if file.suffix.casefold() not in SUFFIXES:
        raise UsageError(f"'{path}' is no file of answers: its name ends in none of "
                         f"{', '.join(SUFFIXES)}.")  # fmt: skip
    content = file.read_bytes()
    reader = _Csv if file.suffix.casefold() == ".csv" else _Yaml
    return reader(str(file), questionnaire).read(content)


class _Reader:
    def __init__(self, path: str, questionnaire: Questionnaire) -> None:
        self.path = path
        self.questionnaire = questionnaire
        self.found: list[Diagnostic] = []

    def note(
        self, code: str, message: str, where: Location, subject: str | None = None,
        hint: str | None = None,
    ) -> None:  # fmt: skip
        self.found.append(Diagnostic(code, message, where, subject, hint))

    def code(self, given: str, where: Location) -> str | None:
        """Return the code of a practice, None where there is no such practice."""
        code = given.strip().upper()
        if code in self.questionnaire.by_code:
            return code
        hint = did_you_mean(given, self.questionnaire.by_code)
        last = self.questionnaire.practices[-1].code
        first = self.questionnaire.practices[0].code
        self.note("no-practice", f"there is no practice '{given}'", where, None,
                  hint or f"They run from {first} to {last}.")  # fmt: skip
        return None

    def mark(self, given: str, code: str, where: Location) -> float | None:
        """Return the mark of an answer, None where it is blank or none of the three."""
        text = given.strip().casefold()
        if not text:
            return None
        if text not in MARKS:
            self.note("out-of-range", f"'{given.strip()}' is not an answer", where, code,
                      "Answer none, half or full (0, 0.5 or 1), or leave it blank.")  # fmt: skip
            return None
        return MARKS[text]

    def done(self, organisation: str, respondents: list[Respondent]) -> Answers:
        """Return the answers, or raise everything found wrong."""
        if not self.found and not any(each.marks for each in respondents):
            self.note("no-answers", "nobody has answered anything", Location(self.path, 1, 1), None,
                      "`cyclesim assess --blank` gives a form to fill in.")  # fmt: skip
        if self.found:
            raise StudyError(in_file_order(self.found))
        return Answers(self.path, organisation, tuple(respondents))


class _Yaml(_Reader):
    def read(self, content: bytes) -> Answers:
        document = parse(content, self.path)
        self.keys(document, (), _KEYS)
        respondents = [self.respondent(document, name) for name in document.keys(("respondents",))]
        if not respondents and not self.found:
            where = document.location(("respondents",))
            self.note(
                "no-respondents",
                "there are no respondents",
                where,
                None,
                "Write 'respondents:' and below it a name, with 'level:' and 'answers:'.",
            )
        return self.done(self.text(document, ("organisation",)), respondents)

    def keys(self, document: Document, path: Keys, known: tuple[str, ...]) -> None:
        for key in document.keys(path):
            if key not in known:
                hint = did_you_mean(key, known) or f"Known keys: {', '.join(known)}."
                where = document.location((*path, key), at_key=True)
                self.note("unknown-key", f"'{key}' is not a key here", where, None, hint)

    def text(self, document: Document, path: Keys) -> str:
        node = document.find(path)
        return node.text.strip() if isinstance(node, Scalar) and not node.absent else ""

    def respondent(self, document: Document, name: str) -> Respondent:
        path: Keys = ("respondents", name)
        self.keys(document, path, _RESPONDENT)
        marks: dict[str, float] = {}
        node = document.find((*path, "answers"))
        if not isinstance(node, Mapping):
            where = document.location((*path, "answers"))
            self.note(
                "no-answers",
                "there are no answers",
                where,
                name,
                "Write 'answers:' and below it a line for each practice, as U1: half.",
            )
            return Respondent(name, self.text(document, (*path, "level")), marks)
        for key, value in node.entries:
            code = self.code(key.text, key.location)
            if code is None:
                continue
            if not isinstance(value, Scalar):
                self.note("not-an-answer", "an answer is one word", value.location, code,
                          "Answer none, half or full.")  # fmt: skip
                continue
            mark = self.mark("" if value.absent else value.text, code, value.location)
            if code in marks and mark is not None:
                self.note("twice", f"{name} answers it twice", key.location, code, "Keep one.")
            elif mark is not None:
                marks[code] = mark
        return Respondent(name, self.text(document, (*path, "level")), marks)


class _Csv(_Reader):
    def read(self, content: bytes) -> Answers:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            where = Location(self.path, 1, 1)
            raise StudyError(
                [Diagnostic("encoding", "this is not UTF-8 text", where, None,
                            "Save the file as UTF-8.")]
            ) from None  # fmt: skip
        separator = ";" if text.partition("\n")[0].count(";") >= len(COLUMNS) - 1 else ","
        rows = csv.reader(io.StringIO(text), delimiter=separator)
        head = [name.strip().casefold() for name in next(rows, [])]
        missing = [name for name in COLUMNS if name not in head]
        if missing:
            where = Location(self.path, 1, 1)
            self.note("columns", f"there is no column {' and no column '.join(missing)}", where,
                      None, f"The first line names the columns {', '.join(COLUMNS)}.")  # fmt: skip
            return self.done("", [])
        place = {name: head.index(name) for name in COLUMNS}
        people: dict[str, Respondent] = {}
        for row in rows:
            where = Location(self.path, rows.line_num, 1)
            if not any(cell.strip() for cell in row):
                continue
            cells = {n: row[at].strip() if at < len(row) else "" for n, at in place.items()}
            self.row(cells, where, people)
        return self.done("", list(people.values()))

    def row(
        self, cells: dict[str, str], where: Location, people: dict[str, Respondent]
    ) -> None:  # fmt: skip
        name = cells["respondent"]
        if not name:
            self.note("no-name", "the respondent has no name", where, None, "A number will do.")
            return
        known = people.setdefault(name, Respondent(name, cells["level"], {}))
        if cells["level"] != known.level:
            self.note(
                "two-levels",
                f"'{name}' is on level '{known.level}' above and on '{cells['level']}' here",
                where,
                None,
                "Write one level a person.",
            )
        code = self.code(cells["practice"], where)
        mark = self.mark(cells["answer"], code, where) if code else None
        if code and code in known.marks and mark is not None:
            self.note("twice", f"{name} answers it twice", where, code, "Keep one.")
        elif code and mark is not None:
            known.marks[code] = mark
