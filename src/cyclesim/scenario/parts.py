"""What a study asks, once every name in it exists and every number fits the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from cyclesim.compiler import CompiledModel, FlatVariable, Override
from cyclesim.display import Shown
from cyclesim.errors import Diagnostic, Location
from cyclesim.names import Ident
from cyclesim.project import SimSpecs
from cyclesim.results import Results
from cyclesim.scenario.design_parts import Design
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
    a change takes effect that does not say so itself. `own_start` are those of `start` that its
    own `initial` sets, not the starting state.
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
    own_start: frozenset[Ident] = frozenset()


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
class TippingWish:
    """What a study says of its tipping point; None where that is found from the scenarios.

    `good` and `bad` are scenarios, or starting states as scenarios without changes. `at` is the
    time at which `outcome` is judged; `map` two parameters, `parameter` the one along which
    equilibria are followed, `pulse` the variable whose pulse is sized, `scenario` the one it is
    about.
    """

    good: Scenario | None = None
    bad: Scenario | None = None
    outcome: Output | None = None
    at: float | None = None
    map: tuple[FlatVariable, FlatVariable] | None = None
    parameter: FlatVariable | None = None
    pulse: FlatVariable | None = None
    scenario: Scenario | None = None


@dataclass(frozen=True)
class StudyLoops:
    """Loops that a study names by the variables that they run through, and stocks to look through.

    `names` are a name and its variables, in order.
    """

    names: tuple[tuple[str, tuple[str, ...]], ...] = ()
    through: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """A study that can be run. `digest` is the SHA-256 of the file as read.

    `designs` say what differs in a batch of its runs, by name.
    """

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
    designs: Mapping[str, Design] = field(default_factory=dict)
    tipping: TippingWish | None = None
    loops: StudyLoops = StudyLoops()
    ui: Ui = field(default_factory=Ui)
    story: Story = field(default_factory=Story)


@dataclass(frozen=True)
class StudyRun(Shown):
    """A study and what its scenarios gave, by name in the study's order."""

    study: Study
    results: Mapping[str, Results]
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
