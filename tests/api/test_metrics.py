"""Requests are counted by route and answer, and never by anything that a stranger may invent."""

from aiohttp.test_utils import make_mocked_request

from dialer.api.peers import Peer
from dialer.api.server import Api
from dialer.metrics import Metrics
from dialer.settings import Settings
from dialer.vault import Vault


def test_requests_are_counted_by_route_and_answer_and_timed() -> None:
    metrics = Metrics()
    api = Api(None, Settings(), Vault(["k"]), metrics=metrics)  # type: ignore[arg-type]
    for verb, status in (("GET", 200), ("GET", 200), ("BREW", 405)):
        api.tell("/v1/campaigns/{code}", make_mocked_request(verb, "/v1/campaigns/0912345678"), status, 0.2, PEER)
    page = metrics.registry
    names = {"route": "/v1/campaigns/{code}"}
    assert page.get_sample_value("dialer_api_requests_total", names | {"method": "GET", "status": "200"}) == 2
    assert page.get_sample_value("dialer_api_requests_total", names | {"method": "other", "status": "405"}) == 1
    assert page.get_sample_value("dialer_api_seconds_count", names) == 3


PEER = Peer("192.0.2.1", "http", "")
