"""Numbers that a Vensim model takes from tables: .csv, .tab, .xlsx and .xls."""

from __future__ import annotations

import io
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cyclesim.errors import ModelError
from cyclesim.readers import external
from cyclesim.readers.external_cells import cell_name, column_number
from cyclesim.simulation import simulate

CONTROL = """
INITIAL TIME = 0 ~ Month ~|
FINAL TIME = 4 ~ Month ~|
TIME STEP = 1 ~ Month ~|
SAVEPER = TIME STEP ~ Month ~|
"""
DIMENSIONS = "Region: North, South ~~| Kind: K1, K2, K3 ~~|\n"
TABLE = [
    [None, 0, 1, 3, 4],
    ["North", 10, 20, 40, 10],
    ["South", 1, None, 3, "n.a."],
    [None, 7, 8, 9, None],
    [None, 70, 80, 90, None],
]


def written(folder: Path, text: str, after: str = "") -> Path:
    path = folder / "model.mdl"
    path.write_text("{UTF-8}\n" + text + CONTROL + after, encoding="utf-8")
    return path


def columns(folder: Path, text: str, after: str = "") -> dict[str, list[float]]:
    """Return what each variable is at each time, the same from both targets."""
    path = written(folder, text, after)
    found = []
    for target in ("python", "numpy"):
        run = simulate(path, target=target, estimate_error=False)
        values = run.trajectory.values
        found.append({name: values[row].tolist() for name, row in run.columns.items()})
    assert found[0] == found[1]
    return found[0]


def said(folder: Path, text: str, after: str = "") -> str:
    """Return the words with which a model is refused, its folder left out."""
    path = written(folder, text, after)
    with pytest.raises(ModelError) as caught:
        simulate(path)
    return str(caught.value).replace(f"{path}:", "").split("\n")[0]


def csv_text(table: list[list[Any]], delimiter: str = ",") -> str:
    lines = (delimiter.join("" if cell is None else str(cell) for cell in row) for row in table)
    return "\n".join(lines)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "table.csv").write_text("\ufeff" + csv_text(TABLE), encoding="utf-8")
    return tmp_path


@pytest.fixture
def book(tmp_path: Path) -> Path:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed: extra excel")
    made = openpyxl.Workbook()
    made.active.title = "Costs"
    for row in TABLE:
        made.active.append(row)
    made["Costs"]["G1"] = "=1+1"
    names = openpyxl.workbook.defined_name.DefinedName
    for name, block in (
        ("block", "Costs!$B$4:$D$5"),
        ("times", "Costs!$B$1:$E$1"),
        ("corner", "Costs!$B$2"),
        ("elsewhere", "Other!$B$2"),
    ):
        made.defined_names[name] = names(name, attr_text=block)
    made.create_sheet("Other")
    made.save(tmp_path / "book.xlsx")
    return tmp_path


def old_book(table: list[list[Any]]) -> bytes:
    """Return a workbook of the oldest kind, BIFF2: one sheet, called Sheet 1."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    parts = [record(0x0009, struct.pack("<HH", 0x0002, 0x0010))]
    for row, cells in enumerate(table):
        for column, cell in enumerate(cells):
            at = struct.pack("<HH3x", row, column)
            if isinstance(cell, str):
                parts.append(record(0x0004, at + bytes([len(cell)]) + cell.encode()))
            elif cell is not None:
                parts.append(record(0x0003, at + struct.pack("<d", cell)))
    return b"".join([*parts, record(0x000A, b"")])


# --- constants -------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["GET DIRECT CONSTANTS", "GET XLS CONSTANTS"])
@pytest.mark.parametrize(
    ("left", "cell", "values"),
    [
        ("x", "B2", {"x": 10}),
        ("x", "$b$2", {"x": 10}),
        ("x[Kind]", "B4", {"x[K1]": 7, "x[K2]": 8, "x[K3]": 9}),
        ("x[Region]", "C4*", {"x[North]": 8, "x[South]": 80}),
        ("x[Region,Kind]", "B4", {"x[North,K3]": 9, "x[South,K1]": 70}),
        ("x[Kind,Region]", "B4*", {"x[K3,North]": 9, "x[K1,South]": 70}),
        ("x[South,Kind]", "B4", {"x[South,K1]": 7, "x[South,K3]": 9, "x[North,K1]": 0}),
    ],
)
def test_constants_run_right_and_down(
    table: Path, function: str, left: str, cell: str, values: dict[str, float]
) -> None:
    found = columns(table, f"{DIMENSIONS}{left} = {function}('table.csv', ',', '{cell}') ~~|")
    assert {name: found[name] for name in values} == {n: [v] * 5 for n, v in values.items()}


def test_elements_taken_out_keep_their_own_equation(table: Path) -> None:
    text = "x[Kind] :EXCEPT: [K2] = GET DIRECT CONSTANTS('table.csv', ',', 'B4') ~~| x[K2] = 5 ~~|"
    found = columns(table, DIMENSIONS + text)
    assert [found[f"x[{kind}]"][0] for kind in ("K1", "K2", "K3")] == [7, 5, 9]


def test_a_constant_is_a_number_like_any_other(table: Path) -> None:
    path = written(table, "x = GET DIRECT CONSTANTS('table.csv', ',', 'B2') ~~| y = 2 * x ~~|")
    run = simulate(path, {"x": 3}, estimate_error=False)
    assert run.trajectory.values[run.columns["y"]].tolist() == [6.0] * 5


def test_the_run_may_be_as_long_as_a_file_says(table: Path) -> None:
    path = written(table, "")
    text = path.read_text().replace(
        "FINAL TIME = 4", "FINAL TIME = GET DIRECT CONSTANTS('table.csv', ',', 'D2')/2 ~~| no = 1"
    )
    path.write_text(text)
    with pytest.raises(ModelError, match="GET DIRECT CONSTANTS is not the whole equation"):
        simulate(path)
    path.write_text(text.replace("/2", ""))
    assert simulate(path, estimate_error=False).time[-1] == 40


@pytest.mark.parametrize(
    ("name", "delimiter", "tab"),
    [
        ("t.csv", ",", ""),
        ("t.csv", ";", ";"),
        ("t.tab", "\t", ""),
        ("t.txt", "\t", "\t"),
        ("t.csv", "\t", "\\t"),
        ("T.CSV", ",", ","),
    ],
)
def test_fields_are_parted_by_what_the_second_argument_says(
    tmp_path: Path, name: str, delimiter: str, tab: str
) -> None:
    (tmp_path / name).write_text(csv_text(TABLE, delimiter).replace("\n", "\r\n"))
    found = columns(tmp_path, f"x = GET DIRECT CONSTANTS('{name}', '{tab}', 'D2') ~~|")
    assert found["x"][0] == 40


def test_a_tag_is_the_file_that_the_settings_name(table: Path) -> None:
    after = "\n\\\\\\---/// Sketch\n///---\\\\\\\n:L\n30:?Costs=table.csv\n"
    found = columns(table, "x = GET DIRECT CONSTANTS('?costs', ',', 'B2') ~~|", after)
    assert found["x"][0] == 10


def test_a_workbook_has_sheets_and_named_blocks(book: Path) -> None:
    calls = {
        "a[Region,Kind]": "'costs', 'Block'",
        "b[Kind,Region]": "'Costs', 'block*'",
        "c": "'Costs', 'corner'",
        "d[Kind]": "'Costs', 'corner'",
    }
    text = "".join(
        f"{left} = GET XLS CONSTANTS('book.xlsx', {rest}) ~~|\n" for left, rest in calls.items()
    )
    found = columns(book, DIMENSIONS + text)
    assert [found[n][0] for n in ("a[South,K2]", "b[K2,South]", "c", "d[K3]")] == [80, 80, 10, 40]


def test_an_old_workbook_is_read_too(tmp_path: Path) -> None:
    pytest.importorskip("xlrd", reason="xlrd is not installed: extra excel")
    (tmp_path / "old.xls").write_bytes(old_book(TABLE))
    call = "GET XLS CONSTANTS('old.xls', 'sheet 1', "
    found = columns(tmp_path, f"{DIMENSIONS}x[Region,Kind] = {call}'B4') ~~|")
    assert found["x[South,K3]"][0] == 90
    words = said(tmp_path, f"x = {call}'A2') ~~|")
    assert words.endswith(
        "'old.xls', sheet 'Sheet 1', cell A2 holds 'North' where a number is expected."
    )


def test_named_blocks_of_an_old_workbook() -> None:
    xlrd = pytest.importorskip("xlrd", reason="xlrd is not installed: extra excel")
    from cyclesim.readers.external_excel import _xls_range

    name = xlrd.book.Name()
    assert _xls_range(name, 0) is None
    block = xlrd.formula.Ref3D((0, 1, 2, 6, 1, 4))
    name.result = xlrd.formula.Operand(xlrd.formula.oREF, [block])
    area = _xls_range(name, 0)
    assert area is not None
    assert (area.top, area.left, area.bottom, area.right) == (2, 1, 5, 3)
    assert _xls_range(name, 1) is None


# --- series ----------------------------------------------------------------------------------

SERIES = "GET DIRECT DATA('table.csv', ',', '1', 'B2')"


@pytest.mark.parametrize(
    ("way", "north", "south"),
    [
        ("", [10, 20, 30, 40, 10], [1, 5 / 3, 7 / 3, 3, 3]),
        (":INTERPOLATE:", [10, 20, 30, 40, 10], [1, 5 / 3, 7 / 3, 3, 3]),
        (":HOLD BACKWARD:", [10, 20, 20, 40, 10], [1, 1, 1, 3, 3]),
        (":LOOK FORWARD:", [10, 20, 40, 40, 10], [1, 3, 3, 3, 3]),
    ],
)
def test_data_go_on_between_their_points_as_they_are_told(
    table: Path, way: str, north: list[float], south: list[float]
) -> None:
    found = columns(table, f"{DIMENSIONS}x[Region]{way} := {SERIES} ~~|")
    assert found["x[North]"] == pytest.approx(north)
    assert found["x[South]"] == pytest.approx(south)


def test_ends_are_held(table: Path) -> None:
    call = "GET DIRECT DATA('table.csv', ',', '1', 'C2')"
    found = columns(table, f"x:LOOK FORWARD: := {call} ~~| y := {call} ~~|")
    assert found["x"] == [20, 20, 40, 40, 10]
    assert found["y"] == [20, 20, 30, 40, 10]


def test_a_single_point_holds_for_every_time(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("time,x\n2,5\n")
    found = columns(tmp_path, "x := GET DIRECT DATA('t.csv', ',', 'A', 'B2') ~~|")
    assert found["x"] == [5] * 5


def test_time_may_run_downward(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(csv_text([list(row) for row in zip(*TABLE, strict=True)]))
    found = columns(
        tmp_path, f"{DIMENSIONS}x[Region] := GET DIRECT DATA('t.csv', ',', 'a', 'b2') ~~|"
    )
    assert found["x[North]"] == [10, 20, 30, 40, 10]
    assert found["x[South]"] == pytest.approx([1, 5 / 3, 7 / 3, 3, 3])


@pytest.mark.parametrize("form", ["f[Region] = {} ~~|", "f[Region]({}) ~~|"])
def test_lookups_are_graphical_functions(table: Path, form: str) -> None:
    call = "GET DIRECT LOOKUPS('table.csv', ',', '1', 'B2')"
    text = f"{DIMENSIONS}{form.format(call)} x[Region] = f[Region](2 + 0 * Time) ~~|"
    found = columns(table, text)
    assert (found["x[North]"][0], found["x[South]"][0]) == pytest.approx((30, 7 / 3))


def test_an_axis_may_be_a_named_block(book: Path) -> None:
    call = "GET XLS DATA('book.xlsx', 'Costs', 'times', 'corner')"
    found = columns(book, f"{DIMENSIONS}x[Region] := {call} ~~|")
    assert found["x[North]"] == [10, 20, 30, 40, 10]


@pytest.mark.parametrize("method", ["rk4", "rk45"])
def test_other_methods_see_the_points_of_data(table: Path, method: str) -> None:
    text = f"x:LOOK FORWARD: := {SERIES} ~~| s = INTEG(x, 0) ~~|"
    run = simulate(written(table, text), method=method, dt=0.125, estimate_error=False)
    expected = 20 * 1 + 40 * 2 + 10 * 1
    last = run.trajectory.values[run.columns["s"]][-1]
    assert last == pytest.approx(expected, rel=0.02 if method == "rk4" else 1e-6)


# --- elements --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "prefix", "names"),
    [
        ("A2", "A", "", ["North", "South"]),
        ("A2", "A3", "in ", ["in North", "in South"]),
        ("b1", "1", "t", ["t0", "t1", "t3", "t4"]),
        ("C3", "D4", "v", ["v3", "v8", "v9"]),
    ],
)
def test_elements_come_from_cells_across_and_down(
    table: Path, first: str, last: str, prefix: str, names: list[str]
) -> None:
    call = f"GET DIRECT SUBSCRIPT('table.csv', ',', '{first}', '{last}', '{prefix}')"
    found = columns(table, f"D: {call} ~~| x[D] = ELMCOUNT(D) ~~|")
    assert [name for name in found if name.startswith("x[")] == [f"x[{n}]" for n in names]
    assert found[f"x[{names[0]}]"][0] == len(names)


def test_a_mapping_may_follow(table: Path) -> None:
    call = "GET DIRECT SUBSCRIPT('table.csv', ',', 'A2', 'A3', '')"
    found = columns(
        table, f"Of: P, Q ~~| D: {call} -> Of ~~| x[D] = 1, 2 ~~| y[Of] = x[D] * 10 ~~|"
    )
    assert (found["y[P]"][0], found["y[Q]"][0]) == (10, 20)


# --- what is refused -------------------------------------------------------------------------

CONSTANT = "x = GET DIRECT CONSTANTS("


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"{CONSTANT}'none.csv', ',', 'B2') ~~|",
            "2:26: 'x': there is no file 'none.csv' beside the model.",
        ),
        (
            f"{CONSTANT}'../t.csv', ',', 'B2') ~~|",
            "2:26: 'x': '../t.csv' lies outside the model's own folder and is not read."
            " Copy it beside the model and name it there.",
        ),
        (
            f"{CONSTANT}'/etc/passwd', ',', 'B2') ~~|",
            "2:26: 'x': '/etc/passwd' lies outside the model's own folder and is not read."
            " Copy it beside the model and name it there.",
        ),
        (
            f"{CONSTANT}'https://x.org/t.csv', ',', 'B2') ~~|",
            "2:26: 'x': 'https://x.org/t.csv' is an address; only files beside the model are"
            " read. Save it beside the model and name it there.",
        ),
        (
            f"{CONSTANT}'?t', ',', 'B2') ~~|",
            "2:26: 'x': the model's settings do not say which file '?t' is. Name the file itself.",
        ),
        (f"{CONSTANT}' ', ',', 'B2') ~~|", "2:26: 'x': it names no file."),
        (
            f"{CONSTANT}'model.mdl', ',', 'B2') ~~|",
            "2:26: 'x': 'model.mdl' is not of a kind that is read:"
            " .csv, .tab, .tsv, .txt, .xls, .xlsm, .xlsx.",
        ),
        (
            f"{CONSTANT}'table.csv', 'Costs', 'B2') ~~|",
            "2:39: 'x': 'table.csv' is a text file, and 'Costs' is not a character between"
            " fields. Write ',' for the second argument.",
        ),
        (
            f"{CONSTANT}'table.csv', ',', 'costs') ~~|",
            "2:44: 'x': 'table.csv' has no cell and no named range 'costs'. Write it as B2.",
        ),
        (
            f"{CONSTANT}'table.csv', ',', 'E3') ~~|",
            "2:44: 'x': 'table.csv', cell E3 holds 'n.a.' where a number is expected.",
        ),
        (
            f"{CONSTANT}'table.csv', ',', 'ZZ99') ~~|",
            "2:44: 'x': 'table.csv', cell ZZ99 is empty where a number is expected.",
        ),
        (
            "x[Kind] = GET DIRECT CONSTANTS('table.csv', ',', 'B3') ~~|",
            "2:50: 'x': 'table.csv', cell C3 is empty where a number is expected.",
        ),
        (
            "x[Kind,Region,Of] = GET DIRECT CONSTANTS('table.csv', ',', 'B3') ~~|",
            "2:21: 'x': a table of numbers stands for 3 dimensions."
            " A table fills one dimension or two.",
        ),
        (
            f"{CONSTANT}'table.csv', 'B2') ~~|",
            "2:5: 'x': GET DIRECT CONSTANTS is given 2 arguments."
            " Write GET DIRECT CONSTANTS('file', 'tab', 'cell').",
        ),
        (
            f"{CONSTANT}'table.csv', tab, 'B2') ~~|",
            "2:39: 'x': GET DIRECT CONSTANTS is given what is not a text in single quotes."
            " Write '...'.",
        ),
        (
            f"{CONSTANT}'table.csv', ',', 'B2' ~~|",
            "2:25: 'x': '(' is not closed: expected ')'.",
        ),
        (
            f"{CONSTANT}'table.csv', ',', 'B2') + 1 ~~|",
            "2:50: 'x': GET DIRECT CONSTANTS is not the whole equation."
            " Give it a variable of its own.",
        ),
        (
            "x = 1 + GET DIRECT CONSTANTS('table.csv', ',', 'B2') ~~|",
            "2:9: 'x': GET DIRECT CONSTANTS cannot stand here. Give it a variable of its own.",
        ),
        (
            "x :RAW: := GET DIRECT DATA('table.csv', ',', '1', 'B2') ~~|",
            "2:12: 'x': raw data have no value between their points, which is not computed"
            " yet. Write :INTERPOLATE: for :RAW:.",
        ),
        (
            "x := GET DIRECT DATA('table.csv', ',', '*', 'B2') ~~|",
            "2:40: 'x': 'table.csv' has no row, column or named range '*'."
            " Write 1 for a row or A for a column.",
        ),
        (
            "x := GET DIRECT DATA('table.csv', ',', '2', 'B1') ~~|",
            "2:45: 'x': 'table.csv', cell E2 does not lie above the number before it."
            " Put the numbers of the axis in rising order.",
        ),
        (
            "x := GET DIRECT DATA('table.csv', ',', '1', 'B6') ~~|",
            "2:45: 'x': 'table.csv' has no points from cell B6 on.",
        ),
        (
            "f = GET DIRECT LOOKUPS('table.csv', ',', 'A') ~~| x = f(Time) ~~|",
            "2:5: 'f': GET DIRECT LOOKUPS is given 3 arguments. Write GET DIRECT LOOKUPS('file',"
            " 'tab', 'row or column of x', 'cell').",
        ),
        (
            "D: GET DIRECT SUBSCRIPT('table.csv', ',', 'A2', '', '') ~~| x[D] = 1 ~~|",
            "2:49: 'D': where the elements end is not said. Name the last cell.",
        ),
        (
            "D: GET DIRECT SUBSCRIPT('table.csv', ',', 'A4', 'A', '') ~~| x[D] = 1 ~~|",
            "2:43: 'D': 'table.csv' names no element from cell A4 on.",
        ),
        (
            "D: GET DIRECT SUBSCRIPT('table.csv', ',', 'A2', 'A3', '[') ~~| x[D] = 1 ~~|",
            "2:43: 'D': 'table.csv', cell A2: no element can be named '[North'.",
        ),
        (
            "x = GET VDF CONSTANTS('run.vdf', 'y', 1) ~~|",
            "2:5: 'x': GET VDF CONSTANTS takes data from outside the model, which is not read yet.",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_these_words(table: Path, text: str, words: str) -> None:
    dimensions = DIMENSIONS.replace("\n", " Of: O1, O2 ~~|") if "Kind" in text else ""
    assert said(table, text + dimensions) == words


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            "CONSTANTS('book.xlsx', 'Cots', 'B2')",
            "'book.xlsx' has no sheet 'Cots'. Did you mean 'Costs'?",
        ),
        (
            "CONSTANTS('book.xlsx', '1', 'B2')",
            "'book.xlsx' has no sheet '1'. Its sheets are 'Costs', 'Other'.",
        ),
        (
            "CONSTANTS('book.xlsx', 'Costs', 'G1')",
            "'book.xlsx', sheet 'Costs', cell G1 is empty where a number is expected.",
        ),
        (
            "CONSTANTS('book.xlsx', 'Costs', 'elsewhere')",
            "'book.xlsx', sheet 'Costs' has no cell and no named range 'elsewhere'."
            " Write it as B2.",
        ),
        (
            "CONSTANTS('book.xlsx', 'Costs', 'block')",
            "'book.xlsx', sheet 'Costs': the range has 2 x 3 cells where 1 x 4 are read."
            " A '*' behind the range's name turns rows into columns.",
        ),
        (
            "DATA('book.xlsx', 'Costs', 'block', 'B2')",
            "'book.xlsx', sheet 'Costs': the range 'block' is neither a row nor a column.",
        ),
        (
            "DATA('book.xlsx', 'Costs', 'times', 'C2')",
            "'book.xlsx', sheet 'Costs': the data do not begin where the range 'times' does.",
        ),
        ("CONSTANTS('damaged.xlsx', 'Costs', 'B2')", "'damaged.xlsx' cannot be read as a workbook"),
        ("CONSTANTS('damaged.xls', 'Costs', 'B2')", "'damaged.xls' cannot be read as a workbook"),
        (
            "CONSTANTS('entities.xlsx', 'Costs', 'B2')",
            "'entities.xlsx' holds a document type and is not read.",
        ),
    ],
)
def test_what_is_wrong_with_a_workbook_is_told(book: Path, call: str, words: str) -> None:
    pytest.importorskip("xlrd", reason="xlrd is not installed: extra excel")
    content = (book / "book.xlsx").read_bytes()
    (book / "damaged.xlsx").write_bytes(content[: len(content) // 2])
    (book / "damaged.xls").write_bytes(b"\xd0\xcf\x11\xe0 no more")
    (book / "entities.xlsx").write_bytes(with_entities(content))
    text = f"Kind: (K1-K4) ~~| x[Kind] = GET XLS {call} ~~|"
    assert said(book, text).partition("'x': ")[2].startswith(words)


def with_entities(content: bytes) -> bytes:
    """Return a workbook that draws in another file."""
    head = b'<!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    into = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(into, "w") as new:
        for part in old.namelist():
            text = old.read(part)
            if part == "xl/workbook.xml":
                text = head + text[text.find(b"<workbook") :]
            new.writestr(part, text)
    return into.getvalue()


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("1,2\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    words = said(folder, f"{CONSTANT}'link.csv', ',', 'A1') ~~|")
    assert "'link.csv' lies outside the model's own folder and is not read." in words
    words = said(folder, f"{CONSTANT}'loop.csv', ',', 'A1') ~~|")
    assert "there is no file 'loop.csv' beside the model." in words


def test_a_folder_within_may_hold_the_file(table: Path) -> None:
    (table / "data").mkdir()
    (table / "table.csv").rename(table / "data" / "table.csv")
    for name in ("data/table.csv", "data\\table.csv", "data/../data/table.csv"):
        assert columns(table, f"{CONSTANT}'{name}', ',', 'B2') ~~|")["x"][0] == 10


def test_files_are_read_up_to_a_size(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "MOST_CELLS", 10)
    words = said(table, f"{CONSTANT}'table.csv', ',', 'B2') ~~|")
    assert words == "2:26: 'x': 'table.csv' has more than 2,000,000 cells and is not read."
    monkeypatch.setattr(external, "MOST_BYTES", 2**20)
    (table / "table.csv").write_bytes(b"1," * 2**20)
    words = said(table, f"{CONSTANT}'table.csv', ',', 'B2') ~~|")
    assert words == "2:26: 'x': 'table.csv' is larger than 1 MB and is not read."


@pytest.mark.parametrize(("package", "file"), [("openpyxl", "b.xlsx"), ("xlrd", "b.xls")])
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, file: str
) -> None:
    (tmp_path / file).write_bytes(b"")
    monkeypatch.setitem(sys.modules, package, None)
    assert said(tmp_path, f"{CONSTANT}'{file}', 'A', 'B2') ~~|") == (
        f"2:26: 'x': to read '{file}', the package {package} is needed, which is"
        ' not installed. Run: python -m pip install "cyclesim[excel]"'
    )


def test_too_many_elements_are_not_listed(table: Path) -> None:
    call = "GET DIRECT CONSTANTS('table.csv', ',', 'B2')"
    text = f"D: (E1-E9999) ~~| F: (F1-F9999) ~~| x[D,F] = {call} ~~|"
    assert "99,980,001 elements are more than 100,000." in said(table, text)


def test_all_faults_are_told_at_once(table: Path) -> None:
    text = f"{CONSTANT}'a.csv', ',', 'B2') ~~|\ny = GET XLS CONSTANTS('b.csv', ',', 'B2') ~~|"
    with pytest.raises(ModelError) as caught:
        simulate(written(table, text))
    assert len(caught.value.diagnostics) == 2


# --- a run that ends when its FINAL TIME says ------------------------------------------------


@pytest.mark.parametrize(
    ("final", "last"),
    [
        ("IF THEN ELSE(Time > 7, Time, 100)", 8),
        ("limit", 6),
        ("INITIAL(Time) + 3", 3),
        ("10 - STEP(7, 5)", 5),
    ],
)
def test_a_final_time_that_goes_by_the_time_ends_the_run(
    tmp_path: Path, final: str, last: float
) -> None:
    path = written(tmp_path, "limit = MIN(6, 20 - Time) ~~|")
    path.write_text(path.read_text().replace("FINAL TIME = 4", f"FINAL TIME = {final}"))
    run = simulate(path, estimate_error=False)
    assert run.time[-1] == last
    assert np.all(run.trajectory.values[run.columns["FINAL TIME"]][:-1] > run.time[:-1])


def test_cells_have_the_names_that_spreadsheets_give_them() -> None:
    for number, letters in ((0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")):
        assert column_number(letters) == number
        assert cell_name(8, number) == f"{letters}9"
