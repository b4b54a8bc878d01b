"""Who is meant by an id or a number, what numbers he has, and what was agreed with him."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from campaigns.models import Number, Person
from campaigns.rows import columns_of, in_chunks, spelled, table
from campaigns.statements import Find
from campaigns.words import Role, Subject

NUMBER = columns_of(Number)
PERSON = columns_of(Person)
CHUNK = 5000

find_by_key = Find(
    select(PERSON.id, PERSON.key_kind, PERSON.key)
    # Both kinds are named, because the index stands in the order of kind and key.
    .where(PERSON.tenant_id == bindparam("tenant_id"), spelled(PERSON.key_kind, Subject)),
    key=PERSON.key,
)
find_by_phone = Find(
    select(NUMBER.person_id, NUMBER.phone, NUMBER.role).where(
        NUMBER.tenant_id == bindparam("tenant_id"), NUMBER.removed_at.is_(None)
    ),
    key=NUMBER.phone,
)
find_numbers = Find(
    select(table(Number)).where(NUMBER.tenant_id == bindparam("tenant_id")).order_by(NUMBER.position, NUMBER.id),
    key=NUMBER.person_id,
)
find_people = Find(select(table(Person)).where(PERSON.tenant_id == bindparam("tenant_id")), key=PERSON.id)


def by_key(conn: Connection, tenant_id: int, keys: Iterable[str]) -> dict[str, int]:
    """The people of these list ids; who has none is known by his first number, in E.164."""
    found: dict[str, int] = {}
    for chunk in in_chunks(sorted(set(keys)), CHUNK):
        found.update({row.key: row.id for row in find_by_key(conn, chunk, tenant_id=tenant_id)})
    return found


def by_phone(conn: Connection, tenant_id: int, phones: Iterable[str]) -> dict[str, list[int]]:
    """Whose these numbers are. Those who only named a number as a reference's are left out: it is another's."""
    found: dict[str, list[int]] = defaultdict(list)
    for chunk in in_chunks(sorted(set(phones)), CHUNK):
        for row in sorted(find_by_phone(conn, chunk, tenant_id=tenant_id)):
            if row.role is not Role.REFERENCE:
                found[row.phone].append(row.person_id)
    return dict(found)


def read(conn: Connection, tenant_id: int, person_ids: Iterable[int]) -> list[Any]:
    """Their rows, in the order of their ids."""
    return sorted(find_people(conn, person_ids, tenant_id=tenant_id), key=lambda person: int(person.id))


def numbers(conn: Connection, tenant_id: int, person_ids: Iterable[int]) -> dict[int, list[Any]]:
    """All numbers that these people ever had on a list, removed ones too, in the list's order."""
    found: dict[int, list[Any]] = defaultdict(list)
    for row in find_numbers(conn, person_ids, tenant_id=tenant_id):
        found[row.person_id].append(row)
    return found


def agree(conn: Connection, tenant_id: int, person_id: int, hours: Sequence[Sequence[str]]) -> None:
    """Write the hours that were agreed with a person, as `hours.read` gives them; none: nothing is agreed."""
    mine = update(table(Person)).where(PERSON.tenant_id == tenant_id, PERSON.id == person_id)
    conn.execute(mine.values(agreed_hours=[list(span) for span in hours]))


def doubtful(conn: Connection, tenant_id: int, phone: str) -> list[Any]:
    """This number's rows that are in doubt, or that somebody has judged."""
    chosen = select(table(Number)).where(
        NUMBER.tenant_id == tenant_id,
        NUMBER.phone == phone,
        or_(NUMBER.needs_review.is_(True), NUMBER.reviewed_at.is_not(None)),
    )
    return list(conn.execute(chosen.order_by(NUMBER.id)))


def review(conn: Connection, now: datetime, tenant_id: int, number_ids: Sequence[int], right: bool) -> None:
    """End the doubt about these numbers. One that is right may be called; one that is wrong is taken away, and no list
    brings it back."""
    judged = update(table(Number)).where(NUMBER.tenant_id == tenant_id, NUMBER.id.in_(number_ids))
    conn.execute(judged.values(needs_review=not right, removed_at=None if right else now, reviewed_at=now))
