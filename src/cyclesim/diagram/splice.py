"""A view put into an XMILE file: `<views>` replaced or added, every other byte as it was."""

from __future__ import annotations

import re
from xml.parsers import expat

from cyclesim.diagram.sheet import Sheet
from cyclesim.diagram.views import views_tag
from cyclesim.errors import UsageError

_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)


def write_view(content: bytes, sheet: Sheet) -> bytes:
    """Return an XMILE file's bytes with a sheet as the view of its model.

    Raises UsageError where the file has no model to which it could be added.
    """
    indent, newline = _style(content)
    return with_views(content, newline.join(views_tag(sheet).lines(indent)).strip())


def with_views(content: bytes, views: str) -> bytes:
    """Return an XMILE file's bytes with `views`, an element, in place of those of its model.

    What is put in is ASCII, so that it fits every encoding that holds ASCII.
    Raises UsageError where the file has no model to which it could be added.
    """
    found = _Spots(content)
    indent, newline = _style(content)
    text = views.encode("ascii", "xmlcharrefreplace")
    if found.views is not None:
        start, end = found.views
        return content[:start] + text + content[end:]
    if found.end is None:
        raise UsageError("the file holds no <model> to which a view could be added.")
    line = content.rfind(b"\n", 0, found.end) + 1
    if content[line : found.end].strip():  # the model does not end on a line of its own
        return content[: found.end] + text + content[found.end :]
    added = indent.encode() + text + newline.encode()
    return content[:line] + added + content[line:]


def _style(content: bytes) -> tuple[str, str]:
    """Return the indent of what stands in the model, and how lines end."""
    newline = "\r\n" if b"\r\n" in content else "\n"
    found = re.search(rb"\n([ \t]*)<variables\b", content)
    return (found[1].decode("ascii") if found else "    "), newline


class _Spots:
    """Where the model's own `<views>` lie in a file's bytes, and where its `<model>` ends.

    The model itself is the one without a name, or the first.
    """

    def __init__(self, content: bytes) -> None:
        self.models: list[tuple[bool, list[tuple[int, int]], int]] = []
        self.open: list[str] = []
        self.begun = 0
        self.named = False
        self.found: list[tuple[int, int]] = []
        # Comments with `--` within are read elsewhere too; here they are blanked, lengths kept.
        self.content = _COMMENT.sub(lambda m: b"<!--" + b" " * (len(m[0]) - 7) + b"-->", content)
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.stop
        self.parser.Parse(self.content, True)
        main = next((m for m in self.models if not m[0]), self.models[0] if self.models else None)
        self.views = main[1][0] if main and main[1] else None
        self.end = main[2] if main else None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2].casefold()
        if tag == "model" and len(self.open) == 1:
            self.found, self.named = [], bool(attributes.get("name", "").strip())
        if tag == "views" and self.open[1:] == ["model"]:
            self.begun = self.parser.CurrentByteIndex
        self.open.append(tag)

    def stop(self, name: str) -> None:
        self.open.pop()
        tag = name.rpartition(":")[2].casefold()
        at = self.parser.CurrentByteIndex
        if tag == "views" and self.open[1:] == ["model"]:
            self.found.append((self.begun, self.after(at)))
        if tag == "model" and len(self.open) == 1:
            self.models.append((self.named, self.found, at))

    def after(self, at: int) -> int:
        """Return where the tag that begins at a byte ends; expat gives its beginning."""
        inside: int | None = None
        for place in range(at, len(self.content)):
            byte = self.content[place]
            if inside is None and byte == 0x3E:
                return place + 1
            if byte in (0x22, 0x27):
                inside = None if inside == byte else (byte if inside is None else inside)
        raise AssertionError(at)
