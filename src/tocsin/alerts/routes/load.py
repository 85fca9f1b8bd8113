"""Routes and rules of inhibition as YAML: read with every problem's line and column, and written so that reading gives the same."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec
import yaml

from tocsin.alerts.inhibition import SaveInhibitions
from tocsin.alerts.route_model import SaveRoutes
from tocsin.engine.errors import Refused
from tocsin.playbooks.errors import PlaybookRefused
from tocsin.playbooks.load import read_yaml
from tocsin.playbooks.places import Path, Source

_S = TypeVar("_S", bound=msgspec.Struct)
_AT: Final = re.compile(r" - at `\$\.?(.*?)`$")
_PART: Final = re.compile(r"\[(\d+|\.\.\.)\]|([^.\[\]]+)")


def load_routes(text: str, file: str = "routes.yaml") -> SaveRoutes:
    """Read routes.

    Raises:
        Refused: the text is not YAML, or no routes; it names line and column.

    """
    return _loaded(text, file, SaveRoutes, "routes")


def load_inhibitions(text: str, file: str = "inhibitions.yaml") -> SaveInhibitions:
    """Read rules of inhibition.

    Raises:
        Refused: the text is not YAML, or no rules; it names line and column.

    """
    return _loaded(text, file, SaveInhibitions, "rules")


def _loaded(text: str, file: str, kind: type[_S], key: str) -> _S:
    try:
        source = read_yaml(text, file)
    except PlaybookRefused as refused:
        first = refused.problems[0]
        raise Refused(f"{first.file}:{first.line}:{first.column}: {first.what}.", fix=first.remedy, field=first.path) from refused
    if not isinstance(source.data, dict) or key not in source.data:
        raise Refused(f"{file}:1:1: there is no `{key}`.", fix=f"Begin with `{key}:` and list them below.", field=key)
    try:
        return msgspec.convert(source.data, kind)
    except msgspec.ValidationError as error:
        said = str(error)
        found = _AT.search(said)
        path = found.group(1) if found else ""
        line, column = _place(source, path)
        what = _AT.sub("", said).replace("`", "")
        raise Refused(
            f"{file}:{line}:{column}: {what}.", fix="See docs/reference/routes.md for the keys and their values.", field=path
        ) from error


def place_of(text: str, field: str) -> tuple[int, int]:
    """Return line and column of a part of routes, such as ``routes[1].wait``, in their text."""
    return _place(read_yaml(text, ""), field)


def _place(source: Source, path: str) -> tuple[int, int]:
    parts: Path = tuple(int(index) if index.isdigit() else (name or index) for index, name in _PART.findall(path))
    while parts and parts not in source.positions:
        parts = parts[:-1]
    return source.positions.get(parts, (1, 1))


def dump(command: SaveRoutes | SaveInhibitions) -> str:
    """Return routes or rules as YAML. Reading it gives the same again."""
    data: Any = msgspec.to_builtins(command)
    shown = {name: value for name in ("defaults", "routes", "rules") if (value := data.get(name)) not in (None, {}, [])}
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=120)
