"""Check the Markdown files: every relative link leads to a file that exists, and every anchor to a heading."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {"node_modules", "dist", "build"}
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|!\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
FENCE = re.compile(r"^( *)(```|~~~).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Return the anchors that a renderer makes of the headings of one file."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        slug = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")
        candidate, count = slug, 0
        while candidate in found:
            count += 1
            candidate = f"{slug}-{count}"
        found.add(candidate)
    return found


def problems(root: Path) -> list[str]:
    """Return one sentence for each broken link below root; none if all is well."""
    found: list[str] = []
    for path in sorted(root.rglob("*.md")):
        parts = path.relative_to(root).parts
        if any(part.startswith(".") or part in SKIPPED for part in parts):
            continue
        text = path.read_text(encoding="utf-8")
        blank = lambda match: re.sub(r"[^\n]", " ", match.group())  # noqa: E731  # keeps the line numbers
        prose = CODE.sub(blank, FENCE.sub(blank, text))
        for match in LINK.finditer(prose):
            target = match.group(1) or match.group(2)
            if re.match(r"[a-z][a-z0-9+.-]*:", target) or target.startswith("/"):
                continue
            where = f"{path.relative_to(root)}:{prose.count(chr(10), 0, match.start()) + 1}"
            name, _, anchor = target.partition("#")
            file = (path.parent / name) if name else path
            if not file.exists():
                found.append(f"{where}: the link {target!r} leads to no file")
            elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
                found.append(f"{where}: the link {target!r} leads to no heading")
    return found


if __name__ == "__main__":
    broken = problems(ROOT)
    print("\n".join(broken) or "docs: all links lead somewhere")
    sys.exit(bool(broken))
