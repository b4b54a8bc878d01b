"""What a logbook says of contacts is written down."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from campaigns import contacts
from campaigns.contacts import Reached
from campaigns.logbooks.events import Event
from campaigns.words import Channel


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
