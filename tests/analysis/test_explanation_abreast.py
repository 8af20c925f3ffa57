"""What makes explanations quick says what the slow way says: searches once, cuts abreast."""

from dataclasses import replace

import numpy as np
import pytest

from cyclesim import read_study, run_study
from cyclesim.analysis.explanation.bench import Bench
from cyclesim.analysis.explanation.explain import headline
from cyclesim.analysis.explanation.studies import _ordered
from cyclesim.analysis.loops import searches
from cyclesim.analysis.loops.cycles import Budget, OverBudgetError, all_loops, together
from cyclesim.analysis.loops.searches import Searches
from cyclesim.compiler import LinkHeld
from cyclesim.scenario.parts import Direction


def test_times_left_out_take_no_loop_with_them():
    rng = np.random.default_rng(5)
    for _ in range(60):
        size = int(rng.integers(2, 7))
        pairs = [(a, b) for a in range(size) for b in range(size) if rng.random() < 0.5]
        scores = np.where(rng.random((len(pairs), 9)) < 0.6, 1.0, 0.0)
        whole = [sum(1 << n for n, each in enumerate(row) if each) for row in scores]
        assert all_loops(pairs, together(scores), Budget()) == all_loops(pairs, whole, Budget())


def test_rows_that_are_shifted_need_no_new_search(monkeypatch):
    asked = []

    def counted(ends, active, budget):
        asked.append(ends)
        return all_loops(ends, active, budget)

    monkeypatch.setattr(searches, "all_loops", counted)
    known, ends = Searches(), [(3, 8), (8, 3), (8, 9), (9, 3)]
    scores = np.array([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    shifted = [(a + 4, b + 4) for a, b in ends]
    for pairs in (ends, shifted):
        assert known.all_loops(pairs, scores, Budget()) == ((0, 1), (0, 2, 3))
    assert len(asked) == 1
    scores[1] = 0.0
    assert known.all_loops(ends, scores, Budget()) == ((0, 2, 3),)
    for _ in range(2):
        with pytest.raises(OverBudgetError):
            known.all_loops(ends, scores, Budget(loops=0))
    assert len(asked) == 3
    chain = {"idle": (frozenset({8}), frozenset({3}))}
    assert known.named_loops(ends, scores, frozenset({3, 9}), chain).idle == {"idle": (3, 8)}
    chain = {"idle": (frozenset({12}), frozenset({7}))}
    assert known.named_loops(shifted, scores, frozenset({7, 13}), chain).idle == {"idle": (7, 12)}


def test_links_held_abreast_are_links_held_one_by_one():
    """Links from the start and from later on, one of them twice, from a past state."""
    whole = read_study("scenarios/empowering_without_training.yaml")
    scenario = next(s for s in whole.scenarios if s.changes and not s.recompute)
    run = run_study(replace(whole, scenarios=(scenario,), expectations=()))
    results = run.results[scenario.name]
    equations = {
        (need, each.ident)
        for statement in results.flat.steps
        for each in statement.assignments
        for piece in each.pieces
        for need in piece.symbols
        if not results.flat.by_ident[need].hidden
        and not results.flat.by_ident[each.ident].hidden
        and results.flat.by_ident[need].ident not in results.flat.parameters
    }
    links = []
    for number, (source, target) in enumerate(sorted(equations)[::12][:4]):
        first = results.flat.places[source]
        rows = results.trajectory.values[first : first + results.flat.by_ident[source].size]
        links.append(LinkHeld(source, target, tuple(rows[:, 0]), None))
        if number == 0:
            later = float(results.time[40])
            links.append(LinkHeld(source, target, tuple(1.05 * rows[:, 40]), later))
    bench, alone = (Bench(run.study, scenario, results) for _ in range(2))
    bench.ahead(links)
    for link in links:
        one, many = alone.held(link), bench.held(link)
        assert many is bench.held(link), "it was run ahead"
        assert many.status.complete == one.status.complete
        for variable in results.flat.visible:
            name = variable.columns[0]
            np.testing.assert_allclose(many[name], one[name], rtol=1e-9, atol=1e-12, err_msg=name)
    assert any(
        not np.allclose(bench.held(link)[v.columns[0]], results[v.columns[0]])
        for link in links
        for v in results.flat.visible
    ), "no cut changes anything"


def test_the_best_and_the_worst_end_are_explained_first():
    run = run_study("scenarios/eroding_standard.yaml")
    output = headline(run.study)
    ends = {name: float(found[output.variable.name][-1]) for name, found in run.results.items()}
    for good, (first, second) in ((Direction.UP, (max, min)), (Direction.DOWN, (min, max))):
        found = _ordered(run, run.study.scenarios, replace(output, good=good))
        assert sorted(each.name for each in found) == sorted(ends)
        assert ends[found[0].name] == first(ends.values())
        assert ends[found[1].name] == second(ends.values())
