"""Persons and their numbers: found by key or made, corrected where the list says otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from campaigns.lists.entries import Entry, ListedPhone
from campaigns.lists.writing import insert_all
from campaigns.models import Number, Person
from campaigns.rows import columns_of, in_chunks, table
from campaigns.statements import Find
from campaigns.words import Subject

PERSON: Final = columns_of(Person)
NUMBER: Final = columns_of(Number)
TOLD: Final = ("role", "position", "note", "vintage", "needs_review", "removed_at")
"""What a list says of a number."""
CHUNK: Final = 500
"""How many keys one statement asks for: below SQLite's limit of variables."""
find_persons: Final = Find(
    select(PERSON.id, PERSON.key, PERSON.name, PERSON.zone, PERSON.address).where(
        PERSON.tenant_id == bindparam("tenant_id"), PERSON.key_kind == bindparam("kind")
    ),
    key=PERSON.key,
)
find_numbers: Final = Find(
    select(NUMBER.person_id, NUMBER.phone, NUMBER.id, NUMBER.reviewed_at, *(NUMBER[column] for column in TOLD)).where(
        NUMBER.tenant_id == bindparam("tenant_id")
    ),
    key=NUMBER.person_id,
)


@dataclass(slots=True)
class Enrolled:
    """A customer of the list on his way into the database. `listed_before`: this campaign had him already."""

    entry: Entry
    person_id: int = 0
    new_person: bool = False
    customer_id: int = 0
    listed_before: bool = False
    changed: bool = False
    changed_debts: int = 0
    doubted: int = 0
    """How many of the listed numbers may be land lines of before 2018."""


def identify(conn: Connection, now: datetime, tenant_id: int, enrolled: Sequence[Enrolled]) -> None:
    """Give each his person, in key order; name, zone and address follow the list where it tells them."""
    stored = _persons(conn, tenant_id, enrolled)
    missing = [one for one in enrolled if _key(one) not in stored]
    _make_persons(conn, now, tenant_id, missing)
    stored |= _persons(conn, tenant_id, missing)
    for one in missing:
        one.new_person = True
    for one in enrolled:
        one.person_id = stored[_key(one)].id
    _correct_persons(conn, tenant_id, [(one, stored[_key(one)]) for one in enrolled if not one.new_person])


def _key(one: Enrolled) -> tuple[Subject, str]:
    return one.entry.key_kind, one.entry.key


def _persons(conn: Connection, tenant_id: int, enrolled: Sequence[Enrolled]) -> dict[tuple[Subject, str], Any]:
    found: dict[tuple[Subject, str], Any] = {}
    for kind in Subject:
        keys = [one.entry.key for one in enrolled if one.entry.key_kind is kind]
        found.update({(kind, row.key): row for row in find_persons(conn, keys, tenant_id=tenant_id, kind=kind)})
    return found


def _make_persons(conn: Connection, now: datetime, tenant_id: int, missing: Sequence[Enrolled]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "tenant_id": tenant_id,
            "key_kind": one.entry.key_kind,
            "key": one.entry.key,
            "name": one.entry.name,
            "zone": one.entry.zone,
            "address": one.entry.address,
            "agreed_hours": [],
            "created_at": now,
        }
        for one in missing
    ]
    insert_all(conn, Person, rows)


def _correct_persons(conn: Connection, tenant_id: int, known: Sequence[tuple[Enrolled, Any]]) -> None:
    corrections = []
    for one, row in known:
        told = (one.entry.name or row.name, one.entry.zone or row.zone, one.entry.address or row.address)
        if told != (row.name, row.zone, row.address):
            one.changed = True
            corrections.append({"b_id": row.id, "b_name": told[0], "b_zone": told[1], "b_address": told[2]})
    if corrections:
        statement = update(table(Person)).where(PERSON.tenant_id == tenant_id, PERSON.id == bindparam("b_id"))
        told_values: Any = {column: bindparam(f"b_{column}") for column in ("name", "zone", "address")}
        conn.execute(statement.values(**told_values), corrections)


def set_numbers(
    conn: Connection,
    now: datetime,
    tenant_id: int,
    enrolled: Sequence[Enrolled],
    today: date,
    adding: bool = False,
) -> None:
    """Bring each person's numbers to what the list says; those whose day nobody told are of `today`. `adding`: numbers
    that are known stay as they are, also those that are not named.

    A number that the list of a campaign no longer names is marked as removed, unless the campaign meets the person
    for the first time: then another campaign's list named it.
    """
    stored = _numbers(conn, tenant_id, [one.person_id for one in enrolled if not one.new_person])
    made: list[dict[str, Any]] = []
    corrected: list[dict[str, Any]] = []
    dropped: list[int] = []
    for one in sorted(enrolled, key=lambda one: one.person_id):
        before = stored.get(one.person_id, {})
        new, other = _compare(one, before, today, adding)
        gone = _no_longer_named(one, before) if one.listed_before and not adding else []
        one.changed |= bool(new or other or gone) and not one.new_person
        made += [{"tenant_id": tenant_id, "person_id": one.person_id, **row} for row in new]
        corrected += other
        dropped += gone
    insert_all(conn, Number, made)
    _correct_numbers(conn, tenant_id, corrected)
    for chunk in in_chunks(sorted(dropped), CHUNK):
        chosen = update(table(Number)).where(NUMBER.tenant_id == tenant_id, NUMBER.id.in_(chunk))
        conn.execute(chosen.values(removed_at=now))


def _no_longer_named(one: Enrolled, before: dict[str, Any]) -> list[int]:
    named = {phone.e164 for phone in one.entry.phones}
    return [row.id for phone, row in before.items() if phone not in named and row.removed_at is None]


def _numbers(conn: Connection, tenant_id: int, person_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for row in find_numbers(conn, person_ids, tenant_id=tenant_id):
        found.setdefault(row.person_id, {})[row.phone] = row
    return found


def _compare(
    one: Enrolled, before: dict[str, Any], today: date, adding: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The numbers to be made, in the order of their digits, and those to be rewritten."""
    new, corrected = [], []
    for position, phone in enumerate(one.entry.phones, len(before) if adding else 0):
        row = before.get(phone.e164)
        if adding and row is not None and row.removed_at is None:
            continue
        told = _told(phone, position, today, row)
        one.doubted += told["needs_review"] and told["removed_at"] is None
        if row is None:
            new.append({"phone": phone.e164, **told})
        elif told != {column: getattr(row, column) for column in told}:
            corrected.append({f"b_{column}": value for column, value in {"id": row.id, **told}.items()})
    return sorted(new, key=lambda row: str(row["phone"])), corrected


def _told(phone: ListedPhone, position: int, today: date, before: Any) -> dict[str, Any]:
    """The columns of a number. Its day stays as it was unless the list tells one, for the same list imported a week
    later is no newer; and so does a doubt that rests on it. What somebody judged stays as he said.
    """
    told = {"role": phone.role, "position": position, "note": phone.note, "removed_at": None}
    if before is not None and before.reviewed_at is not None:
        wrong = before.needs_review
        judged = {"needs_review": wrong, "removed_at": before.removed_at if wrong else None}
        return {**told, "vintage": before.vintage, **judged}
    if before is not None and phone.vintage in (None, before.vintage):
        return {**told, "vintage": before.vintage, "needs_review": before.needs_review or phone.needs_review}
    return {**told, "vintage": phone.vintage or today, "needs_review": phone.needs_review}


def _correct_numbers(conn: Connection, tenant_id: int, rows: list[dict[str, Any]]) -> None:
    if rows:
        conn.execute(
            update(table(Number))
            .where(NUMBER.tenant_id == tenant_id, NUMBER.id == bindparam("b_id"))
            .values({column: bindparam(f"b_{column}") for column in TOLD}),
            sorted(rows, key=lambda row: int(row["b_id"])),
        )
