"""The evidence is verified; calls are judged again, into a table with a signed manifest."""

import csv
import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from campaigns import directory, jobs
from campaigns.audit import Judgement, Tally
from campaigns.audit.tallying import COLUMNS, manifest, row_of
from campaigns.jobs import Failed
from campaigns.words import JobFault
from dialer import __version__, chains, examining
from dialer.chains import Keys
from dialer.database import clock
from dialer.errands.errand import Errand, campaign_of, folder, tenant_of
from dialer.vault import KeyLost

SHOWN = 1000
"""So many findings a result names; it counts them all."""


async def verify(errand: Errand) -> None:
    """Raises `Failed`."""
    job, asked = errand.job, errand.job.asked
    period, heads = (_moment(asked["since"]), _moment(asked["until"])), examining.noted(asked["head"])
    try:
        done = await examining.verify(errand.database, errand.vault, job.tenant_id, period, heads, errand.tell)
    except KeyLost as error:
        raise Failed(JobFault.UNREADABLE, str(error)) from None
    counts = {name: getattr(done, name) for name in ("seals", "rows", "unsealed", "calls", "head")}
    found = [_plain(asdict(one)) for one in done.findings[:SHOWN]]
    told = counts | {"sound": not done.findings, "wrong": len(done.findings), "findings": found}
    await errand.database.write(lambda conn: jobs.finish(conn, clock(conn), job, told, done.seals))


async def replay(errand: Errand) -> None:
    """Raises `Failed`."""
    job, asked = errand.job, errand.job.asked
    begins, ends = datetime.fromisoformat(asked["since"]), datetime.fromisoformat(asked["until"])
    tenant, campaign_id, codes = await errand.database.read(_about, job)
    tally, name = Tally(tenant.zone), f"replay-{job.reference}.csv"
    with folder() as place:
        path = place / name
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)

            def add(one: Judgement) -> None:
                tally.add(one)
                rows.writerow(row_of(one, codes, tenant.zone, asked["full_numbers"]))

            await examining.replay(errand.database, tenant, begins, ends, campaign_id, add, errand.tell)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        size = await errand.store(path)
    told = {"from": asked["since"], "to": asked["until"], "campaign": asked["campaign"], "tenant": tenant.code}
    await errand.database.write(_finish, errand, tally, told, {name: digest}, size)


def _finish(
    conn: Connection, errand: Errand, tally: Tally, told: dict[str, Any], files: dict[str, str], size: int
) -> None:
    now, job = clock(conn), errand.job
    try:
        chain = chains.ensure(conn, now, job.tenant_id, errand.vault)
        keys: Keys = chains.keys_of(errand.vault, chain)
    except KeyLost as error:
        raise Failed(JobFault.UNREADABLE, str(error)) from None
    also = {"program": f"dialer {__version__}", "made_at": now.isoformat(), "public_key": keys.public.hex()}
    signed = manifest(told | also | {"chain": {"seals": chain.seals, "head": chain.head.hex()}}, tally, files)
    result = {"counts": tally.counts, "reasons": dict(tally.reasons), "manifest": signed.decode()}
    result |= {"signature": keys.sign(signed).hex()}
    [name] = files
    jobs.finish(conn, now, job, result, tally.counts["calls"], (name, size))


def _about(conn: Connection, job: Any) -> tuple[Any, int | None, dict[int, str]]:
    campaign, tenant = campaign_of(conn, job), tenant_of(conn, job)
    codes = {row.id: row.code for row in directory.list_campaigns(conn, job.tenant_id)}
    return tenant, None if campaign is None else campaign.id, codes


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"moment": told["moment"] and told["moment"].isoformat(), "fault": told["fault"].value}
