"""The end of a doubt about a number that may be a land line of before 2018: somebody looked, and says what is right."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from campaigns import dnc, ledger, pages, people
from campaigns.directory import missing
from campaigns.models import Number, Person
from campaigns.pages import Cut, Filter, Listing, Part, Sort
from campaigns.phones import mask
from campaigns.rows import columns_of, table

NUMBER, PERSON = columns_of(Number), columns_of(Person)
SORTS: pages.Sorts = {"id": Sort((NUMBER.id,))}


@dataclass(frozen=True, slots=True)
class Judged:
    """Whose number it is, so many people, and how many customers are considered again."""

    people: int
    reopened: int


def waiting(conn: Connection, tenant_id: int, cut: Cut) -> Part:
    """Numbers in doubt, each with the `key` and `person` whose it is."""
    doubted: list[Filter] = [lambda of: of.needs_review.is_(True), lambda of: of.removed_at.is_(None)]
    return pages.read(conn, Listing(Number, SORTS, (NUMBER.tenant_id == tenant_id,), (), doubted, _with_person), cut)


def _with_person(source: Any) -> Select[Any]:
    joined = source.join(table(Person), PERSON.id == source.c.person_id)
    return select(source, PERSON.key, PERSON.name.label("person")).select_from(joined)


def judge(conn: Connection, now: datetime, tenant_id: int, phone: str, right: bool, actor: str) -> Judged:
    """What is said stands, whatever a list says after it. Raises `NotFound` where nothing is in doubt."""
    rows = people.doubtful(conn, tenant_id, phone)
    if not rows:
        raise missing("number in doubt", mask(phone), [], "nobody's number of this kind waits for a review")
    people.review(conn, now, tenant_id, [row.id for row in rows], right)
    concerned = dnc.listed_with(conn, tenant_id, [phone])
    reopened = ledger.reconsider(conn, now, tenant_id, concerned, actor)
    return Judged(len({row.person_id for row in rows}), reopened)
