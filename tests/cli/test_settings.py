"""Settings of the server: which one counts, and what a wrong one says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tocsin.cli.settings import SETTINGS, BadSetting, settle

NO_FLAGS: dict[str, str | None] = {setting.name: None for setting in SETTINGS}


def test_a_flag_goes_before_a_variable_and_that_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.toml"
    path.write_text('port = 1\nhost = "10.0.0.1"\nplaybook = "compact"\ntrusted-proxy = ["10.0.0.0/8", "::1"]\n')
    settled = settle({**NO_FLAGS, "port": "3"}, {"TOCSIN_PORT": "2", "TOCSIN_HOST": "10.0.0.2"}, str(path))
    assert (settled["port"], settled["host"], settled["playbook"]) == (3, "10.0.0.2", "compact")
    assert settled["trusted_proxy"] == "10.0.0.0/8,::1"
    assert settled.sources["port"] == "--port"
    assert settled.sources["host"] == "TOCSIN_HOST"
    assert settled.sources["playbook"] == f"playbook in {path}"
    assert settled["data"] == "tocsin-data"
    assert settled.sources["data"] == "the default"


def test_the_file_may_be_named_by_a_variable(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("port = 5")
    assert settle(NO_FLAGS, {"TOCSIN_CONFIG": str(path)}, None)["port"] == 5


@pytest.mark.parametrize(
    ("flags", "environment", "says"),
    [
        ({"port": "many"}, {}, r"'many' is no port: write a number .*\(from --port\)"),
        ({}, {"TOCSIN_PORT": "70000"}, r"'70000' is no port.*\(from TOCSIN_PORT\)"),
        ({}, {"TOCSIN_PUBLIC_URL": "example.com"}, r"http.*\(from TOCSIN_PUBLIC_URL\)"),
        ({"virtual_clock": "2025-10-27T14:25:00"}, {}, r"no zone.*\(from --virtual-clock\)"),
        ({"trusted_proxy": "proxy.example.com"}, {}, r"10\.0\.0\.0/8.*\(from --trusted-proxy\)"),
        ({"tls_cert": "/nowhere.pem"}, {}, r"there is no such file \(from --tls-cert\)"),
        ({"tls_cert": __file__}, {}, r"tls_cert is set \(from --tls-cert\) and tls_key is not"),
    ],
)
def test_a_wrong_setting_names_where_it_came_from(flags: dict[str, str], environment: dict[str, str], says: str) -> None:
    with pytest.raises(BadSetting) as caught:
        settle({**NO_FLAGS, **flags}, environment, None)
    assert re.search(says, caught.value.message)


@pytest.mark.parametrize(
    ("text", "says"), [("prot = 1", "'prot', which is no setting"), ("port =", "is not TOML"), ('port = "x"', "port in ")]
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "tocsin.toml"
    path.write_text(text)
    with pytest.raises(BadSetting, match=re.escape(says)):
        settle(NO_FLAGS, {}, str(path))
    with pytest.raises(BadSetting, match="cannot be read"):
        settle(NO_FLAGS, {}, str(tmp_path / "none.toml"))


TEAM = """
people:
  ana: {name: Ana, teams: [shop, nowhere], contacts: [{kind: file, value: ana}]}
teams:
  shop: {name: Shop, members: [ana, ghost]}
  other: {name: Other, members: [there]}
schedules:
  shop: {name: Shop, zone: UTC, team: lost, layers: [{id: week, groups: [[ana], [phantom]], start: 2026-03-02T09:00}]}
services:
  checkout: {name: Checkout, owner: shop, policy: absent, playbook: unwritten}
"""
WARNED = [
    "people.ana: There is no team nowhere.",
    "schedules.shop: There is no team lost.",
    "schedules.shop: phantom is not written down.",
    "services.checkout: There is no escalation policy absent.",
    "services.checkout: There is no playbook unwritten.",
    "teams.shop: There is no person ghost; no page reaches them.",
]


def test_a_file_is_judged_by_what_is_there_after_it_and_a_dry_run_warns_of_the_same(tocsin: Shell, tmp_path: Path) -> None:
    tocsin.world.post("/people/there", {"name": "There"})
    file = tmp_path / "team.yaml"
    file.write_text(TEAM, encoding="utf-8")
    for more in ("--dry-run", "", "", "--dry-run"):
        said = tocsin(f"apply {file} {more}").err
        assert sorted(line.removeprefix("warning: ") for line in said.splitlines() if line.startswith("warning: ")) == WARNED, (
            more or "applied"
        )
    assert tocsin.world.get("/teams/shop")["version"] == 1
