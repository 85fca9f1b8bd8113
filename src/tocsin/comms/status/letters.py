"""What subscribers are sent: a confirmation, an update, a notice that we stopped. Pure; addresses are made when a message leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin.channels.notice import Notice, clean, digest, line
from tocsin.comms.status import subscriber as s
from tocsin.comms.status.mailing import UPDATE
from tocsin.engine.ports import Message

KINDS: Final = (UPDATE, *s.OWN)


def own(kind: str, page: str) -> tuple[str, str]:
    """Return subject and text of a message of ours. page: the status page's name."""
    match kind:
        case s.CONFIRM:
            said = (
                f"Somebody, probably you, asked to get the status updates of {page} at this address.\n"
                "Open the page below and press its button. If it was not you, do nothing: you will hear no more."
            )
            return f"Confirm that you want updates from {page}", said
        case s.KNOWN:
            said = (
                f"Somebody, probably you, asked to get the status updates of {page} at this address, which gets them already.\n"
                "The page below shows what you chose, and lets you change or end it."
            )
            return f"You get updates from {page} already", said
        case s.STOPPED:
            said = f"{s.MOST_FAILURES} messages in a row could not be delivered to it, so nothing more is sent there. Mend it, then start it again on the page below."
            return f"Your webhook of {page} is stopped", said
        case _:
            return f"{page}: proof of your address", ""


def letter(message: Message, page: str, manage: str, read: str) -> Notice:
    """Return a mail. manage: the subscriber's own page. read: the page of the incident, or the status page."""
    body = clean(message.body)
    match message.kind:
        case s.CONFIRM:
            return _notice(message, body, manage, "Confirm")
        case s.KNOWN:
            return _notice(message, body, manage, "Your subscription")
        case s.STOPPED:
            return _notice(message, body, manage, "Start it again")
        case _:
            links = (("Read it on the page", read), ("Change or end your subscription", manage))
            return Notice(
                key=message.key, kind="status", subject=line(message.subject), body=body, topic=str(message.values.get("incident", "")), at=message.at,
                links=tuple((label, url) for label, url in links if url), stream=message.stream, unsubscribe=manage,
                facts=(("From", f"{page}, status"),),
            )  # fmt: skip


def _notice(message: Message, body: str, link: str, says: str) -> Notice:
    return Notice(
        key=message.key, kind="other", subject=line(message.subject), body=body, topic=message.key, at=message.at, link=link, link_says=says,
        stream=message.stream,
    )  # fmt: skip


def key_of(message: Message) -> str:
    """Return the key by which a receiver knows a repeat; it says nothing of what the house calls things."""
    return digest(message.key, 40)


def posted(message: Message, page: Mapping[str, Any], incident: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is posted to a webhook: page and incident in the shapes of the page's JSON."""
    return {
        "version": 1, "kind": message.kind, "key": key_of(message), "at": message.at, "page": dict(page), "incident": dict(incident) if incident else None,
        "subject": line(message.subject), "body": clean(message.body),
    }  # fmt: skip
