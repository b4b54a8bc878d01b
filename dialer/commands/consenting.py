"""Many consents and refusals from a file: `dialer person consent --import FILE`."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio

from campaigns import consents, logbooks, optouts
from campaigns.consents import Said
from campaigns.logbooks import Event, Given, Logbook, Owned
from campaigns.optouts import Refusal
from campaigns.words import Purpose
from dialer.commands.bars import busy
from dialer.commands.language import either
from dialer.commands.printing import note, say, say_json
from dialer.commands.rejects import write_rejects
from dialer.commands.session import Desk, Session, opened

CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of a file's rows: `rows_read` = `kept` + the rejected ones; `records` and `entries` are new."""

    rows_read: int
    kept: int
    rejected: dict[str, int]
    records: int
    entries: int
    ended: int
    reopened: int
    rejects_file: str | None

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def bring(
    tenant: str | None, file: Path, purpose: Purpose | None, channel: str | None, rejects: Path | None, as_json: bool
) -> None:
    """Read the file, write what it says, and tell what came of it."""

    async def work() -> Brought:
        async with opened(tenant) as session:
            return await _bring(session, file, Given(channel, purpose), rejects)

    done = anyio.run(work)
    if as_json:
        say_json(done.as_json())
        return
    say(
        either(
            f"{done.rows_read} rows: {done.kept} kept, {done.records} records added, {done.ended} entries of the"
            f" do-not-call list ended, {done.entries} added",
            f"{done.rows_read} dòng: giữ {done.kept}, thêm {done.records} bản ghi, kết thúc {done.ended} mục không gọi,"
            f" thêm {done.entries}",
        )
    )
    for reason, count in done.rejected.items():
        say(f"  {reason}: {count}")
    if done.rejects_file:
        note(either(f"see {done.rejects_file}", f"xem {done.rejects_file}"))


async def _bring(session: Session, file: Path, given: Given, rejects: Path | None) -> Brought:
    with busy(f"reading {file.name}") as tell:
        book = await session.read(_read, file, given)
        found = await session.read(_owned, book)
        remarks = sorted((*book.rejects, *found.strangers), key=lambda one: one.row)
        told = write_rejects(remarks, rejects, file)
        total = Brought(book.rows_read, found.rows, logbooks.rejected(remarks), 0, 0, 0, 0, str(told) if told else None)
        for start in range(0, len(found.events), CHUNK):
            tell(f"writing {start} of {len(found.events)} records")
            total = await session.write(_write, total, found, start)
    return total


def _read(desk: Desk, file: Path, given: Given) -> Logbook:
    return logbooks.read_consents(file, desk.tenant.zone, desk.now, given)


def _owned(desk: Desk, book: Logbook) -> Owned:
    return logbooks.owned(desk.conn, desk.tenant.id, book, sole=True)


def _write(desk: Desk, total: Brought, found: Owned, start: int) -> Brought:
    part = found.events[start : start + CHUNK]
    given = [
        Said(person, one.purpose, True, one.channel, one.at, one.proof, one.until)
        for person, one in part
        if one.granted and one.purpose
    ]
    freed = optouts.consent(desk.conn, desk.now, desk.tenant.id, given, desk.actor)
    total = replace(
        total,
        records=total.records + freed.records,
        ended=total.ended + freed.ended,
        reopened=total.reopened + freed.reopened,
    )
    for person, one in part:
        if not one.granted and one.purpose:
            total = _refuse(desk, total, person, one.purpose, one)
    return total


def _refuse(desk: Desk, total: Brought, person: int, purpose: Purpose, one: Event) -> Brought:
    """An old refusal is written down; it suppresses nobody who consented after it."""
    conn, tenant_id = desk.conn, desk.tenant.id
    said = Said(person, purpose, False, one.channel, one.at, one.proof)
    records = total.records + consents.record(conn, desk.now, tenant_id, [said], desk.actor)
    if consents.standing(conn, tenant_id, [person], purpose, desk.now)[person] is not False:
        return replace(total, records=records)
    refusal = Refusal(purpose, one.channel, one.proof, one.at)
    done = optouts.opt_out(conn, desk.now, tenant_id, optouts.Whom(person_ids=[person]), refusal, desk.actor)
    return replace(total, records=records, entries=total.entries + done.entries)
