"""A document as data, and the same document as Markdown and as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list; where it is empty, `otherwise` stands in its place."""

    texts: tuple[str, ...]
    otherwise: str = "none"


@dataclass(frozen=True)
class Table:
    """Rows of text under heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A drawing (SVG of our own making) with what it shows."""

    svg: str
    caption: str


Block = Paragraph | Items | Table | Figure


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it; `level` is 2 or 3."""

    title: str
    blocks: tuple[Block, ...]
    level: int = 2


@dataclass(frozen=True)
class Document:
    """A title and its sections."""

    title: str
    lead: str
    sections: tuple[Section, ...]


def markdown(document: Document) -> str:
    """Return a document as Markdown; figures are told by their captions."""
    parts = [f"# {_plain(document.title)}", _plain(document.lead)]
    for section in document.sections:
        parts.append(f"{'#' * section.level} {_plain(section.title)}")
        parts += [_markdown(block) for block in section.blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def html(document: Document) -> str:
    """Return a document as one page that needs nothing else and can be printed."""
    body = [f"<h1>{escape(document.title)}</h1>", f'<p class="lead">{escape(document.lead)}</p>']
    for section in document.sections:
        body.append(f"<h{section.level}>{escape(section.title)}</h{section.level}>")
        body += [_html(block) for block in section.blocks]
    return (
        _template("dossier.html")
        .replace("{{title}}", escape(document.title))
        .replace("{{style}}", _template("dossier.css"))
        .replace("{{body}}", "\n".join(body))
    )


@cache
def _template(name: str) -> str:
    return (resources.files("cyclesim.checks") / "template" / name).read_text("utf-8")


def _markdown(block: Block) -> str:
    match block:
        case Paragraph(text=text):
            return _plain(text)
        case Items(texts=texts, otherwise=otherwise):
            return "\n".join(f"- {_plain(text)}" for text in texts) or _plain(otherwise)
        case Table(heads=heads, rows=rows):
            return "\n".join(_row(row) for row in (heads, ["---"] * len(heads), *rows))
        case Figure(caption=caption):
            return f"*Figure, in the HTML file: {_plain(caption)}*"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_plain(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _plain(text: str) -> str:
    """Return a text on one line that Markdown does not take for tags."""
    return " ".join(text.split()).replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def _html(block: Block) -> str:
    match block:
        case Paragraph(text=text):
            return f"<p>{escape(text)}</p>"
        case Items(texts=texts, otherwise=otherwise):
            items = "".join(f"<li>{escape(text)}</li>" for text in texts)
            return f"<ul>{items}</ul>" if items else f"<p>{escape(otherwise)}</p>"
        case Table(heads=heads, rows=rows):
            top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
            lines = "".join(
                "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
                for row in rows
            )
            table = f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"
            return f'<div class="scroll">{table}</div>'
        case Figure(svg=svg, caption=caption):
            return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
