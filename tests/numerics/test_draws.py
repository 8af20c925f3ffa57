"""Draws and counts against scipy's distributions, which share no code with them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from cyclesim import quantiles
from cyclesim.codegen import Binding
from cyclesim.codegen.emit_numpy import emit_numpy
from cyclesim.errors import ModelError
from cyclesim.integrate import integrate
from cyclesim.noise import uniform
from cyclesim.operations import combinations, factorial, permutations, root
from cyclesim.schedule import schedule_of
from cyclesim.simulation import settled_specs, simulate
from tests.models_in_text import aux, dimension, dimensions, model, over

PAIR = ("python", "numpy")

DRAWN = {
    "UNIFORM(2, 5)": stats.uniform(2, 3),
    "EXPRND(9)": stats.expon(scale=9),
    "LOGISTIC(3, 2)": stats.logistic(3, 2),
    "PARETO(8, 2)": stats.pareto(8, scale=2),
    "WEIBULL(1.5, 4)": stats.weibull_min(1.5, scale=4),
    "TRIANGULAR(1, 2, 5)": stats.triang(0.25, 1, 4),
    "TRIANGULAR(1, 1, 5)": stats.triang(0, 1, 4),
    "TRIANGULAR(1, 5, 5)": stats.triang(1, 1, 4),
    "POISSON(3.5)": stats.poisson(3.5),
    "POISSON(0.02)": stats.poisson(0.02),
    "POISSON(4000)": stats.poisson(4000),
    "BINOMIAL(12, 0.3)": stats.binom(12, 0.3),
    "BINOMIAL(5000, 0.97)": stats.binom(5000, 0.97),
    "MONTECARLO(40)": stats.bernoulli(0.4),
}


def run(*variables, name="y", stop=400, dt=1, header="", **given):
    loaded = model(*variables, stop=stop, dt=dt, before_model=header)
    found = [simulate(loaded, target=t, estimate_error=False, **given)[name] for t in PAIR]
    assert found[0] == pytest.approx(found[1], rel=1e-13, abs=1e-300)
    return found[0]


@pytest.mark.parametrize(("call", "law"), DRAWN.items())
def test_a_draw_is_the_quantile_of_its_site_step_seed_and_run(call, law):
    found = run(aux("y", call), noise_seed=5, run=7)
    drawn = np.array([uniform(5, 7, 1, 0, step) for step in range(401)])
    # An event happens where the draw is small, so that a higher chance keeps those there were.
    wanted = drawn < 0.4 if call.startswith("MONTECARLO") else law.ppf(drawn)
    assert found == pytest.approx(wanted.astype(float), rel=1e-11)


@pytest.mark.parametrize(("call", "law"), DRAWN.items())
def test_a_long_run_has_the_mean_and_deviation_of_the_law(call, law):
    found = run(aux("y", call.replace(")", ", 11)")), stop=4000)
    away = (found.mean() - law.mean()) / (law.std() / math.sqrt(4001))
    assert abs(away) < 4
    assert found.std() == pytest.approx(law.std(), rel=0.12)


@settings(max_examples=150)
@given(st.floats(1e-6, 1 - 1e-6), st.floats(1e-3, 1e5))
def test_the_poisson_quantile_is_scipys(probability, mean):
    found = quantiles.poisson(probability, mean)
    below, here = (stats.poisson.cdf(count, mean) for count in (found - 1, found))
    assert below < probability + 1e-9
    assert here > probability - 1e-9


@settings(max_examples=150)
@given(st.floats(1e-6, 1 - 1e-6), st.integers(1, 20_000), st.floats(1e-4, 1 - 1e-4))
def test_the_binomial_quantile_is_scipys(probability, trials, chance):
    found = quantiles.binomial(probability, trials, chance)
    assert 0 <= found <= trials
    below, here = (stats.binom.cdf(count, trials, chance) for count in (found - 1, found))
    assert below < probability + 1e-9
    assert here > probability - 1e-9


def test_the_ends_of_the_probabilities_are_reached_and_not_passed():
    least, most = 2.0**-53, 1 - 2.0**-53
    assert quantiles.poisson(least, 3) == 0
    assert quantiles.poisson(most, 3) == pytest.approx(stats.poisson.ppf(most, 3), abs=2)
    assert quantiles.binomial(most, 10, 0.9) == 10
    assert quantiles.binomial(least, 10, 0.1) == 0
    assert quantiles.poisson(most, 1e9) < 1e9 + 9 * math.sqrt(1e9)


def test_stellas_poisson_is_of_a_rate_and_xmiles_of_what_is_expected():
    own = "<header><vendor>isee systems, inc.</vendor></header>"
    drawn = np.array([uniform(0, 0, 1, 0, step) for step in range(41)])
    call = aux("y", "POISSON(8)")
    assert run(call, stop=10, dt="0.25").tolist() == stats.poisson(8).ppf(drawn).tolist()
    found = run(call, stop=10, dt="0.25", header=own)
    assert found.tolist() == stats.poisson(2).ppf(drawn).tolist()


def test_an_event_has_a_chance_per_time_and_so_a_smaller_one_in_a_shorter_step():
    drawn = np.array([uniform(0, 0, 1, 0, step) for step in range(41)])
    found = run(aux("y", "MONTECARLO(60)"), stop=10, dt="0.25")
    assert found.tolist() == (drawn < 0.15).astype(float).tolist()


def test_lognormal_is_refused_with_what_to_write_and_that_is_right():
    with pytest.raises(ModelError, match=r"LOGNORMAL is not computed yet, since .* EXP\(NORMAL"):
        model(aux("y", "LOGNORMAL(10, 2)"))
    found = run(
        aux("s", "SQRT(LN(1 + (2/10)^2))"), aux("y", "EXP(NORMAL(LN(10) - s^2/2, s, 3))"), stop=4000
    )
    assert found.mean() == pytest.approx(10, rel=0.02)
    assert found.std() == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("call", ["EXPRND(2, TIME)", "POISSON(2, 1.5)"])
def test_a_seed_is_a_whole_number(call):
    with pytest.raises(ModelError, match=r"the seed of .* is not a whole number"):
        model(aux("y", call))


@pytest.mark.parametrize("call", ["POISSON(m)", "BINOMIAL(INT(m), 0.3)", "WEIBULL(2, m)",
                                  "TRIANGULAR(0, m / 2, m)", "ROOTN(m, 3)"])  # fmt: skip
def test_a_run_of_a_set_is_the_run_alone(call):
    dims = dimensions(dimension("R", 3))
    flat = model(
        aux("p", "1"), aux("m", "4 * p * R", over("R")), aux("y", call, over("R")),
        before_model=dims, stop=6,
    ).flat  # fmt: skip
    program, schedule = emit_numpy(flat), schedule_of(settled_specs(flat.sim_specs))
    numbers = tuple(np.float64(number) for number in (0, 6, 1, 1))
    given_ = np.linspace(0.5, 3.0, 5)
    bound = Binding((given_,), *numbers, 0, np.arange(5))
    together = integrate(program, schedule, bound).values
    for k in range(5):
        own = Binding((given_[k],), *numbers, 0, np.array([k]))
        alone = integrate(program, schedule, own).values
        assert together[:, :, k].tobytes() == alone[:, :, 0].tobytes()


# --- counts, roots and waves ----------------------------------------------------------------------


@given(st.integers(0, 300), st.integers(0, 300))
def test_counts_are_scipys(n, r):
    assert combinations(n, r) == pytest.approx(special.comb(n, r), rel=1e-10)
    assert permutations(n, r) == pytest.approx(special.perm(n, r), rel=1e-10)
    assert factorial(n) == pytest.approx(special.factorial(n), rel=1e-10)


@given(st.integers(-9, 9), st.sampled_from([1, 3, 5, 7]))
def test_a_root_of_a_whole_power_is_whole(x, n):
    assert root(float(x**n), n) == x


def test_waves_start_at_time_nothing_and_have_the_size_of_their_amplitude():
    time = np.arange(0, 10.25, 0.25)
    found = run(aux("y", "SINWAVE(-3, 5)"), stop=10, dt="0.25")
    assert found == pytest.approx(3 * np.sin(2 * np.pi * time / 5), abs=1e-13)
    found = run(aux("y", "COSWAVE(2, 8)"), stop=10, dt="0.25")
    assert found == pytest.approx(2 * np.cos(2 * np.pi * time / 8), abs=1e-13)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("NORMALCDF(-1, 2)", stats.norm.cdf(2) - stats.norm.cdf(-1)),
        ("NORMALCDF(3, 9, 5, 2)", stats.norm.cdf(9, 5, 2) - stats.norm.cdf(3, 5, 2)),
        ("INVNORM(0.9)", stats.norm.ppf(0.9)), ("PERCENT(0.65)", 65), ("SIGN(-7)", -1),
        ("SWITCH(3, 2)", 1), ("SWITCH(2, 2)", 0), ("COMBINATIONS(5, 3)", 10),
        ("PERMUTATIONS(5, 3)", 60), ("FACTORIAL(6)", 720), ("ROOTN(-32, 5)", -2),
    ],
)  # fmt: skip
def test_a_function_of_numbers_gives_its_known_value(call, wanted):
    assert run(aux("y", call), stop=1)[0] == pytest.approx(wanted, rel=1e-14)


def test_the_sign_of_a_line_in_time_jumps_where_an_adaptive_solver_knows():
    loaded = model(aux("y", "SIGN(TIME - 3.3)"), aux("z", "1"), stop=10)
    found = [(point.time, point.interval) for point in loaded.flat.breakpoints]
    assert len(found) == 1
