"""How the command line starts: quickly, without the server, and with help for everything."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
import pytest

from tests.cli.conftest import every_command
from tocsin.cli.main import cli
from tocsin.playbooks import shelf

_HEAVY = ("sqlalchemy", "starlette", "uvicorn", "msgspec", "rich", "cel", "yaml", "jinja2", "asyncio")


@pytest.mark.parametrize("line", ["--help", "incident --help", "incident declare --help", "playbook --help", "serve --help"])
def test_help_loads_neither_the_server_nor_what_prints_tables(line: str) -> None:
    code = (
        "import sys\nsys.argv = ['tocsin', *sys.argv[1:]]\nfrom tocsin.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', [name for name in {_HEAVY!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code, *line.split()], capture_output=True, text=True, check=True)
    assert "Usage: tocsin" in ran.stdout
    assert ran.stdout.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize("path", [" ".join(path) for path, _ in every_command()])
def test_every_command_takes_json_and_says_what_it_does(path: str) -> None:
    found: Any = cli
    context = click.Context(cli)
    for name in path.split():
        found = found.get_command(context, name)
    assert found.help, "it has no help"
    if path not in ("serve", "demo"):  # both print a log, and run until they are stopped
        assert any("--json" in parameter.opts for parameter in found.params)
    for parameter in found.params:
        if (
            isinstance(parameter, click.Option)
            and not parameter.hidden
            and parameter.opts[0] in ("--at", "--zone", "--reason", "--confirm")
        ):
            assert parameter.help


def _ours() -> Iterator[tuple[str, str]]:
    for playbook_id in shelf.shipped():
        for command in shelf.load_shipped(playbook_id).playbook.commands:
            if command.ours:
                yield playbook_id, command.ours


@pytest.mark.parametrize(("playbook", "line"), list(_ours()))
def test_every_command_that_a_playbook_names_exists_with_its_options(playbook: str, line: str) -> None:
    words = shlex.split(line)[1:]
    context = click.Context(cli)
    found: Any = cli
    while isinstance(found, click.Group):
        name = words.pop(0)
        following = found.get_command(context, name)
        assert following is not None, f"{playbook} names `{line}`, and there is no {name!r}"
        found = following
    known = {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in known, f"{playbook} names `{line}`, and {found.name} has no {word}"


def test_an_unknown_command_is_a_mistake_of_use() -> None:
    from click.testing import CliRunner

    assert CliRunner().invoke(cli, ["incidents"]).exit_code == 2
