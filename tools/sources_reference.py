"""Write docs/reference/sources.md from the source modules' own docstrings. `--check` only says whether it is up to date."""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from pathlib import Path

from tocsin.alerts.registry import SOURCES

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "sources.md"

HEAD = """# What sends alerts

This page is written by `tools/sources_reference.py` from the modules in `src/tocsin/alerts/sources/`; change those, then run it.

Each tool sends to an address of its own: `POST <server>/intake/<word>/<key>`. `tocsin intake list` prints the keys, `tocsin intake add` makes
one for a team or a tool. Every request is kept as a receipt with one explained outcome for each alert in it (`tocsin receipt list`).

| word | tool |
|---|---|
"""
_PAGES = {
    "``mapping.py`` tells what a mapping says. What it leaves out": "The key may have [a mapping](../how-to/connect-your-tools.md#a-tool-that-nobody-has-heard-of). What it leaves out",
    "``split`` keeps": "The address below ``/am/`` keeps",
    "``RESOLVE_TIMEOUT``": "five minutes (the key's option ``resolve_timeout``)",
}
"""What the modules name in the code, and what readers of the page look at."""
_NAMES = {"generic": "anything that can post", "prometheus": "Prometheus, as to an Alertmanager"}
"""What the page calls a tool, where the product's own word would say too little."""
_LITERAL = re.compile(r"::\n\n((?:    .*\n|\n)+)")
_URL = re.compile(r"(?<![<(`\"])https?://[^\s)>,`\"]+[^\s)>,.;:`\"]")


def section(name: str, tool: str, docstring: str) -> str:
    """Return what a module says of itself, as Markdown."""
    text = inspect.cleandoc(docstring).partition("\n")[2].strip() + "\n"
    for module, page in _PAGES.items():
        text = text.replace(module, page)
    blocks: list[str] = []

    def keep(found: re.Match[str]) -> str:
        blocks.append("\n".join(line.removeprefix("    ") for line in found.group(1).strip("\n").splitlines()))
        return f":\n\n\x00{len(blocks) - 1}\x00\n\n"

    text = _LITERAL.sub(keep, text)
    text = _URL.sub(lambda found: f"<{found.group()}>", text.replace("``", "`"))
    for number, block in enumerate(blocks):
        text = text.replace(f"\x00{number}\x00", f"```\n{block}\n```")
    return f"## {tool[:1].upper()}{tool[1:]}\n\n`POST /intake/{name}/<key>`\n\n{text.strip()}\n"


def page() -> str:
    """Return the whole page."""
    tools = [(source.NAME, _NAMES.get(source.NAME, source.TOOL), inspect.getdoc(source) or "") for source in SOURCES]
    rows = "".join(f"| `{name}` | {tool} |\n" for name, tool, _ in tools)
    return HEAD + rows + "\n" + "\n".join(section(*one) for one in tools)


def main() -> int:
    """Write the page, or say whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        REFERENCE.write_text(page(), encoding="utf-8")
        return 0
    if REFERENCE.is_file() and REFERENCE.read_text(encoding="utf-8") == page():
        return 0
    print("docs/reference/sources.md is out of date: run tools/sources_reference.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
