"""What a study says of its page, once it fits the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cyclesim.names import Ident


@dataclass(frozen=True)
class LeverWish:
    """A lever as a study asks for it; what it leaves open is None or empty."""

    ident: Ident
    label: str | None = None
    group: str = ""
    help: str | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    marks: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Ui:
    """What a study says of its page; `charts` are identifiers of outputs."""

    levers: tuple[LeverWish, ...] = ()
    charts: tuple[Ident, ...] = ()


@dataclass(frozen=True)
class StoryStep:
    """A step of a story; `scenario` is empty where what is set stays.

    `shown` are the variables that come into view, `levers` the numbers set on top of the
    scenario, `predict` the output that is guessed before the run is shown.
    """

    title: str
    text: str
    shown: tuple[Ident, ...] = ()
    scenario: str = ""
    levers: Mapping[Ident, float] = field(default_factory=dict)
    predict: Ident | None = None
    attempt: str = ""
    questions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """A story; no steps where a study has none."""

    title: str = ""
    steps: tuple[StoryStep, ...] = ()
