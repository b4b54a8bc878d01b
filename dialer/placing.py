"""The placing loop: pacing -> claim -> gate -> intent (commit) -> gateway -> ledger.

An intent runs ahead of the wire by twenty calls a campaign at most, so that a crash leaves few hand-overs to be asked
after. The next are claimed while the vendor's answers to the last are written, and of those too there are never many.
Only this process, which knows that it wrote nothing, may release an intent as never sent.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Protocol

from campaigns import queue
from campaigns.timing import Timing
from campaigns.words import Reason
from dialer.answering import Answering
from dialer.database import DATABASE_ERRORS, Database
from dialer.gateways import Gateway, NotPlaced, Order, Placed, Placing, Unsure, terms_of
from dialer.handovers import Answered, Handover, choose, commit
from dialer.logs import log, under
from dialer.metrics import Metrics, timed
from dialer.vendors import Vendors

AHEAD_OF_WIRE = 20
REFILL_AT = AHEAD_OF_WIRE // 2
"""With so many left ahead the loop is woken; a claim for one call costs nearly as much as one for ten."""
UNWRITTEN = 2 * AHEAD_OF_WIRE
"""Of so many orders the ledger may not know the answer yet."""
# Seconds after which the vendor's answer to a placing is said to be slow.
SLOW_ANSWER = 1.0


class Starts(Protocol):
    """What a hand-over is started with: a task group, or a scheduler that gives each its turn."""

    def start_soon(self, work: Callable[..., Coroutine[Any, Any, Any]], /, *args: Any) -> object: ...


class PlacingLoop:
    """`step` starts hand-overs and does not wait for the vendor: what is on the wire counts as live meanwhile.

    `room` is called when the vendor has answered half of a campaign's orders. Somebody must run `answering`.
    """

    def __init__(
        self,
        database: Database,
        vendors: Vendors,
        timing: Timing,
        tasks: Starts,
        metrics: Metrics,
        room: Callable[[], object] = lambda: None,
    ) -> None:
        self._database = database
        self._vendors = vendors
        self._timing = timing
        self._tasks = tasks
        self._metrics = metrics
        self._room = room
        self.answering = Answering(database, timing, self._written)
        self._ahead: Counter[int] = Counter()
        self._on_wire: Counter[int] = Counter()
        self._just_placed: set[int] = set()
        self._known: Sequence[Any] = ()
        self._because: dict[int, Reason] = {}
        self._log = log("placing")

    @property
    def on_wire(self) -> int:
        """How many orders wait for the vendor's answer, or the answer for the ledger."""
        return self._on_wire.total()

    async def step(self, now: datetime) -> bool:
        """One look at every running campaign; whether anything was placed."""
        placed: set[int] = set()
        campaigns = self._known or await self._database.read(queue.running)
        for campaign in campaigns:
            wish = self._wish(campaign.id)
            if wish <= 0:
                continue
            gateway = await self._vendors.gateway(campaign.vendor_account_id)
            handover = await self._prepare(campaign, wish) if gateway is not None else None
            if gateway is not None and handover is not None and handover.orders:
                placed.add(campaign.id)
                self._start(gateway, handover)
        self._just_placed = placed
        # The next look comes at once and mostly finds no room. It can do without reading; a claim reads anew what it
        # claims for.
        self._known = campaigns if placed and not self._known else ()
        return bool(placed)

    def _wish(self, campaign_id: int) -> int:
        """How many orders there is room for; none where it is worth while to wait for more room."""
        wish = min(AHEAD_OF_WIRE - self._ahead[campaign_id], UNWRITTEN - self._on_wire[campaign_id])
        # After a step in which it placed nothing any room is taken: the vendor may leave most requests hanging.
        return 0 if campaign_id in self._just_placed and wish < AHEAD_OF_WIRE - REFILL_AT else wish

    async def _prepare(self, campaign: Any, wish: int) -> Handover | None:
        token = secrets.token_hex(16)
        with timed(self._metrics.claim_seconds):
            claimed, because = await self._database.write(choose, self._timing, campaign, wish, token)
        self._say_why(campaign, because)
        if not claimed:
            return None
        return await self._database.write(commit, self._timing, campaign, claimed, token)

    def _say_why(self, campaign: Any, because: Reason) -> None:
        if self._because.get(campaign.id) != because:
            self._because[campaign.id] = because
            self._log.info("allotment", campaign=campaign.code, because=because.value)

    def _start(self, gateway: Gateway, handover: Handover) -> None:
        """Click-to-call is one request a call; a queue is fed with all of them in one."""
        orders = list(handover.orders.items())
        parts = [orders] if handover.campaign.mode.queued else [[one] for one in orders]
        for part in parts:
            self._ahead[handover.campaign.id] += len(part)
            self._on_wire[handover.campaign.id] += len(part)
            self._tasks.start_soon(self._hand_over, gateway, handover.campaign, part)

    async def _hand_over(self, gateway: Gateway, campaign: Any, part: Sequence[tuple[int, Order]]) -> None:
        """Nothing here may ask the database before the answers are at hand: what escapes ends the process, and the
        intents of this part would have to be asked after."""
        # The vendor hears the id of the request that ordered the call, or else our name for the call.
        request_id = part[0][1].request_id or part[0][1].reference
        with under(request_id), timed(self._metrics.place_seconds) as seconds:
            answers = await gateway.place(terms_of(campaign), [order for _, order in part])
            if (took := seconds()) >= SLOW_ANSWER:
                self._log.warning("slow answer", campaign=campaign.code, seconds=round(took, 1), orders=len(part))
        calls = {order.reference: call for call, order in part}
        customers = {order.reference: order.cleared.customer_id for _, order in part}
        self.answering.take(Answered(campaign, calls, answers, customers))
        self._ahead[campaign.id] -= len(part)
        if self._ahead[campaign.id] <= REFILL_AT:
            self._room()

    async def _written(self, answered: Answered) -> None:
        """The ledger holds these answers: there may be as many more."""
        self._on_wire[answered.campaign.id] -= len(answered.calls)
        if self._on_wire[answered.campaign.id] <= UNWRITTEN - AHEAD_OF_WIRE:
            self._room()
        self._tell(answered)
        await self._judge(answered.campaign, answered.answers)

    async def _judge(self, campaign: Any, answers: Sequence[Placing]) -> None:
        """Whether the vendor lets us in. Where that cannot be written, the next request tells it again."""
        first = answers[0]
        try:
            if isinstance(first, NotPlaced) and first.locked_out:
                await self._vendors.locked_out(campaign.vendor_account_id, first.detail)
            if isinstance(first, Placed):
                await self._vendors.admitted(campaign.vendor_account_id)
        except DATABASE_ERRORS as error:
            self._log.error("log-in not noted", detail=str(getattr(error, "orig", error)))

    def _tell(self, answered: Answered) -> None:
        for answer in answered.answers:
            reference = answer.reference
            names = {"call": answered.calls[reference], "customer": answered.customers[reference]}
            told = {"campaign": answered.campaign.code, "reference": reference} | names
            self._metrics.placed.labels("placed" if isinstance(answer, Placed) else answer.reason.value).inc()
            if isinstance(answer, Placed):
                self._log.info("placed", **told)
            else:
                word = "unsure" if isinstance(answer, Unsure) else "not placed"
                self._log.warning(word, **told, reason=answer.reason.value, detail=answer.detail)
