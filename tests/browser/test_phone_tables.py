"""Tables that grow while somebody works: they still fit a telephone when they are long."""

from tests.browser.chromium import PHONE, sideways
from tests.browser.conftest import Visit
from tests.server import Server


def test_the_story_of_a_group_fits_a_telephone_after_it_was_acknowledged_and_ended(server: Server, visit: Visit) -> None:
    title = "High error rate in the payment API of the checkout"
    labels = {"cluster": "production-europe-west-4-payments-checkout-primary", "alertname": "PaymentErrorRateAboveThresholdForFiveMinutes"}
    server.request("POST", "/api/v1/accounts/maximiliane.hohenstein", {"role": "responder"})
    status, made = server.request("POST", "/api/v1/alerts", {"title": title, "service": "payment-api", "labels": labels})
    assert status < 300, made
    group = server.request("GET", "/api/v1/groups")[1]["groups"][0]["id"]
    person = {"X-Tocsin-Person": "maximiliane.hohenstein"}
    for what, body in (
        ("acknowledge", {}),
        ("resolve", {"why": "https://dashboards.example.com/d/payments/errors?orgId=1&from=now-6h&to=now"}),
    ):
        status, answer = server.request("POST", f"/api/v1/groups/{group}/{what}", body, headers=person)
        assert status < 300, answer
    visitor = visit("alice", server=server, size=PHONE)
    page = visitor.see(f"/groups/{group}")
    assert page.locator("#group-story tr").count() >= 3
    assert sideways(page) == []
    widths = page.evaluate("[...document.querySelectorAll('main table')].map((one) => one.getBoundingClientRect().right - innerWidth)")
    assert all(width <= 0 for width in widths), widths


def test_the_first_alert_of_a_set_up_fits_a_telephone_however_long_its_title_is(server: Server, visit: Visit) -> None:
    server.request("POST", "/api/v1/alerts", {"title": "High error rate in the payment API of the checkout in three regions at once"})
    page = visit("alice", server=server, size=PHONE).see("/setup/alert")
    assert page.locator("#first-alerts li").count() == 1
    assert sideways(page) == []
