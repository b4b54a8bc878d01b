"""The end of a doubt about a number that may be a land line of before 2018: somebody looked, and says what is right."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from campaigns import dnc, ledger, people
from campaigns.directory import missing
from campaigns.phones import mask


@dataclass(frozen=True, slots=True)
class Judged:
    """Whose number it is, so many people, and how many customers are considered again."""

    people: int
    reopened: int


def judge(conn: Connection, now: datetime, tenant_id: int, phone: str, right: bool, actor: str) -> Judged:
    """What is said stands, whatever a list says after it. Raises `NotFound` where nothing is in doubt."""
    rows = people.doubtful(conn, tenant_id, phone)
    if not rows:
        raise missing("number in doubt", mask(phone), [], "nobody's number of this kind waits for a review")
    people.review(conn, now, tenant_id, [row.id for row in rows], right)
    concerned = dnc.listed_with(conn, tenant_id, [phone])
    reopened = ledger.reconsider(conn, now, tenant_id, concerned, actor)
    return Judged(len({row.person_id for row in rows}), reopened)
