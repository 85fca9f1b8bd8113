"""The escalation policies that ship with the product, as YAML files beside this one; each belongs to a shipped playbook."""

from __future__ import annotations

from importlib import resources
from typing import Final

_HERE: Final = "tocsin.paging.library"
_SUFFIX: Final = ".yaml"


def names() -> tuple[str, ...]:
    """Return the names of all that ship, in alphabetical order."""
    return tuple(sorted(entry.name.removesuffix(_SUFFIX) for entry in resources.files(_HERE).iterdir() if entry.name.endswith(_SUFFIX)))


def text(name: str) -> str:
    """Return the text of one that ships."""
    return resources.files(_HERE).joinpath(name + _SUFFIX).read_text(encoding="utf-8")


def about(name: str) -> str:
    """Return what one that ships is for: the comment at its beginning."""
    return text(name).partition("\n")[0].lstrip("# ")
