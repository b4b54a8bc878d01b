"""The steering loop: brings the vendor's queue to what users want, and takes back whom it must not dial any more.

Our `pause` is the vendor's stop, `resume` its start, `stop` its stop and delete (TEL4VN contract section 8). A queue
cannot be asked what it holds and gives nobody back, so a customer is taken back by deleting the queue; those of its
others who did not ring are charged nothing and are fed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from campaigns import binding, dossiers, ledger, queue, shelf
from campaigns.models import Call, Campaign, Tenant
from campaigns.rows import columns_of, table
from campaigns.statements import ONE
from campaigns.timing import Timing
from campaigns.words import CallState, Mode, QueueState, Reason, Wanted
from dialer.database import Database, clock
from dialer.gateways import Gateway, GatewayError, LoginRefused, Misconfigured, terms_of
from dialer.logs import log
from dialer.vendors import Vendors

CALL = columns_of(Call)
CAMPAIGN = columns_of(Campaign)
find_queues = (
    select(table(Campaign))
    .where(
        or_(CAMPAIGN.mode == Mode.AUTODIALER, CAMPAIGN.mode == Mode.AUTOCALL),
        CAMPAIGN.queue_state != QueueState.ABSENT,
    )
    .order_by(CAMPAIGN.id)
)
find_tenant = select(table(Tenant)).where(columns_of(Tenant).id == bindparam("tenant"))


@dataclass(frozen=True, slots=True)
class Course:
    """What the vendor must be told about one campaign's queue, and why."""

    campaign: Any
    verb: str
    """`pause`, `resume`, `withdraw` or `block`."""
    why: Reason
    calls: Sequence[Any] = ()
    """Whom to block; a withdrawal concerns all that the vendor holds."""


class SteeringLoop:
    def __init__(self, database: Database, vendors: Vendors, timing: Timing) -> None:
        self._database = database
        self._vendors = vendors
        self._timing = timing
        self._log = log("steering")

    async def step(self, now: datetime) -> bool:
        """Tell the vendor everything that it must be told now; whether there was anything. What fails is tried again
        at the next step, until it is so."""
        courses = await self._database.read(plot, self._timing)
        for course in courses:
            gateway = await self._vendors.gateway(course.campaign.vendor_account_id)
            if gateway is not None:
                await self._steer(gateway, course)
        return bool(courses)

    async def _steer(self, gateway: Gateway, course: Course) -> None:
        campaign = course.campaign
        if course.verb == "withdraw" and not await self._database.write(close_the_door, self._timing, course):
            return
        try:
            await _tell(gateway, course)
        except LoginRefused as error:
            await self._vendors.locked_out(campaign.vendor_account_id, str(error))
            return
        except Misconfigured as error:
            await self._database.write(_pause, campaign.id, str(error))
            return
        except GatewayError as error:
            self._log.warning("vendor queue not reached", campaign=campaign.code, verb=course.verb, detail=str(error))
            return
        await self._database.write(arrived, self._timing, course)
        self._log.info("vendor queue", campaign=campaign.code, verb=course.verb, why=course.why.value)


async def _tell(gateway: Gateway, course: Course) -> None:
    terms = terms_of(course.campaign)
    match course.verb:
        case "pause":
            await gateway.pause_queue(terms)
        case "resume":
            await gateway.resume_queue(terms)
        case "withdraw":
            await gateway.withdraw_queue(terms)
        case "block":
            await gateway.block(terms, [call.reference for call in course.calls])


def plot(conn: Connection, timing: Timing) -> list[Course]:
    """Compare what is wanted with what the vendor holds, for every campaign with a queue."""
    now = clock(conn)
    found = [_course(conn, now, timing, row) for row in conn.execute(find_queues).all()]
    return [course for course in found if course is not None]


def _course(conn: Connection, now: datetime, timing: Timing, campaign: Any) -> Course | None:
    held = binding.at_vendor(conn, campaign)
    if campaign.wanted is Wanted.STOPPED or campaign.deleted_at is not None:
        return Course(campaign, "withdraw", Reason.NOT_RUNNING)
    if course := _taking_back(conn, now, timing, campaign, held):
        return course
    if campaign.wanted is Wanted.PAUSED and campaign.queue_state is QueueState.RUNNING:
        return Course(campaign, "pause", Reason.NOT_RUNNING)
    if campaign.wanted is Wanted.RUNNING and campaign.queue_state is QueueState.PAUSED:
        return Course(campaign, "resume", Reason.ROOM)
    if campaign.wanted is Wanted.RUNNING and not held and _finished(conn, campaign):
        return Course(campaign, "withdraw", Reason.NOT_RUNNING)
    return None


def _taking_back(conn: Connection, now: datetime, timing: Timing, campaign: Any, held: Sequence[Any]) -> Course | None:
    """How to take back fed calls that must not ring any more by the gate's own judgement, that waited far too long, or
    that an earlier step marked without coming to its end. Of an autocall queue the suppressed are skipped one by one,
    for good (contract section 8.3); in every other case the queue goes."""
    if not held:
        return None
    tenant = conn.execute(find_tenant, {"tenant": campaign.tenant_id}).one()
    waiting = [call for call in held if call.withdrawn_at is None]
    of = dossiers.brief(conn, tenant, campaign, shelf.find(conn, tenant.id, campaign.rulebook))
    forbidden = dossiers.forbidden(conn, now, timing, of, waiting) if waiting else {}
    barred = [call for call in waiting if forbidden.get(call.customer_id) is Reason.SUPPRESSED]
    if campaign.mode is Mode.AUTOCALL and forbidden and len(barred) == len(forbidden):
        return Course(campaign, "block", Reason.SUPPRESSED, barred)
    if forbidden or _waited(now, timing, campaign, waiting) or _unfinished(held):
        return Course(campaign, "withdraw", Reason.TAKEN_BACK)
    return None


def _waited(now: datetime, timing: Timing, campaign: Any, waiting: Sequence[Any]) -> bool:
    """Whether a running queue holds somebody whom the vendor should have dialed long ago."""
    stale = now - timing.unsure_grace
    placed = [call for call in waiting if call.state is CallState.PLACED]
    return campaign.queue_state is QueueState.RUNNING and any(call.placed_at <= stale for call in placed)


def _unfinished(held: Sequence[Any]) -> bool:
    """Whether somebody was marked for a withdrawal of which the vendor has not been told yet."""
    return any(call.withdrawn_at is not None and call.check_at is None for call in held)


def close_the_door(conn: Connection, timing: Timing, course: Course) -> bool:
    """Mark what the vendor holds, which stops all feeding; whether the wire is clear, so that nothing that was sent
    before the withdrawal can arrive after it. Until the vendor was told, nobody may conclude that these never rang:
    they are not checked. Where another process has taken the queue back meanwhile, there is nothing to mark: nobody
    looks after what was marked once the queue is gone."""
    now = clock(conn)
    _, _, campaign = queue.lock(conn, course.campaign.tenant_id, course.campaign.id)
    if campaign.queue_state is QueueState.ABSENT:
        return False
    conn.execute(_those(_fed(conn, course.campaign)).values(withdrawn_at=now, check_at=None))
    on_wire = select(CALL.id).where(
        _live(course.campaign),
        CALL.state == CallState.INTENDED,
        CALL.intended_at > now - timing.first_check,
    )
    return conn.execute(on_wire.limit(ONE)).first() is None


def _fed(conn: Connection, campaign: Any) -> list[int]:
    """The calls that the vendor holds and has not dialed, locked in the order of their ids, as whoever settles them
    does: an update alone would lock them in any order."""
    held = select(CALL.id).where(_live(campaign), binding.UNDIALED).order_by(CALL.id)
    return list(conn.scalars(held.with_for_update(key_share=True)))


def _those(call_ids: Sequence[int]) -> Any:
    return update(table(Call)).where(CALL.id.in_(call_ids))


def _live(campaign: Any) -> Any:
    return binding.live_of(campaign.tenant_id, campaign.vendor_account_id, campaign.id)


def _finished(conn: Connection, campaign: Any) -> bool:
    return queue.nobody_waits(conn, campaign) and binding.nobody_lives(conn, campaign)


def arrived(conn: Connection, timing: Timing, course: Course) -> None:
    """The vendor did as told: write it, and look after those who were taken back once the grace is over."""
    now = clock(conn)
    campaign = conn.execute(
        select(table(Campaign)).where(CAMPAIGN.id == course.campaign.id).with_for_update(key_share=True)
    ).one()
    states = {"pause": QueueState.PAUSED, "resume": QueueState.RUNNING, "withdraw": QueueState.ABSENT}
    if course.verb in states:
        ledger.queue_became(conn, now, campaign, states[course.verb], "engine")
    if course.verb in ("withdraw", "block"):
        meant = {call.id for call in course.calls}
        taken = [call for call in _fed(conn, campaign) if course.verb == "withdraw" or call in meant]
        conn.execute(_those(taken).values(withdrawn_at=now, check_at=now + timing.take_back_grace, checks=0))


def _pause(conn: Connection, campaign_id: int, detail: str) -> None:
    ledger.pause(conn, clock(conn), campaign_id, Reason.MISCONFIGURED, detail)
