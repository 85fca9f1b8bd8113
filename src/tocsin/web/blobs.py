"""Attachments over HTTP: sent as raw bytes, kept by their digest, given back so that a browser runs nothing of them."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from tocsin.engine import blobs
from tocsin.engine.errors import Refused
from tocsin.web.endpoints import Asked, Endpoint, read_body

LARGEST_BLOB: Final = 10_000_000
"""Bytes of an attachment, where the installation sets nothing else."""

_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_ANY: Final = "application/octet-stream"
_SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
"""Pictures that a browser may show in place. SVG is not among them: it can carry scripts."""
_LONGEST_NAME: Final = 200
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
"""Also what turns the order of reading round: by it a program looks like a text."""


def endpoints(largest: int = LARGEST_BLOB) -> list[Endpoint]:
    """Return the endpoints of attachments. largest: bytes of one."""

    async def keep(asked: Asked) -> Any:
        content = await read_body(asked.request, largest)
        if not content:
            raise Refused("The body is empty.", fix="Send the file's bytes as the body.")
        media_type = asked.request.headers.get("content-type", "").partition(";")[0].strip().casefold()
        if not _MEDIA_TYPE.fullmatch(media_type):
            media_type = _ANY
        name = file_name(asked.query.get("name", ""))
        kept = await blobs.keep(asked.runtime, content, name, media_type, asked.actor)
        return {"digest": kept.digest, "name": kept.name, "media_type": kept.media_type, "size": kept.size, "at": kept.at}

    async def give(asked: Asked) -> Any:
        digest = asked.path["digest"]
        tag = f'"{digest}"'
        if asked.request.headers.get("if-none-match", "") == tag:
            found = await asyncio.to_thread(blobs.find, asked.runtime, digest, with_content=False)
            return Response(status_code=304, headers=headers(found, tag))
        found = await asyncio.to_thread(blobs.find, asked.runtime, digest)
        return Response(found.content, 200, headers(found, tag), found.media_type)

    return [
        Endpoint(
            "POST", "/blobs", "Keep an attachment: the body is the file", keep, status=201, tag="blob", raw=True, largest=largest,
            query=(("name", "The file's name"),),
        ),
        Endpoint("GET", "/blobs/{digest}", "An attachment's bytes", give, tag="blob", media=("*/*",)),
    ]  # fmt: skip


def file_name(name: str) -> str:
    """Return the last part of a name without what no file name should have."""
    last = _CONTROL.sub(" ", name).replace("\\", "/").rpartition("/")[2].strip(". ")
    return last[:_LONGEST_NAME] or "attachment"


def headers(blob: blobs.Blob, tag: str) -> dict[str, str]:
    """Return what keeps a browser from running an attachment: pictures are shown in place, everything else is saved."""
    how = "inline" if blob.media_type in _SHOWN else "attachment"
    return {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(blob.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": tag,
    }
