"""Whom somebody means who names a person: by a list's id or by a telephone number, which may be several people's."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from campaigns import people
from campaigns.directory import missing
from campaigns.models import Person
from campaigns.phones import Phone, mask, normalise
from campaigns.rows import columns_of
from campaigns.terms import BadTerms
from dialer.logs import masked


class As(StrEnum):
    NUMBER = "number"
    ID = "id"


def sort_out(
    conn: Connection, tenant_id: int, whom: Sequence[str], as_: As | None = None, known_only: bool = False
) -> list[tuple[As, str]]:
    """What each of these is: a number in E.164, or a person's list id. `known_only`: an id must be somebody's, or a
    mistyped number would pass for one. Raises `BadTerms`."""
    person = columns_of(Person)
    found = []
    for text in (one.strip() for one in whom):
        read = normalise(text)
        known = select(person.id).where(person.tenant_id == tenant_id, person.key == text)
        is_id = conn.execute(known.limit(1)).first() is not None
        if as_ is As.NUMBER and not isinstance(read, Phone):
            raise BadTerms("as", f"number: {masked(text)} is none that could be called")
        if isinstance(read, Phone) and as_ is not As.ID:
            if is_id and as_ is None and text != read.e164:
                raise BadTerms("as", f"must say what {mask(text)} is: number or id, for it is both")
            found.append((As.NUMBER, read.e164))
        elif known_only and not is_id and as_ is None:
            raise BadTerms("as", f"must say what {masked(text)} is: no number, and no list knows such an id (--as id)")
        else:
            found.append((As.ID, text))
    return found


def find_person(conn: Connection, tenant_id: int, who: str, as_: As | None = None) -> Any:
    """The one person who is meant. Raises `NotFound`; `BadTerms` where a number is several people's."""
    [(kind, subject)] = sort_out(conn, tenant_id, [who], as_)
    by_number = people.by_phone(conn, tenant_id, [subject]) if kind is As.NUMBER else {}
    # Who has no id on any list is known by his first number.
    own = by_number.get(subject) or list(people.by_key(conn, tenant_id, [subject]).values())
    rows = people.read(conn, tenant_id, own)
    if not rows:
        raise missing("person", masked(who), [], "import a list that names him first")
    if len(rows) > 1:
        ids = ", ".join(masked(row.key) for row in rows)
        raise BadTerms("as", f"id: several people have {mask(subject)}; name one by his id: {ids}")
    return rows[0]
