"""YAML with positions: plain values (YAML 1.2's core schema: no dates, no yes/no) and the line and column of each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from tocsin.playbooks.errors import PlaybookRefused, Problem

Path = tuple[str | int, ...]
Position = tuple[int, int]

LONGEST_FILE: Final = 2_000_000
"""Characters of a file; the longest shipped playbook has a tenth of that."""
_MOST_VALUES: Final = 200_000
_DEEPEST: Final = 30
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT: Final = re.compile(r"[-+]?\d{1,18}")
_FLOAT: Final = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class YamlText:
    """What a YAML file says, and where each value stands (line and column, both from 1)."""

    data: Any
    positions: dict[Path, Position]


@dataclass(slots=True)
class _Reader:
    file: str
    positions: dict[Path, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    values: int = 0


def read_yaml(text: str, file: str) -> YamlText:
    """Read one YAML document.

    Raises:
        PlaybookRefused: it is not YAML, has a key twice, or is too large once its aliases are followed.

    """
    if len(text) > LONGEST_FILE:
        raise PlaybookRefused(
            [Problem(file, 1, 1, "", f"the file has {len(text)} characters, more than {LONGEST_FILE}", "Split it into several playbooks.")],
        )
    try:
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
    return YamlText(data, reader.positions)


def _plain(node: Any, path: Path, reader: _Reader) -> Any:
    if node is None:
        return None
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    reader.values += 1
    if reader.values > _MOST_VALUES or len(path) > _DEEPEST:
        what = "the file grows beyond all bounds when its aliases (`*name`) are followed"
        raise PlaybookRefused([Problem(reader.file, line, column, dotted(path), what, "Write the text out instead.")])
    reader.positions.setdefault(path, (line, column))
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            at = key_node.start_mark.line + 1, key_node.start_mark.column + 1
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


def dotted(path: Path) -> str:
    """Return a path as people read it: ``severities.0.rank``."""
    return ".".join(str(step) for step in path)
