"""Which handler answers which first part of a path. Wired in ``app.py``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

from tocsin.alerts import handlers
from tocsin.alerts.dropins import alertmanager_api, opsgenie, pagerduty
from tocsin.alerts.errors import WrongKey
from tocsin.alerts.intake import Call, Handler, Reply, post
from tocsin.alerts.keys import IntakeKey
from tocsin.alerts.sources import opsgenie_api, pagerduty_events_v2
from tocsin.engine.errors import NotFound

_VOICES: Final[Mapping[str, Callable[[Call, IntakeKey], Awaitable[Reply]]]] = {
    pagerduty_events_v2.NAME: pagerduty.serve_key,
    opsgenie_api.NAME: opsgenie.serve_key,
}
"""Sources whose senders expect to be answered in their tool's own words, also at ``/intake/<source>/<key>``."""


def dropins(ping: opsgenie.Ping, started: datetime) -> dict[str, Handler]:
    """Return the handlers by the first part of a path, or the first two.

    ping: reports for a heartbeat of Opsgenie's API. started: when the server was.
    """
    alerts, alertmanager = opsgenie.serving(ping), alertmanager_api.serving(started)

    async def v2(call: Call) -> Reply:
        if call.path in (pagerduty.ALERTS, pagerduty.CHANGES):
            return await pagerduty.serve(call)
        if f"{call.path}/".startswith((f"{opsgenie.ALERTS}/", f"{opsgenie.HEARTBEATS}/")):
            return await alerts(call)
        raise NotFound(
            f"There is nothing at {call.path}.", fix="PagerDuty's events go to /v2/enqueue, Opsgenie's alerts to /v2/alerts.",
        )  # fmt: skip

    return {"v2": v2, "am": alertmanager, "api/v2": alertmanager, "intake": intake}


async def intake(call: Call) -> Reply:
    """Answer below ``/intake``, each source as its senders expect it."""
    _, _, source, *rest = call.path.split("/")
    voice = _VOICES.get(source)
    if voice is None or call.method != "POST" or len(rest) != 1:
        return await post(call)
    key = handlers.key_for(call.runtime, rest[0], source) if rest[0] else None
    if key is None:
        raise WrongKey
    return await voice(call, key)
