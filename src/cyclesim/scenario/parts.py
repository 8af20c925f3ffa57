"""What a study asks, once every name in it exists and every number fits the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from cyclesim.compiler import CompiledModel, FlatVariable, Override
from cyclesim.errors import Diagnostic, Location
from cyclesim.names import Ident
from cyclesim.project import SimSpecs
from cyclesim.results import Results
from cyclesim.scenario.page_parts import Story, Ui


class Direction(Enum):
    """Which way of an output is good for the organisation."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


@dataclass(frozen=True)
class Output:
    """A headline variable of a study; `array` is the title of the array of which it is part."""

    variable: FlatVariable
    good: Direction
    title: str
    array: str = ""


@dataclass(frozen=True)
class Event:
    """A marker on the charts; it changes nothing."""

    time: float
    note: str


@dataclass(frozen=True)
class Change:
    """What a scenario changes, compiled and in words ("0.40 -> 0.32 share, from week 10").

    `variable` is an element of an array, or a slice of it, where only that is changed.
    """

    variable: FlatVariable
    override: Override
    time: float
    words: str


@dataclass(frozen=True)
class Scenario:
    """One course of events, everything it extends already merged into it.

    `start` holds numbers of constants and stocks before the start (the starting state and the
    scenario's own `initial`), an array's elements by the identifier of their full name; what
    stands later counts. `recompute` lets initial values follow the changes. `change_from` is when
    a change takes effect that does not say so itself.
    """

    name: str
    title: str
    description: str
    start: Mapping[Ident, float]
    changes: tuple[Change, ...]
    events: tuple[Event, ...]
    recompute: bool = False
    start_name: str | None = None
    change_from: float | None = None


class Predicate(Enum):
    """How an expectation compares."""

    ABOVE = "above"
    BELOW = "below"
    BETWEEN = "between"
    EQUALS = "equals"


@dataclass(frozen=True)
class Reference:
    """A number, or another scenario's value times a factor."""

    number: float | None = None
    scenario: str | None = None
    variable: FlatVariable | None = None
    time: float | None = None
    times: float = 1.0


@dataclass(frozen=True)
class Expectation:
    """What must hold of a scenario's variable at a time (None: at the end)."""

    scenario: str
    variable: FlatVariable
    time: float | None
    predicate: Predicate
    references: tuple[Reference, ...]
    within: float
    because: str
    location: Location


@dataclass(frozen=True)
class Verdict:
    """Whether an expectation held, and the sentence that says so with the numbers."""

    expectation: Expectation
    held: bool
    words: str


@dataclass(frozen=True)
class Study:
    """A study that can be run. `digest` is the SHA-256 of the file as read."""

    path: str
    title: str
    question: str
    model: CompiledModel
    specs: SimSpecs
    noise_seed: int
    outputs: tuple[Output, ...]
    scenarios: tuple[Scenario, ...]
    expectations: tuple[Expectation, ...]
    digest: str
    warnings: tuple[Diagnostic, ...] = ()
    ui: Ui = field(default_factory=Ui)
    story: Story = field(default_factory=Story)


@dataclass(frozen=True)
class StudyRun:
    """A study and what its scenarios gave, by name in the study's order."""

    study: Study
    results: Mapping[str, Results]
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
