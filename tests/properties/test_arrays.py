"""Random array models against their twins in scalars, written out by the test itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclesim.codegen import Binding
from cyclesim.codegen.emit_numpy import emit_numpy
from cyclesim.integrate import integrate
from cyclesim.schedule import schedule_of
from cyclesim.simulation import settled_specs, simulate
from tests.models_in_text import (
    NON_NEGATIVE,
    aux,
    compiled,
    dimension,
    dimensions,
    element,
    flow,
    gf,
    over,
    stock,
    xmile,
)
from tests.properties.test_models import agree, run_set

METHODS = ["euler", "rk2", "rk4"]
ELEMENTS = {"R": ("A", "B", "C"), "T": ("1", "2")}
PART = ("A", "C")  # of R, apart from one another
DIMS = dimensions(dimension("R", "A B C"), dimension("T", 2), dimension("P", " ".join(PART)))
SHAPES = ((), ("R",), ("T",), ("R", "T"), ("T", "R"))

At = dict[str, str]
"""The element that each dimension stands at; empty for the text of the array."""


@dataclass(frozen=True)
class Text:
    """An equation twice: over arrays, and for one element in scalars."""

    whole: str
    lone: object  # called with At

    def at(self, here: At) -> str:
        return self.lone(here)  # type: ignore[operator, no-any-return]


def both(form: str, *texts: Text) -> Text:
    """Return a form filled with texts, in both ways of writing."""
    return Text(
        form.format(*(text.whole for text in texts)),
        lambda here: form.format(*(text.at(here) for text in texts)),
    )


def scalar(name: str, place: tuple[str, ...]) -> str:
    return "_".join((name, *place))


@dataclass
class Item:
    """A variable: a text for each part of it, (dimension or element) by dimension."""

    kind: str
    name: str
    dims: tuple[str, ...]
    texts: list[tuple[tuple[str, ...], Text]]
    inflows: Sequence[str] = ()
    outflows: Sequence[str] = ()
    extra: str = ""

    def places(self):
        return itertools.product(*(ELEMENTS[dim] for dim in self.dims))


@dataclass
class Model:
    items: list[Item] = field(default_factory=list)

    def arrays(self) -> str:
        """Return the model as arrays."""
        written = []
        for item in self.items:
            text: str | None = item.texts[0][1].whole
            extra = item.extra
            if item.dims:
                extra = over(*item.dims) + extra
            if len(item.texts) > 1:
                extra += "".join(element(",".join(sub), t.whole) for sub, t in item.texts)
                text = None
            written.append(self.variable(item, item.name, text, extra, lambda name: name))
        return xmile(*written, before_model=DIMS, **SETTINGS)

    def scalars(self) -> str:
        """Return the same model with a variable for each element."""
        dims = {item.name: item.dims for item in self.items}
        written = []
        for item in self.items:
            for place in item.places():
                here = dict(zip(item.dims, place, strict=True))

                def called(name: str, here: At = here) -> str:
                    return scalar(name, tuple(here[dim] for dim in dims[name]))

                text = next(t for sub, t in item.texts if covers(sub, place)).at(here)
                name = scalar(item.name, place)
                written.append(self.variable(item, name, text, item.extra, called))
        return xmile(*written, **SETTINGS)

    def variable(self, item: Item, name: str, text: str | None, extra: str, called) -> str:
        if item.kind == "stock":
            flows = [[called(flow) for flow in flows] for flows in (item.inflows, item.outflows)]
            return stock(name, text, *flows, extra)
        return (flow if item.kind == "flow" else aux)(name, text, extra)


def covers(subscripts: tuple[str, ...], place: tuple[str, ...]) -> bool:
    return all(
        sub == one or sub in ELEMENTS or (sub == "P" and one in PART)
        for sub, one in zip(subscripts, place, strict=True)
    )


SETTINGS = {"dt": "0.25", "stop": 2}


class Writer:
    """Draws equations over what is known, within the loops of a variable."""

    def __init__(self, draw, known: dict[str, tuple[str, ...]]) -> None:
        self.draw = draw
        self.known = known

    def choose(self, *choices):
        return self.draw(st.sampled_from(choices))

    def index(self, dim: str, loops: tuple[str, ...]) -> Text:
        """Return a subscript: where the equation is, an element, a computed place."""
        size = len(ELEMENTS[dim])
        kinds = ["element"] + ["here", "here", "mirrored", "next"] * (dim in loops)
        match self.choose(*kinds):
            case "here":
                return Text(dim, lambda here: here[dim])
            case "mirrored":
                wanted = ELEMENTS[dim][::-1]
                return Text(
                    f"{size + 1} - {dim}", lambda here: wanted[ELEMENTS[dim].index(here[dim])]
                )
            case "next":
                after = (*ELEMENTS[dim][1:], "")
                return Text(f"{dim} + 1", lambda here: after[ELEMENTS[dim].index(here[dim])])
        chosen = self.choose(*ELEMENTS[dim])
        return Text(chosen, lambda here: chosen)

    def reading(self, loops: tuple[str, ...]) -> Text:
        """Return a variable, read at subscripts or as it is."""
        name = self.choose(*self.known)
        dims = self.known[name]
        if set(dims) <= set(loops) and self.choose(True, False):
            return Text(name, lambda here: scalar(name, tuple(here[dim] for dim in dims)))
        if not dims:
            return Text(name, lambda here: name)
        indexes = [self.index(dim, loops) for dim in dims]

        def lone(here: At) -> str:
            place = tuple(index.at(here) for index in indexes)
            return scalar(name, place) if all(place) else "NAN"

        return Text(f"{name}[{', '.join(index.whole for index in indexes)}]", lone)

    def reduction(self, loops: tuple[str, ...]) -> Text:
        """Return one value of an array: over all of a dimension, a part, or both dimensions."""
        arrays = [name for name, dims in self.known.items() if dims]
        if not arrays:
            return self.reading(loops)
        name = self.choose(*arrays)
        turns: list[tuple[str, list[str] | None]] = []  # shown, and what it goes through
        for dim in self.known[name]:
            turns.append(self.choose(
                ("*", list(ELEMENTS[dim])), ("*", list(ELEMENTS[dim])),
                *([("*:P", list(PART)), ("A:B", ["A", "B"])] if dim == "R" else [("2:2", ["2"])]),
                (dim, None) if dim in loops else ("*", list(ELEMENTS[dim])),
            ))  # fmt: skip
        if all(through is None for _, through in turns):
            turns[0] = ("*", list(ELEMENTS[self.known[name][0]]))
        function = self.choose("SUM", "MEAN", "MIN", "MAX", "PROD", "STDDEV", "dot", "nested")
        read = f"{name}[{', '.join(shown for shown, _ in turns)}]"
        dims = self.known[name]

        def through(here: At) -> list[str]:
            axes = [own if own is not None else [here[dim]]
                    for dim, (_, own) in zip(dims, turns, strict=True)]  # fmt: skip
            return [scalar(name, place) for place in itertools.product(*axes)]

        form = {"dot": f"SUM({read} * ({read} + 1))", "nested": f"MAX({read} - MEAN({read}))"}
        return Text(
            form.get(function, f"{function}({read})"),
            lambda here: written_out(function, through(here)),
        )

    def formula(self, loops: tuple[str, ...], depth: int = 2) -> Text:
        if depth == 0:
            return self.leaf(loops)
        a, b = self.formula(loops, depth - 1), self.formula(loops, depth - 1)
        form = self.choose(
            "({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} / (1 + ABS({1})))", "{0} / {1}",
            "MIN({0}, {1})", "(IF {0} > {1} THEN {0} ELSE {1} / 2)", "SIN({0})", "({0} // {1})",
            "ARCTAN({0})", "STEP({0}, 0.75)", "SQRT(ABS({0}))", "({0} MOD 3)",
        )  # fmt: skip
        return both(form, a, b)

    def leaf(self, loops: tuple[str, ...]) -> Text:
        kinds = ["number", "reading", "reading", "reduction", "time"] + ["place"] * bool(loops)
        match self.choose(*kinds):
            case "number":
                return both(repr(self.choose(0.5, 1.0, -1.5, 0.1, 3.0)))
            case "time":
                return both("TIME")
            case "reduction":
                return self.reduction(loops)
            case "place":
                dim = self.choose(*loops)
                return Text(dim, lambda here: str(ELEMENTS[dim].index(here[dim]) + 1))
        return self.reading(loops)

    def remembering(self, loops: tuple[str, ...]) -> Text:
        a = self.formula(loops, 1)
        form = self.choose(
            "SMTH1({0}, 2)", "SMTH3({0}, 3, 1)", "DELAY1({0}, 2)", "DELAYN({0}, 3, 2)",
            "PREVIOUS({0}, 1)", "DELAY({0}, 0.75, 0)", "INIT({0})", "TREND(2 + SIN({0}), 4)",
            "SAMPLE_IF_TRUE({0} > 1, TIME, -1)", "1 + SMTH1(DELAY({0}, 0.5, 2), 3)",
        )  # fmt: skip
        return both(form, a)

    def texts(self, dims: tuple[str, ...], make) -> list[tuple[tuple[str, ...], Text]]:
        """Return one equation for all of an array, or one for each part of its first dimension."""
        if "R" not in dims or self.choose(True, True, False):
            return [(dims, make(dims))]
        found = []
        for part in ("P", "B") if self.choose(True, False) else ELEMENTS["R"]:
            inner = tuple(dim for dim in dims if dim != "R")
            text = make(inner)
            found.append((tuple(part if dim == "R" else dim for dim in dims), text))
        return found


def written_out(function: str, names: list[str]) -> str:
    """Return a function of arrays over scalars, in the order of the python target."""
    total = f"(0 + {' + '.join(names)})"
    mean = f"({total} / {len(names)})"
    match function:
        case "SUM":
            return total
        case "MEAN":
            return mean
        case "PROD":
            return f"({' * '.join(names)})"
        case "STDDEV":
            away = " + ".join(f"({name} - {mean}) * ({name} - {mean})" for name in names)
            return f"SQRT((0 + {away}) / {len(names)})"
        case "dot":
            return f"(0 + {' + '.join(f'{name} * ({name} + 1)' for name in names)})"
        case "nested":
            return nest("MAX", [f"({name} - {mean})" for name in names])
    return nest(function, names)


def nest(function: str, values: list[str]) -> str:
    found = values[0]
    for value in values[1:]:
        found = f"{function}({found}, {value})"
    return found


@st.composite
def models(draw) -> Model:
    """Return a small array model: each equation needs stocks and what was written before it."""
    writer = Writer(draw, {})
    model = Model()
    stocks = {f"s{n}": writer.choose(*SHAPES[1:]) for n in range(draw(st.integers(1, 2)))}
    known: dict[str, tuple[str, ...]] = {}
    for n in range(draw(st.integers(1, 2))):
        dims = writer.choose(*SHAPES)
        numbers = both(repr(writer.choose(0.5, 1.0, 2.0, 4.0)))
        model.items.append(Item("aux", f"p{n}", dims, [(dims, numbers)]))
        known[f"p{n}"] = dims
    writer.known = known | stocks
    for n in range(draw(st.integers(1, 4))):
        dims = writer.choose(*SHAPES)
        make = writer.remembering if draw(st.integers(0, 2)) == 0 else writer.formula
        table = gf([-1.0, 0.5, 2.0], [0.0, 3.0, -2.0]) if draw(st.integers(0, 5)) == 0 else ""
        texts = writer.texts(dims, make)
        table = table if len(texts) == 1 else ""
        model.items.append(Item("aux", f"a{n}", dims, texts, extra=table))
        writer.known = {**writer.known, f"a{n}": dims}
    for name, dims in stocks.items():
        flows = [f"{name}_in", f"{name}_out"]
        for each in flows:
            texts = [(s, both("2 * ARCTAN({0})", t)) for s, t in writer.texts(dims, writer.formula)]
            model.items.append(Item("flow", each, dims, texts))
        limit = NON_NEGATIVE if draw(st.booleans()) else ""
        constant = Writer(draw, known)
        start = constant.formula(dims, 1) if draw(st.booleans()) else both("3.5")
        model.items.append(Item("stock", name, dims, [(dims, start)], flows[:1], flows[1:], limit))
    return model


def rows(found) -> dict[str, np.ndarray]:
    """Return values by the name that a scalar has for an element."""
    return {
        name.replace("[", "_").replace(",", "_").rstrip("]"): found.trajectory.values[row]
        for name, row in found.columns.items()
    }


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60)
@given(sketch=models())
def test_an_array_model_is_its_twin_in_scalars(method, sketch):
    whole, lone = compiled(sketch.arrays()), compiled(sketch.scalars())
    own = {"method": method, "estimate_error": False, "strict": False}
    one, other = rows(simulate(whole, **own)), rows(simulate(lone, **own))
    assert one.keys() == other.keys()
    for name, values in one.items():
        assert values.tobytes() == other[name].tobytes() or np.array_equal(
            values, other[name], equal_nan=True
        ), name
    array = rows(simulate(whole, target="numpy", **own))
    agree(np.array([one[name] for name in one]), np.array([array[name] for name in one]))


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25)
@given(sketch=models(), count=st.integers(2, 6))
def test_run_k_of_a_set_is_the_run_alone(method, sketch, count):
    flat = compiled(sketch.arrays()).flat
    rng = np.random.default_rng(count)
    shapes = [flat.by_ident[ident].shape for ident in flat.parameters]
    given_values = [rng.uniform(-2, 4, (*shape, count)) for shape in shapes]
    together = run_set(flat, given_values, method)
    for k in range(count):
        lone = [values[..., k : k + 1] for values in given_values]
        alone = run_set(flat, lone, method)
        assert together.values[:, :, k].tobytes() == alone.values[:, :, 0].tobytes()
        assert together.status[k].status is alone.status[0].status


@settings(max_examples=25)
@given(sketch=models(), order=st.randoms(use_true_random=False))
def test_the_order_of_arrays_in_the_file_means_nothing(sketch, order):
    one = compiled(sketch.arrays())
    order.shuffle(sketch.items)
    other = compiled(sketch.arrays())
    assert one.flat.digest == other.flat.digest
    first, second = (rows(simulate(m, estimate_error=False, strict=False)) for m in (one, other))
    for name, values in first.items():
        assert values.tobytes() == second[name].tobytes(), name


@pytest.mark.parametrize("size", [2, 30])
@settings(max_examples=20)
@given(weights=st.lists(st.floats(-9, 9), min_size=4, max_size=4), dt=st.sampled_from([1, 0.5]))
def test_a_ring_of_any_size_conserves_what_flows_around(size, weights, dt):
    """Each cell hands to the next: the same equation at each place, mass as a whole."""
    n = over("N")
    w = [repr(weight) for weight in weights]
    text = xmile(
        stock("S", f"N + ABS({w[0]})", "came", "went", n + NON_NEGATIVE),
        flow("went", f"ABS({w[1]} + {w[2]} * SIN(N + TIME)) * S + {abs(weights[3])!r}", n),
        flow("came", f"went[1 + (N + {size - 2}) MOD {size}]", n), aux("all", "SUM(S[*])"),
        before_model=dimensions(dimension("N", size)), dt=dt, stop=3,
    )  # fmt: skip
    found = simulate(compiled(text), estimate_error=False, strict=False)
    assert np.abs(found["all"] - found["all"][0]).max() <= 1e-12 * found["all"][0]
    assert found["S"].min() >= -1e-12 * found["all"][0]


def test_a_set_over_an_array_of_parameters_is_each_run_with_its_numbers():
    n = over("R")
    loaded = compiled(xmile(
        stock("S", "start", "f", (), n), flow("f", "start * S / 10", n),
        aux("start", "R * 0 + 1", n), aux("rate", "1", n), aux("y", "SUM(S[*] * rate[*])"),
        before_model=DIMS, stop=3,
    ))  # fmt: skip
    flat = loaded.flat
    schedule = schedule_of(settled_specs(flat.sim_specs))
    rates = np.arange(12.0).reshape(3, 4)
    given_values = {"rate": rates}
    numbers = tuple(np.float64(number) for number in (0, 3, 1, 1))
    values = tuple(given_values[ident] for ident in flat.parameters)
    together = integrate(emit_numpy(flat), schedule, Binding(values, *numbers)).values
    row = flat.places["y"]
    for k in range(4):
        own = {f"rate[{name}]": rates[i, k] for i, name in enumerate("ABC")}
        alone = simulate(loaded, own, estimate_error=False)
        np.testing.assert_allclose(together[row, :, k], alone["y"], rtol=1e-14)
