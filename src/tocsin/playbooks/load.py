"""Read a playbook: YAML with positions, checked against the schema, every problem with file, line, column and remedy."""

from __future__ import annotations

import hashlib

import msgspec

from tocsin.playbooks.durations import Duration
from tocsin.playbooks.errors import PlaybookRefused, Problem
from tocsin.playbooks.mismatch import mismatches
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.yamltext import Path, Position, read_yaml


class Loaded(msgspec.Struct, frozen=True):
    """A playbook with where each of its parts stands in the file (line and column, both from 1) and the digest of its text."""

    playbook: Playbook
    file: str
    text: str
    digest: str
    positions: dict[Path, Position]

    def position(self, path: Path) -> Position:
        """Return where the path stands, or its nearest parent."""
        while path and path not in self.positions:
            path = path[:-1]
        return self.positions.get(path, (1, 1))


def digest_of(text: str) -> str:
    """Return the digest by which an incident pins this text of a playbook (SHA-256, hex)."""
    return hashlib.sha256(text.encode()).hexdigest()


def load_text(text: str, file: str = "<text>") -> Loaded:
    """Read a playbook from YAML text. References between its parts are checked by ``check``.

    Raises:
        PlaybookRefused: the text is not YAML or not of the schema; it carries every problem found.

    """
    source = read_yaml(text, file)
    if not isinstance(source.data, dict):
        raise PlaybookRefused([Problem(file, 1, 1, "", "a playbook is a mapping of keys", "Begin with `playbook: my-team`.")])
    try:
        playbook = msgspec.convert(source.data, Playbook, dec_hook=_decode_duration)
    except msgspec.ValidationError as error:
        raise PlaybookRefused(mismatches(source, Playbook, file, str(error))) from error
    return Loaded(playbook, file, text, digest_of(text), source.positions)


def _decode_duration(kind: type, value: object) -> object:
    if kind is Duration:
        return Duration.parse(value)
    raise NotImplementedError(kind)
