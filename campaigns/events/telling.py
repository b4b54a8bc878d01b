"""A row of the ledger as an event. Pure: the same row and the same company make the same event.

An event's id is the row's, so who hears it twice knows it again. Its key is the person, never a number.
"""

from datetime import datetime
from typing import Any

from campaigns.events.kinds import (
    BY_NAME,
    Changed,
    Consented,
    Doubted,
    Ended,
    Event,
    Held,
    Kept,
    Lifted,
    Listed,
    OfCall,
    OfCampaign,
    Ordered,
    Promised,
    Settled,
    Tested,
    Told,
    Withdrawn,
)
from campaigns.ledger import PROMISE_WITHDRAWN, ended
from campaigns.words import CallState, Status

OF_STATE: dict[CallState, type[OfCall]] = {
    CallState.UNSURE: Doubted,
    CallState.RELEASED: Doubted,
    CallState.SETTLED: Settled,
}
FINAL = {status.value for status in Status if status.final}


def of_fact(row: Any, tenant: str) -> Event:
    """A fact that moved a call. That a call was intended is told only as a promise that is kept."""
    told = row._mapping
    subject, key = f"call-{row.reference}", _person(row.person_id) or f"call-{row.reference}"
    if row.after is CallState.INTENDED:
        data: Told = Kept(campaign=row.campaign, customer=row.customer, call=row.reference)
        subject = f"customer-{row.customer_id}"
        return _event("fact", row, tenant, "callback.kept", row.at, key, subject, data)
    model = OF_STATE.get(row.after, OfCall)
    fields = {name: told[name] for name in model.model_fields if name not in ("call", "reason")}
    if issubclass(model, Doubted):
        fields["reason"] = row.reason if model is Settled else row.because
    data = model(call=row.reference, **fields)
    return _event("fact", row, tenant, f"call.{row.after.value}", row.at, key, subject, data)


def of_change(row: Any, tenant: str) -> Event:
    said = {"reason": row.reason, "actor": row.actor}
    if row.customer_id is None:
        data: Told = OfCampaign(campaign=row.campaign, before=row.before, after=row.after, **said)
        name = f"campaign-{row.campaign_id}"
        return _event("change", row, tenant, "campaign.changed", row.moment, name, name, data)
    whom = {"campaign": row.campaign, "customer": row.customer}
    if row.order is not None:
        over = Ended(**whom, **said, order=row.order, state=ended(row.reason), before=row.before, after=row.after)
        return _of_customer("change", row, tenant, "order.ended", over)
    if row.detail == PROMISE_WITHDRAWN:
        return _of_customer("change", row, tenant, "callback.withdrawn", Withdrawn(**whom, **said))
    kind = "customer.final" if row.after in FINAL else "customer.changed"
    changed = Changed(**whom, **said, before=row.before, after=row.after, call=row.call)
    return _of_customer("change", row, tenant, kind, changed)


def of_decision(row: Any, tenant: str) -> Event:
    return _of_customer("decision", row, tenant, "customer.withheld", Held(**_fields(Held, row)))


def of_callback(row: Any, tenant: str) -> Event:
    whom = {"campaign": row.campaign, "customer": row.customer, "actor": row.actor}
    if row.order is not None:
        taken = Ordered(**whom, order=row.order, not_after=row.not_after)
        return _of_customer("callback", row, tenant, "order.taken", taken)
    return _of_customer("callback", row, tenant, "callback.promised", Promised(**whom, due_at=row.at, zone=row.zone))


def of_consent(row: Any, tenant: str) -> Event:
    key = _person(row.person_id) or ""
    return _event(
        "consent", row, tenant, "consent.recorded", row.given_at, key, key, Consented(**_fields(Consented, row))
    )


def of_suppression(row: Any, tenant: str) -> Event:
    name, data = f"suppression-{row.row_id}", Listed(suppression=row.row_id, **_fields(Listed, row, "suppression"))
    return _event("suppression", row, tenant, "suppression.added", row.moment, name, name, data)


def of_lifting(row: Any, tenant: str) -> Event:
    name, data = f"suppression-{row.row_id}", Lifted(suppression=row.row_id, **_fields(Lifted, row, "suppression"))
    return _event("lifting", row, tenant, "suppression.lifted", row.until, name, name, data)


def of_test(webhook: str, tenant: str, row_id: int, at: datetime) -> Event:
    """What is posted when somebody tries a webhook."""
    name = f"webhook-{webhook}"
    return _made(f"test-{row_id}", "webhook.test", at, at, tenant, name, name, row_id, Tested(webhook=webhook))


def _of_customer(source: str, row: Any, tenant: str, kind: str, data: Told) -> Event:
    key, subject = _person(row.person_id) or f"customer-{row.customer_id}", f"customer-{row.customer_id}"
    return _event(source, row, tenant, kind, row.moment, key, subject, data)


def _event(
    source: str,
    row: Any,
    tenant: str,
    kind: str,
    at: datetime,
    key: str,
    subject: str,
    data: Told,
) -> Event:
    return _made(f"{source}-{row.row_id}", kind, at, row.moment or at, tenant, key, subject, row.row_id, data)


def _made(
    name: str,
    kind: str,
    at: datetime,
    recorded_at: datetime,
    tenant: str,
    key: str,
    subject: str,
    sequence: int,
    data: Told,
) -> Event:
    return Event(
        id=name,
        type=kind,
        version=BY_NAME[kind].version,
        timestamp=at,
        recorded_at=recorded_at,
        tenant=tenant,
        key=key,
        subject=subject,
        sequence=sequence,
        data=data,
    )


def _person(person_id: int | None) -> str | None:
    return None if person_id is None else f"person-{person_id}"


def _fields(model: type[Told], row: Any, *but: str) -> dict[str, Any]:
    told = row._mapping
    return {name: told[name] for name in model.model_fields if name not in but}
