"""``tocsin update``: tell the audiences of the playbook how it stands, by its messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, assignments, group, listed, on_incident, pass_session

update = group("update", "Tell people how it stands.")


@update.command("draft")
@on_incident()
@click.option("--message", required=True, metavar="NAME", help="A message of the playbook.")
@pass_session
def draft(session: Session, incident: str, message: str) -> None:
    """Show a message with what the record fills in already."""
    found = session.api.get(f"/incidents/{incident}/updates/draft/{message}")

    def people() -> None:
        output.say(f"{output.strong(found['name'])}, to {', '.join(found['audiences'])}")
        output.table(("Field", "Label", "", "Value"), [_field(field) for field in found["fields"]], "It has no fields.")
        if found["statuses"]:
            output.say(f"Status: one of {', '.join(found['statuses'])} (--status)")
        if found["next_update"] != "none":
            usual = f", usually in {found['next_update_default']}" if found["next_update_default"] else ""
            output.say(f"Next update: {found['next_update']}{usual} (--next-in, --next-at or --when-resolved)")
        if found["eta"] != "none":
            output.say(f"ETA: {found['eta']} (--eta, a time or unknown)")

    session.show(found, people)


def _field(field: dict[str, Any]) -> tuple[str, ...]:
    value = field["value"]
    shown = "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    choices = f" ({', '.join(field['choices'])})" if field["choices"] else ""
    wanted = output.tone("missing", "warn") if field["required"] and not shown else "required" if field["required"] else " "
    return field["id"], field["label"] + choices, wanted, shown


def _composing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a message that is being written."""
    for option in reversed(
        (
            click.option("--message", required=True, metavar="NAME", help="A message of the playbook."),
            click.option("--field", "fields", multiple=True, metavar="NAME=TEXT", help="A field; repeat it for each line of a list."),
            click.option("--status", default="", help="What the audience is told the status is."),
            click.option("--next-in", default="", metavar="30m", help="Promise the next update in this time …"),
            click.option("--next-at", metavar="TIME", help="… or at this time (15:20: the next such time) …"),
            click.option("--when-resolved", is_flag=True, help="… or when it is resolved."),
            click.option("--eta", default="", help="When it is expected to be over; a time, or unknown."),
            click.option(
                "--audience", "audiences", multiple=True, metavar="NAME", help="Tell these instead of the message's own audiences."
            ),
            click.option("--headline", default="", help="What the status page calls the incident from now on."),
            click.option(
                "--component",
                "components",
                multiple=True,
                metavar="SERVICE=STATE",
                help="What the status page says of a system; may be repeated.",
            ),
            click.option("--corrects", type=int, default=0, metavar="FACT", help="The update that was wrong and that this one sets right."),
            click.option("--by", default="", metavar="PERSON", help="Who tells."),
            click.option("--at", metavar="TIME", help="When it was told, if not now."),
            click.option("--zone", metavar="NAME", help="Time zone of clock times (default UTC)."),
        )
    ):
        command = option(command)
    return command


@update.command("post")
@on_incident()
@_composing
@pass_session
def post(session: Session, /, incident: str, **given: Any) -> None:
    """Post a message of the playbook to its audiences."""
    answer = session.api.post(f"/incidents/{incident}/updates", _body(session, incident, **given))

    def people() -> None:
        number = f" #{answer['number']}" if answer["number"] else ""
        output.say(f"{incident}: {answer['message']}{number} posted to {', '.join(answer['audiences']) or 'nobody'}.")
        if answer["next_at"]:
            output.say(f"Next update promised for {output.when(answer['next_at'], session.now())}.")

    session.show(answer, people)


@update.command("preview")
@on_incident()
@_composing
@pass_session
def preview(session: Session, /, incident: str, **given: Any) -> None:
    """Show what would be sent, to the letter, with advice on its wording. Nothing is posted."""
    answer = session.api.post(f"/incidents/{incident}/updates/preview", _body(session, incident, **given))

    def people() -> None:
        for one in answer["messages"]:
            output.say(output.strong(f"To {one['to']} by {', '.join(one['channels'])}: {one['subject']}"))
            output.say(one["body"])
            for advice in one["advice"]:
                quote = f" “{advice['quote']}”" if advice.get("quote") else ""
                output.say(output.tone(f"  {advice['rule']}{quote}: {advice['says']}", "warn"))
            output.say("")

    session.show(answer, people)


def _body(
    session: Session, incident: str, *, message: str, fields: tuple[str, ...], audiences: tuple[str, ...], next_at: str | None, at: str | None,
    zone: str | None, components: tuple[str, ...], **given: Any,
) -> dict[str, Any]:  # fmt: skip
    return {
        **given, "components": dict(assignments(components, "--component")), "message": message, "fields": _fields(session, incident, message, fields), "audiences": listed(audiences),
        "next_at": session.coming(next_at, zone), "at": session.past(at, zone),
    }  # fmt: skip


def _fields(session: Session, incident: str, message: str, given: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields, those of kind list as lists. What the message does not have is left to the server to refuse."""
    pairs = assignments(given, "--field")
    if not pairs:
        return {}
    kinds = {field["id"]: field["kind"] for field in session.api.get(f"/incidents/{incident}/updates/draft/{message}")["fields"]}
    found: dict[str, Any] = {}
    for name, value in pairs:
        if kinds.get(name) == "list":
            found.setdefault(name, []).append(value)
        elif name in found:
            raise click.BadParameter(f"{name} was given twice and is no list", param_hint="--field")
        else:
            found[name] = value
    return found


@update.command("list")
@on_incident()
@pass_session
def list_(session: Session, incident: str) -> None:
    """List what has been told, to whom, what was promised and kept, and what became of each message."""
    found = session.api.get(f"/incidents/{incident}/updates")

    def people() -> None:
        now = session.now()
        rows = []
        for one in found["updates"]:
            promise = " or ".join(
                [
                    *([output.when(one["next_at"], now)] if one.get("next_at") else []),
                    *(["when resolved"] if one.get("when_resolved") else []),
                ]
            )
            kept = f" ({one['promise']})" if promise and one.get("promise") else ""
            names = ", ".join(audience["name"] for audience in one["audiences"])
            rows.append(
                (output.when(one["at"], now), str(one["fact"]), one["name"], one.get("number") or " ", names, promise + kept, _ways(one))
            )
        output.table(("Told", "Fact", "Message", "#", "To", "Next promised", "Sent"), rows, "Nobody has been told anything yet.")
        for one in found["audiences"]:
            for flag in one["flags"]:
                output.say(output.tone(f"{one['name']}: {flag}", "warn"))

    session.show(found, people)


def _ways(one: dict[str, Any]) -> str:
    ways = [f"{way['channel']} {way['state']}" for way in one["deliveries"] if way["state"] != "sent"]
    sent = sum(way["state"] == "sent" for way in one["deliveries"]) + one["subscribers"].get("sent", 0)
    return ", ".join(
        [
            *([str(sent)] if sent else []),
            *ways,
            *([f"{one['subscribers']['failed']} subscribers failed"] if one["subscribers"].get("failed") else []),
        ]
    )


@update.command("again")
@on_incident()
@click.option("--fact", type=int, required=True, metavar="FACT", help="The update, as `tocsin update list` numbers it.")
@click.option("--audience", required=True, metavar="NAME", help="Who did not get it.")
@click.option("--channel", required=True, metavar="NAME", help="The way on which it failed.")
@pass_session
def again(session: Session, incident: str, fact: int, audience: str, channel: str) -> None:
    """Send a message once more on a way on which it failed."""
    answer = session.api.post(f"/incidents/{incident}/updates/again", {"fact": fact, "audience": audience, "channel": channel})
    session.done(answer, f"{incident}: sent again to {audience} by {channel}.")
