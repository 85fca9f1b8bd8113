from __future__ import annotations
from collections.abc import Iterator
from pathlib import Path
import pytest
from sqlalchemy import create_engine, text
from tests.adversary.test_postgres import Postgres
from tests.engine.conftest import postgres
from tests.world import World
from tocsin.engine import tables
import tests.alerts.dropins.test_opsgenie as o
import tests.alerts.dropins.test_alertmanager_api as a
import tests.alerts.test_changes as ch
__all__=["postgres"]
def test_all(tmp_path, postgres, monkeypatch):
    monkeypatch.setattr(Postgres,"url",postgres)
    n=0
    for mod in (o,a,ch):
        for name in dir(mod):
            f=getattr(mod,name)
            if not name.startswith("test_") or getattr(f,"pytestmark",None): continue
            engine=create_engine(postgres)
            with engine.begin() as c:
                tables.metadata.drop_all(c); c.execute(text("DROP TABLE IF EXISTS alembic_version"))
            engine.dispose()
            w=Postgres(tmp_path/f"d{n}", playbook="house"); n+=1
            try:
                if mod is o: w.post("/intake-keys/genie", {"name": "Genie", "source": "opsgenie-api", "secret": o.KEY}); f(w)
                elif mod is a: w.post("/intake-keys/oslo", {"name": "Oslo", "secret": a.KEY}); f(w)
                else: f(w)
                print(name,'ok')
            except BaseException as e:
                print(name,'FAIL',repr(e)[:300])
            finally: w.close()
