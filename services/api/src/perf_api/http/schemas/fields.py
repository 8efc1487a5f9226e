"""Fields that several models share: their limits are those of the service."""

import math
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from perf_api.domain.ids import PATTERN
from perf_api.domain.items import Scalar

STRICT = ConfigDict(extra="forbid")
LARGEST = 10**9
MOST_TAGS = 20
MOST_ATTRIBUTES = 50
LONGEST_VALUE = 200
LARGEST_NUMBER = 2**53
_KEY = "^[A-Za-z0-9_-]{1,64}$"


def _no_text(value: Any) -> Any:
    if isinstance(value, str | bool):
        raise PydanticCustomError("int_type", "Input should be an integer")
    return value


def _scalar(value: Any) -> Scalar:
    if isinstance(value, str) and len(value) <= LONGEST_VALUE and "\0" not in value:
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) <= LARGEST_NUMBER:
        return value
    raise PydanticCustomError(
        "scalar",
        "Input should be a text of at most 200 characters without NUL, true, false or a number up to 2^53",
    )


def _distinct(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


NO_TEXT = BeforeValidator(_no_text)
"""Stands behind the bounds of a number, else they are missing in its schema."""
Amount = Annotated[int, Field(ge=0, le=LARGEST), NO_TEXT]
Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Tags = Annotated[list[Token], Field(max_length=MOST_TAGS), AfterValidator(_distinct)]
_VALUE: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "maxLength": LONGEST_VALUE, "pattern": r"^[^\x00]*$"},
        {"type": "boolean"},
        {"type": "number", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER},
    ]
}
_OBJECT: dict[str, Any] = {
    "type": "object",
    "maxProperties": MOST_ATTRIBUTES,
    "propertyNames": {"pattern": _KEY},
    "additionalProperties": _VALUE,
}
_NULLABLE = {"anyOf": [*_VALUE["anyOf"], {"type": "null"}]}
Key = Annotated[str, Field(pattern=_KEY)]
Value = Annotated[Scalar, BeforeValidator(_scalar)]
Attributes = Annotated[dict[Key, Value], Field(max_length=MOST_ATTRIBUTES), WithJsonSchema(_OBJECT)]
AttributesPatch = Annotated[
    dict[Key, Value | None],
    Field(max_length=MOST_ATTRIBUTES),
    WithJsonSchema(_OBJECT | {"additionalProperties": _NULLABLE}),
]
Id = Annotated[str, Field(pattern=PATTERN)]
ItemId = Annotated[str, Path(pattern=PATTERN, examples=["00000000000000000000000001"])]
OrderId = Annotated[str, Path(pattern=PATTERN, examples=["00000000000000000000000001"])]
Limit = Annotated[int, Field(ge=1, le=100)]
Cursor = Annotated[str, Field(min_length=1, max_length=1000, pattern="^[A-Za-z0-9_-]+$")]
