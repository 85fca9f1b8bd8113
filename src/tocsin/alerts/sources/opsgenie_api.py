"""Requests of Opsgenie's Alert API, from senders that were made for it. Pure.

Documentation: https://docs.opsgenie.com/docs/alert-api. Creating takes an object with ``message``, ``alias``, ``description``,
``responders``, ``tags``, ``details``, ``entity``, ``source``, ``priority``, ``user`` and ``note``; every other request is about an alert that
the query names (``identifier``), and its body may have ``user``, ``source`` and ``note``. What is asked for is the query's ``action``
(``create``, ``acknowledge``, ``close``, ``note``), which the drop-in address takes from the path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Note, Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, MOST_LABELS, Fields, identity, label, level_of, links, read_object, short, title

NAME: Final = "opsgenie-api"
TOOL: Final = "Opsgenie Alert API"

STATUSES: Final[Mapping[str, Status]] = {
    "create": "firing", "acknowledge": "acknowledged", "close": "resolved", "delete": "resolved",
}  # fmt: skip
LEVELS: Final[Mapping[str, Level]] = {"p1": "critical", "p2": "high", "p3": "warning", "p4": "low", "p5": "info"}
PRIORITY: Final = "P3"
"""Of an alert that was created without one (the vendor's own default)."""

ALIAS: Final = "alias"
"""The option by which whoever takes the request in gives an alias to an alert that has none."""
NOT_TAKEN_BACK: Final = "An acknowledgement is not taken back here; escalate the alert, and people are called again."
_NOTE: Final = "note"
_UNACKNOWLEDGE: Final = "unacknowledge"


def read(sent: Sent) -> Reading:
    """Return what a request says of an alert.

    Raises:
        WrongBody: it is no such request, or it is about an alert that it does not name.

    """
    return reading_of(read_object(sent, TOOL) if sent.body.strip() else Fields({}, "", TOOL), sent)


def reading_of(body: Fields, sent: Sent) -> Reading:
    """Return what a request says whose body was looked into already; see ``read``."""
    identifier = sent.query.get("identifier", "")
    action = sent.query.get("action", "") or ("" if identifier else "create")
    if action == "create":
        if wrong := problems(body):
            field, what = wrong[0]
            raise WrongBody(f"{field} {what}.", fix=f"Send an alert as the {TOOL} takes it.", field=field)
        return Reading((_created(body, sent),), event=action)
    if not identifier:
        raise WrongBody("identifier is missing.", fix="Name the alert: its id, tiny id or alias.", field="identifier")
    by, note = body.text("user"), body.text("note", longest=LONGEST_SUMMARY)
    if action == _NOTE:
        if not note:
            raise WrongBody("note is missing.", fix="Send the text of the note.", field="note")
        return Reading(notes=(Note(identity(identifier), note, by, sent.now),), event=action)
    if action == _UNACKNOWLEDGE:
        return Reading(ignored=NOT_TAKEN_BACK, event=action)
    if action not in STATUSES:
        known = ", ".join([*STATUSES, _NOTE])
        raise WrongBody(f"action is {action!r}: it does not say what to do with the alert.", fix=f"Add one of: {known}.", field="action")
    signal = Signal(
        fingerprint=identity(identifier), status=STATUSES[action], title=short(identifier, 300), by=by or body.text("source"), note=note,
    )  # fmt: skip
    return Reading((signal,), event=action)


def problems(body: Fields) -> list[tuple[str, str]]:
    """Return what is wrong with an alert that is to be created, each as the field and the vendor's words about it."""
    found = [] if body.text("message") else [("message", "must not be empty")]
    priority = body.raw("priority")
    if priority is not None and (not isinstance(priority, str) or priority.casefold() not in LEVELS):
        found.append(("priority", "should be one of [ P1, P2, P3, P4, P5 ]"))
    for name, kind, says in (
        ("details", Mapping, "must be an object"),
        ("tags", list, "must be a list"),
        ("responders", list, "must be a list"),
    ):
        if body.raw(name) is not None and not isinstance(body.raw(name), kind):
            found.append((name, says))
    return found


def _created(body: Fields, sent: Sent) -> Signal:
    alias = body.text("alias", longest=512) or str(sent.options.get(ALIAS, "")) or _made(sent)
    priority = body.text("priority").upper() or PRIORITY
    details = body.inside("details")
    responders = [who for one in body.each("responders")[:MOST_LABELS] if (who := _responder(one))]
    teams = [one.text("name", "id") for one in body.each("responders") if one.text("type") == "team"]
    given = {
        "entity": body.text("entity"), "source": body.text("source"), "tags": label(",".join(body.words("tags"))),
        "team": teams[0] if teams else "",
    }  # fmt: skip
    said = {"responders": label(", ".join(responders)), "actions": label(", ".join(body.words("actions"))), "user": body.text("user")}
    return Signal(
        fingerprint=identity(alias),
        status="firing",
        title=title(body.text("message", longest=300)),
        labels={**{name: text for name, text in given.items() if text}, **body.texts("details")},
        annotations={name: text for name, text in said.items() if text},
        links=links(
            runbook=details.link("runbook_url", "runbook"), dashboard=details.link("dashboard_url", "dashboard"), source=body.link("source"),
        ),
        value=details.text("value"),
        threshold=details.text("threshold"),
        severity=priority,
        level=level_of(LEVELS, priority),
        service=details.text("service") or body.text("entity"),
        note=body.text("note", longest=LONGEST_SUMMARY),
        summary=body.text("description", longest=LONGEST_SUMMARY),
    )  # fmt: skip


def _made(sent: Sent) -> str:
    """Return an alias for an alert without one, where whoever took it in made none: no other moment and body gives the same."""
    return hashlib.sha256(sent.now.isoformat().encode() + sent.body).hexdigest()[:32]


def _responder(one: Fields) -> str:
    kind, who = one.text("type"), one.text("name", "username", "id")
    return f"{kind} {who}" if kind and who else who
