"""The three ways to place calls (contract sections 7 and 8), each answered with one value an order.

Exactly one mobile a customer, no recalls and no `min_recall_duration`: else the vendor rotates numbers and recalls by
itself, and nobody can tell which ring was ours. `POST /v2/customer` is never used: what it starts cannot be withdrawn.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import anyio

from campaigns.phones import national
from campaigns.words import Mode, Reason
from dialer.gateways import NotPlaced, Order, Placed, Placing, Terms, Unsure
from dialer.gateways.tel4vn.answers import Answer, Done, Failed, Murky, Verdict, judge
from dialer.gateways.tel4vn.border import Lost, NotSent
from dialer.gateways.tel4vn.settings import Tel4vnSettings
from dialer.gateways.tel4vn.wire import Request, Wire
from dialer.gateways.tel4vn.words import text

Judged = NotSent | Lost | Verdict


async def place(wire: Wire, terms: Terms, orders: Sequence[Order]) -> list[Placing]:
    """One answer an order, in their order. Never raises; only a cancellation gets through, and leaves all unsure."""
    if terms.mode is Mode.CLICK2CALL:
        return await _each(wire, terms, orders)
    if lacking := _lacking(terms):
        return [NotPlaced(order.reference, Reason.MISCONFIGURED, f"no {lacking}") for order in orders]
    try:
        return await _feed(wire, terms, orders)
    except Exception as error:
        return [_surprised(order, error) for order in orders]


async def _each(wire: Wire, terms: Terms, orders: Sequence[Order]) -> list[Placing]:
    """Click-to-call: a request an order, all at once."""
    if len(orders) == 1:
        return [await _one(wire, terms, orders[0])]
    placings: dict[int, Placing] = {}

    async def place_at(position: int, order: Order) -> None:
        placings[position] = await _one(wire, terms, order)

    async with anyio.create_task_group() as group:
        for position, order in enumerate(orders):
            group.start_soon(place_at, position, order)
    return [placings[position] for position in range(len(orders))]


async def _one(wire: Wire, terms: Terms, order: Order) -> Placing:
    try:
        return await _click(wire, terms, order)
    except Exception as error:
        return _surprised(order, error)


async def _click(wire: Wire, terms: Terms, order: Order) -> Placing:
    if not order.extension:
        return NotPlaced(order.reference, Reason.MISCONFIGURED, "no extension to ring first")
    request = click_request(terms, order, wire.settings)
    judged = _judged(await wire.send_once(request, order.cleared.expires_at), wire.settings)
    if not isinstance(judged, Done):
        return _not_done(order, judged)
    fields = judged.answer.fields
    if call_id := text(fields.get("call_id")):
        return Placed(order.reference, call_id)
    if (text(fields.get("status")) or "").casefold() == "success" or fields.get("code") is not None:
        return Placed(order.reference)
    return Unsure(order.reference, Reason.CONNECTION_LOST, "an answer that says neither yes nor no")


def click_request(terms: Terms, order: Order, settings: Tel4vnSettings) -> Request:
    """`POST /v2/click2call`, or the GET of v1 where only that can say what must be said (`click2call_over_v1`)."""
    hotline = terms.hotline or settings.default_hotline
    agent, mobile = order.extension or "", national(order.cleared.phone)
    over_v1 = {"hotline": bool(hotline), "hotline-or-name": bool(hotline or order.name), "always": True, "never": False}
    if not over_v1[settings.click2call_over_v1]:
        body = {"id": _sent_id(order, settings), "mobile": mobile, "agent": agent}
        return Request("POST", "/v2/click2call", body=body)
    said = {"ext": agent, "phone": mobile, "customer_id": _sent_id(order, settings)}
    named = {"src_cid_name": order.name, "hotline": hotline}
    return Request("GET", "/v1/click2call/async", params=said | {key: value for key, value in named.items() if value})


async def _feed(wire: Wire, terms: Terms, orders: Sequence[Order]) -> list[Placing]:
    """A queue: one request for all. Whose clearance is over when a connection is at hand is left out, and the rest
    is sent without him: each round leaves out at least one, so there is an end."""
    placings: dict[str, Placing] = {}
    waiting = list(orders)
    while waiting:
        expires_at = min(order.cleared.expires_at for order in waiting)
        reply = await wire.send_once(queue_request(terms, waiting, wire.settings), expires_at)
        expired = isinstance(reply, NotSent) and reply.reason is Reason.CLEARANCE_EXPIRED
        over = max(wire.now(), expires_at)
        settled = [order for order in waiting if not expired or order.cleared.expires_at <= over]
        placings |= {order.reference: _fed(order, terms, reply, wire.settings) for order in settled}
        waiting = [order for order in waiting if order.reference not in placings]
    return [placings[order.reference] for order in orders]


def queue_request(terms: Terms, orders: Sequence[Order], settings: Tel4vnSettings) -> Request:
    """The import of section 8.1 or 8.2. The autodialer's numbers are strings, autocall's are not (section 12.5)."""
    if terms.mode is Mode.AUTOCALL:
        fields: dict[str, Any] = {"template": terms.template, "max_recall_count": 0}
        if terms.concurrent_call is not None:
            fields["concurrent_call"] = terms.concurrent_call
        customers = [_customer(order, settings) | variables_of(order) for order in orders]
    else:
        fields = {
            "campaign_id": terms.vendor_campaign_id,
            "precall_ratio": _ratio(terms, settings),
            "max_recall_count": "0",
        }
        if terms.queue_agents:
            fields["queue_agents"] = terms.queue_agents
        customers = [_customer(order, settings) for order in orders]
    body = {"queue_code": terms.queue_code, **fields, "customers": customers}
    return Request("POST", f"/v2/{terms.mode}/queue", body=body)


def variables_of(order: Order) -> dict[str, Any]:
    """What the script speaks: amounts as integers, dates as ISO text. None may pose as `id` or `mobiles`."""
    spoken = {name: _spoken(value) for name, value in order.variables.items() if name not in ("id", "mobiles")}
    return {name: value for name, value in spoken.items() if value is not None}


def _spoken(value: Any) -> str | int | float | bool | None:
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal() if value.is_finite():
            return int(value.to_integral_value(ROUND_HALF_UP))
        case float():
            return int(value) if value.is_integer() else value
        case date():
            return value.isoformat()
    return str(value)


def _fed(order: Order, terms: Terms, reply: Answer | NotSent | Lost, settings: Tel4vnSettings) -> Placing:
    if isinstance(reply, Answer) and terms.mode is Mode.AUTOCALL:
        taken, failed = (_ids(reply, name) for name in ("success", "fail"))
        if taken or failed:
            return _listed(order, _sent_id(order, settings), taken, failed)
    judged = _judged(reply, settings)
    if not isinstance(judged, Done):
        return _not_done(order, judged)
    if terms.mode is Mode.AUTOCALL or not judged.answer.fields:
        return Unsure(order.reference, Reason.CONNECTION_LOST, "an import that names nobody")
    return Placed(order.reference)


def _listed(order: Order, sent: str, taken: set[str], failed: set[str]) -> Placing:
    """A success may be partial, and fails without a reason (section 8.2)."""
    if sent in taken:
        return Placed(order.reference)
    if sent in failed:
        return NotPlaced(order.reference, Reason.DECLINED, "the import failed for this customer")
    return Unsure(order.reference, Reason.CONNECTION_LOST, "the import names this customer neither taken nor failed")


def _ids(answer: Answer, name: str) -> set[str]:
    data = answer.fields.get("data")
    listed = data.get(name) if isinstance(data, Mapping) else None
    entries = listed if isinstance(listed, list) else []
    ids = (text(entry.get("id") if isinstance(entry, Mapping) else entry) for entry in entries)
    return {entry for entry in ids if entry}


def _judged(reply: Answer | NotSent | Lost, settings: Tel4vnSettings) -> Judged:
    return judge(reply, settings) if isinstance(reply, Answer) else reply


def _not_done(order: Order, judged: NotSent | Lost | Failed | Murky) -> NotPlaced | Unsure:
    if isinstance(judged, NotSent | Failed):
        locked_out = isinstance(judged, NotSent) and judged.locked_out
        return NotPlaced(order.reference, judged.reason, judged.detail, judged.retry_after, locked_out)
    return Unsure(order.reference, judged.reason, judged.detail)


def _surprised(order: Order, error: Exception) -> Unsure:
    return Unsure(order.reference, Reason.CONNECTION_LOST, f"unexpected: {type(error).__name__}")


def _customer(order: Order, settings: Tel4vnSettings) -> dict[str, Any]:
    return {"id": _sent_id(order, settings), "mobiles": [national(order.cleared.phone)]}


def _sent_id(order: Order, settings: Tel4vnSettings) -> str:
    if settings.customer_reference == "list-id" and order.customer_code:
        return order.customer_code
    return order.reference


def _ratio(terms: Terms, settings: Tel4vnSettings) -> str:
    ratio = terms.precall_ratio or 100
    return str(ratio) if settings.precall_ratio_unit == "percent" else f"{ratio / 100:g}"


def _lacking(terms: Terms) -> str | None:
    """The first of the fields that the vendor requires for this mode and that the campaign lacks."""
    required = {"queue_code": terms.queue_code}
    if terms.mode is Mode.AUTOCALL:
        required["template"] = terms.template
    else:
        required["campaign_id"] = terms.vendor_campaign_id
    return next((name for name, value in required.items() if not value), None)
