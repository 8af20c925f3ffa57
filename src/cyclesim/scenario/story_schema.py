"""What a study's story says: steps in which structure unfolds, and guesses before runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from cyclesim.scenario.values import Names, Number, Part, Text, or_nothing


class StepKeys(Part):
    """A step of a story."""

    title: Annotated[Text, Field(description="What the step is called.")]
    text: Annotated[Text, Field(description="What is told.")]
    show: Annotated[
        Names, Field(default_factory=list, description="Variables shown from this step on.")
    ]
    scenario: Annotated[Text | None, Field(description="The scenario that is set.")] = None
    set: Annotated[
        dict[str, Number],
        BeforeValidator(or_nothing),
        Field(default_factory=dict, description="Levers that are set on top of it."),
    ]
    predict: Annotated[
        Text | None, Field(description="An output to be guessed before the run is shown.")
    ] = None
    try_: Annotated[Text | None, Field(alias="try", description="What the reader is to do.")] = None
    questions: Annotated[
        Names, Field(default_factory=list, description="What to talk about after the run.")
    ]


class StoryKeys(Part):
    """The story of a study's page."""

    title: Annotated[Text | None, Field(description="Its name; else the study's title.")] = None
    steps: Annotated[
        list[StepKeys], Field(default_factory=list, description="The steps, in order.")
    ]
