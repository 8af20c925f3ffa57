"""Curves whose label is known by construction, for measuring what labels of behaviour are worth.

The families were written down, and committed, before the classifier that is measured on them.
Each curve has its own family, parameters, horizon, number of points, unit, level, direction that
is good, and noise: normal, its deviation 2 % of the range of the curve without noise. A quarter
of the curves stand still for up to a fifth of the horizon before they begin, as an organisation
does before its change. Parameters are drawn until the clean curve shows what its label says: an
S-shape has left its start and reached its limit, an overshoot has come back by a stated share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from cyclesim.scenario.parts import Direction

NOISE = 0.02
FINE = np.linspace(0.0, 1.0, 2001)
Rng = np.random.Generator


@dataclass(frozen=True)
class Sample:
    """A noisy curve, the direction that is good, and its true label."""

    label: str
    time: np.ndarray
    values: np.ndarray
    good: Direction
    clean: np.ndarray


def ever_faster(rng: Rng) -> np.ndarray:
    """Exponential: speed grows by 4 to 250; power: from rest; hyperbolic: towards a pole."""
    kind = rng.integers(3)
    if kind == 0:
        return np.exp(rng.uniform(1.4, 5.5) * FINE)
    if kind == 1:
        return FINE ** rng.uniform(1.8, 4.0)
    return 1 / (rng.uniform(1.15, 2.0) - FINE)


def to_a_limit(rng: Rng) -> np.ndarray:
    """First-order adjustment, with 86 % to all of it done; or saturation by a hyperbola."""
    if rng.random() < 0.7:
        return 1 - np.exp(-rng.uniform(2.0, 9.0) * FINE)
    return FINE / (rng.uniform(0.08, 0.3) + FINE)


def s_shape(rng: Rng) -> np.ndarray:
    """Logistic, Gompertz or Bass, slow at both ends: below a third of its highest speed."""
    kind = rng.integers(3)
    if kind == 0:
        curve = 1 / (1 + np.exp(-(FINE - rng.uniform(0.3, 0.65)) / rng.uniform(0.04, 0.12)))
    elif kind == 1:
        curve = np.exp(-rng.uniform(4, 12) * np.exp(-rng.uniform(5, 12) * FINE))
    else:
        innovation, imitation = rng.uniform(0.02, 0.3), rng.uniform(8, 18)
        decayed = np.exp(-(innovation + imitation) * FINE)
        curve = (1 - decayed) / (1 + imitation / innovation * decayed)
    speed = np.diff(curve)
    if max(speed[0], speed[-1]) > speed.max() / 3 or not 0.2 < FINE[speed.argmax()] < 0.75:
        return s_shape(rng)
    return curve


def steady(rng: Rng) -> np.ndarray:
    """A straight line."""
    return FINE.copy()


def settling(rng: Rng) -> np.ndarray:
    """Second-order response past its peak by 9 to 23 %, or a rise partly given back; settled."""
    if rng.random() < 0.5:
        damping, frequency = rng.uniform(0.42, 0.6), rng.uniform(10, 25)
        damped = frequency * np.sqrt(1 - damping**2)
        phase = np.arccos(damping)
        return 1 - np.exp(-damping * frequency * FINE) * np.sin(damped * FINE + phase) / np.sin(
            phase
        )
    fast, slow, given_back = rng.uniform(8, 25), rng.uniform(3, 8), rng.uniform(0.2, 0.6)
    curve = (1 - np.exp(-fast * FINE)) - given_back * (1 - np.exp(-slow * FINE)) ** 2
    back = 1 - curve[-1] / curve.max()
    return curve if 0.15 < back < 0.4 else settling(rng)


def collapsing(rng: Rng) -> np.ndarray:
    """Growth that eats its own capacity (Sterman 2000, 4.3): most of the rise is lost again."""
    growth, erosion = rng.uniform(8, 30), rng.uniform(1.5, 15)
    state, capacity = rng.uniform(0.02, 0.1), 1.0
    curve = np.empty_like(FINE)
    for place in range(FINE.size):
        curve[place] = state
        step = FINE[1] * growth * state * (1 - state / max(capacity, 1e-3))
        capacity -= FINE[1] * erosion * state * capacity
        state = max(state + step, 0.0)
    back = (curve.max() - curve[-1]) / (curve.max() - curve[0])
    return curve if 0.7 < back < 1.08 and 0.08 < FINE[curve.argmax()] < 0.6 else collapsing(rng)


def there_and_back(rng: Rng) -> np.ndarray:
    """A shock that is forgotten: a bell, or a quick rise and a slow return."""
    if rng.random() < 0.4:
        return np.exp(-(((FINE - rng.uniform(0.3, 0.6)) / rng.uniform(0.08, 0.2)) ** 2))
    fast, slow = rng.uniform(6, 25), rng.uniform(3, 6)
    curve = np.exp(-slow * FINE) - np.exp(-(fast + slow) * FINE)
    return curve if 1 - curve[-1] / curve.max() > 0.75 else there_and_back(rng)


def first_the_other_way(rng: Rng) -> np.ndarray:
    """A quick loss and a slow larger gain: a dip of at least 15 % of the range, then beyond."""
    loss, quick, slow = rng.uniform(0.3, 1.5), rng.uniform(6, 30), rng.uniform(1, 5)
    if rng.random() < 0.5:
        gain = 1 - np.exp(-slow * FINE)
    else:
        gain = FINE ** rng.uniform(1.0, 2.5)
    curve = rng.uniform(0.8, 2.5) * gain - loss * (1 - np.exp(-quick * FINE))
    dip, end = -curve.min() / np.ptp(curve), curve[-1] / np.ptp(curve)
    settled = curve[-1] > curve.max() - 0.02 * np.ptp(curve)
    return curve if dip > 0.15 and end > 0.25 and settled else first_the_other_way(rng)


def _wave(rng: Rng, cycles: float) -> np.ndarray:
    angle = 2 * np.pi * (cycles * FINE + rng.random())
    return np.sin(angle) + rng.uniform(0, 0.25) * np.sin(2 * angle + rng.uniform(0, 2 * np.pi))


def sustained(rng: Rng) -> np.ndarray:
    """Waves of one height, 2.2 to 9 of them, with a harmonic; some on a gentle slope."""
    slope = rng.uniform(-0.6, 0.6) if rng.random() < 0.3 else 0.0
    return _wave(rng, rng.uniform(2.2, 9)) + slope * FINE


def damped(rng: Rng) -> np.ndarray:
    """Waves that end at 3 to 40 % of their first height; or the response to a step."""
    cycles, left = rng.uniform(3, 8), rng.uniform(0.03, 0.4)
    envelope = left**FINE
    if rng.random() < 0.5:
        return envelope * _wave(rng, cycles)
    return 1 - envelope * np.cos(2 * np.pi * cycles * FINE)


def growing(rng: Rng) -> np.ndarray:
    """Waves that end 2.5 to 30 times as high as they began."""
    return rng.uniform(2.5, 30) ** FINE * _wave(rng, rng.uniform(3, 8))


def _still(rng: Rng) -> np.ndarray:
    """A drift that the level makes small: any of the other courses, in miniature."""
    return [ever_faster, to_a_limit, s_shape, steady, sustained][rng.integers(5)](rng)


def _chance(rng: Rng) -> np.ndarray:
    """Nothing: what moves is noise alone."""
    return np.zeros_like(FINE)


Family = Callable[[Rng], np.ndarray]
FAMILIES: dict[str, tuple[Family, int, Direction | None]] = {
    "rising ever faster": (ever_faster, 1, None),
    "declining ever faster": (ever_faster, -1, None),
    "rising to a limit": (to_a_limit, 1, None),
    "falling to a limit": (to_a_limit, -1, None),
    "S-shaped rise": (s_shape, 1, None),
    "S-shaped fall": (s_shape, -1, None),
    "steady rise": (steady, 1, None),
    "steady fall": (steady, -1, None),
    "overshoot upwards and settle": (settling, 1, None),
    "overshoot downwards and settle": (settling, -1, None),
    "overshoot and collapse": (collapsing, 1, Direction.UP),
    "rising and falling back": (there_and_back, 1, Direction.DOWN),
    "dipping and coming back": (there_and_back, -1, None),
    "worse before better, up": (first_the_other_way, 1, Direction.UP),
    "worse before better, down": (first_the_other_way, -1, Direction.DOWN),
    "better before worse, up": (first_the_other_way, 1, Direction.DOWN),
    "better before worse, down": (first_the_other_way, -1, Direction.UP),
    "sustained oscillation": (sustained, 1, None),
    "damped oscillation": (damped, 1, None),
    "growing oscillation": (growing, 1, None),
    "unmoved": (_still, 1, None),
    "fluctuating": (_chance, 1, None),
}
"""Of each label: the family, the direction of its movement, and the direction that is good."""


def samples(seed: int, count: int) -> Iterator[Sample]:
    """Yield `count` curves, the labels in turn, each from its own random numbers."""
    labels = list(FAMILIES)
    for place in range(count):
        yield _sample(labels[place % len(labels)], np.random.default_rng([seed, place]))


def _sample(label: str, rng: Rng) -> Sample:
    family, sign, good = FAMILIES[label]
    points, horizon = int(rng.integers(60, 401)), 10 ** rng.uniform(0.5, 3.5)
    share = np.linspace(0, 1, points)
    onset = rng.uniform(0.03, 0.2) if rng.random() < 0.25 else 0.0
    course = np.interp((share - onset) / (1 - onset), FINE, family(rng))
    size = 10 ** rng.uniform(-4, 7)
    if label == "unmoved":
        reach, level = rng.uniform(0.0005, 0.007), 1.0
    elif label == "fluctuating":
        reach, level = 0.0, rng.uniform(0.5, 2.0)
    else:
        reach, level = 1.0, rng.choice([0.0, rng.uniform(0.05, 5.0)])
    extent = np.ptp(course)
    away = (course - course[0]) / extent if extent else course
    clean = size * (level + sign * reach * away)
    deviation = size * (rng.uniform(0.03, 0.2) if label == "fluctuating" else NOISE * reach)
    start = float(rng.choice([0.0, 2020.0, rng.uniform(-10, 10)]))
    return Sample(
        label,
        start + horizon * share,
        clean + rng.normal(0, deviation, points),
        good or Direction([*Direction][rng.integers(len(Direction))]),
        clean,
    )
