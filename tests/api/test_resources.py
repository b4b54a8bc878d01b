"""What can be asked for: a campaign's life, its customers, the do-not-call list, calls and agents, through the door."""

from typing import Any

import founding
import pytest
from founding import Someone

from api.conftest import Client
from campaigns.models import Call
from campaigns.rows import table
from campaigns.words import Mode

NEW = {"code": "NHAC-NO", "vendor": "vendor", "mode": "autocall", "queue_code": "Q1", "template": "IVR-1"}


def created(crm: Client, **terms: Any) -> Any:
    return crm.ask("POST", "/v1/campaigns", json=NEW | {"creditor": "Mẫu"} | terms)


def test_a_campaign_is_made_looked_at_changed_and_commanded(crm: Client) -> None:
    made = created(crm, recall_delay="1h30m", variables=["dpd"], recalls={"busy": {"delay": 60, "growth": 2}})
    assert (made.status, made.headers["Location"]) == (201, "/v1/campaigns/NHAC-NO")
    assert made.json["recalls"] == {"busy": {"delay": 60, "growth": 2.0}}
    assert (made.json["recall_delay"], made.json["variables"], made.json["state"]) == (5400, ["dpd"], "draft")
    assert crm.ask("GET", "/v1/campaigns/NHAC-NO").json == made.json
    changed = crm.ask("PATCH", "/v1/campaigns/NHAC-NO", json={"concurrent_call": None, "weight": 3})
    assert (changed.json["concurrent_call"], changed.json["weight"]) == (5, 3)
    for verb, state in (("start", "running"), ("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
        assert crm.ask("POST", f"/v1/campaigns/NHAC-NO/{verb}").json["state"] == state
    assert crm.ask("POST", "/v1/campaigns/NHAC-NO/resume").problem == "not-now"
    assert crm.ask("GET", "/v1/campaigns/NHAC-NO/status").json["customers"] == 0


def test_a_change_is_made_only_to_what_was_seen(crm: Client) -> None:
    seen = created(crm).headers["ETag"]
    same = crm.ask("GET", "/v1/campaigns/NHAC-NO", headers={"If-None-Match": seen})
    assert (same.status, same.text) == (304, "")
    assert crm.ask("PATCH", "/v1/campaigns/NHAC-NO", json={"weight": 2}, headers={"If-Match": seen}).status == 200
    late = crm.ask("PATCH", "/v1/campaigns/NHAC-NO", json={"weight": 9}, headers={"If-Match": seen})
    assert (late.status, late.problem) == (412, "changed")
    assert crm.ask("POST", "/v1/campaigns/NHAC-NO/start", headers={"If-Match": seen}).status == 412
    assert crm.ask("GET", "/v1/campaigns/NHAC-NO").json["weight"] == 2


@pytest.mark.parametrize(
    ("terms", "path"),
    [
        ({"vendor": "nobody"}, "vendor"),
        ({"template": None}, "template"),
        ({"rulebook": "none-such"}, "rulebook"),
        ({"creditor": None}, "creditor"),
        ({"weight": 101}, "weight"),
        ({"recall_delay": "soon"}, "recall_delay"),
        ({"hotline": "1900"}, "hotline"),
        ({"code": "a b"}, "code"),
        ({"state": "running"}, "state"),
        ({"agents": {"x": None}}, "agents.x.[key]"),
    ],
)
def test_a_campaign_that_cannot_stand_is_refused_by_its_field(crm: Client, terms: Any, path: str) -> None:
    answer = created(crm, **terms)
    assert (answer.status, answer.paths) == (422, [path])
    assert crm.ask("GET", "/v1/campaigns").json == {"items": [], "next": None}


def test_a_code_and_a_queue_are_taken_once(crm: Client) -> None:
    created(crm)
    assert created(crm).problem == "taken"
    assert created(crm, code="OTHER").problem == "taken"


def pages(crm: Client, path: str, key: str) -> list[Any]:
    """A list in pages of two, each thing by this field."""
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = crm.ask("GET", path, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        assert len(answer.json["items"]) <= 2, answer.text
        found += [item[key] for item in answer.json["items"]]
        cursor = answer.json["next"]
    return found


def test_every_list_is_whole_in_pages_and_in_its_order(crm: Client) -> None:
    def found(conn: Any) -> tuple[list[str], str, list[str], list[str]]:
        campaigns = [founding.campaign(conn, crm.company) for _ in range(5)]
        listed = founding.debtors(conn, crm.company, campaigns[0], 5)
        for one in listed:
            conn.execute(table(Call).insert(), _call(campaigns[0], one))
        customers = [row.code for row in founding.customers(conn, crm.company.tenant_id).values()]
        return [one.code for one in campaigns], campaigns[0].code, customers, [f"r{one.customer_id}" for one in listed]

    codes, first, customers, references = crm.run(found)
    assert pages(crm, "/v1/campaigns", "code") == sorted(codes)
    assert pages(crm, f"/v1/campaigns/{first}/customers", "id") == sorted(customers)
    assert pages(crm, "/v1/calls", "id") == references[::-1]
    numbers = [f"+8491000000{n}" for n in range(5)]
    crm.ask("POST", "/v1/suppressions", json={"numbers": numbers, "reason": "asked"})
    assert pages(crm, "/v1/suppressions", "subject") == numbers


def _call(campaign: Any, one: Any) -> dict[str, Any]:
    owner = {"tenant_id": campaign.tenant_id, "vendor_account_id": campaign.vendor_account_id}
    whose = {"campaign_id": campaign.id, "customer_id": one.customer_id, "person_id": one.person_id}
    told = {"phone": one.phones[0], "reference": f"r{one.customer_id}", "state": "settled", "outcome": "busy"}
    return owner | whose | told | {"contracts": [], "intended_at": founding.START}


def test_a_customer_is_told_with_why_by_his_id_and_by_his_number_in_any_form(crm: Client) -> None:
    def found(conn: Any) -> str:
        campaign = founding.campaign(conn, crm.company, wanted="paused")
        someone = Someone("KH1", ["+84912345678"])
        founding.enlist(conn, founding.START, campaign, [(founding.person(conn, crm.company, someone), someone)])
        return str(campaign.code)

    code = crm.run(found)
    told = crm.ask("GET", f"/v1/campaigns/{code}/customers/KH1").json
    assert told["numbers"] == ["+84912345678"]
    assert told["why"] == {"about": "campaign", "reason": None, "until": None, "detail": "paused"}
    [row] = crm.ask("GET", f"/v1/campaigns/{code}/customers?reason=never-called").json["items"]
    assert (row["id"], row["status"], row["reason"]) == ("KH1", "new", "never-called")
    assert crm.ask("GET", f"/v1/campaigns/{code}/customers?status=busy").json["items"] == []


def test_a_number_is_put_on_the_list_in_any_form_and_lifted_in_another(crm: Client) -> None:
    said = {"numbers": ["0912 345 678", "+84912345678"], "reason": "asked us to stop"}
    assert crm.ask("POST", "/v1/suppressions", json=said).json == {"added": 1, "already": 0, "underway": []}
    assert crm.ask("POST", "/v1/suppressions", json=said).json["already"] == 1
    [entry] = crm.ask("GET", "/v1/suppressions?number=0912.345.678&in_force=true").json["items"]
    assert (entry["subject"], entry["actor"], entry["source"]) == ("+84912345678", "client crm", "api")
    lifted = crm.ask("POST", "/v1/suppressions/lift", json={"numbers": ["84912345678", "0912345679"]}).json
    assert lifted == {"lifted": 1, "not_listed": ["+84912345679"], "reopened": 0}
    [ended] = crm.ask("GET", "/v1/suppressions?in_force=false").json["items"]
    assert ended["lifted_by"] == "client crm"


def test_what_is_no_number_is_refused_by_its_place_and_not_told_again(crm: Client) -> None:
    answer = crm.ask("POST", "/v1/suppressions", json={"numbers": ["0912345678", "09123456789999"], "reason": "x"})
    assert answer.paths == ["numbers.1"]
    assert "0912345678999" not in answer.text
    assert crm.ask("GET", "/v1/suppressions").json["items"] == []
    assert crm.ask("POST", "/v1/suppressions", json={"reason": "x"}).paths == ["numbers"]


def test_an_agent_says_that_he_pauses_and_that_he_is_back(crm: Client) -> None:
    def found(conn: Any) -> None:
        founding.agent(conn, crm.company, founding.campaign(conn, crm.company, Mode.CLICK2CALL), "101")

    crm.run(found)
    assert [one["state"] for one in crm.ask("POST", "/v1/agents/101/pause").json["items"]] == ["paused"]
    assert crm.ask("POST", "/v1/agents/101/ready").json["items"][0]["state"] != "paused"
    assert crm.ask("POST", "/v1/agents/102/ready").problem == "not-found"


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-03-02T02:00:00", "0.5"]
)
def test_a_moment_that_has_no_zone_or_no_name_in_ours_is_refused(crm: Client, moment: str) -> None:
    assert crm.ask("GET", "/v1/calls", params={"since": moment}).paths == ["since"]


def test_a_vendor_account_is_told_without_its_secrets(crm: Client) -> None:
    [told] = crm.ask("GET", "/v1/vendors").json["items"]
    assert set(told) == {"name", "kind", "url", "channels", "reserve", "settings", "trouble"}
    assert crm.ask("GET", "/v1/vendors/vendor").json == told


def test_every_shipped_rulebook_is_told_whole(crm: Client) -> None:
    for book in crm.ask("GET", "/v1/rulebooks").json["items"]:
        whole = crm.ask("GET", f"/v1/rulebooks/{book['name']}").json
        assert whole["version"] == book["version"]
        assert whole["counsel"]
