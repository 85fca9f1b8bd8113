"""The pages of sources: every key with its addresses, how each tool is set up, a test alert by the real way in, and a mapping with what it makes of a body."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
import yaml
from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts import examples, handlers, keys, setups, source_queries
from tocsin.alerts.errors import WrongBody
from tocsin.alerts.mapping import OPTION
from tocsin.alerts.preview.model import Preview, previewed
from tocsin.alerts.reading import Sent
from tocsin.alerts.receipt_queries import list_receipts, receipt_view
from tocsin.alerts.receipts import Asked
from tocsin.alerts.registry import READERS, TOOLS
from tocsin.alerts.sources import email, generic, report
from tocsin.engine.chance import fresh
from tocsin.engine.errors import Conflict, NotFound, Refused
from tocsin.engine.model import Command, Reader
from tocsin.heartbeats.queries import list_heartbeats
from tocsin.people import rights
from tocsin.people.queries import list_people
from tocsin.services.queries import list_services
from tocsin.settings import forms, versions
from tocsin.web.layout import Shell, Visit, go

HERE: Final = "/settings/sources"
_RECENT: Final = 8
_FIRST: Final = (
    "alertmanager",
    "prometheus",
    "grafana",
    "pagerduty-events-v2",
    "datadog",
    "cloudwatch-sns",
    "zabbix",
    "uptime-kuma",
    "generic",
    "email",
    "report",
)
"""Tools that most installations have, before the others."""
EXAMPLE_BODY: Final = '{\n  "events": [\n    {"id": 71, "job": "invoices", "host": "worker-3", "state": "broken", "prio": "a", "msg": "no input for 40 minutes"}\n  ]\n}\n'
EXAMPLE_MAPPING: Final = (
    'alerts: body.events\nfingerprint: alert.id\ntitle: alert.job + " on " + alert.host\nstatus: alert.state\n'
    "statuses: {broken: firing, fixed: resolved}\nseverity: alert.prio\nlevels: {a: critical, b: low}\nlabels: {host: alert.host}\n"
)


def routes(shell: Shell, public_url: str) -> list[Route]:
    """Return the routes of the pages. public_url: what the addresses begin with; the address of the request where it is not set."""
    pages = _Pages(shell, public_url)
    return [
        shell.get(HERE, pages.listed),
        shell.post(HERE, pages.add, needs="administrator"),
        shell.get(f"{HERE}/tools/{{tool}}", pages.tool),
        shell.get(f"{HERE}/keys/{{id}}", pages.one),
        shell.post(f"{HERE}/keys/{{id}}/test", pages.test),
        shell.post(f"{HERE}/keys/{{id}}/mapping", pages.mapping),
        *(shell.post(f"{HERE}/keys/{{id}}/{verb}", pages.do(make), needs="administrator") for verb, make in _COMMANDS.items()),
    ]


class _Pages:
    def __init__(self, shell: Shell, public_url: str) -> None:
        self._shell = shell
        self._url = public_url.rstrip("/")

    def _base(self, visit: Visit) -> str:
        """Return what addresses begin with: the public URL, or the one by which the visitor came."""
        if self._url:
            return self._url
        url = visit.request.url
        return f"{url.scheme}://{url.netloc}"

    # -- all --------------------------------------------------------------------------------------

    async def listed(self, visit: Visit) -> Response:
        """Show every key and tool."""
        return await self._listed(visit)

    async def _listed(self, visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(self._of_all, visit)
        values |= {"problem": problem, "typed": visit.form if problem else {}}
        return self._shell.page(visit, "alerts/sources.html", values, status=problem.status if problem else 200)

    def _of_all(self, visit: Visit) -> dict[str, Any]:
        base = self._base(visit)
        secret = rights.at_least(visit.viewer.role, "administrator")
        with visit.runtime.reading() as reader:
            by_key, by_source, since = source_queries.last_seen(reader, visit.viewer)
            beats = list_heartbeats(reader, base)
            services = [(row["id"], row["name"]) for row in list_services(reader)]
        found = handlers.all_keys(visit.runtime)
        tools = sorted(READERS, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), TOOLS[name].casefold()))
        return {
            "keys": [{**addresses(key, base), "last": by_key.get(key.id), "secret": secret} for key in found], "since": since, "services": services,
            "tools": [{"id": name, "name": tool_name(name), "last": by_source.get(name)} for name in tools], "beats": beats, "secret": secret,
            "sources": [(name, tool_name(name)) for name in tools],
        }  # fmt: skip

    async def add(self, visit: Visit) -> Response:
        """Make a key."""
        try:
            name = visit.form.get("name", "").strip()
            key_id = forms.id_of(name, visit.form.get("id", ""))
            if await asyncio.to_thread(visit.runtime.committer.state, f"intake_key:{key_id}") is not None:
                raise Conflict(f"There is a key {key_id} already.", fix="Write another name, or change that one.", field="name")
            command = keys.SaveIntakeKey(name, _source(visit.form.get("source", "")), visit.form.get("service", ""))
            await visit.runtime.commit("intake_key", key_id, command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._listed(visit, refusal)
        return go(f"{HERE}/keys/{quote(key_id)}")

    # -- a tool -----------------------------------------------------------------------------------

    async def tool(self, visit: Visit) -> Response:
        """Show how a tool is set up, with the address of a key."""
        return self._shell.page(visit, "alerts/tool.html", await asyncio.to_thread(self._of_tool, visit))

    def _of_tool(self, visit: Visit) -> dict[str, Any]:
        tool = visit.path["tool"]
        if tool not in READERS:
            raise NotFound(f"There is no source {tool}.", fix="The list of sources shows them all.")
        base, secret = self._base(visit), rights.at_least(visit.viewer.role, "administrator")
        usable = [key for key in handlers.all_keys(visit.runtime) if key.takes(tool)]
        wanted = visit.query.get("key", "")
        key = (
            next((one for one in usable if one.id == wanted), None)
            or next((one for one in usable if one.saved.source == tool), None)
            or (usable[0] if usable else None)
        )
        with visit.runtime.reading() as reader:
            recent = list_receipts(reader, visit.viewer, Asked(source=tool), limit=_RECENT) if visit.query.get("recent") else []
        shown = key.secret if key is not None and secret else "<key>"
        return {
            "tool": tool, "name": tool_name(tool), "keys": [(one.id, one.name) for one in usable], "key": key, "secret": secret, "url": base + handlers.intake_path(tool, shown),
            "setup": setups.setup(tool, base + handlers.intake_path(tool, shown), shown, base, _host(base)), "notes": setups.notes(tool),
            "may_test": rights.at_least(visit.viewer.role, "responder") and key is not None and examples.example(tool, visit.now, "t") is not None, "recent": recent,
        }  # fmt: skip

    # -- a key ------------------------------------------------------------------------------------

    async def one(self, visit: Visit) -> Response:
        """Show a key."""
        return await self._one(visit)

    async def _one(self, visit: Visit, problem: Refused | None = None, **more: Any) -> Response:
        values = await asyncio.to_thread(self._of_one, visit)
        values |= {"problem": problem, "typed": visit.form if problem or more else {}, "made": None, **more}
        return self._shell.page(visit, "alerts/key.html", values, status=problem.status if problem else 200)

    def _of_one(self, visit: Visit) -> dict[str, Any]:
        key: keys.IntakeKey = visit.runtime.state("intake_key", visit.path["id"])
        base, secret = self._base(visit), rights.at_least(visit.viewer.role, "administrator")
        facts = visit.runtime.facts("intake_key", key.id)
        with visit.runtime.reading() as reader:
            recent = list_receipts(reader, visit.viewer, Asked(key=key.id), limit=_RECENT)
            services = [(row["id"], row["name"]) for row in list_services(reader)]
            names = {row["id"]: row["name"] for row in list_people(reader, everybody=True)}
            sent = _receipt(reader, visit)
        options = {name: value for name, value in key.saved.options.items() if name != OPTION}
        mapped = key.saved.options.get(OPTION)
        source = key.saved.source
        return {
            "key": key, "at": addresses(key, base), "secret": secret, "recent": recent, "services": services, "names": names, "sent": sent, "trial": visit.query.get("trial", ""),
            "tool": visit.query.get("tool", "") or source or _FIRST[0], "tools": [(source, tool_name(source))] if source else [(name, tool_name(name)) for name in sorted(READERS) if name != report.NAME],
            "ends": examples.ends(visit.query.get("tool", "") or source or _FIRST[0]), "setup": setups.setup(source, base + handlers.intake_path(source, key.secret if secret else "<key>"), key.secret if secret else "<key>", base, _host(base)) if source else None,
            "source_name": tool_name(source) if source else "", "options": _dumped(options if secret else keys.shown_options(options)), "mapping": _dumped(mapped) if mapped else "", "maps": source in ("", generic.NAME),
            "example_mapping": EXAMPLE_MAPPING, "example_body": EXAMPLE_BODY, "may_test": rights.at_least(visit.viewer.role, "responder") and not key.disabled,
            "versions": versions.versions([(fact.version, fact.recorded_at, str(fact.actor), _what(fact.type), _said(fact.event)) for fact in facts]),
        }  # fmt: skip

    async def test(self, visit: Visit) -> Response:
        """Send a test alert, or its end, by the real way in, and show its receipt."""
        key: keys.IntakeKey = await asyncio.to_thread(visit.runtime.state, "intake_key", visit.path["id"])
        tool = visit.form.get("tool", "") or key.saved.source
        ending = visit.form.get("trial", "")
        trial = ending or fresh().lower()
        try:
            if not key.takes(tool) or tool not in READERS:
                raise Refused(
                    f"The key {key.id} takes nothing of {tool or 'no tool'}.",
                    fix="Choose a tool that it is for, or switch it on.",
                    field="tool",
                )
            made = examples.example(tool, visit.now, trial, firing=not ending)
            if made is None:
                raise Refused(
                    f"There is no test alert of {tool_name(tool)}.",
                    fix="Open its address in a browser." if tool == report.NAME else "Send one from the tool itself.",
                    field="tool",
                )
            sent = Sent(made.body, visit.now, made.media, options=key.saved.options)
            taken = await handlers.receive(visit.runtime, tool, key, sent, f"test by {visit.actor.id}")
            receipt = str(taken.answer()["receipt"])
        except WrongBody as refusal:  # kept as a receipt all the same: the way in was tried
            found = await asyncio.to_thread(self._newest, visit, key.id)
            return go(f"{HERE}/keys/{quote(key.id)}?sent={found}&tool={quote(tool)}#test") if found else await self._one(visit, refusal)
        except Refused as refusal:
            return await self._one(visit, refusal)
        more = "" if ending or not examples.ends(tool) else f"&trial={trial}"
        return go(f"{HERE}/keys/{quote(key.id)}?sent={quote(receipt)}&tool={quote(tool)}{more}#test")

    def _newest(self, visit: Visit, key: str) -> str:
        with visit.runtime.reading() as reader:
            rows = list_receipts(reader, visit.viewer, Asked(key=key), limit=1)
        return str(rows[0]["id"]) if rows else ""

    async def mapping(self, visit: Visit) -> Response:
        """Show what a mapping makes of a body, or write it down."""
        key: keys.IntakeKey = await asyncio.to_thread(visit.runtime.state, "intake_key", visit.path["id"])
        try:
            wanted = _mapping_of(visit.form.get("mapping", ""))
            if visit.form.get("do") == "save":
                options = {name: value for name, value in key.saved.options.items() if name != OPTION}
                command = msgspec.structs.replace(key.saved, options={**options, **({OPTION: wanted} if wanted else {})})
                await visit.runtime.commit("intake_key", key.id, command, visit.actor, visit.key, visit.fingerprint)
                return go(f"{HERE}/keys/{quote(key.id)}#mapping")
            body = visit.form.get("body", "").strip() or EXAMPLE_BODY
            options = {name: value for name, value in key.saved.options.items() if name != OPTION}
            made = await asyncio.to_thread(previewed, Preview(body, generic.NAME, wanted, _media(body)), options, visit.now)
        except Refused as refusal:
            if visit.form.get("part"):
                return self._shell.page(visit, "alerts/mapped.html", {"made": None, "refusal": refusal})
            return await self._one(visit, refusal)
        if visit.form.get("part"):
            return self._shell.page(visit, "alerts/mapped.html", {"made": made, "refusal": None})
        return await self._one(visit, made=made)

    def do(self, make: Callable[[Visit, keys.IntakeKey], Command]) -> Callable[[Visit], Awaitable[Response]]:
        """Return the handler of a form about a key."""

        async def handle(visit: Visit) -> Response:
            try:
                key: keys.IntakeKey = await asyncio.to_thread(visit.runtime.state, "intake_key", visit.path["id"])
                await visit.runtime.commit("intake_key", key.id, make(visit, key), visit.actor, visit.key, visit.fingerprint)
            except Refused as refusal:
                return await self._one(visit, refusal)
            return go(f"{HERE}/keys/{quote(visit.path['id'])}")

        return handle


def addresses(key: keys.IntakeKey, base: str) -> dict[str, Any]:
    """Return where a key takes what it takes: web addresses, the mail address for mails, the page for reports."""
    source = key.saved.source
    return {
        "id": key.id, "name": key.name, "source": source, "tool": tool_name(source) if source else "every tool", "service": key.saved.service, "disabled": key.disabled,
        "why": key.why, "about": key.saved.about, "strict": key.saved.strict,
        "where": handlers.address(source, key.secret, base) if source else base + handlers.intake_path("<tool>", key.secret),
    }  # fmt: skip


def tool_name(source: str) -> str:
    """Return what people call a source."""
    return {"generic": "Anything that can post", "prometheus": "Prometheus itself", email.NAME: "E-mail", report.NAME: "Report form"}.get(
        source, TOOLS.get(source, source)
    )


def _source(text: str) -> str:
    if text and text not in READERS:
        raise Refused(f"There is no source {text!r}.", fix="Choose one of the list.", field="source")
    return text


def _host(base: str) -> str:
    return urlsplit(base).hostname or "this-host"


def _receipt(reader: Reader, visit: Visit) -> dict[str, Any] | None:
    receipt = visit.query.get("sent", "")
    try:
        return receipt_view(reader, visit.viewer, receipt) if receipt else None
    except Refused:
        return None


def _dumped(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100) if value else ""


def _yaml(text: str, field: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text) if text.strip() else {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Refused(
            f"{field}: this is not YAML: {' '.join(str(error).split())[:200]}.",
            fix="Write one field on each line, as `name: value`.",
            field=field,
        ) from error
    if not isinstance(found, dict):
        raise Refused(f"{field}: these are no fields.", fix="Write one field on each line, as `name: value`.", field=field)
    return {str(name): value for name, value in found.items()}


def _mapping_of(text: str) -> dict[str, Any]:
    if any(isinstance(token, yaml.AliasToken) for token in _tokens(text)):
        raise Refused("mapping: YAML aliases (*name) are not understood.", fix="Write the part out.", field="mapping")
    return _yaml(text, "mapping")


def _tokens(text: str) -> list[Any]:
    try:
        return list(yaml.scan(text))
    except yaml.YAMLError:
        return []


def _media(body: str) -> str:
    try:
        json.loads(body)
    except ValueError:
        return "text/plain"
    return "application/json"


def _what(kind: str) -> str:
    word = kind.partition(".")[2]
    return "" if word == "saved" else word


def _said(event: Any) -> dict[str, Any] | None:
    """Return a version of a key without its secret."""
    if not isinstance(event, keys.IntakeKeySaved):
        return None
    said: dict[str, Any] = msgspec.to_builtins(event.key)
    said.pop("secret", None)
    said["options"] = keys.shown_options(said.get("options", {}))
    return said


def _save(visit: Visit, key: keys.IntakeKey) -> Command:
    form = visit.form
    options = _yaml(form.get("options", ""), "options")
    kept = {OPTION: key.saved.options[OPTION]} if OPTION in key.saved.options else {}
    return msgspec.structs.replace(
        key.saved, name=form.get("name", "").strip(), source=_source(form.get("source", "")), service=form.get("service", ""), strict=bool(form.get("strict")),
        about=form.get("about", "").strip(), options={**kept, **options},
    )  # fmt: skip


_COMMANDS: Final[dict[str, Callable[[Visit, keys.IntakeKey], Command]]] = {
    "save": _save,
    "rotate": lambda _visit, _key: keys.RotateIntakeKey(),
    "disable": lambda visit, _key: keys.DisableIntakeKey(visit.form.get("why", "").strip()),
    "enable": lambda _visit, _key: keys.EnableIntakeKey(),
}
