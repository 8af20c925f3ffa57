"""What a study file may say, key by key: the source of the checks and of the JSON schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from cyclesim.scenario.change_schema import CHANGES, ChangeKeys
from cyclesim.scenario.design_schema import DESIGN_TAGS, Designs
from cyclesim.scenario.loops_schema import LoopsKeys
from cyclesim.scenario.story_schema import StoryKeys
from cyclesim.scenario.tipping_schema import TippingKeys
from cyclesim.scenario.ui_schema import UiKeys
from cyclesim.scenario.values import (
    AboveZero,
    Good,
    Names,
    Number,
    Part,
    Text,
    When,
    Whole,
    choice,
    fault,
    or_nothing,
)

TAGS = DESIGN_TAGS | {
    "<number>", "<none>", "<word>", "<keys>", *(f"<{kind}>" for kind in CHANGES)
}  # fmt: skip
"""What stands in the places of findings besides keys: which kind a value was taken for."""


class RunKeys(Part):
    """How the run is computed; what is not given is as in the model."""

    start: Annotated[Number | None, Field(description="The time at which runs start.")] = None
    stop: Annotated[Number | None, Field(description="The time at which runs stop.")] = None
    dt: Annotated[AboveZero | None, Field(description="The step; it divides the run.")] = None
    method: Annotated[
        Annotated[
            Literal["euler", "rk2", "rk4", "rk45", "lsoda", "radau"],
            choice("euler", "rk2", "rk4", "rk45", "lsoda", "radau"),
        ]
        | None,
        Field(description="How stocks are integrated."),
    ] = None
    save_every: Annotated[
        AboveZero | None, Field(description="How often values are kept, at most once a dt.")
    ] = None
    noise_seed: Annotated[
        Whole | None, Field(description="Another number gives other noise; 0 if not given.")
    ] = None


class OutputKeys(Part):
    """A headline variable."""

    good: Annotated[Good, Field(description="Which direction is good for the organisation.")]
    title: Annotated[Text | None, Field(description="The name shown on charts.")] = None


def _word_or_keys(value: Any) -> str:
    return "<keys>" if isinstance(value, dict) else "<word>"


OutputWish = Annotated[
    Annotated[Good, Tag("<word>")] | Annotated[OutputKeys, Tag("<keys>")],
    Discriminator(_word_or_keys),
]


class EventKeys(Part):
    """A marker on the charts; it changes nothing."""

    at: Annotated[Number, Field(description="When.")]
    note: Annotated[Text, Field(description="What is written at it.")]


InitialKeys = Annotated[
    Annotated[Literal["recompute"], choice("recompute"), Tag("<word>")]
    | Annotated[dict[str, Number], Tag("<keys>")],
    Discriminator(_word_or_keys),
]


class ScenarioKeys(Part):
    """One course of events."""

    title: Annotated[Text | None, Field(description="The name shown; else the key.")] = None
    description: Annotated[Text | None, Field(description="What happens, in a sentence.")] = None
    extends: Annotated[
        Names,
        Field(
            default_factory=list,
            description="A scenario taken over, or a list of them; later ones win.",
        ),
    ]
    start: Annotated[Text | None, Field(description="The name of a starting state.")] = None
    initial: Annotated[
        InitialKeys | None,
        Field(description="Values before the start; `recompute` makes them follow the changes."),
    ] = None
    changes: Annotated[
        dict[str, ChangeKeys],
        BeforeValidator(or_nothing),
        Field(default_factory=dict, description="What changes; Name[E] is an element of an array."),
    ]
    change_from: Annotated[Number | None, Field(description="When, unless a change says.")] = None
    events: Annotated[
        list[EventKeys], Field(default_factory=list, description="Markers on the charts.")
    ]


class ReferenceKeys(Part):
    """Another scenario's value."""

    scenario: Annotated[Text, Field(description="The scenario compared with.")]
    variable: Annotated[Text | None, Field(description="Else the expectation's own.")] = None
    at: Annotated[When, Field(description="Else the expectation's own time.")] = None
    times: Annotated[Number, Field(description="A factor on its value.")] = 1.0


LimitKeys = Annotated[
    Annotated[Number, Tag("<number>")] | Annotated[ReferenceKeys, Tag("<keys>")],
    Discriminator(lambda value: "<keys>" if isinstance(value, dict) else "<number>"),
]


class ExpectationKeys(Part):
    """What must hold of a scenario."""

    scenario: Annotated[Text, Field(description="The scenario judged.")]
    variable: Annotated[Text, Field(description="The variable judged.")]
    at: Annotated[When, Field(description="A time, or `end`.")] = None
    above: LimitKeys | None = None
    below: LimitKeys | None = None
    between: Annotated[list[LimitKeys] | None, Field(min_length=2, max_length=2)] = None
    equals: LimitKeys | None = None
    within: Annotated[AboveZero | None, Field(description="How far off `equals` may be.")] = None
    because: Annotated[Text | None, Field(description="Why it must hold.")] = None

    @model_validator(mode="after")
    def _one_predicate(self) -> ExpectationKeys:
        given = [key for key in PREDICATES if getattr(self, key) is not None]
        if len(given) != 1:
            message = f"{' and '.join(given)} are both given" if given else "nothing is expected"
            raise fault(message, "Give one of above, below, between, equals.")
        if (self.equals is None) != (self.within is None):
            raise fault("'equals' and 'within' go together", "Give both: equals: 1, within: 0.01.")
        return self


PREDICATES = ("above", "below", "between", "equals")


class StudyKeys(Part):
    """A study: a model, scenarios of what may be done with it, and what is to be seen."""

    model: Annotated[
        Text, Field(description="A library model's name, or a file in the study's folder.")
    ]
    title: Annotated[Text, Field(description="The study's name.")]
    question: Annotated[Text | None, Field(description="The question, in plain words.")] = None
    run: Annotated[RunKeys, BeforeValidator(or_nothing)] = RunKeys()
    change_from: Annotated[
        Number | None,
        Field(description="When changes take effect; else a twentieth of the run after its start."),
    ] = None
    outputs: Annotated[
        dict[str, OutputWish],
        Field(
            description="Headline variables, the most important first; Name[E] is an element.",
            json_schema_extra={"minProperties": 1},
        ),
    ]
    starting_states: Annotated[
        dict[str, dict[str, Number]],
        Field(
            default_factory=dict,
            description="Named values of stocks and constants before the start.",
        ),
    ]
    scenarios: Annotated[
        dict[str, Annotated[ScenarioKeys, BeforeValidator(or_nothing)]],
        Field(description="The scenarios, in order.", json_schema_extra={"minProperties": 1}),
    ]
    expect: Annotated[
        list[ExpectationKeys], Field(default_factory=list, description="What must hold.")
    ]
    design: Annotated[Designs | None, Field(description="What differs in a batch of runs.")] = None
    tipping: TippingKeys | None = None
    ui: Annotated[UiKeys, BeforeValidator(or_nothing)] = UiKeys(levers={}, charts=[])
    loops: Annotated[
        LoopsKeys,
        BeforeValidator(or_nothing),
        Field(default=LoopsKeys(names={}, through=[]), description="What loops are called."),
    ]
    story: Annotated[StoryKeys, BeforeValidator(or_nothing)] = StoryKeys(steps=[])


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of study files, for editors."""
    schema = StudyKeys.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
