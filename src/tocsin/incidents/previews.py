"""A message in the form in which each channel carries it, for people to look at before it is sent. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tocsin.channels.email.message import subject_of
from tocsin.channels.notice import Notice, clean, line, long_text
from tocsin.channels.push.message import content_of as push_content
from tocsin.channels.webhook.message import content_of as webhook_content
from tocsin.comms.status.paragraphs import Block, blocks

_FORMS: Final[dict[str, str]] = {
    "email": "mail", "push": "push", "ntfy": "push", "sms": "push", "webhook": "webhook", "status_page": "page", "status_email": "mail",
    "status_webhook": "webhook",
}  # fmt: skip
"""Channel -> the form in which it carries a message; any other carries plain text."""
_NAMES: Final[dict[str, str]] = {"page": "Status page", "mail": "Mail", "push": "Push", "webhook": "Webhook", "text": "Chat"}
_ORDER: Final = tuple(_NAMES)
PUBLIC: Final = ("status_page", "status_email", "status_webhook")
"""How the public is told."""


class Form(msgspec.Struct, frozen=True):
    """A message as one kind of channel carries it."""

    id: str
    name: str
    subject: str = ""
    text: str = ""
    blocks: tuple[Block, ...] = ()
    """For the status page."""
    channels: tuple[str, ...] = ()
    """The channels that carry it so."""


def forms(
    channels: Sequence[str],
    subject: str,
    body: str,
    *,
    page: str = "",
    incident: str = "",
    link: str = "",
    headline: str = "",
    step: str = "",
) -> list[Form]:
    """Return a message in each of its forms, in the order in which people look at them.

    page: the name of the status page, which its mails bear. incident: what the message is about. link: where a subscriber's mail leads.
    headline, step: what the page calls the incident, and the shared word of its status.
    """
    wanted: dict[str, list[str]] = {}
    for channel in channels:
        wanted.setdefault(_FORMS.get(channel, "text"), []).append(channel)
    return [_form(kind, tuple(wanted[kind]), subject, body, (page, incident, link, headline, step)) for kind in _ORDER if kind in wanted]


def _form(kind: str, channels: tuple[str, ...], subject: str, body: str, about: tuple[str, ...]) -> Form:
    page, incident, link, headline, step = about
    notice = Notice(key="preview", kind="other", subject=line(subject), body=clean(body), topic=incident)
    name = _NAMES[kind]
    match kind:
        case "page":
            return Form(kind, name, line(subject), body, tuple(blocks(body)), channels)
        case "mail":
            if "status_email" in channels:
                links = (("Read it on the page", link), ("Change or end your subscription", "…"))
                notice = msgspec.structs.replace(notice, facts=(("From", f"{page}, status"),), links=tuple(one for one in links if one[1]))
            return Form(kind, name, subject_of(notice), long_text(notice), (), channels)
        case "push":
            shown: dict[str, Any] = json.loads(push_content(notice))
            return Form(kind, name, str(shown["title"]), str(shown["body"]), (), channels)
        case "webhook":
            if "status_webhook" in channels:
                content: dict[str, Any] = {
                    "version": 1, "kind": "status.update", "page": {"name": page}, "incident": {"name": headline, "status": step}, "subject": line(subject),
                    "body": clean(body),
                }  # fmt: skip
            else:
                content = webhook_content(notice)
            return Form(kind, name, "", json.dumps(content, ensure_ascii=False, indent=2), (), channels)
        case _:
            return Form(kind, name, line(subject), clean(body), (), channels)
