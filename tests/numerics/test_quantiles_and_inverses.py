"""GAMMA, BETA and LOOKUPINV against closed forms and densities summed up, and advice tried out."""

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from cyclesim import quantiles
from cyclesim.codegen import TARGETS
from cyclesim.errors import ModelError
from cyclesim.noise import uniform
from cyclesim.simulation import simulate
from tests.models_in_text import aux, dimension, dimensions, gf, graph, model, over

PAIR = ("python", "numpy")

CHANCES = [1e-9, 0.001, 0.1, 0.5, 0.77, 0.999, 1 - 1e-9]


def run(*variables, stop=400, before="", **given):
    loaded = model(*variables, stop=stop, before_model=before)
    found = [simulate(loaded, target=t, estimate_error=False, **given)["y"] for t in PAIR]
    assert np.array_equal(*found, equal_nan=True)
    return found[0]


@pytest.mark.parametrize("chance", CHANCES)
@pytest.mark.parametrize("shape", [0.3, 1, 2.5, 40])
def test_below_a_gamma_quantile_lies_its_probability(shape, chance):
    top = quantiles.gamma(chance, shape)

    def density(x):  # of the logarithm of the variable: no pole at 0
        return math.exp(shape * x - math.exp(x) - math.lgamma(shape))

    peak = math.log(shape)
    ends = [peak - 40 / min(shape, 1), peak, math.log(top)]
    if chance < 0.5:
        below = quad(density, ends[0] - 40, ends[2], epsabs=0, epsrel=1e-10, limit=400)[0]
        assert below == pytest.approx(chance, rel=1e-8)
    else:
        above = quad(density, ends[2], ends[2] + 12, epsabs=0, epsrel=1e-10, limit=400)[0]
        assert above == pytest.approx(1 - chance, rel=1e-6)


@pytest.mark.parametrize("chance", CHANCES)
def test_quantiles_with_a_closed_form(chance):
    assert quantiles.gamma(chance, 1) == pytest.approx(-math.log1p(-chance), rel=1e-13)
    assert quantiles.gamma(chance, 0.5) == pytest.approx(
        stats.norm.ppf((1 + chance) / 2) ** 2 / 2, rel=1e-7
    )
    assert quantiles.beta(chance, 1, 4) == pytest.approx(-math.expm1(math.log1p(-chance) / 4))
    assert quantiles.beta(chance, 3, 1) == pytest.approx(chance ** (1 / 3), rel=1e-13)
    arcsine = math.sin(math.pi * chance / 2) ** 2
    assert quantiles.beta(chance, 0.5, 0.5) == pytest.approx(arcsine, rel=1e-12)
    turned = 1 - quantiles.beta(1 - chance, 5, 2)
    assert quantiles.beta(chance, 2, 5) == pytest.approx(turned, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "quantile", "mean", "deviation"),
    [
        ("GAMMA(2.5, 4", lambda u: 4 * quantiles.gamma(u, 2.5), 10, math.sqrt(2.5) * 4),
        ("BETA(2, 6", lambda u: quantiles.beta(u, 2, 6), 0.25, math.sqrt(12 / (64 * 9))),
    ],
)
def test_a_draw_is_the_quantile_of_its_place_on_the_noise_path(call, quantile, mean, deviation):
    found = run(aux("y", call + ")"), noise_seed=5, run=7)
    wanted = [quantile(uniform(5, 7, 1, 0, step)) for step in range(401)]
    assert found.tolist() == wanted
    many = run(aux("y", call + ", 11)"), stop=3000)
    assert abs(many.mean() - mean) < 4 * deviation / math.sqrt(3001)
    assert many.std() == pytest.approx(deviation, rel=0.1)


def test_parameters_without_a_distribution_give_no_number():
    for call in ("GAMMA(0, 1)", "GAMMA(-1, 1)", "BETA(0, 1)", "BETA(1, -2)"):
        assert np.isnan(run(aux("y", call), stop=3)).all()


def test_scipy_is_loaded_only_by_who_draws_from_these():
    code = (
        "import sys\n"
        "from tests.models_in_text import aux, model\n"
        "from cyclesim.simulation import simulate\n"
        "simulate(model(aux('y', 'POISSON(3)')))\n"
        "assert not any(name.startswith('scipy') for name in sys.modules)\n"
        "simulate(model(aux('y', 'GAMMA(3, 1)')))\n"
        "assert 'scipy.special' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("call", "advice", "law"),
    [
        ("GEOMETRIC(0.3)", "INT(LN(RANDOM(0, 1, 5)) / LN(1 - 0.3))", stats.geom(0.3, -1)),
        ("NEGBINOMIAL(4, 0.6)", "POISSON(GAMMA(4, 0.4 / 0.6, 5), 6)", stats.nbinom(4, 0.6)),
    ],
)
def test_what_is_refused_says_what_to_write_and_that_is_right(call, advice, law):
    name = call.partition("(")[0]
    with pytest.raises(ModelError, match=f"{name} is not computed yet, since tools count") as told:
        model(aux("y", call))
    shape = advice.replace(", 5)", ")").replace(", 6)", ")").split("(")[0]
    assert f"Write {shape}(" in str(told.value)
    found = run(aux("y", advice), stop=4000)
    counts = np.arange(6)
    seen = np.array([(found == n).mean() for n in counts])
    expected = law.pmf(counts)
    assert (np.abs(seen - expected) < 4 * np.sqrt(expected * (1 - expected) / 4001)).all()


# Inverses of graphical functions

RISING = graph("Table", gf([0.0, 1.0, 4.0], [2.0, 3.0, 9.0]))
FALLING = graph("Table", gf([0.0, 1.0, 4.0], [9.0, 3.0, -2.0]))


@pytest.mark.parametrize("table", [RISING, FALLING])
def test_the_inverse_takes_a_value_back_to_where_it_came_from(table):
    found = run(table, aux("x", "TIME / 100"), aux("y", "LOOKUPINV(Table, LOOKUP(Table, x))"))
    assert found == pytest.approx(np.arange(401) / 100, abs=1e-14)


def test_beyond_its_values_the_inverse_holds_the_last_place():
    found = run(RISING, aux("y", "LOOKUPINV(Table, TIME)"), stop=10)
    # 2 at 0, 3 at 1, 9 at 4: lines between
    assert found.tolist() == [0, 0, 0, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4]


def test_an_inverse_goes_on_along_lines_where_its_function_does():
    table = graph("Table", gf([0.0, 1.0, 4.0], [2.0, 3.0, 9.0], "extrapolate"))
    found = run(table, aux("y", "LOOKUPINV(Table, TIME)"), stop=11)
    assert found[[0, 1, 11]].tolist() == [-2, -1, 5]


@pytest.mark.parametrize(
    "table",
    [
        gf([0.0, 1.0, 4.0], [2.0, 2.0, 9.0]),
        gf([0.0, 1.0, 4.0], [2.0, 5.0, 3.0]),
        gf([0.0, 1.0, 1.0, 4.0], [2.0, 3.0, 5.0, 9.0]),
        gf([0.0, 1.0, 4.0], [2.0, 3.0, 9.0], "discrete"),
    ],
)
def test_a_function_without_inverse_is_refused(table):
    with pytest.raises(ModelError, match=r"'Table' has no inverse\. Its points must be joined"):
        model(graph("Table", table), aux("y", "LOOKUPINV(Table, 3)"))
    with pytest.raises(ModelError, match="the first argument of LOOKUPINV is not a graphical"):
        model(aux("a", 3), aux("y", "LOOKUPINV(a, 3)"))


def test_each_element_has_the_inverse_of_its_own_function():
    parts = "".join(
        f'<element subscript="{name}">{gf([0.0, 10.0], [0.0, top])}</element>'
        for name, top in (("a", 10.0), ("b", 40.0))
    )
    table = f'<aux name="Table">{over("D")}{parts}</aux>'
    for call in ("LOOKUPINV(Table[D], 8)", "LOOKUPINV(Table[b], 8)"):
        found = [
            simulate(
                model(table, aux("y", call, over("D")),
                      before_model=dimensions(dimension("D", "a b"))),
                target=target, estimate_error=False,
            )
            for target in TARGETS
        ]  # fmt: skip
        for one in found:
            assert one["y[a]"][0] == (8 if "[D]" in call else 2)
            assert one["y[b]"][0] == 2
