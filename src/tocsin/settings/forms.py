"""What the forms of the settings say: words in a row, names with their values, an id made of a name. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from tocsin.engine.errors import Refused

T = TypeVar("T")

_APART: Final = re.compile(r"[,\n]+")
_NOT_IN_IDS: Final = re.compile(r"[^a-z0-9]+")
_LONGEST_ID: Final = 60
_PLACE: Final = re.compile(r" - at `\$\.?(.*?)`$")


def words(text: str) -> tuple[str, ...]:
    """Return what stands between commas or on lines of its own, each once."""
    return tuple(dict.fromkeys(word for part in _APART.split(text) if (word := part.strip())))


def pairs(lists: Mapping[str, Sequence[str]], names: str, values: str) -> dict[str, str]:
    """Return names with their values: two fields that come as often as one another. A row without a value is left out.

    Raises:
        Refused: a value has no name, or two have the same.

    """
    found: dict[str, str] = {}
    for name, value in zip(lists.get(names, ()), lists.get(values, ()), strict=False):
        if not value.strip():
            continue
        if not name.strip():
            raise Refused(f"{value.strip()!r} has no name.", fix="Write what it is before it.", field=names)
        if name.strip() in found:
            raise Refused(f"There are two called {name.strip()!r}.", fix="Give each a name of its own.", field=names)
        found[name.strip()] = value.strip()
    return found


def id_of(name: str, given: str = "") -> str:
    """Return the id that is given, or one made of a name; letters with accents lose them.

    Raises:
        Refused: the name has no letters that an id can have, and no id is given.

    """
    if given.strip():
        return given.strip()
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    found = _NOT_IN_IDS.sub("-", plain).strip("-")[:_LONGEST_ID].strip("-")
    if not found:
        what = f"{name.strip()!r} has no letters that an id can have." if name.strip() else "A name is missing."
        raise Refused(
            what, fix="Write an id of your own: letters, digits and hyphens, such as payments-api.", field="id" if name.strip() else "name"
        )
    return found


def built(body: Mapping[str, Any], kind: type[T]) -> T:
    """Return a command as a form describes it.

    Raises:
        Refused: something in it cannot be taken; the refusal names the field.

    """
    try:
        return msgspec.convert(dict(body), kind)
    except msgspec.ValidationError as error:
        said = str(error)
        found = _PLACE.search(said)
        field = found.group(1) if found else ""
        what = _PLACE.sub("", said).replace("`", "")
        raise Refused(f"{field or 'Something'}: {what[:1].lower()}{what[1:]}.", fix="Mend it, and send it again.", field=field) from error
