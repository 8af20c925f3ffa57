"""Arrays in the `numpy` target: element axes first, the free axis (runs, or times) last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cyclesim.codegen.allocation import allocated
from cyclesim.codegen.array_functions import selected

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


def unfilled(shape: tuple[int, ...]) -> Array:
    """Return an array whose elements are still to be computed."""
    return np.full((*shape, 1), np.nan)


def filled(whole: Array, places: tuple[Array | int, ...], values: Array) -> Array:
    """Return an array with values at places of each dimension; its free axis grows as it must."""
    values = np.asarray(values)
    free = values.shape[-1] if values.ndim else 1
    if free > whole.shape[-1]:
        whole = np.broadcast_to(whole, (*whole.shape[:-1], free)).copy()
    part = whole[tuple(place if isinstance(place, int) else slice(None) for place in places)]
    several = [place for place in places if not isinstance(place, int)]
    part[np.ix_(*several) if several else ...] = values
    return whole


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
    """Return a reduction over the last element axes of bodies, of the sizes given.

    The operation gets bodies of one shape, those axes made one, and what it is given besides.
    """

    def reduced(bodies: tuple[Array, ...], sizes: tuple[int, ...], *extras: Array) -> Array:
        arrays = [_with_axes(np.asarray(body), len(sizes) + 1) for body in bodies]
        shape = np.broadcast_shapes(*(array.shape for array in arrays), (*sizes, 1))
        flat = (*shape[: -len(sizes) - 1], -1, shape[-1])
        return operation(*(np.broadcast_to(a, shape).reshape(flat) for a in arrays), *extras)

    return reduced


def _with_axes(array: Array, least: int) -> Array:
    return array.reshape((1,) * (least - array.ndim) + array.shape)


def _picked(rows: Array, place: Array, valid: Array) -> Array:
    """Return the row at a place, counted from 0, of the last element axis; NaN if not valid."""
    place = np.asarray(place, dtype=float)
    shape = np.broadcast_shapes(rows.shape[:-2] + rows.shape[-1:], place.shape, valid.shape)
    spots = np.where(valid, place, 0.0).astype(np.int64)
    every = np.broadcast_to(rows, (*shape[:-1], rows.shape[-2], shape[-1]))
    chosen = np.take_along_axis(every, np.broadcast_to(spots, shape)[..., None, :], axis=-2)
    return np.where(valid, chosen[..., 0, :], np.nan)


def _rank(flat: Array, number: Array) -> Array:
    wanted = np.asarray(number, dtype=float)
    valid = (wanted >= 1) & (wanted <= flat.shape[-2]) & ~np.isnan(flat).any(axis=-2)
    return _picked(np.argsort(flat, axis=-2, kind="stable") + 1.0, wanted - 1.0, valid)


def _ordered(flat: Array, direction: Array) -> Array:
    """Return the places of values in order, upwards where the direction is above 0."""
    upwards = np.atleast_1d(np.greater(direction, 0))[..., None, :]
    return np.argsort(np.where(upwards, flat, -flat), axis=-2, kind="stable")


def _sort_order(flat: Array, direction: Array, place: Array) -> Array:
    return _picked(_ordered(flat, direction) * 1.0, place, ~np.isnan(flat).any(axis=-2))


def _rank_order(flat: Array, direction: Array, place: Array) -> Array:
    ranks = np.argsort(_ordered(flat, direction), axis=-2, kind="stable") + 1.0
    return _picked(ranks, place, ~np.isnan(flat).any(axis=-2))


def _each_vector(function: Callable[..., float], count: int) -> Callable[..., Array]:
    """Return a function of `count` lists and of numbers as one of arrays, vector by vector."""

    def called(*given: Array) -> Array:
        bodies, extras = given[:count], [np.asarray(extra, float) for extra in given[count:]]
        outer = bodies[0].shape[:-2] + bodies[0].shape[-1:]
        shape = np.broadcast_shapes(outer, *(extra.shape for extra in extras))
        lists = [
            np.broadcast_to(np.moveaxis(body, -2, -1), (*shape, body.shape[-2])) for body in bodies
        ]
        numbers = [np.broadcast_to(extra, shape) for extra in extras]
        out = np.empty(shape)
        for spot in np.ndindex(shape):
            vectors = (each[spot].tolist() for each in lists)
            out[spot] = function(*vectors, *(float(each[spot]) for each in numbers))
        return out

    return called


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
    "sort_order": reduction(_sort_order),
    "rank_order": reduction(_rank_order),
    "selected": reduction(_each_vector(selected, 2)),
    "allocated": reduction(_each_vector(allocated, 4)),
}
"""Reductions of the last element axes of arrays, by name."""


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
        for spot in set(spots[spots >= 0].tolist()):
            chosen = spots == spot
            out[chosen] = functions[spot](argument[chosen])
        return out

    return looked_up
