"""The page that is written from a run: sections of tables and of goals, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .goals import Verdict
from .recipes import COMPILER, NARROW, RELAXED, STRICT
from .rounds import COMPARED, TOLERANCE

TEMPLATE = Path(__file__).with_name("README.md.j2")


@dataclass(frozen=True)
class Table:
    """Rows of words; the first column is set to the left, the others to the right."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    @property
    def text(self) -> str:
        """Return the table as Markdown, its columns aligned."""
        widths = [max(map(len, column)) for column in zip(self.header, *self.rows, strict=True)]

        def line(cells: Sequence[str]) -> str:
            first, *rest = (
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
            )
            return f"| {' | '.join((first, *rest))} |"

        rules = ["-" * (w + 1) + ":" if place else "-" * (w + 2) for place, w in enumerate(widths)]
        return "\n".join([line(self.header), f"|{'|'.join(rules)}|", *map(line, self.rows)])


@dataclass
class Section:
    """What was measured of one kind: in words, in tables, against goals."""

    title: str
    words: str = ""
    tables: list[Table] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def goals_table(verdicts: Sequence[Verdict]) -> Table:
    """Return goals, what was measured, and the verdicts."""
    rows = [(v.goal.what, v.goal.words, v.measured, v.words) for v in verdicts]
    return Table("", ("what", "goal", "measured", "verdict"), rows)


def summary(verdicts: Sequence[Verdict]) -> str:
    """Return how many goals are met and how many are not, in a sentence."""
    met = sum(verdict.met is True for verdict in verdicts)
    short = [verdict for verdict in verdicts if verdict.met is False]
    missing = [verdict for verdict in verdicts if verdict.met is None]
    text = f"Of {len(verdicts)} goals {met} {'is' if met == 1 else 'are'} met"
    if missing:
        text += f", {len(missing)} not measured"
    if not short:
        return f"{text}; none falls short."
    return f"{text} and {len(short)} {'falls' if len(short) == 1 else 'fall'} short."


def rendered(
    sections: Sequence[Section], machine: dict[str, str], quick: bool, busy: bool, command: str
) -> str:
    """Return the page; `busy` where the machine had other work when the run began."""
    loader = FileSystemLoader(TEMPLATE.parent)
    environment = Environment(
        loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, autoescape=False,  # Markdown, not HTML
    )  # fmt: skip
    verdicts = [verdict for section in sections for verdict in section.verdicts]
    return environment.get_template(TEMPLATE.name).render(
        sections=sections, machine=machine, quick=quick, busy=busy, command=command,
        goals=goals_table(verdicts), goals_table=goals_table, summary=summary(verdicts),
        compiled={name: " ".join((COMPILER, *flags)) for name, flags in (
            ("C, relaxed", RELAXED), ("C, strict", STRICT), ("C, relaxed, AVX2", NARROW))},
        compared=COMPARED, tolerance=f"{TOLERANCE:g}",
    )  # fmt: skip
