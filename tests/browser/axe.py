"""axe-core: what stands in the way of people who use a page otherwise than by sight, mouse and a steady hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

SOURCE = Path(__file__).resolve().parents[2] / ".venv-browser" / "node_modules" / "axe-core" / "axe.min.js"
_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def needed() -> None:
    """Skip the test where axe-core was not fetched."""
    if not SOURCE.exists():
        pytest.skip("axe-core is not here: `sh tools/browser.sh` fetches it, with npm")


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page as it stands: the rule, and the first elements that break it."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(SOURCE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", list(_TAGS)
    )
    return [_said(one) for one in found["violations"]]


def _said(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    shown = "; ".join(f"{' '.join(map(str, node['target']))} ({_why(node)})" for node in nodes[:4])
    return f"{violation['id']} ({violation['impact']}), {len(nodes)} times: {shown}"


def _why(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return str(checks[0]["message"]) if checks else ""
