"""Play a scenario: move the server's virtual clock to each step, send the step's call, judge the answer."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol
from urllib.parse import quote

import msgspec

from tocsin.drills.model import Expect, Scenario, Step, at_path
from tocsin.drills.verbs import API, NAMED, VERBS

_FAILED: Final = 400


_WAYS: Final = ("console", "file")
"""How the people of a scenario are reached: where whoever watches sees it."""


class Transport(Protocol):
    """Sends one request; ``tocsin.cli.client.HttpTransport`` is one."""

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes, str]:
        """Return status, body and content type."""
        ...


class Played(msgspec.Struct, frozen=True):
    """A step that was taken, and what came of it. ``wrong`` is empty where it was as expected."""

    step: Step
    status: int
    answer: Any
    wrong: str = ""

    @property
    def refused(self) -> bool:
        """Whether the server refused, as the scenario wanted."""
        return self.status >= _FAILED and not self.wrong


class Outcome(msgspec.Struct, frozen=True):
    """A scenario that was played to its end."""

    scenario: str
    incident: str
    steps: int
    failures: tuple[str, ...]


class Server:
    """The public API behind a transport, with JSON in and out."""

    def __init__(self, transport: Transport, token: str = "") -> None:
        self._transport = transport
        self._token = token

    def call(self, method: str, path: str, body: Any = None, person: str = "") -> tuple[int, Any]:
        """Send one call and return the status and the answer as plain data (text where it is no JSON)."""
        headers = {"Accept": "application/json", "X-Tocsin-Via": "drill"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if person:
            headers["X-Tocsin-Person"] = quote(person)  # a header carries Latin letters only
        content: bytes | None = None
        if method == "POST":
            headers |= {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
            content = json.dumps(body if body is not None else {}).encode()
        status, raw, _ = self._transport.request(method, path, headers, content)
        try:
            return status, json.loads(raw) if raw else None
        except ValueError:
            return status, raw.decode(errors="replace")

    def get(self, path: str) -> Any:
        """Return the answer to a GET below ``/api/v1``.

        Raises:
            LookupError: it was refused.

        """
        status, answer = self.call("GET", API + path)
        if status >= _FAILED:
            raise LookupError(f"{path} answered {status}: {_said(answer)}")
        return answer

    def advance(self, to: datetime, *, hold: bool = True) -> None:
        """Move the virtual clock.

        hold: people act before what falls due in that very minute; where the clock stands there already, waiting messages are sent.

        Raises:
            RuntimeError: the server's clock cannot be moved there.

        """
        status, answer = self.call("POST", f"{API}/clock/advance", {"to": to.isoformat(), "hold": hold})
        if status >= _FAILED:
            raise RuntimeError(f"the clock cannot be moved to {to:%Y-%m-%d %H:%M}: {_said(answer)}")


class Player:
    """Plays scenarios on one server.

    before: called before the clock moves to a step, with the scenario's time until then and the step; a demonstration sleeps there.
    after: called after each step.
    """

    def __init__(
        self, server: Server, given: Mapping[str, str], *,
        before: Callable[[datetime, Step], None] = lambda _now, _step: None, arrived: Callable[[Step, str], None] = lambda _step, _incident: None,
        after: Callable[[Played, str], None] = lambda _played, _incident: None,
    ) -> None:  # fmt: skip
        self.server = server
        self._given = dict(given)
        self._before = before
        self._arrived = arrived
        self._after = after

    def play(self, scenario: Scenario) -> Outcome:
        """Play a scenario from its first step to its last; a step that goes wrong is noted and the next one is taken.

        Raises:
            RuntimeError: the server's clock cannot be moved.

        """
        known: dict[str, Any] = dict(self._given)
        failures: list[str] = []
        now = scenario.starts
        self.server.advance(now)
        for someone in scenario.people:
            ways = [{"kind": kind, "value": someone.id} for kind in _WAYS]
            self.server.call(
                "POST", f"{API}/people/{quote(someone.id)}", {"name": someone.name or someone.id.capitalize(), "contacts": ways}
            )
        for step in scenario.steps:
            if step.at > now:
                self._before(now, step)
                self.server.advance(step.at)
                now = step.at
                self._arrived(step, str(known.get("incident", "")))
            played = self._take(step, scenario, known)
            if played.wrong:
                failures.append(f"{scenario.file}:{step.line}: {step.at:%Y-%m-%d %H:%M} {step.do}: {played.wrong}")
            self._after(played, str(known.get("incident", "")))
        self.server.advance(now, hold=False)
        return Outcome(scenario.id, str(known.get("incident", "")), len(scenario.steps), tuple(failures))

    def _take(self, step: Step, scenario: Scenario, known: dict[str, Any]) -> Played:
        verb = VERBS[step.do]
        if not verb.method:
            return Played(step, 0, None)
        try:
            body = _filled(step.body, known)
            if step.do == "declare":
                body.setdefault("playbook", scenario.playbook)
            own = {name: body.pop(name) for name in verb.needs if name in body}
            path = verb.path
            for name in verb.needs:
                value = str(own[name] if name in own else known[name])
                path = path.replace(f"{{{name}}}", value if name == "path" else quote(value, safe=""))
        except LookupError as missing:
            return Played(step, 0, None, f"{{{missing.args[0]}}} is not known: an earlier step failed")
        if verb.method == "GET" and not path.startswith("/api/"):
            path = API + path
        status, answer = self.server.call(verb.method, path, body[verb.sends] if verb.sends else body, step.actor)
        wrong = _judged(step.expect, status, answer)
        if not wrong and status < _FAILED:
            for name, where in {**verb.saves, **step.save}.items():
                try:
                    known[name] = at_path(answer, where)
                except (LookupError, ValueError):
                    wrong = wrong or f"the answer has nothing at `{where}`: {_said(answer)}"
        return Played(step, status, answer, wrong)


def _filled(value: Any, known: Mapping[str, Any]) -> Any:
    """Put what was saved in the place of names in braces; a text that is nothing but a name becomes the saved value itself."""
    match value:
        case str():
            if whole := NAMED.fullmatch(value):
                return known[whole.group(1)]
            return NAMED.sub(lambda found: str(known[found.group(1)]), value)
        case dict():
            return {key: _filled(item, known) for key, item in value.items()}
        case list():
            return [_filled(item, known) for item in value]
        case _:
            return value


def _judged(expect: Expect, status: int, answer: Any) -> str:
    """Return what is not as expected; an empty text where all is."""
    if expect.status and status != expect.status:
        return f"expected {expect.status}, got {status}: {_said(answer)}"
    if not expect.status and status >= _FAILED:
        return f"refused ({status}): {_said(answer)}"
    if expect.says and expect.says not in _said(answer):
        return f"expected to be told {expect.says!r}, got: {_said(answer)}"
    if expect.missing is not None:
        missing = answer.get("missing", []) if isinstance(answer, dict) else []
        if len(missing) != expect.missing:
            return f"expected {expect.missing} things to be missing, got {len(missing)}: {_said(answer)}"
    for path, wanted in expect.is_.items():
        try:
            found = at_path(answer, path)
        except (LookupError, ValueError):
            return f"expected {path} to be {wanted!r}, and the answer has nothing there"
        if found != wanted:
            return f"expected {path} to be {wanted!r}, got {found!r}"
    return ""


def _said(answer: Any) -> str:
    """Return what an answer says, on one line."""
    if isinstance(answer, dict) and "detail" in answer:
        return " | ".join([str(answer["detail"]), *(str(m) for m in answer.get("missing", [])), str(answer.get("fix", ""))]).strip(" |")
    return json.dumps(answer, ensure_ascii=False)[:300]
