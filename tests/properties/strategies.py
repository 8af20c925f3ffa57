"""Strategies: expression trees, and small models that are valid by construction."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from hypothesis import strategies as st

from cyclesim.expr import (
    Binary,
    Call,
    Conditional,
    Number,
    Reference,
    Subscripted,
    Unary,
)
from cyclesim.names import canonical
from tests.models_in_text import aux, flow, gf, stock, xmile

# --- expression trees ------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["x", "Staff", "Service quality", "Revenue (net)", "if", "MOD", "a.b", "Qualit\u00e4t", "3rd",
     'the "good" one', "back\\slash", "c:\\new", "_u", "$", "\u670d\u52a1", "x-y", "end\\"]
)  # fmt: skip
PLAIN = st.sampled_from(["max", "MIN", "Effect_of_quality", "f", "abs"])
BINARY = st.sampled_from(
    ["+", "-", "*", "/", "//", "mod", "^", "<", "<=", ">", ">=", "=", "<>", "and", "or"]
)


@st.composite
def references(draw):
    name = draw(WORDS)
    # a path is compared as it is shown, and a blank is shown as an underscore
    path = tuple(word.replace(" ", "_") for word in draw(st.lists(WORDS, max_size=2)))
    # a written backslash or quote is escaped: the identifier is that of the name shown
    written = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return Reference(canonical(written), name, path)


NUMBERS = st.floats(0, allow_nan=False, allow_infinity=False).map(Number)


def _above(inner):
    several = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Unary, st.sampled_from(["-", "+", "not"]), inner),
        st.builds(Binary, BINARY, inner, inner),
        st.builds(Conditional, inner, inner, inner),
        st.builds(lambda name, given: Call(canonical(name), name, given), PLAIN, several),
        st.builds(Subscripted, references(), st.lists(inner, min_size=1, max_size=2).map(tuple)),
    )


trees = st.recursive(st.one_of(NUMBERS, references()), _above, max_leaves=20)


# --- models ----------------------------------------------------------------------------------


@dataclass
class Sketch:
    """A model as names and formulas with {holes} for names, so that it can be renamed.

    `items` are (kind, name, formula, inflows, outflows, extra).
    """

    items: list[tuple[str, str, str, tuple[str, ...], tuple[str, ...], str]]
    parameters: tuple[str, ...]
    settings: dict[str, object] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [item[1] for item in self.items]

    def text(self, called=None, order=None, extra="", in_quotes=False, **settings) -> str:
        """Return the XMILE text.

        `called` renames, `order` shuffles, `extra` is docs and units; `in_quotes` writes names in
        attributes as equations do, quoted and escaped.
        """
        called = called or {}
        new = {name: called.get(name, name) for name in self.names}
        quoted = {
            name: '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'
            for name, shown in new.items()
        }
        new = quoted if in_quotes else new
        items = list(self.items)
        if order is not None:
            random.Random(order).shuffle(items)
        written = []
        for kind, name, formula, inflows, outflows, points in items:
            equation = formula.format(**quoted)
            if kind == "stock":
                written.append(
                    stock(new[name], equation, [new[f] for f in inflows],
                          [new[f] for f in outflows], extra)
                )  # fmt: skip
            else:
                maker = flow if kind == "flow" else aux
                written.append(maker(new[name], equation, points + extra))
        return xmile(*written, **{**self.settings, **settings})


def _formula(draw, known: list[str], depth: int = 2) -> str:
    """Return a formula over known names, bounded so that values stay moderate."""

    def leaf() -> str:
        choice = draw(st.integers(0, 5))
        if choice == 0 or not known:
            return repr(draw(st.sampled_from([0.5, 1.0, 2.0, 3.25, -1.5, 0.1, 7.0])))
        if choice == 1:
            return "TIME"
        return "{" + draw(st.sampled_from(known)) + "}"

    def node(level: int) -> str:
        if level == 0:
            return leaf()
        a, b = node(level - 1), node(level - 1)
        return draw(
            st.sampled_from(
                [
                    f"({a} + {b})",
                    f"({a} - {b})",
                    f"({a} * {b})",
                    f"({a} / (1 + ABS({b})))",
                    f"({a} // {b})",
                    f"MIN({a}, {b})",
                    f"MAX({a}, {b})",
                    f"(IF {a} > {b} THEN {a} ELSE {b} / 2)",
                    f"(IF {a} < 3 AND NOT {b} = 1 THEN 1 ELSE {b})",
                    f"SIN({a})",
                    f"EXP(-ABS({a}))",
                    f"SQRT(ABS({a}))",
                    f"ARCTAN({a})",
                    f"LN(1 + ABS({a}))",
                    f"ABS({a}) ^ 0.7",
                    f"({a} MOD 3)",
                    f"STEP({leaf()}, 1.5)",
                    f"RAMP(0.5, 1, {draw(st.sampled_from(['2', '2.75', '9']))})",
                    "PULSE(2, 1)",
                    "PULSE(1, 0.5, 1.25)",
                ]
            )
        )

    return node(draw(st.integers(0, depth)))


def _stateful(draw, known: list[str]) -> str:
    a = _formula(draw, known, 1)
    return draw(
        st.sampled_from(
            [
                f"SMTH1({a}, 2)",
                f"SMTH3({a}, 3, 1)",
                f"DELAY1({a}, 2)",
                f"DELAY3({a}, 4, 0.5)",
                f"DELAYN({a}, 3, 2)",
                f"PREVIOUS({a}, 1)",
                f"DELAY({a}, 1.25, 0)",
                f"DELAY({a}, 0.6)",
                f"INIT({a})",
                f"TREND(2 + SIN({a}), 4)",
                f"1 + SMTH1({a}, 2) * 0.5",
                f"SMTH1(DELAY({a}, 1, 2), 3)",
            ]
        )
    )


def _table(draw) -> str:
    count = draw(st.integers(2, 4))
    y = draw(st.lists(st.sampled_from([-2.0, 0.0, 1.0, 3.0]), min_size=count, max_size=count))
    kind = draw(st.sampled_from(["continuous", "discrete", "extrapolate"]))
    return gf([-1.0, 0.5, 2.0, 4.0][:count], y, kind)


@st.composite
def sketches(draw) -> Sketch:
    """Return a small valid model: each equation needs stocks and what was written before it."""
    parameters = [f"p{n}" for n in range(draw(st.integers(1, 3)))]
    stocks = [f"s{n}" for n in range(draw(st.integers(1, 3)))]
    items = [("aux", name, repr(draw(st.sampled_from([0.5, 1.0, 2.0, 4.0]))), (), (), "")
             for name in parameters]  # fmt: skip
    known = [*parameters, *stocks]
    for n in range(draw(st.integers(0, 4))):
        stateful = draw(st.integers(0, 2)) == 0
        formula = _stateful(draw, known) if stateful else _formula(draw, known)
        table = _table(draw) if draw(st.integers(0, 4)) == 0 else ""
        items.append(("aux", f"a{n}", formula, (), (), table))
        known.append(f"a{n}")
    flows = []
    for n in range(draw(st.integers(1, 3))):
        formula = _formula(draw, known)
        # saturating, so that no run leaves the numbers and no tiny difference is blown up
        items.append(("flow", f"f{n}", f"2 * ARCTAN({formula})", (), (), ""))
        flows.append(f"f{n}")
    for name in stocks:
        ins = tuple(f for f in flows if draw(st.booleans()))
        outs = tuple(f for f in flows if f not in ins and draw(st.booleans()))
        initial = draw(st.sampled_from(["1", "0", "{p0} * 2", "3.5"]))
        items.append(("stock", name, initial, ins, outs, ""))
    return Sketch(items, tuple(parameters), {"dt": "0.25", "stop": 3})
