"""Look into a tool's request without losing an alert to one odd field. Pure; every source module reads with these.

``read_object(sent, TOOL)`` gives the body as ``Fields``: getters return something empty where an optional value is missing or of another
type, and ``must`` and ``status`` refuse with the path of what cannot be missing. A source module keeps the words of its tool in two public
tables, which ``tests/cases/test_vocabulary_maps.py`` compares with those of others: ``STATUSES`` and ``LEVELS`` (word in small letters ->
ours), asked through ``Fields.status`` and ``level_of``.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timezone
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, urljoin, urlsplit

import msgspec

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Level, Status
from tocsin.alerts.reading import Sent
from tocsin.alerts.sources.times import moment

LONGEST_TITLE: Final = 300
"""Characters."""
LONGEST_TEXT: Final = 200
"""Characters of a short text: a severity, a service, a value."""
LONGEST_LABEL: Final = 2000
LONGEST_SUMMARY: Final = 4000
MOST_LABELS: Final = 200

WORDS: Final[Mapping[str, Level]] = {
    **dict.fromkeys(("critical", "crit", "fatal", "emergency", "emerg", "disaster", "blocker", "panic", "page", "p1", "sev0", "sev1"), "critical"),
    **dict.fromkeys(("high", "error", "err", "major", "severe", "urgent", "alert", "p2", "sev2"), "high"),
    **dict.fromkeys(("warning", "warn", "average", "medium", "moderate", "degraded", "p3", "sev3"), "warning"),
    **dict.fromkeys(("low", "minor", "ticket", "p4", "sev4"), "low"),
    **dict.fromkeys(("info", "informational", "information", "notice", "debug", "trace", "verbose", "none", "ok", "normal", "p5", "sev5"), "info"),
}  # fmt: skip
"""What people usually mean by a severity where the tool lets them choose the words themselves."""

_UNKEPT: Final = re.compile("[\x00\ud800-\udfff]")
"""What no database keeps: NUL, and halves of characters."""
_HARMFUL: Final = re.compile(r"[\x00-\x20\x7f\"<>\\^`{|}]")
_BROKEN: Final = re.compile(r"[\x01-\x1f\x7f]")
_LONGEST_URL: Final = 2000
_LONGEST_IDENTITY: Final = 200
_MOST_DIGITS: Final = 40
_MOST_FIELDS: Final = 2000
_WEB: Final = ("http://", "https://")
_NUL: Final = b"\\u0000"
_ordered = msgspec.json.Encoder(order="deterministic").encode
_ENVELOPES: Final = ("payload", "json", "data", "body")
_TABLE_NAMES: Final = 12


class Fields(msgspec.Struct, frozen=True):
    """An object of a request, and where it stands. Several names mean: the first of them that holds something."""

    values: Mapping[str, Any]
    path: str = ""
    tool: str = ""

    def __bool__(self) -> bool:
        return bool(self.values)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def place(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def raw(self, *names: str) -> Any:
        """Return a value as it came; None where there is none, or only an empty text."""
        return next((value for name in names if (value := self.values.get(name)) is not None and value != ""), None)

    def text(self, *names: str, longest: int = LONGEST_TEXT) -> str:
        """Return a text without space around it, or a number as a text; empty where there is none. Lists and objects are none."""
        return next((text for name in names if (text := scalar(self.values.get(name), longest))), "")

    def must(self, *names: str, longest: int = LONGEST_LABEL) -> str:
        """Return a text that cannot be missing. It is longer than others, since an identity that was cut is another one's too.

        Raises:
            WrongBody: it is missing, empty, or no text; the field is the first name.

        """
        if found := self.text(*names, longest=longest):
            return found
        raise self.lacks(names[0])

    def lacks(self, name: str) -> WrongBody:
        """Return the refusal for a field that is missing or holds something else than a text."""
        field = self.place(name)
        if self.values.get(name) in (None, ""):
            return WrongBody(f"{field} is missing.", fix=f"{self.tool} always sends it; a proxy or template may have cut it.", field=field)
        return WrongBody(f"{field} is not what {self.tool} sends there.", fix="Send a text or a number.", field=field)

    def status(self, table: Mapping[str, Status], *names: str, otherwise: Status | None = None) -> Status:
        """Return what the tool's word means. table: words in small letters. otherwise: what a word that is not in it means.

        Raises:
            WrongBody: there is no word, or one that the tool does not have and that nothing is said for.

        """
        word = self.must(*names) if otherwise is None else self.text(*names)
        found = table.get(word.casefold(), otherwise)
        if found is not None:
            return found
        field = self.place(next((name for name in names if self.text(name)), names[0]))
        known = ", ".join(list(table)[:_TABLE_NAMES])
        raise WrongBody(f"{field} is {word!r}, which is no state of {self.tool}.", fix=f"Send one of: {known}.", field=field)

    def inside(self, *names: str) -> Fields:
        """Return an object in this one; an empty one where there is none."""
        for name in names:
            if isinstance(value := self.values.get(name), Mapping):
                return Fields(value, self.place(name), self.tool)
        return Fields({}, self.place(names[0]), self.tool)

    def each(self, name: str) -> list[Fields]:
        """Return the objects of a list, each with its path; what is no object is left out. One bare object counts as a list of it."""
        value = self.values.get(name)
        if isinstance(value, Mapping):
            return [Fields(value, self.place(name), self.tool)]
        if not isinstance(value, list):
            return []
        return [Fields(one, f"{self.place(name)}[{at}]", self.tool) for at, one in enumerate(value) if isinstance(one, Mapping)]

    def texts(self, name: str) -> dict[str, str]:
        """Return the labels of an object in this one, or those of a list of ``{name|key, value}`` or of ``key:value`` texts."""
        return labels(self.values.get(name))

    def words(self, name: str) -> list[str]:
        """Return the texts of a list, or of one text with commas."""
        value = self.values.get(name)
        given = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
        return [word for one in given[:MOST_LABELS] if (word := scalar(one))]

    def time(self, *names: str, zone: timezone = UTC) -> datetime | None:
        """Return a moment in UTC; see ``times.moment``."""
        return next((at for name in names if (at := moment(self.values.get(name), zone)) is not None), None)

    def link(self, *names: str, base: str = "") -> str:
        """Return an address that a browser can follow; see ``web``."""
        return next((url for name in names if (url := web(self.values.get(name), base))), "")


def read_object(sent: Sent, tool: str) -> Fields:
    """Return the body, an object of JSON or the fields of a form.

    Raises:
        WrongBody: it is neither.

    """
    value = read_any(sent, tool)
    if isinstance(value, Mapping):
        return Fields(value, "", tool)
    raise WrongBody("The body is no object.", fix=f"Send the body that {tool} sends: an object in braces.", field="$")


def read_objects(sent: Sent, tool: str) -> list[Fields]:
    """Return the objects of a body that is a list of them, or that is one.

    Raises:
        WrongBody: it is neither.

    """
    value = read_any(sent, tool)
    if isinstance(value, Mapping):
        return [Fields(value, "", tool)]
    if isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
        return [Fields(one, f"[{at}]", tool) for at, one in enumerate(value)]
    raise WrongBody("The body is no object and no list of objects.", fix=f"Send the body that {tool} sends.", field="$")


def read_any(sent: Sent, tool: str) -> Any:
    """Return what a body says: JSON, whatever type it claims to be, or a form (also one whose one field holds the JSON).

    Raises:
        WrongBody: it is neither.

    """
    form = sent.content_type.casefold().startswith("application/x-www-form-urlencoded")
    if form and not sent.body.lstrip().startswith((b"{", b"[")):
        return _form(sent.body, tool)
    return parse(sent.body, tool)


def parse(body: bytes | str, tool: str, field: str = "$") -> Any:
    """Return the value of JSON. Line breaks inside texts, which templates of many tools produce, are read as well.

    Raises:
        WrongBody: it is no JSON, or nested too deeply.

    """
    try:
        try:
            return msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeError):
            text = body.decode("utf-8-sig", "replace") if isinstance(body, bytes) else body
            return json.loads(text, strict=False, parse_int=_whole)
    except RecursionError as error:
        raise WrongBody("The body is nested too deeply.", fix=f"Send the JSON that {tool} sends.", field=field) from error
    except ValueError as error:
        raise WrongBody(f"The body is not JSON: {error}.", fix=f"Send the JSON that {tool} sends.", field=field) from error


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _form(body: bytes, tool: str) -> Any:
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise WrongBody(f"The form cannot be read: {error}.", fix=f"Send the form that {tool} sends.", field="$") from error
    fields = dict(pairs)
    if len(fields) == 1:
        ((name, text),) = fields.items()
        if name in _ENVELOPES and text.lstrip().startswith(("{", "[")):
            return parse(text, tool, name)
    if not fields:
        raise WrongBody("The form has no fields.", fix=f"Send the form that {tool} sends.", field="$")
    return fields


def clean(text: str) -> str:
    """Return a text without what no database keeps (NUL, halves of characters): an alert is not lost for it."""
    return text if text.isprintable() else _UNKEPT.sub("\ufffd", text)


def short(text: str, longest: int) -> str:
    """Return a text, cut with an ellipsis where it is longer. longest: characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def scalar(value: Any, longest: int = LONGEST_TEXT) -> str:
    """Return a text or number as a text; empty for everything else. Whole floats lose their ``.0``."""
    if value is None:
        return ""
    if type(value) is str and len(value) <= longest and value.isprintable():
        return value.strip()
    match value:
        case str():
            return short(clean(value[: longest * 2].strip()), longest)
        case bool():
            return "true" if value else "false"
        case int():
            return short(str(value), longest) if abs(value) < 10**_MOST_DIGITS else ""
        case float() if math.isfinite(value):
            return str(int(value)) if value.is_integer() and abs(value) < 10**15 else str(value)
        case _:
            return ""


def labels(value: Any) -> dict[str, str]:
    """Return labels of whatever shape: an object, a list of ``{name|key, value}``, of pairs or of ``key:value`` texts, or a text of such."""
    found: dict[str, str] = {}
    for name, one in _pairs(value):
        key = short(clean(name.strip()), LONGEST_TEXT)
        if key and len(found) < MOST_LABELS:
            found[key] = label(one)
    return found


def label(value: Any) -> str:
    """Return a label's value: texts and numbers as texts, lists and objects as JSON."""
    if isinstance(value, Mapping | list):
        try:
            return short(clean(json.dumps(value, ensure_ascii=False, separators=(",", ":"))), LONGEST_LABEL)
        except (RecursionError, ValueError):
            return ""
    return scalar(value, LONGEST_LABEL)


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((str(name), one) for name, one in value.items())
        return
    for one in value.split(",") if isinstance(value, str) else value if isinstance(value, list) else ():
        match one:
            case str():
                mark = min((at for at in (one.find(":"), one.find("=")) if at > 0), default=-1)
                yield (one, "true") if mark < 0 else (one[:mark], one[mark + 1 :])
            case [str(name), given]:
                yield name, given
            case {"name": str(name), "value": given} | {"key": str(name), "value": given}:
                yield name, given
            case {"tag": str(name), "value": given}:
                yield name, given
            case _:
                continue


def web(url: Any, base: str = "") -> str:
    """Return an address that a browser can follow without running anything (no ``javascript:``), else nothing.

    base: the tool's own address, to which one without a host is relative.
    """
    if not isinstance(url, str):
        return ""
    if not base:
        return _followed(url)
    url = url.strip()
    if url and not url.casefold().startswith(_WEB):
        if _HARMFUL.search(url) or _scheme(url):
            return ""
        try:
            url = urljoin(base, url)
        except ValueError:
            return ""
    return _followed(url)


@lru_cache(maxsize=4096)  # the links of a rule are the same in each of its alerts
def _followed(url: str) -> str:
    url = url.strip()
    return url if url.casefold().startswith(_WEB) and len(url) <= _LONGEST_URL and clean(url) == url and not _BROKEN.search(url) else ""


def _scheme(url: str) -> str:
    """Return the scheme of an address; ``?`` where it cannot be taken apart."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return "?"


def given(**texts: str) -> dict[str, str]:
    """Return the labels that there are."""
    return {name: text for name, text in texts.items() if text}


def links(**given: str) -> dict[str, str]:
    """Return the links that there are: ``dashboard``, ``runbook`` and ``source``, the rule or problem in the tool."""
    return {name: url for name, url in given.items() if url}


def identity(*parts: str) -> str:
    """Return an identity of parts joined by ``/``, or its digest where it is longer than a database's index takes."""
    text = clean("/".join(part for part in parts if part))
    return text if len(text) <= _LONGEST_IDENTITY else hashlib.sha256(text.encode()).hexdigest()[:32]


def fingerprint(names: Mapping[str, str]) -> str:
    """Return an identity made of labels: the same labels in any order give the same 16 hexadecimal digits.

    It is our own, not Alertmanager's hash, which needs the names of labels that a sender may have dropped.
    """
    try:
        text = _ordered(names if type(names) is dict else dict(names))
    except UnicodeEncodeError:  # half of a character
        text = _NUL
    if _NUL in text:
        text = _ordered({clean(name): clean(value) for name, value in names.items()})
    return hashlib.sha256(text).hexdigest()[:16]


def title(*candidates: str, otherwise: str = "Alert without a name") -> str:
    """Return what people read first: the first candidate that says something, on one line."""
    return short(next((line for text in candidates if (line := " ".join(clean(text).split()))), otherwise), LONGEST_TITLE)


def level_of(table: Mapping[str, Level], word: str) -> Level | None:
    """Return what the tool's word for how bad it is means; None where it says none or one that nobody knows."""
    return table.get(word.strip().casefold())
