"""`dialer contact`: messages, letters and visits, which count as reminders beside our calls."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from campaigns import contacts, logbooks
from campaigns.lists import Remark
from campaigns.logbooks import Given, Logbook, Owned
from campaigns.phones import national
from campaigns.words import Channel, Purpose
from dialer.commands.bars import busy
from dialer.commands.language import either, label
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import at, note, say, say_json, show, table
from dialer.commands.rejects import write_rejects
from dialer.commands.session import Desk, Session, look, opened
from dialer.commands.whom import AsWhat, Who, find_person

app = noun("How people were reached otherwise than by our calls: SMS, Zalo, e-mail, letters, visits, calls of others.")
CHUNK = 5000
HEADINGS = ("time", "channel", "number", "contract", "purpose", "spoke", "source", "who")


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of a file's rows: `rows_read` = `kept` + the rejected ones. `added` contacts are new, `known` were
    there; a row may be of several people."""

    rows_read: int
    kept: int
    rejected: dict[str, int]
    on_no_list: int
    added: int
    known: int
    rejects_file: Path | None

    def as_json(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"rejects_file": str(self.rejects_file) if self.rejects_file else None}


@app.command("import", epilog=example("dialer contact import tin-nhan.csv --channel sms --purpose debt_reminder"))
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX.", show_default=False)],
    channel: Annotated[Channel | None, typer.Option(help="Of rows that tell none.")] = None,
    purpose: Annotated[
        Purpose | None, typer.Option(help="Of rows that tell none; else they count for every purpose.")
    ] = None,
    advertiser: Annotated[
        str | None, typer.Option("--advertiser", "--creditor", help="In whose name, of rows that tell none.")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write what was wrong; else beside the file.")
    ] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Bring in contacts: columns for id or number, and time; for channel, contract, purpose and whether they spoke.
    The same file again changes nothing."""
    given = Given(channel.value if channel else None, purpose, advertiser)

    async def work() -> Brought:
        async with opened(tenant) as session:
            return await _bring(session, file, given, rejects)

    done = anyio.run(work)
    if as_json:
        say_json(done.as_json())
    else:
        _tell(done)


async def _bring(session: Session, file: Path, given: Given, rejects: Path | None) -> Brought:
    with busy(f"reading {file.name}") as tell:
        book = await session.read(_read, file, given)
        tell(f"looking for the people of {len(book.events)} rows")
        found = await session.read(_owned, book)
        remarks: list[Remark] = sorted((*book.rejects, *found.strangers), key=lambda one: one.row)
        told = write_rejects(remarks, rejects, file)
        added = 0
        for start in range(0, len(found.events), CHUNK):
            tell(f"writing {start} of {len(found.events)} contacts")
            added += await session.write(_write, found, start, file.name)
    rejected = logbooks.rejected(remarks)
    on_no_list = len(found.strangers)
    return Brought(book.rows_read, found.rows, rejected, on_no_list, added, len(found.events) - added, told)


def _read(desk: Desk, file: Path, given: Given) -> Logbook:
    return logbooks.read_contacts(file, desk.tenant.zone, desk.now, given)


def _owned(desk: Desk, book: Logbook) -> Owned:
    return logbooks.owned(desk.conn, desk.tenant.id, book)


def _write(desk: Desk, found: Owned, start: int, file_name: str) -> int:
    part = found.events[start : start + CHUNK]
    return logbooks.record_contacts(desk.conn, desk.now, desk.tenant.id, part, file_name, desk.actor)


def _tell(done: Brought) -> None:
    say(
        either(
            f"{done.rows_read} rows: {done.kept} kept, {done.added} contacts added, {done.known} were there",
            f"{done.rows_read} dòng: giữ {done.kept}, thêm {done.added} lần liên hệ, {done.known} đã có",
        )
    )
    for reason, count in done.rejected.items():
        say(f"  {reason}: {count}")
    if done.on_no_list:
        note(
            either(
                f"{done.on_no_list} rows are of people on no list: import their list, then this file again",
                f"{done.on_no_list} dòng của người không có trong danh sách nào: nạp danh sách rồi nạp lại tệp này",
            )
        )
    if done.rejects_file:
        note(either(f"see {done.rejects_file}", f"xem {done.rejects_file}"))


@app.command("list", epilog=example("dialer contact list KH0042"))
def list_(who: Who, as_: AsWhat = None, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """How one person was reached, newest first."""

    def work(desk: Desk) -> tuple[str, list[dict[str, Any]], str]:
        person = find_person(desk, who, as_)
        rows = contacts.history(desk.conn, desk.tenant.id, person.id)
        return national(person.key), [_as_data(row) for row in rows], desk.tenant.zone

    key, told, zone = look(tenant, work)
    if as_json:
        say_json({"id": key, "contacts": told})
        return
    if not told:
        say(
            either(f"nothing is known but our own calls to {key}", f"ngoài cuộc gọi, chưa có lần liên hệ nào với {key}")
        )
        return
    show(table([label(word) for word in HEADINGS], [_row(one, zone) for one in told]))


def _as_data(row: Any) -> dict[str, Any]:
    names = ("at", "channel", "contract_number", "purpose", "advertiser", "conversation", "source", "actor")
    return {name: getattr(row, name) for name in names} | {"phone": national(row.phone) if row.phone else None}


def _row(one: dict[str, Any], zone: str) -> list[Any]:
    return [
        at(one["at"], zone),
        label(one["channel"]),
        one["phone"],
        one["contract_number"] or None,
        label(one["purpose"] or "every purpose"),
        label("yes" if one["conversation"] else "no"),
        one["source"],
        one["actor"],
    ]
