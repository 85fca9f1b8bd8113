"""What in plain data does not fit the schema: all of it at once, each with its place and what to write.

msgspec decides whether a playbook fits and stops at the first thing that does not; this walks on, so that an author sees every
problem in one go. It runs only after msgspec has refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec
from msgspec import inspect

from tocsin.playbooks.durations import Duration
from tocsin.playbooks.errors import MOST_PROBLEMS, Problem, did_you_mean
from tocsin.playbooks.places import Path, Source, dotted

_REFERENCE: Final = "See docs/reference/playbooks.md for the keys and their values."
_WORDS: Final[dict[type, str]] = {
    inspect.StrType: "text",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.BoolType: "true or false",
    inspect.StructType: "a mapping of keys",
    inspect.DictType: "a mapping of keys",
    inspect.VarTupleType: "a list",
    inspect.ListType: "a list",
    inspect.CustomType: "a duration such as 15m or 4h",
}

_Mismatch = tuple[Path, str, str]


def mismatches(source: Source, kind: type[msgspec.Struct], file: str, said: str) -> list[Problem]:
    """Return every place where the data does not fit the type, in the order of the file; never empty.

    said: what msgspec said, for what this walk does not know.
    """
    found = list(islice(_walk(source.data, inspect.type_info(kind), ()), MOST_PROBLEMS)) or [((), said, _REFERENCE)]
    problems = []
    for path, what, remedy in found:
        at = path
        while at and at not in source.positions:
            at = at[:-1]
        problems.append(Problem(file, *source.positions.get(at, (1, 1)), dotted(path), what, remedy))
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def _walk(value: Any, kind: inspect.Type, path: Path) -> Iterator[_Mismatch]:
    if isinstance(kind, inspect.UnionType):
        if value is None and any(isinstance(option, inspect.NoneType) for option in kind.types):
            return
        kind = next(option for option in kind.types if not isinstance(option, inspect.NoneType))
    match kind:
        case inspect.StructType() if isinstance(value, dict):
            yield from _walk_struct(value, kind, path)
        case inspect.VarTupleType() | inspect.ListType() if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _walk(item, kind.item_type, (*path, index))
        case inspect.DictType() if isinstance(value, dict):
            for key, item in value.items():
                yield from _walk(item, kind.value_type, (*path, key))
        case inspect.LiteralType():
            if value not in kind.values:
                choices = [str(choice) for choice in kind.values]
                yield (
                    path,
                    f"{_shown(value)} is not one of the known words",
                    did_you_mean(str(value), choices, f"Write one of: {', '.join(choices)}."),
                )
        case inspect.CustomType(cls=cls) if cls is Duration:
            try:
                Duration.parse(value)
            except ValueError as error:
                what, _, remedy = str(error).partition("; ")
                yield path, what, f"{remedy[:1].upper()}{remedy[1:]}."
        case _ if not _fits(value, kind):
            yield (
                path,
                f"{_shown(value)} stands where {_WORDS.get(type(kind), 'another kind of value')} belongs",
                _remedy(value, kind, path),
            )
        case _:
            return


def _walk_struct(value: dict[str, Any], kind: inspect.StructType, path: Path) -> Iterator[_Mismatch]:
    fields = {field.encode_name: field for field in kind.fields}
    for key, item in value.items():
        if key in fields:
            yield from _walk(item, fields[key].type, (*path, key))
        else:
            yield (*path, key), f"unknown key `{key}`", did_you_mean(key, fields, f"The keys here are: {', '.join(sorted(fields))}.")
    misspelt = {did_you_mean(key, fields, "") for key in value if key not in fields}
    for name, field in fields.items():
        if field.required and name not in value and f"Did you mean `{name}`?" not in misspelt:
            yield path, f"the key `{name}` is missing", f"Add `{name}:` here."


def _fits(value: Any, kind: inspect.Type) -> bool:
    match kind:
        case inspect.StrType():
            return isinstance(value, str)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return isinstance(value, int) and not isinstance(value, bool)
        case inspect.FloatType():
            return isinstance(value, int | float) and not isinstance(value, bool)
        case inspect.NoneType():
            return value is None
    return False


def _remedy(value: Any, kind: inspect.Type, path: Path) -> str:
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    match kind:
        case inspect.StrType() if isinstance(value, bool | int | float):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            return f'Put it in quotes: "{text}".'
        case inspect.StrType() if value is None:
            return f"Write the text after `{key}:`, or leave the key out."
        case inspect.VarTupleType() | inspect.ListType() if isinstance(value, str):
            return f"Put it in brackets: [{value}]."
        case inspect.BoolType():
            return "Write true or false."
    return f"Write {_WORDS.get(type(kind), 'a value of that kind')}."


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping of keys"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"
