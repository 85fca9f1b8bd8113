"""``tocsin silence``, ``tocsin maintenance`` and ``tocsin inhibition``: what keeps alerts from calling people."""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePath
from typing import Any, Final

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, group, listed, pass_session, read_file
from tocsin.playbooks.durations import Duration

silence = group("silence", "Alerts that nobody wants to hear of for a while.")
maintenance = group("maintenance", "Work that was announced, during which nobody is called.")
inhibition = group("inhibition", "Alerts that keep others quiet while they fire.")

_ZONE: Final = click.option("--zone", metavar="NAME", help="Time zone of clock times, such as Europe/Berlin (default UTC).")
_LIMIT: Final = click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))


def _span(text: str) -> timedelta:
    try:
        return timedelta(seconds=Duration.parse(text).total_seconds())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--for") from error


def _end(session: Session, lasts: str, until: str, zone: str | None, begins: str | None = None) -> str:
    """Return when it ends: at a time, or so long after it begins."""
    if bool(lasts) == bool(until):
        raise click.UsageError("Say how long it lasts: --for 2h, or --until TIME.")
    if until:
        return session.coming(until, zone, "--until") or ""
    begin = output.moment(begins) or session.now()
    return (begin + _span(lasts)).isoformat()


# --- silences -----------------------------------------------------------------------------------------------------------------------------


def _silence_body(
    session: Session, matchers: tuple[str, ...], service: str, group_id: str, lasts: str, until: str, since: str, zone: str | None, why: str,
) -> dict[str, Any]:  # fmt: skip
    begins = session.coming(since, zone, "--from") if since else None
    return {
        "match": list(matchers), "service": service, "group": group_id, "since": begins, "until": _end(session, lasts, until, zone, begins), "why": why,
    }  # fmt: skip


@silence.command("add")
@click.argument("matchers", metavar="[MATCHER]...", nargs=-1)
@click.option("--service", default="", metavar="NAME", help="Only alerts of this service.")
@click.option("--group", "group_id", default="", metavar="ID", help="Only alerts of this group.")
@click.option("--for", "lasts", default="", metavar="DURATION", help="How long it lasts, such as 2h.")
@click.option("--until", default="", metavar="TIME", help="When it ends: 18:00 or 2026-01-31T18:00Z.")
@click.option("--from", "since", default="", metavar="TIME", help="When it begins (default now).")
@click.option("--why", required=True, help="Why nobody needs to hear of these.")
@click.option("--dry-run", is_flag=True, help="Only show what it would mute now.")
@_ZONE
@pass_session
def add(session: Session, /, dry_run: bool, **given: Any) -> None:
    """Silence alerts: `tocsin silence add 'alertname="DiskFull"' 'env=~"test|dev"' --for 2h --why …`."""
    body = _silence_body(session, **given)
    preview = session.api.post("/silences/preview", body)
    if dry_run:
        session.show(preview, lambda: _previewed(preview))
        return
    answer = session.api.post("/silences", body)
    count = len(preview["alerts"])
    mutes = f"{count}{' or more' if preview['more'] else ''} alert{'' if count == 1 else 's'}"
    session.done(
        answer,
        f"{answer['silence']}: silent until {output.when(body['until'], session.now())}. It mutes {mutes} that fire{'s' if count == 1 else ''} now.",
    )


def _previewed(preview: dict[str, Any]) -> None:
    rows = [(one["id"], one["service"], one["group"], one["title"]) for one in preview["alerts"]]
    output.table(("ID", "Service", "Group", "Title"), rows, "It would mute no alert that fires now.")
    if preview["more"]:
        output.note("There are more.")


@silence.command("list")
@click.option("--state", default="", help="active, pending, expired or all; without it those that are not over.")
@click.option("--service", default="", metavar="ID", help="Only those of this service.")
@click.option("--after", default="", metavar="ID", help="Go on after this one.")
@_LIMIT
@pass_session
def list_silences(session: Session, /, **query: Any) -> None:
    """List silences, newest first."""
    answer = session.api.get("/silences", **query)

    def people() -> None:
        now = session.now()
        rows = [(one["id"], one["state"], output.when(one["until"], now), one["by"], _about(one), one["why"]) for one in answer["silences"]]
        output.table(("ID", "State", "Until", "By", "What", "Why"), rows, "No silences.")

    session.show(answer, people)


def _about(one: dict[str, Any]) -> str:
    parts = [f"service {one['service']}" if one.get("service") else "", f"group {one['group']}" if one.get("group") else ""]
    parts.append(one["match"] if one["match"] != "{}" else "")
    return " ".join(part for part in parts if part)


@silence.command("show")
@click.argument("silence_id", metavar="ID")
@pass_session
def show_silence(session: Session, silence_id: str) -> None:
    """Show a silence with its history."""
    found = session.api.get(f"/silences/{silence_id}")

    def people() -> None:
        now = session.now()
        output.say(f"{output.strong(found['id'])}  {found['why']}")
        output.pairs(
            [
                ("State", found["state"]),
                ("What", _about(found)),
                ("From", output.when(found["since"], now)),
                ("Until", output.when(found["until"], now)),
                ("By", found["by"]),
            ]
        )
        _history(found, now)

    session.show(found, people)


def _history(found: dict[str, Any], now: Any) -> None:
    output.heading("History")
    rows = [
        (output.when(one["at"], now), one["type"].partition(".")[2], one["by"], one["event"].get("why", "")) for one in found["history"]
    ]
    output.table(("When", "What", "By", "Why"), rows)


@silence.command("extend")
@click.argument("silence_id", metavar="ID")
@click.option("--for", "lasts", default="", metavar="DURATION", help="How long it lasts from now on.")
@click.option("--until", default="", metavar="TIME", help="When it ends.")
@click.option("--why", default="")
@_ZONE
@pass_session
def extend(session: Session, silence_id: str, lasts: str, until: str, why: str, zone: str | None) -> None:
    """Let a silence last until another time."""
    end = _end(session, lasts, until, zone)
    answer = session.api.post(f"/silences/{silence_id}/extend", {"until": end, "why": why})
    session.done(answer, f"{silence_id}: silent until {output.when(end, session.now())}.")


@silence.command("expire")
@click.argument("silence_id", metavar="ID")
@click.option("--why", default="")
@pass_session
def expire(session: Session, silence_id: str, why: str) -> None:
    """End a silence now. What fires still calls people."""
    answer = session.api.post(f"/silences/{silence_id}/expire", {"why": why})
    session.done(answer, f"{silence_id}: {'ended' if answer['changed'] else 'it was over already'}.")


# --- maintenance --------------------------------------------------------------------------------------------------------------------------


@maintenance.command("plan")
@click.argument("title")
@click.option("--service", "services", multiple=True, metavar="A,B", help="The services that it is about.")
@click.option("--match", "match", multiple=True, metavar="MATCHER", help="Only alerts that fit as well.")
@click.option("--from", "since", required=True, metavar="TIME", help="When the first window begins.")
@click.option("--until", default="", metavar="TIME", help="When it ends.")
@click.option("--for", "lasts", default="", metavar="DURATION", help="How long it lasts.")
@click.option("--every", type=click.Choice(["day", "week", "month"]), help="It comes again so often.")
@click.option("--interval", default=1, type=click.IntRange(1, 52), help="2: every second day, week or month.")
@click.option("--on", "days", multiple=True, metavar="mon,thu", help="The weekdays, with --every week.")
@click.option("--last", default="", metavar="TIME", help="The last window begins before this.")
@click.option("--public-title", default="", help="What a status page calls it; without it, it is not shown there.")
@click.option("--public-text", default="")
@click.option("--why", default="")
@_ZONE
@pass_session
def plan(
    session: Session, /, title: str, services: tuple[str, ...], match: tuple[str, ...], since: str, until: str, lasts: str, every: str | None,
    interval: int, days: tuple[str, ...], last: str, zone: str | None, **texts: str,
) -> None:  # fmt: skip
    """Plan maintenance: new alerts of the services call nobody while a window is on; pages that are open go on."""
    begins = session.coming(since, zone, "--from")
    repeats = {"every": every, "interval": interval, "days": listed(days), "until": session.coming(last, zone, "--last")} if every else None
    body = {
        "title": title, "services": listed(services), "match": list(match), "since": begins, "until": _end(session, lasts, until, zone, begins),
        "repeats": repeats, "zone": zone or "UTC", **texts,
    }  # fmt: skip
    answer = session.api.post("/maintenance", body)
    session.done(answer, f"{answer['maintenance']}: {answer['state']}.")


@maintenance.command("list")
@click.option("--state", default="", help="active, planned, over or cancelled; without it what is on or to come.")
@click.option("--service", default="", metavar="ID", help="Only those of this service.")
@_LIMIT
@pass_session
def list_maintenance(session: Session, /, **query: Any) -> None:
    """List maintenance by when it begins."""
    answer = session.api.get("/maintenance", **query)

    def people() -> None:
        now = session.now()
        rows = [
            (one["id"], one["state"], _window(one, now), ", ".join(one["services"]), "yes" if one["public"] else "", one["title"])
            for one in answer["maintenance"]
        ]
        output.table(("ID", "State", "Window", "Services", "Public", "Title"), rows, "No maintenance is planned.")

    session.show(answer, people)


def _window(one: dict[str, Any], now: Any) -> str:
    if not one["windows"]:
        return ""
    window = one["windows"][0]
    again = f", every {one['repeats']['every']}" if one.get("repeats") else ""
    return f"{output.when(window['since'], now)} to {output.clock(output.moment(window['until']) or now, now)}{again}"


@maintenance.command("show")
@click.argument("maintenance_id", metavar="ID")
@pass_session
def show_maintenance(session: Session, maintenance_id: str) -> None:
    """Show a plan with its next windows and its history."""
    found = session.api.get(f"/maintenance/{maintenance_id}")

    def people() -> None:
        now = session.now()
        output.say(f"{output.strong(found['id'])}  {found['title']}")
        windows = [
            f"{output.when(one['since'], now)} to {output.clock(output.moment(one['until']) or now, now)}" for one in found["windows"]
        ]
        output.pairs(
            [
                ("State", found["state"]),
                ("Services", ", ".join(found["services"])),
                ("Alerts", found["match"] if found["match"] != "{}" else ""),
                ("Windows", "\n".join(windows)),
                ("On the status page", found["public_title"]),
                ("By", found["by"]),
            ]
        )
        _history(found, now)

    session.show(found, people)


@maintenance.command("end")
@click.argument("maintenance_id", metavar="ID")
@click.option("--why", default="")
@pass_session
def end(session: Session, maintenance_id: str, why: str) -> None:
    """End the window that is on; those to come stay."""
    answer = session.api.post(f"/maintenance/{maintenance_id}/end", {"why": why})
    session.done(answer, f"{maintenance_id}: the window has ended.")


@maintenance.command("cancel")
@click.argument("maintenance_id", metavar="ID")
@click.option("--why", default="")
@pass_session
def cancel(session: Session, maintenance_id: str, why: str) -> None:
    """Take a plan back for good."""
    answer = session.api.post(f"/maintenance/{maintenance_id}/cancel", {"why": why})
    session.done(answer, f"{maintenance_id}: {'taken back' if answer['changed'] else 'it was taken back already'}.")


# --- inhibition ---------------------------------------------------------------------------------------------------------------------------


@inhibition.command("show")
@pass_session
def show_inhibitions(session: Session) -> None:
    """Print the rules as a file."""
    answer = session.api.get("/inhibitions")
    empty = "There are no rules yet: tocsin inhibition apply FILE."
    session.show(answer, lambda: output.say(answer["text"].rstrip() if answer["rules"] else empty))


@inhibition.command("apply")
@click.argument("file", metavar="FILE")
@pass_session
def apply_inhibitions(session: Session, file: str) -> None:
    """Put a file of rules in force."""
    text = read_file(file).decode("utf-8", "replace")
    answer = session.api.post("/inhibitions/file", {"text": text, "file": PurePath(file).name})
    session.done(answer, f"{file}: {'in force' if answer['changed'] else 'nothing changed'}.")
