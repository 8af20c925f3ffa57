"""Vensim's functions that are not computed, refused by name before an equation is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cyclesim.expr import ExpressionError
from cyclesim.expr.lexer import Token
from cyclesim.names import Ident, canonical, displayed
from cyclesim.readers.vensim_external import CALLS

_REFUSED = re.compile(
    r"""
      (?P<data>get_(?!time_value\Z).*)
    | alloc_p | demand_at_price | supply_at_price | find_market_price | marketp
    | delay_(batch|conveyor|information|leak|leakage|lookup|material|profile|mtr) | delayp
    | depreciate_.* | find_zero | invert_matrix | message | multi_.* | profile | queue_.*
    | lookup_(area|invert|slope) | random_(?!0_1\Z|uniform\Z|normal\Z).* | reinitial
    | sample_until_.* | shift_if_true | simultaneous | tasks | time_to_.* | always
    | a_function_of | erlang_.* | conveyor_.* | probability | trunc_.* | ramp_from_to
    | logistic | tabbed_array | with_lookup | integ | date_.* | internal_rate_of_return | irr
    """,
    re.VERBOSE,
)
_REASONS = {
    "a_function_of": "the variable has no equation, only a list of what it depends on",
    "integ": "INTEG stands within an equation",
    "with_lookup": "WITH LOOKUP stands within an equation",
    "tabbed_array": "TABBED ARRAY stands within an equation",
}
_HINTS = {
    "a_function_of": "Write the equation.",
    "integ": "Give the stock a variable of its own.",
    "with_lookup": "Give it a variable of its own.",
}
WHOLE = frozenset({"integ", "with_lookup", "tabbed_array"})
"""Functions that are understood where a call of them is the whole right side."""


def refused_calls(
    tokens: Iterable[Token], known: frozenset[Ident], whole: frozenset[str] = frozenset()
) -> list[ExpressionError]:
    """Return what is said of each call that cannot be computed.

    `known` are macros and graphical functions of the model, which may be called anything;
    `whole` are functions that are understood where a call of them stands first.
    """
    found: list[ExpressionError] = []
    listed = list(tokens)
    for index, token in enumerate(listed[:-1]):
        if token.kind != "name" or listed[index + 1].text != "(":
            continue
        ident = canonical(token.text)
        if ident in known or (index == 0 and ident in whole):
            continue
        match = _REFUSED.fullmatch(ident)
        if match is None:
            continue
        name = displayed(token.text)
        message = _REASONS.get(ident, f"the function {name} is not computed yet")
        if match["data"] and ident in CALLS:
            message = f"{name} cannot stand here"
        elif match["data"]:
            message = f"{name} takes data from outside the model, which is not read yet"
        hint = "Give it a variable of its own." if ident in CALLS else _HINTS.get(ident)
        found.append(ExpressionError(message, token.span, hint))
    return found
