"""Taking customers off a campaign, and the calls for which such a decision comes too late."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from campaigns import ledger
from campaigns.ledger import Closing
from campaigns.models import Call, Campaign, Customer
from campaigns.phones import Phone, national, normalise
from campaigns.rows import LIVE, columns_of, in_chunks, table
from campaigns.words import CallState, Reason, Status

CALL = columns_of(Call)
CUSTOMER = columns_of(Customer)


@dataclass(frozen=True, slots=True)
class Underway:
    """A live call with somebody who was just withdrawn or suppressed. `recalled`: the vendor has only queued it, and
    its queue is being taken back; otherwise nothing can stop it any more."""

    campaign: str
    customer: str
    number: str
    state: CallState
    recalled: bool


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What became of the ids: `final` stay as they ended, `unknown` are not on the campaign's list."""

    withdrawn: int
    final: int
    unknown: Sequence[str]
    underway: Sequence[Underway]


def withdraw(
    conn: Connection, now: datetime, campaign: Any, ids: Sequence[str], actor: str, because: str
) -> Withdrawal:
    """Close these customers of a campaign, acting from the next claim on. `because` is kept in their history."""
    named = customers_by_id(conn, campaign, ids)
    chosen = [row.id for rows in named.values() for row in rows]
    closings = [Closing(customer, Status.WITHDRAWN, Reason.WITHDRAWN) for customer in dict.fromkeys(chosen)]
    closed = ledger.close(conn, now, campaign.tenant_id, closings, actor, because)
    return Withdrawal(
        withdrawn=len(closed),
        final=len(closings) - len(closed),
        unknown=[one for one in dict.fromkeys(ids) if not named.get(one)],
        underway=_underway_with(conn, campaign, closed),
    )


def customers_by_id(conn: Connection, campaign: Any, ids: Sequence[str]) -> dict[str, list[Any]]:
    """The campaign's customers by the ids that were typed. Who has no id on the list goes by his number, so a number
    finds him however it is written."""
    spelled = {one: (one, read.e164) if isinstance(read := normalise(one), Phone) else (one,) for one in ids}
    rows: dict[str, list[Any]] = {}
    for chunk in in_chunks(sorted({code for codes in spelled.values() for code in codes}), 500):
        chosen = select(table(Customer)).where(
            CUSTOMER.tenant_id == campaign.tenant_id, CUSTOMER.campaign_id == campaign.id, CUSTOMER.code.in_(chunk)
        )
        for row in conn.execute(chosen.order_by(CUSTOMER.id)):
            rows.setdefault(row.code, []).append(row)
    return {one: next((rows[code] for code in codes if code in rows), []) for one, codes in spelled.items()}


def _underway_with(conn: Connection, campaign: Any, customer_ids: Sequence[int]) -> list[Underway]:
    found: list[Underway] = []
    for chunk in in_chunks(customer_ids, 500):
        live = (
            select(CALL.phone, CALL.state, CALL.mode, columns_of(Campaign).code.label("campaign"), CUSTOMER.code)
            .join(table(Customer), CALL.customer_id == CUSTOMER.id)
            .join(table(Campaign), CALL.campaign_id == columns_of(Campaign).id)
            .where(CALL.tenant_id == campaign.tenant_id, CALL.customer_id.in_(chunk), LIVE)
        )
        found += underway(conn.execute(live.order_by(CALL.id)))
    return found


def underway(calls: Iterable[Any]) -> list[Underway]:
    """Live calls as `dnc.live_calls` gives them, with what can still be done about each."""
    return [
        Underway(
            campaign=call.campaign,
            customer=call.code,
            number=national(call.phone),
            state=call.state,
            recalled=call.mode is not None and call.mode.queued and call.state is CallState.PLACED,
        )
        for call in calls
    ]
