"""Rank correlations asked for in a design."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cyclesim.names import canonical, did_you_mean
from cyclesim.scenario.design_parts import DesignMethod, Quantity
from cyclesim.scenario.design_schema import DesignKeys
from cyclesim.scenario.document import Path
from cyclesim.scenario.findings import Findings

Matrix = tuple[tuple[float, ...], ...]

_LEAST = 1e-9
"""An eigenvalue below this makes a matrix that no numbers can follow to rounding."""


def ranks_of(
    keys: DesignKeys,
    places: Sequence[int],
    path: Path,
    method: DesignMethod,
    quantities: Sequence[Quantity],
    findings: Findings,
) -> Matrix:
    """Return the rank correlation of every two quantities; () where none are asked for."""
    if not keys.correlations:
        return ()
    at = (*path, "correlations")
    if not method.random:
        message = f"a design of method '{method.value}' has no correlations"
        hint = "Use latin hypercube, monte carlo or sobol."
        findings.fault("correlations", at, message, hint, at_key=True)
        return ()
    before = len(findings.diagnostics)
    labels = {canonical(quantity.label): place for place, quantity in enumerate(quantities)}
    matrix = [[float(a == b) for b in range(len(labels))] for a in range(len(labels))]
    seen: set[frozenset[int]] = set()
    for place, correlation in zip(places, keys.correlations, strict=True):
        here = (*at, place)
        pair = []
        for side, name in enumerate(correlation.between):
            number = labels.get(canonical(name))
            if number is None:
                shown = [quantity.label for quantity in quantities]
                hint = did_you_mean(name, shown) or f"The design varies {', '.join(shown)}."
                message = f"the design varies no '{name}'"
                findings.fault("unknown-quantity", (*here, "between", side), message, hint)
                continue
            pair.append(number)
        if not -1 < correlation.rank < 1:
            message = f"{correlation.rank:g} is no rank correlation between -1 and 1"
            findings.fault("rank", (*here, "rank"), message, "Use 0.95 for nearly the same order.")
        if len(pair) < 2:
            continue
        if pair[0] == pair[1] or frozenset(pair) in seen:
            message = "the same pair stands here already" if pair[0] != pair[1] else "one number"
            findings.fault("pair", (*here, "between"), message, "Name two different numbers once.")
        seen.add(frozenset(pair))
        matrix[pair[0]][pair[1]] = matrix[pair[1]][pair[0]] = correlation.rank
    made = tuple(tuple(row) for row in matrix)
    if len(findings.diagnostics) == before and not positive_definite(made):
        message = "no numbers can go together so: the matrix of correlations is not positive"
        hint = "Where A goes with B and B with C, A and C cannot be opposed. Weaken some of them."
        findings.fault("correlations", at, f"{message} definite", hint, at_key=True)
    return made


def of_normals(rank: float) -> float:
    """Return the correlation of two normal variables whose rank correlation is given.

    Spearman's of a bivariate normal is 6/pi asin(r/2) (Pearson 1907).
    """
    return 2.0 * math.sin(math.pi * rank / 6.0)


def positive_definite(ranks: Matrix) -> bool:
    """Return whether both the ranks and the normal variables behind them can be so."""
    import numpy as np

    asked = np.array(ranks)
    behind = np.array([[of_normals(value) for value in row] for row in ranks])
    return bool(min(np.linalg.eigvalsh(each).min() for each in (asked, behind)) > _LEAST)
