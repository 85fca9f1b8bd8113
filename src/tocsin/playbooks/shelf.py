"""The playbooks that ship with the product: their ids come from the names of the files, and a file is read when it is asked for."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final

from tocsin.playbooks.errors import NoSuchPlaybook
from tocsin.playbooks.load import Loaded, digest_of, load_text

_LIBRARY: Final = "tocsin.playbooks.library"
_TESTS: Final = ".tests.yaml"
_SUFFIX: Final = ".yaml"


@lru_cache(maxsize=1)
def shipped() -> tuple[str, ...]:
    """Return the ids of the shipped playbooks in alphabetical order. No file is opened."""
    names = [entry.name for entry in resources.files(_LIBRARY).iterdir()]
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX) and not name.endswith(_TESTS)))


def shipped_text(playbook: str) -> str:
    """Return the text of a shipped playbook.

    Raises:
        NoSuchPlaybook: none of this id ships.

    """
    if playbook not in shipped():
        raise NoSuchPlaybook(playbook, shipped())
    return resources.files(_LIBRARY).joinpath(playbook + _SUFFIX).read_text(encoding="utf-8")


def shipped_tests(playbook: str) -> str | None:
    """Return the text of the tests that lie beside a shipped playbook; None where there are none.

    Raises:
        NoSuchPlaybook: none of this id ships.

    """
    if playbook not in shipped():
        raise NoSuchPlaybook(playbook, shipped())
    file = resources.files(_LIBRARY).joinpath(playbook + _TESTS)
    return file.read_text(encoding="utf-8") if file.is_file() else None


def load_shipped(playbook: str) -> Loaded:
    """Read a shipped playbook; one text is read into parts once (some 10 ms), later calls return the same value.

    Whether it holds together is proved by the tests of the product and not checked again here.

    Raises:
        NoSuchPlaybook: none of this id ships.

    """
    text = shipped_text(playbook)
    return load_cached(digest_of(text), text, playbook + _SUFFIX)


def load_cached(digest: str, text: str, file: str) -> Loaded:
    """Read a playbook whose digest is known; the most recent texts stay read.

    digest: of the text, see ``digest_of``. file: what problems call it.

    Raises:
        PlaybookRefused: the text is not of the schema.

    """
    key = (digest, file)
    if key not in _READ:
        while len(_READ) >= _MOST_KEPT:
            _READ.pop(next(iter(_READ)), None)
        _READ[key] = load_text(text, file)
    return _READ[key]


_MOST_KEPT: Final = 64
_READ: Final[dict[tuple[str, str], Loaded]] = {}
