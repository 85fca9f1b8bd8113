"""Write docs/reference/cli.md from the commands themselves. `--check` only says whether it is up to date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tocsin.cli.main import cli

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"

HEAD = """# The command line

This page is written by `tools/cli_reference.py` from the commands themselves; change those, then run it.

`tocsin` talks to the server that works on the data directory, or to the one named with `--server`. Where no server runs, it works on the
data directory itself, as the local administrator: it takes the lock, does what is due, runs the command, sends what waits and ends.

* **Incident.** `[ID]` may be left out while exactly one incident is open; which one was taken is said on standard error.
* **Times.** `14:27` is the last such time in UTC, or in the zone of `--zone`. Where a time lies ahead (`--next-at`, `clock advance --to`),
  it is the next such time. A time with date and zone always works. What is ambiguous or lies in the future is refused.
* **Texts.** A single dash reads the text from standard input.
* **Who.** `--as NAME` says which person acts. A waiver needs one.
* **JSON.** `--json` prints the answer as JSON; refusals are then problem documents (RFC 9457) on standard error. It may stand before or
  after the command, and so may `--server`, `--data`, `--token` and `--as`.
* **Terminals.** Colours and boxes appear on a terminal only, and not where `NO_COLOR` is set.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | refused, or (`doctor`) something is wrong; the message says why and what to do |
| 2 | not understood: an unknown command, option or value |
| 3 | no server answers |
| 4 | done, and something was found: `playbook check`, `lint` and `test`, `postmortem claims`, `incident verify-chain`, `oncall gaps` |
"""


def commands(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with the words that call it, groups before their members."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def options(command: click.Command) -> list[tuple[str, str]]:
    """Return the visible options of a command with their meaning, without --json and --help, which every command has."""
    rows = []
    for parameter in command.params:
        if not isinstance(parameter, click.Option) or parameter.hidden or ("--json" in parameter.opts and command is not cli):
            continue
        names = ", ".join(f"`{name}`" for name in parameter.opts)
        if parameter.secondary_opts:
            names += " / " + ", ".join(f"`{name}`" for name in parameter.secondary_opts)
        if not parameter.is_flag and not parameter.secondary_opts:
            kind = "|".join(parameter.type.choices) if isinstance(parameter.type, click.Choice) else parameter.metavar or _kind(parameter)
            names = names[:-1] + f" {kind}`"
        says = parameter.help or f"The {(parameter.name or '').replace('_', ' ')}."
        if parameter.required:
            says += " Required."
        elif parameter.show_default and isinstance(parameter.default, str | int) and not isinstance(parameter.default, bool):
            says += f" Default: `{parameter.default}`."
        rows.append((names.replace("|", r"\|"), says.replace("|", r"\|").replace("\b\n", "")))
    return rows


def _kind(option: click.Option) -> str:
    return "NUMBER" if isinstance(option.type, click.types.IntParamType | click.types.FloatParamType) else "TEXT"


def reference() -> str:
    """Return the page."""
    lines = [HEAD]
    lines += _table(options(cli), "Before the command")
    for path, command in commands(cli, ("tocsin",)):
        if isinstance(command, click.Group):
            lines += [f"## {' '.join(path)}", "", (command.help or "").strip(), ""]
            continue
        level = "##" if len(path) == 2 else "###"
        arguments = [
            parameter.make_metavar(click.Context(command)) for parameter in command.params if isinstance(parameter, click.Argument)
        ]
        usage = " ".join([*path, *arguments])
        lines += [f"{level} {' '.join(path)}", "", f"`{usage}`" if arguments else "", *([""] if arguments else [])]
        lines = lines if arguments else lines[:-1]
        lines += [paragraph.replace("\n", " ") + "\n" for paragraph in (command.help or "").strip().split("\n\n")]
        lines += _table(options(command), "Option")
    return "\n".join(lines).rstrip() + "\n"


def _table(rows: list[tuple[str, str]], title: str) -> list[str]:
    return [f"| {title} | |", "|---|---|", *(f"| {name} | {says} |" for name, says in rows), ""] if rows else []


def main() -> int:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the page is up to date")
    wanted = reference()
    if parser.parse_args().check:
        if REFERENCE.exists() and REFERENCE.read_text(encoding="utf-8") == wanted:
            return 0
        print(f"{REFERENCE} is not up to date: run python tools/cli_reference.py", file=sys.stderr)
        return 1
    REFERENCE.parent.mkdir(parents=True, exist_ok=True)
    REFERENCE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
