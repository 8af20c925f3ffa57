r"""A Vensim file's text into its parts: entries, macros, sketches, settings.

The equations come first, each entry `equation ~ units ~ comment |`; sketches begin at a line
`\\\---///`, settings follow a line `///---\\\`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from cyclesim.errors import Location, SourceText
from cyclesim.readers.findings import Findings

_SKETCH = re.compile(r"^\\{2,3}---///.*$", re.MULTILINE)
_SETTINGS = re.compile(r"^///---\\{2,3}.*$", re.MULTILINE)
_CONTINUED = re.compile(r"\\(?=[ \t]*\n)")
_BLANK = re.compile(r"(?:\s|\{[^}]*\})*")
_GROUP = re.compile(r"\*{3,}[ \t]*\n\s*(?P<name>[^\n]*)\n[ \t]*\*{3,}[ \t]*(?=[~|]|\Z)")
_RULE = re.compile(r"\*{3,}[ \t]*(?:\n|\Z)")
_MACRO = re.compile(r":MACRO:", re.IGNORECASE)
_MACRO_END = re.compile(r":END OF MACRO:", re.IGNORECASE)
_HEADER = re.compile(r"[^()|~]*\([^()|~]*\)")
_EQUATION = re.compile(r'(?:[^~|"{]|"(?:[^"\\]|\\.)*"|\{[^}]*\})*')
_ROUGH = re.compile(r"[^~|]*")
_CONTROL = "Simulation Control Parameters"


@dataclass(frozen=True)
class Entry:
    """What stands between two `|`: an equation or another statement, its units, its comment."""

    text: SourceText
    units: str = ""
    doc: str = ""


@dataclass(frozen=True)
class MacroText:
    """A macro's head, as `name(inputs : outputs)`, and its entries."""

    head: SourceText
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class VensimFile:
    """The parts of a Vensim file; a sketch is a piece of text with its place."""

    entries: tuple[Entry, ...]
    macros: tuple[MacroText, ...]
    sketches: tuple[SourceText, ...]
    settings: SourceText
    doc: str | None


def split_file(content: bytes, findings: Findings) -> VensimFile:
    """Return the parts of a file; what is not closed is noted in `findings`."""
    text = _decoded(content)
    starts = [match.start() for match in _SKETCH.finditer(text)]
    closing = _SETTINGS.search(text, starts[-1] if starts else 0)
    end = closing.start() if closing else len(text)
    place = _Places(text, findings.path)
    equations = text[: starts[0] if starts else end]
    scanner = _Scanner(_CONTINUED.sub(" ", equations), place, findings)
    scanner.scan()
    ends = [*starts[1:], end]
    sketches = tuple(place.source(a, b) for a, b in zip(starts, ends, strict=False))
    settings = place.source(closing.end() if closing else len(text), len(text))
    doc = next((doc for doc in scanner.notes if doc != _CONTROL), None)
    return VensimFile(tuple(scanner.entries), tuple(scanner.macros), sketches, settings, doc)


def _decoded(content: bytes) -> str:
    """Return the text; Vensim before version 6 wrote in the code page of western Windows."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Places:
    """Offsets in the file into lines and columns."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.breaks = [match.end() for match in re.finditer("\n", text)]

    def location(self, offset: int) -> Location:
        line = bisect_right(self.breaks, offset)
        return Location(self.path, line + 1, offset - (self.breaks[line - 1] if line else 0) + 1)

    def source(self, start: int, end: int, text: str | None = None) -> SourceText:
        where = self.location(start)
        content = (self.text if text is None else text)[start:end]
        return SourceText(content, self.path, ((0, where.line, where.column),))


@dataclass
class _Scanner:
    text: str
    place: _Places
    findings: Findings
    entries: list[Entry] = field(default_factory=list)
    macros: list[MacroText] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    macro: tuple[SourceText, list[Entry]] | None = None
    position: int = 0

    def scan(self) -> None:
        while self.skip(_BLANK).position < len(self.text):
            if (group := _GROUP.match(self.text, self.position)) is not None:
                self.group(group)
            elif (rule := _RULE.match(self.text, self.position)) is not None:
                self.position = rule.end()
            elif (opening := _MACRO.match(self.text, self.position)) is not None:
                self.open_macro(opening)
            elif (closing := _MACRO_END.match(self.text, self.position)) is not None:
                self.close_macro(closing)
            else:
                self.entry()
        if self.macro is not None:
            message = "the macro is not closed"
            self.fault(message, self.macro[0].location(), "Add ':END OF MACRO:'.")

    def fault(self, message: str, where: Location, hint: str = "") -> None:
        self.findings.fault("syntax", message, where, "", hint)

    def skip(self, pattern: re.Pattern[str]) -> _Scanner:
        match = pattern.match(self.text, self.position)
        self.position = match.end() if match else self.position
        return self

    def source(self, start: int, end: int) -> SourceText:
        return self.place.source(start, start + len(self.text[start:end].rstrip()), self.text)

    def field(self) -> str:
        """Return what follows a `~` up to the next one or the end of the entry."""
        if self.text[self.position : self.position + 1] != "~":
            return ""
        start = self.position + 1
        self.position = start
        self.skip(_ROUGH)
        return " ".join(self.text[start : self.position].split())

    def close_entry(self, start: int) -> None:
        if self.text[self.position : self.position + 1] == "|":
            self.position += 1
            return
        bar = self.text.find("|", self.position)
        if bar >= 0:  # further fields, as :SUPPLEMENTARY, say nothing about values
            self.position = bar + 1
            return
        self.position = len(self.text)
        message = "the entry is not ended"
        self.fault(message, self.place.location(start), "Add '|' after units and comment.")

    def group(self, group: re.Match[str]) -> None:
        self.position = group.end()
        start = group.start()
        note = self.field()
        if note and not note.startswith("<"):
            self.notes.append(note)
        if self.position < len(self.text):
            self.close_entry(start)

    def entry(self) -> None:
        start = self.position
        self.skip(_EQUATION)
        if self.text[self.position : self.position + 1] not in ("", "~", "|"):
            self.position = start  # an open quote or comment: told when the equation is read
            self.skip(_ROUGH)
        text = self.source(start, self.position)
        entry = Entry(text, self.field(), self.field())
        self.close_entry(start)
        if text.content:
            (self.entries if self.macro is None else self.macro[1]).append(entry)

    def open_macro(self, opening: re.Match[str]) -> None:
        start = opening.end()
        head = _HEADER.match(self.text, start)
        where = self.place.location(opening.start())
        if head is None:
            self.fault("the macro has no list of inputs", where, "Write ':MACRO: name(input)'.")
        if self.macro is not None:
            self.fault("a macro stands within a macro", where)
            self.position = head.end() if head else start
            return
        self.position = head.end() if head else start
        blanks = len(self.text[start:]) - len(self.text[start:].lstrip())
        self.macro = (self.source(min(start + blanks, self.position), self.position), [])

    def close_macro(self, closing: re.Match[str]) -> None:
        self.position = closing.end()
        if self.macro is None:
            self.fault("no macro is open here", self.place.location(closing.start()))
            return
        self.macros.append(MacroText(self.macro[0], tuple(self.macro[1])))
        self.macro = None
