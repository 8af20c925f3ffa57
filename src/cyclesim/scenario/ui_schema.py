"""What a study says of its page: the levers that a reader may move, and the charts shown first."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from cyclesim.scenario.values import AboveZero, Names, Number, Part, Text, or_nothing


class LeverKeys(Part):
    """A constant that a reader of the page may move."""

    label: Annotated[Text | None, Field(description="The name shown; else the variable's.")] = None
    group: Annotated[Text | None, Field(description="The heading it stands under.")] = None
    help: Annotated[Text | None, Field(description="What it is; else the model's doc.")] = None
    min: Annotated[Number | None, Field(description="Where the slider begins.")] = None
    max: Annotated[Number | None, Field(description="Where the slider ends.")] = None
    step: Annotated[AboveZero | None, Field(description="How far one key press moves it.")] = None
    marks: Annotated[
        dict[str, Number],
        Field(default_factory=dict, description="Values worth knowing, by a word for each."),
    ]


class UiKeys(Part):
    """The page of a study."""

    levers: Annotated[
        dict[str, Annotated[LeverKeys, BeforeValidator(or_nothing)]],
        Field(
            default_factory=dict,
            description="The levers in order; else the constants that the scenarios change.",
        ),
    ]
    charts: Annotated[
        Names, Field(default_factory=list, description="Outputs drawn first; else the first three.")
    ]
