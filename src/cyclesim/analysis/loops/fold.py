"""Loops of a large model, seen through a few of its stocks.

A large model has millions of loops, most of them long ways through what moves quickly, and they
cancel one another. Everything but the chosen stocks is eliminated: a link between two of them
then stands for every way from one to the other, walks in circles among what is eliminated
included. With signed link scores A, kept stocks k and eliminated ones f, that is

    A_kk + A_kf (I - A_ff)^-1 A_fk

the Schur complement, since the scores of all walks add up to a geometric series. It is the
same step that takes an auxiliary out of the middle of a chain, where it is the chain rule.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray

MOST_KEPT = 6
"""Stocks that are chosen where none are named: six that all reach one another have 415 loops."""

_MOST_NUMBERS = 8_000_000


def between_states(ends: Sequence[tuple[int, int]], scores: Array, states: Sequence[int]) -> Array:
    """Return the sum over all ways from state to state past no other: (time, state, state).

    `scores` are (link, time). Auxiliaries need one another in no circle, so that one sweep over
    them does: what each takes from every state.
    """
    place = {node: number for number, node in enumerate(states)}
    into: dict[int, list[tuple[int, int]]] = {}
    for number, (source, target) in enumerate(ends):
        into.setdefault(target, []).append((number, source))
    times = scores.shape[1]
    found = np.zeros((times, len(states), len(states)))
    order = _auxiliaries_in_order(into, place)
    step = max(1, _MOST_NUMBERS // max(1, len(states) * (len(order) + len(states))))
    for begin in range(0, times, step):
        part = scores[:, begin : begin + step]
        taken: dict[int, Array] = {}
        for node, number in place.items():
            taken[node] = np.zeros((len(states), part.shape[1]))
            taken[node][number] = 1.0
        for node in order:
            taken[node] = _gathered(into[node], taken, part)
        for node, number in place.items():
            if node in into:
                found[begin : begin + step, :, number] = _gathered(into[node], taken, part).T
    return found


def _gathered(into: list[tuple[int, int]], taken: dict[int, Array], scores: Array) -> Array:
    total = np.zeros_like(next(iter(taken.values())))
    for number, source in into:
        if source in taken:
            total += taken[source] * scores[number]
    return total


def _auxiliaries_in_order(
    into: dict[int, list[tuple[int, int]]], states: dict[int, int]
) -> list[int]:
    """Return what is no state, each after what it is computed from."""
    waiting = {
        node: {source for _, source in links if source not in states}
        for node, links in into.items()
        if node not in states
    }
    order: list[int] = []
    while waiting:
        free = sorted(node for node, needs in waiting.items() if not needs & waiting.keys())
        assert free, "auxiliaries need one another"  # refused when a model is compiled
        order += free
        for node in free:
            del waiting[node]
    return order


def strongest_way(
    ends: Sequence[tuple[int, int]], scores: Array, states: Sequence[int], source: int, target: int
) -> tuple[int, ...]:
    """Return the auxiliaries on the strongest way between two states past no other, at one time.

    `scores` are (link,). Empty where there is none, or where the way is a single link.
    """
    place = {node: number for number, node in enumerate(states)}
    into: dict[int, list[tuple[int, int]]] = {}
    for number, (begin, end) in enumerate(ends):
        into.setdefault(end, []).append((number, begin))
    reach: dict[int, tuple[float, tuple[int, ...]]] = {source: (1.0, ())}
    end_point: tuple[float, tuple[int, ...]] = (0.0, ())
    for node in (*_auxiliaries_in_order(into, place), target):
        ways = [
            (reach[begin][0] * abs(float(scores[number])), reach[begin][1])
            for number, begin in into.get(node, ())
            if begin in reach
        ]
        strength, way = max(ways, default=(0.0, ()))
        if node == target:
            end_point = strength, way
        elif strength > 0:
            reach[node] = strength, (*way, node)
    return end_point[1]


def folded(matrix: Array, kept: Sequence[int]) -> tuple[Array, Array]:
    """Return the links among the kept states with all others eliminated, and where that failed.

    `matrix` is (time, state, state) from `between_states`; the result (time, kept, kept). At times
    at which the elimination has no solution the links are 0.
    """
    rest = [number for number in range(matrix.shape[1]) if number not in kept]
    inner = matrix[:, kept][:, :, kept]
    if not rest:
        return inner, np.zeros(len(matrix), dtype=bool)
    out, back = matrix[:, kept][:, :, rest], matrix[:, rest][:, :, kept]
    among = np.eye(len(rest)) - matrix[:, rest][:, :, rest]
    ways = _solved(among, back)
    found = inner + out @ ways
    failed = ~np.isfinite(found).all(axis=(1, 2))
    return np.where(failed[:, None, None], 0.0, found), failed


def folded_in_parts(
    ends: Sequence[tuple[int, int]], scores: Array, states: Sequence[int], kept: Sequence[int]
) -> tuple[Array, Array, Array]:
    """Return `folded` of links as they are, their part past no other state, and what failed.

    A part of the times after the other, so that the links of many states fit into memory.
    """
    step = max(1, _MOST_NUMBERS // len(states) ** 2)
    found: list[tuple[Array, Array, Array]] = []
    for begin in range(0, scores.shape[1], step):
        matrix = between_states(ends, scores[:, begin : begin + step], states)
        small, failed = folded(matrix, kept)
        found.append((small, matrix[:, kept][:, :, kept], failed))
    small, plain, failed = (np.concatenate(each) for each in zip(*found, strict=True))
    return small, plain, failed


def _solved(among: Array, back: Array) -> Array:
    try:
        return np.linalg.solve(among, back)
    except np.linalg.LinAlgError:
        found = np.full_like(back, np.nan)
        for time, (left, right) in enumerate(zip(among, back, strict=True)):
            try:
                found[time] = np.linalg.solve(left, right)
            except np.linalg.LinAlgError:
                continue
        return found


def slowest(matrix: Array, change: Array, change_of_rate: Array, count: int) -> list[int]:
    """Return the states that take longest to settle by themselves, others held, in their order.

    A state's own link is d(rate)/d(state) times change over change of rate, so that the time to
    settle is the inverse of the first; the median over the run counts. What follows quickly is
    governed by what moves slowly (Haken 1983), so these are the states to look through.
    `change` and `change_of_rate` are (state, time).
    """
    own = np.einsum("tss->st", matrix)
    with np.errstate(all="ignore"):
        times = np.abs(change / (own * change_of_rate))
    counted = np.where(np.isfinite(times) & (change != 0) & (change_of_rate != 0), times, np.nan)
    # What never settles by itself is slower than anything.
    settling = [float(np.nanmedian(row)) if np.isfinite(row).any() else np.inf for row in counted]
    order = sorted(range(len(settling)), key=lambda state: -settling[state])
    return sorted(order[:count])
