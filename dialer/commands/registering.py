"""`dialer dnc import --register`: a whole copy of a do-not-call register, loaded part by part.

Each part is a transaction of its own, so that calls are placed meanwhile; numbers are blocked before others are freed,
and the copy counts as loaded when all of it is in. What breaks in the middle has blocked too much, and is done again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
from rich.console import RenderableType

from campaigns import copies, dnc, ledger
from campaigns.copies import Changes, Copy
from campaigns.directory import CODE
from campaigns.registers import NumberFile, read_numbers
from campaigns.rows import in_chunks
from campaigns.terms import BadTerms
from dialer.commands.bars import Tell, busy
from dialer.commands.language import either, label
from dialer.commands.optout import Wish
from dialer.commands.periods import past
from dialer.commands.printing import at, note, say, say_json, table
from dialer.commands.rejects import write_rejects
from dialer.commands.session import Desk, Session, opened

PART = 20_000
FREED_PART = 5_000
HEADINGS = ("register", "as of", "age", "entries", "file", "recorded", "who")


@dataclass(frozen=True, slots=True)
class Options:
    name: str
    as_of: str | None
    wish: Wish
    allow_shrinking: bool


@dataclass(frozen=True, slots=True)
class _Bringing:
    """A copy on its way in, and the moment at which that began."""

    copy: Copy
    began: datetime
    changes: Changes


def bring(tenant: str | None, file: Path, options: Options, rejects: Path | None, as_json: bool) -> None:
    """Load the copy and tell what it changed."""
    if not CODE.fullmatch(options.name):
        raise BadTerms("register", "must be 1 to 64 letters, digits, dots, dashes and underscores")
    if not options.as_of:
        raise BadTerms("as_of", "is needed: when did the register's owner make this copy?")

    async def work() -> tuple[NumberFile, Path | None, Changes, int]:
        async with opened(tenant, founding=True) as session:
            with busy(f"reading {file.name}") as tell:
                read = read_numbers(file)
                remarks = sorted((*read.rejects, *read.notes), key=lambda remark: remark.row)
                told = write_rejects(remarks, rejects, file)
                bringing = await session.read(_compare, file.name, options, frozenset(read.phones))
                return read, told, bringing.changes, await _load(session, bringing, tell)

    read, told, changes, reopened = anyio.run(work)
    done = {
        "rows_read": read.rows_read,
        "numbers": len(read.phones),
        "rejected": read.rejected,
        "added": len(changes.fresh),
        "covered": len(changes.covered),
        "ended": len(changes.gone),
        "unchanged": changes.unchanged,
        "reopened": reopened,
        "rejects_file": str(told) if told else None,
    }
    if as_json:
        say_json({"register": options.name} | done)
        return
    say(
        either(
            "{rows_read} rows, {numbers} numbers: {added} added, {ended} ended, {unchanged} unchanged, {covered} under"
            " another entry",
            "{rows_read} dòng, {numbers} số: thêm {added}, kết thúc {ended}, không đổi {unchanged}, {covered} đã có mục"
            " khác",
        ).format(**done)
    )
    if read.rejects:
        note(f"{len(read.rejects)} rows hold no number that could be called: see {told}")


def _compare(desk: Desk, file_name: str, options: Options, phones: frozenset[str]) -> _Bringing:
    """The copy beside what stands. Raises `BadTerms` for one that cannot be the newest."""
    as_of = past(desk, "as_of", options.as_of)
    copy = Copy(options.name, options.wish.value, as_of, phones, file_name)
    return _Bringing(copy, desk.now, copies.check(desk.conn, desk.tenant.id, copy, options.allow_shrinking))


async def _load(session: Session, bringing: _Bringing, tell: Tell) -> int:
    """Write what changes; how many customers are considered again."""
    changes, reopened, done = bringing.changes, 0, 0
    whole = len(changes.fresh) + len(changes.covered) + len(changes.gone)
    for work, phones in ((_block, changes.fresh), (_cover, changes.covered)):
        for part in in_chunks(phones, PART):
            await session.write(work, bringing, part)
            done += len(part)
            tell(f"{done} of {whole} entries")
    await session.write(_loaded, bringing)
    for part in in_chunks(changes.gone, FREED_PART):
        reopened += await session.write(_end, bringing, part)
        done += len(part)
        tell(f"{done} of {whole} entries")
    return reopened


def _block(desk: Desk, bringing: _Bringing, part: Sequence[str]) -> None:
    copies.block(desk.conn, desk.now, desk.tenant.id, bringing.copy, part, desk.actor)


def _cover(desk: Desk, bringing: _Bringing, part: Sequence[str]) -> None:
    copies.cover(desk.conn, desk.now, desk.tenant.id, bringing.copy, part, desk.actor)


def _loaded(desk: Desk, bringing: _Bringing) -> None:
    copies.loaded(desk.conn, bringing.began, desk.tenant.id, bringing.copy, desk.actor)


def _end(desk: Desk, bringing: _Bringing, part: Sequence[str]) -> int:
    copies.end(desk.conn, desk.now, desk.tenant.id, bringing.copy, part)
    concerned = dnc.listed_with(desk.conn, desk.tenant.id, part)
    return ledger.reconsider(desk.conn, desk.now, desk.tenant.id, concerned, desk.actor)


def ages(desk: Desk) -> tuple[list[dict[str, Any]], str]:
    """The newest copy of each register, with its age in hours; and the tenant's zone."""
    names = ("name", "as_of", "entries", "file_name", "loaded_at", "actor")
    told = [
        {name: getattr(row, name) for name in names}
        | {"age_hours": round((desk.now - row.as_of).total_seconds() / 3600, 1)}
        for row in copies.newest(desk.conn, desk.tenant.id)
    ]
    return told, desk.tenant.zone


def picture(told: Sequence[dict[str, Any]], zone: str) -> RenderableType:
    """A table of them."""
    rows = [
        [
            one["name"],
            at(one["as_of"], zone),
            f"{one['age_hours']:.0f} h",
            one["entries"],
            one["file_name"],
            at(one["loaded_at"], zone),
            one["actor"],
        ]
        for one in told
    ]
    return table([label(word) for word in HEADINGS], rows)
