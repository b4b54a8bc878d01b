"""What reached somebody lately: which calls leave it open for a moment whether there was a conversation."""

from datetime import timedelta
from typing import Any

import founding
from databases import Desk
from founding import START
from sqlalchemy import Connection, insert

from campaigns.models import Call
from campaigns.recollection import recollect
from campaigns.rows import columns_of, table
from campaigns.words import CallState, Mode, Outcome

OVER: dict[str, Any] = {"state": CallState.ENDED, "call_id_confirmed": True, "ended_at": START, "billsec": 0}
SETTLED = OVER | {"state": CallState.SETTLED, "outcome": Outcome.BUSY}
SOON = START + timedelta(minutes=1)
OPEN: dict[str, dict[str, Any]] = {
    "nobody knows yet whether somebody picked up": OVER | {"billsec": None},
    "somebody picked up, and the talk time may be another's": OVER | {"answered_at": START},
    "they spoke, and the verdict is on its way": OVER | {"billsec": 9},
    "bound by its number alone, and its record is asked for": SETTLED | {"call_id_confirmed": False, "check_at": SOON},
}
CLOSED: dict[str, dict[str, Any]] = {
    "nobody picked up": OVER,
    "its own hooks settled it": SETTLED,
    "bound by its number alone, and no record ever told otherwise": SETTLED | {"call_id_confirmed": False},
    "rings still": {"state": CallState.RINGING, "call_id_confirmed": False, "check_at": SOON},
}


def test_a_call_is_pending_until_it_is_known_whether_they_spoke_and_whether_it_was_that_call(database: Desk) -> None:
    def look(conn: Connection) -> None:
        of = founding.company(conn)
        one = founding.campaign(conn, of, Mode.AUTOCALL)
        told = {}
        for (name, said), debtor in zip(
            {**OPEN, **CLOSED}.items(), founding.debtors(conn, of, one, len(OPEN) + len(CLOSED)), strict=True
        ):
            whose = {"customer_id": debtor.customer_id, "person_id": debtor.person_id, "phone": debtor.phones[0]}
            owner = {"tenant_id": of.tenant_id, "vendor_account_id": of.account_id, "campaign_id": one.id}
            row = {
                "contracts": [],
                "reference": name[:40],
                "mode": Mode.AUTOCALL,
                "intended_at": START,
                **owner,
                **whose,
            }
            conn.execute(insert(table(Call)).returning(columns_of(Call).id), row | said)
            found = recollect(conn, of.tenant_id, [debtor.person_id], [], START - timedelta(hours=1))
            told[name] = [touch.pending for touch in found.of(debtor.person_id, debtor.phones[0])]
        assert told == {name: [name in OPEN] for name in told}

    database.run(look)
