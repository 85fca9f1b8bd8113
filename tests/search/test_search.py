"""The search: what is found, in which order, by whom; and what is never found any more."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from sqlalchemy import delete

from tests.world import World
from tocsin.engine import rebuild, tables
from tocsin.search.asked import terms
from tocsin.search.marking import Piece, marked


def found(world: World, words: str, person: str = "alice", **query: str) -> list[dict[str, Any]]:
    """Return every result of a search, the best first."""
    answer = search(world, words, person, **query)
    return [one for group in answer["groups"] for one in group["results"]]


def search(world: World, words: str, person: str = "alice", **query: str) -> dict[str, Any]:
    """Search."""
    answer = world.send("GET", "/search?" + urlencode({"q": words, **query}), person=person)
    assert answer.status == 200, answer.text
    return dict(answer.json)


def log(world: World, incident: str, text: str, **more: Any) -> int:
    """Log an observation; return its number."""
    return int(world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": text, **more})["entry"])


def rebuilds(world: World) -> None:
    """Read tables equal a rebuild."""
    with world.app.runtime.database.reading() as connection:
        assert rebuild.differences(connection, world.app.runtime.registry) == []


def test_everything_that_people_wrote_is_found(world: World) -> None:
    world.post(
        "/services/payment-api",
        {"name": "Payment API", "links": {"runbook": "https://wiki.example.com/quokka-runbook"}, "about": "A quokka lives here"},
    )
    world.post("/people/quokka", {"name": "Quinn Quokka"})
    world.post("/teams/marsupials", {"name": "Marsupials", "about": "The quokka's friends"})
    incident = world.declare(title="The quokka escaped", impact="No quokka answers")
    entry = log(world, incident, "A quokka was seen in the pool")
    world.post(
        f"/incidents/{incident}/mitigations",
        {"kind": world.get("/playbooks/payments-sev1")["mitigations"][0]["id"], "text": "Feed the quokka", "confirmed": "yes"},
    )
    world.post(f"/incidents/{incident}/postmortem", {"authors": ["alice"]})
    section = world.get(f"/incidents/{incident}/postmortem")["sections"][0]["id"]
    world.post(f"/incidents/{incident}/postmortem/sections", {"section": section, "text": "The quokka had a key."})
    world.post(f"/incidents/{incident}/actions", {"title": "Lock the quokka's door", "owner": "alice"})
    kinds = {one["kind"] for one in found(world, "quokka", limit="50")} | {one["kind"] for one in found(world, "quokka", incident=incident)}
    assert {"incident", "entry", "postmortem", "action", "runbook", "service", "person", "team"} <= kinds
    urls = {one["url"] for one in found(world, "quokka", incident=incident)}
    assert f"/incidents/{incident}#f{entry}" in urls
    assert f"/incidents/{incident}/postmortem#s-{section}" in urls
    rebuilds(world)


def test_a_message_to_an_audience_is_found(world: World) -> None:
    incident = world.declare()
    draft = next(m["id"] for m in world.get("/playbooks/payments-sev1")["messages"])
    fields = {field["id"]: field["value"] or "wombat" for field in world.get(f"/incidents/{incident}/updates/draft/{draft}")["fields"]}
    text = next(name for name, value in fields.items() if isinstance(value, str))
    answer = world.send(
        "POST", f"/incidents/{incident}/updates", {"message": draft, "fields": {**fields, text: "A wombat is on it"}, "next_in": "30m"}
    )
    if answer.status == 200:
        assert [one["kind"] for one in found(world, "wombat")] == ["update"]


def test_words_are_found_in_any_form_and_phrases_only_side_by_side(world: World) -> None:
    incident = world.declare()
    log(world, incident, "Connections to the database were refused by checkout-api.eu")
    for words in (
        "connection refused",
        "CONNECT",
        "refus",
        "databases",
        "checkout api",
        "checkout-api.eu",
        '"were refused"',
        "refused -staging",
    ):
        assert found(world, words), words
    for words in ('"refused connections"', "connection staging", "refused -database", '"database refused"'):
        assert not found(world, words), words


def test_a_word_is_found_while_it_is_typed(world: World) -> None:
    log(world, world.declare(), "Connections were refused")
    for typed in ("co", "conn", "connec", "connecti", "connectio", "connection", "connections"):
        assert found(world, typed), typed


def test_filters_narrow_down_and_counts_say_what_else_there_is(world: World) -> None:
    first = world.declare(title="Wombat in payments", service="payment-api")
    world.advance(days=2)
    second = world.declare(title="Wombat in search", service="search")
    log(world, second, "the wombat again")
    counts = search(world, "wombat")["counts"]
    assert counts == {"incident": 2, "entry": 1}
    assert {one["record"] for one in found(world, "wombat", kind="entry")} == {second}
    assert search(world, "wombat", kind="entry")["counts"] == counts
    assert {one["record"] for one in found(world, "wombat", service="payment-api")} == {first}
    assert {one["record"] for one in found(world, "wombat", **{"from": f"{world.now:%Y-%m-%d}"})} == {second}
    assert {one["record"] for one in found(world, "wombat", to="2025-10-27")} == {first}
    assert world.send("GET", "/search?q=x&kind=unicorn").status == 422
    assert world.send("GET", "/search?q=x&from=yesterday").json["field"] == "from"


def test_results_are_grouped_by_incident_and_a_title_counts_most(world: World) -> None:
    one, other = world.declare(title="Something else"), world.declare(title="The wombat")
    for number in range(5):
        log(world, one, f"wombat {number}")
    groups = search(world, "wombat")["groups"]
    assert [group["incident"]["id"] for group in groups] == [other, one]
    assert groups[1]["more"] == 2
    assert len(found(world, "wombat", incident=one)) == 5


def test_what_is_newer_comes_first_where_the_words_fit_alike(world: World) -> None:
    old = world.declare(title="The wombat")
    world.advance(days=40)
    new = world.declare(title="The wombat")
    assert [group["incident"]["id"] for group in search(world, "wombat")["groups"]] == [new, old]


def test_a_correction_takes_the_place_of_what_it_corrects(world: World) -> None:
    incident = world.declare()
    entry = log(world, incident, "It was the wombat")
    world.post(f"/incidents/{incident}/entries/correct", {"entry": entry, "text": "It was the quokka"})
    assert not found(world, "wombat")
    assert [one["url"] for one in found(world, "quokka")] == [f"/incidents/{incident}#f{entry}"]
    rebuilds(world)


def test_what_was_redacted_is_never_found_again(world: World) -> None:
    incident = world.declare()
    entry = log(world, incident, "the key is hunter2")
    corrected = log(world, incident, "nothing")
    world.post(f"/incidents/{incident}/entries/correct", {"entry": corrected, "text": "the key is swordfish"})
    facts = world.app.runtime.facts("incident", incident)
    world.post(f"/incidents/{incident}/entries/redact", {"fact": entry, "reason": "leaked"})
    world.post(f"/incidents/{incident}/entries/redact", {"fact": facts[-1].version, "reason": "leaked"})
    assert not found(world, "hunter2")
    assert not found(world, "swordfish")
    world.restart()
    rebuilds(world)


def test_a_section_that_was_emptied_is_gone(world: World) -> None:
    incident = world.declare()
    world.post(f"/incidents/{incident}/postmortem", {"authors": ["alice"]})
    section = world.get(f"/incidents/{incident}/postmortem")["sections"][0]["id"]
    world.post(f"/incidents/{incident}/postmortem/sections", {"section": section, "text": "A wombat"})
    assert found(world, "wombat")
    world.post(f"/incidents/{incident}/postmortem/sections", {"section": section, "text": ""})
    assert not found(world, "wombat")
    rebuilds(world)


def test_a_private_incident_is_found_by_its_readers_only(world: World) -> None:
    incident = world.declare(title="The wombat", private=True)
    log(world, incident, "a wombat indeed")
    world.post(f"/incidents/{incident}/actions", {"title": "Mind the wombat", "owner": "alice"})
    assert search(world, "wombat", "alice")["counts"] == {"incident": 1, "entry": 1, "action": 1}
    answer = search(world, "wombat", "eve")
    assert answer["groups"] == []
    assert answer["counts"] == {}
    assert answer["total"] == 0
    world.post(f"/incidents/{incident}/invitations", {"people": ["eve"]})
    assert search(world, "wombat", "eve")["counts"] == {"incident": 1, "entry": 1, "action": 1}


HOSTILE = (
    "AND (", '"', '""', '"""', "'", "NEAR(a b)", "title:x", "a*", "*", "^a", "-", "- -a", "(", ")", "OR OR", "a NOT b", "NOT", "\\", "%", "_",
     "a" * 10_000, "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "مرحبا", "検索", "🔥", "²", "--", "; DROP TABLE facts", "<b>x</b>", "x' OR '1'='1",
     "& | ! <->", ":*", "a:b:c", " ".join(f"w{n}" for n in range(2000))
)  # fmt: skip


def test_nothing_that_is_typed_is_an_error(world: World) -> None:
    world.declare(title="a b x words")
    for typed in HOSTILE:
        search(world, typed)
        search(world, typed + " ")
        assert world.page("/search?" + urlencode({"q": typed})).status == 200, typed


def test_a_nul_is_refused_at_the_door_and_is_no_word() -> None:
    assert [term.words for term in terms("a\x00b \x00")] == [("a", "b")]


def test_nothing_that_was_written_is_markup(world: World) -> None:
    log(world, world.declare(title="<script>wombat</script>"), "<img src=x onerror=alert(1)> wombat <b>bold</b>")
    page = world.page("/search?q=wombat").text
    assert "<img src=x" not in page
    assert "<script>wombat" not in page
    assert "&lt;img src=x onerror=alert(1)&gt; <mark>wombat</mark>" in page


def test_the_page_teaches_where_nothing_was_asked_and_helps_where_nothing_was_found(world: World) -> None:
    assert "connection refused" in world.page("/search").text
    page = world.page("/search?q=nothing+whatever&kind=entry").text
    assert "without the filters" in page
    assert "Only “whatever”" in page


def test_the_pages_script_gets_the_results_alone(world: World) -> None:
    world.declare(title="The wombat")
    answer = world.page("/search?q=wombat&kind=&service=", headers={"hx-request": "true"})
    assert "<html" not in answer.text
    assert "<mark>wombat</mark>" in answer.text
    assert answer.headers["hx-replace-url"] == "/search?q=wombat"


def test_runbooks_that_playbooks_name_are_found(world: World) -> None:
    book = next(
        book for book in (world.get(f"/playbooks/{row['id']}") for row in world.get("/playbooks")["playbooks"]) if book.get("runbooks")
    )  # fmt: skip
    runbook = book["runbooks"][0]
    word = max(runbook["name"].split(), key=len)
    hits = found(world, word, kind="runbook")
    assert any(one["record"] == runbook["id"] for one in hits)


def test_terms_are_words_and_phrases() -> None:
    made = terms('pool "connection refused" -staging checkout-api')
    assert [(term.words, term.prefix, term.absent) for term in made] == [
        (("pool",), False, False), (("connection", "refused"), False, False), (("staging",), False, True), (("checkout", "api"), True, False),
    ]  # fmt: skip
    assert terms("-only") == ()
    assert not terms("done ")[0].prefix


def test_what_was_meant_is_marked_and_shown() -> None:
    def shown(text: str, typed: str, longest: int = 0) -> str:
        return "".join(f"[{piece.text}]" if piece.hit else piece.text for piece in marked(text, terms(typed), longest))

    assert shown("Connections were refused", "connected") == "[Connections] were refused"
    assert shown("The pool and the poolside", "pool ") == "The [pool] and the [poolside]"
    assert shown("a police car", "policy ") == "a [police] car", "rather one too many than none"
    assert shown("apple", "app") == "[apple]"
    assert shown("nothing here", "absent -here") == "nothing here"
    text = "word " * 100 + "the pool is exhausted " + "word " * 100
    assert shown(text, "exhausted pool ", 120).startswith("…word")
    assert "[pool] is [exhausted]" in shown(text, "exhausted pool ", 120)
    assert len(shown(text, "exhausted pool ", 120)) < 140
    assert marked("", terms("x")) == ()
    assert marked("x", terms("x")) == (Piece("x", hit=True),)


def test_an_installation_that_is_older_than_the_search_is_read_in_when_it_starts(world: World) -> None:
    incident = world.declare(title="The wombat", private=True)
    log(world, incident, "a wombat indeed")
    with world.app.runtime.database.writing() as connection:
        for name in ("search_entries", "incident_readers"):
            connection.execute(delete(tables.metadata.tables[name]))
        connection.execute(delete(tables.settings).where(tables.settings.c.name == "filled_tables"))
    assert not found(world, "wombat")
    world.restart()
    assert search(world, "wombat")["counts"] == {"incident": 1, "entry": 1}
    assert not found(world, "wombat", "eve")
    rebuilds(world)
