"""Rows that an integration is asked to keep: the same numbers as when it keeps all."""

import numpy as np
import pytest

from cyclesim.codegen import TARGETS, Binding
from cyclesim.integrate import integrate
from cyclesim.schedule import schedule_of
from cyclesim.simulation import settled_specs
from tests.models_in_text import aux, dimension, dimensions, flow, model, over, stock

R = over("R")
PARTS = (
    stock("S", "R", "f", (), R), flow("f", "S / (2 * R)", R), aux("x", "SUM(S[*])"),
    aux("y", "1 / (TIME - 2)"),
)  # fmt: skip


@pytest.mark.parametrize("method", ["euler", "rk4", "rk45"])
@pytest.mark.parametrize("target", TARGETS)
def test_kept_rows_are_those_of_the_whole_in_the_order_asked_for(target, method):
    flat = model(*PARTS, before_model=dimensions(dimension("R", "A B C")), stop=4).flat
    schedule = schedule_of(settled_specs(flat.sim_specs, method=method), flat.sim_specs)
    program = TARGETS["python" if method == "rk45" else target](flat)
    binding = Binding((), *(np.float64(number) for number in (0, 4, 1, 1)))
    whole = integrate(program, schedule, binding).values
    kept = integrate(program, schedule, binding, keep=(7, 1, 6)).values
    assert np.isinf(kept[0]).any()
    np.testing.assert_array_equal(kept, whole[[7, 1, 6]])
