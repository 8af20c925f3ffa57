"""XML as it is written: elements a line each, the text of an element just as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_INDENT = "  "


@dataclass(frozen=True)
class Tag:
    """An element with its attributes, and either text or elements in it."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Tag | str, ...] = ()
    """A child that is a string is XML as it stands."""
    text: str = ""

    def lines(self, indent: str = "") -> Iterator[str]:
        """Yield the element's lines."""
        head = self.name + "".join(
            f' {key}="{_escaped(_clean(value))}"' for key, value in self.attributes
        )
        if self.children:
            yield f"{indent}<{head}>"
            for child in self.children:
                if isinstance(child, str):
                    yield f"{indent}{_INDENT}{child}"
                else:
                    yield from child.lines(indent + _INDENT)
            yield f"{indent}</{self.name}>"
        elif self.text:
            text = _clean(self.text).replace("\r\n", "\n").replace("\r", "\n")
            yield f"{indent}<{head}>{escape(text, quote=False)}</{self.name}>"
        else:
            yield f"{indent}<{head}/>"


def tag(
    name: str,
    attributes: Mapping[str, str] | None = None,
    children: Iterable[Tag | str | None] = (),
    text: str = "",
) -> Tag:
    """Return an element; children that are None are left out."""
    kept = tuple(child for child in children if child is not None)
    return Tag(name, tuple((attributes or {}).items()), kept, text)


def _clean(text: str) -> str:
    """Return text without the characters that XML cannot hold."""
    return _FORBIDDEN.sub(" ", text)


def _escaped(value: str) -> str:
    """Return text as it stands in an attribute: a line break would be read as a blank."""
    return escape(value).replace("\n", "&#10;").replace("\t", "&#9;").replace("\r", "&#13;")
