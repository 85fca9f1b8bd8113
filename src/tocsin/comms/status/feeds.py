"""The history as RSS and Atom: one entry per incident or window, which changes with every update. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from tocsin.comms.status.board import Board, IncidentView, MaintenanceView
from tocsin.comms.status.vocabulary import STEP_WORDS

_MOST: Final = 50
RSS: Final = "application/rss+xml; charset=utf-8"
ATOM: Final = "application/atom+xml; charset=utf-8"


class Entry(NamedTuple):
    """One entry of a feed; ``html`` is markup of ours around escaped words."""

    id: str
    title: str
    link: str
    published: datetime
    updated: datetime
    html: str


def entries(board: Board, base: str) -> list[Entry]:
    """Return the newest entries, what changed last first."""
    host = base.removesuffix("/status")
    found = [_incident(one, host) for one in (*board.open, *board.past)]
    found += [_maintenance(one, base) for one in (*board.maintenance, *board.done)]
    return sorted(found, key=lambda one: (one.updated, one.id), reverse=True)[:_MOST]


def rss(board: Board, base: str) -> str:
    """Return the feed as RSS 2.0."""
    title = escape(_plain(f"{board.page.saved.name}: status"))
    items = "".join(
        f'<item><title>{escape(_plain(one.title))}</title><link>{escape(one.link)}</link><guid isPermaLink="false">{escape(one.id)}</guid>'
        f"<pubDate>{format_datetime(one.updated.astimezone(UTC))}</pubDate><description>{escape(_plain(one.html))}</description></item>\n"
        for one in entries(board, base)
    )  # fmt: skip
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>\n'
        f"<title>{title}</title><link>{escape(base)}</link><description>{escape(_plain(board.headline))}</description><language>en</language>\n"
        f'<atom:link href={quoteattr(base + "/history.rss")} rel="self" type="application/rss+xml"/>\n'
        f"<lastBuildDate>{format_datetime(board.at.astimezone(UTC))}</lastBuildDate>\n{items}</channel></rss>\n"
    )


def atom(board: Board, base: str) -> str:
    """Return the feed as Atom (RFC 4287)."""
    found = entries(board, base)
    newest = max((one.updated for one in found), default=board.at)
    body = "".join(
        f'<entry><id>{escape(one.id)}</id><title>{escape(_plain(one.title))}</title><link rel="alternate" type="text/html" href={quoteattr(one.link)}/>'
        f'<published>{_iso(one.published)}</published><updated>{_iso(one.updated)}</updated><content type="html">{escape(_plain(one.html))}</content></entry>\n'
        for one in found
    )  # fmt: skip
    name = escape(_plain(board.page.saved.name))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<id>{escape(base)}</id><title>{name}: status</title><updated>{_iso(newest)}</updated><author><name>{name}</name></author>\n"
        f'<link rel="alternate" type="text/html" href={quoteattr(base)}/><link rel="self" type="application/atom+xml" href={quoteattr(base + "/history.atom")}/>\n'
        f"{body}</feed>\n"
    )


def _incident(one: IncidentView, host: str) -> Entry:
    parts = [
        f"<p><small>{_when(update.at)}</small><br><strong>{escape(update.status)}</strong></p>{''.join(_block(block.kind, block.lines) for block in update.blocks)}"
        for update in one.updates
    ]
    return Entry(f"urn:tocsin:incident:{one.id}", f"{one.name} ({one.status})", host + one.path, one.created, one.updated, "".join(parts))


def _maintenance(one: MaintenanceView, base: str) -> Entry:
    text = "".join(_block(block.kind, block.lines) for block in one.blocks)
    when = f"<p>{_when(one.since)} to {_when(one.until)}</p>"
    title = f"{one.name} ({STEP_WORDS[one.step].lower()})"
    updated = one.until if one.step == "completed" else one.since
    return Entry(f"urn:tocsin:maintenance:{one.id}", title, f"{base}#m-{one.id}", one.since, updated, when + text)


def _block(kind: str, lines: Sequence[str]) -> str:
    if kind == "list":
        return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
    return "<p>" + "<br>".join(escape(line) for line in lines) + "</p>"


def _when(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b %Y %H:%M} UTC"


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _plain(text: str) -> str:
    """Return a text without letters that XML does not know."""
    return "".join(
        letter
        for letter in text
        if letter in "\t\n" or (letter >= " " and letter not in "\ufffe\uffff" and not "\ud800" <= letter <= "\udfff")
    )
