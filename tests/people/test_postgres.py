"""Accounts, sessions, tokens and the audit on PostgreSQL, with two nodes on one database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.engine.conftest import postgres
from tests.people.visitors import PASSWORD, Visitor, make_account, make_token, program, visitor
from tests.world import World
from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.engine import rebuild, tables
from tocsin.engine.model import Actor
from tocsin.people import handlers
from tocsin.people.account import ChangeRole
from tocsin.people.passwords import CHEAP, Hasher

__all__ = ["postgres"]


class Node(World):
    """One of several processes on a database in PostgreSQL."""

    url = ""

    def _build(self) -> App:
        app = build(
            Options(
                data=self.folder,
                database_url=self.url,
                default_playbook=self.playbook,
                clock=self.clock,
                console=Quiet(),
                password_cost=CHEAP,
            )
        )
        start(app)
        return app


@pytest.fixture
def nodes(tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Node, Node]]:
    """Two nodes on one new database."""
    engine = create_engine(postgres)
    with engine.begin() as connection:
        tables.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()
    monkeypatch.setattr(Node, "url", postgres)
    one, two = Node(tmp_path / "one"), Node(tmp_path / "two")
    yield one, two
    one.close()
    two.close()


@pytest.mark.torture
def test_what_one_node_gives_or_takes_counts_on_the_other_at_once(nodes: tuple[Node, Node]) -> None:
    one, two = nodes
    make_account(one, "root", "administrator")
    ana = visitor(one, "ana", "manager")
    there = Visitor(two, cookies=dict(ana.cookies))
    assert there.api("GET", "/me").json["role"] == "manager"
    two.post("/accounts/ana/role", {"role": "viewer"})
    assert ana.api("GET", "/me").json["role"] == "viewer"
    one.post("/accounts/ana/role", {"role": "responder"})
    assert there.api("GET", "/me").json["role"] == "responder"
    bot = make_token(one, "bot", "read")
    assert program(two, bot).api("GET", "/me").status == 200
    two.post("/tokens/bot/revoke")
    assert program(one, bot).api("GET", "/me").status == 401
    two.post("/accounts/ana/disable")
    assert not ana.is_in
    assert Visitor(one).sign_in("ana").status == 401
    assert len(one.get("/audit", kind="account", record="ana")["entries"]) >= 5
    with one.app.runtime.database.reading() as connection:
        assert rebuild.differences(connection, one.app.runtime.registry) == []


@pytest.mark.torture
def test_a_link_is_used_once_though_two_nodes_take_it_at_the_same_moment(nodes: tuple[Node, Node]) -> None:
    hasher = Hasher(CHEAP)
    for turn in range(5):
        person = f"ana{turn}"
        link = nodes[0].post(f"/accounts/{person}", {"role": "viewer"})["link"]["path"].rpartition("/")[2]
        done: list[bool] = []

        def use(node: Node, password: str, link: str = link, done: list[bool] = done) -> None:
            try:
                handlers.use_link(node.app.runtime, hasher, link, password, password, "")
            except Exception:  # noqa: BLE001 (whichever way it is refused)
                done.append(False)
            else:
                done.append(True)

        threads = [threading.Thread(target=use, args=(node, f"{PASSWORD} {number}")) for number, node in enumerate(nodes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(done) == [False, True]
        assert len([fact for fact in nodes[0].app.runtime.facts("account", person) if fact.type == "account.password_set"]) == 1


@pytest.mark.torture
def test_two_administrators_who_demote_one_another_on_two_nodes_leave_one(nodes: tuple[Node, Node]) -> None:
    for turn in range(5):
        pair = (f"a{turn}", f"b{turn}")
        for person in pair:
            make_account(nodes[0], person, "administrator")
        known = [one["id"] for one in nodes[0].get("/accounts")["accounts"] if one["role"] == "administrator" and one["id"] not in pair]
        for person in known:
            nodes[0].post(f"/accounts/{person}/role", {"role": "viewer"})

        def demote(node: Node, person: str) -> None:
            with suppress(Exception):  # whichever way it is refused
                node.app.runtime.commit_now("account", person, ChangeRole("viewer"), Actor("person", "x"))

        threads = [threading.Thread(target=demote, args=(node, person)) for node, person in zip(nodes, pair, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        left = [one["id"] for one in nodes[0].get("/accounts")["accounts"] if one["role"] == "administrator"]
        assert len(left) >= 1, f"turn {turn}: nobody is left"


@pytest.mark.torture
def test_of_two_who_set_a_new_installation_up_on_two_nodes_one_does(nodes: tuple[Node, Node]) -> None:
    nodes[0].app.runtime.set_token("tocsin_first")
    hasher = Hasher(CHEAP)
    done: list[str] = []
    failed: list[Exception] = []

    def set_up(node: Node, person: str) -> None:
        try:
            handlers.set_up(node.app.runtime, hasher, "tocsin_first", person, person.title(), PASSWORD, PASSWORD, "")
        except Exception as refused:  # noqa: BLE001 (whichever way it is refused)
            failed.append(refused)
            return
        done.append(person)

    threads = [threading.Thread(target=set_up, args=(node, person)) for node, person in zip(nodes, ("ana", "mallory"), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1, failed
    assert [one["id"] for one in nodes[0].get("/accounts")["accounts"]] == done
