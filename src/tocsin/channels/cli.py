"""``tocsin channel``: which ways there are to reach people, and whether they work."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, group, pass_session

channel = group("channel", "The ways by which people are reached.")


@channel.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that publish documents.")
@pass_session
def list_channels(session: Session, *, everything: bool) -> None:
    """List the channels: which are set up, what each can do, and who is reached by it."""
    answer = session.api.get("/channels")
    found = [one for one in answer["channels"] if everything or one["pages"]]

    def people() -> None:
        rows = [
            (
                one["id"],
                output.tone("ready", "good") if one["ready"] else output.tone("not set up", "warn"),
                ", ".join(ability for ability in ("pages", "updates", "codes", "replies", "documents") if one[ability]),
                ", ".join(one["people"]) or "nobody",
                one["says"] if one["ready"] else f"{one['says']} {one['fix']}",
            )
            for one in found
        ]
        output.table(("Channel", "State", "Can carry", "Reaches", ""), rows)

    session.show({"channels": found}, people)


@channel.command("test")
@click.argument("channel_id", metavar="CHANNEL")
@click.option("--to", required=True, metavar="ADDRESS", help="Where to: an address, a number, a topic, a URL.")
@pass_session
def try_channel(session: Session, channel_id: str, to: str) -> None:
    """Send one message by a channel now and say what the receiver answered; exit code 1 where it was not taken."""
    answer: dict[str, Any] = session.api.post(f"/channels/{channel_id}/test", {"to": to})

    def people() -> None:
        if answer["sent"]:
            receipt = f", as {answer['says']}" if answer["says"] else ""
            output.say(f"Sent by {channel_id} in {answer['seconds']:.2f} s{receipt}.")
            return
        output.say(f"Not sent: {answer['says'].rstrip('.')}.")
        output.say("It would not be tried again." if answer["permanent"] else "It would be tried again.")

    session.show(answer, people)
    if not answer["sent"]:
        click.get_current_context().exit(1)
