"""Vensim's macros with several outputs, against the same written out."""

from __future__ import annotations

import numpy as np

from cyclesim.compiler import compile_model
from cyclesim.readers.vensim import read_vensim
from cyclesim.results import Results
from cyclesim.simulation import simulate

PAIR = ("python", "numpy")

MACRO = """{UTF-8}
:MACRO: SMOOTHED(input, delay : gap, peak)
SMOOTHED = INTEG(change, input) ~~|
change = gap / delay ~~|
gap = input - SMOOTHED ~~|
peak = MAX(input, SMOOTHED) ~~|
:END OF MACRO:
Region: North, South ~~|
wave = 10 * SIN(Time) ~~|
"""
CONTROL = """
INITIAL TIME = 0 ~ Month ~|
FINAL TIME = 6 ~ Month ~|
TIME STEP = 0.25 ~ Month ~|
SAVEPER = TIME STEP ~ Month ~|
"""


def run(equations: str) -> Results:
    loaded = compile_model(read_vensim(f"{MACRO}{equations}{CONTROL}".encode(), "model.mdl"))
    found, other = (simulate(loaded, target=name, estimate_error=False) for name in PAIR)
    assert np.allclose(found.trajectory.values, other.trajectory.values, 1e-12, 0, equal_nan=True)
    return found


WRITTEN_OUT = """
level = INTEG(the gap / 3, wave) ~~|
the gap = wave - level ~~|
the peak = MAX(wave, level) ~~|
"""


def test_each_output_is_a_variable():
    found = run("level = SMOOTHED(wave, 3 : the gap, the peak) ~~|\ntwice = 2 * the gap ~~|\n")
    other = run(WRITTEN_OUT)
    for name in ("level", "the gap", "the peak"):
        np.testing.assert_allclose(found[name], other[name], rtol=1e-14)
    np.testing.assert_array_equal(found["twice"], 2 * found["the gap"])
    assert np.ptp(found["the gap"]) > 1


def test_a_call_within_an_equation():
    found = run('level = 100 + 2 * SMOOTHED(wave + (1 - 1), 3 : "the gap", the peak) - 1 ~~|\n')
    other = run(WRITTEN_OUT)
    np.testing.assert_allclose(found["level"], 99 + 2 * other["level"], rtol=1e-14)
    np.testing.assert_allclose(found["the peak"], other["the peak"], rtol=1e-14)


def test_outputs_of_arrays():
    found = run(
        "share[North] = 1 ~~|\nshare[South] = 2 ~~|\n"
        "level[Region] = SMOOTHED(wave * share[Region], 3 :\n"
        "    the gap[Region], the peak[Region]) ~~|\n"
    )
    other = run(WRITTEN_OUT)
    for place, factor in enumerate((1, 2)):
        np.testing.assert_allclose(found["the gap"][place], factor * other["the gap"], atol=1e-13)
        np.testing.assert_allclose(found["the peak"][place], factor * other["the peak"], atol=1e-13)


def test_a_macro_calls_one_with_several_outputs():
    macro = (
        ":MACRO: INNER GAP(x)\nINNER GAP = spare + peak ~~|\n"
        "spare = SMOOTHED(x, 3 : gap, peak) * 0 + gap ~~|\n:END OF MACRO:\n"
    )
    found = run(f"{macro}both = INNER GAP(wave) ~~|\n")
    other = run(WRITTEN_OUT)
    np.testing.assert_allclose(found["both"], other["the gap"] + other["the peak"], atol=1e-13)
