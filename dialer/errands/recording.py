"""Imports of other things than customers: contacts, consents, numbers not to be called, and whole copies of registers;
each in one transaction."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from campaigns import barring, copies, dnc, jobs, ledger, logbooks
from campaigns.copies import Copy
from campaigns.dnc import Entry
from campaigns.jobs import Failed
from campaigns.lists import Remark, UnreadableList
from campaigns.logbooks import Given
from campaigns.registers import NumberFile, read_numbers
from campaigns.rows import in_chunks
from campaigns.terms import BadTerms
from campaigns.words import JobFault, Purpose, Subject
from dialer.database import clock
from dialer.errands.errand import Errand, campaign_of, folder, tenant_of

SHOWN = 1000
FREED = 5000


async def contacts(errand: Errand) -> None:
    """Raises `Failed`."""
    with folder() as place:
        path = place / Path(errand.job.file_name).name
        await errand.fetch(path)
        await errand.database.write(_contacts, errand.job, path)


def _contacts(conn: Connection, job: Any, path: Path) -> None:
    now, tenant, asked = clock(conn), tenant_of(conn, job), job.asked
    given = Given(asked["channel"], Purpose(asked["purpose"]) if asked["purpose"] else None, asked["advertiser"])
    try:
        book = logbooks.read_contacts(path, tenant.zone, now, given)
    except UnreadableList as error:
        raise Failed(JobFault.UNREADABLE, str(error)) from None
    found = logbooks.owned(conn, tenant.id, book)
    added = logbooks.record_contacts(conn, now, tenant.id, found.events, job.file_name, job.actor)
    counts = {"rows_read": book.rows_read, "kept": found.rows, "added": added, "known": len(found.events) - added}
    jobs.finish(conn, now, job, _told(counts, [*book.rejects, *found.strangers]), book.rows_read)


async def consents(errand: Errand) -> None:
    """Raises `Failed`."""
    with folder() as place:
        path = place / Path(errand.job.file_name).name
        await errand.fetch(path)
        await errand.database.write(_consents, errand.job, path)


def _consents(conn: Connection, job: Any, path: Path) -> None:
    now, tenant, asked = clock(conn), tenant_of(conn, job), job.asked
    given = Given(asked["channel"], Purpose(asked["purpose"]) if asked["purpose"] else None)
    try:
        book = logbooks.read_consents(path, tenant.zone, now, given)
    except UnreadableList as error:
        raise Failed(JobFault.UNREADABLE, str(error)) from None
    found = logbooks.owned(conn, tenant.id, book, sole=True)
    done = logbooks.record_consents(conn, now, tenant.id, found.events, job.actor)
    counts = {"rows_read": book.rows_read, "kept": found.rows} | asdict(done)
    jobs.finish(conn, now, job, _told(counts, [*book.rejects, *found.strangers]), book.rows_read)


async def numbers(errand: Errand) -> None:
    """Raises `Failed`."""
    with folder() as place:
        path = place / Path(errand.job.file_name).name
        await errand.fetch(path)
        try:
            read = read_numbers(path)
        except UnreadableList as error:
            raise Failed(JobFault.UNREADABLE, str(error)) from None
    await errand.database.write(_numbers, errand.job, read)


def _numbers(conn: Connection, job: Any, read: NumberFile) -> None:
    campaign = campaign_of(conn, job)
    scope, code = (campaign.id, campaign.code) if campaign is not None else (None, None)
    said = {"purpose": job.asked["purpose"], "source": f"file {job.file_name}", "reason": job.asked["reason"]}
    entries = [Entry(Subject.NUMBER, phone, scope, **said) for phone in read.phones]
    now = clock(conn)
    done = barring.bar(conn, now, job.tenant_id, entries, job.actor, code)
    counts = {"rows_read": read.rows_read, "numbers": len(entries), "added": done.added, "already": done.already}
    told = _told(counts | {"underway": len(done.late)}, read.rejects)
    jobs.finish(conn, now, job, told, read.rows_read)


async def register(errand: Errand) -> None:
    """Raises `Failed`."""
    with folder() as place:
        path = place / Path(errand.job.file_name).name
        await errand.fetch(path)
        try:
            read = read_numbers(path)
        except UnreadableList as error:
            raise Failed(JobFault.UNREADABLE, str(error)) from None
    await errand.tell(0, read.rows_read)
    await errand.database.write(_register, errand.job, read)


def _register(conn: Connection, job: Any, read: NumberFile) -> None:
    now, asked = clock(conn), job.asked
    as_of = datetime.fromisoformat(asked["as_of"])
    copy = Copy(asked["name"], asked["purpose"], as_of, frozenset(read.phones), job.file_name)
    try:
        copies.check(conn, job.tenant_id, copy, asked["allow_shrinking"])
    except BadTerms as error:
        raise Failed(JobFault.UNREADABLE, str(error)) from None
    changes = copies.load(conn, now, job.tenant_id, copy, job.actor)
    reopened = 0
    for part in in_chunks(changes.gone, FREED):
        concerned = dnc.listed_with(conn, job.tenant_id, part)
        reopened += ledger.reconsider(conn, now, job.tenant_id, concerned, job.actor)
    counts = {"rows_read": read.rows_read, "numbers": len(read.phones), "added": len(changes.fresh)}
    counts |= {"covered": len(changes.covered), "ended": len(changes.gone), "unchanged": changes.unchanged}
    jobs.finish(conn, now, job, _told(counts | {"reopened": reopened}, read.rejects), read.rows_read)


def _told(counts: dict[str, Any], rejects: Sequence[Remark]) -> dict[str, Any]:
    first = sorted(rejects, key=lambda one: one.row)[:SHOWN]
    rows = [
        {"row": one.row, "column": one.column, "reason": one.reason.value, "vi": one.vi, "en": one.en} for one in first
    ]
    return {"counts": counts | {"rejected": logbooks.rejected(rejects)}, "rejected": rows}
