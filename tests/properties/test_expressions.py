"""Trees printed and read again are the same trees; compiled, they have the value they say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclesim.codegen import TARGETS, Binding
from cyclesim.expr import Binary, Conditional, Number, Reference, Unary, parse, to_text, walk
from cyclesim.names import canonical
from cyclesim.operations import OPERATIONS
from tests.models_in_text import aux, model
from tests.properties.strategies import BINARY, trees


@given(trees)
def test_printing_and_reading_again_is_the_identity(tree):
    assert parse(to_text(tree)) == tree


@given(trees)
def test_printing_reaches_a_fixed_point_at_once(tree):
    text = to_text(tree)
    assert to_text(parse(text)) == text


@given(trees)
def test_each_node_spans_text_that_reads_as_that_node(tree):
    text = to_text(tree)
    for node in walk(parse(text)):
        piece = text[slice(*node.span)]
        assert 0 <= node.span.start < node.span.end <= len(text)
        if piece.count("(") == piece.count(")") and piece != "*":
            assert piece.strip() == piece


# --- values ----------------------------------------------------------------------------------

OPERATION_OF = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "^": "power", "mod": "modulo",
    "<": "less", "<=": "at_most", ">": "greater", ">=": "at_least", "=": "equal", "<>": "unequal",
    "and": "and", "or": "or",
}  # fmt: skip
LEAVES = st.one_of(
    st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, 7.0]).map(Number),
    st.sampled_from(["p", "q", "r"]).map(lambda name: Reference(canonical(name), name)),
)
ARITHMETIC = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Binary, BINARY, inner, inner),
        st.builds(Binary, st.sampled_from("+-*/"), inner, inner),
        st.builds(Unary, st.sampled_from(["-", "+", "not"]), inner),
        st.builds(Conditional, inner, inner, inner),
    ),
    max_leaves=10,
)


def value(tree, names):
    """Return the value of a tree node by node: no rendering, no brackets, no precedence."""
    match tree:
        case Number(value=number):
            return number
        case Reference(ident=ident):
            return names[ident]
        case Unary(operator=operator, operand=operand):
            inner = value(operand, names)
            if operator == "not":
                return OPERATIONS["not"].scalar(inner)
            return -inner if operator == "-" else inner
        case Conditional():
            return value(tree.then if value(tree.condition, names) else tree.otherwise, names)
        case Binary(operator="//", left=left, right=right):
            below = value(right, names)
            return OPERATIONS["divide"].scalar(value(left, names), below) if below else 0.0
        case Binary(operator=operator, left=left, right=right):
            scalar = OPERATIONS[OPERATION_OF[operator]].scalar
            return scalar(value(left, names), value(right, names))
    raise AssertionError(tree)


@pytest.mark.parametrize("target", ["python", "numpy"])
@settings(max_examples=300)
@given(tree=ARITHMETIC, row=st.tuples(*[st.sampled_from([0.0, 1.0, -2.0, 0.25, 5.0])] * 3))
def test_compiled_equations_have_the_value_of_their_tree(target, tree, row):
    names = dict(zip("pqr", row, strict=True))
    flat = model(*(aux(name, 1) for name in names), aux("y", to_text(tree))).flat
    values = tuple(names.get(i, flat.by_ident[i].term.value) for i in flat.parameters)
    if target == "numpy":
        values = tuple(np.array([number, number]) for number in values)
    with np.errstate(all="ignore"):
        outputs = TARGETS[target](flat).bind(Binding(values, 0.0, 1.0, 1.0, 1.0)).outputs
        found = float(np.ravel(outputs(0.0, 0.0, (), ())[flat.places[canonical("y")]])[0])
    wanted = value(tree, names)
    if math.isnan(wanted):
        assert math.isnan(found)
    else:
        assert found == pytest.approx(wanted, rel=1e-12)
