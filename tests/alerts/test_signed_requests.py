"""CloudWatch over SNS, signed: no request waits for a certificate, nothing is believed without one, a strict key holds what is not proved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.alerts.sns_server import TOPIC, Service, running
from tests.world import START, Answer, World
from tocsin.alerts.certificates import Certificates
from tocsin.alerts.signatures import provider_host
from tocsin.engine.ports import ChannelFailed, Message

AT = "2025-10-27T14:20:00.000+0000"


@pytest.fixture
def sns() -> Iterator[Service]:
    with running(START) as service:
        yield service


def trust(world: World, service: Service) -> None:
    """Let the installation take this service for the provider."""
    channels: Any = world.app.runtime.outbox._channels
    channels[Certificates.name] = Certificates(world.clock.now, service.own, service.context())


def send(world: World, body: dict[str, Any], key: str = "a-key") -> Answer:
    return world.send("POST", f"/intake/cloudwatch-sns/{key}", body, person="", headers={"content-type": "text/plain; charset=UTF-8"})


def receipt_of(world: World, answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = world.get(f"/receipts/{answer.json['receipt']}")
    return found


def strict_key(world: World) -> str:
    world.post("/intake-keys/aws", {"source": "cloudwatch-sns", "strict": True, "secret": "a-secret-of-the-topic"})
    return "a-secret-of-the-topic"


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_notification_is_taken_at_once_and_verified_afterwards(world: World, sns: Service, version: str) -> None:
    trust(world, sns)
    answer = send(world, sns.notification("api-5xx", "ALARM", AT, version=version))
    assert answer.status == 200
    before = receipt_of(world, answer)
    assert (before["verified"], before["alerts"][0]["outcome"]) == (False, "new")
    assert sns.asked == [], "the request itself asked nobody"
    world.outbox()
    after = receipt_of(world, answer)
    assert after["verified"] is True
    assert "The signature is good." in after["notes"]


def test_a_certificate_is_fetched_once_for_many_requests(world: World, sns: Service) -> None:
    trust(world, sns)
    answers = [send(world, sns.notification(f"alarm-{n}", "ALARM", AT)) for n in range(5)]
    world.outbox()
    assert [receipt_of(world, one)["verified"] for one in answers] == [True] * 5
    assert len(sns.asked) <= 5
    send(world, sns.notification("later", "ALARM", AT))
    asked = len(sns.asked)
    world.outbox()
    assert len(sns.asked) == asked


@pytest.mark.parametrize(
    "changed", [{"forged": True}, {"Subject": "OK: nothing to see"}, {"Message": '{"AlarmName": "x", "NewStateValue": "OK"}'}]
)
def test_what_was_changed_or_signed_by_somebody_else_stays_unverified(world: World, sns: Service, changed: dict[str, Any]) -> None:
    trust(world, sns)
    answer = send(world, sns.notification("api-5xx", "ALARM", AT, **changed))
    assert answer.status == 200
    world.outbox()
    after = receipt_of(world, answer)
    assert after["verified"] is False
    assert any("The signature is not good" in note for note in after["notes"])


def test_a_strict_key_holds_an_alert_until_its_signature_is_found_good(world: World, sns: Service) -> None:
    trust(world, sns)
    key = strict_key(world)
    answer = send(world, sns.notification("api-5xx", "ALARM", AT), key)
    assert answer.status == 200
    assert [one["outcome"] for one in answer.json["alerts"]] == ["held"]
    assert world.get("/alerts")["alerts"] == []
    world.outbox()
    (alert,) = world.get("/alerts")["alerts"]
    assert (alert["state"], alert["title"]) == ("firing", "api-5xx")
    after = receipt_of(world, answer)
    assert after["verified"] is True
    assert any(f"Let through: {alert['id']} new." in note for note in after["notes"])


def test_a_strict_key_lets_nothing_forged_through(world: World, sns: Service) -> None:
    trust(world, sns)
    key = strict_key(world)
    answer = send(world, sns.notification("api-5xx", "ALARM", AT, forged=True), key)
    world.advance(hours=2)
    assert world.get("/alerts")["alerts"] == []
    assert receipt_of(world, answer)["verified"] is False


def test_a_strict_key_refuses_what_is_not_signed_and_keeps_it(world: World, sns: Service) -> None:
    trust(world, sns)
    key = strict_key(world)
    body = sns.notification("api-5xx", "ALARM", AT)
    del body["Signature"], body["SigningCertURL"], body["SignatureVersion"]
    answer = send(world, body, key)
    assert (answer.status, answer.json["field"]) == (401, "signature")
    assert world.get("/receipts")["receipts"][0]["rejected"]


def test_a_held_alert_survives_a_restart_and_a_service_that_is_down(world: World, sns: Service) -> None:
    trust(world, sns)
    sns.down = True
    key = strict_key(world)
    send(world, sns.notification("api-5xx", "ALARM", AT), key)
    world.outbox()
    assert world.get("/alerts")["alerts"] == []
    world.restart()
    trust(world, sns)
    sns.down = False
    world.advance(minutes=5)
    assert [one["title"] for one in world.get("/alerts")["alerts"]] == ["api-5xx"]


def test_alerts_that_cannot_be_proved_for_long_are_an_alert_of_ours(world: World, sns: Service) -> None:
    trust(world, sns)
    sns.down = True
    key = strict_key(world)
    send(world, sns.notification("api-5xx", "ALARM", AT), key)
    world.advance(hours=1)
    (alert,) = world.get("/alerts")["alerts"]
    assert alert["title"] == "Alerts of cloudwatch-sns are held: their signatures cannot be checked"


def test_a_subscription_is_confirmed_once_after_its_signature(world: World, sns: Service) -> None:
    trust(world, sns)
    answer = send(world, sns.confirmation())
    assert (answer.status, answer.json["alerts"], sns.confirmed) == (200, [], 0)
    world.outbox()
    assert sns.confirmed == 1
    assert any(TOPIC in note for note in receipt_of(world, answer)["notes"])
    world.advance(hours=1)
    assert sns.confirmed == 1


@pytest.mark.parametrize("wrong", [{"forged": True}, {"host": "https://localhost:1"}, {"host": "http://127.0.0.1"}])
def test_no_other_address_is_asked_and_nothing_forged_confirmed(world: World, sns: Service, wrong: dict[str, Any]) -> None:
    trust(world, sns)
    answer = send(world, sns.confirmation(**wrong))
    world.advance(hours=1)
    assert sns.confirmed == 0
    assert receipt_of(world, answer)["verified"] is False


def test_a_subscription_that_nobody_signed_is_not_confirmed(world: World, sns: Service) -> None:
    trust(world, sns)
    body = sns.confirmation()
    del body["Signature"], body["SigningCertURL"], body["SignatureVersion"]
    answer = send(world, body)
    world.advance(hours=1)
    assert (answer.status, sns.asked, sns.confirmed) == (200, [], 0)
    assert any("not confirmed" in note for note in receipt_of(world, answer)["notes"])


def test_a_redirect_is_not_followed(world: World, sns: Service) -> None:
    trust(world, sns)
    sns.elsewhere = f"{sns.base}/other.pem"
    answer = send(world, sns.notification("api-5xx", "ALARM", AT))
    world.outbox()
    assert sns.asked == ["/SimpleNotificationService-1.pem"]
    assert receipt_of(world, answer)["verified"] is False


@pytest.mark.parametrize("pem", [b"", b"no certificate", b"x" * 100_000])
def test_what_is_no_certificate_is_not_believed(sns: Service, pem: bytes) -> None:
    good = sns.pem
    sns.pem = pem
    with pytest.raises(ChannelFailed):
        ask(sns, START)
    sns.pem = good
    assert ask(sns, START) == "The signature is good."


def test_a_certificate_is_not_believed_after_its_end(sns: Service) -> None:
    with pytest.raises(ChannelFailed, match="not valid at this time"):
        ask(sns, START.replace(year=START.year + 2))


def ask(sns: Service, now: datetime) -> str:
    """Let the channel check a good notification at a time."""
    from tests.alerts.sources.reading import read

    proof = read("cloudwatch-sns", sns.notification("a", "ALARM", AT)).proof
    assert proof is not None
    from base64 import b64encode

    values = {"text": b64encode(proof.text).decode(), "signature": b64encode(proof.signature).decode(), "digest": proof.digest}
    message = Message("k", "proof:1", "alerts.proof", proof.certificate_url, "", "", values, "")
    return Certificates(lambda: now, sns.own, sns.context()).send(message)


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-gov-west-1.amazonaws.com/x.pem",
        "https://sns.cn-north-1.amazonaws.com.cn/x.pem",
        "https://sns.eu-central-1.amazonaws.com:443/x.pem",
    ],
)
def test_the_providers_own_addresses_are_known(url: str) -> None:
    assert provider_host(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-central-1.amazonaws.com/x.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem",
        "https://evil.example/sns.eu-central-1.amazonaws.com/x.pem",
        "https://evil.example#sns.eu-central-1.amazonaws.com",
        "https://sns.eu-central-1.amazonaws.com@evil.example/x.pem",
        "https://user:pass@sns.eu-central-1.amazonaws.com/x.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/x.pem",
        "https://bucket.s3.amazonaws.com/x.pem",
        "https://sns.eu_central.amazonaws.com/x.pem",
        "https://xsns.eu-central-1.amazonaws.com/x.pem",
        "https://sns.eu-central-1.amazonaws.com\\@evil.example/",
        "https://sns.eu-central-1.amazonaws.com /x",
        "https://[::1]/x.pem",
        "https://[bad/x.pem",
        "",
    ],
)
def test_every_other_address_is_not_the_providers(url: str) -> None:
    assert not provider_host(url)
