"""A notice as a mail: headers that tie a page's mails together, plain text, and a simple HTML part with one button. Pure."""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from typing import Final

from tocsin.channels.notice import Notice, cut, digest, line, long_text

_LONGEST_SUBJECT: Final = 200
_LONGEST_BODY: Final = 50_000
_POLICY: Final = SMTP.clone(max_line_length=998)  # long words are encoded, never folded into something else


def mail(notice: Notice, sender: str, to: str) -> EmailMessage:
    """Return a notice as a mail. sender: ``Name <address>`` or an address."""
    name, address = parseaddr(sender)
    domain = address.rpartition("@")[2] or "localhost"
    made = EmailMessage(policy=_POLICY)
    made["From"] = Address(display_name=line(name) or "Tocsin", addr_spec=address)
    user, _, host = to.rpartition("@")
    made["To"] = Address(username=user, domain=host)
    made["Subject"] = subject_of(notice)
    made["Message-ID"] = f"<{digest(notice.key)}@{domain}>"
    if notice.topic:
        # All mails of one page name the same first one, so that a mail program shows them together.
        made["References"] = f"<{digest('topic ' + notice.topic)}@{domain}>"
    if notice.at:
        made["Date"] = format_datetime(datetime.fromisoformat(notice.at))
    made["Auto-Submitted"] = "auto-generated"
    if notice.unsubscribe:
        made["List-Unsubscribe"] = f"<{notice.unsubscribe}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if notice.urgent:
        made["Importance"] = "high"
        made["X-Priority"] = "1"
    made.set_content(cut(long_text(notice) or notice.subject, _LONGEST_BODY) + "\n", cte="quoted-printable")
    made.add_alternative(html(notice), subtype="html", cte="quoted-printable")
    return made


def subject_of(notice: Notice) -> str:
    """Return the subject of a notice's mail."""
    return cut(line(notice.subject), _LONGEST_SUBJECT) or "Tocsin"


_INK: Final = "#16181d"
_SOFT: Final = "#4d525c"
_LINE: Final = "#dfe0e2"
_FONT: Final = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"


def html(notice: Notice) -> str:
    """Return the HTML part: no pictures, nothing loaded from anywhere, readable at 320 pixels."""
    word = notice.word
    title = notice.subject.removeprefix(f"{word}: ") if word else notice.subject
    tone = "#c4122f" if notice.urgent and notice.kind == "page" else _SOFT
    parts = []
    if word:
        parts.append(f'<p style="margin:0 0 4px;font-size:14px;font-weight:700;letter-spacing:.04em;color:{tone}">{escape(word)}</p>')
    parts.append(f'<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3;font-weight:650;color:{_INK}">{escape(title)}</h1>')
    if notice.facts:
        rows = "".join(
            f'<tr><td style="padding:4px 16px 4px 0;color:{_SOFT};vertical-align:top;white-space:nowrap">{escape(label)}</td>'
            f'<td style="padding:4px 0;color:{_INK};word-break:break-word">{escape(value)}</td></tr>'
            for label, value in notice.facts
        )
        parts.append(
            f'<table role="presentation" cellpadding="0" cellspacing="0" style="margin:0 0 16px;font-size:15px;line-height:1.4;border-collapse:collapse">{rows}</table>'
        )
    if notice.link:
        parts.append(
            f'<p style="margin:0 0 16px"><a href="{escape(notice.link)}" style="display:block;padding:14px 20px;border-radius:6px;background:{_INK};color:#ffffff;'
            f'font-size:17px;font-weight:600;text-align:center;text-decoration:none">{escape(notice.link_says or "Open and acknowledge")}</a></p>'
        )
    style = f"margin:0 0 10px;font-size:15px;line-height:1.45;color:{_INK}"
    parts += [f'<p style="{style}">{escape(paragraph)}</p>' for paragraph in notice.body.split("\n") if paragraph.strip()]
    if notice.links:
        shown = " &nbsp; ".join(f'<a href="{escape(url)}" style="color:#1a4fb8">{escape(label)}</a>' for label, url in notice.links)
        parts.append(f'<p style="margin:16px 0 0;padding-top:12px;border-top:1px solid {_LINE};font-size:15px">{shown}</p>')
    inside = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(notice.subject)}</title></head>\n"
        f'<body style="margin:0;padding:0;background:#f7f7f5"><div style="max-width:560px;margin:0 auto;padding:24px 20px;{_FONT}">\n{inside}\n</div></body></html>\n'
    )
