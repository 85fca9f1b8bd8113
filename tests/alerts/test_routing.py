"""Where alerts go: the first route that fits, what it inherits, how urgent it is, and which group an alert joins."""

import random
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.bodies import alert_of, one, send
from tests.world import World
from tocsin.alerts.matchers import Subject, holds, parse
from tocsin.alerts.route_model import Route, SaveRoutes
from tocsin.alerts.routes.load import dump, load_inhibitions, load_routes
from tocsin.alerts.routes.shelf import shipped, shipped_text
from tocsin.alerts.routing import NOBODY, Known, WordOf, compile_routes
from tocsin.engine.errors import Refused

KNOWN = Known(
    "payments",
    True,
    policy="payments-policy",
    page=("ana",),
    words={"sev1": WordOf("CRITICAL", "high", "SEV-1"), "sev4": WordOf("NOTE", None, "SEV-4")},
)


def routed(
    text: str, known: Known = KNOWN, *, level: str = "", severity: str = "", source: str = "alertmanager", **labels: str
) -> list[Any]:
    """Where an alert goes by routes written as a file."""
    router = compile_routes(load_routes(text))
    subject = Subject(labels, source, known.service, level, severity, identity="one")
    return list(router.route(subject, known, Known))


def test_the_first_route_that_fits_takes_the_alert() -> None:
    text = 'routes:\n- {name: a, match: env="prod"}\n- {name: b, match: env=~"prod|dev"}\n- {name: c}\n'
    assert [routed(text, env=env)[0].route for env in ("prod", "dev", "test")] == ["a", "b", "c"]


def test_a_route_inside_takes_what_fits_it_better_and_has_what_it_leaves_out_from_outside() -> None:
    text = """
defaults: {wait: 1m, reopen: 5m}
routes:
- name: team
  match: team="db"
  policy: db
  wait: 2m
  group_by: [alertname]
  routes:
  - {name: prod, match: env="prod", wait: 0m}
  - {name: people, match: env="dev", targets: ["person:bo"]}
"""
    (prod,) = routed(text, team="db", env="prod")
    (people,) = routed(text, team="db", env="dev")
    (outer,) = routed(text, team="db", env="test")
    assert (prod.route, prod.policy, prod.handling.wait.seconds, prod.handling.group_by) == ("team/prod", "db", 0, ("alertname",))
    assert (people.policy, people.targets) == ("", ("person:bo",)), "targets of its own replace the policy from outside"
    assert (outer.route, outer.handling.wait.seconds, outer.handling.reopen.seconds) == ("team", 120, 300)


def test_a_route_that_goes_on_leaves_the_alert_to_those_behind_it_as_well() -> None:
    text = 'routes:\n- {name: a, match: env="prod", continue: true}\n- {name: b, match: kafka="yes"}\n- {name: c}\n'
    assert [one.route for one in routed(text, env="prod", kafka="yes")] == ["a", "b"]
    assert [one.route for one in routed(text, env="prod")] == ["a", "c"]


def test_an_alert_that_no_route_takes_is_alone_and_calls_people() -> None:
    (found,) = routed("routes:\n- {name: a, match: env=prod}\n", env="dev")
    assert (found.route, found.urgency) == (NOBODY, "high")
    assert "never lost" in found.why


def test_what_a_route_says_of_urgency_counts_before_the_playbook_and_that_before_the_defaults() -> None:
    text = """
defaults: {urgency: low}
routes:
- {name: recorded, match: env="dev", urgency: none}
- name: ruled
  match: env="stage"
  urgencies: [{levels: [critical], urgency: high}]
- {name: playbook, match: env="odd", urgency: none, by_playbook: true}
- {name: rest}
"""

    def urgency(env: str, level: str = "", severity: str = "") -> str | None:
        (found,) = routed(text, level=level, severity=severity, env=env)
        value: str | None = found.urgency
        return value

    assert urgency(env="dev", severity="sev1") is None
    assert urgency(env="stage", level="critical", severity="sev4") == "high"
    assert urgency(env="stage", level="warning", severity="sev4") is None, "no rule fits, so the playbook says"
    assert urgency(env="odd", severity="sev1") == "high"
    assert urgency(env="prod", severity="SEV1") == "high"
    assert urgency(env="prod", severity="whatever") == "low"


def test_the_word_of_a_page_is_the_playbooks_or_the_senders() -> None:
    assert routed("routes: [{name: a}]", severity="sev1")[0].word == "CRITICAL"
    assert routed("routes: [{name: a}]", severity="page")[0].word == "PAGE"


def test_each_decision_says_why() -> None:
    (found,) = routed('routes: [{name: a, match: env="prod", if: \'level == "critical"\', urgency: low}]', env="prod", level="critical")
    assert found.why == 'The route a takes it (env="prod" and level == "critical"); the route calls it low urgency.'


def test_a_route_can_name_the_service_itself() -> None:
    (found,) = routed("routes: [{name: a, service: billing}]", env="prod")
    assert found.service == "billing"
    assert found.policy == "", "the policy of the service that the alert named does not come along"


def test_groups_are_apart_by_route_and_by_values() -> None:
    text = 'routes:\n- {name: a, match: team="db", group_by: [alertname, env]}\n- {name: b, group_by: [alertname, env]}\n'
    keys = {
        routed(text, team=team, alertname=name, env=env)[0].key for team in ("db", "web") for name in ("x", "y") for env in ("prod", "dev")
    }
    assert len(keys) == 8
    assert (
        routed(text, team="db", alertname="x", env="prod", pod="1")[0].key
        == routed(text, team="db", alertname="x", env="prod", pod="2")[0].key
    )


def test_values_that_hold_borders_are_not_mistaken_for_others() -> None:
    text = "routes: [{name: a, group_by: [x, y]}]"
    values = ["", "\x1f", "\\", "\\u", "a", "\x1f\\u", "\\\x1f"]
    keys = {routed(text, x=x, y=y)[0].key for x in values for y in values}
    assert len(keys) == len(values) ** 2


@given(st.dictionaries(st.sampled_from("abcdef"), st.text(max_size=3), max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_labels_does_not_matter(labels: dict[str, str], order: random.Random) -> None:
    text = "routes: [{name: a, group_by: [f, a, c]}]"
    items = list(labels.items())
    order.shuffle(items)
    router = compile_routes(load_routes(text))
    keys = {router.route(Subject(dict(some)), Known(), Known)[0].key for some in (labels.items(), items)}
    assert len(keys) == 1


LABEL = st.sampled_from(["prod", "dev", ""])
TREE: st.SearchStrategy[list[Route]] = st.recursive(
    st.lists(
        st.tuples(st.sampled_from(['env="prod"', 'env!="prod"', 'team=~"a|b"', "", 'team=""']), st.booleans(), st.just([])), max_size=3
    ),
    lambda inner: st.lists(
        st.tuples(st.sampled_from(['env="prod"', 'env!="prod"', 'team=~"a|b"', "", 'team=""']), st.booleans(), inner), max_size=3
    ),
    max_leaves=8,
).map(lambda rows: _made(rows))  # noqa: PLW0108 (it stands below)


def _made(rows: list[Any]) -> list[Route]:
    return [Route(name=f"r{at}", match=match, onward=onward, routes=tuple(_made(inner))) for at, (match, onward, inner) in enumerate(rows)]


def slowly(routes: list[Route], subject: Subject, above: str = "") -> list[str]:
    """Which routes take an alert: each is read anew, and nothing is clever."""
    found: list[str] = []
    for route in routes:
        path = f"{above}/{route.name}" if above else route.name
        if not all(holds(one, subject) for one in parse(str(route.match))):
            continue
        inner = slowly(list(route.routes), subject, path)
        found += inner or [path]
        if not route.onward:
            return found
    return found


@given(TREE, LABEL, st.sampled_from(["a", "c", ""]))
def test_the_first_match_is_what_reading_route_by_route_gives(routes: list[Route], env: str, team: str) -> None:
    subject = Subject({name: value for name, value in (("env", env), ("team", team)) if value})
    router = compile_routes(SaveRoutes(tuple(routes)))
    assert [one.route for one in router.route(subject, Known(), Known)] == (slowly(routes, subject) or [NOBODY])


# --- files --------------------------------------------------------------------------------------------------------------------------------


def test_routes_that_are_written_read_as_the_same_again() -> None:
    routes = load_routes(
        """
defaults: {urgency: high, reopen: 10m}
routes:
- name: a
  match: [env="prod", team=~"db|web"]
  if: level == "critical"
  continue: true
  threshold: {count: 3, within: 5m}
  limit: {pages: 2, within: 1h}
  flapping: {changes: 5, within: 30m, calm: 15m}
  declare: {severity: SEV-1}
  notify: {to: ["file:payments"], wait: 30s}
  routes: [{name: b, group_by: ["..."], targets: [ana]}]
""",
    )
    assert load_routes(dump(routes)) == routes


def test_the_shipped_routes_are_what_their_file_says() -> None:
    assert load_routes(shipped_text()) == shipped()
    compile_routes(shipped())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("routes:\n- {name: a, wait: soon}", "routes[0].wait: 'soon' is not a duration"),
        ("routes:\n- {name: a}\n- {name: a}", "have the same name 'a'"),
        ("routes:\n- {name: a, match: 'env='''}", "routes[0].match"),
        ("routes:\n- {name: a, if: colour == 1}", "routes[0].if"),
        ("routes:\n- {name: a, urgency: loud}", "routes.yaml:2:13: Invalid enum value 'loud'"),
        ("routes:\n- {nane: a}", "routes.yaml:2:3: Object contains unknown field nane"),
        ("rutes: []", "there is no `routes`"),
        ("routes: [", "this is not YAML"),
    ],
)
def test_what_is_wrong_with_a_file_of_routes_is_named_with_its_place(text: str, says: str) -> None:
    with pytest.raises(Refused, match=re.escape(says)):
        compile_routes(load_routes(text))


def test_a_rule_of_inhibition_without_a_target_is_refused() -> None:
    with pytest.raises(Refused, match="missing required field target"):
        load_inhibitions("rules:\n- {name: a, source: env=prod}")


# --- in an installation -------------------------------------------------------------------------------------------------------------------

ROUTES = """
routes:
- name: blog
  match: alert.service="blog"
  urgency: none
- name: payments
  match: team="payments"
  group_by: [alertname]
  wait: 2m
  targets: ["person:ana"]
"""


def apply(world: World, text: str, **more: Any) -> Any:
    return world.post("/routes/file", {"text": text, **more})


def test_an_installation_begins_with_the_shipped_routes_and_keeps_every_version(world: World) -> None:
    first = world.get("/routes")
    assert (first["version"], first["shipped"]) == (1, True)
    assert apply(world, ROUTES, why="the blog is noisy")["changed"] is True
    assert apply(world, ROUTES, why="the blog is noisy")["changed"] is False
    now = world.get("/routes")
    assert [(one["version"], one["why"], one["by"]) for one in now["history"]] == [(2, "the blog is noisy", "alice"), (1, "", "tocsin")]
    assert load_routes(world.get("/routes/versions/1")["text"]) == shipped()


def test_a_restart_leaves_routes_that_somebody_wrote_in_force(world: World) -> None:
    apply(world, ROUTES)
    world.restart()
    assert [route["name"] for route in world.get("/routes")["routes"]["routes"]] == ["blog", "payments"]


def test_a_dry_run_changes_nothing_and_a_wrong_file_names_the_line(world: World) -> None:
    assert apply(world, ROUTES, dry_run=True)["changed"] is True
    assert world.get("/routes")["version"] == 1
    problem = world.refused("/routes/file", {"text": "routes:\n- name: a\n  wait: later\n", "file": "mine.yaml"})
    assert problem["detail"].startswith("mine.yaml:3:3: routes[0].wait: 'later' is not a duration")


def test_a_trial_says_which_route_would_take_an_alert_who_is_called_and_why(world: World) -> None:
    world.post("/services/blog", {"name": "Blog", "aliases": ["wordpress"]})
    answer = world.post("/routes/test", {"alert": {"labels": {"alertname": "X", "service": "WordPress"}}, "text": ROUTES})
    assert (answer["service"], answer["known"]) == ("blog", True)
    assert [(step["route"], step["matched"]) for step in answer["asked"]] == [("blog", True)]
    assert answer["goes_to"][0]["urgency"] == "none"
    assert answer["goes_to"][0]["why"] == 'The route blog takes it (alert.service="blog"); the route calls it something to record only.'
    in_force = world.post("/routes/test", {"alert": {"labels": {"alertname": "X"}}})
    assert in_force["goes_to"][0]["group"] == {"alertname": "X"}


def test_an_alert_follows_the_routes_in_force_and_its_group_says_why(world: World) -> None:
    apply(world, ROUTES)
    alert = alert_of(world, one(team="payments"))
    group = world.get(f"/groups/{world.get(f'/alerts/{alert}')['group']}")
    assert (group["phase"], group["route"]) == ("pending", "payments")
    assert group["because"] == "It must fire for 2m first"
    assert [(wait["at"], wait["what"]) for wait in group["waits"]] == [("2025-10-27T14:26:00Z", "people are called, if it fires still")]
    world.advance(minutes=2)
    group = world.get(f"/groups/{group['id']}")
    assert group["phase"] == "firing"
    assert len(group["pages"]) == 1


def test_what_is_only_recorded_has_no_page_and_its_receipt_says_so(world: World) -> None:
    apply(world, ROUTES)
    answer = send(world, one(service="blog")).json["alerts"][0]
    assert answer["outcome"] == "recorded"
    assert world.get("/pages")["pages"] == []


def test_alerts_of_one_rule_and_service_are_one_group_by_the_shipped_routes(world: World) -> None:
    world.post("/services/shop", {"name": "Shop"})
    for pod in ("1", "2", "3"):
        send(world, one(service="shop", pod=pod))
    send(world, one(service="shop", name="Other"))
    send(world, one(service="elsewhere", pod="1"))
    groups = world.get("/groups")["groups"]
    assert sorted((group["service"], group["total"]) for group in groups) == [("elsewhere", 1), ("shop", 1), ("shop", 3)]
    assert len(world.get("/pages")["pages"]) == 3


def test_the_reference_names_every_setting() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "reference" / "routes.md").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(Route):
        assert f"`{field.encode_name}`" in text, field.encode_name
