"""A curve without its noise, and how much noise it had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NOISY = 0.004
"""Noise below this share of the range is left alone: smoothing would round off true corners."""
SHARE = 0.09


@dataclass(frozen=True)
class Curve:
    """A curve at even times: `noise` is what it had, `remaining` what is left (one deviation)."""

    time: np.ndarray
    values: np.ndarray
    noise: float
    remaining: float


def smoothed(time: np.ndarray, values: np.ndarray) -> Curve:
    """Return the curve at even times, smoothed by local parabolas where it is noisy."""
    even = np.linspace(time[0], time[-1], max(len(time), 41))
    curve = np.interp(even, time, values)
    noise = noise_of(values)
    width = 2 * (int(SHARE * len(even)) // 2) + 1
    if noise <= NOISY * np.ptp(curve):
        return Curve(even, curve, noise, 0.0)
    # The variance that a local parabola leaves at its centre is 9 / (4 width) of what it had.
    return Curve(even, local_parabolas(curve, width), noise, 1.5 * noise / np.sqrt(width))


def noise_of(values: np.ndarray) -> float:
    """Return the standard deviation of what is not smooth in the values.

    Third differences take away any parabola; their median stands against single jumps.
    """
    if len(values) < 8:
        return 0.0
    thirds = np.diff(values, 3)
    return float(np.median(np.abs(thirds)) / (0.6745 * np.sqrt(20.0)))


def local_parabolas(values: np.ndarray, width: int) -> np.ndarray:
    """Return the values of the parabolas fitted around each place (Savitzky and Golay 1964)."""
    half = width // 2
    offsets = np.arange(-half, half + 1) / max(1, half)
    basis = np.vander(offsets, 3, increasing=True)
    fit = np.linalg.pinv(basis)
    middle = np.convolve(values, fit[0][::-1], mode="valid")
    head = basis[:half] @ (fit @ values[:width])
    tail = basis[half + 1 :] @ (fit @ values[-width:])
    return np.concatenate([head, middle, tail])
