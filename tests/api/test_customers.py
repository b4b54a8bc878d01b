"""One customer: put on the list, corrected, withdrawn."""

from typing import Any

import founding
import pytest

from api.conftest import Client

PHONES = [{"number": "0912 345 678"}, {"number": "0987654321", "role": "reference"}]


@pytest.fixture
def path(crm: Client) -> str:
    return f"/v1/campaigns/{crm.run(founding.campaign, crm.company).code}/customers"


def new(crm: Client, path: str, **said: Any) -> dict[str, Any]:
    answer = crm.ask("POST", path, json={"id": "KH/1", "name": "An", "phones": PHONES} | said)
    assert answer.status == 201, answer.text
    shown = crm.ask("GET", answer.headers["Location"])
    assert shown.json["id"] == answer.json["id"]
    return dict(answer.json)


def test_a_customer_is_put_on_the_list_and_told_again_he_is_brought_to_what_is_told(crm: Client, path: str) -> None:
    told = new(crm, path, contract_number="HD1", variables={"total_ovd_amount": 1_500_000})
    assert (told["name"], told["status"], told["why"]["about"]) == ("An", "new", "turn")
    assert (told["numbers"], told["contracts"]) == (["+84912345678", "+84987654321"], ["HD1"])
    again = new(crm, path, name="An Bình", contract_number="HD2", phones=PHONES[:1])
    assert (again["name"], again["numbers"]) == ("An Bình", ["+84912345678"])
    assert again["contracts"] == ["HD1", "HD2"]
    assert len(crm.ask("GET", path).json["items"]) == 1


def test_what_is_not_told_of_a_customer_stays(crm: Client, path: str) -> None:
    new(crm, path, contract_number="HD1", variables={"total_ovd_amount": 5}, priority=3)
    one = f"{path}/KH%2F1"
    named = crm.ask("PATCH", one, json={"name": "Bình"}).json
    assert (named["name"], named["contracts"], len(named["numbers"])) == ("Bình", ["HD1"], 2)
    moved = crm.ask("PATCH", one, json={"phones": [{"number": "0988888888"}]}).json
    assert (moved["name"], moved["numbers"], moved["contracts"]) == ("Bình", ["+84988888888"], ["HD1"])
    [listed] = crm.ask("GET", path).json["items"]
    assert listed["priority"] == 3
    owed = crm.ask("PATCH", one, json={"contract_number": "HD2", "variables": {"dpd": 9}}).json
    assert owed["contracts"] == ["HD1", "HD2"]


def test_what_cannot_stand_is_told_by_its_field(crm: Client, path: str) -> None:
    bad = {"phones": [*PHONES, {"number": "12345"}]}
    assert crm.ask("POST", path, json=bad).paths == ["phones.2.number"]
    new(crm, path)
    odd = crm.ask("PATCH", f"{path}/KH%2F1", json={"contract_number": "H", "variables": {"dpd": "many"}})
    assert (odd.status, odd.paths) == (422, ["dpd"])
    assert crm.ask("PATCH", f"{path}/KH%2F1", json={"phones": []}).paths == ["phones"]


def test_a_withdrawn_customer_is_called_no_more_and_his_history_says_why(crm: Client, path: str) -> None:
    new(crm, path)
    gone = crm.ask("DELETE", f"{path}/0912345678?reason=paid")
    assert gone.status == 404
    gone = crm.ask("DELETE", f"{path}/KH%2F1?reason=paid")
    assert gone.json == {"id": "KH/1", "withdrawn": True, "underway": []}
    told = crm.ask("GET", f"{path}/KH%2F1").json
    assert told["status"] == "withdrawn"
    assert "paid" in [event["detail"] for event in told["events"]]
    # Wherever a number stands, it is one that any country can dial.
    crm.ask("POST", "/v1/suppressions", json={"numbers": ["0912345678"], "reason": "asked"})
    said = crm.ask("GET", f"{path}/KH%2F1").json
    assert "+84912345678 put on the do-not-call list" in [event["what"] for event in said["events"]]
    assert crm.ask("DELETE", f"{path}/KH%2F1").json["withdrawn"] is False
