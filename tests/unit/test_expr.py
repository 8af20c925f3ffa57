"""Equation text to trees and back: precedence by value, names, positions, every refusal."""

import math

import pytest

from cyclesim.expr import (
    Binary,
    Call,
    Conditional,
    ExpressionError,
    Number,
    Reference,
    Subscripted,
    Unary,
    parse,
    references,
    to_text,
    walk,
)
from cyclesim.expr.parser import CHAIN_LIMIT, DEPTH_LIMIT


def value(expr, **names):
    """Compute a tree in the plainest way, apart from the compiler."""
    match expr:
        case Number(value=number):
            return number
        case Reference(ident=ident):
            return names[ident]
        case Unary(operator=operator, operand=operand):
            inner = value(operand, **names)
            return {"-": -inner, "+": inner, "not": float(not inner)}[operator]
        case Conditional():
            chosen = expr.then if value(expr.condition, **names) else expr.otherwise
            return value(chosen, **names)
        case Binary(operator=operator, left=left, right=right):
            a, b = value(left, **names), value(right, **names)
            return {
                "+": lambda: a + b,
                "-": lambda: a - b,
                "*": lambda: a * b,
                "/": lambda: a / b,
                "//": lambda: a / b if b else 0.0,
                "mod": lambda: a % b,
                "^": lambda: a**b,
                "<": lambda: float(a < b),
                "<=": lambda: float(a <= b),
                ">": lambda: float(a > b),
                ">=": lambda: float(a >= b),
                "=": lambda: float(a == b),
                "<>": lambda: float(a != b),
                "and": lambda: float(bool(a) and bool(b)),
                "or": lambda: float(bool(a) or bool(b)),
            }[operator]()
    raise AssertionError(expr)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("-2^2", -4),
        ("2^-3", 0.125),
        ("2^3^2", 512),
        ("2^-1^2", 0.5),
        ("-2^-2", -0.25),
        ("(-2)^2", 4),
        ("2 * -3", -6),
        ("--3", 3),
        ("+-+3", -3),
        ("10 - 4 - 3", 3),
        ("100 / 10 / 5", 2),
        ("2 + 3 * 4", 14),
        ("2 * 3 + 4", 10),
        ("(2 + 3) * 4", 20),
        ("7 MOD 4", 3),
        ("2 * 7 mod 4", 2),
        ("1 + 7 MOD 4", 4),
        ("9 // 3", 3),
        ("9 // 0", 0),
        ("12 // 3 * 2", 8),
        ("1 + 1 = 2", 1),
        ("1 < 2 = 1", 1),
        ("3 > 2 = 2 > 1", 1),
        ("NOT 0", 1),
        ("NOT 1 OR 1", 1),
        ("NOT (1 OR 1)", 0),
        ("NOT 0 + 1", 2),
        ("-NOT 0", -1),
        ("not not 3", 1),
        ("1 OR 0 AND 0", 1),
        ("(1 OR 0) AND 0", 0),
        ("0 AND 0 OR 1", 1),
        ("1 = 1 AND 2 = 2", 1),
        ("1 | 0 & 0", 1),
        ("!0", 1),
        ("1 <> 2", 1),
        ("1 != 1", 0),
        ("2 == 2", 1),
        ("2 <= 2", 1),
        ("2 >= 3", 0),
        ("IF 1 THEN 2 ELSE 3", 2),
        ("IF 0 THEN 2 ELSE 3", 3),
        ("IF 0 THEN 1 ELSE IF 0 THEN 2 ELSE 3", 3),
        ("IF 1 THEN IF 0 THEN 1 ELSE 2 ELSE 3", 2),
        ("IF IF 1 THEN 0 ELSE 1 THEN 5 ELSE 6", 6),
        ("IF 0 THEN 1 ELSE 2 + 10", 12),
        ("1 + (IF 1 THEN 2 ELSE 3) * 2", 5),
        ("if 1 Then 2 eLsE 3", 2),
        ("IF 1 OR 0 THEN 2 ELSE 3", 2),
        ("{note} 1 {another\none} + {} 2", 3),
        ("1.5e2 + .5 + 2. + 1E-1", 152.6),
        (" \t\n 1\u00a0+\r\n2 ", 3),
    ],
)
def test_precedence_gives_the_value_that_xmile_means(text, result):
    assert value(parse(text)) == pytest.approx(result, abs=0, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "ident", "name"),
    [
        ("Service_Quality", "service_quality", "Service_Quality"),
        ('"Service quality"', "service_quality", "Service quality"),
        ('"Revenue (net) + 3"', "revenue_(net)_+_3", "Revenue (net) + 3"),
        ('"a.b"', "a.b", "a.b"),
        ('"if"', "if", "if"),
        ('"the \\"good\\" one"', 'the_"good"_one', 'the "good" one'),
        ('"two\\nlines"', "two_lines", "two lines"),
        ("$cost", "$cost", "$cost"),
        ("_x", "_x", "_x"),
        ("Qualit\u00e4t", "qualit\u00e4t", "Qualit\u00e4t"),
        ("\u8d28\u91cf", "\u8d28\u91cf", "\u8d28\u91cf"),
        # XMILE 1.0, 3.2.2.1: every character above code point 127 may stand in an identifier
        ("\u0938\u0947\u0935\u093e", "\u0938\u0947\u0935\u093e", "\u0938\u0947\u0935\u093e"),
        ("Qualite\u0301", "qualit\u00e9", "Qualite\u0301"),
        ("Cost_\u20ac", "cost_\u20ac", "Cost_\u20ac"),
    ],
)
def test_names_are_read(text, ident, name):
    found = parse(text)
    assert isinstance(found, Reference)
    assert (found.ident, found.name, found.path) == (ident, name, ())


def test_a_dot_outside_quotes_leads_into_a_module():
    found = parse('Sales."Head office".Staff')
    assert (found.ident, found.path) == ("staff", ("Sales", "Head office"))


def test_keywords_may_begin_names():
    assert [r.ident for r in references(parse("iffy + then_some * ORder"))] == [
        "iffy",
        "then_some",
        "order",
    ]


def test_a_call_has_its_arguments_and_its_place():
    text = "1 + Smth1 (a, b + 1)"
    found = parse(text)
    call = found.right
    assert isinstance(call, Call)
    assert (call.function, call.name, len(call.arguments)) == ("smth1", "Smth1", 2)
    assert text[slice(*call.span)] == "Smth1 (a, b + 1)"
    assert parse("pi()") == Call("pi", "pi")


def test_calls_are_numbered_in_source_order():
    numbers = iter(range(1, 100))
    found = parse("f(g(1), h(2)) + i(3)", lambda: next(numbers))
    sites = {node.name: node.site for node in walk(found) if isinstance(node, Call)}
    assert sites == {"f": 1, "g": 2, "h": 3, "i": 4}


def test_subscripts_are_read():
    found = parse("Staff[North, *, Region+1]")
    assert isinstance(found, Subscripted)
    assert [to_text(one) for one in found.subscripts] == ["North", "*", "Region + 1"]


@pytest.mark.parametrize("text", ["a+bc*d", "IF a THEN b ELSE cd", "x[a]", '"a b"^2'])
def test_a_tree_spans_its_text(text):
    assert text[slice(*parse(text).span)] == text


IN_WORDS = "Write a name of several words with underscores or in double quotes."


@pytest.mark.parametrize(
    ("text", "message", "start", "hint"),
    [
        ("", "there is no equation, only a comment", 0, None),
        (" {to do}", "there is no equation, only a comment", 8, None),
        ("a + ", "the equation ends where a value is expected", 4, None),
        ("a + * b", "expected a value, found '*'", 4, None),
        ("a b", "expected an operator, found 'b'", 2, IN_WORDS),
        ("0,5", "expected an operator, found ','", 1, "Write decimals with a point: 0.5."),
        ("a ** 2", "expected a value, found '*'", 3, "A power is written ^."),
        ("6 %", "'%' cannot stand in an equation", 2, "Write 0.06 for 6 %."),
        ("\u201ca\u201d", "'\u201c' cannot stand in an equation", 0, 'Use straight quotes (").'),
        ("2x", "expected an operator, found 'x'", 1, None),
        ("a )", "')' closes nothing", 2, None),
        ("a ]", "']' closes nothing", 2, None),
        ("(a + b", "'(' is not closed: expected ')' before the end of the equation", 0, None),
        ("(a, b)", "'(' is not closed: expected ')', found ','", 0, None),
        ("f(a", "'(' is not closed: expected ')' before the end of the equation", 1, None),
        ("x[a)", "'[' is not closed: expected ']', found ')'", 1, None),
        ("f(a,)", "expected a value, found ')'", 4, None),
        ("IF a", "expected 'then' before the end of the equation", 4, None),
        ("IF a THEN b", "expected 'else' before the end of the equation", 11, None),
        ("IF a ELSE b", "expected 'then', found 'else'", 5, None),
        ("THEN", "expected a value, found 'then'", 0, "Write IF condition THEN value ELSE value."),
        ("a {open", "the comment is not closed", 2, "Add the missing '}'."),
        ('a + "open', "the quoted name is not closed", 4, "Add the missing '\"'."),
        ("a # b", "'#' cannot stand in an equation", 2, None),
        ("a ; b", "';' cannot stand in an equation", 2, None),
        ("1e999", "1e999 is beyond the largest number, about 1.8e308", 0, None),
        (". 5", "expected a value, found '.'", 0, None),
        ("a := b", "expected an operator, found ':'", 2, None),
    ],
)
def test_a_faulty_equation_is_told_with_its_place(text, message, start, hint):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.message == message
    assert caught.value.span.start == start
    assert caught.value.hint == hint


NESTS = {
    "brackets": lambda n: "(" * n + "x" + ")" * n,
    "calls": lambda n: "f(" * n + "x" + ")" * n,
    "signs": lambda n: "-" * n + "x",
    "conditions": lambda n: "IF x THEN 1 ELSE " * n + "2",
    "conditions in conditions": lambda n: "IF " * n + "x" + " THEN 1 ELSE 2" * n,
    "subscripts": lambda n: "x[" * n + "1" + "]" * n,
    "powers": lambda n: "2^" * n + "x",
    "signed powers": lambda n: "2^-" * (n // 2) + "2^" * (n % 2) + "x",
}


@pytest.mark.parametrize("nest", NESTS)
def test_nesting_up_to_the_limit_is_read(nest):
    parse(NESTS[nest](DEPTH_LIMIT - 1))


@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize("depth", [DEPTH_LIMIT + 1, 5000])
def test_nesting_beyond_the_limit_is_refused(nest, depth):
    with pytest.raises(ExpressionError, match=f"nested more than {DEPTH_LIMIT} deep") as caught:
        parse(NESTS[nest](depth))
    assert caught.value.hint == "Split it into several variables."


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", " AND ", " = ", " < "])
def test_a_long_chain_is_no_nesting_but_has_a_limit_of_its_own(operator):
    chain = operator.join(["x"] * CHAIN_LIMIT)
    assert parse(chain).span.end == len(chain)
    with pytest.raises(ExpressionError, match=f"more than {CHAIN_LIMIT} operands") as caught:
        parse(operator.join(["x"] * (CHAIN_LIMIT + 1)))
    assert caught.value.hint == "Split it into several variables."


def test_mod_is_an_operator_and_a_function():
    assert parse("MOD(a, b)") == Call("mod", "MOD", parse("f(a, b)").arguments)
    assert parse("a MOD (b)") == parse("a MOD b")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("((a + b)) + c", "a + b + c"),
        ("a + (b + c)", "a + (b + c)"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a*b)/c", "a * b / c"),
        ("a/(b*c)", "a / (b * c)"),
        ("(-a)^2", "(-a) ^ 2"),
        ("-(a^2)", "-a ^ 2"),
        ("(a^b)^c", "(a ^ b) ^ c"),
        ("a^(b^c)", "a ^ b ^ c"),
        ("a^(-b)", "a ^ -b"),
        ("not(a and b)", "NOT (a AND b)"),
        ("(a or b) and c", "(a OR b) AND c"),
        ("(if a then b else c) + 1", "(IF a THEN b ELSE c) + 1"),
        ("1000000", "1000000"),
        ("0.1", "0.1"),
        ("1e-7", "1e-07"),
        ('"Revenue (net)"', '"Revenue (net)"'),
        ('"two words"', "two_words"),
        ('m."x.y"', 'm."x.y"'),
        ("a mod b // c", "a MOD b // c"),
    ],
)
def test_trees_are_printed_with_no_bracket_more_than_needed(text, printed):
    assert to_text(parse(text)) == printed
    assert parse(printed) == parse(text)


def test_numbers_are_printed_to_the_last_bit():
    for number in (0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 123456789012345680.0, 1e15):
        assert parse(to_text(Number(number))).value == number
    assert math.copysign(1, parse(to_text(Number(0.0))).value) == 1
