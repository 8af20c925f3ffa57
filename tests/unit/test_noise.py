"""Philox against its published vectors, the quantile against Python's own, and statistics."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclesim import noise
from cyclesim.codegen import array_noise
from cyclesim.noise import philox, standard_normal, uniform

ONES = 0xFFFFFFFF

# Salmon et al. 2011, Random123's kat_vectors for philox4x32-10.
PUBLISHED = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), PUBLISHED)
def test_the_published_vectors(counter, key, words):
    assert philox(counter, key) == words


@pytest.mark.parametrize(("counter", "key", "words"), PUBLISHED)
def test_the_published_vectors_in_the_array_form(counter, key, words):
    arrays = tuple(np.array([part, part]) for part in counter)
    found = array_noise.philox(arrays, key)
    assert [part.tolist() for part in found] == [[words[0]] * 2, [words[1]] * 2]


words = st.integers(0, ONES)


@given(st.lists(st.tuples(words, words, words, words), min_size=1, max_size=8), words, words)
def test_the_array_form_equals_the_scalar_form(counters, k0, k1):
    columns = tuple(np.array(column) for column in zip(*counters, strict=True))
    first, second = array_noise.philox(columns, (k0, k1))
    expected = [philox(counter, (k0, k1))[:2] for counter in counters]
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == expected


def test_a_draw_is_made_of_the_first_two_words():
    first, second, *_ = philox((5, 0, 9, 0), (7, 3))
    exact = ((first >> 6) * 2**26 + (second >> 6)) * 2 + 1  # halves of 2^-52
    assert uniform(seed=7, run=3, site=5, element=0, step=9) == exact / 2**53


@given(words, words, words, words)
def test_a_draw_lies_strictly_between_zero_and_one(seed, run, site, step):
    assert 0 < uniform(seed, run, site, 0, step) < 1


def test_even_the_extreme_words_lie_strictly_between(monkeypatch):
    for word, wanted in ((0, 2.0**-53), (ONES, 1 - 2.0**-53)):
        monkeypatch.setattr(noise, "philox", lambda *_, word=word: (word,) * 4)
        assert uniform(0, 0, 0, 0, 0) == wanted


@given(st.floats(1e-300, 1, exclude_max=True))
def test_the_quantile_is_pythons_own(probability):
    # AS 241 is also what statistics.NormalDist uses, in an implementation of its own.
    wanted = NormalDist().inv_cdf(probability)
    assert standard_normal(probability) == pytest.approx(wanted, rel=1e-15, abs=1e-16)


@pytest.mark.parametrize(
    ("probability", "value"),
    [
        (0.5, 0.0),
        (0.975, 1.9599639845400545),
        (0.841344746068542948, 1.0),
        (1e-10, -6.361340902404056),
        (0.0013498980316300933, -3.0),
    ],
)
def test_the_quantile_at_known_points(probability, value):
    assert standard_normal(probability) == pytest.approx(value, rel=1e-14, abs=1e-16)


@given(st.lists(st.floats(1e-300, 1, exclude_max=True), min_size=1, max_size=9))
def test_the_quantile_on_arrays_equals_the_scalar_form(probabilities):
    found = array_noise.standard_normal(np.array(probabilities))
    expected = [standard_normal(p) for p in probabilities]
    assert found.tolist() == pytest.approx(expected, rel=1e-15, abs=1e-16)


def test_the_quantile_undoes_the_distribution_function():
    for x in np.linspace(-8, 5, 131):
        below = 0.5 * math.erfc(-x / math.sqrt(2))
        assert standard_normal(below) == pytest.approx(x, rel=1e-9, abs=1e-12)


# --- statistics: bounds are five standard errors of the statistic ---------------------------

COUNT = 4000


def draws(**fixed) -> np.ndarray:
    at = {"seed": 1, "run": 2, "site": 3, "element": 0, "step": 4} | fixed
    (axis,) = [key for key, value in at.items() if value is None]
    return np.array([uniform(**{**at, axis: index}) for index in range(COUNT)])


@pytest.mark.parametrize("axis", ["seed", "run", "site", "element", "step"])
def test_draws_along_each_coordinate_are_uniform_and_uncorrelated(axis):
    sample = draws(**{axis: None})
    assert abs(sample.mean() - 0.5) < 5 * math.sqrt(1 / 12 / COUNT)
    assert abs(sample.var() - 1 / 12) < 5 * math.sqrt(1 / 180 / COUNT)
    counts = np.histogram(sample, bins=20, range=(0, 1))[0]
    chi_squared = ((counts - COUNT / 20) ** 2 / (COUNT / 20)).sum()
    assert chi_squared < 19 + 5 * math.sqrt(2 * 19)
    for lag in (1, 2, 7):
        assert abs(np.corrcoef(sample[:-lag], sample[lag:])[0, 1]) < 5 / math.sqrt(COUNT)
    assert len(set(sample.tolist())) == COUNT


@pytest.mark.parametrize("other", [{"site": 4}, {"run": 3}, {"seed": 2}, {"element": 1}])
def test_streams_are_independent(other):
    one, two = draws(step=None), draws(step=None, **other)
    assert abs(np.corrcoef(one, two)[0, 1]) < 5 / math.sqrt(COUNT)
    assert not np.any(one == two)


def test_normals_have_the_moments_of_a_normal():
    sample = np.array([standard_normal(p) for p in draws(step=None)])
    assert abs(sample.mean()) < 5 / math.sqrt(COUNT)
    assert abs(sample.var() - 1) < 5 * math.sqrt(2 / COUNT)
    assert abs((sample**3).mean()) < 5 * math.sqrt(15 / COUNT)
    assert abs((sample**4).mean() - 3) < 5 * math.sqrt(96 / COUNT)
