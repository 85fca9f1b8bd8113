"""``tocsin``: groups of commands, each loaded when it is used, so that help is quick."""

from __future__ import annotations

import importlib
from typing import Any, Final

import click

_GROUPS: Final[dict[str, tuple[str, str]]] = {
    "serve": ("tocsin.cli.serve", "Start the server."),
}
"""Command -> module that defines it under the same name, and the line that help shows."""


class Lazy(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(_GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        found = _GROUPS.get(cmd_name)
        if found is None:
            return None
        return getattr(importlib.import_module(found[0]), cmd_name.replace("-", "_"))  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in _GROUPS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--server", metavar="URL", help="The server to talk to (TOCSIN_SERVER).")
@click.option("--data", metavar="DIR", help="The data directory of this machine's installation (TOCSIN_DATA).")
@click.option("--token", metavar="TOKEN", help="The API token (TOCSIN_TOKEN).")
@click.option("--as", "person", metavar="NAME", help="The person who acts (TOCSIN_PERSON).")
@click.option("--json", "as_json", is_flag=True, help="Print answers as JSON.")
@click.version_option(package_name="tocsin", message="%(version)s")
@click.pass_context
def cli(ctx: click.Context, **settings: Any) -> None:
    """Tocsin: from the first alert to the last action item of the postmortem."""
    ctx.obj = settings


def main() -> None:
    """Run the command line."""
    cli(prog_name="tocsin")
