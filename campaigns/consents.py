"""Consents and refusals: records with proof, channel and time. The newest that was given decides."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from campaigns.models import Consent
from campaigns.rows import columns_of
from campaigns.statements import Find
from campaigns.words import Purpose

CONSENT = columns_of(Consent)
find_standing = Find(
    select(CONSENT.person_id, CONSENT.granted, CONSENT.until)
    .where(CONSENT.tenant_id == bindparam("tenant_id"), CONSENT.purpose == bindparam("purpose"))
    .where(CONSENT.at <= bindparam("now"))
    .order_by(CONSENT.person_id, CONSENT.at, CONSENT.id),
    key=CONSENT.person_id,
)


def standing(
    conn: Connection, tenant_id: int, person_ids: Collection[int], purpose: Purpose, now: datetime
) -> dict[int, bool | None]:
    """What is on record of each of these people: True consented and in force, False refused; of others nothing."""
    found: dict[int, bool | None] = {}
    for row in find_standing(conn, person_ids, tenant_id=tenant_id, purpose=purpose, now=now):
        over = row.until is not None and row.until <= now
        found[row.person_id] = None if over else row.granted
    return found
