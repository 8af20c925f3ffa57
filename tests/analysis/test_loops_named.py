"""Named loops: against a list of all loops, and in models that have too many to list."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

from cyclesim.analysis.loops import Budget, Method, Named, loops
from cyclesim.analysis.loops.chains import Ways, named_loops
from cyclesim.analysis.loops.cycles import OverBudgetError, all_loops, nodes_of
from cyclesim.analysis.loops.graph import causal_graph
from cyclesim.analysis.loops.naming import runs_through
from cyclesim.analysis.loops.parts import Loop, LoopAnalysis, Polarity
from cyclesim.analysis.loops.scores import link_scores
from cyclesim.analysis.loops.words import sentences
from cyclesim.cli import cli
from cyclesim.compiler import CompiledModel
from cyclesim.errors import UsageError
from cyclesim.results import Results
from cyclesim.simulation import simulate
from tests.models_in_text import aux, flow, model, stock, xmile

RING = Named("ring", ("s0", "s3", "s5"))
BACK = Named("back", ("s5", "s3", "s0"))
PAIR = Named("pair", ("s1", "s2"))


def run(whole: CompiledModel, **settings: object) -> Results:
    return simulate(whole, method="euler", estimate_error=False, **settings)  # type: ignore[arg-type]


def web(size: int, **changes: str) -> list[str]:
    """Return stocks that all act on one another, each through an auxiliary of its own."""
    parts = []
    for a in range(size):
        terms = []
        for b in range(size):
            if a != b:
                parts.append(aux(f"x{a} {b}", f"s{b} * {0.01 * math.sin(1 + 3 * a + 7 * b)}"))
                terms.append(changes.get(f"x{a}_{b}", f"x{a}_{b}"))
        parts += [stock(f"s{a}", 1 + a, f"f{a}"), flow(f"f{a}", " + ".join(terms))]
    return parts


def by_name(found: LoopAnalysis, name: str) -> Loop:
    number = found.by_name[0].number if found.by_name else 1
    return next(loop for loop in found.of(number) if loop.name == name)


# Ways through a chain


@pytest.mark.parametrize("seed", range(30))
def test_the_loops_of_a_chain_are_those_that_a_list_of_all_loops_has(seed: int):
    rng = np.random.default_rng(seed)
    pairs = [(a, b) for a in range(9) for b in range(9) if a != b and rng.random() < 0.35]
    stocks = frozenset(rng.choice(9, size=4, replace=False).tolist())
    every = [(loop, nodes_of(loop, pairs)) for loop in all_loops(pairs, [1] * len(pairs), Budget())]
    ways = Ways(pairs, stocks)
    for _ in range(20):
        order = rng.permutation(9)
        chain = tuple(frozenset({int(row)}) for row in order[: rng.integers(2, 5)])
        chain = (*chain[:-1], chain[-1] | {int(order[-1])})
        through = [
            (len(stocks & {*rows}), loop) for loop, rows in every if runs_through(rows, chain)
        ]
        fewest = min(through, default=(0, ()))[0]
        assert set(ways.loops(chain)) == {loop for count, loop in through if count == fewest}


def test_a_chain_with_too_many_ways_is_given_up():
    pairs = [(a, b) for a in range(16) for b in range(16) if a != b]
    chain = (frozenset({0}), frozenset({1}), frozenset({2}))
    with pytest.raises(OverBudgetError):
        Ways(pairs, frozenset()).loops(chain)
    known = named_loops(pairs, np.ones((len(pairs), 2)), frozenset(), {"all": chain})
    assert known.beyond == ("all",)
    assert not known.members


def test_of_two_names_as_long_the_one_of_fewer_loops_has_what_both_run_through():
    pairs = [(0, 1), (1, 2), (2, 0), (1, 3), (3, 2)]
    chains = {
        "wide": (frozenset({0}), frozenset({1})),
        "narrow": (frozenset({0}), frozenset({3})),
    }
    known = named_loops(pairs, np.ones((len(pairs), 2)), frozenset({0}), chains)
    assert known.members == {"wide": ((0, 1, 2),), "narrow": ((0, 3, 4, 2),)}


# Scores in a model with too many loops


def test_a_named_loop_is_scored_where_loops_cannot_all_be_listed():
    whole = model(*web(12), stop=20)
    results = run(whole)
    found = loops(results, [RING, PAIR])
    (partition,) = found.partitions
    (again,) = found.by_name
    assert partition.method is Method.FOLDED
    assert (again.method, again.loops, again.stocks) == (Method.NAMED, 2, partition.stocks)
    graph = causal_graph(whole.flat)
    scores = {
        (graph.nodes[link.source].name, graph.nodes[link.target].name): row
        for link, row in zip(graph.links, link_scores(graph, results)[:, :, 0], strict=True)
    }
    expected = np.ones(len(found.time))
    for source, target in ((0, 3), (3, 5), (5, 0)):
        way = (f"s{source}", f"x{target} {source}", f"f{target}", f"s{target}")
        for link in itertools.pairwise(way):
            expected = expected * scores[link]
    assert by_name(found, "ring").score == pytest.approx(expected, rel=1e-12)
    sizes = np.abs([loop.relative for loop in found.of(again.number)]).sum(axis=0)
    assert sizes == pytest.approx(np.ones(len(found.time)), abs=1e-12)
    assert any("more than 100,000 loops" in note for note in partition.notes)
    assert any("others that a search along the strongest links met" in n for n in again.notes)
    told = "\n".join(sentences(found))
    assert "2 loops that bear names, past whatever stocks:" in told
    assert "'ring'" in told


def test_a_named_loop_scores_alike_however_many_others_are_listed():
    results = run(model(*web(6), stop=20))
    names = [RING, BACK, PAIR]
    every, folded = loops(results, names), loops(results, names, budget=Budget(loops=50))
    alone = loops(results, names, method=Method.NAMED)
    assert every.partitions[0].method is Method.ALL
    assert folded.partitions[0].method is Method.FOLDED
    for name in names:
        score = every[name.name].score
        assert np.abs(score).max() > 0
        assert by_name(folded, name.name).score == pytest.approx(score, rel=1e-12)
        assert alone[name.name].score == pytest.approx(score, rel=1e-12)


def test_auxiliaries_that_pass_on_split_flows_and_other_names_change_nothing():
    small = Budget(loops=50)
    plain = loops(run(model(*web(6), stop=20)), [RING, PAIR], budget=small)
    passing = [aux("a way", "x3_0"), aux("further", "a_way")]
    split = [part.replace("<inflow>f5</inflow>", "<inflow>f5</inflow><inflow>g5</inflow>")
             for part in web(6, x3_0="further")]  # fmt: skip
    halves = [
        part.replace('<flow name="f5"><eqn>', '<flow name="f5"><eqn>0.3 * (').replace(
            "</eqn>", ")</eqn>" if '<flow name="f5">' in part else "</eqn>"
        )
        for part in split
    ]
    whole = next(part for part in split if '<flow name="f5">' in part)
    other = whole.replace('name="f5"', 'name="g5"').replace("<eqn>", "<eqn>0.7 * (")
    changed = [*halves, other.replace("</eqn>", ")</eqn>"), *passing]
    text = "\0".join(changed).replace("s3", "zeal")
    names = [Named("ring", ("s0", "zeal", "s5")), PAIR]
    found = loops(run(model(*text.split("\0"), stop=20)), names, budget=small)
    assert by_name(found, "ring").members == 2
    assert "further" in by_name(found, "ring").variables
    for name in ("ring", "pair"):
        before, after = by_name(plain, name), by_name(found, name)
        assert after.score == pytest.approx(before.score, rel=1e-9)
        assert after.relative == pytest.approx(before.relative, rel=1e-9)


@pytest.mark.parametrize(("gain", "sign"), [("0.03", 1), ("5", 1), ("-0.4", -1)])
@pytest.mark.parametrize("dt", ["1", "1/8"])
def test_a_named_loop_by_itself_scores_one(gain: str, sign: int, dt: str):
    whole = model(stock("s", 2, "f"), aux("a", f"{gain} * s"), flow("f", "a"), stop=4, dt=dt)
    found = loops(run(whole), [Named("own", ("s", "a"))], method=Method.NAMED)
    assert found["own"].score == pytest.approx(np.full(len(found.time), sign), rel=1e-9)
    assert found["own"].relative.tolist() == [sign] * len(found.time)


def test_only_named_loops_are_listed_where_these_are_asked_for():
    whole = model(*web(6), stop=20)
    found = loops(run(whole), [PAIR], method=Method.NAMED)
    assert [loop.name for loop in found.loops] == ["pair"]
    (head, *_) = sentences(found)
    assert head == "1 loop that bears a name, in shares of one another, through s0, s1, s2 and 3 " \
        "more stocks:"  # fmt: skip
    with pytest.raises(UsageError, match="no loop bears a name"):
        loops(run(whole), method=Method.NAMED)


# Loops that are off


SWITCHED = xmile(
    stock("staff", 10, "hiring", "quitting"),
    stock("load", 5, "arriving"),
    aux("switch", "0"),
    aux("pressure", "load / staff"),
    flow("hiring", "1 + 0.1 * pressure"),
    flow("quitting", "0.05 * staff * (1 + switch * pressure)"),
    flow("arriving", "2 - 0.1 * staff"),
    stop=20,
)
LOADS = "Burnout=staff>pressure>quitting"
HIRES = "Hiring=load>pressure>hiring>staff"


def told(file: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    cli.main(["loops", str(file), "--name", LOADS, "--name", HIRES, *arguments],
             standalone_mode=False)  # fmt: skip
    return capsys.readouterr().out


def test_a_loop_that_is_switched_off_is_idle(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "model.xmile"
    file.write_text(SWITCHED, encoding="utf-8")
    off = json.loads(told(file, capsys, "--json"))
    (idle,) = [loop for loop in off["loops"] if loop["name"] == "Burnout"]
    assert (idle["mark"], idle["polarity"], idle["members"]) == ("I1", Polarity.IDLE.value, 0)
    assert set(idle["score"]) == set(idle["relative"]) == {0.0}
    assert idle["variables"] == ["staff", "pressure", "quitting"]
    (hiring,) = [loop for loop in off["loops"] if loop["name"] == "Hiring"]
    assert hiring["members"] == 1
    text = told(file, capsys)
    assert "Note: idle in this run, so that they score 0: 'Burnout'." in text
    on = json.loads(told(file, capsys, "--json", "--set", "switch=1"))
    (burnout,) = [loop for loop in on["loops"] if loop["name"] == "Burnout"]
    assert burnout["polarity"] == Polarity.REINFORCING.value
    assert "idle" not in told(file, capsys, "--set", "switch=1")


def test_a_loop_that_a_longer_way_would_close_stays_idle():
    pairs = [(0, 1), (1, 0), (1, 2), (2, 0)]
    scores = np.ones((len(pairs), 3))
    scores[1] = 0.0
    chain = {"short": (frozenset({0}), frozenset({1}))}
    stocks = frozenset({0, 2})
    assert named_loops(pairs, scores, stocks, chain).idle == {"short": (0, 1)}
    scores[1] = 1.0
    assert named_loops(pairs, scores, stocks, chain).members == {"short": ((0, 1),)}
