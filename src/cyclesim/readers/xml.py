"""XML into a tree in which every element and every character knows its place.

A model file is untrusted: a document type, and with it every entity of the file's own, is
refused, so that nothing is fetched or multiplied.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from xml.parsers import expat

from cyclesim.errors import Diagnostic, Location, ModelError, SourceText

_COMMENT = re.compile(rb"<!--(.*?)-->", re.DOTALL)
DEPTH_LIMIT = 100
"""Nesting beyond this is refused by name: no tool writes it, and it would exhaust the stack."""


@dataclass(eq=False)
class Element:
    """An element: its tag in small letters without prefix, attributes, children, place."""

    tag: str
    prefix: str
    attributes: dict[str, str]
    location: Location
    children: list[Element] = field(default_factory=list)
    pieces: list[tuple[str, int, int]] = field(default_factory=list)

    def child(self, tag: str) -> Element | None:
        """Return the first child of that tag, or None."""
        return next((child for child in self.children if child.tag == tag), None)

    def all(self, tag: str) -> list[Element]:
        """Return the children of that tag."""
        return [child for child in self.children if child.tag == tag]

    @property
    def text(self) -> str:
        """Return the text directly within the element."""
        return "".join(piece for piece, _, _ in self.pieces)

    @property
    def source(self) -> SourceText:
        """Return the text with the place of each of its characters."""
        marks: list[tuple[int, int, int]] = []
        offset = 0
        for piece, line, column in self.pieces:
            marks.append((offset, line, column))
            offset += len(piece)
        if not marks:
            marks.append((0, self.location.line, self.location.column))
        return SourceText(self.text, self.location.path, tuple(marks))


def parse_xml(content: bytes, path: str) -> Element:
    """Return the root element. Raises ModelError where the file is not whole XML."""
    parser = expat.ParserCreate()  # prefixes are split off by hand: old files do not declare theirs
    parser.buffer_text = False
    top = Element("", "", {}, Location(path, 1, 1))
    open_elements = [top]

    def begin(name: str, attributes: dict[str, str]) -> None:
        prefix, _, tag = name.rpartition(":")
        bare = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        where = Location(path, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        if len(open_elements) > DEPTH_LIMIT:
            message = f"elements are nested more than {DEPTH_LIMIT} deep"
            raise ModelError([Diagnostic("xml", message, where)])
        element = Element(tag.casefold(), prefix, bare, where)  # old files write <Stock>
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_: str) -> None:
        open_elements.pop()

    def characters(data: str) -> None:
        place = (data, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        open_elements[-1].pieces.append(place)

    def doctype(*_: object) -> None:
        message = "a document type and its entities are refused"
        hint = "Delete the <!DOCTYPE ...> line."
        where = Location(path, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        raise ModelError([Diagnostic("doctype", message, where, None, hint)])

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(_COMMENT.sub(_blanked, content), True)
    except expat.ExpatError as error:
        where = Location(path, error.lineno, error.offset + 1)
        message = f"the file is not whole XML: {expat.ErrorString(error.code)}"
        raise ModelError([Diagnostic("xml", message, where)]) from None
    except (LookupError, ValueError) as error:  # an encoding that Python, or expat, has not
        raise ModelError([Diagnostic("xml", str(error), Location(path, 1, 1))]) from None
    return top.children[0]


def _blanked(comment: re.Match[bytes]) -> bytes:
    """Return a comment with nothing in it, of the same shape: XML allows no `--` within one."""
    return b"<!--" + re.sub(rb"[^\r\n]", b" ", comment[1]) + b"-->"


def _escaped(value: str) -> str:
    """Return text as it stands in an attribute: a line break would be read as a blank."""
    return escape(value).replace("\n", "&#10;").replace("\t", "&#9;").replace("\r", "&#13;")


def to_xml(element: Element) -> str:
    """Return an element and all in it as XML text, prefixes left out."""
    attributes = "".join(
        f' {key}="{_escaped(value)}"'
        for key, value in element.attributes.items()
        if key != "xmlns" and "xmlns" not in key
    )
    text = escape(element.text.strip(), quote=False)
    inner = text + "".join(to_xml(child) for child in element.children)
    if not inner:
        return f"<{element.tag}{attributes}/>"
    return f"<{element.tag}{attributes}>{inner}</{element.tag}>"
