"""Each change leaves who made it, what was asked and what it replaced, and nothing that would tell of a person."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import founding
import pytest
from founding import Company
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from api.conftest import Client, Door, client_of
from campaigns import acts
from campaigns.words import Mode, Right
from dialer import witness


def log(client: Client, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.ask("GET", "/v1/audit", params=query).json["items"]
    return items


@pytest.fixture
def campaign(crm: Client) -> str:
    return str(crm.run(lambda conn: founding.campaign(conn, crm.company, Mode.AUTOCALL, weight=3)).code)


def test_a_change_of_a_field_is_kept_with_who_asked_and_what_it_was(crm: Client, campaign: str) -> None:
    crm.ask("PATCH", f"/v1/campaigns/{campaign}", json={"weight": 7}, headers={"X-Request-ID": "gw-7"})
    [act] = log(crm, object=f"campaigns/{campaign}")
    assert (act["actor"], act["client"], act["request_id"]) == ("client crm", crm.client_id, "gw-7")
    assert (act["method"], act["route"], act["result"]) == ("PATCH", "/v1/campaigns/{code}", 200)
    assert (act["asked"], act["before"], act["after"]) == ({"weight": 7}, {"weight": 3}, {"weight": 7})


def test_a_command_to_a_thing_keeps_how_it_stood(crm: Client, campaign: str) -> None:
    crm.ask("POST", f"/v1/campaigns/{campaign}/pause")
    [act] = log(crm)
    assert (act["before"]["state"], act["after"]["state"]) == ("running", "paused")
    crm.run(lambda conn: founding.agent(conn, crm.company, _read(conn, crm.company, campaign), "101"))
    crm.ask("POST", "/v1/agents/101/pause")
    newest = log(crm)[0]
    states = [[one["source"] for one in newest[when]["items"]] for when in ("before", "after")]
    assert states == [["vendor"], ["api"]]


def test_of_changes_that_meet_each_keeps_what_it_found(crm: Client, campaign: str) -> None:
    def change(weight: int) -> int:
        return crm.ask("PATCH", f"/v1/campaigns/{campaign}", json={"weight": weight}).status

    with ThreadPoolExecutor(5) as several:
        assert set(several.map(change, range(11, 16))) == {200}
    acts_ = list(reversed(log(crm)))
    found, left = [act["before"] for act in acts_], [act["after"] for act in acts_]
    assert found == [{"weight": 3}, *left[:-1]]


def _read(conn: Connection, company: Company, code: str) -> Any:
    from campaigns.directory import find_campaign

    return find_campaign(conn, company.tenant_id, code)


def test_a_number_stands_masked_and_what_people_wrote_not_at_all(crm: Client) -> None:
    crm.ask("POST", "/v1/suppressions", json={"numbers": ["0912 345 678"], "persons": ["KH000042"], "reason": "Bà An"})
    [act] = log(crm)
    assert act["asked"] == {"numbers": ["0912***78"], "persons": ["KH***42"], "reason": "***"}
    assert act["after"]["added"] == 2


def test_what_was_refused_or_only_read_leaves_nothing(crm: Client, campaign: str) -> None:
    crm.ask("GET", "/v1/campaigns")
    for verb, path, body in (
        ("PATCH", f"/v1/campaigns/{campaign}", {"weight": -1}),
        ("PATCH", "/v1/campaigns/NOBODY", {"weight": 1}),
        ("POST", "/v1/suppressions", {}),
    ):
        assert crm.ask(verb, path, json=body).status >= 400
    assert log(crm) == []


def test_the_log_is_the_company_s_own_and_for_those_who_may_do_everything(crm: Client, door: Door) -> None:
    crm.ask("POST", "/v1/suppressions", json={"persons": ["KH1"], "reason": "x"})
    other = client_of(door, door.desk.run(founding.company))
    assert log(other) == []
    others = tuple(right for right in Right if right is not Right.ADMIN)
    assert client_of(door, crm.company, *others, name="b").ask("GET", "/v1/audit").problem == "forbidden"


def test_acts_come_in_pages_and_by_what_is_asked_of_them(crm: Client) -> None:
    for person in ("A", "B", "C"):
        crm.ask("POST", "/v1/suppressions", json={"persons": [person], "reason": "x"})
    crm.ask("POST", "/v1/suppressions/lift", json={"persons": ["A"]})
    first = crm.ask("GET", "/v1/audit?limit=3").json
    rest = crm.ask("GET", "/v1/audit", params={"limit": "3", "cursor": first["next"]}).json
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [3, 1, None]
    lifted, everything = (
        log(crm, route="/v1/suppressions/lift"),
        log(crm, actor="client crm", until="2199-01-01T00:00:00Z"),
    )
    assert len(lifted) == len(everything) - 3
    assert log(crm, since="2199-01-01T00:00:00Z") == log(crm, actor="nobody") == []


def test_a_change_that_fails_late_leaves_no_act_either(crm: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change and act are one transaction: where the act cannot be written, nothing is changed."""

    def full(*_args: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(acts, "record", full)
    assert crm.ask("POST", "/v1/suppressions", json={"persons": ["KH1"], "reason": "x"}).problem == "unavailable"
    assert crm.ask("GET", "/v1/suppressions").json["items"] == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 999) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
SAID = "0912345678"


@settings(max_examples=20)
@given(VALUES, st.sampled_from(["", "numbers", "customer", "note", "anything", "password"]))
def test_no_number_comes_through_wherever_it_stands(value: Any, name: str) -> None:
    told = {"a": [value, {name: SAID, SAID: value, "more": [SAID, f"call {SAID} now"]}]}
    assert SAID not in str(witness.seen(told))


@pytest.mark.parametrize("name", ["client_secret", "api_key", "password", "token"])
def test_no_secret_is_kept(name: str) -> None:
    assert witness.seen({"vendor": {name: "s3cret", "list": [{name: ["s3cret"]}]}}) == {
        "vendor": {name: "***", "list": [{name: "***"}]}
    }


def test_of_a_very_long_document_only_its_digest_is_kept() -> None:
    told = witness.seen({"extensions": list(range(witness.LONGEST))})
    assert told.keys() == {"characters", "sha256"}
