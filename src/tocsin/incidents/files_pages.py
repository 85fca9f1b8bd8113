"""Attachments of an incident: taken in while somebody types, and given back so that a browser runs nothing of them."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine import blobs
from tocsin.engine.errors import NotFound, Refused, TooLarge
from tocsin.incidents import attachments, timeline_queries
from tocsin.web.blobs import file_name, headers
from tocsin.web.endpoints import json_response
from tocsin.web.layout import Shell, Visit
from tocsin.web.multipart import Upload
from tocsin.web.problems import respond

_MILLION: Final = 1_000_000
_LONGEST_DIGEST: Final = 64


def routes(shell: Shell, largest: int) -> list[Route]:
    """Return the routes. largest: bytes of one attachment."""

    async def keep(visit: Visit) -> Response:
        """Keep one file, for an entry that is still being typed; answer with the digest that the entry names it by."""
        sent: list[Upload] = [one for one in getattr(visit.request.state, "files", ()) if one.field == "file"]
        try:
            if not sent or not sent[0].content:
                raise Refused("There is no file, or it is empty.", fix="Choose a file with something in it.", field="file")
            one = sent[0]
            name = file_name(one.name)
            if len(one.content) > largest:
                raise too_large(name, len(one.content), largest)
            await asyncio.to_thread(visit.runtime.state, "incident", visit.path["id"])
            kind = attachments.media_type(one.media_type)
            kept = await blobs.keep(visit.runtime, one.content, name, kind, visit.actor)
        except Refused as refusal:
            return respond(refusal)
        shown = attachments.shown(kept.digest, name, kind, len(one.content), one.content[:2400])
        return json_response({"digest": kept.digest, "name": name, "size": len(one.content), "picture": shown.picture})

    async def give(visit: Visit) -> Response:
        """Give an attachment back, where an entry of this incident names it."""
        digest, incident = visit.path["digest"][:_LONGEST_DIGEST], visit.path["id"]
        tag = f'"{digest}"'
        again = visit.request.headers.get("if-none-match", "") == tag

        def look() -> blobs.Blob:
            with visit.runtime.reading() as reader:
                if not timeline_queries.is_attached(reader, digest, incident):
                    raise NotFound(f"{incident} has no such attachment.", fix="It may have been taken out of the record.")
            return blobs.find(visit.runtime, digest, with_content=not again)

        found = await asyncio.to_thread(look)
        if again:
            return Response(status_code=304, headers=headers(found, tag))
        return Response(found.content, 200, headers(found, tag), found.media_type)

    return [
        shell.post("/incidents/{id}/attachments", keep),
        shell.get("/incidents/{id}/attachments/{digest}", give),
    ]


def too_large(name: str, size: int, largest: int) -> TooLarge:
    """Return the refusal of a file that does not fit."""
    return TooLarge(
        f"{name} has {size / _MILLION:,.1f} MB, and at most {largest / _MILLION:,.0f} MB fit.", fix="Pack it, cut it, or write a link to it.", field="file",
    )  # fmt: skip
