"""What holds for every request, whatever it asks for."""

import json
from typing import Any

import founding
import pytest
from databases import Desk
from founding import Company

from api.conftest import Client, Door, client_of, open_door
from campaigns.words import Right
from dialer import logs
from dialer.api import bodies
from dialer.api.problems import KINDS, Problem


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/nothing", "/v1/campaigns/a/b/c/d", "/v3/campaigns", "/v2/", "/v9"]
)
def test_where_there_is_nothing_the_answer_says_so(crm: Client, path: str) -> None:
    answer = crm.ask("GET", path)
    assert answer.status == 404
    assert answer.problem == "not-found"


def test_a_request_keeps_the_id_that_it_came_with(crm: Client) -> None:
    assert crm.ask("GET", "/v1/agents", headers={"X-Request-ID": "gw-42"}).headers["X-Request-ID"] == "gw-42"


@pytest.mark.parametrize("given", ["", "with blank", "x" * 65, "số"])
def test_a_request_id_that_could_forge_a_log_is_replaced(crm: Client, given: str) -> None:
    got = crm.ask("GET", "/v1/agents", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert got != given
    assert got.isalnum()


def test_the_log_tells_the_request_by_its_id_and_route_and_no_number(
    crm: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure("INFO", "json")
    crm.ask("GET", "/v1/campaigns/C/customers/0912345678", headers={"X-Request-ID": "r-1"})
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if '"r-1"' in line]
    assert [(line["route"], line["status"]) for line in lines] == [("/v1/campaigns/{code}/customers/{customer}", 404)]
    assert "0912345678" not in json.dumps(lines)


@pytest.mark.parametrize("accept", ["image/png", "text/html", "application/json;q=0"])
def test_what_cannot_be_told_in_the_asked_form_is_not_told(crm: Client, accept: str) -> None:
    answer = crm.ask("GET", "/v1/agents", headers={"Accept": accept})
    assert (answer.status, answer.problem) == (406, "not-acceptable")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html, application/*;q=0.8"])
def test_json_is_told_to_whoever_takes_it(crm: Client, accept: str) -> None:
    assert crm.ask("GET", "/v1/agents", headers={"Accept": accept}).status == 200


def test_a_body_of_another_kind_is_refused(crm: Client) -> None:
    answer = crm.ask("POST", "/v1/suppressions", data=b"a: 1", headers={"Content-Type": "application/yaml"})
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


def said(crm: Client, body: bytes) -> Any:
    return crm.ask("POST", "/v1/suppressions", data=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"reason": NaN}',
        b'{"reason": "a", "reason": "b"}',
        b'{"reason": "a\\u0000"}',
        b'{"reason": "\\ud800"}',
        b'{"reason": ' + b"[" * 30 + b"]" * 30 + b"}",
        b"[" * 100_000,
    ],
    ids=["empty", "open", "no text", "nan", "twice", "nul", "half a letter", "deep", "very deep"],
)
def test_a_body_that_is_no_good_json_is_malformed(crm: Client, body: bytes) -> None:
    answer = said(crm, body)
    assert (answer.status, answer.problem) == (400, "malformed")


def test_a_body_that_is_too_large_is_refused_with_and_without_its_length_told(crm: Client) -> None:
    async def slowly() -> Any:
        for _ in range(bodies.LARGEST // 1024 + 2):
            yield b" " * 1024

    large = said(crm, b" " * (bodies.LARGEST + 1))
    assert (large.status, large.problem) == (413, "too-large")
    chunked = crm.ask("POST", "/v1/suppressions", data=slowly(), headers={"Content-Type": "application/json"})
    assert (chunked.status, chunked.problem) == (413, "too-large")


def test_a_field_that_nobody_knows_is_refused_with_its_path_and_without_its_value(crm: Client) -> None:
    body = {"numbers": ["0912345678"], "reason": "asked", "sekret": "0999999999"}
    answer = crm.ask("POST", "/v1/suppressions", json=body)
    assert (answer.status, answer.problem, answer.paths) == (422, "invalid", ["sekret"])
    assert "0999999999" not in answer.text
    nested = crm.ask("PATCH", "/v1/campaigns/C", json={"recalls": {"busy": {"delay": 5, "forever": True}}})
    assert nested.paths == ["recalls.busy.forever"]


def test_types_are_held_strictly(crm: Client) -> None:
    assert crm.ask("PATCH", "/v1/campaigns/C", json={"weight": "5"}).paths == ["weight"]
    assert crm.ask("PATCH", "/v1/campaigns/C", json={"weight": True}).paths == ["weight"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=1&limit=2", "cursor=%21", "unknown=1"])
def test_words_behind_the_question_mark_are_held_to_their_model(crm: Client, query: str) -> None:
    answer = crm.ask("GET", f"/v1/campaigns?{query}")
    assert (answer.status, answer.paths) == (422, [query.partition("=")[0]])


def test_a_cursor_of_another_list_is_refused(crm: Client) -> None:
    from dialer.api.pages import cursor

    for wrong in (["a"], [1, 1], ["a", "b"], ["a", 1 << 70], ["\ud800", 1], ["\x00", 1], ["a", True]):
        assert crm.ask("GET", f"/v1/campaigns?cursor={cursor('code', wrong)}").paths == ["cursor"], wrong
    for wrong in (["yesterday", 1], ["0001-01-01T00:00:00+00:00", 1], ["2026-01-01T00:00:00", 1], [5, 1]):
        assert crm.ask("GET", f"/v1/suppressions?cursor={cursor('since', wrong)}").paths == ["cursor"], wrong
    for wrong in ([1], ["a", None]):
        assert crm.ask("GET", f"/v1/agents?cursor={cursor('', wrong)}").paths == ["cursor"], wrong


def test_a_cursor_holds_for_the_order_from_which_it_came(crm: Client) -> None:
    from dialer.api.pages import cursor

    came = cursor("code", ["A", 1])
    assert crm.ask("GET", f"/v1/campaigns?cursor={came}&sort=code").status == 200
    answer = crm.ask("GET", f"/v1/campaigns?cursor={came}&sort=-code")
    assert (answer.status, answer.paths) == (422, ["cursor"])
    assert "another order" in answer.json["errors"][0]["message"]
    assert crm.ask("GET", "/v1/campaigns?sort=weight").paths == ["sort"]


def test_nothing_that_goes_wrong_shows_its_inside(database: Desk, crm: Client) -> None:
    from dialer.api.routes import Nothing, Route
    from dialer.api.server import Api
    from dialer.settings import Settings
    from dialer.vault import Vault

    def breaks(_visit: Any) -> Nothing:
        raise RuntimeError("0912345678 and a secret")

    route = Route("GET", "/breaks", "", (Right.ADMIN,), breaks, Nothing)
    with open_door(database) as other:
        # The route stands beside the others on a server of its own.
        from aiohttp import web
        from aiohttp.test_utils import TestServer

        app = web.Application()
        Api(database.database, Settings(), Vault(["k"]), [route]).mount(app)

        async def start() -> TestServer:
            server = TestServer(app)
            await server.start_server()
            return server

        broken = other.portal.call(start)
        answer = Door(database, other.portal, broken, other.session).ask("GET", "/v1/breaks", crm.token)
        other.portal.call(broken.close)
    assert (answer.status, answer.problem) == (500, "internal")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_every_problem_has_a_status_and_a_title() -> None:
    assert set(KINDS) == set(Problem)
    assert len({title for _, title in KINDS.values()}) == len(Problem)


def test_a_minute_has_its_limit_over_several_workers(database: Desk, company: Company) -> None:
    limit = 60
    with (
        open_door(database, api_requests_a_minute=limit) as one,
        open_door(database, api_requests_a_minute=limit) as two,
    ):
        crm = client_of(one, company)
        answers = [door.ask("GET", "/v1/agents", crm.token) for _ in range(limit) for door in (one, two)]
        # The minute may have turned over once meanwhile; the token's own request counts, too.
        done = sum(answer.status == 200 for answer in answers)
        assert limit * 0.8 <= done < 2 * limit
        refused = [answer for answer in answers if answer.status == 429]
        assert refused
        assert {answer.problem for answer in refused} == {"too-many-requests"}
        assert all(1 <= int(answer.headers["Retry-After"]) <= 61 for answer in refused)
        assert all(answer.headers["RateLimit-Limit"] == str(limit) for answer in answers)


def test_one_client_s_limit_is_not_another_s(database: Desk, company: Company) -> None:
    with open_door(database, api_requests_a_minute=5) as door:
        noisy, quiet = client_of(door, company, name="noisy"), client_of(door, company, name="quiet")
        assert 429 in [noisy.ask("GET", "/v1/agents").status for _ in range(12)]
        assert quiet.ask("GET", "/v1/agents").status == 200


def test_no_minute_grants_more_than_its_limit_however_many_workers_take_shares(database: Desk) -> None:
    from campaigns import clients

    company = database.run(founding.company)

    def client(conn: Any) -> Any:
        from api.conftest import new_client

        return clients.find(conn, new_client(conn, company, "crm", (Right.ADMIN,)))

    crm, now = database.run(client), founding.START
    shares = []
    for _ in range(40):
        shares += database.at_once(*[lambda conn: clients.take_share(conn, now, crm, 300)] * 4)
    assert sum(share.granted for share in shares) == 300
    later = database.run(lambda conn: clients.take_share(conn, now + clients.MINUTE, crm, 300))
    assert later.granted > 0
    early = database.run(lambda conn: clients.take_share(conn, now, crm, 300))
    assert early.ends_at == later.ends_at
