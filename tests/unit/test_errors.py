"""Where faults are said to be, and how a finding reads."""

import pytest

from cyclesim.errors import (
    CyclesimError,
    Diagnostic,
    DiagnosticError,
    Excerpt,
    Location,
    ModelError,
    RunError,
    Severity,
    SourceText,
    StudyError,
    UsageError,
    in_file_order,
)
from cyclesim.readers.xml import parse_xml

LINES = SourceText("a + b\n  * c\n+ d", "m.xmile", ((0, 7, 10),))


@pytest.mark.parametrize(
    ("offset", "line", "column"),
    [(0, 7, 10), (4, 7, 14), (5, 7, 15), (6, 8, 1), (8, 8, 3), (12, 9, 1), (14, 9, 3), (15, 9, 4)],
)
def test_an_offset_is_found_over_lines(offset, line, column):
    assert LINES.location(offset) == Location("m.xmile", line, column)


def _places(content: bytes) -> dict[str, tuple[int, int]]:
    """Return where the reader says each capital letter of <eqn> stands."""
    root = parse_xml(content, "m.xmile")
    source = root.children[0].source
    found = {}
    for offset, character in enumerate(source.content):
        if character.isupper():
            where = source.location(offset)
            found[character] = (where.line, where.column)
    return found


def _truth(content: str) -> dict[str, tuple[int, int]]:
    """Return where each capital letter stands, counted in the file's own text."""
    lines = content.replace("CDATA", "cdata").split("\n")
    return {
        c: (number, column)
        for number, line in enumerate(lines, 1)
        for column, c in enumerate(line, 1)
        if c.isupper()
    }


@pytest.mark.parametrize(
    "content",
    [
        "<x><eqn>A + B</eqn></x>",
        "<x>\n  <eqn>A\n    + B * (\n C)</eqn></x>",
        "<x><eqn>A &lt; B &amp;&#32;C &gt; D</eqn></x>",
        "<x><eqn>\u00e9t\u00e9 + A &lt; \u20ac + B</eqn></x>",
        "<x><eqn>A<![CDATA[ < B\n & C]]> + D</eqn></x>",
        "<x><eqn>A <!-- note --> + B</eqn></x>",
        "<x><eqn>A\n&lt;\nB</eqn></x>",
    ],
)
def test_characters_are_found_behind_entities_cdata_comments_and_breaks(content):
    assert _places(content.encode()) == _truth(content)


def test_windows_line_ends_do_not_move_places():
    assert _places(b"<x><eqn>A\r\n + B\r\n + C</eqn></x>") == {
        "A": (1, 9),
        "B": (2, 4),
        "C": (3, 4),
    }


def test_an_empty_text_stands_where_its_element_does():
    source = parse_xml(b"<x>\n <eqn/></x>", "m").children[0].source
    assert source.location() == Location("m", 2, 2)


@pytest.mark.parametrize(
    ("start", "end", "line", "underlined"),
    [(4, 5, "a + b", "b"), (8, 11, "* c", "* c"), (8, 15, "* c", "* c"), (14, 15, "+ d", "d")],
)
def test_an_excerpt_underlines_the_piece_within_its_line(start, end, line, underlined):
    excerpt = LINES.excerpt(start, end)
    assert excerpt.line == line
    assert excerpt.line[excerpt.offset : excerpt.offset + excerpt.width] == underlined


def test_an_excerpt_underlines_at_least_one_column():
    assert str(Excerpt("a +", 3, 0)) == "    a +\n       ^"


def test_a_finding_reads_where_what_why_and_what_to_do():
    found = Diagnostic(
        "unknown-name",
        "no variable is called 'Rom'",
        Location("m.xmile", 41, 5),
        "'Loss'",
        "Did you mean 'Room'?",
        Excerpt("a - Rom", 4, 3),
    )
    assert str(found) == (
        "m.xmile:41:5: 'Loss': no variable is called 'Rom'. Did you mean 'Room'?\n"
        "    a - Rom\n"
        "        ^^^"
    )


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Diagnostic("x", "it is wrong"), "it is wrong."),
        (Diagnostic("x", "is it?"), "is it?"),
        (Diagnostic("x", "done."), "done."),
        (Diagnostic("x", "coarse", severity=Severity.WARNING), "warning: coarse."),
        (
            Diagnostic("x", "coarse", Location("m", 1, 2), severity=Severity.WARNING),
            "m:1:2: warning: coarse.",
        ),
    ],
)
def test_the_parts_of_a_finding_that_are_missing_leave_no_trace(found, text):
    assert str(found) == text


def test_findings_are_told_in_the_order_of_the_file():
    late = Diagnostic("x", "late", Location("m", 20, 1))
    early = Diagnostic("x", "early", Location("m", 3, 9))
    first = Diagnostic("x", "first", Location("m", 3, 2))
    nowhere = Diagnostic("x", "nowhere")
    assert in_file_order([late, early, nowhere, first]) == (nowhere, first, early, late)


def test_an_error_holds_and_tells_all_findings():
    error = ModelError([Diagnostic("a", "one"), Diagnostic("b", "two")])
    assert [found.code for found in error.diagnostics] == ["a", "b"]
    assert str(error) == "one.\ntwo."


@pytest.mark.parametrize(
    ("kind", "code"), [(CyclesimError, 1), (RunError, 1), (UsageError, 2), (DiagnosticError, 3)]
)
def test_exit_codes_are_those_of_the_contract(kind, code):
    assert kind.exit_code == code


def test_model_and_study_errors_are_told_as_findings():
    assert issubclass(ModelError, DiagnosticError)
    assert issubclass(StudyError, DiagnosticError)
    assert StudyError([]).exit_code == 3
