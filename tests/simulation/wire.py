"""The gateway: every request is a border, and so is the answer to it.

What a broken wire means is said here as the real gateway says it: a placing that may have arrived is `Unsure`, every
other request is `Unreachable`. A clearance is looked at when the request leaves.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar, cast

from campaigns.words import Reason
from dialer.gateways import (
    AgentStatus,
    Gateway,
    Hook,
    LiveCall,
    Malformed,
    NotPlaced,
    Order,
    Placing,
    Record,
    Terms,
    Unreachable,
    Unsure,
)
from dialer.vendors import Reader, Vendors
from tests.simulation import post
from tests.simulation.clock import Clock
from tests.simulation.units import Border, Broken, Kind
from tests.simulation.vendor import Call, Vendor

T = TypeVar("T")


class Wire:
    """The `Gateway` of a simulated process."""

    def __init__(self, vendor: Vendor, clock: Clock) -> None:
        self._vendor = vendor
        self._clock = clock

    async def place(self, terms: Terms, orders: Sequence[Order]) -> Sequence[Placing]:
        """Sent once, and only what is still cleared."""
        send, send_late = partial(self._send, terms, orders), partial(self._send_late, terms, orders)
        try:
            answers: Sequence[Placing] = await Border(Kind.PLACE, terms.mode, send, late=send_late)
            await Border(Kind.ANSWER, terms.mode)
        except Broken:
            return [Unsure(order.reference, Reason.TIMED_OUT) for order in orders]
        return answers

    def _send(self, terms: Terms, orders: Sequence[Order]) -> list[Placing]:
        fresh = self._fresh(orders)
        told = {answer.reference: answer for answer in self._vendor.place(self._clock(), terms, fresh)}
        expired = Reason.CLEARANCE_EXPIRED
        return [told.get(order.reference) or NotPlaced(order.reference, expired) for order in orders]

    def _send_late(self, terms: Terms, orders: Sequence[Order], seconds: float) -> None:
        if fresh := self._fresh(orders):
            self._vendor.after(self._clock(), seconds, lambda at: self._vendor.place(at, terms, fresh))

    def _fresh(self, orders: Sequence[Order]) -> list[Order]:
        return [order for order in orders if order.cleared.expires_at > self._clock()]

    async def pause_queue(self, terms: Terms) -> None:
        await self._steer("stop", lambda: self._vendor.stop(terms.queue_code or ""))

    async def resume_queue(self, terms: Terms) -> None:
        await self._steer("start", lambda: self._vendor.start(self._clock(), terms.queue_code or ""))

    async def withdraw_queue(self, terms: Terms) -> None:
        await self.pause_queue(terms)
        await self._steer("delete", lambda: self._vendor.delete(self._clock(), terms.queue_code or ""))

    async def block(self, terms: Terms, references: Sequence[str]) -> None:
        await self._steer("dnc", lambda: self._vendor.block(self._clock(), terms.queue_code or "", references))

    def read(self, body: bytes) -> Hook | Malformed:
        return post.read(body)

    async def record(self, call_id: str) -> Record | None:
        found = await self._ask("record", lambda: self._records(lambda call: call.call_id == call_id))
        return found[0] if found else None

    async def records(self, since: datetime, until: datetime, phone: str | None = None) -> AsyncIterator[Record]:
        def asked_for(call: Call) -> bool:
            return since <= call.created_at <= until and phone in (None, call.phone)

        for record in await self._ask("records", lambda: self._records(asked_for)):
            yield record

    def _records(self, wanted: Callable[[Call], bool]) -> list[Record]:
        return [record_of(call) for call in self._vendor.calls if call.recorded_at and wanted(call)]

    async def live_calls(self) -> Sequence[LiveCall]:
        return await self._ask("live calls", self._live)

    def _live(self) -> list[LiveCall]:
        calls = self._vendor.live()
        return [LiveCall(call.call_id, call.phone, call.extension, call.inbound, call.created_at) for call in calls]

    async def agent_status(self, vendor_user: str) -> AgentStatus | None:
        """Asked within a step that is one border by itself."""
        agent = self._vendor.agents.get(vendor_user)
        return agent and AgentStatus(agent.extension, agent.logged_in)

    async def _steer(self, verb: str, deed: Callable[[], None]) -> None:
        await self._request(Kind.STEER, verb, deed)

    async def _ask(self, what: str, deed: Callable[[], T]) -> T:
        return await self._request(Kind.ASK, what, deed)

    async def _request(self, kind: Kind, what: str, deed: Callable[[], T]) -> T:
        try:
            answer: T = await Border(kind, what, deed)
            await Border(Kind.ANSWER, what)
        except Broken:
            raise Unreachable(f"{what}: the simulated wire is broken") from None
        return answer


def record_of(call: Call) -> Record:
    return Record(
        record_id=call.call_id,
        started_at=_whole(call.created_at),
        disposition=call.result,  # type: ignore[arg-type] a call on record is over
        inbound=call.inbound,
        phone=call.phone,
        extension=call.extension,
        customer_id=call.reference,
        answered_at=call.answered_at and _whole(call.answered_at),
        ended_at=call.ended_at and _whole(call.ended_at),
        duration=call.duration,
        billsec=call.billsec,
    )


def _whole(at: datetime) -> datetime:
    """Records tell whole seconds."""
    return at.replace(microsecond=0)


class Accounts:
    """What the loops ask the product's `Vendors`: one account, one gateway."""

    def __init__(self, account_id: int, wire: Wire, extensions: frozenset[str]) -> None:
        self._id = account_id
        self._gateway = cast(Gateway, wire)
        self._readers = {account_id: Reader(wire.read, extensions, abandoned_without_extension=True)}

    async def gateway(self, account_id: int) -> Gateway | None:
        return self._gateway

    async def readers(self) -> dict[int, Reader]:
        return self._readers

    async def admitted(self, account_id: int) -> None:
        """Nobody is ever locked out here."""

    @property
    def as_vendors(self) -> Vendors:
        return cast(Vendors, self)
