"""Typed rows: what each column of a source holds, and how its text becomes a value."""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from perf_locust.samplers.errors import DataError

Columns = Mapping[str, Any] | type[Any] | None
"""Column -> type (`str`, `int`, `float`, `bool`, `int | None`, or a function of the text), or a dataclass; None =
every column as the source has it."""
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


class _WrongValueError(ValueError):
    pass


class _AbsentError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        optional: the value may be missing or empty; it is None then.
        kind: half a sentence for messages.
        word: the type, as the locustfile names it.
    """

    name: str
    convert: Callable[[Any], Any]
    optional: bool
    kind: str
    word: str

    def value(self, raw: Any) -> Any:
        """Return the value of what the source has.

        Raises:
            _AbsentError: it has none, and must have one.
            ValueError: it is none of this column's; so are TypeError and ArithmeticError.
        """
        if raw is None or (raw == "" and self.convert is not _text):
            if self.optional:
                return None
            raise _AbsentError
        return self.convert(raw)


@dataclass(frozen=True, slots=True)
class RowType:
    """Turns a record of a source into a row.

    Attributes:
        columns: those that are converted; None = all as they are.
        required: columns that must be there when `columns` is None.
        build: makes the row from its values by name.
    """

    columns: tuple[Column, ...] | None
    required: tuple[str, ...]
    build: Callable[[dict[str, Any]], Any]

    @classmethod
    def of(cls, columns: Columns, present: tuple[str, ...], source: str) -> "RowType":
        """Return the type of the rows of a source whose first row has the columns `present`.

        Raises:
            DataError: a column that is asked for is not there, or its type is not understood.
        """
        if columns is None:
            return cls(None, present, dict)
        build: Callable[[dict[str, Any]], Any] = dict
        if isinstance(columns, type):
            hints, made = _fields_of(columns), columns
            build = lambda values: made(**values)  # noqa: E731  one line, two kinds of rows
        else:
            hints = dict(columns)
        wanted = tuple(_column(name, hint) for name, hint in hints.items())
        missing = [each.name for each in wanted if not each.optional and each.name not in present]
        if missing:
            raise DataError(
                f"{source} has no column {', '.join(map(repr, missing))}; it has {', '.join(map(repr, present))}: "
                "correct the file, or the columns that are asked for"
            )
        return cls(wanted, (), build)

    def row(self, record: Mapping[str, Any], source: str, line: int) -> Any:
        """Return the row of a record.

        Raises:
            DataError: a value is missing or is none of its column's; the message names source and line.
        """
        if self.columns is None:
            for name in self.required:
                if name not in record:
                    raise DataError(
                        f"{source} line {line} has no {name!r}; add it, or name the columns that rows have "
                        f"(columns={{{name!r}: 'str | None'}} lets one be missing)"
                    )
            return dict(record)
        values: dict[str, Any] = {}
        for column in self.columns:
            raw = record.get(column.name)
            try:
                values[column.name] = column.value(raw)
            except _AbsentError:
                what = "is empty" if raw == "" else "is missing"
                raise DataError(
                    f"{source} line {line}: {column.name!r} {what}; fill it in, or make its type {column.word} | None"
                ) from None
            except (ValueError, TypeError, ArithmeticError) as cause:
                said = "" if isinstance(cause, _WrongValueError) else f" ({cause})"
                raise DataError(
                    f"{source} line {line}: {column.name!r} is {raw!r}, not {column.kind}{said}; correct it"
                ) from cause
        return self.build(values)


def names_of(columns: Columns) -> tuple[str, ...]:
    """Return "name type" of each column that is asked for, the same in every process."""
    if columns is None:
        return ()
    hints = _fields_of(columns) if isinstance(columns, type) else columns
    return tuple(f"{name} {getattr(hint, '__name__', hint)}" for name, hint in hints.items())


def _fields_of(made: type[Any]) -> dict[str, Any]:
    if not dataclasses.is_dataclass(made):
        raise DataError(f"columns is {made.__name__}; give a dataclass, or a mapping of column to type")
    hints = typing.get_type_hints(made)
    return {field.name: hints[field.name] for field in dataclasses.fields(made) if field.init}


def _column(name: str, hint: Any) -> Column:
    if isinstance(hint, str):
        hint = _named(name, hint)
    optional = False
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        kinds = [each for each in typing.get_args(hint) if each is not types.NoneType]
        optional = len(kinds) < len(typing.get_args(hint))
        if len(kinds) != 1:
            raise DataError(f"column {name!r} has the type {hint}; give one type, with or without | None")
        (hint,) = kinds
    known: dict[Any, Callable[[Any], Any]] = {str: _text, int: _whole, float: _number, bool: _boolean}
    if hint in known:
        return Column(name, known[hint], optional, _WORDS[hint], hint.__name__)
    if not callable(hint):
        raise DataError(
            f"column {name!r} has the type {hint!r}; give str, int, float, bool or a function of the text"
        )
    word = getattr(hint, "__name__", "value")
    return Column(name, hint, optional, f"a {word}", word)


def _named(name: str, text: str) -> Any:
    """Return the type that a text names, as the command line and JSON have it: int, "float | None"."""
    parts = [part.strip() for part in text.split("|")]
    known: dict[str, Any] = {"str": str, "int": int, "float": float, "bool": bool}
    kinds = [known[part] for part in parts if part in known]
    if len(kinds) != 1 or len(parts) > 2 or any(part not in {*known, "None"} for part in parts):
        raise DataError(f"column {name!r} has the type {text!r}; give str, int, float or bool, or one of them | None")
    return kinds[0] | None if len(parts) == 2 else kinds[0]


def _text(raw: Any) -> str:
    if isinstance(raw, list | dict):
        raise _WrongValueError
    return str(raw)


def _whole(raw: Any) -> int:
    if isinstance(raw, bool) or (isinstance(raw, float) and not raw.is_integer()):
        raise _WrongValueError
    try:
        return int(raw)
    except ValueError as cause:
        raise _WrongValueError from cause


def _number(raw: Any) -> float:
    if isinstance(raw, bool):
        raise _WrongValueError
    try:
        return float(raw)
    except ValueError as cause:
        raise _WrongValueError from cause


def _boolean(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    try:
        return _BOOLEANS[str(raw).strip().lower()]
    except KeyError as cause:
        raise _WrongValueError from cause
