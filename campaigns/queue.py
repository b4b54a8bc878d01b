"""Whose turn is it? The claim: a transaction that locks before it counts, and leases customers for a minute.

A limit counted in the statement that also claims is counted on a snapshot older than its own lock, and four
connections then place four times the limit. So the first statement locks the tenant, the vendor account and the
campaign, in this order, and only later ones count. The locks are those of an update that leaves the keys alone: what
refers to these rows can be written meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, update

from campaigns import agents
from campaigns.breaker import Breaker
from campaigns.models import Call, Campaign, Customer, Tenant, VendorAccount
from campaigns.rows import columns_of, table
from campaigns.timing import Timing
from campaigns.words import LIVE_STATES, OUR_ORIGINS, WAITING_STATUSES, CallState, Mode, Wanted

CALL = columns_of(Call)
CAMPAIGN = columns_of(Campaign)
CUSTOMER = columns_of(Customer)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the ceilings are measured against, counted under the lock. Leased customers count as calls."""

    campaign_live: int
    unanswered: int
    """Of the campaign's: not yet known to be answered, leases included."""
    in_conversation_unseen: int
    """Answered calls of which no agent is known yet: each of them keeps one of ours busy."""
    account_live: int
    tenant_live: int
    agents_available: int
    channels: int | None
    reserve: int
    tenant_limit: int | None
    share: int | None
    """Channels that are this campaign's by weight among the account's running campaigns with somebody due."""
    owed: int
    """Channels that the other such campaigns have not used of theirs."""
    leased: int
    my_turn: bool
    """Whether a free channel is this campaign's where there are fewer of them than campaigns that want one."""
    feeding_blocked: bool
    """A queue that is being taken back must not be fed."""
    resumes_at: datetime | None
    breaker: Breaker


def lock(conn: Connection, tenant_id: int, campaign_id: int) -> tuple[Any, Any, Any]:
    """Lock tenant, vendor account and campaign in this order, and read them: the first statements of every claim."""
    tenant = conn.execute(
        select(table(Tenant)).where(columns_of(Tenant).id == tenant_id).with_for_update(key_share=True)
    ).one()
    account_id = conn.scalar(
        select(CAMPAIGN.vendor_account_id).where(CAMPAIGN.tenant_id == tenant_id, CAMPAIGN.id == campaign_id)
    )
    columns = columns_of(VendorAccount)
    account = conn.execute(
        select(table(VendorAccount)).where(columns.id == account_id).with_for_update(key_share=True)
    ).one()
    campaign = conn.execute(
        select(table(Campaign)).where(CAMPAIGN.id == campaign_id).with_for_update(key_share=True)
    ).one()
    return tenant, account, campaign


def snapshot(conn: Connection, now: datetime, timing: Timing, tenant: Any, account: Any, campaign: Any) -> Snapshot:
    """Count what the ceilings need. Call it only after `lock`."""
    live = _live_by_campaign(conn, tenant.id)
    leased = _leased_by_campaign(conn, now, tenant.id)
    mine, lease = live.get(campaign.id, (0, 0, 0)), leased.get(campaign.id, 0)
    on_account = _campaigns_of(conn, account.id)
    shares = _shares(account, campaign, _running_siblings(conn, now, account.id))
    used = {other: live.get(other, (0, 0, 0))[0] + leased.get(other, 0) for other in shares}
    free = agents.available(conn, now, timing, tenant.id, campaign.id) if campaign.mode.uses_agents else []
    return Snapshot(
        campaign_live=mine[0] + lease,
        unanswered=mine[1] + lease,
        in_conversation_unseen=mine[2],
        account_live=_account_live(conn, account.id) + sum(n for c, n in leased.items() if c in on_account),
        tenant_live=sum(total for total, _, _ in live.values()) + sum(leased.values()),
        agents_available=len(free),
        channels=account.channels,
        reserve=account.reserve,
        tenant_limit=tenant.max_live_calls,
        share=shares.get(campaign.id),
        owed=sum(max(share - used[other], 0) for other, share in shares.items() if other != campaign.id),
        leased=lease,
        my_turn=_my_turn(now, campaign, shares, used),
        feeding_blocked=_taking_back(conn, campaign),
        resumes_at=account.placing_resumes_at,
        breaker=Breaker.from_json(account.breaker.get(campaign.hotline or "")),
    )


def _live_by_campaign(conn: Connection, tenant_id: int) -> dict[int, tuple[int, int, int]]:
    answered = CALL.state == CallState.ANSWERED
    nobody = and_(answered, CALL.extension.is_(None), CALL.agent_id.is_(None), CALL.mode == Mode.AUTODIALER)
    counted = (
        select(
            CALL.campaign_id,
            func.count(),
            func.count().filter(~answered),
            func.count().filter(nobody),
        )
        .where(CALL.tenant_id == tenant_id, CALL.state.in_(LIVE_STATES), CALL.origin.in_(OUR_ORIGINS))
        .group_by(CALL.campaign_id)
    )
    return {campaign: (total, ringing, unseen) for campaign, total, ringing, unseen in conn.execute(counted)}


def _leased_by_campaign(conn: Connection, now: datetime, tenant_id: int) -> dict[int, int]:
    counted = (
        select(CUSTOMER.campaign_id, func.count())
        .where(CUSTOMER.tenant_id == tenant_id, CUSTOMER.lease_token.is_not(None), CUSTOMER.lease_until > now)
        .group_by(CUSTOMER.campaign_id)
    )
    return dict(conn.execute(counted).all())


def _account_live(conn: Connection, account_id: int) -> int:
    """Every live call on the account's channels, inbound and hand-dialled ones too."""
    counted = select(func.count()).where(CALL.vendor_account_id == account_id, CALL.state.in_(LIVE_STATES))
    return int(conn.scalar(counted) or 0)


def _campaigns_of(conn: Connection, account_id: int) -> set[int]:
    return set(conn.scalars(select(CAMPAIGN.id).where(CAMPAIGN.vendor_account_id == account_id)))


def _running_siblings(conn: Connection, now: datetime, account_id: int) -> list[Any]:
    """The running campaigns of an account that have somebody due."""
    somebody = select(CUSTOMER.id).where(
        CUSTOMER.tenant_id == CAMPAIGN.tenant_id,
        CUSTOMER.campaign_id == CAMPAIGN.id,
        CUSTOMER.status.in_(WAITING_STATUSES),
        CUSTOMER.open_call_id.is_(None),
        CUSTOMER.due_at <= now,
    )
    chosen = select(CAMPAIGN.id, CAMPAIGN.weight).where(
        CAMPAIGN.vendor_account_id == account_id,
        CAMPAIGN.wanted == Wanted.RUNNING,
        CAMPAIGN.deleted_at.is_(None),
        somebody.exists(),
    )
    return list(conn.execute(chosen.order_by(CAMPAIGN.id)))


def _shares(account: Any, campaign: Any, siblings: Sequence[Any]) -> dict[int, int]:
    """Channels by weight, at least one each, so that none starves; nothing to share where channels are unlimited."""
    if account.channels is None:
        return {}
    usable = max(account.channels - account.reserve, 0)
    weights = {sibling.id: sibling.weight for sibling in siblings} | {campaign.id: campaign.weight}
    return {other: max(usable * weight // sum(weights.values()), 1) for other, weight in weights.items()}


def _my_turn(now: datetime, campaign: Any, shares: dict[int, int], used: dict[int, int]) -> bool:
    """Campaigns that have less than their share take turns, a second each: so none starves where channels are fewer
    than campaigns, and one that cannot use its turn (no agent is there) holds nobody up for longer."""
    wanting = sorted(other for other, share in shares.items() if used[other] < share)
    return campaign.id not in wanting or wanting[int(now.timestamp()) % len(wanting)] == campaign.id


def _taking_back(conn: Connection, campaign: Any) -> bool:
    pending = select(CALL.id).where(
        CALL.tenant_id == campaign.tenant_id,
        CALL.campaign_id == campaign.id,
        CALL.state.in_(LIVE_STATES),
        CALL.withdrawn_at.is_not(None),
    )
    return conn.execute(pending.limit(1)).first() is not None


def claim(conn: Connection, now: datetime, timing: Timing, campaign: Any, count: int, token: str) -> list[Any]:
    """Lease up to `count` due customers of a campaign to the holder of `token`; their rows, in order of turn."""
    if count <= 0:
        return []
    due = (
        select(table(Customer))
        .where(
            CUSTOMER.tenant_id == campaign.tenant_id,
            CUSTOMER.campaign_id == campaign.id,
            CUSTOMER.status.in_(WAITING_STATUSES),
            CUSTOMER.open_call_id.is_(None),
            CUSTOMER.due_at <= now,
            or_(CUSTOMER.lease_token.is_(None), CUSTOMER.lease_until <= now),
        )
        .order_by(CUSTOMER.priority, CUSTOMER.due_at, CUSTOMER.id)
        .limit(count)
        .with_for_update(skip_locked=True, key_share=True)
    )
    chosen = list(conn.execute(due))
    leases = update(table(Customer)).where(CUSTOMER.id.in_([row.id for row in chosen]))
    if chosen:
        conn.execute(leases.values(lease_token=token, lease_until=now + timing.lease))
    return chosen


def held(conn: Connection, now: datetime, tenant_id: int, token: str, customer_ids: Sequence[int]) -> list[Any]:
    """Of these customers, those still leased under `token`, locked in id order."""
    mine = select(table(Customer)).where(
        CUSTOMER.tenant_id == tenant_id,
        CUSTOMER.id.in_(list(customer_ids)),
        CUSTOMER.lease_token == token,
        CUSTOMER.lease_until > now,
        # An earlier call of his may have turned out, since the claim, to have rung after all.
        CUSTOMER.open_call_id.is_(None),
    )
    return list(conn.execute(mine.order_by(CUSTOMER.id).with_for_update(key_share=True)))


def release(conn: Connection, tenant_id: int, token: str) -> int:
    """Give back every lease under `token` unused; how many. Nothing else of the customer changes."""
    mine = update(table(Customer)).where(CUSTOMER.tenant_id == tenant_id, CUSTOMER.lease_token == token)
    return conn.execute(mine.values(lease_token=None, lease_until=None)).rowcount


def expire(conn: Connection, now: datetime) -> int:
    """Take back the leases of workers that died; how many."""
    over = and_(CUSTOMER.lease_token.is_not(None), CUSTOMER.lease_until <= now)
    return conn.execute(update(table(Customer)).where(over).values(lease_token=None, lease_until=None)).rowcount


def running(conn: Connection) -> list[Any]:
    """The campaigns that are wanted running, of all tenants."""
    chosen = select(table(Campaign)).where(CAMPAIGN.wanted == Wanted.RUNNING, CAMPAIGN.deleted_at.is_(None))
    return list(conn.execute(chosen.order_by(CAMPAIGN.id)))


def next_due(conn: Connection, campaign: Any) -> datetime | None:
    """When the next waiting customer's turn is, None where nobody waits."""
    waiting = select(func.min(CUSTOMER.due_at)).where(
        CUSTOMER.tenant_id == campaign.tenant_id,
        CUSTOMER.campaign_id == campaign.id,
        CUSTOMER.status.in_(WAITING_STATUSES),
        CUSTOMER.open_call_id.is_(None),
    )
    due: datetime | None = conn.scalar(waiting)
    return due


def nobody_waits(conn: Connection, campaign: Any) -> bool:
    """Whether every customer of a campaign is final."""
    waiting = select(CUSTOMER.id).where(
        CUSTOMER.tenant_id == campaign.tenant_id,
        CUSTOMER.campaign_id == campaign.id,
        CUSTOMER.status.in_(WAITING_STATUSES),
    )
    return conn.execute(waiting.limit(1)).first() is None
