"""YAML text into a tree in which every key and every value knows its place.

A study file is untrusted: size and depth are limited, and tags, anchors and aliases are
refused, so that nothing is constructed or multiplied. A scalar stays text; what it has to be
is decided by the key it stands under, so that a scenario may be called `no` or `2030`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from cyclesim.errors import Diagnostic, Location, StudyError, in_file_order
from cyclesim.scenario.syntax import in_plain_words

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
LARGEST = 1_000_000
DEEPEST = 20

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Scalar:
    """A text as written; `absent` where nothing is written."""

    location: Location
    text: str
    absent: bool = False


@dataclass(frozen=True)
class Sequence:
    """A list."""

    location: Location
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Mapping:
    """Keys with their values, in the order written."""

    location: Location
    entries: tuple[tuple[Scalar, Node], ...]

    def get(self, key: str) -> tuple[Scalar, Node] | None:
        """Return the entry of a key, or None."""
        return next((entry for entry in self.entries if entry[0].text == key), None)


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True)
class Document:
    """A file's tree. A path names keys and, counted from 0, places in lists."""

    root: Node

    def location(self, path: Path, at_key: bool = False) -> Location:
        """Return where a value stands, or its key; where it is missing, what should hold it."""
        node, key = self.root, None
        for part in path:
            found = _child(node, part)
            if found is None:
                break
            key, node = found
        return key.location if at_key and key is not None else node.location

    def find(self, path: Path) -> Node | None:
        """Return what stands at a path, or None."""
        node: Node = self.root
        for part in path:
            found = _child(node, part)
            if found is None:
                return None
            node = found[1]
        return node

    def keys(self, path: Path) -> tuple[str, ...]:
        """Return the keys at a path, none where there is no mapping."""
        node = self.find(path)
        return tuple(key.text for key, _ in node.entries) if isinstance(node, Mapping) else ()

    def plain(self) -> Any:
        """Return dictionaries, lists and texts; None where nothing is written."""
        return _plain(self.root)


def dotted(path: Path) -> str:
    """Return a path as messages show it; entries of lists count from 1."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part + 1}]"
        else:
            shown += f".{part}" if shown else part
    return shown


def parse(content: bytes, path: str) -> Document:
    """Return the tree of a file.

    Raises StudyError with the first fault of syntax, or with all that is refused.
    """
    start = Location(path, 1, 1)
    if len(content) > LARGEST:
        message = f"the file is larger than a study may be, {LARGEST:,} bytes"
        hint = "Put long series of data into CSV files."
        raise StudyError([Diagnostic("too-large", message, start, None, hint)])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        where = Location(path, before.count(b"\n") + 1, column)
        message, hint = "this is not UTF-8 text", "Save the file as UTF-8."
        raise StudyError([Diagnostic("encoding", message, where, None, hint)]) from None
    builder = _Builder(path)
    try:
        root = builder.document(YAML(typ="safe", pure=True).parse(text))
    except StudyError:
        raise
    except Exception as error:  # whatever a text makes the parser stumble on is the text's fault
        raise StudyError([_syntax(error, text, path)]) from None
    if builder.diagnostics:
        raise StudyError(in_file_order(builder.diagnostics))
    return Document(root)


class _Builder:
    """Events into nodes; what is refused is noted and reading goes on."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.diagnostics: list[Diagnostic] = []

    def document(self, events: Iterator[Event]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    self.refuse(event, "a second document begins", "Keep one study in a file.")
                if event.version not in (None, (1, 2)) or event.tags:
                    self.refuse(event, "only YAML 1.2 without tags is read", "Delete the % lines.")
            elif isinstance(event, NodeEvent):
                node = self.node(event, events, 1)
                root = root or node
        return root or Scalar(Location(self.path, 1, 1), "", True)

    def node(self, event: Any, events: Iterator[Event], depth: int) -> Node:
        where = self.place(event)
        if depth > DEEPEST:
            message = f"this lies more than {DEEPEST} levels deep"
            raise StudyError([Diagnostic("too-deep", message, where)])
        if isinstance(event, AliasEvent):
            self.refuse(event, "an alias (*) is refused", "Write the value out, or use 'extends'.")
            return Scalar(where, "", True)
        if event.anchor is not None:
            self.refuse(event, "an anchor (&) is refused", "Write the value out, or use 'extends'.")
        if event.tag is not None:
            self.refuse(event, f"the tag '{event.tag}' is refused", "Delete the tag.")
        if isinstance(event, SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(event := next(events), SequenceEndEvent):
                items.append(self.node(event, events, depth + 1))
            return Sequence(where, tuple(items))
        if isinstance(event, MappingStartEvent):
            return self.mapping(where, events, depth)
        return self.scalar(event, where)

    def mapping(self, where: Location, events: Iterator[Event], depth: int) -> Mapping:
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            key = self.node(event, events, depth + 1)
            value = self.node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self.note("key", "a key is one text, not a list or a mapping", key.location)
            elif key.text == "<<":
                hint = "A scenario takes over another with 'extends'."
                self.note("merge", "merging with '<<' is refused", key.location, hint)
            elif key.text in entries:
                line = entries[key.text][0].location.line
                message = f"'{key.text}' is written twice, for the first time in line {line}"
                self.note("duplicate-key", message, key.location, "Keep one of them.")
            else:
                entries[key.text] = (key, value)
        return Mapping(where, tuple(entries.values()))

    def scalar(self, event: Any, where: Location) -> Scalar:
        text = event.value
        if _CONTROL.search(text):
            hint = "Write it in plain letters."
            self.note("control-character", "the text holds a control character", where, hint)
            text = _CONTROL.sub("", text)
        absent = event.style is None and text.casefold() in ("", "~", "null")
        return Scalar(where, text, absent)

    def place(self, event: Event) -> Location:
        mark = event.start_mark
        return Location(self.path, mark.line + 1, mark.column + 1)

    def refuse(self, event: Event, message: str, hint: str) -> None:
        self.note("yaml", message, self.place(event), hint)

    def note(self, code: str, message: str, where: Location, hint: str | None = None) -> None:
        self.diagnostics.append(Diagnostic(code, message, where, None, hint))


def _child(node: Node, part: str | int) -> tuple[Scalar | None, Node] | None:
    if isinstance(node, Mapping) and isinstance(part, str):
        return node.get(part)
    if isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
        return None, node.items[part]
    return None


def _plain(node: Node) -> Any:
    if isinstance(node, Mapping):
        return {key.text: _plain(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return None if node.absent else node.text


def _syntax(error: Exception, text: str, path: str) -> Diagnostic:
    where = Location(path, 1, 1)
    problem = ""
    if isinstance(error, MarkedYAMLError):
        problem = error.problem or ""
        mark = error.problem_mark or error.context_mark
        if "end of stream" in problem or "<stream end>" in problem:
            mark = error.context_mark or mark  # what was opened, not the end of the file
        if mark is not None:
            where = Location(path, mark.line + 1, mark.column + 1)
    elif isinstance(error, ReaderError):
        problem = "unacceptable character"
        before = text[: error.position]
        column = error.position - before.rfind("\n")
        where = Location(path, before.count("\n") + 1, column)
    message, hint = in_plain_words(problem)
    return Diagnostic("syntax", message, where, None, hint)
