"""Errors as RFC 9457 problem details: what happened, where, and what to do."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tocsin.engine.errors import Refused

_PATH = re.compile(r" - at `\$?\.?(.*?)`$")


def respond(refusal: Refused) -> Response:
    """Return a refusal as a problem document."""
    problem: dict[str, Any] = {
        "type": f"urn:tocsin:problem:{refusal.code}",
        "title": refusal.code.replace("_", " ").replace(".", ": "),
        "status": refusal.status,
        "detail": refusal.what,
    }
    if refusal.fix:
        problem["fix"] = refusal.fix
    if refusal.field:
        problem["field"] = refusal.field
    for name in ("missing", "problems"):
        if several := getattr(refusal, name, None):
            problem[name] = several
    wait = getattr(refusal, "retry_after", 1 if refusal.status == 503 else 0)  # noqa: PLR2004 (503 is unavailable)
    headers = {"Retry-After": str(wait)} if wait else {}
    return Response(msgspec.json.encode(problem), refusal.status, headers, "application/problem+json")


def bad_body(error: msgspec.MsgspecError | RecursionError | UnicodeDecodeError) -> Refused:
    """Return what was wrong with a body, naming the field."""
    if isinstance(error, RecursionError):
        return Refused("The body is nested too deeply.", fix="Send it flatter.")
    if isinstance(error, UnicodeDecodeError):
        return Refused(f"The body is not UTF-8: {error.reason}.", fix="Encode it as UTF-8.")
    text = str(error)
    found = _PATH.search(text)
    field = found.group(1) if found else ""
    what = _PATH.sub("", text).replace("`", "")
    if what.startswith("Object contains unknown field"):
        name = what.rpartition(" ")[2]
        return Refused(
            f"{field or 'The body'} has a field {name} that is not known.",
            fix="Leave it out, or check its spelling.",
            field=f"{field}.{name}".strip("."),
        )
    if what.startswith("Object missing required field"):
        name = what.rpartition(" ")[2]
        return Refused(f"The field {name} is missing.", fix=f"Give {name}.", field=f"{field}.{name}".strip("."))
    if "timezone component" in what:
        return Refused(f"{field} has no time zone.", fix="Write it like 2026-01-31T14:05:00Z.", field=field)
    if "Invalid RFC3339" in what:
        return Refused(f"{field} is not a time.", fix="Write it like 2026-01-31T14:05:00Z.", field=field)
    if what.startswith("Expected object, got"):
        return Refused(
            f"{field or 'The body'} is {what.rpartition(' ')[2]} where fields with names are expected.",
            fix="Write it as {name: value, …}.",
            field=field,
        )
    if isinstance(error, msgspec.ValidationError):
        return Refused(f"{field or 'The body'}: {what}.", fix="Send a value of that kind.", field=field)
    return Refused(f"The body is not JSON: {what}.", fix="Send a JSON object.")


async def on_refused(_request: Request, error: Exception) -> Response:
    """Handle a refusal that a handler raised."""
    assert isinstance(error, Refused)
    return respond(error)
