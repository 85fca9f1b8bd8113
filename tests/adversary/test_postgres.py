"""The same hostile bodies on PostgreSQL, which refuses what SQLite takes: NUL characters, long keys, large numbers."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import create_engine, text

from tests.adversary.api import check
from tests.adversary.hostile import TEXTS, bodies
from tests.adversary.test_api import Field
from tests.engine.conftest import postgres
from tests.world import World
from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.engine import ledger, rebuild, tables
from tocsin.web.endpoints import PREFIX

__all__ = ["postgres"]


class Postgres(World):
    """A world whose records are in PostgreSQL."""

    url = ""

    def _build(self) -> App:
        options = Options(data=self.folder, database_url=self.url, default_playbook=self.playbook, clock=self.clock, console=Quiet())
        app = build(options)
        start(app)
        return app


@pytest.mark.torture
def test_hostile_bodies_are_taken_or_refused_on_postgresql(tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine(postgres)
    with engine.begin() as connection:
        tables.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()
    monkeypatch.setattr(Postgres, "url", postgres)
    monkeypatch.setattr("tests.adversary.test_api.World", Postgres)
    field = Field(tmp_path / "data", "payments-sev1")
    logging.getLogger().addHandler(field.log)
    try:
        for endpoint in field.world.app.endpoints:
            if endpoint.body is None or endpoint.path == "/clock/advance":
                continue
            schema = field.components[endpoint.body.__name__]

            @settings(max_examples=60, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
            @given(bodies(schema, field.components, field.words))
            def send(raw: bytes) -> None:
                field.try_one("POST", field.path(endpoint), raw)  # noqa: B023 (called before the next turn)

            send()
        for word in TEXTS:
            alert = {
                "status": "firing",
                "labels": {"alertname": word, "service": word, "severity": word},
                "annotations": {"summary": word},
                "fingerprint": word,
            }
            check(field.world.send("POST", "/intake/alertmanager/x", {"alerts": [alert]}), f"alert {word[:50]!r}")
            if len(word) < 1000:
                field.try_one(
                    "POST",
                    f"{PREFIX}/incidents/{field.ids['incidents']}/acknowledge",
                    b"{}",
                    {"idempotency-key": "".join(c for c in word if c.isascii() and c.isprintable())},
                )
        runtime = field.world.app.runtime
        with runtime.database.reading() as connection:
            assert ledger.verify_all(connection, runtime.registry) == []
            assert rebuild.differences(connection, runtime.registry) == []
    finally:
        logging.getLogger().removeHandler(field.log)
        field.world.close()
