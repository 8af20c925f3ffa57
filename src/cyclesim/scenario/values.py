"""The values of a study file: each turned from text into what its key asks for.

What does not fit is said in our own words, which pydantic hands on unchanged.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError

from cyclesim.names import did_you_mean
from cyclesim.scenario.quantities import NotANumber, number_of, shortened

_PERCENT = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*%?\s*$"
_NUMBER_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _PERCENT}]}


def fault(message: str, hint: str | None = None) -> PydanticCustomError:
    """Return a finding in our own words; braces in it are not taken for placeholders."""
    return PydanticCustomError("plain", "{message}", {"message": message, "hint": hint})


def found(value: Any) -> str:
    """Return what stands in a file where something else belongs."""
    if isinstance(value, dict):
        return "a mapping (key: value)"
    if isinstance(value, list):
        return "a list"
    return f"'{shortened(str(value))}'"


def _number(value: Any) -> float:
    if value is None:
        raise fault("a number is missing")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise fault(f"{found(value)} stands where a number belongs")
    try:
        return number_of(str(value))
    except NotANumber as error:
        raise fault(error.message, error.hint) from None


def _above_zero(value: Any) -> float:
    number = _number(value)
    if number <= 0:
        raise fault(f"{number:g} is not above 0")
    return number


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number) or not 0 <= number < 2**53:
        raise fault(f"{number:g} is not a whole number from 0 on")
    return int(number)


def _text(value: Any) -> str:
    if value is None:
        raise fault("a text is missing")
    if not isinstance(value, str):
        raise fault(f"{found(value)} stands where a text belongs")
    text = " ".join(value.split())
    if not text:
        raise fault("the text is empty")
    return text


def _end_or_number(value: Any) -> float | None:
    if value == "end":
        return None
    try:
        return _number(value)
    except PydanticCustomError as error:
        raise fault(str((error.context or {})["message"]), "Give a time, or 'end'.") from None


def _names(value: Any) -> list[str]:
    if isinstance(value, list):
        return [_text(item) for item in value]
    return [_text(value)]


def _pair(value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise fault(f"{found(value)} is not a pair of a time and a value", "Write [10, 0.5].")
    return _number(value[0]), _number(value[1])


def choice(*allowed: str) -> BeforeValidator:
    """Return what accepts some words and refuses others with the nearest."""

    def chosen(value: Any) -> str:
        if isinstance(value, str) and value in allowed:
            return value
        if value is None:
            raise fault("a word is missing", f"It is one of {', '.join(allowed)}.")
        hint = did_you_mean(value, allowed) if isinstance(value, str) else None
        if len(allowed) == 1:
            raise fault(f"{found(value)} is not '{allowed[0]}'", hint)
        raise fault(f"{found(value)} is none of {', '.join(allowed)}", hint)

    return BeforeValidator(chosen)


def or_nothing(value: Any) -> Any:
    """Return no keys at all where nothing is written."""
    return {} if value is None else value


Number = Annotated[float, BeforeValidator(_number), WithJsonSchema(_NUMBER_SCHEMA)]
AboveZero = Annotated[float, BeforeValidator(_above_zero), WithJsonSchema(_NUMBER_SCHEMA)]
Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": "integer", "minimum": 0})]
Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": "string", "minLength": 1})]
When = Annotated[
    float | None,
    BeforeValidator(_end_or_number),
    WithJsonSchema({"anyOf": [{"const": "end"}, _NUMBER_SCHEMA["anyOf"][0]]}),
]
Names = Annotated[
    list[str],
    BeforeValidator(_names),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Pair = Annotated[
    tuple[float, float],
    BeforeValidator(_pair),
    WithJsonSchema({"type": "array", "items": _NUMBER_SCHEMA, "minItems": 2, "maxItems": 2}),
]


Good = Annotated[Literal["up", "down", "neither"], choice("up", "down", "neither")]


class Part(BaseModel):
    """A mapping with known keys and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)
