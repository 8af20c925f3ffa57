"""Write docs/conformance.md: what cyclesim, PySD and pysimlin make of the conformance suites.

    python tests/conformance/report.py [--out FILE] [--workers N] [--only TEXT]

Every engine computes every model file with the file's own settings, the other two in processes
of their own with twenty seconds each. CYCLESIM_CONFORMANCE names the suites' folder,
CYCLESIM_ENGINES_PYTHON the Python that has PySD and pysimlin, where it is another one.
"""

from __future__ import annotations

import argparse
import csv
import platform
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
from expected_output import CONTROL, SAVE_PERIOD, Expected, expected_outputs
from test_conformance import EXCEPTIONS, MUST_BE_REFUSED, SUITES

from cyclesim.errors import DiagnosticError
from cyclesim.simulation import load, simulate
from cyclesim.verify.comparison import column_key
from cyclesim.verify.engines import PYSD, SIMLIN, Answer, Engine, Status, ask_about
from cyclesim.version import __version__

ROOT = Path(__file__).resolve().parents[2]
TIME_LIMIT = 20.0
OURS = "cyclesim"
NAMES = (OURS, PYSD.name, SIMLIN.name)

PASS, EXCEPTION, REFUSED, WRONG = "pass", "exception", "refused", "wrong"

PROOFS = {
    "non_negative_stocks": "The expected flow runs on out of an empty stock, so that one stock "
    "loses what the other never had; XMILE 1.0, 4.2.1 limits the flow. Ours conserves.",
    "zeroled_decimals": "The file asks for RK4, the expected output is Euler's; our run with "
    "Euler agrees.",
    "pi": "The expected sine of pi is 1.2e-16, a rounded zero; ours is below 2e-16 as well.",
    "sdeverywhere/delay/": "The file calls the variable by another name than the output.",
    "active_initial": "The file calls the variable by another name than the output.",
    "gamma_ln": "The logarithm of gamma(1) is 0; the -3.4e-11 of the output is the rounding of an "
    "approximation.",
    "directlookups_invalidcell": "The file itself says that its output is wrong: 0 for each cell "
    "behind one without a number; the table holds 50 and 80.",
    "macro_": "The file calls a macro that it does not define: nobody can compute it.",
}
"""Why the expected output cannot or should not be met; each is proven by a test."""

ALL_EXCEPTIONS = EXCEPTIONS | {"sdeverywhere/gamma_ln/gamma_ln.mdl": {"c"}}

NOT_COUNTED = {
    "test-models/samples_Query_file/Query_file.mdl": "no output stands beside it",
    "test-models/data_from_other_model/model_to_generate_data.mdl": "the output beside it is that "
    "of the other model in its folder",
}
"""Files of which nothing is known to compare with."""


_FOLDERS = re.compile(r"(?:[A-Za-z]:)?(?:[/\\\\][\w.-]+){2,}[/\\\\]")


@dataclass(frozen=True)
class Outcome:
    """What an engine made of a file: the verdict, and the first thing there is to say about it."""

    verdict: str
    said: str = ""

    @property
    def told(self) -> str:
        """Return what there is to say, without folders of the machine that measured it."""
        return _FOLDERS.sub("…/", self.said)


@dataclass(frozen=True)
class Row:
    """A model file and what each engine made of it."""

    suite: str
    family: str
    file: str
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def index() -> list[Row]:
    """Return the model files of the suites as index.tsv lists them."""
    with (SUITES / "index.tsv").open(encoding="utf-8") as lines:
        listed = list(csv.DictReader(lines, delimiter="\t"))
    return [
        Row(each["suite"], each["family"], f"{each['suite']}/{each['folder']}/{model}")
        for each in listed
        for model in each["models"].split()
    ]


def measured(row: Row) -> Row:
    """Return the row with what each engine made of the file."""
    expected = expected_outputs(SUITES / row.file)
    outcomes = {OURS: _ours(row.file, expected)}
    versions = {OURS: __version__}
    for engine in (PYSD, SIMLIN):
        answer = _asked(engine, SUITES / row.file)
        versions[engine.name] = answer.version or ""
        outcomes[engine.name] = _judged(answer, row.file, expected)
    return Row(row.suite, row.family, row.file, outcomes, versions)


def _ours(file: str, expected: list[Expected]) -> Outcome:
    try:
        results = simulate(load(SUITES / file), estimate_error=False, strict=False)
    except DiagnosticError as error:
        return Outcome(REFUSED, error.diagnostics[0].message)
    except Exception as error:  # a report tells of crashes too
        return Outcome(WRONG, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
    columns = {name: results[name] for name in results.columns}
    return _judged(Answer(Status.RAN, time=results.time, columns=columns), file, expected)


def _asked(engine: Engine, model: Path) -> Answer:
    """Return an engine's answer for a copy of the model and all that lies beside it."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        folder = Path(scratch, "model")
        shutil.copytree(model.parent, folder)
        return ask_about(engine, folder / model.name, TIME_LIMIT)


def _judged(answer: Answer, file: str, expected: list[Expected]) -> Outcome:
    if answer.status is not Status.RAN:
        return Outcome(REFUSED, answer.message or answer.status.value)
    best = min((dict(_disagreements(answer, each)) for each in expected), key=len)
    if not best:
        return Outcome(PASS)
    more = f" (and {len(best) - 1} more)" if len(best) > 1 else ""
    verdict = EXCEPTION if set(best) <= ALL_EXCEPTIONS.get(file, set()) else WRONG
    return Outcome(verdict, next(iter(best.values())) + more)


def _disagreements(answer: Answer, expected: Expected) -> Iterator[tuple[str, str]]:
    """Yield each column that departs from what is expected or is missing, and a sentence.

    The rule: |a-e| <= 1e-4*max(|a|,|e|) + 1e-4*max_t|e| at every saved time. Names between
    `#` are Vensim's own, of what it makes of a macro.
    """
    columns = {column_key(name): values for name, values in answer.columns.items()}
    for ident, (times, wanted) in expected.columns.items():
        values = columns.get(column_key(ident))
        if values is None:
            if ident not in (*CONTROL, SAVE_PERIOD) and not ident.startswith("#"):
                yield ident, f"`{ident}` is missing"
            continue
        got = _at(answer.time, values, times)
        if not len(wanted):
            continue
        allowed = 1e-4 * np.maximum(np.abs(got), np.abs(wanted)) + 1e-4 * np.abs(wanted).max()
        off = np.nan_to_num(np.abs(got - wanted) - allowed, nan=np.inf)
        worst = int(off.argmax())
        if off[worst] > 0:
            values_told = f"{got[worst]:.6g} at {times[worst]:g}"
            yield ident, f"`{ident}` is {values_told} where {wanted[worst]:.6g} is expected"


def _at(time: np.ndarray, values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the values at the times asked for, NaN where a time was not saved."""
    near = float(np.diff(time).min(initial=1.0)) / 20 if len(time) > 1 else 1e-6
    places = np.searchsorted(time, times - near).clip(max=len(time) - 1)
    found: np.ndarray = values[places].astype(float)
    found[np.abs(time[places] - times) > near] = np.nan
    return found


def text_of(rows: list[Row]) -> str:
    """Return the whole report."""
    parts = [_head(rows), _totals(rows), _families(rows), _exceptions(rows), _refused(rows)]
    parts += [_wrong(rows), _others(rows)]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _versions(rows: list[Row]) -> dict[str, str]:
    return {
        name: next((row.versions[name] for row in rows if row.versions[name]), "not installed")
        for name in NAMES
    }


def _head(rows: list[Row]) -> str:
    versions = _versions(rows)
    shown = ", ".join(f"{name} {versions[name]}" for name in NAMES)
    return f"""# Conformance

Made on {date.today().isoformat()} with {shown} on Python {platform.python_version()}.
Do not edit; make it again: `python tests/conformance/report.py`, with the suites' folder in
`CYCLESIM_CONFORMANCE`.

Every model file of four public suites, {len(rows)} in all, is computed with the file's own
settings and held against the output that another tool gave for it: SDXorg's test-models,
SDEverywhere's models (Vensim's output), simlin's tests and its additions to test-models. A file
passes when no expected column is missing and every one agrees at every saved time,
|a-e| <= 1e-4 max(|a|,|e|) + 1e-4 max_t|e|. For an XMILE file either the plain or the Stella
output counts. PySD and pysimlin run in the same way, each file in a process of its own with
{TIME_LIMIT:g} seconds. *Refused* means that the engine said so, crashed or ran out of time; *wrong*
means that it gave numbers that differ, or left out a column. Columns that Vensim names between `#`
are its own and not asked for."""


def _count(rows: Iterable[Row], engine: str, *verdicts: str) -> int:
    return sum(row.outcomes[engine].verdict in verdicts for row in rows)


def _cells(rows: list[Row], engine: str) -> list[str]:
    return [str(_count(rows, engine, each)) for each in (PASS, EXCEPTION, REFUSED, WRONG)]


def _totals(rows: list[Row]) -> str:
    lines = ["## In all", "", "Each cell: pass, exception, refused, wrong.", "",
             f"| suite | kind | files | {' | '.join(NAMES)} |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    groups = sorted({(row.suite, _kind(row)) for row in rows})
    for suite, suffix in groups:
        own = [row for row in rows if (row.suite, _kind(row)) == (suite, suffix)]
        cells = [", ".join(_cells(own, name)) for name in NAMES]
        lines.append(f"| {suite} | {suffix} | {len(own)} | " + " | ".join(cells) + " |")
    cells = [", ".join(_cells(rows, name)) for name in NAMES]
    lines.append(f"| **all** | | {len(rows)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _kind(row: Row) -> str:
    return Path(row.file).suffix.casefold()


def _families(rows: list[Row]) -> str:
    heads = ["pass", "exc.", "ref.", "wrong"] * len(NAMES)
    lines = ["## By family", "",
             f"Four columns each: {', '.join(NAMES)}.", "",
             "| suite | family | files | " + " | ".join(heads) + " |",
             "|---|---|---|" + "---|" * len(heads)]  # fmt: skip
    for suite, family in sorted({(row.suite, row.family) for row in rows}):
        own = [row for row in rows if (row.suite, row.family) == (suite, family)]
        cells = [cell for name in NAMES for cell in _cells(own, name)]
        lines.append(f"| {suite} | {family} | {len(own)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _exceptions(rows: list[Row]) -> str:
    lines = [
        "## Exceptions, with their proofs",
        "",
        "The expected output cannot or should not be met; tests in `tests/conformance` prove "
        "it. An engine that departs in no other column counts as an exception too.",
        "",
    ]
    for row in rows:
        outcome = row.outcomes[OURS]
        if outcome.verdict == EXCEPTION:
            columns = ", ".join(f"`{name}`" for name in sorted(ALL_EXCEPTIONS[row.file]))
            lines.append(f"- `{row.file}`, {columns}: {_proof(row.file)}")
        elif row.file in MUST_BE_REFUSED:
            verdict = "refused" if outcome.verdict == REFUSED else "NOT REFUSED"
            lines.append(f"- `{row.file}`, {verdict} as it must be: {_proof(row.file)}")
    lines += ["", "Not counted: " + "; ".join(f"`{f}`, {why}" for f, why in NOT_COUNTED.items())]
    return "\n".join(lines)


def _proof(file: str) -> str:
    found = (text for part, text in PROOFS.items() if part in file)
    return next(found, "see the test.")


def _refused(rows: list[Row]) -> str:
    groups: dict[str, list[str]] = {}
    for row in rows:
        if row.outcomes[OURS].verdict == REFUSED and row.file not in MUST_BE_REFUSED:
            groups.setdefault(_reason(row.outcomes[OURS].told), []).append(row.file)
    lines = ["## Refused by cyclesim, by reason", "",
             "Each file's first diagnostic; names of the model are left out.", ""]  # fmt: skip
    for reason, files in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        lines.append(f"- {reason} ({len(files)}): " + ", ".join(f"`{file}`" for file in files))
    return "\n".join(lines if groups else [*lines, "None."])


def _reason(said: str) -> str:
    return re.sub(r"'[^']*'", "'…'", said).rstrip(".")


def _wrong(rows: list[Row]) -> str:
    lines = ["## Wrong in cyclesim", ""]
    found = [row for row in rows if row.outcomes[OURS].verdict == WRONG]
    lines += [f"- `{row.file}`: {row.outcomes[OURS].told}" for row in found]
    return "\n".join(lines if found else [*lines, "None."])


def _others(rows: list[Row]) -> str:
    lines = ["## What the others refuse and get wrong"]
    for name in NAMES[1:]:
        refused = Counter(
            row.outcomes[name].told.split(":")[0][:60]
            for row in rows
            if row.outcomes[name].verdict == REFUSED
        )
        said = ", ".join(f"{kind} ({count})" for kind, count in refused.most_common(12))
        wrong = [row for row in rows if row.outcomes[name].verdict == WRONG]
        lines += ["", f"**{name}** refuses {sum(refused.values())}: {said}.", "",
                  f"It gets {len(wrong)} wrong or in part:", ""]  # fmt: skip
        lines += [f"- `{row.file}`: {row.outcomes[name].told}" for row in wrong]
    return "\n".join(lines)


def main() -> int:
    """Measure every file and write the report."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--out", type=Path, default=ROOT / "docs" / "conformance.md")
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--only", default="", help="measure files whose path holds this text")
    options = asked.parse_args()
    if not (SUITES / "index.tsv").is_file():
        print("no conformance suites; set CYCLESIM_CONFORMANCE to their folder", file=sys.stderr)
        return 2
    rows_asked = (row for row in index() if row.file not in NOT_COUNTED)
    chosen = [row for row in rows_asked if options.only in row.file]
    rows: list[Row] = []
    with ProcessPoolExecutor(options.workers) as pool:
        for row in pool.map(measured, chosen):
            rows.append(row)
            verdicts = ", ".join(f"{name} {row.outcomes[name].verdict}" for name in NAMES)
            print(f"{len(rows)}/{len(chosen)} {row.file}: {verdicts}", file=sys.stderr)
    options.out.write_text(text_of(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
