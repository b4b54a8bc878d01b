"""Persons, numbers and promises: what one said, what is known of a number, when somebody was promised a call."""

from datetime import timedelta
from typing import Any

import founding
import pytest
from founding import Someone

from api.conftest import KEY, Client
from campaigns.words import Mode, Outcome
from dialer.api.resources.outcomes import SAID
from dialer.commands.language import VIETNAMESE
from dialer.database import clock
from dialer.vault import Vault
from dialer.working import WorkingLoop

PHONE = "+84912345678"
ZALO = {"purpose": "marketing", "channel": "zalo", "proof": "message-7"}


@pytest.fixture
def campaign(crm: Client) -> Any:
    def found(conn: Any) -> Any:
        one = founding.campaign(conn, crm.company, Mode.CLICK2CALL)
        who = Someone("KH1", [PHONE], needs_review=True)
        founding.enlist(conn, founding.START, one, [(founding.person(conn, crm.company, who), who)])
        founding.agent(conn, crm.company, one, "101")
        return one

    return crm.run(found)


@pytest.mark.usefixtures("campaign")
def test_a_yes_and_a_no_are_on_record_and_the_no_suppresses(crm: Client) -> None:
    assert crm.ask("POST", "/v1/persons/KH1/refusals", json={"purpose": "marketing"}).json["records"] == 1
    told = crm.ask("GET", "/v1/persons/0912345678").json
    assert (told["id"], [one["number"] for one in told["numbers"]]) == ("KH1", [PHONE])
    assert {one["subject"] for one in told["suppressions"] if one["until"] is None} == {"KH1", PHONE}
    freed = crm.ask("POST", "/v1/persons/KH1/consents", json=ZALO).json
    assert (freed["records"], freed["ended"]) == (1, 2)
    assert [one["granted"] for one in crm.ask("GET", "/v1/persons/KH1").json["said"]] == [False, True]


@pytest.mark.usefixtures("campaign")
@pytest.mark.parametrize(
    ("said", "path"),
    [
        (ZALO | {"at": "2199-01-01T00:00:00Z"}, "at"),
        (ZALO | {"until": "2001-01-01T00:00:00Z"}, "until"),
        (ZALO | {"proof": ""}, "proof"),
        ({"purpose": "marketing", "channel": "zalo"}, "proof"),
    ],
)
def test_a_consent_is_none_without_its_time_and_its_proof(crm: Client, said: Any, path: str) -> None:
    assert crm.ask("POST", "/v1/persons/KH1/consents", json=said).paths == [path]


@pytest.mark.usefixtures("campaign")
def test_hours_are_agreed_and_taken_back(crm: Client) -> None:
    agreed = crm.ask("PUT", "/v1/persons/KH1/hours", json={"agreed_hours": "t2 18:00-20:00"}).json
    assert agreed["agreed_hours"] == "mon 18:00-20:00"
    assert crm.ask("PUT", "/v1/persons/KH1/hours", json={"agreed_hours": "never"}).paths == ["agreed_hours"]
    assert crm.ask("PUT", "/v1/persons/KH1/hours", json={"agreed_hours": None}).json["agreed_hours"] == ""


@pytest.mark.usefixtures("campaign")
def test_a_person_gets_all_that_is_kept_and_may_be_forgotten(crm: Client) -> None:
    rows = crm.ask("GET", "/v1/persons/KH1/everything").json["rows"]
    assert [one["phone"] for one in rows["numbers"]] == [PHONE]
    ordered = crm.ask("DELETE", "/v1/persons/KH1")
    assert ordered.status == 202
    loop = WorkingLoop(crm.door.desk.database, Vault([KEY]))

    async def work() -> None:
        while await loop.step(await crm.door.desk.database.read(clock)):
            pass

    crm.door.portal.call(work)
    job = crm.ask("GET", ordered.headers["Location"]).json
    assert (job["state"], job["result"]["numbers"], job["result"]["customers"]) == ("done", 1, 1)
    assert crm.ask("GET", "/v1/persons/0912345678").status == 404


@pytest.mark.usefixtures("campaign")
def test_a_number_is_told_with_its_people_and_a_doubt_ends(crm: Client) -> None:
    told = crm.ask("GET", "/v1/numbers/0912.345.678").json
    assert (told["number"], [one["person"] for one in told["owners"]]) == (PHONE, ["KH1"])
    assert crm.ask("GET", "/v1/numbers/0988888888").status == 404
    assert crm.ask("POST", "/v1/numbers/0912345678/review", json={"right": True}).json["people"] == 1
    [number] = crm.ask("GET", "/v1/persons/KH1").json["numbers"]
    assert not number["needs_review"]


def test_a_call_is_promised_seen_and_taken_back(crm: Client, campaign: Any) -> None:
    crm.ask("POST", "/v1/numbers/0912345678/review", json={"right": True})
    at = (crm.run(clock) + timedelta(days=2)).replace(microsecond=0)
    path = f"/v1/campaigns/{campaign.code}/customers/KH1/callback"
    told = crm.ask("PUT", path, json={"at": at.isoformat(), "agent": "101", "note": "sau giờ họp"})
    assert (told.json["agent"], told.json["zone"]) == ("101", "Asia/Ho_Chi_Minh")
    [line] = crm.ask("GET", f"/v1/campaigns/{campaign.code}/callbacks").json["items"]
    assert (line["id"], line["note"], line["missed"], line["actor"]) == ("KH1", "sau giờ họp", False, "client crm")
    assert crm.ask("GET", f"/v1/campaigns/{campaign.code}/callbacks?missed=true").json["items"] == []
    assert crm.ask("PUT", path, json={"at": "2001-01-01T00:00:00Z"}).problem == "not-now"
    assert crm.ask("PUT", path, json={"at": at.isoformat(), "zone": "Mars"}).paths == ["zone"]
    assert crm.ask("DELETE", path).json == {"id": "KH1"}
    assert crm.ask("DELETE", path).problem == "not-now"


def test_outcomes_are_told_in_the_words_of_the_screen(crm: Client) -> None:
    told = {one["word"]: one["vi"] for one in crm.ask("GET", "/v1/outcomes").json["items"]}
    assert set(told) == set(Outcome) == set(SAID)
    assert {word: vi for word, vi in told.items() if VIETNAMESE.get(word, vi) != vi} == {}


def test_a_campaign_says_why_nobody_is_called_and_what_stands_against_a_start(crm: Client, campaign: Any) -> None:
    told = crm.ask("GET", f"/v1/campaigns/{campaign.code}/explanation").json
    assert (told["customers"], sum(one["customers"] for one in told["groups"])) == (1, 1)
    ready = crm.ask("GET", f"/v1/campaigns/{campaign.code}/check").json
    assert (ready["ready"], ready["against"], ready["waiting"], ready["agents"]) == (True, None, 1, 1)
    empty = crm.run(founding.campaign, crm.company, Mode.CLICK2CALL)
    lacking = crm.ask("GET", f"/v1/campaigns/{empty.code}/check").json
    assert (lacking["ready"], lacking["against"]["reason"], lacking["waiting"]) == (False, "no-agent", 0)
