"""What the vendor sends, in our words: hooks (contract section 4.4), records in both mappings (5.1), and the rest.

Pure and tolerant: a field may be missing, empty, of another type or new. Only what gives a thing its identity is
demanded, and `Malformed` then names the field and no value.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from campaigns.words import FactKind, Outcome
from dialer.gateways import AgentStatus, Hook, LiveCall, Malformed, Record, VendorCustomer
from dialer.gateways.tel4vn.answers import Answer
from dialer.gateways.tel4vn.settings import Tel4vnSettings
from dialer.gateways.tel4vn.words import (
    UNREADABLE,
    direction,
    flag,
    is_extension,
    moment,
    parties,
    payload,
    phone,
    result,
    seconds,
    text,
)

Row = Mapping[str, Any]

STATES: Final = {kind.value: kind for kind in (FactKind.RINGING, FactKind.ANSWERED, FactKind.HANGUP, FactKind.CDR)}


def rows_of(answer: Answer) -> list[Row]:
    """The rows of a listing, in its envelope or bare; what is no object among them is left out."""
    data = answer.body if isinstance(answer.body, list) else answer.fields.get("data")
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def hook(body: bytes, settings: Tel4vnSettings) -> Hook | Malformed:
    """The meaning of a webhook's raw body. Optional fields are taken in any state (section 12.17)."""
    said = payload(body)
    if not isinstance(said, dict):
        return Malformed("not JSON" if said in (None, UNREADABLE) else "not an object")
    call_id, kind = text(said.get("call_id")), STATES.get((text(said.get("state")) or "").casefold())
    if call_id is None:
        return Malformed("no call_id")
    if kind is None:
        return Malformed("no state" if text(said.get("state")) is None else "an undocumented state")
    inbound = direction(said.get("direction"), settings.direction_codes) == "inbound"
    hotline = text(said.get("hotline"))
    ours = (hotline, settings.default_hotline)
    customer, extension = parties(said.get("from_number"), said.get("to_number"), inbound, ours)
    return Hook(
        kind=kind,
        call_id=call_id,
        sip_call_id=text(said.get("sip_call_id")),
        inbound=inbound,
        phone=customer,
        extension=extension,
        hotline=hotline,
        duration=seconds(said.get("duration")),
        billsec=seconds(said.get("billsec")),
        disposition=result(said.get("status")),
        recording_url=text(said.get("recording_url")),
    )


def mapping_of(row: Row) -> str | None:
    """Which of the two CDR mappings a record is in: its keys tell (section 5.1)."""
    if text(row.get("cdrId")):
        return "flex"
    return "default" if text(row.get("id")) else None


def record(row: Row, settings: Tel4vnSettings) -> Record | Malformed:
    match mapping_of(row):
        case "flex":
            return _flex(row, settings)
        case "default":
            return _default(row, settings)
    return Malformed("no id")


def _default(row: Row, settings: Tel4vnSettings) -> Record | Malformed:
    """Outbound, `from_number` is the hotline (section 12.19). Talk time is not told but follows from two stamps."""
    caller, called = row.get("from_number"), row.get("to_number")
    inbound = _inbound(row, settings, caller, called)
    trunk = text(called if inbound else caller)
    hotline = None if is_extension(trunk) else trunk
    customer, _ = parties(caller, called, inbound, (hotline, settings.default_hotline))
    times = tuple(moment(row.get(key), settings.zone) for key in ("time_started", "time_answered", "time_ended"))
    return _record(
        row,
        times,
        record_id=text(row.get("id")) or "",
        inbound=inbound,
        phone=customer,
        hotline=hotline,
        extension=text(row.get("extension")),
        customer_id=text(row.get("customer_id")),
        recording_url=text(row.get("recording_url")),
        cause=text(row.get("cause")),
    )


def _flex(row: Row, settings: Tel4vnSettings) -> Record | Malformed:
    """`to` is documented as the customer's code and holds a number in the example (section 12.22)."""
    times = tuple(moment(row.get(key), settings.zone) for key in ("dialAt", "answeredAt", "hangupAt"))
    inbound = direction(row.get("direction"), settings.direction_codes) == "inbound"
    customer, _ = parties(None, row.get("to"), inbound, (settings.default_hotline,))
    return _record(
        row,
        times,
        record_id=text(row.get("cdrId")) or "",
        inbound=inbound,
        phone=customer,
        extension=text(row.get("extensionId")),
        customer_id=text(row.get("customerId")),
        recording_url=text(row.get("recordFile")),
    )


def _record(row: Row, times: tuple[datetime | None, ...], **fields: Any) -> Record | Malformed:
    """What both mappings share. A record whose start is unreadable began at its first known moment."""
    started = next((at for at in times if at is not None), None)
    if started is None:
        return Malformed("no time")
    billsec = seconds(row.get("billsec"))
    return Record(
        started_at=started,
        answered_at=times[1],
        ended_at=times[2],
        disposition=result(row.get("status")) or Outcome.UNKNOWN,
        sip_call_id=text(row.get("sip_call_id")),
        duration=seconds(row.get("duration")),
        billsec=_talked(times[1], times[2]) if billsec is None else billsec,
        **fields,
    )


def _inbound(row: Row, settings: Tel4vnSettings, caller: object, called: object) -> bool:
    """By the account's codes; where the code is undocumented (section 12.4), by which end has a telephone's number,
    and if both have one, by whether somebody here took the call."""
    told = direction(row.get("direction"), settings.direction_codes)
    if told is not None:
        return told == "inbound"
    from_outside, to_outside = phone(caller) is not None, phone(called) is not None
    return from_outside if from_outside != to_outside else text(row.get("receive_dest")) is not None


def _talked(answered: datetime | None, ended: datetime | None) -> int | None:
    """Seconds of talk: none if it was never answered, not known while it has no end."""
    if answered is None:
        return 0
    return None if ended is None else max(0, int((ended - answered).total_seconds()))


def live_call(row: Row, settings: Tel4vnSettings) -> LiveCall | None:
    call_id = text(row.get("call_id"))
    if call_id is None:
        return None
    inbound = direction(row.get("direction"), settings.direction_codes) == "inbound"
    customer, extension = parties(row.get("source"), row.get("destination"), inbound, (settings.default_hotline,))
    return LiveCall(call_id, customer, extension, inbound, moment(row.get("created_time"), settings.zone))


def agent_status(row: Row, vendor_user: str) -> AgentStatus | None:
    extension = text(row.get("extension"))
    if extension is None:
        return None
    return AgentStatus(extension, flag(row.get("ext_loggedin")), text(row.get("agent_name")) or "", vendor_user)


def customer(row: Row, settings: Tel4vnSettings) -> VendorCustomer | None:
    """A customer as listed (section 9.2). `customer_id` alone is unique: two may share a `customer_code`."""
    customer_id = text(row.get("customer_id"))
    if customer_id is None:
        return None
    names = ("customer_code", "customer_name", "contract_number", "phone_number", "campaign_id")
    return VendorCustomer(
        customer_id=customer_id,
        status=(text(row.get("status")) or "").casefold(),
        created_at=moment(row.get("created_at"), settings.zone),
        updated_at=moment(row.get("updated_at"), settings.zone),
        **{name: text(row.get(name)) or "" for name in names},
    )
