"""Write the keys in docs/reference/playbooks.md from the schema: docstrings, types, defaults, and examples out of the shipped playbooks.

Everything between the two marks is replaced; the rest of the page is written by hand. `--check` only says whether it is up to date.
"""

from __future__ import annotations

import argparse
import ast
import enum
import inspect
import sys
import types
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from tocsin.playbooks import base, model, process, record, response, scale, shelf
from tocsin.playbooks.base import Part
from tocsin.playbooks.model import Playbook

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "playbooks.md"
BEGIN, END = "<!-- keys: written by tools/playbook_reference.py -->", "<!-- end of keys -->"
COMMON = {
    "id": "What other parts call it; unique in its list.",
    "name": "What people read.",
    "title": "What people read.",
    "says": "In words.",
    "if": "A [condition](#conditions); the part counts only while it holds.",
    "unit": "The unit.",
}
"""Keys that mean the same wherever they stand."""
LEFT_OUT = ("from", "note")
"""Keys of every part, told once above the tables."""
_LONGEST = 56


def documented(part: type[msgspec.Struct]) -> dict[str, str]:
    """Return the docstring of each field of a part: the text that follows it in the source."""
    tree = ast.parse(inspect.getsource(sys.modules[part.__module__]))
    (found,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == part.__name__]
    texts: dict[str, str] = {}
    for node, after in zip(found.body, found.body[1:], strict=False):
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            texts[node.target.id] = str(after.value.value)
    return texts


def parts() -> list[type[Part]]:
    """Return every part of a playbook, the whole first, each before what it holds."""
    ordered: list[type[Part]] = []
    waiting: list[type[Part]] = [Playbook]
    while waiting:
        part = waiting.pop(0)
        if part not in ordered:
            ordered.append(part)
            waiting = [*(p for f in msgspec.structs.fields(part) for p in inside(f.type)), *waiting]
    known = {
        p for m in (base, model, process, record, response, scale) for p in vars(m).values() if isinstance(p, type) and issubclass(p, Part)
    }
    assert set(ordered) == known - {Part}, "a part of the schema is not reached from the playbook"
    return ordered


def inside(kind: Any) -> Iterator[type[Part]]:
    """Yield the parts that a type holds."""
    if isinstance(kind, type) and issubclass(kind, Part):
        yield kind
    for argument in get_args(kind):
        yield from inside(argument)


def heading(part: type[Part]) -> str:
    """Return the heading of a part."""
    return part.__name__


def values(kind: Any) -> str:
    """Return what a value may be."""
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Part):
        return f"[{heading(kind)}](#{heading(kind).lower()})"
    if isinstance(kind, type) and issubclass(kind, timedelta):
        return "[time](#times-and-calendars)"
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in arguments)
    if origin is tuple:
        return f"list: {values(arguments[0])}"
    if origin is dict:
        return f"map: {values(arguments[1])}"
    if origin in (Union, types.UnionType):
        return " or ".join(values(one) for one in arguments if one is not type(None))
    return {str: "text", bool: "`true`, `false`", int: "whole number", float: "number"}[kind]


def default(field: msgspec.structs.FieldInfo) -> str:
    """Return what holds where the key is left out."""
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value in (None, "", ()) or value == {} or isinstance(value, msgspec.Struct):
        return "–"
    return f"`{written(value)}`"


def written(value: Any) -> str:
    """Return a value as people write it in YAML, in one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(written(one) for one in value)}]"
    if isinstance(value, enum.Enum):
        return str(value.value)
    return str(value)


def found_in(value: Any) -> Iterator[Part]:
    """Yield a part and every part in it."""
    if isinstance(value, Part):
        yield value
        for field in msgspec.structs.fields(value):
            yield from found_in(getattr(value, field.name))
    elif isinstance(value, tuple):
        for one in value:
            yield from found_in(one)


def example(part: type[Part], field: msgspec.structs.FieldInfo, shipped: list[Part]) -> str:
    """Return a short value that a shipped playbook has for the key; nothing where it only holds other parts."""
    if list(inside(field.type)):
        return ""
    usual = field.default if not field.required and field.default is not msgspec.NODEFAULT else None
    for one in shipped:
        value = getattr(one, field.name) if type(one) is part else None
        if value in (None, "", ()) or value == {} or isinstance(value, dict) or (value == usual and not isinstance(value, bool)):
            continue
        text = written(value).strip()
        if not any(sign in text for sign in "\n|`") and len(text) <= _LONGEST:
            return f"`{text}`"
    return ""


def table(part: type[Part], shipped: list[Part]) -> list[str]:
    """Return the section of one part.

    Raises:
        LookupError: a key is not explained.

    """
    texts = documented(part)
    lines = [
        f"### {heading(part)}",
        "",
        tidy(inspect.getdoc(part) or ""),
        "",
        "| Key | Values | Default | Meaning | Example |",
        "|---|---|---|---|---|",
    ]
    for field in msgspec.structs.fields(part):
        key = field.encode_name
        if key in LEFT_OUT:
            continue
        meaning = texts.get(field.name) or COMMON.get(key)
        if not meaning:
            raise LookupError(f"{part.__name__}.{field.name} has no docstring: write one below it.")
        lines.append(f"| `{key}` | {values(field.type)} | {default(field)} | {tidy(meaning)} | {example(part, field, shipped)} |")
    return [*lines, ""]


def tidy(text: str) -> str:
    """Return a docstring as one line of Markdown."""
    return " ".join(text.replace("``", "`").replace("|", "\\|").split())


def keys() -> str:
    """Return the tables of all parts."""
    books = [shelf.load_shipped(name).playbook for name in ("house", *(n for n in shelf.shipped() if n != "house"))]
    shipped = [one for book in books for one in found_in(book)]
    return "\n".join(line for part in parts() for line in table(part, shipped)).strip()


def page() -> str:
    """Return the whole page with the tables as they should be."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{keys()}\n\n{END}{after}"


def main() -> int:
    """Write the page, or say whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 where the page is out of date")
    wanted = page()
    if parser.parse_args().check:
        if PAGE.read_text(encoding="utf-8") != wanted:
            print(f"{PAGE.name} is out of date: run tools/playbook_reference.py")
            return 1
        return 0
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
