"""Imports, exports and other jobs: ordered at the door, worked by the loop, looked at again."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import founding
import pytest
from aiohttp import FormData
from lists.files import write_xlsx

from api.conftest import KEY, Answer, Client
from campaigns import jobs
from campaigns.jobs import LEASE, MOST_TRIES
from campaigns.models import Campaign, Job, JobPart
from campaigns.rows import columns_of, table
from campaigns.words import JobState
from dialer.database import clock
from dialer.vault import Vault
from dialer.working import WorkingLoop

GOOD = {"id": "KH1", "name": "An", "phone": "0912 345 678", "contract_number": "HD1", "total_ovd_amount": 1500000}
BAD = {"id": "KH2", "name": "Bình", "phone": "12"}
Worked = Callable[[Answer], dict[str, Any]]


@pytest.fixture
def campaign(crm: Client) -> Any:
    return crm.run(founding.campaign, crm.company)


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


def sent(crm: Client, campaign: Any, **said: Any) -> Answer:
    return crm.ask("POST", f"/v1/campaigns/{campaign.code}/imports", json={"mode": "partial"} | said)


def customers(crm: Client, campaign: Any) -> list[str]:
    return [one["id"] for one in crm.ask("GET", f"/v1/campaigns/{campaign.code}/customers").json["items"]]


def test_a_list_of_rows_is_taken_and_what_was_wrong_is_told_by_row_column_and_reason(
    crm: Client, campaign: Any, worked: Worked
) -> None:
    answer = sent(crm, campaign, rows=[GOOD, BAD])
    assert (answer.json["state"], answer.json["kind"]) == ("waiting", "import")
    job = worked(answer)
    assert (job["state"], job["finished"], job["total"], job["actor"]) == ("done", 2, 2, "client crm")
    assert job["result"]["counts"]["kept"] == 1
    [rejected] = job["result"]["rejected"]
    assert (rejected["row"], rejected["column"], rejected["reason"]) == (3, "phone", "too-short")
    assert customers(crm, campaign) == ["KH1"]


def test_all_or_nothing_takes_none_where_one_row_is_rejected(crm: Client, campaign: Any, worked: Worked) -> None:
    job = worked(sent(crm, campaign, mode="all_or_nothing", rows=[GOOD, BAD]))
    assert (job["state"], job["fault"], len(job["result"]["rejected"])) == ("failed", "rows-rejected", 1)
    assert customers(crm, campaign) == []
    assert worked(sent(crm, campaign, mode="all_or_nothing", rows=[GOOD]))["state"] == "done"
    assert customers(crm, campaign) == ["KH1"]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_list_comes_as_a_form_in_either_kind_of_file(
    crm: Client, campaign: Any, worked: Worked, ending: str, tmp_path: Any
) -> None:
    rows = [["Khách", "Di động"], ["KH7", "0987654321"]]
    path = tmp_path / f"list.{ending}"
    path.write_text("Khách,Di động\nKH7,0987654321\n", encoding="utf-8") if ending == "csv" else write_xlsx(path, rows)
    form = FormData({"mode": "partial", "map": json.dumps({"id": "Khách"})})
    # A word for its name goes before the name that the file itself brings, wherever it stands.
    form.add_field("file", path.read_bytes(), filename="unnamed")
    form.add_field("file_name", path.name)
    job = worked(crm.ask("POST", f"/v1/campaigns/{campaign.code}/imports", data=form))
    assert (job["state"], job["detail"]) == ("done", None)
    assert customers(crm, campaign) == ["KH7"]


def test_a_form_that_is_none_and_one_without_a_file_are_refused(crm: Client, campaign: Any) -> None:
    path = f"/v1/campaigns/{campaign.code}/imports"
    head = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"", b"nothing", b"--x\r\n\r\n"):
        assert crm.ask("POST", path, data=body, headers=head).status in (400, 422)
    form = FormData({"mode": "partial"})
    form.add_field("file", b"", filename="a.csv")
    assert crm.ask("POST", path, data=form).paths == ["file"]
    assert crm.ask("POST", path, json={"mode": "partial"}).paths == ["rows"]


def test_what_is_no_list_fails_with_a_sentence(crm: Client, campaign: Any, worked: Worked) -> None:
    job = worked(sent(crm, campaign, rows=[{"nothing": "known"}]))
    assert (job["state"], job["fault"]) == ("failed", "unreadable")
    assert job["detail"]


def test_a_job_of_a_campaign_that_is_gone_fails(crm: Client, campaign: Any, worked: Worked) -> None:
    answer = sent(crm, campaign, rows=[GOOD])
    crm.run(lambda conn: conn.execute(table(Campaign).update().values(deleted_at=clock(conn))))
    assert worked(answer)["fault"] == "gone"


def test_a_dead_worker_s_job_is_taken_over_and_his_late_word_counts_for_nothing(
    crm: Client, campaign: Any, worked: Worked
) -> None:
    answer = sent(crm, campaign, rows=[GOOD])
    long_ago = crm.run(lambda conn: jobs.claim(conn, clock(conn) - LEASE * 2, "dead"))
    assert long_ago.reference == answer.json["id"]
    assert worked(answer)["state"] == "done"
    with pytest.raises(jobs.Lost):
        crm.run(lambda conn: jobs.finish(conn, clock(conn), long_ago, {}, 0))


def test_a_job_at_which_worker_after_worker_died_has_failed(crm: Client, campaign: Any, worked: Worked) -> None:
    answer = sent(crm, campaign, rows=[GOOD])
    for ago in range(MOST_TRIES + 1, 1, -1):
        crm.run(lambda conn, ago=ago: jobs.claim(conn, clock(conn) - LEASE * ago - timedelta(seconds=ago), "dead"))
    assert worked(answer)["fault"] == "lost"
    assert customers(crm, campaign) == []


def test_a_held_job_is_nobody_else_s(crm: Client, campaign: Any) -> None:
    sent(crm, campaign, rows=[GOOD])
    assert crm.run(lambda conn: jobs.claim(conn, clock(conn), "one")) is not None
    assert crm.run(lambda conn: jobs.claim(conn, clock(conn), "other")) is None


def test_contacts_come_in_and_count_once(crm: Client, campaign: Any, worked: Worked) -> None:
    worked(sent(crm, campaign, rows=[GOOD]))
    said = {"channel": "sms", "rows": [{"id": "KH1", "time": "2026-01-02 09:00"}, {"id": "KH9", "time": "2026-01-02"}]}
    job = worked(crm.ask("POST", "/v1/contacts/imports", json=said))
    assert (job["state"], job["result"]["counts"]["added"]) == ("done", 1)
    assert [one["reason"] for one in job["result"]["rejected"]] == ["on-no-list"]
    assert worked(crm.ask("POST", "/v1/contacts/imports", json=said))["result"]["counts"]["known"] == 1


def test_a_register_s_copy_blocks_and_frees_and_an_older_one_or_half_of_it_is_refused(
    crm: Client, worked: Worked
) -> None:
    def copied(*phones: str, day: int = 1, **also: Any) -> dict[str, Any]:
        said = {"name": "national", "as_of": f"2026-01-0{day}T00:00:00Z", "rows": [{"phone": one} for one in phones]}
        return worked(crm.ask("POST", "/v1/registers/imports", json=said | also))

    assert copied("0912345678", "0987654321", day=2)["result"]["counts"]["added"] == 2
    [entry] = crm.ask("GET", "/v1/suppressions?number=0912345678").json["items"]
    assert (entry["purpose"], entry["until"]) == ("marketing", None)
    assert copied("0912345678", day=1)["fault"] == "unreadable"
    assert copied("0976543210", day=3)["fault"] == "unreadable"
    assert copied("0976543210", day=3, allow_shrinking=True)["result"]["counts"]["ended"] == 2
    [register] = crm.ask("GET", "/v1/registers").json["items"]
    assert (register["name"], register["entries"]) == ("national", 1)


def test_no_company_has_more_jobs_open_than_may_be(crm: Client, worked: Worked) -> None:
    order = {"json": {"kind": "reconciliation"}}
    for _ in range(jobs.MOST_OPEN):
        last = crm.ask("POST", "/v1/jobs", **order)
        assert last.status == 202
    refused = crm.ask("POST", "/v1/jobs", **order)
    assert (refused.status, refused.problem) == (409, "not-now")
    assert worked(last)["result"] == {"asked": 0}
    assert crm.ask("POST", "/v1/jobs", **order).status == 202


def test_a_sweep_looks_at_everybody_of_a_campaign(crm: Client, campaign: Any, worked: Worked) -> None:
    crm.run(founding.debtors, crm.company, campaign, 3)
    assert crm.ask("POST", "/v1/jobs", json={"kind": "recall-sweep"}).paths == ["campaign"]
    job = worked(crm.ask("POST", "/v1/jobs", json={"kind": "recall-sweep", "campaign": campaign.code}))
    assert (job["state"], job["result"]["looked_at"]) == ("done", 3)
    [listed] = crm.ask("GET", "/v1/jobs?kind=recall-sweep&state=done").json["items"]
    assert listed == job


def call(conn: Any, campaign: Any, someone: Any, **columns: Any) -> None:
    row = {
        "tenant_id": campaign.tenant_id,
        "vendor_account_id": campaign.vendor_account_id,
        "campaign_id": campaign.id,
        "customer_id": someone.customer_id,
        "person_id": someone.person_id,
        "phone": someone.phones[0],
        "reference": f"r-{someone.customer_id}-{columns['intended_at']:%d%H}",
        "state": "settled",
        "contracts": [],
        "outcome": "answered",
        "charged": True,
        "billsec": 30,
    }
    conn.execute(table(founding.Call).insert(), row | columns)


def exported(crm: Client, worked: Worked, **said: Any) -> Answer:
    job = worked(crm.ask("POST", "/v1/exports", json=said))
    assert job["state"] == "done", job
    return crm.ask("GET", f"/v1/exports/{job['id']}/file")


def test_usage_counts_calls_and_talk_by_campaign_and_day_of_the_company_s_clock(
    crm: Client, campaign: Any, worked: Worked
) -> None:
    def called(conn: Any) -> None:
        [someone] = founding.debtors(conn, crm.company, campaign, 1)
        # Nine in the morning, and one past midnight of the next day there.
        call(conn, campaign, someone, intended_at=founding.START)
        call(conn, campaign, someone, intended_at=founding.START + timedelta(hours=15, minutes=1))
        call(conn, campaign, someone, intended_at=founding.START + timedelta(hours=16), outcome="busy", billsec=None)

    crm.run(called)
    told = exported(crm, worked, kind="usage", format="json").json
    days = [(row["day"], row["campaign"], row["calls"], row["answered"], row["talk_seconds"]) for row in told["rows"]]
    assert days == [("2026-03-02", campaign.code, 1, 1, 30), ("2026-03-03", campaign.code, 2, 1, 30)]
    narrow = exported(crm, worked, kind="usage", format="json", until=founding.START.isoformat())
    assert narrow.json["rows"] == []


def test_results_come_as_a_sheet_in_which_nothing_is_run(crm: Client, campaign: Any, worked: Worked) -> None:
    worked(sent(crm, campaign, rows=[GOOD | {"name": "=1+1"}]))
    answer = exported(crm, worked, kind="results", campaign=campaign.code)
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert ".csv" in answer.headers["Content-Disposition"]
    [header, row] = csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))
    cells = dict(zip(header, row, strict=True))
    assert (cells["name"], cells["status"], cells["id"]) == ("'=1+1", "new", "KH1")


def test_calls_are_told_whole_in_every_form(crm: Client, campaign: Any, worked: Worked) -> None:
    [someone] = crm.run(founding.debtors, crm.company, campaign, 1)
    crm.run(lambda conn: call(conn, campaign, someone, intended_at=founding.START))
    [row] = exported(crm, worked, kind="calls", format="json").json["rows"]
    assert (row["campaign"], row["billsec"], row["intended_at"]) == (campaign.code, 30, "2026-03-02T09:00:00+07:00")
    job = worked(crm.ask("POST", "/v1/exports", json={"kind": "calls", "format": "xlsx"}))
    assert crm.ask("HEAD", f"/v1/exports/{job['id']}/file").headers["Content-Type"].endswith("sheet")


def test_an_export_must_say_of_what(crm: Client) -> None:
    for said, path in (
        ({"kind": "results"}, "campaign"),
        ({"kind": "usage", "campaign": "NOBODY"}, "campaign"),
        ({"kind": "calls", "since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
    ):
        assert crm.ask("POST", "/v1/exports", json=said).paths == [path]


def test_a_file_is_there_when_it_is_done_and_gone_after_a_day_and_its_job_after_a_month(
    crm: Client, worked: Worked
) -> None:
    answer = crm.ask("POST", "/v1/exports", json={"kind": "usage"})
    path = f"/v1/exports/{answer.json['id']}/file"
    assert crm.ask("GET", path).problem == "not-now"
    worked(answer)
    assert crm.ask("GET", path).status == 200
    crm.run(lambda conn: jobs.prune(conn, clock(conn) + jobs.KEEP_FILES, limit=1000))
    assert crm.ask("GET", path).problem == "not-found"
    crm.run(lambda conn: jobs.prune(conn, clock(conn) + jobs.KEEP_JOBS, limit=1000))
    assert crm.ask("GET", f"/v1/exports/{answer.json['id']}").problem == "not-found"


def test_the_list_that_came_is_not_kept_once_it_was_read(crm: Client, campaign: Any, worked: Worked) -> None:
    worked(sent(crm, campaign, rows=[GOOD]))
    part = columns_of(JobPart)
    kept = table(JobPart).select().where(part.tenant_id == crm.company.tenant_id)
    assert crm.run(lambda conn: conn.execute(kept).all()) == []
