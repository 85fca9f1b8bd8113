"""``tocsin search``: find what people wrote, wherever they wrote it."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Command, Session, pass_session

_SHOWN = {"entry": "", "update": "update ", "postmortem": "postmortem: ", "action": "action item, ", "incident": ""}


@click.command("search", cls=Command)
@click.argument("words", nargs=-1, required=True)
@click.option("--kind", default="", help="incident, entry, update, postmortem, action, runbook, service, person or team.")
@click.option("--service", default="", metavar="ID", help="Only incidents of this service.")
@click.option("--incident", default="", metavar="ID", help="Only within this incident.")
@click.option("--from", "since", default="", metavar="DATE", help="What happened on this day or later.")
@click.option("--to", "until", default="", metavar="DATE", help="What happened on this day or before.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 50), help="Incidents and other things, at most.")
@pass_session
def search(session: Session, /, words: tuple[str, ...], since: str, until: str, limit: int, **filters: str) -> None:
    """Search incidents, timelines, updates, postmortems, action items, runbooks, services and people for WORDS.

    All words must be there; "a phrase" in quotes stands together, and a word after a hyphen must be absent (put -- before the first word then).
    """
    typed = " ".join(f'"{word}"' if " " in word else word for word in words)
    # On a command line the last word is finished.
    answer = session.api.get("/search", q=typed + " ", limit=limit, **{**filters, "from": since, "to": until})

    def people() -> None:
        now = session.now()
        for group in answer["groups"]:
            head = group["incident"]
            if head:
                output.say(f"{output.strong(head['id'])}  {head['severity']}  {head['title']}")
            for one in group["results"]:
                _say(one, now, indent="  " if head else "")
            if group["more"]:
                output.say(output.faint(f"  {group['more']} more here: --incident {head['id']}" if head else f"  {group['more']} more"))
        if not answer["groups"]:
            output.say("Nothing has all these words. Take one out, or write its beginning only.")
        elif answer["more"]:
            output.note("There is more than was counted: add a word, or a filter.")

    session.show(answer, people)


def _say(one: dict[str, Any], now: Any, indent: str) -> None:
    when = output.when(one["at"], now) + "  " if one["at"] else ""
    what = f"{_SHOWN.get(one['kind'], one['kind'] + ' ')}{one['label']}".strip(" ,:")
    marked = "".join(output.strong(piece["text"]) if piece["hit"] else piece["text"] for piece in one["marked"])
    title = f"{one['title']}: " if one["title"] and one["kind"] != "incident" and one["title"] != one["text"] else ""
    output.say(
        f"{indent}{output.faint(when)}{what + '  ' if what else ''}{title if marked != one['title'] else ''}{' '.join(marked.split())}"
    )
