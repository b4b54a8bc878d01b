"""What is asked of vendors and of the evidence, and files of consents and numbers: ordered here, done by jobs."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import founding
import pytest
from sqlalchemy import update

from api.conftest import KEY, Answer, Client
from campaigns import jobs
from campaigns.models import Job, VendorAccount
from campaigns.rows import columns_of, table
from campaigns.words import JobState
from dialer.database import clock
from dialer.vault import Vault
from dialer.working import WorkingLoop

Worked = Callable[[Answer], dict[str, Any]]
DAY = {"since": founding.START.isoformat(), "until": (founding.START + timedelta(days=1)).isoformat()}


@pytest.fixture(autouse=True)
def alone(crm: Client) -> None:
    """Workers are every company's: whatever another test has left to do is done."""
    crm.run(lambda conn: conn.execute(table(Job).update().where(jobs.OPEN).values(state=JobState.DONE)))


@pytest.fixture
def worked(crm: Client) -> Worked:
    """Whoever ordered a job is shown it once nobody has anything to do."""
    loop = WorkingLoop(crm.door.desk.database, Vault([KEY]))

    async def work() -> None:
        while await loop.step(await crm.door.desk.database.read(clock)):
            pass

    def shown(answer: Answer) -> dict[str, Any]:
        assert answer.status == 202, answer.text
        crm.door.portal.call(work)
        return dict(crm.ask("GET", answer.headers["Location"]).json)

    return shown


@pytest.fixture
def vendor(crm: Client) -> str:
    """An account with secrets, for which nobody answers."""
    sealed = Vault([KEY]).seal({"api_key": "k", "hook_key": "h", "hook_path": "p"})
    account = columns_of(VendorAccount)
    mine = update(table(VendorAccount)).where(account.id == crm.company.account_id)
    crm.run(lambda conn: conn.execute(mine.values(sealed_credentials=sealed)))
    return "vendor"


def test_a_vendor_that_does_not_answer_is_what_a_check_finds(crm: Client, vendor: str, worked: Worked) -> None:
    job = worked(crm.ask("POST", f"/v1/vendors/{vendor}/check"))
    assert (job["state"], job["result"]["logged_in"]) == ("done", False)
    assert job["result"]["remarks"]


def test_an_account_is_removed_when_its_hooks_are_off_or_nobody_is_to_be_asked(
    crm: Client, vendor: str, worked: Worked
) -> None:
    path = f"/v1/vendors/{vendor}"
    failed = worked(crm.ask("DELETE", path))
    assert (failed["state"], failed["fault"]) == ("failed", "unreachable")
    ordered = crm.ask("DELETE", f"{path}?keep_hooks=true")
    assert crm.ask("GET", path).status == 200
    assert worked(ordered)["result"] == {"hooks_removed": []}
    assert crm.ask("GET", path).problem == "not-found"


def test_an_account_that_a_campaign_needs_is_not_removed_however_late_it_begins(
    crm: Client, vendor: str, worked: Worked
) -> None:
    ordered = crm.ask("DELETE", f"/v1/vendors/{vendor}?keep_hooks=true")
    crm.run(founding.campaign, crm.company)
    assert worked(ordered)["fault"] == "not-now"
    assert crm.ask("DELETE", f"/v1/vendors/{vendor}").problem == "not-now"


def test_the_evidence_is_verified_by_a_job(crm: Client, worked: Worked) -> None:
    job = worked(crm.ask("POST", "/v1/audit/verifications", json={}))
    told = {name: job["result"][name] for name in ("sound", "wrong", "seals", "head")}
    assert told == {"sound": True, "wrong": 0, "seals": 0, "head": None}
    assert crm.ask("POST", "/v1/audit/verifications", json={"head": "12:x"}).paths == ["head"]
    wrong_way = {"since": DAY["until"], "until": DAY["since"]}
    assert crm.ask("POST", "/v1/audit/verifications", json=wrong_way).paths == ["until"]


def test_calls_are_judged_again_and_what_was_found_is_signed(crm: Client, worked: Worked) -> None:
    def called(conn: Any) -> None:
        campaign = founding.campaign(conn, crm.company)
        [someone] = founding.debtors(conn, crm.company, campaign, 1)
        whose = {"campaign_id": campaign.id, "customer_id": someone.customer_id, "person_id": someone.person_id}
        row = {"tenant_id": crm.company.tenant_id, "vendor_account_id": crm.company.account_id, "contracts": []}
        told = {"phone": someone.phones[0], "reference": f"r{someone.customer_id}", "state": "settled"}
        conn.execute(table(founding.Call).insert(), row | whose | told | {"intended_at": founding.START})

    crm.run(called)
    assert crm.ask("GET", "/v1/audit/key").json == {"public_key": None}
    job = worked(crm.ask("POST", "/v1/audit/replays", json=DAY))
    result = job["result"]
    assert (job["state"], result["counts"]["calls"]) == ("done", 1)
    assert "PUBLIC KEY" in crm.ask("GET", "/v1/audit/key").json["public_key"]
    file = crm.ask("GET", f"/v1/audit/replays/{job['id']}/file")
    assert file.text.count("\n") == 2
    digest = hashlib.sha256(file.text.encode()).hexdigest()
    [name] = [name for name in (f"replay-{job['id']}.csv",) if name in result["manifest"]]
    signed = {"manifest": result["manifest"], "signature": result["signature"], "files": {name: digest}}
    assert crm.ask("POST", "/v1/audit/check", json=signed).json == {"genuine": True, "wrong": []}
    for changed, wrong in (
        ({"files": {name: "0" * 64}}, [name]),
        ({"files": {}}, [name]),
        ({"manifest": result["manifest"].replace('"calls": 1', '"calls": 2')}, ["manifest.sig"]),
    ):
        assert crm.ask("POST", "/v1/audit/check", json=signed | changed).json == {"genuine": False, "wrong": wrong}


def test_consents_and_refusals_come_in_together(crm: Client, worked: Worked) -> None:
    def found(conn: Any) -> list[str]:
        campaign = founding.campaign(conn, crm.company)
        return [one.phones[0] for one in founding.debtors(conn, crm.company, campaign, 2)]

    yes, no = crm.run(found)
    row = {"time": "2026-01-02 09:00", "channel": "web", "proof": "form 7"}
    rows = [row | {"phone": yes, "consent": "yes"}, row | {"phone": no, "consent": "no"}, row | {"phone": "12"}]
    job = worked(crm.ask("POST", "/v1/consents/imports", json={"purpose": "marketing", "rows": rows}))
    counts = job["result"]["counts"]
    assert (counts["kept"], counts["records"], counts["entries"], len(job["result"]["rejected"])) == (2, 2, 2, 1)


def test_a_file_of_numbers_is_put_on_the_list(crm: Client, worked: Worked) -> None:
    rows = [{"phone": "0912345678"}, {"phone": "0987654321"}, {"phone": "12"}]
    job = worked(crm.ask("POST", "/v1/suppressions/imports", json={"rows": rows, "reason": "asked"}))
    counts = {name: job["result"]["counts"][name] for name in ("rows_read", "numbers", "added", "already")}
    assert counts == {"rows_read": 3, "numbers": 2, "added": 2, "already": 0}
    assert len(crm.ask("GET", "/v1/suppressions").json["items"]) == 2
