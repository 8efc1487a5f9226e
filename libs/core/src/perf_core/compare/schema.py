"""The JSON Schema of comparison.json, made from the values it is written from.

`python -m perf_core.compare.schema` prints it; `comparison.schema.json` beside this module is that text.
"""

import ast
import inspect
import json
import sys
import types
from dataclasses import fields, is_dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from perf_core.compare.comparison import EndpointComparison, RunComparison, RunReference
from perf_core.compare.document import SCHEMA_VERSION

FILE = Path(__file__).with_name("comparison.schema.json")
_NUMBER_OR_NULL = {"type": ["number", "null"]}
_TEXT = {"type": "string"}


def comparison_schema() -> dict[str, Any]:
    """Return the schema; numbers may be null, because JSON knows no NaN."""
    run = _object(RunComparison)
    properties = run["properties"] | {
        "schema_version": {"const": SCHEMA_VERSION},
        "baseline": {"type": ["string", "null"], "description": "id of the baseline; null without one"},
        "current": {"type": "string", "description": "id of the run that is judged"},
        "baseline_run": _nullable(_object(RunReference)),
        "current_run": _object(RunReference),
        "endpoints": run["properties"]["endpoints"] | {"items": _endpoint()},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "perf-platform comparison",
        **run,
        "properties": properties,
        "required": sorted(properties),
    }


def schema_text() -> str:
    """Return the schema as the text of `comparison.schema.json`."""
    return json.dumps(comparison_schema(), indent=2, ensure_ascii=False) + "\n"


def _endpoint() -> dict[str, Any]:
    made = _object(EndpointComparison)
    properties = {name: each for name, each in made["properties"].items() if name != "key"} | {
        "method": _TEXT,
        "name": _TEXT,
        "ks_distance": _NUMBER_OR_NULL | {"description": "ks.distance, for short"},
        "ks_p_value": _NUMBER_OR_NULL | {"description": "ks.p_value, for short"},
    }
    return {**made, "properties": properties, "required": sorted(properties)}


def _object(kind: type[Any]) -> dict[str, Any]:
    hints, told = get_type_hints(kind), _descriptions(kind)
    properties = {
        field.name: _of(hints[field.name]) | ({"description": told[field.name]} if field.name in told else {})
        for field in fields(kind)
    }
    summary = (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")
    return {
        "type": "object",
        "description": summary,
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _of(hint: Any) -> dict[str, Any]:
    arguments = get_args(hint)
    if get_origin(hint) in {Union, types.UnionType}:
        return _nullable(_of(next(each for each in arguments if each is not type(None))))
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of(arguments[0])}
    if isinstance(hint, type) and is_dataclass(hint):
        return _object(hint)
    if issubclass(hint, StrEnum):
        return {"enum": [str(each) for each in hint]}
    plain: dict[Any, dict[str, Any]] = {
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        float: _NUMBER_OR_NULL,
        str: _TEXT,
    }
    return dict(plain[hint])


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*kinds, *([] if "null" in kinds else ["null"])]}


def _descriptions(kind: type[Any]) -> dict[str, str]:
    """Return what stands below a field, or in the Attributes of its class."""
    (found,) = ast.parse(inspect.getsource(kind)).body
    body = found.body if isinstance(found, ast.ClassDef) else []
    told = {}
    for field, text in pairwise(body):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            told[field.target.id] = str(text.value.value)
    _, _, attributes = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    for line in attributes.splitlines():
        name, colon, meaning = line.strip().partition(": ")
        if colon:
            told[name] = meaning
    return told


if __name__ == "__main__":
    sys.stdout.write(schema_text())
