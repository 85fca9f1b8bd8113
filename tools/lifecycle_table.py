"""Write docs/reference/alert-lifecycle.md from the life cycle's table; with --check, say whether it is current."""

from __future__ import annotations

import sys
from pathlib import Path

from tocsin.alerts.lifecycle import reference

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "reference" / "alert-lifecycle.md"
INTRODUCTION = """# The life of a group of alerts

Alerts of one cause form a group; the group calls people, and may belong to an incident. What can become of it stands in one table in
`src/tocsin/alerts/lifecycle.py`: the program decides by it, and this page is written from it (`tools/lifecycle_table.py`). A `·` means
that nothing changes.

Four rules hold throughout:

- An alert is never lost: what no route takes is grouped alone and calls people, and what is muted is recorded with the reason.
- Senders and time end and reopen groups. They never declare, resolve or reopen an incident; a route may ask for one to be declared.
- Whatever keeps people from being called (hold-down, threshold, limit, silence, maintenance, inhibition, flapping, an incident that is
  worked on) stands on the group with its reason, and where it has one, with the time at which it ends.
- People work on an incident until it is resolved, dismissed or closed. From then on its alerts have their own way again: the pages of its
  groups end, and what fires on calls people anew as its route says, as soon as a request names it (the receipt says so), and at the latest
  after the route's `reopen`, unless its sender has said by then that it has ended. The room warns before the move. Reopening the incident
  leaves its alerts to it again.

"""


def main() -> int:
    """Write the document, or compare it."""
    text = INTRODUCTION + reference()
    if "--check" in sys.argv[1:]:
        if DOCUMENT.is_file() and DOCUMENT.read_text(encoding="utf-8") == text:
            return 0
        print(f"{DOCUMENT} is not current: run tools/lifecycle_table.py")
        return 1
    DOCUMENT.write_text(text, encoding="utf-8")
    print(f"wrote {DOCUMENT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
