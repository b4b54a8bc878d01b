"""Webhooks over the API: a secret is told once, the house is not posted to, deliveries are found and replayed."""

import pytest

from api.conftest import Client

URL = "https://crm.example.com/events"


def test_a_webhook_from_its_making_to_its_end(crm: Client) -> None:
    made = crm.ask("POST", "/v1/webhooks", json={"name": "crm", "url": URL, "events": ["call.*"]})
    assert made.status == 201
    secret = made.json["secret"]
    shown = [crm.ask("GET", path).text for path in ("/v1/webhooks", "/v1/webhooks/crm")]
    assert all(URL in text and secret not in text for text in shown)
    renewed = crm.ask("POST", "/v1/webhooks/crm/rotate", json={"overlap_hours": 1}).json["secret"]
    assert renewed != secret
    tried = crm.ask("POST", "/v1/webhooks/crm/test").json
    assert (tried["state"], tried["kind"], tried["webhook"]) == ("pending", "webhook.test", "crm")
    [waiting] = crm.ask("GET", "/v1/deliveries?state=pending&webhook=crm").json["items"]
    assert waiting == crm.ask("POST", f"/v1/deliveries/{tried['id']}/replay").json == tried
    assert crm.ask("GET", "/v1/deliveries?state=dead").json["items"] == []
    assert crm.ask("DELETE", "/v1/webhooks/crm").status == 200
    assert crm.ask("GET", "/v1/webhooks/crm").status == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "crm", "url": "https://169.254.169.254/latest"}, "url"),
        ({"name": "crm", "url": "https://[::ffff:127.0.0.1]/"}, "url"),
        ({"name": "crm", "url": "http://crm.example.com/"}, "url"),
        ({"name": "crm", "url": URL, "events": ["call.*", "call.sung"]}, "events.1"),
        ({"name": "crm", "url": URL, "secret": "mine"}, "secret"),
    ],
)
def test_what_cannot_stand_is_named(crm: Client, body: dict[str, object], path: str) -> None:
    answer = crm.ask("POST", "/v1/webhooks", json=body)
    assert (answer.status, answer.problem, answer.paths) == (422, "invalid", [path])
