"""The API of incidents: commands as bodies, everything else as views."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from tocsin.engine.errors import Refused
from tocsin.engine.model import Command
from tocsin.incidents import commands as c
from tocsin.incidents import handlers, queries, timeline
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.endpoints import Asked, Endpoint, command, limit_of, moment_of, read_body
from tocsin.web.problems import bad_body

_LARGEST_FILE: Final = 10_000_000
"""Bytes of a file of incidents."""

_READINGS: Final[dict[str, timeline.Reading]] = {"happened_by": "happened_by", "known_by": "known_by"}
_AS_OF = (("at", "As of this moment (RFC 3339)"), ("reading", "happened_by (default) or known_by"))

_COMMANDS: tuple[tuple[str, type[Command], str], ...] = (
    ("update", c.Update, "Change title, impact, service, topic or cause"),
    ("severity", c.ChangeSeverity, "Change the severity"),
    ("marks", c.SetMark, "Set a circumstance"),
    ("acknowledge", c.Acknowledge, "Acknowledge"),
    ("roles", c.AssignRole, "Assign or hand over a role"),
    ("roles/offer", c.OfferRole, "Ask a person to take a role"),
    ("roles/accept", c.AcceptRole, "Take a role that was offered"),
    ("roles/decline", c.DeclineRole, "Decline or withdraw the offer of a role"),
    ("roles/vacate", c.VacateRole, "Take a role from its holder"),
    ("invitations", c.Invite, "Call people in"),
    ("invitations/remove", c.Uninvite, "Have somebody who holds no role read a private incident no more"),
    ("escalations", c.Escalate, "Call the people of an escalation rule now"),
    ("updates/again", c.SendAgain, "Send a message once more on a way on which it failed"),
    ("participants", c.Join, "Take part"),
    ("participants/leave", c.Leave, "Take part no longer, and hand over what one holds"),
    ("entries", c.LogEntry, "Log a typed entry"),
    ("entries/correct", c.CorrectEntry, "Correct an entry"),
    ("entries/pin", c.Pin, "Pin a line above the timeline"),
    ("entries/unpin", c.Unpin, "Take a pinned line down"),
    ("entries/redact", c.Redact, "Take the content of an entry or message away for good"),
    ("assessment", c.Assess, "Write the first assessment"),
    ("mitigations", c.StartMitigation, "Begin a mitigation"),
    ("mitigations/complete", c.CompleteMitigation, "Say that a mitigation is in place"),
    ("mitigations/verify", c.VerifyMitigation, "Say whether a mitigation helped"),
    ("milestones", c.SetMilestone, "Set or correct a milestone"),
    ("stage", c.MoveStage, "Move to another stage"),
    ("resolve", c.Resolve, "Resolve"),
    ("close", c.Close, "Close"),
    ("reopen", c.Reopen, "Reopen"),
    ("dismiss", c.Dismiss, "Say that it was not an incident"),
    ("relapse", c.Relapse, "Report a relapse"),
    ("checks/tick", c.Tick, "Verify a criterion"),
    ("checks/untick", c.Untick, "Take a tick back"),
    ("checks/waive", c.Waive, "Waive a criterion"),
    ("figures", c.RecordFigure, "Record a figure of the impact"),
    ("alerts", c.LinkAlert, "Link an alert"),
    ("alerts/unlink", c.UnlinkAlert, "Take out an alert that does not belong here"),
    ("links", c.AddLink, "Name a record in another system"),
    ("links/remove", c.RemoveLink, "Take out a link that is wrong"),
    ("obligations/done", c.MarkDone, "Say that an obligation was met"),
    ("obligations/waive", c.WaiveObligation, "Waive an obligation"),
    ("obligations/restore", c.RestoreObligation, "Take back that an obligation was waived or done"),
    ("merge", c.Merge, "Merge into another incident"),
    ("unmerge", c.Unmerge, "Take a merge back"),
)


def _reading(asked: Asked) -> timeline.Reading:
    said = asked.query.get("reading") or "happened_by"
    if said in _READINGS:
        return _READINGS[said]
    raise Refused(f"reading={said[:40]!r} is no way to read a record.", fix="Write happened_by or known_by.", field="reading")


def endpoints(shelf: Bookshelf, default_playbook: str) -> list[Endpoint]:
    """Return the endpoints of incidents."""

    def read(function: Callable[..., Any], **more: Any) -> Callable[[Asked], Awaitable[Any]]:
        async def handle(asked: Asked) -> Any:
            return await asyncio.to_thread(
                function, asked.runtime, shelf, asked.path["id"], at=moment_of(asked), reading=_reading(asked), **more,
            )  # fmt: skip

        return handle

    async def declare(asked: Asked) -> Any:
        return await handlers.declare(asked.runtime, shelf, default_playbook, asked.body, asked.actor, asked.key, asked.fingerprint)

    async def imported(asked: Asked) -> Any:
        raw = await read_body(asked.request, _LARGEST_FILE)
        try:
            document = msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise bad_body(error) from error
        request = hashlib.sha256(str(asked.request.url).encode() + b"\n" + raw).hexdigest()
        playbook = asked.query.get("playbook", "")
        return await handlers.import_file(asked.runtime, shelf, default_playbook, document, playbook, asked.actor, asked.key, request)

    async def listed(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            limit = limit_of(asked, queries.DEFAULT_LIMIT, queries.MOST)
            with asked.runtime.reading() as reader:
                rows = queries.list_incidents(
                    reader, asked.viewer, state=asked.query.get("state", ""), severity=asked.query.get("severity", ""),
                    service=asked.query.get("service", ""), after=asked.query.get("after", ""), limit=limit,
                )  # fmt: skip
            return {"incidents": rows, "next": rows[-1]["id"] if rows and len(rows) == limit else None}

        return await asyncio.to_thread(work)

    async def exported(asked: Asked) -> Any:
        shown = await asyncio.to_thread(queries.shown_timeline, asked.runtime, shelf, asked.path["id"], moment_of(asked))
        return timeline.export(asked.path["id"], shown)

    async def draft(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.compose, asked.runtime, shelf, asked.path["id"], asked.path["message"])

    async def post(asked: Asked) -> Any:
        return await handlers.post_update(asked.runtime, shelf, asked.path["id"], asked.body, asked.actor, asked.key, asked.fingerprint)

    async def told(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.told, asked.runtime, shelf, asked.path["id"])

    async def previewed(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.preview, asked.runtime, shelf, asked.path["id"], asked.body, asked.actor)

    async def verify(asked: Asked) -> Any:
        broken = await asyncio.to_thread(queries.check_chain, asked.runtime, "incident", asked.path["id"])
        return {"incident": asked.path["id"], "whole": not broken, "broken": broken}

    async def privacy(asked: Asked) -> Any:
        return await handlers.set_privacy(
            asked.runtime, asked.path["id"], asked.body, asked.actor, asked.viewer, asked.key, asked.fingerprint
        )

    found = [command(f"/incidents/{{id}}/{path}", "incident", body, summary) for path, body, summary in _COMMANDS]
    return [
        *found,
        Endpoint("POST", "/incidents/{id}/privacy", "Make an incident private or public: its lead, or a manager", privacy, c.SetPrivacy, tag="incident"),
        Endpoint("POST", "/incidents", "Declare an incident", declare, c.Declare, 201, tag="incident"),
        Endpoint("POST", "/incidents/import", "Take in an incident that was written down elsewhere", declare, c.Import, 201, tag="incident", needs="manager"),
        Endpoint(
            "POST", "/incidents/import/file", "Take in a file of incidents: a write-up, a log or a list of reviews", imported, None, 201,
            query=(("playbook", "The playbook to pin; the default one otherwise"),), tag="incident", raw=True, largest=_LARGEST_FILE, needs="manager",
        ),
        Endpoint(
            "GET", "/incidents", "List incidents, newest first", listed, tag="incident",
            query=(("state", "open, ended, a stage"), ("severity", "A level of the playbook"), ("service", "A service's id"), ("after", "Id of the last one seen"), ("limit", "At most 500")),
        ),
        Endpoint("GET", "/incidents/{id}", "One incident", read(queries.view), tag="incident", query=_AS_OF),
        Endpoint("GET", "/incidents/{id}/timeline", "Its timeline", read(queries.shown_timeline), tag="incident", query=_AS_OF),
        Endpoint("GET", "/incidents/{id}/timeline/export", "Its timeline for a file", exported, tag="incident"),
        Endpoint("GET", "/incidents/{id}/updates/draft/{message}", "A message as the record fills it", draft, tag="incident"),
        Endpoint("GET", "/incidents/{id}/updates", "What was told to whom: promises, whether they were kept, what became of each message", told, tag="incident"),
        Endpoint("POST", "/incidents/{id}/updates", "Post an update", post, c.PostUpdate, tag="incident"),
        Endpoint("POST", "/incidents/{id}/updates/preview", "What would be sent, to the letter", previewed, c.PostUpdate, tag="incident", needs="viewer"),
        Endpoint("GET", "/incidents/{id}/verify", "Check the record's hash chain", verify, tag="incident"),
    ]  # fmt: skip
