"""What every part of a playbook shares: strictness, immutability and the place to cite the procedure's line."""

from __future__ import annotations

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of a playbook. Unknown keys are refused; ``from`` cites the line of the procedure it comes from (``S4-02``)."""

    from_: str | None = msgspec.field(default=None, name="from")
    note: str | None = None
    """A remark for readers of the playbook; the engine ignores it."""
