"""Arrays in the `numpy` target: element axes first, the free axis (runs, or times) last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = Any


def spread(value: Array, shape: tuple[int, ...]) -> Array:
    """Return a value over all elements of a shape; a scalar has the free axis only."""
    array = np.asarray(value)
    if array.ndim == 0:
        return np.full((*shape, 1), array[()])
    if array.shape[:-1] == shape:
        return array
    return np.broadcast_to(array, (*shape, array.shape[-1]))


def assemble(shape: tuple[int, ...], *pieces: tuple[tuple[Array, ...], Array]) -> Array:
    """Return an array made of pieces, each (places of each dimension, values)."""
    values = [np.asarray(value) for _, value in pieces]
    free = max(value.shape[-1] if value.ndim else 1 for value in values)
    whole = np.zeros((*shape, free))
    for (places, _), value in zip(pieces, values, strict=True):
        whole[np.ix_(*places)] = value
    return whole


def stacked(shape: tuple[int, ...], *elements: Array) -> Array:
    """Return an array made of its elements in order, last index fastest."""
    free = max(np.size(element) for element in elements)
    rows = [np.broadcast_to(element, (free,)) for element in elements]
    return np.array(rows).reshape((*shape, free))


def taken(values: Array, axis: int, places: Array) -> Array:
    """Return the elements at places along an axis."""
    return np.take(values, places, axis=axis)


def gathered(values: Array, places: tuple[Array, ...]) -> Array:
    """Return the elements at places counted from 0, NaN where there is none.

    Places are broadcast against one another and against the free axis.
    """
    runs = np.arange(values.shape[-1])
    spots, valid = _spots(values.shape[:-1], places)
    return np.where(valid, values[(*spots, runs)], np.nan)


def _spots(shape: tuple[int, ...], places: tuple[Array, ...]) -> tuple[list[Array], Array]:
    """Return places as whole numbers, and where each lies within its dimension."""
    valid = np.ones((), dtype=bool)
    spots: list[Array] = []
    for size, place in zip(shape, places, strict=True):
        place = np.asarray(place, dtype=float)
        within = (place >= 0) & (place < size)
        valid = valid & within
        spots.append(np.where(within, place, 0).astype(np.int64))
    return spots, valid


def reduction(operation: Callable[..., Array]) -> Callable[..., Array]:
    """Return a reduction over the last element axes of a body, of the sizes given."""

    def reduced(body: Array, sizes: tuple[int, ...], *extra: Array) -> Array:
        array = np.asarray(body)
        if array.ndim <= len(sizes):
            array = spread(array, (1,) * (len(sizes) - max(array.ndim - 1, 0)) + array.shape[:-1])
        outer = array.shape[: -len(sizes) - 1]
        full = np.broadcast_to(array, (*outer, *sizes, array.shape[-1]))
        flat = full.reshape((*outer, -1, array.shape[-1]))
        return operation(flat, *extra)

    return reduced


def _rank(flat: Array, number: Array) -> Array:
    order = np.argsort(flat, axis=-2, kind="stable") + 1.0
    count = flat.shape[-2]
    wanted = np.asarray(number, dtype=float)
    valid = (wanted >= 1) & (wanted <= count) & ~np.isnan(flat).any(axis=-2)
    place = np.where(valid, wanted, 1).astype(np.int64) - 1
    chosen = np.take_along_axis(
        order, np.broadcast_to(place, order.shape[:-2] + order.shape[-1:])[..., None, :], axis=-2
    )
    return np.where(valid, chosen[..., 0, :], np.nan)


def _total(flat: Array) -> Array:
    # np.sum adds up in an order that depends on the number of runs: a run in a set would not be
    # the run alone. + 0.0 for -0.0, as Python's sum begins with 0.
    return np.add.accumulate(flat, axis=-2)[..., -1, :] + 0.0


def _mean(flat: Array) -> Array:
    return _total(flat) / flat.shape[-2]


def _deviation(flat: Array) -> Array:
    away = flat - _mean(flat)[..., None, :]
    return np.sqrt(_mean(away * away))


REDUCTIONS: dict[str, Callable[..., Array]] = {
    "sum": reduction(_total),
    "product": reduction(lambda flat: flat.prod(axis=-2)),
    "lowest": reduction(lambda flat: flat.min(axis=-2)),
    "highest": reduction(lambda flat: flat.max(axis=-2)),
    "mean": reduction(_mean),
    "deviation": reduction(_deviation),
    "rank": reduction(_rank),
}
"""Reductions of an array's last element axes, by name."""


def many_tables(
    functions: Sequence[Callable[[Array], Array]], shape: tuple[int, ...]
) -> Callable[[tuple[Array, ...], Array], Array]:
    """Return a function that applies, for each element, the function at its places.

    Where there is none it gives NaN.
    """

    def looked_up(places: tuple[Array, ...], argument: Array) -> Array:
        within, valid = _spots(shape, places)
        spots = np.zeros((), dtype=np.int64)
        for size, place in zip(shape, within, strict=True):
            spots = spots * size + place
        spots, argument = np.broadcast_arrays(np.where(valid, spots, -1), argument)
        out = np.full(argument.shape, np.nan)
        for spot in np.unique(spots[spots >= 0]):
            chosen = spots == spot
            out[chosen] = functions[spot](argument[chosen])
        return out

    return looked_up
