"""The forms of a room that say who reads it: private or public, and who is asked out again."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Refused
from tocsin.engine.model import Command
from tocsin.incidents import commands as c
from tocsin.incidents import handlers
from tocsin.web.layout import Shell, Visit, go

_LONGEST = 1000


def routes(shell: Shell) -> list[Route]:
    """Return the routes. Fields: ``private`` (yes, no) and ``reason``; ``person`` and ``reason``."""

    def reason(visit: Visit) -> str:
        text = visit.form.get("reason", "").strip()
        if len(text) > _LONGEST:
            raise Refused(f"The reason has {len(text):,} characters, and at most {_LONGEST:,} fit.", fix="Make it shorter.", field="reason")
        return text

    async def privacy(visit: Visit) -> Response:
        wanted = visit.form.get("private", "")
        if wanted not in ("yes", "no"):
            raise Refused("Nobody said whether it is to be private.", fix="Choose private or public.", field="private")
        if not (why := reason(visit)):
            raise Refused("The reason is missing.", fix="Say why: it stays in the record.", field="reason")
        command = c.SetPrivacy(wanted == "yes", why)
        await handlers.set_privacy(
            visit.runtime, visit.path["id"], command, visit.actor, visit.viewer, visit.key, visit.fingerprint,
        )  # fmt: skip
        return go(_room(visit))

    async def uninvite(visit: Visit) -> Response:
        command: Command = c.Uninvite(visit.form.get("person", "").strip()[:200], reason(visit))
        await visit.runtime.commit("incident", visit.path["id"], command, visit.actor, visit.key, visit.fingerprint)
        return go(_room(visit))

    async def back(visit: Visit) -> Response:
        return go(_room(visit))

    return [
        shell.post("/incidents/{id}/privacy", privacy),
        shell.get("/incidents/{id}/privacy", back),
        shell.post("/incidents/{id}/uninvite", uninvite),
        shell.get("/incidents/{id}/uninvite", back),
    ]


def _room(visit: Visit) -> str:
    return f"/incidents/{quote(visit.path['id'])}"
