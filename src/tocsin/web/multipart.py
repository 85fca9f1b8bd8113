"""Forms with files (``multipart/form-data``, RFC 7578), read whole into memory up to a limit; nothing in them is run or written anywhere."""

from __future__ import annotations

import hashlib
import re
from typing import Final
from urllib.parse import unquote

import msgspec

from tocsin.engine.errors import Refused

TYPE: Final = "multipart/form-data"
LARGEST: Final = 32_000_000
"""Bytes of a form with its files. Pages with a script send each file by itself."""
MOST_PARTS: Final = 200
_BOUNDARY: Final = re.compile(r'boundary=(?:"([^"]{1,70})"|([^;,\s"]{1,70}))', re.IGNORECASE)
_PARAMETER: Final = re.compile(r';\s*([a-z]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.IGNORECASE)
_LONGEST_HEAD: Final = 4000


class Upload(msgspec.Struct, frozen=True):
    """A file of a form, as the browser sent it; name and type are only what it says of them."""

    field: str
    name: str
    media_type: str
    content: bytes


def parse(content_type: str, body: bytes) -> tuple[list[tuple[str, str]], list[Upload]]:
    """Return the fields of a form in their order, and its files. A file stands among the fields as the digest of what it holds.

    Raises:
        Refused: it is not such a form.

    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise _unreadable()
    mark = b"--" + (found.group(1) or found.group(2)).encode("latin-1", "replace")
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004 (what stands before the first mark, and the end)
        raise _unreadable()
    if len(pieces) > MOST_PARTS:
        raise Refused(f"The form has more than {MOST_PARTS} parts.", fix="Send fewer files at once.")
    fields: list[tuple[str, str]] = []
    files: list[Upload] = []
    for piece in pieces[1:-1]:
        head, gap, content = piece.partition(b"\r\n\r\n")
        if not gap or len(head) > _LONGEST_HEAD:
            raise _unreadable()
        name, file_name, media_type = _head(head)
        if file_name is None:
            try:
                fields.append((name, content.decode()))
            except UnicodeDecodeError as error:
                raise _unreadable() from error
        elif file_name or content:  # a file field that was left empty comes with neither
            files.append(Upload(name, file_name, media_type, content))
            fields.append((name, hashlib.sha256(content).hexdigest()))
    return fields, files


def _head(head: bytes) -> tuple[str, str | None, str]:
    """Return the name of a part's field, the name of its file (None: it is no file) and its type."""
    name, file_name, media_type = "", None, ""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        title, _, value = line.partition(":")
        if title.strip().casefold() == "content-type":
            media_type = value.strip()
        if title.strip().casefold() != "content-disposition":
            continue
        given = {one.group(1).casefold(): one.group(2) if one.group(2) is not None else one.group(3) for one in _PARAMETER.finditer(value)}
        name = _plain(given.get("name", ""))
        if "filename" in given:
            file_name = _plain(given["filename"])
        if (long := given.get("filename*", "")).casefold().startswith("utf-8''"):
            file_name = unquote(long[7:])
    if not name:
        raise _unreadable()
    return name, file_name, media_type


def _plain(text: str) -> str:
    """Undo what browsers do to quotes and line breaks in names, and what older clients do."""
    return text.replace("%22", '"').replace("%0D", " ").replace("%0A", " ").replace('\\"', '"')


def _unreadable() -> Refused:
    return Refused("The form cannot be read.", fix="Send it from its page.")
