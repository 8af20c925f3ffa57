from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclesim.units import DIMENSIONLESS, Unit, UnitTextError, Vocabulary, is_blank
from cyclesim.units.words import TIMES, normal, singular, spelled


def unit(text: str, *definitions: tuple[str, str | None, tuple[str, ...]]) -> str:
    return str(Vocabulary.of(definitions).unit(text))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("order/week", "order/week"),
        ("people", "person"),
        ("Person", "person"),
        ("hour/(order*week)", "hour/(order*week)"),
        ("hour/order/week", "hour/(order*week)"),
        ("1/week", "1/week"),
        ("/week", "1/week"),
        ("per week", "1/week"),
        ("dmnl", "dmnl"),
        ("Dimensionless", "dmnl"),
        ("fraction/Month", "1/month"),
        ("%", "dmnl"),
        ("%/year", "1/year"),
        ("1", "dmnl"),
        ("$/year", "$/year"),
        ("Dollars per annum", "$/year"),
        ("person per hour", "person/hour"),
        ("meters^2", "meter^2"),
        ("metre ** 2", "meter^2"),
        ("square meters", "meter^2"),
        ("cubic metres/sec", "meter^3/second"),
        ("meters squared", "meter^2"),
        ("m^(1/2)", "m^(1/2)"),
        ("people^-1", "1/person"),
        ("widgets/month/month", "widget/month^2"),
        ("(People)/(Month)", "person/month"),
        ("Person/Hour [0,100,1]", "person/hour"),
        ("Month [0,?]", "month"),
        ("Persons/Persons/Day", "1/day"),
        ("customer_orders/wk", "customerorder/week"),
        ("Customer Orders", "customerorder"),
        ('"odd unit!"/day', "oddunit!/day"),
        ("person-hours", "hour*person"),
        ("CO2-eq", "co2-eq"),
        ("kg·m/s^2", "kilogram*m/second^2"),
        ("1000*people", "1000*person"),
        ("week/week", "dmnl"),
        ("quarters", "quarter"),
        ("hrs", "hour"),
        ("0/1", "dmnl"),
        ("Yes/No", "dmnl"),
        ("1.0", "dmnl"),
        ("boolean", "dmnl"),
    ],
)
def test_a_unit_is_read_as_its_powers(text, read):
    assert unit(text) == read


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("people//week", "a unit is expected after '/', not '/'"),
        ("people/", "a unit is expected after '/'"),
        ("*people", "a unit is expected"),
        ("(people", "'(' is not closed"),
        ("people)", "')' closes nothing"),
        ("people^week", "an exponent must be a number"),
        ("people^(1/0)", "an exponent must be a number"),
        ("people^(2", "'(' is not closed"),
        ('people/"', "'\"' is no part of a unit"),
        ("(" * 30 + "people" + ")" * 30, "brackets are nested more than 20 deep"),
        (" ", "there is no unit"),
    ],
)
def test_a_text_that_says_no_unit_says_why(text, why):
    with pytest.raises(UnitTextError) as caught:
        unit(text)
    assert caught.value.message.startswith(why)


@pytest.mark.parametrize("text", [None, "", "  ", "?", "[0,10]"])
def test_a_blank_unit_is_none(text):
    assert is_blank(text)


@pytest.mark.parametrize("text", ["1", "dmnl", "people [0,1]"])
def test_a_declared_number_without_units_is_declared(text):
    assert not is_blank(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("month", "week"), ("km", "mile"), ("person", "customer"), ("hour", "minute"), ("$", "€")],
)
def test_nothing_is_converted(one, other):
    assert unit(one) != unit(other)


@pytest.mark.parametrize(
    ("word", "one"),
    [
        ("weeks", "week"), ("companies", "company"), ("boxes", "box"), ("glasses", "glass"),
        ("glass", "glass"), ("houses", "house"), ("mass", "mass"), ("status", "status"),
        ("bias", "bias"), ("ms", "ms"), ("batches", "batch"),
    ],
)  # fmt: skip
def test_plurals_are_their_singulars(word, one):
    assert singular(word) == one


@pytest.mark.parametrize(
    ("word", "shown"), [("People", "People"), ("Weeks", "week"), ("Widgets", "Widget")]
)
def test_a_unit_is_shown_as_it_was_written_first(word, shown):
    assert spelled(word) == shown


def test_a_unit_is_shown_in_the_words_of_the_model():
    vocabulary = Vocabulary.of()
    found = vocabulary.unit("Customer_Orders/(Persons*Weeks)")
    assert vocabulary.shown(found) == "Customer Order/(Person*week)"


# --- what a model defines ----------------------------------------------------------------------


def test_other_words_for_a_unit_are_that_unit():
    defined = ("Widget", None, ("Widgets", "gizmo", "thingumabob"))
    assert unit("gizmos/thingumabob", defined) == "dmnl"


def test_a_definition_may_put_a_word_for_a_known_unit():
    assert unit("moons/month", ("Month", None, ("Moon",))) == "dmnl"


def test_a_unit_is_what_it_is_made_of():
    assert unit("MW*hour", ("MW", "J/second", ())) == "hour*j/second"


def test_a_unit_may_be_defined_as_a_number():
    assert unit("share/year", ("share", "1", ())) == "1/year"
    assert unit("rating/year", ("Dmnl", None, ("rating",))) == "1/year"


def test_a_name_with_per_in_it_may_be_defined():
    assert unit("miles per hour", ("mph", "mile/hour", ("miles per hour",))) == "mile/hour"


@pytest.mark.parametrize("equation", ["loop", "loop*week", "spool/day"])
def test_units_made_of_each_other_end(equation):
    assert unit("loop", ("loop", equation, ()), ("spool", "loop", ()))


# --- algebra -----------------------------------------------------------------------------------

NAMES = ["order", "person", "week", "$", "customer order", "kg", "CO2-eq", "m"]
EXPONENTS = st.fractions(min_value=-3, max_value=3, max_denominator=4)
UNITS = st.dictionaries(st.sampled_from([normal(name) for name in NAMES]), EXPONENTS).map(Unit.of)


@given(UNITS)
def test_a_printed_unit_is_read_back(one):
    assert Vocabulary.of().unit(str(one)) == one


@given(UNITS, UNITS)
def test_units_are_a_group(one, other):
    assert one * other == other * one
    assert (one * other) / other == one
    assert one / one == DIMENSIONLESS
    assert (one**2) ** Fraction(1, 2) == one


@given(UNITS, EXPONENTS)
def test_powers_multiply_exponents(one, exponent):
    for name, power in one.powers:
        assert (one**exponent).exponent(name) == power * exponent


@given(
    st.lists(st.tuples(st.sampled_from(["order", "Customer Order", "week", "hour", "widget"]),
                       st.sampled_from(["/", "*", " per "])), min_size=1, max_size=5),
    st.data(),
)  # fmt: skip
def test_case_blanks_and_plurals_do_not_matter(pieces, data):
    change = st.sampled_from(
        [str, str.upper, str.title, lambda w: w + "s", lambda w: w.replace(" ", "_")]
    )
    plain = "x" + "".join(f"{sign}{name}" for name, sign in pieces)
    spelt = "X" + "".join(f"{sign}{data.draw(change)(name)}" for name, sign in pieces)
    assert unit(spelt) == unit(plain)


@given(st.text(max_size=30) | st.text("ab /*^()-1", max_size=12))
def test_any_text_is_a_unit_or_is_refused(text):
    try:
        found = Vocabulary.of().unit(text)
    except UnitTextError:
        return
    assert all(power for _, power in found.powers)


@pytest.mark.parametrize("name", TIMES)
def test_time_units_are_their_own(name):
    assert normal(name) == name
