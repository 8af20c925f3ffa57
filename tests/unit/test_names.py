"""Names: XMILE's rule of equality, quotes and escapes, and offers of the nearest name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclesim.names import canonical, did_you_mean, displayed, nearest, unquoted


@pytest.mark.parametrize(
    "spelling",
    [
        "Service quality",
        "service_quality",
        "SERVICE  QUALITY",
        "Service\nquality",
        "Service\\nquality",
        " service _ quality ",
        '"Service quality"',
        "Service\u00a0quality",
        "service\tquality",
        "Service\\rquality",
    ],
)
def test_spellings_of_one_name_are_equal(spelling):
    assert canonical(spelling) == "service_quality"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Quality", "Qualities"),
        ("a-b", "a_b"),
        ("Rate 1", "Rate1"),
        ("\u00e9t\u00e9", "ete"),
        ("a.b", "a_b"),
    ],
)
def test_different_names_stay_different(one, other):
    assert canonical(one) != canonical(other)


def test_composed_and_decomposed_letters_are_equal():
    assert canonical("Qualit\u00e9") == canonical("Qualite\u0301")


def test_case_is_folded_beyond_ascii():
    assert canonical("STRA\u1e9eE") == canonical("stra\u00dfe") == canonical("STRASSE")
    assert canonical("\u03a3") == canonical("\u03c2") == canonical("\u03c3")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('"Revenue (net)"', "Revenue (net)"),
        ('"the \\"good\\" cycle"', 'the "good" cycle'),
        ("Two\\nlines", "Two lines"),
        ("Two\nlines", "Two lines"),
        ("a\\\\b", "a\\b"),
        ("kept_as_written", "kept_as_written"),
        ('"', '"'),
        ('"a\\\\nb"', "a\\nb"),  # an escaped backslash, then an n: no line break
    ],
)
def test_a_name_is_shown_as_written_on_one_line(written, shown):
    assert displayed(written) == shown


def test_quotes_are_taken_off_once():
    assert unquoted('"a"') == "a"
    assert unquoted('""a""') == '"a"'
    assert unquoted('a"') == 'a"'


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters='"\\')))
def test_the_shown_name_has_the_same_identifier(name):
    assert canonical(displayed(name)) == canonical(name)


def test_a_name_in_quotes_of_its_own_is_found_by_its_shown_name():
    written = '"\\"good\\""'
    assert displayed(written) == '"good"'
    assert canonical(displayed(written)) == canonical(written)


@given(st.text("abcABC_ \n\t\u00a0", min_size=1))
def test_canonical_is_a_fixed_point(name):
    assert canonical(canonical(name)) == canonical(name)


def test_the_nearest_name_is_offered_as_written():
    names = ["Service quality", "Staff", "Workload"]
    assert nearest("servic_qualty", names) == "Service quality"
    assert did_you_mean("stff", names) == "Did you mean 'Staff'?"


def test_nothing_near_offers_nothing():
    assert nearest("zzz", ["Service quality"]) is None
    assert did_you_mean("zzz", []) is None
