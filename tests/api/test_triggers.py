"""`POST /v1/calls`: a CRM orders a call once, whatever it sends again, and hears at once what the law says."""

import asyncio
from datetime import timedelta
from typing import Any

import founding
import pytest
from founding import Someone

from api.conftest import Answer, Client, client_of
from campaigns import answers, dnc
from campaigns.dnc import Entry
from campaigns.models import Call, Callback, Campaign, Customer, KeptAnswer, TriggeredCall
from campaigns.rows import columns_of, table
from campaigns.words import Mode, Right, Subject
from dialer.database import clock

PHONE = "+84912345678"
WHOM = {"id": "KH1", "phone": "0912 345 678", "name": "Khách Một"}
SCRIPT = {"purpose": "service", "rulebook": "none"}


@pytest.fixture
def code(crm: Client) -> str:
    """A running campaign under which everybody may be called at any hour."""
    return str(crm.run(lambda conn: founding.campaign(conn, crm.company).code))


def order(crm: Client, key: str = "k-1", **body: Any) -> Answer:
    return crm.ask("POST", "/v1/calls", json={"customer": WHOM, **body}, headers={"Idempotency-Key": key})


def count(crm: Client, model: Any) -> int:
    def counted(conn: Any) -> int:
        mine = columns_of(model).tenant_id == crm.company.tenant_id
        return len(conn.execute(table(model).select().where(mine)).all())

    return int(crm.run(counted))


def test_an_order_is_answered_at_once_and_its_customer_waits_before_the_list(crm: Client, code: str) -> None:
    answer = order(crm, campaign=code)
    assert answer.status == 201, answer.text
    told = answer.json
    assert answer.headers["Location"] == f"/v1/calls/{told['id']}"
    assert (told["state"], told["campaign"], told["customer"], told["phones"]) == ("waiting", code, "KH1", [PHONE])
    assert crm.ask("GET", answer.headers["Location"]).json == told
    story = crm.ask("GET", f"/v1/campaigns/{code}/customers/KH1").json
    assert (story["reason"], story["numbers"]) == ("triggered", [PHONE])
    assert [one["what"] for one in crm.ask("GET", f"/v1/calls/{told['id']}/events").json["items"]] == ["triggered"]


def test_the_same_key_gives_the_same_answer_and_does_nothing_again(crm: Client, code: str) -> None:
    first, again = order(crm, campaign=code), order(crm, campaign=code, wait=False)
    assert (again.status, again.json) == (201, first.json)
    assert ("Idempotent-Replay" in first.headers, again.headers["Idempotent-Replay"]) == (False, "true")
    assert again.headers["Location"] == first.headers["Location"]
    assert count(crm, TriggeredCall) == 1


def test_another_body_under_a_key_is_refused(crm: Client, code: str) -> None:
    order(crm, campaign=code)
    other = order(crm, campaign=code, wait=True)
    assert (other.status, other.problem) == (409, "key-reused")


def test_a_key_is_one_client_s_own_and_lives_for_a_day(crm: Client, code: str) -> None:
    order(crm, campaign=code)
    other = client_of(crm.door, crm.company, name="other")
    assert order(other, campaign=code).problem == "not-now"
    crm.run(lambda conn: answers.prune(conn, clock(conn) + timedelta(hours=23)))
    assert count(crm, KeptAnswer) == 1
    crm.run(lambda conn: answers.prune(conn, clock(conn) + timedelta(hours=25)))
    assert count(crm, KeptAnswer) == 0
    assert count(crm, TriggeredCall) == 1


def test_what_was_refused_keeps_no_key(crm: Client, code: str) -> None:
    assert order(crm, campaign="NONE").paths == ["campaign"]
    assert order(crm, campaign=code).status == 201


@pytest.mark.parametrize("key", [None, "", "with blank", "x" * 201])
def test_an_order_needs_a_key_of_a_usable_form(crm: Client, code: str, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = crm.ask("POST", "/v1/calls", json={"customer": WHOM, "campaign": code}, headers=headers)
    assert (answer.status, answer.paths) == (422, ["Idempotency-Key"])


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "campaign"),
        ({"campaign": "C", "vendor": "vendor"}, "vendor"),
        ({"vendor": "vendor", "purpose": "service"}, "agent"),
        ({"vendor": "vendor", "agent": "101"}, "purpose"),
        ({"vendor": "nobody", "agent": "101", "purpose": "service"}, "vendor"),
        ({"vendor": "vendor", "agent": "101", "purpose": "service"}, "rulebook"),
        ({"vendor": "vendor", "agent": "101", "purpose": "debt_reminder"}, "creditor"),
        ({"customer": {"phone": "12"}}, "customer.phone"),
        ({"customer": {"phone": "12345"}}, "customer.phone"),
        ({"customer": {"phones": ["0912345678", "0912345"]}}, "customer.phones.1"),
        ({"customer": {"phone": "0912345678", "phones": ["0912345678"]}}, "customer.phone"),
        ({"customer": {"name": "nobody"}}, "customer.phone"),
        ({"customer": {"id": "KH9"}}, "customer"),
        ({"customer": {"phone": "0912345678", "age": 5}}, "customer.age"),
        ({"not_after": "2020-01-01T00:00:00Z"}, "not_after"),
        ({"not_after": "2199-01-01T00:00:00Z"}, "not_after"),
        ({"callback_url": "http://example.com/"}, "callback_url"),
        ({"callback_url": "https://169.254.169.254/latest"}, "callback_url"),
        ({"purpose": "marketing"}, "purpose"),
        ({"creditor": "somebody else"}, "creditor"),
        ({"agent": "999"}, "agent"),
    ],
)
def test_an_order_that_cannot_stand_is_refused_by_its_field(crm: Client, code: str, body: Any, path: str) -> None:
    said = body if "vendor" in body or not body else {"campaign": code, **body}
    answer = order(crm, **said)
    assert (answer.status, answer.paths) == (422, [path]), answer.text
    assert count(crm, Customer) == 0
    assert "345678" not in answer.text


def test_who_must_not_be_called_is_withheld_with_the_reason_and_never_waits(crm: Client, code: str) -> None:
    entry = Entry(Subject.NUMBER, PHONE, reason="asked")
    crm.run(lambda conn: dnc.suppress(conn, clock(conn), crm.company.tenant_id, [entry], "test"))
    for key, wait in (("k-1", False), ("k-2", True)):
        told = order(crm, key, campaign=code, wait=wait).json
        assert (told["state"], told["reason"], told["until"]) == ("withheld", "suppressed", None)
        assert told["closed_at"] is not None
    story = crm.ask("GET", f"/v1/campaigns/{code}/customers/KH1").json
    assert (story["status"], story["reason"]) == ("expired", "suppressed")


def test_what_a_clock_will_allow_ends_or_waits_as_it_was_asked_to(crm: Client) -> None:
    code = crm.run(lambda conn: str(founding.campaign(conn, crm.company, quiet_time=3600).code))
    crm.run(lambda conn: spoken(conn, crm, code))
    ended = order(crm, "k-1", campaign=code).json
    assert (ended["state"], ended["reason"]) == ("withheld", "quiet-time")
    waits = order(crm, "k-2", campaign=code, wait=True).json
    assert (waits["state"], waits["reason"], waits["closed_at"]) == ("withheld", "quiet-time", None)
    assert waits["until"] == ended["until"] is not None


def spoken(conn: Any, crm: Client, code: str) -> None:
    """The customer was talked with a moment ago."""
    mine = columns_of(Campaign).code == code
    campaign = conn.execute(table(Campaign).select().where(mine)).one()
    someone = Someone("KH1", [PHONE])
    person = founding.person(conn, crm.company, someone)
    [listed] = founding.enlist(conn, clock(conn), campaign, [(person, someone)])
    row = {"tenant_id": crm.company.tenant_id, "vendor_account_id": crm.company.account_id, "phone": PHONE}
    row |= {"campaign_id": campaign.id, "customer_id": listed.customer_id, "person_id": person, "reference": "r-1"}
    row |= {"state": "settled", "outcome": "answered", "billsec": 30, "charged": True, "contracts": []}
    now = clock(conn)
    conn.execute(table(Call).insert(), row | {"intended_at": now, "answered_at": now, "ended_at": now})


def test_an_order_is_taken_back_until_it_is_placed(crm: Client, code: str) -> None:
    told = order(crm, campaign=code).json
    for verb, path in (("DELETE", ""), ("POST", "/cancel")):
        taken = crm.ask(verb, f"/v1/calls/{told['id']}{path}")
        assert (taken.status, taken.json["state"], taken.json["reason"]) == (200, "cancelled", "withdrawn")
    story = crm.ask("GET", f"/v1/campaigns/{code}/customers/KH1").json
    assert (story["status"], story["reason"]) == ("expired", "expired")
    assert order(crm, "k-2", campaign=code).json["state"] == "waiting"


def test_a_call_that_was_placed_cannot_be_taken_back(crm: Client, code: str) -> None:
    told = order(crm, campaign=code).json

    def kept(conn: Any) -> None:
        mine = columns_of(Callback).tenant_id == crm.company.tenant_id
        conn.execute(table(Callback).update().where(mine).values(promise="kept"))

    crm.run(kept)
    assert crm.ask("GET", f"/v1/calls/{told['id']}").json["state"] == "placed"
    answer = crm.ask("DELETE", f"/v1/calls/{told['id']}")
    assert (answer.status, answer.problem) == (409, "not-now")


def test_a_customer_has_one_order_at_a_time(crm: Client, code: str) -> None:
    order(crm, campaign=code)
    assert order(crm, "k-2", campaign=code).problem == "not-now"


def test_an_agent_s_order_is_kept_in_a_campaign_of_its_own(crm: Client) -> None:
    told = order(crm, vendor="vendor", agent="101", **SCRIPT).json
    assert (told["campaign"], told["agent"], told["state"]) == ("CRM-VENDOR-SERVICE", "101", "waiting")
    campaign = crm.ask("GET", "/v1/campaigns/CRM-VENDOR-SERVICE").json
    assert (campaign["mode"], campaign["state"], campaign["max_recall_count"]) == ("click2call", "running", 0)
    other = {"customer": {"phone": "0912345679"}}
    assert order(crm, "k-2", vendor="vendor", agent="102", purpose="service", **other).status == 201
    assert set(crm.ask("GET", "/v1/campaigns/CRM-VENDOR-SERVICE").json["agents"]) == {"101", "102"}


def test_a_token_that_may_place_calls_sees_them_and_nothing_else(crm: Client, code: str) -> None:
    placer = client_of(crm.door, crm.company, Right.CALL_PLACE, name="placer")
    told = order(placer, campaign=code).json
    assert placer.ask("GET", f"/v1/calls/{told['id']}").status == 200
    assert placer.ask("GET", f"/v1/campaigns/{code}").problem == "forbidden"


def test_two_that_come_at_once_are_one_order(crm: Client, code: str) -> None:
    async def both() -> list[tuple[int, str]]:
        url = crm.door.server.make_url("/v1/calls")
        headers = {"Authorization": f"Bearer {crm.token}", "Idempotency-Key": "k-1"}
        body = {"customer": WHOM, "campaign": code}
        asked = (crm.door.session.post(url, headers=headers, json=body) for _ in range(3))
        return [(answer.status, await answer.text()) for answer in await asyncio.gather(*asked)]

    assert len(set(crm.door.portal.call(both))) == 1
    assert count(crm, TriggeredCall) == 1


def test_an_order_of_a_click_to_call_campaign_may_name_its_agent(crm: Client) -> None:
    def found(conn: Any) -> str:
        campaign = founding.campaign(conn, crm.company, Mode.CLICK2CALL)
        founding.agent(conn, crm.company, campaign, "101")
        return str(campaign.code)

    code = crm.run(found)
    assert order(crm, campaign=code, agent="101").json["agent"] == "101"
