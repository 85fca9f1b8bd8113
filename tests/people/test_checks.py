"""Who may change whom."""

import pytest

from tests.world import World
from tocsin.engine.errors import NotAllowed
from tocsin.engine.model import Command, Viewer
from tocsin.people.checks import check_person, check_team
from tocsin.people.commands import AddContact, ChangePerson
from tocsin.people.model import Person, SavePerson

ANA = Person("ana", 1, SavePerson("Ana", teams=("pay",)))
OWN = Viewer("person", "ana", "viewer")
OTHER = Viewer("person", "bo", "responder", ("pay",))
MANAGER = Viewer("person", "mo", "manager")


def test_everybody_changes_their_own_ways_whatever_their_role() -> None:
    check_person(OWN, "ana", AddContact("email", "ana@example.com"), ANA)
    check_person(OWN, "ana", ChangePerson(zone="UTC", teams=("pay",)), ANA)


@pytest.mark.parametrize("command", [ChangePerson(teams=("pay", "admins")), ChangePerson(active=False), SavePerson("Ana")])
def test_only_a_manager_says_who_is_in_which_team_and_who_is_active(command: Command) -> None:
    with pytest.raises(NotAllowed):
        check_person(OWN, "ana", command, ANA)
    check_person(MANAGER, "ana", command, ANA)


def test_nobody_else_changes_somebodys_ways_and_nobody_makes_people_or_teams_but_a_manager() -> None:
    with pytest.raises(NotAllowed, match="may not change ana"):
        check_person(OTHER, "ana", AddContact("sms", "+351912345678"), ANA)
    with pytest.raises(NotAllowed, match="new person"):
        check_person(Viewer("person", "zoe", "responder"), "zoe", SavePerson("Zoe"), None)
    with pytest.raises(NotAllowed):
        check_team(OTHER, "pay")
    check_team(MANAGER, "pay")


def test_a_way_gets_another_address_keeps_its_rules_and_is_proved_anew(world: World) -> None:
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "file", "value": "ana"}], "rules": [{"contact": "file"}]})
    world.post("/people/ana/contacts/change", {"contact": "file", "value": "desk"})
    found = world.get("/people/ana")
    assert (found["contacts"][0]["value"], found["contacts"][0]["verified_at"], found["rules"][0]["contact"]) == ("desk", None, "file")
    assert world.refused("/people/ana/contacts/change", {"contact": "sms", "value": "+351912345678"})["field"] == "contact"
