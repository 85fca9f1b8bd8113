"""A trigger of Honeycomb: its webhook recipient. Pure.

Documentation: https://docs.honeycomb.io/integrations/webhooks/ (version ``v0.1.0``). An object with ``name``, ``id``, ``status``
(``TRIGGERED`` or ``OK``), ``description``, ``operator``, ``threshold``, ``result_url`` and ``result_groups_triggered``. The shared secret
comes in the header ``X-Honeycomb-Webhook-Token``: where the key's option ``secret`` is set, a request with another one is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.signatures import check_shared
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, label, links, read_object, title

NAME: Final = "honeycomb"
TOOL: Final = "Honeycomb"

STATUSES: Final[Mapping[str, Status]] = {"triggered": "firing", "ok": "resolved"}

_SECRET: Final = "x-honeycomb-webhook-token"  # noqa: S105 (a header's name)
_MOST_GROUPS: Final = 20
"""Groups of results that are written out."""


def read(sent: Sent) -> Reading:
    """Return the alert of a trigger.

    Raises:
        WrongSecret: the shared secret is not the one that the key asks for.
        WrongBody: it is no such body, or nothing tells which trigger it is about or whether it goes on.

    """
    check_shared(sent, _SECRET)
    body = read_object(sent, TOOL)
    triggered = body.each("result_groups_triggered")
    name = body.text("name", "trigger_name")
    signal = Signal(
        fingerprint=identity(body.text("id") or body.must("name")),
        status=body.status(STATUSES, "status"),
        title=title(name, body.text("summary", longest=300)),
        labels={"trigger": name, **(triggered[0].texts("Group") if len(triggered) == 1 else {})} if name else {},
        annotations={f"group {number}": _written(group) for number, group in enumerate(triggered[:_MOST_GROUPS], 1)},
        links=links(source=body.link("trigger_url"), dashboard=body.link("result_url")),
        value=triggered[0].text("Result") if triggered else "",
        threshold=" ".join(part for part in (body.text("operator"), body.text("threshold")) if part),
        summary=body.text("description", "trigger_description", "summary", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,))


def _written(group: Fields) -> str:
    return label({**group.texts("Group"), "result": group.text("Result")})
