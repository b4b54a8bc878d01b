"""What we ask the vendor: records, live calls, agents, customers, and the tour of `vendor check`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import quote

from dialer.gateways import (
    AgentStatus,
    Findings,
    GatewayError,
    LiveCall,
    Malformed,
    Record,
    Unreachable,
    VendorCustomer,
)
from dialer.gateways.tel4vn import hooks, reading
from dialer.gateways.tel4vn.answers import USER_UNKNOWN, Answer
from dialer.gateways.tel4vn.reading import Row, rows_of
from dialer.gateways.tel4vn.wire import Request, Wire
from dialer.gateways.tel4vn.words import local, text, whole
from dialer.logs import log

Seen = TypeVar("Seen")
RECENTLY: Final = timedelta(days=7)
NOTABLE_SKEW: Final = timedelta(seconds=30)


async def record(wire: Wire, call_id: str) -> Record | None:
    """One record, by its id or by its SIP Call-ID (section 5.4). It comes bare; an envelope is taken too."""
    request = Request("GET", f"/v2/cdr/{quote(call_id, safe='')}")
    absent = wire.settings.record_absent_codes
    answer = await wire.ask(request, understood=lambda got: got.code in absent or (got.status < 300 and got.hollow))
    inner = answer.fields.get("data")
    row = inner if isinstance(inner, dict) else answer.fields
    return None if reading.mapping_of(row) is None else _readable(row, wire)


async def records(wire: Wire, since: datetime, until: datetime, phone: str | None) -> AsyncIterator[Record]:
    """The window widened to whole seconds, because that is all the vendor's times can say. `phone` as it is dialed."""
    window = _window(wire, since, until + timedelta(seconds=1))
    async for row in _listed(wire, "/v2/cdr", window | ({"phone": phone} if phone else {}), _record_id):
        if read := _readable(row, wire):
            yield read


async def customers(wire: Wire, vendor_campaign_id: str) -> AsyncIterator[VendorCustomer]:
    query = {"campaign_id": vendor_campaign_id}
    async for row in _listed(wire, "/v2/customer", query, lambda row: text(row.get("customer_id"))):
        if read := reading.customer(row, wire.settings):
            yield read


async def live_calls(wire: Wire) -> list[LiveCall]:
    answer = await wire.ask(Request("GET", "/v2/call"))
    return [call for row in rows_of(answer) if (call := reading.live_call(row, wire.settings))]


async def agent_status(wire: Wire, paths: list[str], vendor_user: str) -> AgentStatus | None:
    """`paths` are the two documented ones (section 9.1), the one that worked first: it is put there by this."""
    for path in tuple(paths):
        request = Request("GET", path.format(user=quote(vendor_user, safe="")))
        answer = await wire.ask(request, understood=lambda got: got.code == 404 or got.says(USER_UNKNOWN))
        unknown = answer.says(USER_UNKNOWN)
        if unknown or answer.code != 404:
            paths.remove(path)
            paths.insert(0, path)
            data = answer.fields.get("data")
            return None if unknown or not isinstance(data, dict) else reading.agent_status(data, vendor_user)
    return None


async def check(wire: Wire, paths: list[str], url: str, vendor_users: Mapping[str, str], now: datetime) -> Findings:
    """Log in and look around; what fails on the way is a remark, not the end of the tour."""
    remarks: list[str] = []
    try:
        await wire.log_in()
    except GatewayError as error:
        return Findings(logged_in=False, remarks=(str(error),))
    standing = await _tried(_standing(wire, url, remarks), {}, remarks)
    extensions = await _tried(_extensions(wire, paths, vendor_users, remarks), {}, remarks)
    newest = await _tried(_newest(wire, now), None, remarks)
    mapping = next((found for row in rows_of(newest) if (found := reading.mapping_of(row))), None) if newest else None
    if newest and mapping is None:
        remarks.append(f"no record of the last {RECENTLY.days} days to see the CDR mapping by")
    skew = newest.date - now if newest and newest.date else None
    if skew is not None and abs(skew) > NOTABLE_SKEW:
        remarks.append(f"the vendor's clock differs from ours by {skew.total_seconds():+.0f} seconds")
    return Findings(True, standing, extensions, skew, mapping, tuple(remarks))


async def _tried(look: Awaitable[Seen], otherwise: Seen, remarks: list[str]) -> Seen:
    try:
        return await look
    except GatewayError as error:
        remarks.append(str(error))
        return otherwise


async def _standing(wire: Wire, url: str, remarks: list[str]) -> dict[str, str]:
    standing = hooks.standing(await hooks.registered(wire), url)
    remarks += [f"hook {event}: {word}" for event, word in standing.items() if word != "ours"]
    return standing


async def _extensions(
    wire: Wire, paths: list[str], vendor_users: Mapping[str, str], remarks: list[str]
) -> dict[str, bool]:
    """extension -> logged in, of those whom the vendor knows."""
    found = {}
    for extension, vendor_user in vendor_users.items():
        status = await agent_status(wire, paths, vendor_user)
        if status is None:
            remarks.append(f"extension {extension}: the vendor does not know its user")
            continue
        found[extension] = status.logged_in
        if status.extension != extension:
            remarks.append(f"extension {extension}: the vendor gives its user the extension {status.extension}")
    return found


async def _newest(wire: Wire, now: datetime) -> Answer:
    query = _window(wire, now - RECENTLY, now + timedelta(days=1)) | {"limit": "1", "offset": "0"}
    return await wire.ask(Request("GET", "/v2/cdr", params=query))


async def _listed(
    wire: Wire, path: str, query: Mapping[str, str], identity: Callable[[Row], str | None]
) -> AsyncIterator[Row]:
    """The rows of a listing, page by page, each once: what is added meanwhile moves earlier rows to later pages.

    Ends at `total`, or without one at a page that brings nothing new. The offset counts what came, because a vendor
    may give shorter pages than he was asked for.
    """
    seen: set[str] = set()
    offset, limit = 0, wire.settings.cdr_page
    for _ in range(wire.settings.page_limit):
        paging = {"limit": str(limit), "offset": str(offset)}
        answer = await wire.ask(Request("GET", path, params={**query, **paging}))
        rows, total = rows_of(answer), whole(answer.fields.get("total"))
        fresh = {id_: row for row in rows if (id_ := identity(row)) and id_ not in seen}
        for row in fresh.values():
            yield row
        seen |= fresh.keys()
        offset += len(rows)
        if not rows or (offset >= total if total is not None else not fresh):
            return
    raise Unreachable("a listing that does not end")


def _window(wire: Wire, since: datetime, until: datetime) -> dict[str, str]:
    zone = wire.settings.zone
    return {"start_date": local(since, zone), "end_date": local(until, zone)}


def _record_id(row: Row) -> str | None:
    return text(row.get("cdrId")) or text(row.get("id"))


def _readable(row: Row, wire: Wire) -> Record | None:
    read = reading.record(row, wire.settings)
    if isinstance(read, Malformed):
        log("tel4vn").warning("record unreadable", why=read.why)
        return None
    return read
