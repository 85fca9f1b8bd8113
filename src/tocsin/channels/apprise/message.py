"""A notice as the title and text that Apprise hands on. Pure."""

from __future__ import annotations

from typing import Final

from tocsin.channels.notice import Notice, cut, digest, long_text

_LONGEST_TITLE: Final = 200
_LONGEST_BODY: Final = 4000


def text_of(notice: Notice) -> tuple[str, str]:
    """Return title and text. The last line is a reference, the same for every try: services of Apprise take no key of a message."""
    reference = f"Ref. {digest(notice.key, 10)}"
    body = cut(long_text(notice) or notice.subject, _LONGEST_BODY)
    return cut(notice.subject, _LONGEST_TITLE), f"{body}\n\n{reference}"


def kind_of(notice: Notice) -> str:
    """Return Apprise's word for how bad it is."""
    return {"page": "failure" if notice.urgent else "warning", "status": "success"}.get(notice.kind, "info")
