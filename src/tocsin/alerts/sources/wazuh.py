"""Wazuh: what its integrator hands to a script, as it is or in the short form of scripts that post it. Pure.

Documentation: https://documentation.wazuh.com/current/user-manual/manager/integration-with-external-apis.html. The whole alert is an object
with ``timestamp``, ``rule`` (``level`` 0 to 15, ``description``, ``id``, ``groups``), ``agent``, ``full_log`` and ``data``. The short form
has ``message``, ``severity``, ``description`` (lines such as *Rule ID 2902*) and ``created_at``. Wazuh never says that something has ended.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from tocsin.alerts.model import Level, Signal
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, WORDS, Fields, fingerprint, identity, level_of, read_object, title
from tocsin.alerts.sources.times import moment, zone_of

NAME: Final = "wazuh"
TOOL: Final = "Wazuh"

LEVELS: Final[Mapping[str, Level]] = {
    **dict.fromkeys(("0", "1", "2", "3"), "info"), **dict.fromkeys(("4", "5", "6"), "low"),
    **dict.fromkeys(("7", "8", "9", "10", "11"), "warning"), **dict.fromkeys(("12", "13", "14"), "high"), "15": "critical",
    **{word: WORDS[word] for word in ("info", "low", "medium", "high", "critical")},
}  # fmt: skip
"""Levels of rules as the vendor classifies them, and the words of the short form."""

_LINES: Final = {"rule id": "rule_id", "level": "rule_level", "agent id": "agent_id", "agent name": "agent"}
_LINE: Final = re.compile(r"^(Rule ID|Level|Agent ID|Agent Name) +(\S.*)$", re.MULTILINE | re.IGNORECASE)
_ODD_OFFSET: Final = re.compile(r"^(.*:\d\d(?:\.\d+)?)[+-]\d\d\.\d\d$")
"""What the short form writes behind a time is no offset."""


def read(sent: Sent) -> Reading:
    """Return the alert of an event.

    Raises:
        WrongBody: it is no such body, or says nothing of what happened.

    """
    body = read_object(sent, TOOL)
    return Reading((_whole(body) if body.inside("rule") else _short(body, sent),))


def _whole(body: Fields) -> Signal:
    rule, agent = body.inside("rule"), body.inside("agent")
    level = rule.text("level")
    given = {
        "rule_id": rule.text("id"), "rule_level": level, "groups": ",".join(rule.words("groups")), "agent": agent.text("name"),
        "agent_id": agent.text("id"), "address": agent.text("ip"), "location": body.text("location"), "manager": body.inside("manager").text("name"),
    }  # fmt: skip
    return Signal(
        fingerprint=identity(rule.text("id") or rule.must("description"), agent.text("id", "name")),
        status="firing",
        title=title(rule.text("description", longest=300), f"Rule {rule.text('id')}"),
        labels={name: text for name, text in given.items() if text},
        severity=level,
        level=level_of(LEVELS, level),
        starts_at=body.time("timestamp"),
        summary=body.text("full_log", longest=LONGEST_SUMMARY),
    )


def _short(body: Fields, sent: Sent) -> Signal:
    said = body.must("message", "title", longest=300)
    severity, text = body.text("severity"), body.text("description", longest=LONGEST_SUMMARY)
    labels = {_LINES[name.casefold()]: value.strip() for name, value in _LINE.findall(text)}
    return Signal(
        fingerprint=fingerprint({"message": said, **{n: labels[n] for n in ("rule_id", "agent_id") if n in labels}}),
        status="firing",
        title=title(said),
        labels=labels,
        severity=severity,
        level=level_of(LEVELS, severity),
        starts_at=_when(body, sent),
        summary=text,
    )


def _when(body: Fields, sent: Sent) -> datetime | None:
    """Return the time of the short form: one without a zone, whatever it has at its end (the key's option ``zone`` says it)."""
    if (at := body.time("created_at", "timestamp")) is not None:
        return at
    odd = _ODD_OFFSET.fullmatch(body.text("created_at"))
    return moment(odd.group(1), zone_of(str(sent.options.get("zone", "")))) if odd else None
