"""What can be typed can be asked for: a campaign's end, many at once, opt-outs, drafts of rulebooks, clients."""

from typing import Any

import founding
import pytest
from founding import Someone

from api.conftest import HASHED, Client, client_of
from campaigns import clients, contacts
from campaigns.contacts import Reached
from campaigns.rulebooks import shipped
from campaigns.words import Channel, Right

PHONE = "+84912345678"


@pytest.fixture
def campaign(crm: Client) -> Any:
    """A stopped campaign with KH1, who has a number, and KH2."""

    def found(conn: Any) -> Any:
        made = founding.campaign(conn, crm.company, wanted="stopped")
        people = [Someone("KH1", [PHONE]), Someone("KH2", ["+84912345679"])]
        told = [(founding.person(conn, crm.company, someone), someone) for someone in people]
        founding.enlist(conn, founding.START, made, told)
        reached = Reached(told[0][0], founding.START, Channel.ZALO, phone=PHONE, source="file x")
        contacts.record(conn, founding.START, crm.company.tenant_id, [reached], "test")
        return made

    return crm.run(found)


def test_a_campaign_is_run_again_and_deleted_only_where_it_stands_still(crm: Client, campaign: Any) -> None:
    path = f"/v1/campaigns/{campaign.code}"
    again = crm.ask("POST", f"{path}/rerun").json
    assert again == {"code": campaign.code, "run": 2, "reopened": 2, "left": 0}
    crm.ask("POST", f"{path}/start")
    assert crm.ask("DELETE", path).problem == "not-now"
    crm.ask("POST", f"{path}/stop")
    assert crm.ask("DELETE", path, headers={"If-Match": '"other"'}).problem == "changed"
    assert crm.ask("DELETE", path).json == {"code": campaign.code}
    assert crm.ask("GET", "/v1/audit").json["items"][0]["before"]["state"] == "stopped"
    assert crm.ask("GET", path).problem == "not-found"


def test_many_are_withdrawn_at_once_and_who_is_unknown_is_named(crm: Client, campaign: Any) -> None:
    said = {"customers": ["KH1", "KH2", "KH9"], "reason": "paid"}
    told = crm.ask("POST", f"/v1/campaigns/{campaign.code}/withdrawals", json=said).json
    assert told == {"withdrawn": 2, "final": 0, "unknown": ["KH9"], "underway": []}
    [act] = crm.ask("GET", "/v1/audit").json["items"]
    assert (act["asked"]["customers"], act["after"]["unknown"]) == (["***"] * 3, ["***"])
    events = crm.ask("GET", f"/v1/campaigns/{campaign.code}/customers/KH1/events").json["items"]
    assert events[-1]["actor"] == "client crm"


def test_an_opt_out_takes_all_that_is_his_and_its_end_gives_it_back(crm: Client, campaign: Any) -> None:
    done = crm.ask("POST", "/v1/optouts", json={"persons": ["KH1"], "channel": "zalo"}).json
    assert (done["people"], done["entries"]) == (1, 2)
    asked = {"numbers": ["0912 345 678", "0987654321"], "persons": ["KH1"]}
    found = crm.ask("POST", "/v1/suppressions/check", json=asked).json["items"]
    assert [(one["subject"], one["suppressed"]) for one in found] == [
        (PHONE, True),
        ("+84987654321", False),
        ("KH1", True),
    ]
    lifted = crm.ask("POST", "/v1/optouts/lift", json={"persons": ["KH1"], "reason": "a mistake"}).json
    assert lifted == {"ended": 2, "reopened": 0, "still": []}
    found = crm.ask("POST", "/v1/suppressions/check", json=asked).json["items"]
    assert [one["suppressed"] for one in found] == [False] * 3
    assert found[0]["entries"][0]["lifted_by"] == "client crm: a mistake"
    assert crm.ask("POST", "/v1/optouts", json={"persons": ["KH1"], "at": "2199-01-01T00:00:00Z"}).paths == ["at"]


@pytest.mark.usefixtures("campaign")
def test_how_somebody_was_reached_otherwise_is_told(crm: Client) -> None:
    [contact] = crm.ask("GET", "/v1/persons/KH1/contacts").json["items"]
    assert (contact["channel"], contact["number"], contact["purpose"]) == ("zalo", PHONE, None)
    assert crm.ask("GET", "/v1/persons/KH2/contacts").json["items"] == []


def test_a_rulebook_s_text_is_read_and_compared_and_not_kept(crm: Client) -> None:
    text = 'name = "ours"\nversion = "1"\nextends = "vn-debt"\nsummary = "Ours"\n'
    assert crm.ask("POST", "/v1/rulebooks/texts/check", json={"text": text}).json["extends"] == "vn-debt"
    assert crm.ask("POST", "/v1/rulebooks/texts/check", json={"text": "name ="}).paths == ["text"]
    assert crm.ask("GET", "/v1/rulebooks/ours").problem == "not-found"
    told = crm.ask("POST", "/v1/rulebooks/texts/diff", json={"a": {"name": "vn-debt"}, "b": {"text": text}}).json
    [named] = [one for one in told["items"] if one["field"] == "summary"]
    assert named == {"field": "summary", "a": shipped()["vn-debt"].summary, "b": "Ours"}
    for side, path in (({}, "b"), ({"name": "none-such"}, "b.name"), ({"text": "x"}, "b.text")):
        said = {"a": {"name": "none"}, "b": side}
        assert crm.ask("POST", "/v1/rulebooks/texts/diff", json=said).paths == [path]


def test_what_only_asks_is_not_kept_as_a_change(crm: Client) -> None:
    assert crm.ask("POST", "/v1/suppressions/check", json={"numbers": ["0912345678"]}).status == 200
    assert crm.ask("GET", "/v1/audit").json["items"] == []


def test_a_client_is_made_for_what_it_needs_and_its_token_is_good_until_it_is_revoked(crm: Client) -> None:
    made = crm.ask("POST", "/v1/clients", json={"name": "dashboard", "scopes": ["report:read"]})
    assert (made.status, made.json["scopes"]) == (201, ["report:read"])
    secret = made.json["client_secret"]
    assert crm.door.token(made.json["client_id"], secret).json["scope"] == "report:read"
    assert crm.ask("POST", "/v1/clients", json={"name": "dashboard", "scopes": ["export"]}).problem == "taken"
    listed = crm.ask("GET", "/v1/clients")
    assert secret not in listed.text + crm.ask("GET", "/v1/audit").text
    assert {one["name"] for one in listed.json["items"]} == {"crm", "dashboard"}
    assert crm.ask("DELETE", "/v1/clients/dashboard").json["revoked_at"] is not None
    assert crm.door.token(made.json["client_id"], secret).status == 401
    assert crm.ask("DELETE", "/v1/clients/dashboard").problem == "not-found"
    assert crm.ask("DELETE", "/v1/clients/crm").problem == "not-now"


def test_nobody_is_made_an_administrator_over_the_api(crm: Client) -> None:
    for scopes in (["admin"], ["report:read", "admin"]):
        assert crm.ask("POST", "/v1/clients", json={"name": "me-for-good", "scopes": scopes}).paths == ["scopes"]
    lesser = client_of(crm.door, crm.company, *(right for right in Right if right is not Right.ADMIN), name="lesser")
    assert lesser.ask("POST", "/v1/clients", json={"name": "more", "scopes": ["export"]}).problem == "forbidden"


def test_a_new_key_signs_and_tokens_of_the_old_one_stay_good(crm: Client) -> None:
    before = crm.ask("POST", "/v1/clients/keys/rotate").json
    assert crm.ask("POST", "/v1/clients/keys/rotate").json != before
    crm.run(lambda conn: clients.add(conn, founding.START, crm.company.tenant_id, "b", "c_b", HASHED, [Right.EXPORT]))
    assert crm.ask("GET", "/v1/exports").status == crm.door.token("c_b").status == 200


def test_every_kind_of_event_is_told_with_its_schema(crm: Client) -> None:
    told = {one["name"]: one["data_schema"] for one in crm.ask("GET", "/v1/event-kinds").json["items"]}
    assert told["call.settled"]["type"] == "object"


def test_numbers_in_doubt_are_told_until_somebody_has_looked(crm: Client) -> None:
    def found(conn: Any) -> None:
        for n, doubted in enumerate((True, True, False)):
            founding.person(conn, crm.company, Someone(f"KH{n}", [f"+8438312345{n}"], needs_review=doubted))

    crm.run(found)
    first = crm.ask("GET", "/v1/doubtful-numbers?limit=1").json
    rest = crm.ask("GET", "/v1/doubtful-numbers", params={"cursor": first["next"]}).json
    assert [(one["person"], one["number"]) for one in first["items"] + rest["items"]] == [
        ("KH0", "+84383123450"),
        ("KH1", "+84383123451"),
    ]
    crm.ask("POST", "/v1/numbers/0383123450/review", json={"right": False})
    assert [one["person"] for one in crm.ask("GET", "/v1/doubtful-numbers").json["items"]] == ["KH1"]
