"""The API that tries requests out."""

from __future__ import annotations

import asyncio
from typing import Any

from tocsin.alerts.keys import IntakeKey
from tocsin.alerts.preview.model import Preview, previewed
from tocsin.engine.errors import NotFound
from tocsin.web.endpoints import Asked, Endpoint


def endpoints() -> list[Endpoint]:
    """Return the endpoint that shows what a request would become."""

    async def show(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            body: Preview = asked.body
            options: dict[str, Any] = {}
            if body.key:
                key: IntakeKey | None = asked.runtime.committer.state(f"intake_key:{body.key}")
                if key is None:
                    raise NotFound(
                        f"There is no intake key {body.key}.", fix="Check the id; GET /api/v1/intake-keys lists them.", field="key"
                    )
                options = key.saved.options
            return previewed(body, options, asked.runtime.clock.now())

        return await asyncio.to_thread(work)

    return [
        Endpoint(
            "POST", "/intake/preview", "Show what a request would become, without taking it in", show, Preview, tag="intake", needs="viewer"
        )
    ]
