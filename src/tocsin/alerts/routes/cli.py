"""``tocsin route``: the routes as a file, what would happen to an alert, and putting a file in force."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, Final

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, assignments, group, pass_session, read_file

route = group("route", "Where alerts go, how they are grouped, and how loudly they call.")


@route.command("show")
@click.option("--version", "version", default="", help="As they were in this version.")
@pass_session
def show_routes(session: Session, version: str) -> None:
    """Print the routes as a file."""
    answer = session.api.get(f"/routes/versions/{version}" if version else "/routes")
    session.show(answer, lambda: output.say(answer["text"].rstrip()))


@route.command("history")
@pass_session
def history(session: Session) -> None:
    """List every version of the routes, newest first."""
    answer = session.api.get("/routes")["history"]

    def people() -> None:
        now = session.now()
        rows = [
            (one["version"], output.when(one["at"], now), one["by"], one["why"] or ("shipped" if one["shipped"] else "")) for one in answer
        ]
        output.table(("Version", "When", "By", "Why"), rows, "They are as they were shipped.")

    session.show(answer, people)


@route.command("apply")
@click.argument("file", metavar="FILE")
@click.option("--why", default="", help="Why they change; it stands in the history.")
@click.option("--dry-run", is_flag=True, help="Only say whether they could be put in force.")
@pass_session
def apply_routes(session: Session, file: str, why: str, dry_run: bool) -> None:
    """Put a file of routes in force. Groups that are open keep the settings that they began with."""
    text = read_file(file).decode("utf-8", "replace")
    answer = session.api.post("/routes/file", {"text": text, "file": PurePath(file).name, "why": why, "dry_run": dry_run})
    if dry_run:
        session.done(answer, f"{file} can be put in force; {'it changes the routes' if answer['changed'] else 'nothing would change'}.")
    else:
        session.done(answer, f"{file}: {'in force' if answer['changed'] else 'nothing changed'}.")


@route.command("test")
@click.argument("labels", metavar="[NAME=VALUE]...", nargs=-1)
@click.option("--file", "file", default="", metavar="FILE", help="Ask the routes of this file instead of those in force.")
@click.option("--source", default="alertmanager", show_default=True, help="The tool that sends it.")
@click.option("--service", default="", help="The service; the label `service` without it.")
@click.option("--severity", default="", help="The tool's word; the label `severity` without it.")
@click.option("--level", default="", help="critical, high, warning, low or info.")
@click.option("--title", default="", help="The title.")
@pass_session
def test_routes(session: Session, /, labels: tuple[str, ...], file: str, **given: Any) -> None:
    """Say what would happen to an alert with these labels, and why."""
    alert = {name: value for name, value in given.items() if value} | {"labels": dict(assignments(labels, "NAME=VALUE"))}
    body: dict[str, Any] = {"alert": alert}
    if file:
        body |= {"text": read_file(file).decode("utf-8", "replace"), "file": PurePath(file).name}
    answer = session.api.post("/routes/test", body)

    def people() -> None:
        output.table(
            ("Route", "Takes it", "Why"), [(one["route"], "yes" if one["matched"] else "no", one["why"]) for one in answer["asked"]]
        )
        for one in answer["goes_to"]:
            output.heading(f"Goes to {one['route']}")
            output.pairs(
                [
                    ("Why", one["why"]),
                    ("Urgency", one["urgency"]),
                    ("Service", one["service"] + ("" if answer["known"] or not one["service"] else " (not in the catalogue)")),
                    ("Calls", one["policy"] or ", ".join(one["targets"]) or "whoever answers for the service"),
                    ("Group", ", ".join(f"{name}={value}" for name, value in one["group"].items()) or _grouping(one["group_by"])),
                    *(
                        (_WORDS.get(name, name.capitalize()), _shown(value))
                        for name, value in one["handling"].items()
                        if name != "group_by"
                    ),
                ],
            )
        for mute in answer["muted_by"]:
            output.say()
            output.say(f"It would be quiet now. {mute['says']}")

    session.show(answer, people)


_WORDS: Final = {"wait": "Hold-down", "reopen": "Reopens within", "resolve_after": "Ends after", "window": "Takes alerts for"}
_SPAN: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")


def _grouping(group_by: list[str]) -> str:
    return "each alert is a group of its own" if "..." in group_by else "all alerts of the route are one group"


def _shown(value: Any) -> str:
    """Return a setting for people; spans come as ISO durations."""
    if isinstance(value, dict):
        return ", ".join(f"{_WORDS.get(name, name)} {_shown(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return str(value)
    days, hours, minutes, seconds = (float(found[part] or 0) for part in range(1, 5))
    whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return output.span(whole) if whole else ""
