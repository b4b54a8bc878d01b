"""What a logbook says of contacts and consents is written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from campaigns import consents, contacts, optouts
from campaigns.consents import Said
from campaigns.contacts import Reached
from campaigns.logbooks.events import Event
from campaigns.optouts import Refusal
from campaigns.words import Channel, Purpose


@dataclass(frozen=True, slots=True)
class Consented:
    """What consents and refusals changed: new `records`, `entries` of the do-not-call list that are new or were
    `ended`, and customers who may be called again."""

    records: int = 0
    entries: int = 0
    ended: int = 0
    reopened: int = 0

    def __add__(self, other: "Consented") -> "Consented":
        return Consented(*(getattr(self, name) + getattr(other, name) for name in Consented.__slots__))


def record_contacts(
    conn: Connection, now: datetime, tenant_id: int, events: Sequence[tuple[int, Event]], file_name: str, actor: str
) -> int:
    """Write these contacts of these people; how many are new. The same file again changes nothing."""
    rows = [
        Reached(
            person_id=person,
            at=event.at,
            channel=Channel(event.channel),
            contract_number=event.contract,
            phone=event.phone,
            purpose=event.purpose,
            advertiser=event.advertiser,
            conversation=event.spoke,
            source=f"file {file_name} row {event.row}",
        )
        for person, event in events
    ]
    return contacts.record(conn, now, tenant_id, rows, actor)


def record_consents(
    conn: Connection, now: datetime, tenant_id: int, events: Sequence[tuple[int, Event]], actor: str
) -> Consented:
    """Write these consents and refusals of these people. A consent ends what was refused before, and an old refusal
    suppresses nobody who consented after it."""
    given = [
        Said(person, one.purpose, True, one.channel, one.at, one.proof, one.until)
        for person, one in events
        if one.granted and one.purpose
    ]
    freed = optouts.consent(conn, now, tenant_id, given, actor)
    total = Consented(freed.records, 0, freed.ended, freed.reopened)
    for person, one in events:
        if not one.granted and one.purpose:
            total += _refused(conn, now, tenant_id, person, one.purpose, one, actor)
    return total


def _refused(
    conn: Connection, now: datetime, tenant_id: int, person: int, purpose: Purpose, one: Event, actor: str
) -> Consented:
    said = Said(person, purpose, False, one.channel, one.at, one.proof)
    records = consents.record(conn, now, tenant_id, [said], actor)
    if consents.standing(conn, tenant_id, [person], purpose, now)[person] is not False:
        return Consented(records)
    refusal = Refusal(purpose, one.channel, one.proof, one.at)
    done = optouts.opt_out(conn, now, tenant_id, optouts.Whom(person_ids=[person]), refusal, actor)
    return Consented(records, done.entries)
