"""What a person said about being called: consents and refusals, with proof, channel and time. Nothing is ever changed.

The newest record of a purpose decides. A consent may end by itself, a refusal never does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from campaigns.models import Consent
from campaigns.rows import columns_of, in_chunks, table
from campaigns.statements import Find, Insert
from campaigns.words import Purpose

CONSENT = columns_of(Consent)
CHUNK = 5000
TOLD = ("person_id", "purpose", "granted", "channel", "proof", "at", "until")

write_consents = Insert(Consent, TOLD, shared=("tenant_id", "actor", "recorded_at"))
find_records = Find(
    select(*(CONSENT[name] for name in TOLD)).where(CONSENT.tenant_id == bindparam("tenant_id")),
    key=CONSENT.person_id,
)
find_said = Find(
    select(CONSENT.id, CONSENT.person_id, CONSENT.granted, CONSENT.at, CONSENT.until).where(
        CONSENT.tenant_id == bindparam("tenant_id"), CONSENT.purpose == bindparam("purpose")
    ),
    key=CONSENT.person_id,
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of one purpose: by which channel, when, and where that is proved. `until`: a consent's end."""

    person_id: int
    purpose: Purpose
    granted: bool
    channel: str
    at: datetime
    proof: str = ""
    until: datetime | None = None


def record(conn: Connection, now: datetime, tenant_id: int, rows: Sequence[Said], actor: str) -> int:
    """Write these down; how many are new. What stands there already, word for word, is not written again."""
    written = 0
    for chunk in in_chunks(unknown(conn, tenant_id, rows), CHUNK):
        told = [{name: getattr(said, name) for name in TOLD} for said in chunk]
        written += write_consents(conn, told, tenant_id=tenant_id, actor=actor, recorded_at=now)
    return written


def unknown(conn: Connection, tenant_id: int, rows: Iterable[Said]) -> list[Said]:
    """Those of these that are not on record, in the order in which they are written."""
    new: list[Said] = []
    for chunk in in_chunks(sorted(set(rows), key=_order), CHUNK):
        known = {tuple(row) for row in find_records(conn, {said.person_id for said in chunk}, tenant_id=tenant_id)}
        new += [said for said in chunk if tuple(getattr(said, name) for name in TOLD) not in known]
    return new


def _order(said: Said) -> tuple[int, datetime, str, bool]:
    return said.person_id, said.at, said.purpose, said.granted


def standing(
    conn: Connection, tenant_id: int, person_ids: Iterable[int], purpose: Purpose, now: datetime
) -> dict[int, bool | None]:
    """What holds now for each of these people: True, a consent in force; False, a refusal; None, nothing on record, or
    a consent that is over or has not begun."""
    asked = set(person_ids)
    newest: dict[int, Any] = {}
    for row in find_said(conn, asked, tenant_id=tenant_id, purpose=purpose):
        known = newest.get(row.person_id)
        if known is None or (row.at, row.id) > (known.at, known.id):
            newest[row.person_id] = row
    return {person: _holds(newest.get(person), now) for person in asked}


def _holds(row: Any, now: datetime) -> bool | None:
    if row is None:
        return None
    if not row.granted:
        return False
    return True if row.at <= now and (row.until is None or now < row.until) else None


def history(conn: Connection, tenant_id: int, person_id: int) -> list[Any]:
    """All that he ever said, oldest first."""
    chosen = select(table(Consent)).where(CONSENT.tenant_id == tenant_id, CONSENT.person_id == person_id)
    return list(conn.execute(chosen.order_by(CONSENT.at, CONSENT.id)))
