"""NOT behind its operand, and units of the functions that tools have besides XMILE's."""

import pytest

from cyclesim.compiler.check_units import check_units
from cyclesim.compiler.unit_functions import UNIT_RULES
from cyclesim.expr import ExpressionError, parse
from cyclesim.functions import FUNCTIONS, NOT_YET
from tests.models_in_text import aux, dimension, dimensions, over, read, xmile


@pytest.mark.parametrize(
    ("behind", "before"),
    [
        ("a not", "not a"), ("IF a NOT THEN 1 ELSE 0", "IF NOT a THEN 1 ELSE 0"),
        ("a not and b", "(not a) and b"), ("a or b not", "a or (not b)"),
        ("(a = b) not", "not (a = b)"), ("MAX(a not, x[1] not)", "MAX(not a, not x[1])"),
    ],
)  # fmt: skip
def test_not_behind_one_value_denies_it(behind, before):
    assert parse(behind) == parse(before)


@pytest.mark.parametrize("text", ["a = b not", "a + b not", "a not = b", "a not * 2", "a not b"])
def test_not_behind_more_than_one_value_is_refused(text):
    with pytest.raises(ExpressionError):
        parse(text)


def test_each_function_has_a_rule_of_units_and_is_computed_or_refused():
    assert {function.name for function in FUNCTIONS.values()} <= set(UNIT_RULES)
    assert not set(NOT_YET) & set(FUNCTIONS)


DIMS = dimensions(dimension("R", "A B"))
R = over("R")


def units(text):
    return f"<units>{text}</units>"


def findings(*variables):
    text = xmile(*variables, time_units="week", before_model=DIMS)
    return [found.message for found in check_units(read(text))]


ASKED = aux("asked", 3, R + units("order/week"))
GIVEN = aux("given", 4, units("order/week"))
HEADS = aux("heads", 4, R + units("person"))


@pytest.mark.parametrize(
    ("equation", "unit", "right"),
    [
        ("ALLOCATE(given, R, asked, heads, 1, 3)", "order/week", True),
        ("ALLOCATE(given, R, asked, heads, 1, 3)", "person", False),
        ("ALLOCATE(given, R, heads, heads, 1, 3)", "order/week", False),
        ("VECTOR SORT ORDER(asked[R], 1)", "dmnl", True),
        ("VECTOR RANK(asked[R], 1)", "order/week", False),
        ("VECTOR REORDER(asked[R], 0)", "order/week", True),
        ("VECTOR ELM MAP(asked[A], 1)", "person", False),
        ("EXPRND(given)", "order/week", True),
        ("POISSON(given)", "person", False),
        ("TRIANGULAR(given, given, asked[R])", "order/week", True),
        ("TRIANGULAR(given, given, heads[R])", "order/week", False),
        ("SINWAVE(given, 3)", "order/week", True),
        ("SIGN(given)", "order/week", False),
    ],
)
def test_units_follow_what_a_function_does(equation, unit, right):
    found = findings(ASKED, GIVEN, HEADS, aux("y", equation, R + units(unit)))
    assert (found == []) is right, found
