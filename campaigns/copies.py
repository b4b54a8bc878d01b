"""Our copies of do-not-call registers, the national one or a partner's: whole, dated, and never thinner by accident.

A number of a copy stands on the do-not-call list with the source `register:NAME`. Where another entry stands for it
already the register's is written as covered, and comes into force again when the other one is ended.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select

from campaigns import dnc
from campaigns.dnc import Entry
from campaigns.models import Register, Suppression
from campaigns.rows import columns_of, in_chunks, table
from campaigns.statements import Find, Insert, Update
from campaigns.terms import BadTerms
from campaigns.words import Scope, Subject

REGISTER = columns_of(Register)
SUPPRESSION = columns_of(Suppression)
CHUNK = 20_000
SOURCE = dnc.REGISTER_SOURCE
COVERED = "covered by another entry"

find_as_of = select(func.max(REGISTER.as_of)).where(
    REGISTER.tenant_id == bindparam("tenant"), REGISTER.name == bindparam("name")
)

ENTRY = ("tenant_id", "scope", "subject_kind", "purpose", "source", "reason", "actor", "since")
write_fresh = Insert(Suppression, ("subject",), shared=ENTRY, ignoring=True)
write_covered = Insert(Suppression, ("subject",), shared=(*ENTRY, "until", "lifted_by"))
end_entries = Update(
    Suppression,
    "until = :until, lifted_by = :lifted_by",
    where=(
        "suppression.tenant_id = :tenant_id AND suppression.subject_kind = 'number' AND suppression.subject = :subject"
        " AND suppression.until IS NULL AND suppression.campaign_id IS NULL AND suppression.purpose = :purpose"
        " AND suppression.source = :source"
    ),
    shared=("until", "lifted_by", "tenant_id", "purpose", "source"),
)
find_covered = Find(
    select(SUPPRESSION.subject, SUPPRESSION.purpose, SUPPRESSION.source, SUPPRESSION.until).where(
        SUPPRESSION.tenant_id == bindparam("tenant_id"), SUPPRESSION.lifted_by == COVERED
    ),
    key=SUPPRESSION.subject,
)


@dataclass(frozen=True, slots=True)
class Copy:
    """A register as its owner had it at `as_of`: numbers in E.164, and the purpose that they block."""

    name: str
    purpose: str
    as_of: datetime
    phones: frozenset[str]
    file_name: str = ""

    @property
    def source(self) -> str:
        return SOURCE + self.name


@dataclass(frozen=True, slots=True)
class Changes:
    """What a copy changes: `fresh` numbers are to be blocked, `covered` ones are blocked by other entries, `gone` ones
    are of the register's last copy and not of this one; of the others nothing changes."""

    fresh: Sequence[str]
    covered: Sequence[str]
    gone: Sequence[str]
    unchanged: int


def compare(conn: Connection, tenant_id: int, copy: Copy) -> Changes:
    """The copy beside what stands."""
    chosen = select(SUPPRESSION.subject, SUPPRESSION.source).where(
        SUPPRESSION.tenant_id == tenant_id,
        SUPPRESSION.subject_kind == Subject.NUMBER,
        SUPPRESSION.until.is_(None),
        SUPPRESSION.campaign_id.is_(None),
        SUPPRESSION.purpose == copy.purpose,
    )
    standing = {subject: source == copy.source for subject, source in conn.execute(chosen)}
    ours = {subject for subject, its_own in standing.items() if its_own}
    return Changes(
        fresh=sorted(copy.phones - standing.keys()),
        covered=sorted((copy.phones & standing.keys()) - ours),
        gone=sorted(ours - copy.phones),
        unchanged=len(ours & copy.phones),
    )


def block(conn: Connection, now: datetime, tenant_id: int, copy: Copy, phones: Sequence[str], actor: str) -> int:
    """Put these fresh numbers on the list."""
    return write_fresh(conn, _named(phones), **_shared(now, tenant_id, copy, actor))


def cover(conn: Connection, now: datetime, tenant_id: int, copy: Copy, phones: Sequence[str], actor: str) -> int:
    """Write that the register has these numbers too."""
    shared = _shared(now, tenant_id, copy, actor)
    return write_covered(conn, _named(phones), **shared, until=now, lifted_by=COVERED)


def _named(phones: Sequence[str]) -> list[dict[str, str]]:
    return [{"subject": phone} for phone in phones]


def _shared(now: datetime, tenant_id: int, copy: Copy, actor: str) -> dict[str, Any]:
    """What all entries of a copy have in common."""
    return {
        "tenant_id": tenant_id,
        "scope": Scope.TENANT,
        "subject_kind": Subject.NUMBER,
        "purpose": copy.purpose,
        "source": copy.source,
        "reason": "",
        "actor": actor,
        "since": now,
    }


def end(conn: Connection, now: datetime, tenant_id: int, copy: Copy, phones: Sequence[str]) -> int:
    """Take these gone numbers off the list, but for those that another register still has."""
    by = f"register {copy.name}"
    ended = end_entries(
        conn, _named(phones), until=now, lifted_by=by, tenant_id=tenant_id, purpose=copy.purpose, source=copy.source
    )
    restore(conn, now, tenant_id, phones)
    return ended


def loaded(conn: Connection, now: datetime, tenant_id: int, copy: Copy, actor: str) -> None:
    """Write that the whole copy is in. `now` is the moment at which its loading began."""
    row = {
        "tenant_id": tenant_id,
        "name": copy.name,
        "as_of": copy.as_of,
        "entries": len(copy.phones),
        "file_name": copy.file_name,
        "actor": actor,
        "loaded_at": now,
    }
    conn.execute(insert(table(Register)), row)


def check(conn: Connection, tenant_id: int, copy: Copy, allow_shrinking: bool) -> Changes:
    """What this copy would change. Raises `BadTerms` where it is older than ours, or would free most of it."""
    known = as_of(conn, tenant_id, copy.name)
    if known is not None and copy.as_of < known:
        raise BadTerms("as_of", f"is older than our copy of {copy.name}, which is of {known:%Y-%m-%d %H:%M} UTC")
    changes = compare(conn, tenant_id, copy)
    standing = len(changes.gone) + changes.unchanged
    if len(changes.gone) * 2 > standing and not allow_shrinking:
        raise BadTerms(
            "allow_shrinking",
            f"is needed: this copy would free {len(changes.gone)} of {standing} numbers; is the file whole?",
        )
    return changes


def load(conn: Connection, now: datetime, tenant_id: int, copy: Copy, actor: str) -> Changes:
    """All of it in one transaction. Numbers are blocked before others are freed."""
    changes = compare(conn, tenant_id, copy)
    for part in in_chunks(changes.fresh, CHUNK):
        block(conn, now, tenant_id, copy, part, actor)
    for part in in_chunks(changes.covered, CHUNK):
        cover(conn, now, tenant_id, copy, part, actor)
    loaded(conn, now, tenant_id, copy, actor)
    for part in in_chunks(changes.gone, CHUNK):
        end(conn, now, tenant_id, copy, part)
    return changes


def as_of(conn: Connection, tenant_id: int, name: str) -> datetime | None:
    """When our newest copy of a register was made by its owner; None where we have none."""
    made: datetime | None = conn.scalar(find_as_of, {"tenant": tenant_id, "name": name})
    return made


def newest(conn: Connection, tenant_id: int) -> list[Any]:
    """The newest loading of each register, by name."""
    chosen = select(table(Register)).where(REGISTER.tenant_id == tenant_id)
    rows = conn.execute(chosen.order_by(REGISTER.name, REGISTER.as_of, REGISTER.id)).all()
    return list({row.name: row for row in rows}.values())


def give_way(conn: Connection, now: datetime, tenant_id: int, entries: Iterable[Entry]) -> None:
    """Cover the registers' entries that stand where others are about to: what somebody said himself must not end with
    a register's next copy."""
    names = [row.name for row in newest(conn, tenant_id)]
    told = [entry for entry in entries if entry.subject_kind is Subject.NUMBER and entry.campaign_id is None]
    for name in names:
        for purpose in sorted({entry.purpose for entry in told}):
            rows = _named(sorted({entry.subject for entry in told if entry.purpose == purpose}))
            shared = {"until": now, "lifted_by": COVERED, "tenant_id": tenant_id, "purpose": purpose}
            end_entries(conn, rows, source=SOURCE + name, **shared)


def restore(conn: Connection, now: datetime, tenant_id: int, phones: Iterable[str]) -> int:
    """Bring registers' entries for these numbers into force again, where the newest copy had them and nothing covers
    them any more; how many."""
    last = {SOURCE + row.name: row.loaded_at for row in newest(conn, tenant_id)}
    if not last:
        return 0
    covered = find_covered(conn, phones, tenant_id=tenant_id)
    valid = sorted(
        {(r.subject, r.purpose, r.source) for r in covered if r.source in last and r.until >= last[r.source]}
    )
    entries = [Entry(Subject.NUMBER, phone, purpose=purpose, source=source) for phone, purpose, source in valid]
    return dnc.suppress(conn, now, tenant_id, entries, "register") if entries else 0
