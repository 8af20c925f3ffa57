"""What another tool computed for a model, read from the files that stand beside it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cyclesim.names import Ident, canonical
from cyclesim.results import Results

CONTROL = {
    canonical("INITIAL TIME"): "start",
    canonical("FINAL TIME"): "stop",
    canonical("TIME STEP"): "dt",
}
"""Vensim prints the settings of the run as columns; in XMILE they are sim_specs."""

SAVE_PERIOD = canonical("SAVEPER")


@dataclass(frozen=True)
class Expected:
    """Columns by identifier: the times at which a value is stated, and the values."""

    path: Path
    columns: dict[Ident, tuple[np.ndarray, np.ndarray]]


def expected_outputs(model: Path) -> list[Expected]:
    """Return the outputs beside a model, the plain ones before Stella's."""
    folder = model.parent
    plain = [folder / "output.csv", folder / "output.tab"]
    stella = sorted(folder.glob("output_stella*.csv"))
    series = sorted(folder.glob(f"{model.stem}.dat"))
    found = [path for path in (*plain, *stella, *series) if path.is_file()]
    return [Expected(path, _columns(path)) for path in found]


def _columns(path: Path) -> dict[Ident, tuple[np.ndarray, np.ndarray]]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:  # one was written by an older Windows
        text = content.decode("cp1252")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _series(lines) if path.suffix == ".dat" else _table(lines, path.suffix == ".tab")


def _series(lines: list[str]) -> dict[Ident, tuple[np.ndarray, np.ndarray]]:
    """Return Vensim's .dat: a name on a line of its own, then a line a time and a value."""
    found: dict[str, list[tuple[float, float]]] = {}
    rows: list[tuple[float, float]] = []
    for line in lines:
        cells = line.split("\t")
        if len(cells) == 2 and line.strip():
            rows.append((float(cells[0]), float(cells[1])))
        elif line.strip():
            rows = found.setdefault(line.strip(), [])
    return {_ident(name): _two_arrays(rows) for name, rows in found.items()}


def _table(lines: list[str], by_tabs: bool) -> dict[Ident, tuple[np.ndarray, np.ndarray]]:
    """Return a table whose first column is the time; blank cells state nothing."""
    separator = "\t" if by_tabs or "\t" in lines[0] else ","
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=separator))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    found: dict[Ident, tuple[np.ndarray, np.ndarray]] = {}
    for place, name in enumerate(rows[0]):
        if place == 0 or not name.strip():
            continue
        cells = [(row[0], row[place]) for row in rows[1:] if len(row) > place]
        stated = [(float(time), float(cell)) for time, cell in cells if _is_number(cell)]
        found[_ident(name)] = _two_arrays(stated)
    return found


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _ident(name: str) -> Ident:
    """Return the identifier of a column.

    The commas of subscripts stand without blanks, the parts of a name in a module without quotes.
    """
    base, bracket, subscripts = name.partition("[")
    return canonical(base.replace('"', "") + bracket + subscripts.replace(", ", ","))


def _two_arrays(rows: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(rows, dtype=float).reshape(len(rows), 2)
    return table[:, 0], table[:, 1]


def disagreements(results: Results, expected: Expected) -> list[str]:
    """Return a sentence for each column in which a run departs from what is expected.

    The rule is the README's: |a-e| <= 1e-4*max(|a|,|e|) + 1e-4*max_t|e| at every saved time,
    and no expected column is missing.
    """
    said: list[str] = []
    names = {_ident(name): name for name in results.columns}
    for ident, (times, wanted) in expected.columns.items():
        if ident in CONTROL and ident not in names:
            got = np.full(len(times), results.provenance[CONTROL[ident]])
        elif ident == SAVE_PERIOD and ident not in names:
            continue
        elif ident in names:
            got = _at(results, names[ident], times)
        else:
            said.append(f"'{ident}' is missing")
            continue
        worst = _worst(got, wanted)
        if worst is not None:
            said.append(
                f"'{ident}' is {got[worst]:.8g} at {times[worst]:g} "
                f"where {wanted[worst]:.8g} is expected"
            )
    return said


def _at(results: Results, name: str, times: np.ndarray) -> np.ndarray:
    """Return the values at the times asked for, NaN at a time that was not saved.

    Times are printed to six figures, so that 10.03125 appears as 10.0312.
    """
    near = results.provenance["dt"] / 20
    places = np.searchsorted(results.time, times - near).clip(max=len(results.time) - 1)
    values = results[name][places].astype(float)
    values[np.abs(results.time[places] - times) > near] = np.nan
    return values


def _worst(got: np.ndarray, wanted: np.ndarray) -> int | None:
    if not len(wanted):
        return None
    largest = np.abs(wanted).max()
    allowed = 1e-4 * np.maximum(np.abs(got), np.abs(wanted)) + 1e-4 * largest
    off = np.nan_to_num(np.abs(got - wanted) - allowed, nan=np.inf)
    worst = int(off.argmax())
    return worst if off[worst] > 0 else None
