"""Many consents and refusals from a file: `dialer person consent --import FILE`."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anyio

from campaigns import logbooks
from campaigns.logbooks import Consented, Given, Logbook, Owned
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
        total = Consented()
        for start in range(0, len(found.events), CHUNK):
            tell(f"writing {start} of {len(found.events)} records")
            total += await session.write(_write, found, start)
    counts = asdict(total)
    return Brought(
        book.rows_read, found.rows, logbooks.rejected(remarks), **counts, rejects_file=str(told) if told else None
    )


def _read(desk: Desk, file: Path, given: Given) -> Logbook:
    return logbooks.read_consents(file, desk.tenant.zone, desk.now, given)


def _owned(desk: Desk, book: Logbook) -> Owned:
    return logbooks.owned(desk.conn, desk.tenant.id, book, sole=True)


def _write(desk: Desk, found: Owned, start: int) -> Consented:
    part = found.events[start : start + CHUNK]
    return logbooks.record_consents(desk.conn, desk.now, desk.tenant.id, part, desk.actor)
