"""The queue and the ledger as a plain Python model: what a careful clerk with a notebook would have written down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campaigns.timing import Timing
from campaigns.words import Outcome, Reason, Status

TIMING = Timing()
WAITING = (Status.NEW, Status.QUEUE)
STATUS_OF = {
    Outcome.ANSWERED: Status.ANSWERED,
    Outcome.BUSY: Status.BUSY,
    Outcome.NO_ANSWERED: Status.NO_ANSWERED,
    Outcome.CANCEL: Status.CANCEL,
    Outcome.NOT_AVAILABLE: Status.FAIL,
    Outcome.INVALID: Status.FAIL,
    Outcome.UNKNOWN: Status.UNKNOWN,
}


@dataclass(slots=True)
class Rules:
    """A campaign's own: recalls after the first attempt, seconds that count as talk, seconds to the next recall."""

    campaign_id: int
    run_id: int
    click_to_call: bool
    max_recall: int
    min_talk: int = 3
    recall_delay: timedelta = timedelta(seconds=60)


@dataclass(slots=True)
class Oath:
    """A promised call, and the line of the call that keeps it or was the last to try."""

    at: datetime
    ring_id: int | None = None


@dataclass(slots=True)
class Page:
    """A customer's page in the notebook."""

    id: int
    person_id: int
    phones: Sequence[str]
    rules: Rules
    run_id: int
    priority: int
    due_at: datetime
    status: Status = Status.NEW
    reason: Reason | None = None
    attempts: int = 0
    attempts_in_all: int = 0
    declines: int = 0
    open_call_id: int | None = None
    lease_token: str | None = None
    lease_until: datetime | None = None
    late_rings: int = 0
    promises: int = 0
    """How often he was promised a call: so many attempts more than his recalls he may have."""
    oath: "Oath | None" = None
    """What he is promised; `priority` is his list's all the same."""

    @property
    def place(self) -> tuple[bool, int]:
        return (True, self.priority) if self.oath is None else (False, 0)

    def leased(self, now: datetime) -> bool:
        return self.lease_token is not None and self.lease_until is not None and self.lease_until > now

    def due(self, now: datetime) -> bool:
        free = self.open_call_id is None and not self.leased(now)
        return self.status in WAITING and free and self.due_at <= now

    def unlease(self) -> None:
        self.lease_token = self.lease_until = None

    def wait(self, due_at: datetime, reason: Reason) -> None:
        self.status = Status.QUEUE if self.attempts else Status.NEW
        self.due_at, self.reason = due_at, reason

    def end(self, status: Status, reason: Reason) -> None:
        self.status, self.reason = status, reason
        if reason in (Reason.WITHDRAWN, Reason.VENDOR_DECLINED):
            self.oath = None

    def keep_the_appointment(self, uncertain: bool, now: datetime) -> None:
        """What his call made of him gives way to what he was promised, but not sooner than is safe."""
        if self.oath is None:
            return
        if self.status not in WAITING:
            due_at, reason = now + TIMING.unknown_recall_delay, Reason.RECALL
        else:
            due_at, reason = self.due_at, self.reason or Reason.RECALL
        if not uncertain or due_at <= self.oath.at:
            due_at, reason = self.oath.at, Reason.CALLBACK
        self.wait(due_at, reason)


@dataclass(slots=True)
class Ring:
    """A call's line in the notebook. `live`: a telephone may be ringing. `over`: nothing more is awaited."""

    id: int
    customer_id: int
    person_id: int
    phone: str
    agent_id: int | None
    run_id: int
    live: bool = True
    over: bool = False
    charged: bool = True
    rang: bool = False
    recorded: bool = False
    guessed: bool = False
    released: Reason | None = None
    outcome: Outcome | None = None

    @property
    def takes_a_release(self) -> bool:
        return self.live and not self.rang


@dataclass(slots=True)
class Notebook:
    pages: dict[int, Page] = field(default_factory=dict)
    rings: dict[int, Ring] = field(default_factory=dict)
    oaths: list[Oath] = field(default_factory=list)
    """Those that a call keeps, or kept until we learned that it never rang."""

    def turn(self, campaign_id: int, now: datetime) -> list[int]:
        """Whose turn it is, in order."""
        due = [page for page in self.pages.values() if page.rules.campaign_id == campaign_id and page.due(now)]
        return [page.id for page in sorted(due, key=lambda page: (page.place, page.due_at, page.id))]

    def held(self, token: str, now: datetime) -> list[Page]:
        # Whose earlier call turned out to ring after all is held by nobody until that is settled.
        mine = [page for page in self.pages.values() if page.lease_token == token and page.leased(now)]
        return [page for page in mine if page.open_call_id is None]

    def lease(self, ids: Iterable[int], token: str, now: datetime) -> None:
        for one in ids:
            self.pages[one].lease_token, self.pages[one].lease_until = token, now + TIMING.lease

    def in_the_way(self, phone: str, person_id: int, agent_id: int | None) -> bool:
        """Whether a live call already has this number, this person or this agent."""
        return any(
            ring.live
            and (ring.phone == phone or ring.person_id == person_id or (agent_id and ring.agent_id == agent_id))
            for ring in self.rings.values()
        )

    def place(self, ring: Ring) -> None:
        page = self.pages[ring.customer_id]
        self.rings[ring.id] = ring
        page.status, page.reason, page.open_call_id = Status.QUEUE, None, ring.id
        page.attempts += 1
        page.attempts_in_all += 1
        page.unlease()
        if page.oath is not None:
            page.oath.ring_id = ring.id
            self.oaths.append(page.oath)
            page.oath = None

    def promise(self, page: Page, at: datetime) -> None:
        page.oath = Oath(at)
        page.promises += 1
        page.wait(at, Reason.CALLBACK)
        page.status = Status.QUEUE if page.open_call_id else page.status
        page.unlease()

    def lose(self, page: Page, now: datetime) -> None:
        """Somebody else's call is in the way."""
        page.due_at, page.reason = now + TIMING.busy_delay, Reason.NUMBER_BUSY
        page.unlease()

    def release(self, ring: Ring, reason: Reason, now: datetime) -> None:
        """It certainly did not ring."""
        ring.live, ring.over, ring.released = False, True, reason
        self._charge(ring, False)
        page = self._follows(ring)
        if page is None:
            return
        page.declines += reason is Reason.DECLINED
        waits = {Reason.DECLINED: TIMING.decline_delay, Reason.UNREACHABLE: TIMING.unreachable_delay}
        if page.declines >= 3:
            page.end(Status.FAIL, Reason.VENDOR_DECLINED)
        else:
            page.wait(now + waits.get(reason, timedelta(0)), reason)
            page.keep_the_appointment(True, now)

    def ring(self, ring: Ring) -> None:
        """It rings; also where we were told that it would not."""
        ring.rang = True
        if ring.released:
            ring.released, ring.over = None, False
            self._charge(ring, True)
            page = self.pages[ring.customer_id]
            page.late_rings += 1
            if page.open_call_id is None and ring.id == self._newest(ring.customer_id):
                page.open_call_id = ring.id

    def end(self, ring: Ring, outcome: Outcome, talk: int, ended_at: datetime, guessed: bool = False) -> None:
        """It is over, and how it ended is known or guessed."""
        if ring.released:
            self.ring(ring)
        page = self.pages[ring.customer_id]
        missed = outcome is Outcome.INVALID and page.rules.click_to_call
        ring.live, ring.over, ring.rang, ring.guessed = False, True, ring.rang or not guessed, guessed
        ring.recorded = not guessed
        known, ring.outcome = ring.outcome, outcome
        if known is outcome and ring.charged is not missed:
            return
        self._charge(ring, not missed)
        followed = self._follows(ring)
        if followed is not None:
            followed.declines = 0
            _after(followed, outcome, talk, ended_at, missed)
            followed.keep_the_appointment(missed or outcome is Outcome.UNKNOWN, ended_at)

    def _charge(self, ring: Ring, charged: bool) -> None:
        page, delta = self.pages[ring.customer_id], int(charged) - int(ring.charged)
        page.attempts_in_all += delta
        if page.run_id == ring.run_id:
            page.attempts += delta
        ring.charged = charged
        for oath in [one for one in self.oaths if delta and one.ring_id == ring.id]:
            self._turn(page, ring, oath)

    def _turn(self, page: Page, ring: Ring, oath: Oath) -> None:
        """The call that was to keep this oath rang after all, or never did."""
        if ring.charged:
            page.oath = None if page.oath is oath else page.oath
            return
        since = [one.id for one in self.rings.values() if one.customer_id == page.id and one.charged]
        if page.oath is not oath and max(since, default=0) > ring.id:
            oath.ring_id = max(since)
        elif page.reason is not Reason.WITHDRAWN and page.oath is None:
            page.oath = oath
        elif page.oath is not oath:
            self.oaths.remove(oath)

    def _newest(self, customer_id: int) -> int:
        return max(ring.id for ring in self.rings.values() if ring.customer_id == customer_id)

    def _follows(self, ring: Ring) -> Page | None:
        """The page on which the end of this call is written, unless a later call or decision already is."""
        page = self.pages[ring.customer_id]
        if page.open_call_id not in (None, ring.id) or ring.id != self._newest(page.id):
            return None
        page.open_call_id = None
        return None if page.reason is Reason.WITHDRAWN or page.run_id != ring.run_id else page


def _after(page: Page, outcome: Outcome, talk: int, ended_at: datetime, missed: bool) -> None:
    rules = page.rules
    if missed:
        page.wait(ended_at + TIMING.missed_delay, Reason.AGENT_MISSED)
    elif outcome is Outcome.ANSWERED and talk >= rules.min_talk:
        page.end(Status.ANSWERED, Reason.SPOKE)
    elif page.attempts > rules.max_recall:
        page.end(STATUS_OF[outcome], Reason.RECALLS_USED_UP)
    elif outcome is Outcome.UNKNOWN:
        page.wait(ended_at + TIMING.unknown_recall_delay, Reason.RECALL)
    else:
        page.wait(ended_at + rules.recall_delay, Reason.TOO_SHORT if outcome is Outcome.ANSWERED else Reason.RECALL)
