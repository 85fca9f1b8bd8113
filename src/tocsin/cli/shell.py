"""What every command shares: its session with the API, the shared options, and the incident that is meant when none is named."""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from tocsin.cli import output, times
from tocsin.cli.client import Client, RefusedByServer, connect

EXIT_FOUND: Final = 4
"""The command did its work and found something that wants attention: lint findings, a broken chain, claims that differ."""

_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+")
_MOST_NAMED: Final = 5
_F = TypeVar("_F", bound=Callable[..., Any])


class Session:
    """One run of the command line: where the API is, who acts, and how answers are printed. Connects when it is first used."""

    def __init__(
        self, server: str | None = None, data: str | None = None, token: str | None = None, person: str | None = None, as_json: bool = False
    ) -> None:
        self.server = server
        self.data = data
        self.token = token
        self.person = person
        self.as_json = as_json
        self._client: Client | None = None
        self._now: datetime | None = None

    @property
    def api(self) -> Client:
        """The API."""
        if self._client is None:
            self._client = connect(self.server, self.data, self.token, self.person)
        return self._client

    def close(self) -> None:
        """Let the API go."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def now(self) -> datetime:
        """Return the server's present moment: its clock may be a virtual one."""
        if self._now is None:
            found = output.moment(self.api.get("/clock")["now"])
            assert found is not None
            self._now = found
        return self._now

    def past(self, text: str | None, zone: str | None = None, option: str = "--at") -> str | None:
        """Return a time that has passed, as the server takes it; None where none was given."""
        return self._time(times.past, text, zone, option)

    def coming(self, text: str | None, zone: str | None = None, option: str = "--next-at") -> str | None:
        """Return a time to come, as the server takes it; None where none was given."""
        return self._time(times.coming, text, zone, option)

    def _time(self, read: Callable[..., str], text: str | None, zone: str | None, option: str) -> str | None:
        if not text:
            return None
        known = times.zone_of(zone)
        return read(text, self.now() if times.is_clock(text) else datetime.min, known, option)  # noqa: DTZ901 (not looked at)

    def show(self, answer: Any, people: Callable[[], None]) -> None:
        """Print an answer: as JSON where that was asked for, else for people."""
        if self.as_json:
            output.as_json(answer)
        else:
            people()

    def done(self, answer: Any, sentence: str) -> None:
        """Print what was done, in one sentence, and what the server warns of."""
        self.show(answer, lambda: output.say(sentence))
        for warning in answer.get("warnings", ()) if isinstance(answer, dict) else ():
            output.note(f"warning: {warning}")

    def incident(self, given: str | None) -> str:
        """Return the id of the incident that is meant: the one given, or the only one that is open.

        Raises:
            click.UsageError: none was given, and not exactly one is open.

        """
        if given:
            return given.strip().upper()
        found = self.api.get("/incidents", state="open", limit=_MOST_NAMED + 1)["incidents"]
        if len(found) == 1:
            output.note(f"({found[0]['id']}, the only one open)")
            return str(found[0]["id"])
        if not found:
            raise click.UsageError("No incident is open. Name the one you mean; `tocsin incident list` shows them.")
        named = "\n".join(f"  {one['id']}  {one['title']}" for one in found[:_MOST_NAMED])
        more = "\n  …" if len(found) > _MOST_NAMED else ""
        raise click.UsageError(f"Several incidents are open. Name the one you mean:\n{named}{more}")


def on_input_terminal() -> bool:
    """Tell whether a person can be asked."""
    return sys.stdin.isatty()


pass_session = click.make_pass_decorator(Session)


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Take over a shared option that was given after the command."""
    if value:
        session = ctx.find_object(Session)
        if session is not None:
            setattr(session, str(param.name), value)
    return value


class Command(click.Command):
    """A command that takes the shared options also after its name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        more: Any = {"expose_value": False, "callback": _keep, "hidden": True}
        self.params += [
            click.Option(["--json", "as_json"], is_flag=True, expose_value=False, callback=_keep, help="Print the answer as JSON."),
            click.Option(["--server", "server"], **more),
            click.Option(["--data", "data"], **more),
            click.Option(["--token", "token"], **more),
            click.Option(["--as", "person"], **more),
        ]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal is printed in the form that was asked for."""
        try:
            return super().invoke(ctx)
        except RefusedByServer as refusal:
            session = ctx.find_object(Session)
            refusal.as_json = session is not None and session.as_json
            raise


class Group(click.Group):
    """A group of such commands."""

    command_class = Command


class Parent(Group, Command):
    """A command with further commands below it: it does its own work when none of them is named."""

    command_class = Command


def parent(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], Parent]:
    """Make a function such a command."""

    def decorate(function: Callable[..., Any]) -> Parent:
        @click.pass_context
        def run(ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
            return None if ctx.invoked_subcommand else function(*args, **kwargs)

        run.__doc__ = function.__doc__
        run.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
        more: Any = {"invoke_without_command": True, "context_settings": {"help_option_names": ["-h", "--help"]}, **attributes}
        return click.command(name, cls=Parent, **more)(run)

    return decorate


def group(name: str, says: str) -> Group:
    """Return a group of commands. says: the line that help shows."""
    return Group(name, help=says, context_settings={"help_option_names": ["-h", "--help"]})


def single(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], Command]:
    """Make a function a command of its own, outside every group."""
    return click.command(name, cls=Command, context_settings={"help_option_names": ["-h", "--help"]}, **attributes)


def on_incident(*names: str, rest: str = "") -> Callable[[_F], _F]:
    """Give a command the incident and its further words: ``[ID] TYPE TEXT``. The id may be left out where one incident is open.

    names: the words that must follow the id. rest: the name of any number of words (at least one) after those.
    """
    metavar = " ".join(["[ID]", *(name.upper() for name in names), *([f"{rest.upper()}..."] if rest else [])])

    def decorate(function: _F) -> _F:
        @functools.wraps(function)
        def run(*args: Any, words: tuple[str, ...], **kwargs: Any) -> Any:
            session = click.get_current_context().find_object(Session)
            assert session is not None
            incident, values = split(words, names, rest)
            return function(*args, incident=session.incident(incident), **values, **kwargs)

        return click.argument("words", nargs=-1, metavar=metavar)(run)  # type: ignore[return-value]

    return decorate


def split(words: Sequence[str], names: Sequence[str], rest: str = "") -> tuple[str | None, dict[str, Any]]:
    """Return the incident's id (None where it was left out) and the further words by name.

    Raises:
        click.UsageError: words are missing or left over.

    """
    wanted = [*names, *([rest] if rest else [])]
    given = list(words)
    incident = None
    with_id = len(given) > len(wanted) if not rest else len(given) >= len(wanted) and bool(given) and _is_id(given[0])
    if with_id or (given and _is_id(given[0]) and _looks_like_incident(given[0])):
        incident = given.pop(0)
    if len(given) < len(wanted):
        missing = " and ".join(name.upper() for name in wanted[len(given) :])
        raise click.UsageError(f"{missing} is missing.")
    if len(given) > len(wanted) and not rest:
        raise click.UsageError(f"{given[len(wanted)]!r} is one word too many. Put a text with spaces in quotes.")
    values: dict[str, Any] = dict(zip(names, given, strict=False))
    if rest:
        values[rest] = tuple(given[len(names) :])
    return incident, {name: _text(value) for name, value in values.items()}


def _is_id(word: str) -> bool:
    return _ID.fullmatch(word) is not None and word.upper() == word and any(c.isdigit() for c in word)


def _looks_like_incident(word: str) -> bool:
    """Tell an incident's id from a severity such as SEV-1: it has two dashes at least, as all patterns of ids have."""
    return word.count("-") > 1


def _text(value: Any) -> Any:
    """Read a text from standard input where a dash stands for it."""
    return sys.stdin.read().strip() if value == "-" else value


def at_options(function: _F) -> _F:
    """Add --at and --zone: when it happened."""
    function = click.option("--zone", metavar="NAME", help="Time zone of clock times, such as Europe/Berlin (default UTC).")(function)
    return click.option("--at", metavar="TIME", help="When it happened: 14:27 (the last such time) or 2026-01-31T14:27Z (default now).")(
        function
    )


def assignments(given: Sequence[str], option: str) -> list[tuple[str, str]]:
    """Return ``name=value`` options as pairs.

    Raises:
        click.BadParameter: one has no equals sign.

    """
    found = []
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{text!r} is not of the form name=value", param_hint=option)
        found.append((name.strip(), value.strip()))
    return found


def listed(given: str | Sequence[str] | None) -> list[str]:
    """Return names from ``a,b c`` or several of those."""
    texts = [given] if isinstance(given, str) else list(given or ())
    return [name for text in texts for name in re.split(r"[,\s]+", text) if name]


def read_file(path: str) -> bytes:
    """Return the bytes of a file, or of standard input for a dash.

    Raises:
        click.FileError: it cannot be read.

    """
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise click.FileError(path, error.strerror or str(error)) from error


def write_file(path: str, content: bytes) -> None:
    """Write a file and the folders above it; a dash is standard output.

    Raises:
        click.FileError: it cannot be written.

    """
    if path == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(content)
    except OSError as error:
        raise click.FileError(path, error.strerror or str(error)) from error


def json_file(path: str) -> Mapping[str, Any]:
    """Return the JSON object in a file.

    Raises:
        click.BadParameter: it is not one.

    """
    try:
        found = json.loads(read_file(path))
    except ValueError as error:
        raise click.BadParameter(f"{path} is not JSON: {error}", param_hint="FILE") from error
    if not isinstance(found, dict):
        raise click.BadParameter(f"{path} holds no JSON object", param_hint="FILE")
    return found
