"""The command line in a test: every command runs as a user would type it, on a data directory of its own."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from tests.world import World
from tocsin.cli import client as client_module
from tocsin.cli.main import cli


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)


class Shell:
    """Types commands. They reach a ``World`` in process, through the same transport as on a data directory without a server."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, line: str, *more: str, code: int = 0, person: str = "alice", given: str | None = None) -> Ran:
        """Run a command line that must end with this exit code. more: further arguments, taken as they are."""
        result = CliRunner().invoke(cli, ["--as", person, *shlex.split(line), *more], input=given, prog_name="tocsin")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, f"`tocsin {line}` ended with {result.exit_code}: {result.stdout}{result.stderr}"
        return Ran(result.exit_code, result.stdout, result.stderr)


class WorldTransport:
    """Hands requests to a world that the test keeps open."""

    def __init__(self, world: World) -> None:
        self._world = world

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes, str]:
        """Send the request."""
        given = {name.lower(): value for name, value in headers.items() if name != "Authorization"}
        answer = self._world.send(method, path, None, person="", headers=given, raw=body or b"")
        return answer.status, answer.content, answer.headers.get("content-type", "")

    def close(self) -> None:
        """The test closes the world."""


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run without settings of the machine, in an empty folder."""
    for name in ("SERVER", "DATA", "TOKEN", "PERSON", "PLAYBOOK", "CONFIG", "HOST", "PORT"):
        monkeypatch.delenv(f"TOCSIN_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def tocsin(world: World, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Type commands into a world of the payments playbook, on virtual time."""

    def connect(_server: str | None, _data: str | None, _token: str | None, person: str | None) -> client_module.Client:
        return client_module.Client(WorldTransport(world), "", person or "")

    monkeypatch.setattr("tocsin.cli.shell.connect", connect)
    return Shell(world)


def every_command(group: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with the words that call it."""
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None
            yield from every_command(found, (*path, name))
    else:
        yield path, group
