"""What reached people and numbers lately, read from the ledger for the caps: `touches` of calls and of contacts."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, select

from campaigns.contacts import moments, moments_by_phone
from campaigns.models import Call
from campaigns.rows import columns_of
from campaigns.statements import Find, aside
from campaigns.touches import Touch
from campaigns.words import CallState, Channel, Origin, Outcome

CALL = columns_of(Call)
# A hand-over waits in the vendor's queue before it rings, and its row is found by when it was intended.
IN_QUEUE = timedelta(hours=3)

# It seems to be over, and was bound by its number alone: until its record tells, our own order may yet ring.
DOUBTED = and_(CALL.mode.is_not(None), ~CALL.call_id_confirmed, CALL.ended_at.is_not(None), CALL.check_at.is_not(None))
RANG = func.coalesce(CALL.ringing_at, CALL.placed_at, CALL.intended_at)


def _calls() -> Select[Any]:
    return select(
        CALL.id,
        RANG.label("rang_at"),
        CALL.person_id,
        CALL.phone,
        CALL.purpose,
        CALL.advertiser,
        CALL.campaign_id,
        CALL.contracts,
        CALL.origin,
        CALL.state,
        CALL.charged,
        CALL.outcome,
        CALL.billsec,
        CALL.answered_at,
        DOUBTED.label("doubted"),
    ).where(
        aside(CALL.tenant_id) == bindparam("tenant_id"),
        CALL.intended_at >= bindparam("since"),
        CALL.state != CallState.RELEASED,
    )


find_calls_with = Find(_calls(), key=CALL.person_id)
find_calls_to = Find(_calls(), key=CALL.phone)


class Recollection:
    """The touches of some people and of their numbers since a moment. A call stands once, however it was found."""

    def __init__(self) -> None:
        self._with: dict[int, list[Touch]] = {}
        self._to: dict[str, list[Touch]] = {}

    def add(self, touch: Touch) -> None:
        if touch.person_id is not None:
            self._with.setdefault(touch.person_id, []).append(touch)
        if touch.phone is not None:
            self._to.setdefault(touch.phone, []).append(touch)

    def of(self, person_id: int, phone: str, but: int | None = None) -> tuple[Touch, ...]:
        """What concerns this person or this number; not the call `but`."""
        if not self._with and not self._to:
            return ()
        his = self._with.get(person_id, [])
        others = [touch for touch in self._to.get(phone, []) if touch.person_id != person_id]
        return tuple(touch for touch in (*his, *others) if but is None or touch.call_id != but)


def recollect(
    conn: Connection, tenant_id: int, person_ids: Collection[int], phones: Collection[str], since: datetime
) -> Recollection:
    """Read what reached them since then, in a statement a kind and key."""
    found = Recollection()
    bound = {"tenant_id": tenant_id, "since": since - IN_QUEUE}
    calls = {
        row.id: row for row in (*find_calls_with(conn, person_ids, **bound), *find_calls_to(conn, phones, **bound))
    }
    for row in calls.values():
        found.add(_call(row))
    told = (*moments(conn, tenant_id, person_ids, since), *moments_by_phone(conn, tenant_id, phones, since))
    for contact in dict.fromkeys(_contact(row) for row in told):
        found.add(contact)
    return found


def _call(row: Any) -> Touch:
    by_hand = row.origin is Origin.HAND
    ours = row.origin not in (Origin.HAND, Origin.INBOUND)
    return Touch(
        at=row.rang_at,
        person_id=row.person_id,
        phone=row.phone,
        purpose=row.purpose,
        advertiser=row.advertiser,
        campaign_id=row.campaign_id,
        contracts=tuple(row.contracts),
        attempt=by_hand or (ours and row.charged),
        conversation=row.outcome is Outcome.ANSWERED and bool(row.billsec or (row.answered_at and not ours)),
        pending=bool(row.doubted) or (row.state is CallState.ENDED and _somebody_may_have_spoken(row)),
        call_id=row.id,
    )


def _somebody_may_have_spoken(row: Any) -> bool:
    """Of a call that is over. Hooks come in any order, so where no talk time was told, an answer may be on its way."""
    return bool(row.answered_at or row.billsec or row.billsec is None)


def _contact(row: Any) -> Touch:
    called = row.channel is Channel.CALL
    return Touch(
        at=row.at,
        person_id=row.person_id,
        phone=row.phone,
        purpose=row.purpose,
        advertiser=row.advertiser,
        contracts=(row.contract_number,) if row.contract_number else (),
        attempt=called,
        message=not called,
        conversation=row.conversation,
    )
