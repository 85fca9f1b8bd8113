"""The API of postmortems."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from starlette.responses import Response

from tocsin.engine.errors import Refused
from tocsin.engine.model import Command
from tocsin.postmortems import commands as c
from tocsin.postmortems import handlers, render
from tocsin.postmortems import publish as publish_files
from tocsin.postmortems.kind import PlaybookOf
from tocsin.web.endpoints import Asked, Endpoint, command, limit_of

_COMMANDS: Final[tuple[tuple[str, type[Command], str], ...]] = (
    ("sections", c.EditSection, "Write a section of the postmortem"),
    ("review", c.StartReview, "Hand the draft to others to read"),
    ("met", c.HoldMeeting, "Say that the review meeting was held"),
    ("approve", c.Approve, "Sign the postmortem"),
    ("whys", c.AddWhy, "Put an answer into the tree of whys"),
    ("whys/change", c.ChangeWhy, "Change an answer of the tree of whys"),
    ("whys/move", c.MoveWhy, "Move an answer with all below it"),
    ("whys/remove", c.RemoveWhy, "Take an answer out, with all below it"),
    ("whys/restore", c.RestoreWhy, "Put an answer back that was taken out"),
    ("comments", c.AddComment, "Remark on a section"),
    ("comments/settle", c.SettleComment, "Say that a remark is settled, or that it is not after all"),
)
_LISTED: Final = (
    ("state", "missing, overdue, draft, review or published"), ("service", "Of incidents of a service"),
    ("owner", "With this author, or led by this person where nobody wrote yet"), ("q", "With these words in the incident's title or id"),
    ("limit", "How many, 50 without it"),
)  # fmt: skip
_FORMATS: Final = ("md", "html", "json")


def endpoints(playbook_of: PlaybookOf) -> list[Endpoint]:
    """Return the endpoints of postmortems."""

    async def begin(asked: Asked) -> Any:
        return await handlers.begin(asked.runtime, playbook_of, asked.path["id"], asked.body, asked.actor, asked.key, asked.fingerprint)

    async def view(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.view, asked.runtime, playbook_of, asked.path["id"])

    async def document(asked: Asked) -> Any:
        wanted = asked.query.get("format", "md")
        if wanted not in _FORMATS:
            raise Refused(f"There is no format {wanted!r}.", fix=f"Ask for one of {', '.join(_FORMATS)}.", field="format")
        sanitised = asked.query.get("sanitised", "").casefold() in ("1", "true", "yes")
        return await asyncio.to_thread(_document, asked, playbook_of, wanted, sanitised)

    async def claims(asked: Asked) -> Any:
        found = await asyncio.to_thread(handlers.claims_of, asked.runtime, playbook_of, asked.path["id"])
        return {"incident": asked.path["id"], "clean": not found, "claims": found}

    async def publish(asked: Asked) -> Any:
        return await handlers.publish(asked.runtime, playbook_of, asked.path["id"], asked.body, asked.actor, asked.key, asked.fingerprint)

    async def withdraw(asked: Asked) -> Any:
        return await handlers.withdraw(asked.runtime, asked.path["id"], asked.body, asked.viewer, asked.actor, asked.key, asked.fingerprint)

    async def replace(asked: Asked) -> Any:
        return await handlers.replace(asked.runtime, asked.path["id"], asked.body, asked.actor, asked.key, asked.fingerprint)

    async def listed(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.listed, asked.runtime, asked.viewer, asked.query, limit_of(asked, 50, 500))

    async def follow_ups(asked: Asked) -> Any:
        return await asyncio.to_thread(handlers.follow_ups, asked.runtime, asked.viewer, limit_of(asked, 50, 500))

    async def evidence(asked: Asked) -> Any:
        found = await asyncio.to_thread(handlers.evidence, asked.runtime, playbook_of, asked.path["id"])
        content = await asyncio.to_thread(publish_files.archive, found)
        name = f'attachment; filename="{asked.path["id"]}-evidence.zip"'
        return Response(content, media_type="application/zip", headers={"Content-Disposition": name})

    path = "/incidents/{id}/postmortem"
    return [
        Endpoint("POST", path, "Draft the postmortem from the record", begin, c.Draft, tag="postmortem"),
        Endpoint("GET", path, "The postmortem: where it stands, its sections, who signed, where it went", view, tag="postmortem"),
        Endpoint(
            "GET", f"{path}/document", "The postmortem as a document", document, tag="postmortem",
            query=(("format", "md (default), html or json"), ("sanitised", "true: the variant for readers outside")),
            media=("text/markdown", "text/html", "application/json"),
        ),
        Endpoint("POST", f"{path}/withdraw", "Take a signature back", withdraw, c.WithdrawApproval, tag="postmortem"),
        Endpoint("POST", f"{path}/claims/replace", "Put a figure right that the claims check found", replace, c.ReplaceFigure, tag="postmortem"),
        Endpoint("GET", "/postmortems", "Postmortems: wanted, overdue, in work and published", listed, tag="postmortem", query=_LISTED),
        Endpoint(
            "GET", "/postmortems/follow-ups", "Reviews of action items that are owed, the longest due first", follow_ups, tag="postmortem",
            query=(("limit", "How many, 50 without it"),),
        ),
        *(command(f"{path}/{verb}", "postmortem", body, summary) for verb, body, summary in _COMMANDS),
        Endpoint("POST", f"{path}/publish", "Publish the postmortem to targets of the playbook", publish, c.Publish, tag="postmortem"),
        Endpoint("GET", "/incidents/{id}/evidence", "Everything about an incident as a zip of files", evidence, tag="postmortem", media=("application/zip",)),
        Endpoint("GET", f"{path}/claims", "What its texts say that the record does not", claims, tag="postmortem"),
    ]  # fmt: skip


def _document(asked: Asked, playbook_of: PlaybookOf, wanted: str, sanitised: bool) -> Any:
    material = handlers.material_of(asked.runtime, playbook_of, asked.path["id"])
    document, findings = handlers.document_of(material, sanitised=sanitised)
    if wanted == "md":
        return Response(
            document.markdown(), media_type="text/markdown; charset=utf-8", headers={"X-Redaction-Findings": str(len(findings))}
        )
    if wanted == "html":
        policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "X-Content-Type-Options": "nosniff"}
        return Response(render.html(document), media_type="text/html; charset=utf-8", headers=policy)
    shown = msgspec.structs.asdict(document)
    return {**shown, "markdown": document.markdown(), "to_write": document.to_write(), "findings": findings}
