"""The audit: who did what, when and from where; what was refused; and nothing of what is private."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from tests.people.visitors import PASSWORD, Visitor, make_account, make_token, program, said, visitor
from tests.world import World

SECRET = "Elephants in the cellar"


def audit(world: World, **query: Any) -> list[dict[str, Any]]:
    world.app.runtime.write(lambda _connection: {})  # after what waits
    return list(world.get("/audit", **query)["entries"])


def words(world: World, **query: Any) -> list[str]:
    return [one["says"] for one in audit(world, **query)]


def test_coming_in_going_and_not_getting_in_are_written_down_with_the_address(world: World) -> None:
    make_account(world, "ana", "viewer")
    browser = Visitor(world, "203.0.113.5")
    browser.sign_in("ana", "wrong wrong wrong")
    browser.sign_in("whoever", "wrong wrong wrong")
    browser.sign_in("ana")
    browser.post("/sign-out", next(form.fields for form in browser.forms("/settings/me") if form.action == "/sign-out"))
    found = audit(world, kind="sign-ins")
    assert [one["says"] for one in found][:4] == [
        "ana signed out", "ana signed in with the password", "a wrong password for an unknown name", "a wrong password for ana",
    ]  # fmt: skip
    assert {one["address"] for one in found[:4]} == {"203.0.113.5"}
    assert "wrong wrong" not in str(found)
    assert "whoever" not in str(found)  # it may have been a password in the wrong field


def test_a_change_of_configuration_says_who_by_which_way_and_from_where(world: World) -> None:
    root = visitor(world, "root", "administrator", "203.0.113.9")
    root.api("POST", "/routes", {"routes": []})
    root.api("POST", "/accounts/bo", {"role": "viewer"})
    found = audit(world, person="root")
    shown = {one["says"]: (one["who"], one["via"], one["address"]) for one in found}
    assert shown["account bo: created as viewer"] == ("root", "api", "203.0.113.9")


def test_what_somebody_wanted_and_may_not_is_written_down_once(world: World) -> None:
    ana = visitor(world, "ana", "viewer")
    for _ in range(5):
        ana.api("POST", "/incidents", {"title": "x"})
    ana.api("GET", "/accounts", headers={"x-tocsin-person": "root"})
    ana.get("/settings/accounts?secret=in-the-query")
    found = words(world, kind="refusals")
    assert found.count("was refused: POST /api/v1/incidents") == 1
    assert "was refused: GET /settings/accounts" in found
    assert "in-the-query" not in str(found)


def test_what_was_taken_out_is_written_down(world: World) -> None:
    incident = world.declare()
    ana = visitor(world, "ana", "viewer")
    assert ana.send("GET", f"/api/v1/incidents/{incident}/evidence").status == 200
    assert words(world, kind="exports") == [f"took out /api/v1/incidents/{incident}/evidence"]
    assert audit(world, kind="exports")[0]["who"] == "ana"


def test_a_token_is_named_once_a_day_and_address(world: World) -> None:
    bot = program(world, make_token(world, "bot", "read"))
    for _ in range(3):
        bot.api("GET", "/incidents")
    assert words(world, kind="token use") == ["the token bot was used"]
    assert words(world, kind="token") == ["token bot: made with read"]


def test_a_private_incident_leaves_that_it_was_read_and_its_id_only_for_its_readers(world: World) -> None:
    ana = visitor(world, "ana", "responder")
    bo = visitor(world, "bo", "administrator")
    made = ana.api("POST", "/incidents", {"title": SECRET, "private": True})
    assert made.status == 201, made.text
    incident = made.json["incident"]
    assert ana.get(f"/incidents/{incident}").status == 200
    assert bo.get(f"/incidents/{incident}").status == 404
    found = audit(world, kind="private reads")
    assert [(one["who"], one["says"]) for one in found] == [("ana", "read the private incident (one that you may not read), being invited")]
    found = world.send("GET", "/audit?kind=private+reads", person="ana").json["entries"]
    assert [(one["who"], one["says"]) for one in found] == [("ana", f"read the private incident {incident}, being invited")]
    everything = str(audit(world, limit=1000)) + bo.get("/settings/audit").text + bo.get(f"/settings/audit?record={incident}").text
    assert SECRET not in everything


def test_no_secret_of_a_record_stands_in_the_audit(world: World) -> None:
    world.post("/intake-keys/grafana", {"source": "grafana", "secret": "a-secret-of-the-intake"})
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "sms", "value": "+15550100"}]})
    world.post("/heartbeats/backup", {"name": "Backup", "every": "5m"})
    found = str(audit(world, limit=1000))
    assert "intake key grafana: saved" in found
    assert "a-secret-of-the-intake" not in found
    assert "+15550100" not in found


def test_filters_and_the_cursor_find_everything_once(world: World) -> None:
    for number in range(7):
        world.post(f"/services/s{number}", {"name": f"Service {number}"}, person="ana" if number % 2 else "bo")
    world.advance(hours=1)
    later = world.now
    world.post("/services/s0", {"name": "Renamed"}, person="bo")
    assert len(audit(world, kind="service")) == 8
    assert len(audit(world, kind="service", person="ana")) == 3
    assert words(world, record="service:s0") == ["service s0: saved", "service s0: saved"]
    assert words(world, kind="service", record="s0") == words(world, record="service:s0")
    assert len(audit(world, kind="service", since=later.isoformat())) == 1
    assert len(audit(world, kind="service", until=later.isoformat())) == 7
    seen, after = [], ""
    while True:
        answer = world.get("/audit", kind="service", limit=3, **({"after": after} if after else {}))
        seen += [one["position"] for one in answer["entries"]]
        if answer["after"] is None:
            break
        after = answer["after"]
    assert len(seen) == len(set(seen)) == 8
    assert seen == sorted(seen, reverse=True)


def test_hostile_filters_are_only_texts(world: World) -> None:
    world.post("/services/pay", {"name": "Pay"}, person='a"b%_')
    assert len(audit(world, person='a"b%_', kind="service")) == 1
    for person in ("%", "_", '"', "\\", "a' OR 1=1 --", '","kind":"'):
        assert audit(world, person=person, kind="service") == []
    assert world.send("GET", "/audit?kind=nothing").status == 422
    assert world.send("GET", "/audit?after=x").status == 422
    assert world.send("GET", "/audit?record=incident:INC-1").json["entries"] == []


def test_it_is_taken_out_as_a_file_whose_cells_are_no_formulas(world: World) -> None:
    world.post("/services/pay", {"name": "Pay"}, person="=cmd()")
    answer = world.send("GET", "/audit?kind=service&format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "'=cmd()" in answer.text


def test_the_planner_reads_the_few_records_and_not_the_whole_log(world: World) -> None:
    statements: list[str] = []
    from sqlalchemy import event

    engine = world.app.runtime.database._readers
    seen: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *args: seen.append((args[2], args[3])))
    world.get("/audit", kind="service")
    world.get("/audit")
    with world.app.runtime.database.reading() as connection:
        for statement, parameters in [one for one in seen if "FROM facts" in one[0] and "ORDER BY" in one[0]]:
            plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))
            assert "SCAN facts" not in plan, plan
            statements.append(statement)
    assert len(statements) == 2


def test_the_page_shows_filters_and_goes_on(world: World) -> None:
    root = visitor(world, "root", "administrator")
    for number in range(60):
        world.post(f"/services/s{number}", {"name": f"Service {number}"}, person="ana")
    first = root.get("/settings/audit?kind=service&person=ana")
    assert "service s59: saved" in first.text
    older = first.text.partition('href="/settings/audit?')[2]
    assert "after=" in first.text
    assert older
    assert "No entry fits all filters" in said(root.get("/settings/audit?person=nobody"))
    assert root.get("/settings/audit?since=yesterday").status == 422


def test_only_administrators_read_it(world: World) -> None:
    make_account(world, "root", "administrator")
    for role in ("viewer", "responder", "manager"):
        someone = visitor(world, role, role)
        assert someone.get("/settings/audit").status == 403
        assert someone.api("GET", "/audit").status == 403


def test_its_record_is_chained_like_every_other(world: World) -> None:
    make_account(world, "ana", "viewer")
    Visitor(world).sign_in("ana", PASSWORD)
    assert world.get("/verify")["whole"]
    with world.app.runtime.database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM facts WHERE stream LIKE 'audit:%'")).scalar_one() > 0
