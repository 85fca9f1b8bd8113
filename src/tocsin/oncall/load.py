"""Schedules in files: YAML (or JSON, which is YAML too), one document with ``schedules``, each by its id and as the API takes it.

A list in which each schedule has its ``id`` says the same; ``tocsin apply`` and ``tocsin oncall apply`` read both.

``people: [ana, bo]`` may stand for ``groups: [[ana], [bo]]``; whoever is written in a list of their own is on call together: ``[[ana, bo], cy]``.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import yaml

from tocsin.oncall import checks
from tocsin.oncall.errors import NotASchedule
from tocsin.oncall.model import Rota
from tocsin.people.ids import checked_id

LARGEST: Final = 1_000_000
"""Characters of a file."""
_MOST: Final = 5000
_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Takes every word as text: 2026-01-05 is no date and ``no`` no falsehood until the schema says so."""


def schedules(text: str, file: str = "the file") -> list[tuple[str, Rota]]:
    """Return the schedules of a file with their ids.

    Raises:
        Refused: it holds none, or one that cannot be; the refusal names the place.

    """
    if len(text) > LARGEST:
        raise NotASchedule(f"{file} is longer than {LARGEST:,} characters.", fix="Split it.")
    try:
        _refuse_aliases(text, file)
        found = yaml.load(text, _LOADER)  # noqa: S506 (it makes nothing but texts, lists and mappings)
    except yaml.YAMLError as error:
        raise NotASchedule(f"{file} is not YAML: {' '.join(str(error).split())}.", fix="Put that line right.") from error
    if not isinstance(found, dict) or not isinstance(found.get("schedules"), list | dict):
        raise NotASchedule(f"{file} has no list of schedules.", fix="Begin it with `schedules:` and a list of them, each with an id.")
    listed = found["schedules"]
    given = [{"id": name, **one} for name, one in listed.items() if isinstance(one, dict)] if isinstance(listed, dict) else listed
    if len(given) > _MOST:
        raise NotASchedule(f"{file} has more than {_MOST:,} schedules.", fix="Split it.")
    return [_schedule(one, f"schedules[{place}]") for place, one in enumerate(given)]


def _refuse_aliases(text: str, file: str) -> None:
    """Refuse names for parts of the file: nested, they make a small file grow without end."""
    if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
        raise NotASchedule(f"{file} uses YAML aliases (*name).", fix="Write the part out.")


def _schedule(given: Any, where: str) -> tuple[str, Rota]:
    if not isinstance(given, dict) or not given.get("id"):
        raise NotASchedule(f"{where} has no id.", fix="Name it, such as `id: payments`.", field=f"{where}.id")
    body = {name: value for name, value in given.items() if name != "id"}
    layers = body.get("layers")
    if isinstance(layers, list):
        body["layers"] = [_with_groups(layer, f"{where}.layers[{place}]") for place, layer in enumerate(layers)]
    try:
        rota = msgspec.convert(body, Rota, strict=False)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `")
        place = where + path.rstrip("`").removeprefix("$")
        raise NotASchedule(f"{place}: {what}.", fix="See docs/how-to/on-call.md.", field=place) from error
    checks.check(rota)
    return checked_id(str(given["id"]), "schedule"), rota


def _with_groups(layer: Any, where: str) -> Any:
    if not isinstance(layer, dict) or "people" not in layer:
        return layer
    if "groups" in layer:
        raise NotASchedule(f"{where} has both people and groups.", fix="Keep one of them.", field=f"{where}.people")
    people = layer["people"] if isinstance(layer["people"], list) else [layer["people"]]
    groups = [one if isinstance(one, list) else [one] for one in people]
    return {**{name: value for name, value in layer.items() if name != "people"}, "groups": groups}
