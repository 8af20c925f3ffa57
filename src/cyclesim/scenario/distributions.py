"""How a number differs from run to run, checked against the range of its variable."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from cyclesim.scenario.design_parts import (
    MOST_RUNS,
    Beta,
    Distribution,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
    Values,
)
from cyclesim.scenario.design_schema import (
    BetaForm,
    LognormalForm,
    NormalForm,
    RangeKeys,
    TriangularForm,
    ValuesForm,
)
from cyclesim.scenario.document import Path
from cyclesim.scenario.findings import Findings
from cyclesim.scenario.quantities import as_written

Keys = str | RangeKeys | TriangularForm | NormalForm | LognormalForm | BetaForm | ValuesForm | None


@dataclass(frozen=True)
class Wall:
    """What numbers may be: `check` notes one that may not; open ends stand at `low` and `high`."""

    check: Callable[[float, Path], None]
    low: float
    high: float
    plausible: tuple[float, float] | None = None


def distribution_of(keys: Keys, wall: Wall, path: Path, findings: Findings) -> Distribution | None:
    """Return a distribution whose numbers are in order and within the wall; note what is not."""
    before = len(findings.diagnostics)
    made = _made(keys, wall, path, findings)
    return made if len(findings.diagnostics) == before else None


def _made(keys: Keys, wall: Wall, path: Path, findings: Findings) -> Distribution | None:
    match keys:
        case RangeKeys():
            return _range(keys, wall, path, findings)
        case TriangularForm(triangular=own):
            at = (*path, "triangular")
            _check_ends(own.from_, own.to, wall, at, findings)
            if own.from_ < own.to and not own.from_ <= own.mode <= own.to:
                message = f"the most likely number, {as_written(own.mode)}, lies beyond the ends"
                findings.fault("mode", (*at, "mode"), message, "Put it between 'from' and 'to'.")
            return Triangular(own.from_, own.mode, own.to)
        case NormalForm(normal=own):
            low, high = _open_ends(own.from_, own.to, wall, (*path, "normal"), findings)
            return Normal(own.mean, own.deviation, low, high)
        case LognormalForm(lognormal=log):
            low, high = _open_ends(log.from_, log.to, wall, (*path, "lognormal"), findings)
            return Lognormal(log.median, log.log_deviation, max(low, 0.0), high)
        case BetaForm(beta=beta):
            _check_ends(beta.from_, beta.to, wall, (*path, "beta"), findings)
            return Beta(beta.alpha, beta.beta, beta.from_, beta.to)
        case ValuesForm():
            return _values(keys, wall, path, findings)
    if wall.plausible is None:
        message = "its doc names no plausible range"
        hint = "Write {from: ..., to: ...}, or 'Assumption: plausible from ... to ...' in its doc."
        findings.fault("plausible", path, message, hint)
        return None
    return Uniform(*wall.plausible)


def _range(keys: RangeKeys, wall: Wall, path: Path, findings: Findings) -> Distribution:
    _check_ends(keys.from_, keys.to, wall, path, findings)
    levels = keys.levels
    if levels is None:
        return Uniform(keys.from_, keys.to)
    if not 2 <= levels <= MOST_RUNS:
        message = f"{levels:,} levels do not stand between two ends"
        findings.fault("levels", (*path, "levels"), message, "Give 2 or more.")
        levels = 2
    each = (keys.to - keys.from_) / (levels - 1)
    inner = (keys.from_ + place * each for place in range(levels - 1))
    return Values((*inner, keys.to), (1 / levels,) * levels)


def _values(keys: ValuesForm, wall: Wall, path: Path, findings: Findings) -> Distribution:
    for place, value in enumerate(keys.values):
        wall.check(value, (*path, "values", place))
    weights = keys.weights or [1.0] * len(keys.values)
    if len(weights) != len(keys.values):
        message = f"{len(weights)} weights stand beside {len(keys.values)} values"
        findings.fault("weights", (*path, "weights"), message, "Give each value one.")
    total = sum(weights)
    return Values(tuple(keys.values), tuple(weight / total for weight in weights))


def _check_ends(low: float, high: float, wall: Wall, path: Path, findings: Findings) -> None:
    wall.check(low, (*path, "from"))
    wall.check(high, (*path, "to"))
    if low >= high:
        shown = f"from {as_written(low)} to {as_written(high)}"
        which = "is empty" if low == high else "is reversed"
        hint = "Write the smaller number first; a number that stays the same needs no range."
        findings.fault("reversed", (*path, "from"), f"the range {shown} {which}", hint)


def _open_ends(
    low: float | None, high: float | None, wall: Wall, path: Path, findings: Findings
) -> tuple[float, float]:
    for key, end in (("from", low), ("to", high)):
        if end is not None:
            wall.check(end, (*path, key))
    ends = wall.low if low is None else low, wall.high if high is None else high
    if ends[0] >= ends[1]:
        shown = " to ".join("open" if math.isinf(end) else as_written(end) for end in ends)
        message = f"the range from {shown} is reversed or empty"
        findings.fault("reversed", path, message, "Write the smaller number under 'from'.")
    return ends
