"""A person notices trouble and says so."""

from tests.world import World


def test_what_a_person_reports_is_an_alert_that_a_person_detected_and_is_paged_like_any_other(world: World) -> None:
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "file", "value": "ana"}]})
    world.post("/services/login", {"name": "login", "page": ["person:ana"]})
    body = {"title": "Logins fail", "service": "login", "severity": "SEV-1", "details": "Since noon", "labels": {"region": "eu"}}
    answer = world.post("/alerts", body, person="bo")
    (alert,) = world.get("/alerts")["alerts"]
    assert answer["alerts"][0]["alert"] == alert["id"]
    assert (alert["title"], alert["how"], alert["service"]) == ("Logins fail", "person", "login")
    shown = world.get(f"/alerts/{alert['id']}")
    assert (shown["labels"]["reported_by"], shown["labels"]["region"]) == ("bo", "eu")
    (page,) = world.get("/pages")["pages"]
    assert page["title"] == "Logins fail"


def test_the_same_words_twice_are_one_alert(world: World) -> None:
    world.post("/alerts", {"title": "Logins fail"})
    assert world.post("/alerts", {"title": "Logins fail"})["alerts"][0]["outcome"] == "repeated"
    assert len(world.get("/alerts")["alerts"]) == 1


def test_a_report_without_a_title_or_by_nobody_known_is_refused_by_its_field(world: World) -> None:
    assert world.refused("/alerts", {"title": ""})["field"] == "title"
    assert world.refused("/alerts", {"title": "x", "how": "magic"})["field"] == "how"
