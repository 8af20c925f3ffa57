"""Tables in a model's README that are made from the model, and whether they still fit it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from cyclesim.checks.parts import ClaimResult, ModelCheck
from cyclesim.checks.words import percent
from cyclesim.compiler import FlatModel
from cyclesim.report.evidence import Basis, parameter_rows, plausible_range
from cyclesim.scenario.quantities import as_written

README = "README.md"
PARAMETERS = "parameters"
CLAIMS = "claims"
_NO_DRAWS = "not drawn"


def parameter_table(flat: FlatModel) -> str:
    """Return the model's constants as a Markdown table."""
    rows = []
    for row in parameter_rows(flat, {}, ()):
        variable = row.variable
        limits = plausible_range(variable.about.doc)
        span = f"{as_written(limits[0])} to {as_written(limits[1])}" if limits else ""
        basis = row.ground.basis.value
        if row.ground.basis in (Basis.SOURCE, Basis.DEFINITION):
            basis += f": {row.ground.words}"
        values = dict.fromkeys(as_written(value) for value in variable.values)
        rows.append((variable.name, ", ".join(values), variable.units or "", span, basis))
    return _table(("parameter", "value", "unit", "plausible range", "basis"), rows)


def claims_table(found: ModelCheck, kept: Mapping[str, str]) -> str:
    """Return the claims as a Markdown table; `kept` holds shares of draws known from before."""
    rows = [
        (
            claim.claim.ident,
            claim.claim.says,
            "holds" if claim.held else "does not hold",
            _control(claim),
            _share(claim, kept),
        )
        for claim in found.claims
    ]
    return _table(("claim", "in words", "at the point", "with its control", "in draws"), rows)


def shares_in(text: str) -> Mapping[str, str]:
    """Return the share of draws of each claim as a README's table has it."""
    block = block_in(text, CLAIMS) or ""
    cells = [_cells(line) for line in block.splitlines()[2:]]
    return {row[0]: row[-1] for row in cells if len(row) == 5}


def block_in(text: str, name: str) -> str | None:
    """Return what stands between the marks of a table, None where there are none."""
    found = _pattern(name).search(text)
    return found.group("inside").strip() if found else None


def with_block(text: str, name: str, table: str) -> str:
    """Return a README with a table in the place kept for it."""

    def filled(found: re.Match[str]) -> str:
        return f"{found.group('open')}\n{table}\n{found.group('close')}"

    return _pattern(name).sub(filled, text, count=1)


def drifted(text: str, tables: Mapping[str, str]) -> tuple[str, ...]:
    """Return what differs between a README's tables and those of the model, in sentences."""
    faults = []
    for name, table in tables.items():
        block = block_in(text, name)
        if block is None or block == table:
            continue
        old, new = block.splitlines()[2:], table.splitlines()[2:]
        changed = [_cells(line)[0] for line in new if line not in old]
        gone = [_cells(line)[0] for line in old if _cells(line)[0] not in map(_first, new)]
        rows = ", ".join(f"'{row}'" for row in (*changed, *gone)[:4] if row)
        more = len(changed) + len(gone) - 4
        shown = f" ({rows}{f' and {more} more' if more > 0 else ''})" if rows else ""
        faults.append(
            f"the table of {name} no longer fits the model{shown}. "
            "`cyclesim check MODEL --tables` writes it anew."
        )
    return tuple(faults)


def _first(line: str) -> str:
    return _cells(line)[0]


def _control(found: ClaimResult) -> str:
    if found.claim.control is None:
        return "no control"
    return "fails, as it must" if found.control_proves else "proves nothing"


def _share(found: ClaimResult, kept: Mapping[str, str]) -> str:
    claim = found.claim
    if not claim.in_draws:
        return f"{_NO_DRAWS}: {claim.because}"
    if found.draws is None:
        return kept.get(claim.ident, _NO_DRAWS)
    return f"{percent(found.draws.share)} of {found.draws.share.of:,}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(heads), _row(["---"] * len(heads)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


def _cells(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line.strip())[1:-1]
    return [cell.strip().replace("\\|", "|") for cell in cells] or [""]


def _pattern(name: str) -> re.Pattern[str]:
    marks = rf"(?P<open><!-- {name} -->)(?P<inside>.*?)(?P<close><!-- /{name} -->)"
    return re.compile(marks, re.DOTALL)
