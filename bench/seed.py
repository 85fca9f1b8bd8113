"""An installation with a history: thousands of incidents, made from incidents that were really played.

Each shipped scenario is played once, to its last follow-up, by the product itself. Its records are then copied with other ids, another service,
another day, and faster or slower than they were; every copy has its facts with a hash chain that holds, its state folded from them, and the rows
that its kind writes for them. What would lie in the future is left out, so that the newest incidents are still open.
"""

from __future__ import annotations

import hashlib
import math
import os
import random
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, insert, select

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.world import World
from tocsin.app import App, Options, build, start
from tocsin.drills.player import Player
from tocsin.drills.player import Server as Api
from tocsin.drills.run import load_shipped, shipped
from tocsin.engine import chain, tables
from tocsin.engine.model import Actor, Fact, RowWrite, micros, moment

SERVICES: Final = 60
PEOPLE: Final = 40
TEAMS: Final = 8
SCHEDULES: Final = 30
DAYS: Final = 730
WEIGHTS: Final = {"000": 5, "001": 40, "002": 10, "003": 25, "004": 20}
"""How often each scenario is copied."""
_KINDS: Final = ("incident", "page", "group", "postmortem", "action")
_TIME: Final = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)Z"')
_DAY: Final = re.compile(r'"(\d{4}-\d\d-\d\d)"')
_STRETCHED: Final = timedelta(hours=12)
"""Only this long after its beginning an incident runs faster or slower; reviews and follow-ups keep their days."""
_encode = msgspec.json.Encoder().encode


class _InProcess:
    def __init__(self, world: World) -> None:
        self._world = world

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes, str]:
        found = self._world.send(
            method, path, None, person="", headers={name.lower(): value for name, value in headers.items()}, raw=body or b""
        )
        return found.status, found.content, found.headers.get("content-type", "")


@dataclass
class Template:
    """The records of a scenario that was played, as rows of facts; and the rows of ``group_counts``."""

    scenario: str
    began: datetime
    facts: list[Any]
    ids: dict[str, str]
    """Id to its kind."""
    service: str
    people: list[str]
    counts: list[dict[str, Any]] = field(default_factory=list)


def play(folder: Path) -> list[Template]:
    """Play every shipped scenario and return what came of it."""
    made = []
    for name in shipped():
        scenario = load_shipped(name)
        world = World(folder / name, scenario.starts, scenario.playbook)
        try:
            key = world.get("/intake")["intake"][0]["url"].rpartition("/")[2]
            outcome = Player(Api(_InProcess(world)), {"intake_key": key}).play(scenario)
            assert not outcome.failures, outcome.failures[:3]
            state: Any = world.app.runtime.state("incident", outcome.incident)
            with world.app.runtime.database.reading() as connection:
                rows = [
                    row
                    for row in connection.execute(select(tables.facts).order_by(tables.facts.c.position))
                    if row.stream.partition(":")[0] in _KINDS
                ]
                table = tables.metadata.tables["group_counts"]
                counts = [dict(row) for row in connection.execute(select(table)).mappings()]
            ids = {row.stream.partition(":")[2]: row.stream.partition(":")[0] for row in rows if not row.stream.startswith("postmortem")}
            made.append(
                Template(name, state.declared_at, rows, ids, state.now_circumstances.service, [p.id for p in scenario.people], counts)
            )
        finally:
            world.close()
    return made


class Copier:
    """Copies templates into an installation that does not run."""

    def __init__(self, app: App, now: datetime, chance: random.Random) -> None:
        self.app = app
        self.now = now
        self.chance = chance
        self.registry = app.runtime.registry
        self.number = 0
        self.pages = 0
        self.groups = 0
        self._facts: list[dict[str, Any]] = []
        self._streams: list[dict[str, Any]] = []
        self._rows: dict[tuple[str, tuple[Any, ...]], RowWrite] = {}

    def copy(self, template: Template, began: datetime, pace: float, *, after: bool) -> str:
        """Make one incident from a template and return its id. after: with its postmortem and its action items."""
        self.number += 1
        chance = self.chance
        people = {name: f"p{chance.randrange(PEOPLE):02}" for name in template.people}
        new = {old: self._named(old, kind, began) for old, kind in template.ids.items()}
        named = {**people, template.service: f"service-{chance.randrange(SERVICES):02}"}
        words = [(f'"{old}"', f'"{name}"') for old, name in named.items()] + [(f":{old}:", f":{name}:") for old, name in people.items()]
        words += sorted(new.items(), key=lambda item: -len(item[0]))
        days = (began.date() - template.began.date()).days

        def at(moment_: datetime) -> datetime:
            since = moment_ - template.began
            if since > timedelta(0):
                since = min(since, _STRETCHED) * pace + max(since - _STRETCHED, timedelta(0))
            return began + since

        def text(body: str) -> str:
            for old, name in words:
                body = body.replace(old, name)
            body = _TIME.sub(lambda found: f'"{_rfc(at(datetime.fromisoformat(found.group(1)).replace(tzinfo=UTC)))}"', body)
            return _DAY.sub(lambda found: f'"{date.fromisoformat(found.group(1)) + timedelta(days=days)}"', body)

        streams: dict[str, list[Any]] = {}
        for row in template.facts:
            kind, _, id_ = row.stream.partition(":")
            if after or kind not in ("postmortem", "action"):
                streams.setdefault(f"{kind}:{new[id_]}", []).append(row)
        for stream, rows in streams.items():
            self._stream(stream, rows, at, text)
        for row in template.counts:
            group = new[row["id"]]
            shifted = {name: micros(at(moment(value))) if name.endswith("_at") and value else value for name, value in row.items()}
            values = {**shifted, "id": group, "number": int(group.partition("-")[2]), "key": f"{row['key']}\x1f{self.number}"}
            self._rows["group_counts", (group,)] = RowWrite("group_counts", (group,), values)
        return new[next(old for old, kind in template.ids.items() if kind == "incident")]

    def write(self, connection: Connection) -> None:
        """Write what was copied since."""
        connection.execute(insert(tables.facts), self._facts)
        connection.execute(insert(tables.streams), self._streams)
        by_table: dict[str, list[dict[str, Any]]] = {}
        for write in self._rows.values():
            if write.values is not None:
                by_table.setdefault(write.table, []).append(dict(write.values))
        for name, rows in by_table.items():
            table = tables.metadata.tables[name]
            if name in ("page_numbers", "policy_turns"):
                continue
            connection.execute(insert(table), rows)
        self._facts, self._streams, self._rows = [], [], {}

    def _named(self, old: str, kind: str, began: datetime) -> str:
        match kind:
            case "incident":
                return f"INC-{began:%Y%m%d}-{self.number:06}"
            case "page":
                self.pages += 1
                return f"P-B{self.pages:06}"
            case "group":
                self.groups += 1
                return f"G-{1_000_000 + self.groups}"
            case _:
                return f"{old.partition('-')[0]}-B{self.number:05}{len(old)}{abs(hash(old)) % 10_000:04}"

    def _stream(self, stream: str, rows: list[Any], at: Any, text: Any) -> None:
        kind = self.registry.kind_of(stream)
        decoder = self.registry.decoder(kind)
        state: Any = kind.initial(stream.partition(":")[2])
        head, version = chain.GENESIS, 0
        facts: list[Fact] = []
        for row in rows:
            recorded = at(moment(row.recorded_at))
            if recorded > self.now:
                break
            body, occurred, actor = text(row.body), at(moment(row.occurred_at)), text(row.actor)
            version += 1
            event = decoder.decode(body)
            if kind.name == "page" and version == 1:
                event = msgspec.structs.replace(event, number=self.pages)
                body = _encode(event).decode()
            fact = Fact(stream, version, event, occurred, recorded, msgspec.json.decode(actor, type=Actor))
            salt = secrets.token_bytes(16)
            digest = chain.digest(salt, body.encode())
            head = chain.link(head, version, fact.type, micros(occurred), micros(recorded), actor, digest)
            self._facts.append(
                {
                    "stream": stream, "version": version, "type": fact.type, "occurred_at": micros(occurred), "recorded_at": micros(recorded),
                    "actor": actor, "body": body, "salt": salt, "digest": digest, "hash": head,
                }
            )  # fmt: skip
            state = kind.evolve(state, fact)
            facts.append(fact)
        if facts:
            for write in kind.rows(kind.initial(stream.partition(":")[2]), state, facts):
                self._rows[write.table, write.key] = write
            self._streams.append(
                {
                    "stream": stream, "version": version, "head": head, "snapshot": _encode(state).decode(), "snapshot_version": version,
                    "fold_version": kind.fold_version,
                }
            )  # fmt: skip


def _rfc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moments(count: int, now: datetime, chance: random.Random) -> Iterator[datetime]:
    """Yield when incidents began: more by day than by night, more on working days."""
    made = 0
    while made < count:
        at = now - timedelta(days=chance.random() * DAYS, minutes=10)
        weight = (1.0 if 8 <= at.hour < 19 else 0.35) * (1.0 if at.weekday() < 5 else 0.4)
        if chance.random() < weight:
            made += 1
            yield at.replace(microsecond=0)


def catalogue(world: World) -> None:
    """Write down people, teams, services, schedules and policies."""
    for number in range(PEOPLE):
        name = f"p{number:02}"
        zone = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC")[number % 4]
        world.post(f"/people/{name}", {"name": f"Person {number:02}", "zone": zone, "contacts": [{"kind": "file", "value": name}]})
    for number in range(TEAMS):
        members = [f"p{one:02}" for one in range(number * 5, number * 5 + 5)]
        world.post(f"/teams/team-{number}", {"name": f"Team {number}", "members": members})
    for number in range(SCHEDULES):
        groups = [[f"p{(number + one) % PEOPLE:02}"] for one in range(4)]
        zone = ("Europe/Berlin", "America/New_York")[number % 2]
        layers = [{"id": "week", "groups": groups, "start": "2024-01-01T09:00"}]
        world.post(f"/schedules/schedule-{number:02}", {"name": f"Schedule {number:02}", "zone": zone, "layers": layers})
        steps = [{"to": [f"schedule:schedule-{number:02}"]}, {"to": [f"person:p{number:02}"]}]
        world.post(f"/policies/policy-{number:02}", {"steps": steps})
    for number in range(SERVICES):
        body = {"name": f"Service {number:02}", "owner": f"team-{number % TEAMS}", "policy": f"policy-{number % SCHEDULES:02}"}
        world.post(f"/services/service-{number:02}", body)


def seed(data: Path, incidents: int, *, after: int = 500, say: Any = print) -> None:
    """Fill a new data folder. incidents: how many; after: how many of them, the newest closed, have postmortem and action items."""
    now = datetime.now(UTC)
    chance = random.Random(7)
    with tempfile.TemporaryDirectory(prefix="tocsin-seed-") as folder:
        templates = {one.scenario: one for one in play(Path(folder))}
        say(f"  played {len(templates)} scenarios", flush=True)
    world = World(data, now - timedelta(days=DAYS), "payments-sev1")
    try:
        catalogue(world)
    finally:
        world.close()
    app = build(Options(data=data))
    start(app)
    copier = Copier(app, now, chance)
    begins = sorted(moments(incidents, now, chance))
    names = chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=incidents)
    database = app.runtime.database
    app.runtime.stop()
    for number, (began, name) in enumerate(zip(begins, names, strict=True)):
        pace = math.exp(chance.gauss(0, 0.8))
        reviewed = incidents - after - incidents // 20 <= number < incidents - incidents // 20
        copier.copy(templates[name], began, pace, after=reviewed)
        if number % 200 == 199 or number == incidents - 1:
            with database.writing() as connection:
                copier.write(connection)
        if number % 2000 == 1999:
            say(f"  {number + 1:,} incidents", flush=True)
    with database.writing() as connection:
        counter = tables.metadata.tables["page_numbers"]
        connection.execute(counter.delete())
        connection.execute(insert(counter), {"of": "page", "last": copier.pages})
        connection.exec_driver_sql("ANALYZE")
    database.close()


def kept(incidents: int, *, say: Any = print) -> Path:
    """Return a folder with a seeded installation, made at most once a day for one state of the source; TOCSIN_BENCH_SEED names a ready one."""
    if ready := os.environ.get("TOCSIN_BENCH_SEED"):
        return Path(ready)
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256(f"{incidents} {datetime.now(UTC):%Y-%m-%d}".encode())
    for path in sorted([*root.glob("src/tocsin/**/*.py"), Path(__file__)]):
        digest.update(path.read_bytes())
    home = root / "bench" / "out"
    found = home / f"seed-{digest.hexdigest()[:16]}"
    if not found.exists():
        home.mkdir(parents=True, exist_ok=True)
        for old in home.glob("seed-*"):
            shutil.rmtree(old)
        half = home / "seed-half"
        seed(half, incidents, say=say)
        half.rename(found)
    return found


if __name__ == "__main__":
    seed(Path(sys.argv[1]), int(sys.argv[2]))
