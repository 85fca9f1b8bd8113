"""``tocsin doctor``: look at the installation from outside and inside, and say what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import click

from tocsin.cli import output
from tocsin.cli.client import DEFAULT_DATA, RefusedByServer, Unreachable, announced, is_locked
from tocsin.cli.shell import Session, parent, pass_session

_LEAST_FREE: Final = 1_000_000_000
"""Bytes. With less, a flood of alerts or a backup may fill the disk."""
_GIGABYTE: Final = 1_000_000_000

Grade = Literal["ok", "warn", "bad"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. ``fix``: what to do where it is not well."""

    name: str
    grade: Grade
    says: str
    fix: str = ""


@parent("doctor")
@click.option(
    "--verify", is_flag=True, help="Check every record's hash chain too, and the daily checkpoints; takes a while on a long record."
)
@pass_session
def doctor(session: Session, *, verify: bool) -> None:
    """Check this installation and say what to do; exit code 1 where something is wrong."""
    checks = list(_look(session))
    if verify and all(check.grade != "bad" for check in checks):
        checks.append(_verified(session.api.get("/verify")))
    wrong = [check for check in checks if check.grade == "bad"]

    def people() -> None:
        tones = {"ok": "good", "warn": "warn", "bad": "bad"}
        width = max(len(check.name) for check in checks)
        for check in checks:
            output.say(f"{output.tone(check.grade.ljust(4), tones[check.grade])}  {check.name.ljust(width)}  {check.says}")
            if check.fix:
                output.say(f"{' ' * (width + 8)}{check.fix}")
        output.say()
        output.say(
            "Everything is well."
            if all(check.grade == "ok" for check in checks)
            else f"{len(wrong)} to repair."
            if wrong
            else "It works; see above."
        )

    session.show({"healthy": not wrong, "checks": [check.__dict__ for check in checks]}, people)
    if wrong:
        click.get_current_context().exit(1)


@doctor.command("reach")
@click.option("--weeks", default=2, show_default=True, type=click.IntRange(1, 53), help="How far ahead.")
@click.option("--service", default="", metavar="ID", help="Only this service.")
@click.option("--severity", default="", metavar="LEVEL", help="Only this level.")
@pass_session
def reach(session: Session, weeks: int, service: str, severity: str) -> None:
    """Find the hours at which nobody would be reached; exit code 1 where there are any.

    For each level of each service: who is called first, by which proved way, and after how long, throughout the coming weeks, clock changes
    included. A hole is an hour at which a page would reach nobody by a proved way. Behind them: roles, contacts and targets of escalations of the
    playbooks in use that nobody stands for.
    """
    found = session.api.get("/reach", weeks=weeks, service=service, severity=severity)
    found["words"] = session.api.get("/reach/words")["playbooks"]

    def words() -> None:
        for book in found["words"]:
            for says in book["says"]:
                output.say(f"{output.tone('nobody', 'warn')}  playbook {book['playbook']}: {says}")

    def people() -> None:
        rows = [
            (one["service"], one["severity"], one["policy"], output.lasting(one["slowest"]), len(holes) or output.tone("none", "good"))
            for one in found["reach"]
            for holes in [[hole for hole in found["holes"] if (hole["service"], hole["severity"]) == (one["service"], one["severity"])]]
        ]
        output.table(("Service", "Level", "Policy", "Somebody within", "Holes"), rows, "There is no service whose levels call anybody.")
        if found["holes"]:
            output.say()
        for hole in found["holes"]:
            output.say(f"{output.tone('hole', 'bad')}  {hole['says']}" + (f" ({hole['why']})" if hole["why"] else ""))
        if not found["reach"]:
            output.say("Nothing was looked at. Say who is called for a service: tocsin service save ID --policy POLICY")
            words()
            return
        output.say()
        output.say(
            f"From {found['start'][:16].replace('T', ' ')} to {found['end'][:16].replace('T', ' ')} UTC: "
            + ("somebody is reached at every hour." if found["whole"] else f"{len(found['holes'])} holes.")
        )
        words()

    session.show(found, people)
    if not found["whole"]:
        click.get_current_context().exit(1)


def _look(session: Session) -> Iterator[Check]:
    remote = session.server or os.environ.get("TOCSIN_SERVER")
    if remote:
        yield Check("server", "ok", f"asked at {remote}")
    else:
        folder = Path(session.data or os.environ.get("TOCSIN_DATA", DEFAULT_DATA))
        there = folder.is_dir()
        yield from _folder(folder)
        if not there:
            return
    try:
        condition = session.api.get("/status")
    except Unreachable as failure:
        yield Check(
            "database", "bad", failure.message.partition(". ")[0] + ".", failure.message.partition(". ")[2] or "See the server's log."
        )
        return
    except RefusedByServer as refusal:
        if refusal.status == 401:  # noqa: PLR2004 (not signed in)
            yield Check(
                "token",
                "bad",
                "The server does not accept the token.",
                "Give it with --token or TOCSIN_TOKEN; `tocsin serve` printed the first one.",
            )
        else:
            yield Check("server", "bad", refusal.message.splitlines()[0], "See the server's log.")
        return
    yield Check("token", "ok", "accepted" if remote or session.token else "the owner of the data directory needs none")
    yield Check("database", "ok", f"{condition['database']}, schema {condition['schema']}")
    yield from _engine(session, condition)
    yield from _playbooks(session)
    yield from _words(session)
    yield from _channels(session)
    if session.api.get("/people")["people"]:
        yield Check("people", "ok", "pages can name somebody")
    else:
        yield Check(
            "people",
            "warn",
            "nobody is written down: pages reach the console and a folder, and nobody's telephone.",
            "tocsin person save ID --name NAME",
        )


def _words(session: Session) -> Iterator[Check]:
    """Yield, for each playbook in use, whom it calls and nobody stands for."""
    for book in session.api.get("/reach/words")["playbooks"]:
        name = f"roles of {book['playbook']}"
        if book["says"]:
            none = f"{', '.join(book['levels'])} would page nobody. " if book["levels"] else ""
            fix = "tocsin oncall, tocsin team save and tocsin policy apply make them; what differs only in - and _ or in capitals fits."
            yield Check(name, "warn", none + " ".join(book["says"]), fix)
        else:
            yield Check(name, "ok", "somebody stands for everybody whom it calls")


def _channels(session: Session) -> Iterator[Check]:
    """Yield how each channel stands that reaches people; one that somebody wants to be reached by and that is not set up is wrong."""
    for channel in session.api.get("/channels")["channels"]:
        name = f"channel {channel['id']}"
        if not channel["pages"]:
            continue
        if channel["ready"]:
            yield Check(name, "ok", channel["says"])
        elif channel["people"]:
            yield Check(name, "bad", f"{', '.join(channel['people'])} cannot be reached by it: {channel['says']}", channel["fix"])
        else:
            yield Check(name, "ok", f"not set up, and nobody uses it ({channel['says'].rstrip('.').lower()})")


def _verified(answer: dict[str, Any]) -> Check:
    if answer["whole"]:
        return Check("records", "ok", "every chain is whole and agrees with the checkpoints")
    first = answer["broken"][0]
    says = f"{len(answer['broken'])} places are broken, first {first['stream']} at {first['version']}: {first['what']}"
    return Check("records", "bad", says, "Keep this database as it is, and compare it with a backup.")


def _folder(folder: Path) -> Iterator[Check]:
    if not folder.is_dir():
        yield Check(
            "data directory",
            "bad",
            f"{folder} does not exist.",
            "Start once with `tocsin serve --data DIR`, or name the right one with --data.",
        )
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Check("data directory", "bad", f"{folder} cannot be written.", "Give it to the user that runs Tocsin.")
    else:
        yield Check("data directory", "ok", str(folder))
    free = shutil.disk_usage(folder).free
    grade: Grade = "ok" if free >= _LEAST_FREE else "bad"
    yield Check(
        "disk", grade, f"{free / _GIGABYTE:.1f} GB free", "" if grade == "ok" else "Make room: nothing can be accepted on a full disk."
    )
    token = folder / "token"
    if token.exists() and token.stat().st_mode & 0o077:
        yield Check("token file", "warn", f"{token} can be read by others.", f"chmod 600 {token}")
    if not is_locked(folder):
        yield Check(
            "server", "warn", "none runs; commands work on the data directory themselves, and no alert is taken in.", "tocsin serve"
        )
        return
    try:
        yield Check("server", "ok", f"runs at {announced(folder)[0]}")
    except Unreachable as failure:
        yield Check("server", "bad", failure.message, "Wait a moment; if it stays so, restart the server.")


def _engine(session: Session, condition: dict[str, Any]) -> Iterator[Check]:
    now = session.now()
    timers, sent, reactions = condition["timers"], condition["deliveries"], condition["reactions"]
    if timers["late"]:
        yield Check(
            "timers",
            "bad",
            f"{timers['late']} late, the oldest due {output.when(timers['oldest'], now)}",
            "See the server's log; restart it.",
        )
    else:
        yield Check("timers", "ok", "none is late")
    if sent["failed"]:
        newest = sent["newest_failures"][0]
        says = f"{sent['failed']} could not be sent; the newest by {newest['channel']} to {newest['target']}: {newest['error']}"
        yield Check(
            "messages", "bad", says, "Repair the channel; the incidents' timelines name each message, so that it can be posted again."
        )
    elif sent["late"]:
        yield Check(
            "messages",
            "warn",
            f"{sent['late']} wait, the oldest since {output.when(sent['oldest'], now)}",
            "They are tried again by themselves.",
        )
    else:
        yield Check("messages", "ok", "all sent")
    if reactions["refused"]:
        newest = reactions["newest"][0]
        says = f"{reactions['refused']} refused; the newest, {newest['reaction']} of {newest['stream']}: {newest['why']}"
        yield Check("reactions", "bad", says, "Do by hand what did not follow by itself, and report this.")
    else:
        yield Check("reactions", "ok", "none was refused")


def _playbooks(session: Session) -> Iterator[Check]:
    for book in session.api.get("/playbooks")["playbooks"]:
        findings = session.api.get(f"/playbooks/{book['id']}/lint").get("findings", [])
        fresh = [one for one in findings if not one.get("accepted")]
        name = f"playbook {book['id']}"
        if fresh:
            yield Check(name, "warn", f"{len(fresh)} findings that are not accepted", f"tocsin playbook lint {book['id']}")
        else:
            yield Check(name, "ok", f"version {book['version']}, nothing open")
