"""``tocsin alert``, ``tocsin receipt`` and ``tocsin intake``: what was reported, what became of each request, and who may send."""

from __future__ import annotations

import json
from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, assignments, at_options, group, pass_session

alert = group("alert", "What monitoring has reported.")
receipt = group("receipt", "What senders have sent, and what became of it.")
intake = group("intake", "Who may send alerts, by which addresses, and what a body would become.")

_LIMIT = click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
_AFTER = click.option("--after", default="", metavar="ID", help="Go on after this one.")


_SINCE = click.option("--since", default="", metavar="TIME", help="Only those received at or after this time.")
_UNTIL = click.option("--until", default="", metavar="TIME", help="Only those received before this time.")


@alert.command("list")
@click.option("--state", default="", help="firing, resolved, unacknowledged, acknowledged or muted.")
@click.option("--service", default="", help="Only this service.")
@click.option("--source", default="", help="Only this tool's, by its word in the address.")
@click.option("--key", default="", metavar="ID", help="Only those that came by this intake key.")
@click.option("--label", multiple=True, metavar="MATCHER", help='env=prod, or env=~"prod|canary"; may be repeated.')
@click.option("--text", default="", help="Only those with this in a title or text.")
@click.option("--group", default="", metavar="ID", help="Only alerts of this group.")
@click.option("--incident", default="", help="Only alerts of this incident.")
@click.option("--how", default="", help="Only those detected so: monitoring, person, customer, heartbeat …")
@click.option("--level", default="", help="critical, high, warning, low or info.")
@_SINCE
@_UNTIL
@_AFTER
@_LIMIT
@pass_session
def list_alerts(session: Session, /, label: tuple[str, ...], **query: Any) -> None:
    """List alerts, newest first."""
    answer = session.api.get("/alerts", label=", ".join(label), **query)

    def people() -> None:
        now = session.now()
        rows = [
            (one["id"], output.state(one["state"]) + (" (quiet)" if one["muted"] else ""), one["group"], one["service"],
             output.when(one["started_at"], now), one["acknowledged_by"], one["incident"], one["title"])
            for one in answer["alerts"]
        ]  # fmt: skip
        output.table(("ID", "State", "Group", "Service", "Started", "Acknowledged by", "Incident", "Title"), rows, "No alerts.")
        _more(answer)

    session.show(answer, people)


@alert.command("show")
@click.argument("alert_id", metavar="ID")
@pass_session
def show_alert(session: Session, alert_id: str) -> None:
    """Show an alert with its labels, links and history."""
    found = session.api.get(f"/alerts/{alert_id}")

    def people() -> None:
        now = session.now()
        output.say(f"{output.strong(found['id'])}  {found['title']}")
        output.pairs(
            [
                ("State", output.state(found["state"])),
                *((name.replace("_", " ").capitalize(), output.when(found[name], now)) for name in _MOMENTS if found.get(name)),
                *(
                    (name.replace("_", " ").capitalize(), found.get(name))
                    for name in (
                        "group",
                        "service",
                        "source",
                        "key",
                        "level",
                        "urgency",
                        "muted",
                        "acknowledged_by",
                        "summary",
                        "value",
                        "threshold",
                    )
                    if found.get(name)
                ),
                ("Incidents", ", ".join(found.get("incidents", []))),
                ("Repeats", found.get("repeats") or ""),
                ("Labels", _names(found.get("labels"))),
                ("Links", _names(found.get("links"))),
            ],
        )
        if found.get("history"):
            output.heading("History")
            rows = [
                (output.when(entry["at"], now), entry["what"].replace("_", " "), entry["by"], entry["receipt"], _details(entry["details"]))
                for entry in found["history"]
            ]
            output.table(("When", "What", "By", "Receipt", "Details"), rows)

    session.show(found, people)


_MOMENTS = ("started_at", "received_at", "last_seen_at", "acknowledged_at", "ended_at", "expires_at")


def _details(values: dict[str, Any]) -> str:
    return ", ".join(str(value) if name in ("why", "text") else f"{name} {value}" for name, value in values.items() if value)


def _names(values: Any) -> str:
    if isinstance(values, dict):
        return "\n".join(f"{name}: {value}" for name, value in values.items())
    return "\n".join(map(str, values or ()))


@alert.command("ack")
@click.argument("alert_id", metavar="ID")
@click.option("--by", "person", metavar="PERSON", help="Who is on it.")
@at_options
@pass_session
def ack_alert(session: Session, alert_id: str, person: str | None, at: str | None, zone: str | None) -> None:
    """Acknowledge an alert. A second time is no error."""
    answer = session.api.post(f"/alerts/{alert_id}/acknowledge", {"person": person, "at": session.past(at, zone)})
    session.done(answer, f"{alert_id}: acknowledged by {answer.get('acknowledged_by') or person or 'you'}.")


@alert.command("raise")
@click.option("--title", required=True, help="What is wrong, in a few words.")
@click.option("--service", default="", help="The service that has the trouble.")
@click.option("--severity", default="", help="A severity word of its playbook; it decides how loudly people are called.")
@click.option("--details", default="", help="What happened, and what was expected.")
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="May be repeated.")
@click.option("--since", default=None, metavar="TIME", help="When it began; now without it.")
@click.option("--zone", default=None, help="The time zone of --since; UTC without it.")
@click.option("--how", default="person", show_default=True, help="Who noticed it: person, customer, supplier or other.")
@pass_session
def raise_alert(session: Session, /, labels: tuple[str, ...], since: str | None, zone: str | None, **given: str) -> None:
    """Report trouble that you have noticed: it is grouped, routed and paged like an alert of a tool."""
    body = {**given, "labels": dict(assignments(labels, "--label")), "since": session.past(since, zone, "--since")}
    answer = session.api.post("/alerts", body)
    (made,) = answer["alerts"]
    session.done(answer, f"{made['alert']}: {made['outcome']}, for {made['why']}. Kept as {answer['receipt']}.")


@alert.command("resolve")
@click.argument("alert_id", metavar="ID")
@click.option("--why", default="", help="Why it is over.")
@at_options
@pass_session
def resolve_alert(session: Session, alert_id: str, why: str, at: str | None, zone: str | None) -> None:
    """End an alert by hand, for a sender that never says so."""
    answer = session.api.post(f"/alerts/{alert_id}/resolve", {"why": why, "at": session.past(at, zone)})
    session.done(answer, f"{alert_id}: {'ended' if answer['changed'] else 'it had ended already'}.")


@alert.command("intake")
@pass_session
def addresses(session: Session) -> None:
    """Print the addresses to which monitoring tools send, by the first key."""
    answer = session.api.get("/intake")
    rows = [(one["source"], one["url"]) for one in answer["intake"]]
    session.show(answer, lambda: output.table(("Source", "Address"), rows))


# --- who may send -------------------------------------------------------------------------------------------------------------------------


@intake.command("add")
@click.argument("key_id", metavar="ID")
@click.option("--name", default="", help="What people call it.")
@click.option("--source", default="", help="The only tool that it is for; every tool without it.")
@click.option("--service", default="", help="The service of alerts whose sender names none.")
@click.option("--secret", default="", help="A secret that senders have already; one is made without it.")
@click.option("--strict", is_flag=True, help="Refuse what is not signed, where the tool signs.")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="What the source wants to know; a value may be JSON.")
@click.option("--about", default="", help="What it is for.")
@pass_session
def add_key(session: Session, /, key_id: str, options: tuple[str, ...], **given: Any) -> None:
    """Make a key, or change one; its secret stays as it is."""
    answer = session.api.post(f"/intake-keys/{key_id}", {**given, "options": _options(options)})
    found = session.api.get(f"/intake-keys/{key_id}")
    session.done({**answer, **found}, f"{key_id}: {'saved' if answer['changed'] else 'nothing changed'}.\n{_address(found)}")


def _options(pairs: tuple[str, ...]) -> dict[str, Any]:
    """Return options as the API takes them: a value that is JSON as what it means, any other as a text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"{pair!r} is no option. Write it like name=value.")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found


def _address(key: dict[str, Any]) -> str:
    urls: dict[str, str] = key.get("urls", {})
    if not urls:
        return "only administrators see it"
    if len(urls) == 1:
        return next(iter(urls.values()))
    return urls.get("generic", next(iter(urls.values()), "")).replace("/generic/", "/<source>/")


@intake.command("list")
@pass_session
def list_keys(session: Session) -> None:
    """List keys with their addresses."""
    answer = session.api.get("/intake-keys")
    rows = [
        (one["id"], one["name"], one["source"] or "every tool", one["service"], "disabled" if one["disabled"] else "", _address(one))
        for one in answer["intake_keys"]
    ]
    session.show(answer, lambda: output.table(("ID", "Name", "For", "Service", "", "Address"), rows, "No keys."))


@intake.command("show")
@click.argument("key_id", metavar="ID")
@pass_session
def show_key(session: Session, key_id: str) -> None:
    """Show a key with its addresses and history."""
    found = session.api.get(f"/intake-keys/{key_id}")

    def people() -> None:
        now = session.now()
        output.say(f"{output.strong(found['id'])}  {found['name']}{'  (disabled)' if found['disabled'] else ''}")
        output.pairs(
            [
                ("For", found["source"] or "every tool"), ("Service", found["service"]), ("Strict", "yes" if found["strict"] else ""),
                ("Options", _names(found["options"])), ("About", found["about"]), ("Disabled", found["why"]),
            ],
        )  # fmt: skip
        output.heading("Addresses")
        output.table(("Source", "Address"), list(found.get("urls", {}).items()), "Only administrators see them.")
        output.heading("History")
        output.table(("When", "What", "By"), [(output.when(one["at"], now), one["what"], one["by"]) for one in found["history"]])

    session.show(found, people)


@intake.command("rotate")
@click.argument("key_id", metavar="ID")
@click.option("--secret", default="", help="The new secret; one is made without it.")
@pass_session
def rotate_key(session: Session, key_id: str, secret: str) -> None:
    """Give a key another secret. The old one is no longer taken from this moment on."""
    answer = session.api.post(f"/intake-keys/{key_id}/rotate", {"secret": secret})
    found = session.api.get(f"/intake-keys/{key_id}")
    session.done({**answer, **found}, f"{key_id}: {_address(found)}")


@intake.command("disable")
@click.argument("key_id", metavar="ID")
@click.option("--why", default="", help="Why.")
@pass_session
def disable_key(session: Session, key_id: str, why: str) -> None:
    """Take nothing by a key any more."""
    answer = session.api.post(f"/intake-keys/{key_id}/disable", {"why": why})
    session.done(answer, f"{key_id}: nothing is taken by it any more.")


@intake.command("enable")
@click.argument("key_id", metavar="ID")
@pass_session
def enable_key(session: Session, key_id: str) -> None:
    """Take requests by a key again."""
    answer = session.api.post(f"/intake-keys/{key_id}/enable", {})
    session.done(answer, f"{key_id}: requests are taken by it again.")


# --- what was sent ------------------------------------------------------------------------------------------------------------------------


@receipt.command("list")
@click.option("--source", default="", help="Only this tool's.")
@click.option("--key", default="", metavar="ID", help="Only those that came by this intake key.")
@click.option(
    "--outcome", default="", help="Only those of which an alert became this (new, merged, silenced …), or that were rejected or ignored."
)
@click.option("--text", default="", help="Only those with this in the body, a title or a reason.")
@click.option("--alert", default="", metavar="ID", help="Only those that speak of this alert.")
@_SINCE
@_UNTIL
@_AFTER
@_LIMIT
@pass_session
def list_receipts(session: Session, /, **query: Any) -> None:
    """List the requests of senders, newest first."""
    answer = session.api.get("/receipts", **query)

    def people() -> None:
        now = session.now()
        rows = [
            (one["id"], output.when(one["at"], now), one["source"], one["key"], one["sender"], f"{one['size']:,}", one["status"],
             ", ".join(f"{count} {word}" for word, count in one["outcomes"].items()) or one["rejected"] or one["ignored"])
            for one in answer["receipts"]
        ]  # fmt: skip
        names = ("ID", "At", "Source", "Key", "From", "Bytes", "Status", "What became of it")
        output.table(names, rows, "Nothing has been received yet. `tocsin alert intake` prints the addresses.")
        _more(answer)

    session.show(answer, people)


@receipt.command("show")
@click.argument("receipt_id", metavar="ID")
@click.option("--body", is_flag=True, help="Also print the request's body as it came.")
@pass_session
def show_receipt(session: Session, receipt_id: str, body: bool) -> None:
    """Show a request and what became of each alert in it."""
    found = session.api.get(f"/receipts/{receipt_id}")

    def people() -> None:
        output.say(output.strong(found["id"]))
        output.pairs(
            [
                ("Received", output.when(found["at"], session.now())),
                ("Source", found["source"]),
                ("Key", found["key"]),
                ("From", found["sender"]),
                ("Size", f"{found['size']:,} bytes"),
                ("Answered", found["status"]),
                ("Signature", {True: "good", False: "not verified"}.get(found["verified"], "")),
                ("Refused", _names(found["rejected"])),
                ("Ignored", found["ignored"]),
                ("Notes", _names(found["notes"])),
            ],
        )
        output.table(
            ("Alert", "Group", "Outcome", "Title", "Why"),
            [(one["alert"], one["group"], one["outcome"], one["title"], one["why"]) for one in found["alerts"]],
            "It holds no alerts.",
        )
        if body:
            output.say()
            output.say(found["body"])

    session.show(found, people)


def _more(answer: dict[str, Any]) -> None:
    if answer.get("next"):
        output.note(f"There are more: --after {answer['next']}")
