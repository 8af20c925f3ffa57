"""Names of loops: those that the modeller gave, else what a loop runs through."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cyclesim.analysis.loops.parts import Named
from cyclesim.compiler import FlatModel
from cyclesim.errors import UsageError
from cyclesim.names import did_you_mean

_ROW = re.compile(r"^\|\s*(?P<name>[^|]+?)\s*\|\s*(?P<chain>[^|]+?)\s*\|\s*$")
_ASIDE = re.compile(r"\s*\([^)]*\)")
_MARK = re.compile(r"^[A-Z]\d+[.:]?\s+")
_SPELT_OUT = 4
"""A loop of so many variables is named by all of them."""


def named_rows(flat: FlatModel, named: Named) -> tuple[frozenset[int], ...]:
    """Return the rows that each variable of a named loop stands for.

    An array stands for any of its elements. Raises UsageError for a name that is not there.
    """
    found = []
    for text in named.variables:
        known = flat.found(text)
        if known is None:
            advice = did_you_mean(text, [variable.name for variable in flat.visible]) or ""
            raise UsageError(
                f"the loop '{named.name}' runs through '{text}', "
                f"and no variable is called that. {advice}".strip()
            )
        variable, offset = known
        first = flat.places[variable.ident]
        offsets = range(variable.size) if offset is None else (offset,)
        found.append(frozenset(first + each for each in offsets))
    return tuple(found)


def runs_through(nodes: Sequence[int], wanted: Sequence[frozenset[int]]) -> bool:
    """Return whether a loop passes the wanted variables in their order, whatever lies between."""
    for start, node in enumerate(nodes):
        if node in wanted[0]:
            turned = iter((*nodes[start:], *nodes[:start]))
            if all(any(each in rows for each in turned) for rows in wanted):
                return True
    return False


def names_beside(path: str | Path, flat: FlatModel) -> tuple[Named, ...]:
    """Return the loops that the README beside a model file names, in a table of loop and chain.

    Chains that are not made of the model's variables alone are passed over: a table for readers
    may say 'practices' and mean six of them. A mark before the name, as R1, is left out.
    """
    readme = Path(path).parent / "README.md"
    try:
        lines = readme.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    found: list[Named] = []
    reading = False
    for line in lines:
        match = _ROW.match(line)
        if match is None:
            reading = False
        elif (match["name"].casefold(), match["chain"].casefold()) == ("loop", "chain"):
            reading = True
        elif reading:
            variables = [_ASIDE.sub("", each).strip() for each in match["chain"].split(",")]
            if len(variables) > 1 and variables[0].casefold() == variables[-1].casefold():
                variables.pop()
            if all(flat.found(each) is not None for each in variables):
                found.append(Named(_MARK.sub("", match["name"]), tuple(variables)))
    return tuple(found)


def described(chains: Sequence[Sequence[str]]) -> list[str]:
    """Return a name for each loop: its variables, of a long one those that set it apart."""
    counts = Counter(variable for chain in chains for variable in set(chain))
    return [_described(chain, counts) for chain in chains]


def _described(chain: Sequence[str], counts: Counter[str]) -> str:
    if len(chain) <= _SPELT_OUT:
        return ", ".join(chain)
    rarest = sorted(chain, key=lambda variable: (counts[variable], chain.index(variable)))
    chosen = set(rarest[: _SPELT_OUT - 1])
    shown = ", ".join(variable for variable in chain if variable in chosen)
    return f"{shown} and {len(chain) - len(chosen)} more"
