"""What is tried out, and what came of it. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from tocsin.alerts.mapping import OPTION, checked
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.registry import READERS
from tocsin.alerts.sources import generic
from tocsin.engine.errors import NotFound
from tocsin.playbooks.errors import did_you_mean

Word = Annotated[str, Meta(max_length=200)]

JSON: Final = "application/json"


class Preview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request that is only looked at."""

    body: str
    """As the tool sends it."""
    source: Word = generic.NAME
    mapping: dict[str, Any] | None = None
    """For ``generic``: instead of the one that the key has."""
    content_type: Word = JSON
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    key: Word = ""
    """The id of an intake key whose options count."""


def previewed(asked: Preview, options: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return the alerts that a request would become, what else it says, and which expressions gave nothing for it.

    Raises:
        NotFound: there is no such source.
        WrongMapping: the mapping cannot be used; the refusal names the place.
        WrongBody: nothing would come of it; the refusal names the place.

    """
    if asked.source not in READERS:
        fix = did_you_mean(asked.source, list(READERS), f"There are: {', '.join(sorted(READERS))}.")
        raise NotFound(f"There is no source {asked.source!r}.", fix=fix, field="source")
    if asked.mapping is not None:
        checked(asked.mapping)
        options = {**options, OPTION: asked.mapping}
    headers = {name.lower(): value for name, value in asked.headers.items()}
    sent = Sent(asked.body.encode("utf-8", "replace"), now, asked.content_type, headers, asked.query, options)
    problems: list[Any] = []
    if asked.source == generic.NAME:
        reading, problems = generic.preview(sent)
    else:
        reading = READERS[asked.source](sent)
    return {**_shown(reading), "problems": problems}


def _shown(reading: Reading) -> dict[str, Any]:
    return {
        "signals": [_whole(one) for one in reading.signals],
        "changes": [_whole(one) for one in reading.changes],
        "notes": [_whole(one) for one in reading.notes],
        "ignored": reading.ignored,
        "event": reading.event,
        "group": reading.group,
        "signed": reading.proof is not None,
        "handshake": reading.handshake.about if reading.handshake is not None else "",
    }


def _whole(value: msgspec.Struct) -> dict[str, Any]:
    """Return all fields of a value, those too that are empty: whoever writes a mapping wants to see what it lacks."""
    return {name: getattr(value, name) for name in value.__struct_fields__}
