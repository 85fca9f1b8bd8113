"""Read a playbook: YAML with positions, checked against the schema, every problem with file, line, column and remedy.

YAML is read by the core schema of its version 1.2: no dates, and ``yes`` and ``no`` are words.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import yaml

from tocsin.playbooks.durations import Duration
from tocsin.playbooks.errors import MOST_PROBLEMS, PlaybookRefused, Problem
from tocsin.playbooks.mismatch import mismatches
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.places import Path, Position, Source, dotted

LONGEST_FILE: Final = 2_000_000
"""Characters of a file; the longest shipped playbook has a tenth of that."""
_MOST_VALUES: Final = 200_000
_DEEPEST: Final = 30
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT: Final = re.compile(r"[-+]?\d{1,18}")
_FLOAT: Final = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?")


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


@dataclass(slots=True)
class _Reader:
    file: str
    positions: dict[Path, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    values: int = 0


def read_yaml(text: str, file: str) -> Source:
    """Read one YAML document.

    Raises:
        PlaybookRefused: it is not YAML, has a key twice, or is too large once its aliases are followed.

    """
    if len(text) > LONGEST_FILE:
        raise PlaybookRefused(
            [Problem(file, 1, 1, "", f"the file has {len(text)} characters, more than {LONGEST_FILE}", "Split it into several playbooks.")],
        )
    try:
        _refuse_deep(text, file)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = f"this is not YAML: {error.problem or error.context}"
        remedy = "Mind the indentation and quote text that has a colon."
        raise PlaybookRefused([Problem(file, line, column, "", what, remedy)]) from error
    except yaml.YAMLError as error:
        what = f"this is not YAML: {str(error).splitlines()[0]}"
        raise PlaybookRefused([Problem(file, 1, 1, "", what, "Save the file as UTF-8 text without control characters.")]) from error
    reader = _Reader(file)
    data = _plain(node, (), reader)
    if reader.problems:
        raise PlaybookRefused(reader.problems)
    return Source(data, reader.positions)


def _refuse_deep(text: str, file: str) -> None:
    """Refuse endless nesting before anything follows it: the composer calls itself for each level, in C, and would take the process with it."""
    deep = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            deep += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            deep -= 1
        if deep > _DEEPEST + 1:
            mark = event.start_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            what = f"the file is nested more than {_DEEPEST} levels deep"
            raise PlaybookRefused([Problem(file, line, column, "", what, "No playbook needs more than ten; look for brackets left open.")])


def _plain(node: Any, path: Path, reader: _Reader) -> Any:
    if node is None:
        return None
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    reader.values += 1
    if len(reader.problems) >= MOST_PROBLEMS:
        raise PlaybookRefused(reader.problems)
    if reader.values > _MOST_VALUES or len(path) > _DEEPEST:
        what = "the file grows beyond all bounds when its aliases (`*name`) are followed"
        raise PlaybookRefused([Problem(reader.file, line, column, dotted(path), what, "Write the text out instead.")])
    reader.positions.setdefault(path, (line, column))
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            at = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            if not isinstance(key_node, yaml.ScalarNode):
                reader.problems.append(Problem(reader.file, *at, dotted(path), "a key is a list or a mapping", "Write a word as the key."))
                continue
            key = str(key_node.value)
            if key in mapping:
                what = f"the key `{key}` stands twice in one mapping"
                reader.problems.append(Problem(reader.file, *at, dotted((*path, key)), what, "Keep one of them."))
            reader.positions[(*path, key)] = at
            mapping[key] = _plain(value_node, (*path, key), reader)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, index), reader) for index, item in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.ScalarNode) -> Any:
    text = node.value
    if node.style:
        return text
    if text in ("", "null", "~"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
