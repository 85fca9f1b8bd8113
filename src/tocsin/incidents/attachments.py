"""What a page may show of an attachment: pictures that are what they say, the beginning of texts, and a name for the rest. Pure."""

from __future__ import annotations

import json
import re
from typing import Final

from tocsin.incidents.story import File

_PICTURES: Final[tuple[tuple[str, bytes, bytes], ...]] = (
    ("image/png", b"\x89PNG\r\n\x1a\n", b""),
    ("image/jpeg", b"\xff\xd8\xff", b""),
    ("image/gif", b"GIF8", b""),
    ("image/webp", b"RIFF", b"WEBP"),
    ("image/avif", b"", b"ftypavif"),
)
"""Type, first bytes, and what stands after the first eight (for AVIF: four)."""
_TEXTS: Final = (
    "application/json",
    "application/x-ndjson",
    "application/xml",
    "application/yaml",
    "application/x-yaml",
    "application/toml",
)
_ENDINGS: Final = (
    ".log",
    ".txt",
    ".json",
    ".ndjson",
    ".jsonl",
    ".yaml",
    ".yml",
    ".toml",
    ".csv",
    ".md",
    ".xml",
    ".conf",
    ".ini",
    ".sql",
    ".out",
    ".err",
)
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_LINES: Final = 12
_LONGEST: Final = 1200
"""Characters of a preview."""


def shown(digest: str, name: str, media_type: str, size: int, head: bytes) -> File:
    """Return an attachment as a page shows it. head: its first bytes, some 2,000 of a text."""
    if picture(media_type, head):
        return File(digest, name, size, picture=True)
    preview = _text(name, media_type, head, whole=len(head) >= size)
    lines = preview.splitlines()[:_LINES]
    cut = "\n".join(lines)[:_LONGEST]
    return File(digest, name, size, preview=cut, cut=bool(cut) and (len(cut) < len(preview.rstrip()) or len(head) < size))


def media_type(said: str) -> str:
    """Return the type of a file, as its sender said it; bytes without a type where that is no type."""
    found = said.partition(";")[0].strip().casefold()
    return found if _TYPE.fullmatch(found) else "application/octet-stream"


def picture(media_type: str, head: bytes) -> bool:
    """Tell whether these are the bytes of a picture of the type that was said, which a browser shows in place."""
    for kind, begin, after in _PICTURES:
        if media_type == kind:
            place = 4 if kind == "image/avif" else 8
            return head.startswith(begin) and head[place : place + len(after)] == after
    return False


def _text(name: str, media_type: str, head: bytes, *, whole: bool) -> str:
    if not (media_type.startswith("text/") or media_type in _TEXTS or media_type.endswith("+json") or name.lower().endswith(_ENDINGS)):
        return ""
    try:
        text = head.decode("utf-8", "strict" if whole else "ignore")
    except UnicodeDecodeError:
        return ""
    if "\x00" in text:
        return ""
    if whole and ("json" in media_type or name.lower().endswith(".json")):
        try:
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            return text
    return text
