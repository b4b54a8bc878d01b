"""Whose turn is it? The claim: a transaction that locks before it counts, and leases customers for a minute.

A limit counted in the statement that also claims is counted on a snapshot older than its own lock, and four
connections then place four times the limit. So the first statement locks the tenant, the vendor account and the
campaign, in this order, and only later ones count. The locks are those of an update that leaves the keys alone: what
refers to these rows can be written meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Integer, Select, and_, bindparam, func, literal_column, or_, select, update

from campaigns import agents
from campaigns.breaker import Breaker
from campaigns.models import Call, Campaign, Customer, Tenant, VendorAccount
from campaigns.rows import LIVE, OURS, WAITING, columns_of, table
from campaigns.statements import NONE_LEFT_OUT, ONE, Find, Update, aside, own
from campaigns.timing import Timing
from campaigns.words import CallState, Mode, Wanted

CALL = columns_of(Call)
CAMPAIGN = columns_of(Campaign)
CUSTOMER = columns_of(Customer)
# A claim looks at so many priorities one by one, and at those that are left in one go.
PRIORITIES = 50
EVER = datetime(1970, 1, 1, tzinfo=UTC)

WAITS: Sequence[Any] = (
    CUSTOMER.tenant_id == bindparam("tenant_id"),
    CUSTOMER.campaign_id == bindparam("campaign_id"),
    WAITING,
    CUSTOMER.open_call_id.is_(None),
)


def _lock(model: Any, *conditions: Any) -> Select[Any]:
    return select(table(model)).where(*conditions).with_for_update(key_share=True)


lock_tenant = _lock(Tenant, columns_of(Tenant).id == bindparam("tenant_id"))
lock_account = _lock(
    VendorAccount,
    columns_of(VendorAccount).id
    == select(CAMPAIGN.vendor_account_id)
    .where(CAMPAIGN.tenant_id == bindparam("tenant_id"), CAMPAIGN.id == bindparam("campaign_id"))
    .scalar_subquery(),
)
lock_campaign = _lock(Campaign, CAMPAIGN.id == bindparam("campaign_id"))

answered = CALL.state == CallState.ANSWERED
seen_with_nobody = and_(answered, CALL.extension.is_(None), CALL.agent_id.is_(None), CALL.mode == Mode.AUTODIALER)
# An index that gives the campaigns in order holds every call that ever was.
by_campaign = aside(CALL.campaign_id)
count_live = (
    select(by_campaign, func.count(), func.count().filter(~answered), func.count().filter(seen_with_nobody))
    .where(CALL.tenant_id == bindparam("tenant_id"), LIVE, OURS)
    .group_by(by_campaign)
)
count_leased = (
    select(CUSTOMER.campaign_id, func.count())
    .where(
        CUSTOMER.tenant_id == bindparam("tenant_id"),
        CUSTOMER.lease_token.is_not(None),
        CUSTOMER.lease_until > bindparam("now"),
    )
    .group_by(CUSTOMER.campaign_id)
)
count_on_account = select(func.count()).where(
    CALL.tenant_id == bindparam("tenant_id"), CALL.vendor_account_id == bindparam("account_id"), LIVE
)
find_campaigns = select(CAMPAIGN.id).where(CAMPAIGN.vendor_account_id == bindparam("account_id"))
find_siblings = (
    select(CAMPAIGN.id, CAMPAIGN.weight)
    .where(
        CAMPAIGN.vendor_account_id == bindparam("account_id"),
        CAMPAIGN.wanted == Wanted.RUNNING,
        CAMPAIGN.deleted_at.is_(None),
        select(CUSTOMER.id)
        .where(
            CUSTOMER.tenant_id == CAMPAIGN.tenant_id,
            CUSTOMER.campaign_id == CAMPAIGN.id,
            WAITING,
            CUSTOMER.open_call_id.is_(None),
            CUSTOMER.due_at <= bindparam("now"),
        )
        # Without the offset PostgreSQL would join, and without the order look through the table, to find one of them.
        .order_by(CUSTOMER.priority, CUSTOMER.due_at, CUSTOMER.id)
        .limit(ONE)
        .offset(NONE_LEFT_OUT)
        .exists(),
    )
    .order_by(CAMPAIGN.id)
)
find_withdrawn = (
    select(CALL.id)
    .where(
        CALL.tenant_id == bindparam("tenant_id"),
        CALL.vendor_account_id == bindparam("account_id"),
        CALL.campaign_id == bindparam("campaign_id"),
        LIVE,
        CALL.withdrawn_at.is_not(None),
    )
    .limit(ONE)
)


def _priorities() -> Select[Any]:
    """The priorities of those who wait, each found from the one before it: a step in the index, however many wait."""
    # By order and limit, not by `min`: of a new list PostgreSQL knows too little to see that an index has the smallest.
    smallest = select(CUSTOMER.priority).where(*WAITS).order_by(CUSTOMER.priority, CUSTOMER.due_at, CUSTOMER.id)
    first = select(smallest.limit(ONE).scalar_subquery().label("priority")).cte("turns", recursive=True)
    following = smallest.where(CUSTOMER.priority > first.c.priority).limit(ONE)
    turns = first.union_all(select(following.scalar_subquery()).where(first.c.priority.is_not(None)))
    return select(turns.c.priority).where(turns.c.priority.is_not(None)).limit(literal_column(str(PRIORITIES)))


def _due(of_priority: Any) -> Select[Any]:
    """Those whose turn it is, the longest due first. The number of rows stands in the text: a plan for any number of
    rows would be one for very many."""
    now: Any = bindparam("now")
    free = or_(CUSTOMER.lease_token.is_(None), CUSTOMER.lease_until <= now)
    return (
        select(table(Customer))
        .where(*WAITS, of_priority, CUSTOMER.due_at <= now, free)
        .order_by(CUSTOMER.priority, CUSTOMER.due_at, CUSTOMER.id)
        .limit(bindparam("at_most", type_=Integer(), literal_execute=True))
        .with_for_update(skip_locked=True, key_share=True)
    )


find_priorities = _priorities()
find_due = _due(CUSTOMER.priority == bindparam("priority"))
find_due_after = _due(CUSTOMER.priority > bindparam("priority"))
lease = Update(
    Customer, own("lease_token", "lease_until"), where="customer.id = :id", shared=["lease_token", "lease_until"]
)
give_back = (
    update(table(Customer))
    # Every lease has an end. That it is asked for leads SQLite to the index of leases, and not to all customers.
    .where(
        CUSTOMER.tenant_id == bindparam("of_tenant"),
        CUSTOMER.lease_token == bindparam("token"),
        CUSTOMER.lease_until > EVER,
    )
    .values(lease_token=None, lease_until=None)
)
find_held = Find(
    _lock(
        Customer,
        CUSTOMER.tenant_id == bindparam("tenant_id"),
        CUSTOMER.lease_token == bindparam("token"),
        CUSTOMER.lease_until > bindparam("now"),
        # An earlier call of his may have turned out, since the claim, to have rung after all.
        CUSTOMER.open_call_id.is_(None),
    ).order_by(CUSTOMER.id),
    key=CUSTOMER.id,
)
find_running = (
    select(table(Campaign))
    .where(CAMPAIGN.wanted == Wanted.RUNNING, CAMPAIGN.deleted_at.is_(None))
    .order_by(CAMPAIGN.id)
)
find_waiting = (
    select(CUSTOMER.id)
    .where(CUSTOMER.tenant_id == bindparam("tenant_id"), CUSTOMER.campaign_id == bindparam("campaign_id"), WAITING)
    .order_by(CUSTOMER.due_at)
    .limit(ONE)
)
give_back_late = (
    update(table(Customer))
    .where(CUSTOMER.lease_token.is_not(None), CUSTOMER.lease_until <= bindparam("now"))
    .values(lease_token=None, lease_until=None)
)


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
    which = {"tenant_id": tenant_id, "campaign_id": campaign_id}
    tenant = conn.execute(lock_tenant, which).one()
    account = conn.execute(lock_account, which).one()
    return tenant, account, conn.execute(lock_campaign, which).one()


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
        account_live=_account_live(conn, account) + sum(n for c, n in leased.items() if c in on_account),
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
    counted = conn.execute(count_live, {"tenant_id": tenant_id})
    return {campaign: (total, ringing, unseen) for campaign, total, ringing, unseen in counted}


def _leased_by_campaign(conn: Connection, now: datetime, tenant_id: int) -> dict[int, int]:
    return dict(conn.execute(count_leased, {"tenant_id": tenant_id, "now": now}).all())


def _account_live(conn: Connection, account: Any) -> int:
    """Every live call on the account's channels, inbound and hand-dialled ones too."""
    which = {"tenant_id": account.tenant_id, "account_id": account.id}
    return int(conn.scalar(count_on_account, which) or 0)


def _campaigns_of(conn: Connection, account_id: int) -> set[int]:
    return set(conn.scalars(find_campaigns, {"account_id": account_id}))


def _running_siblings(conn: Connection, now: datetime, account_id: int) -> list[Any]:
    """The running campaigns of an account that have somebody due."""
    return list(conn.execute(find_siblings, {"account_id": account_id, "now": now}))


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
    which = {"tenant_id": campaign.tenant_id, "account_id": campaign.vendor_account_id, "campaign_id": campaign.id}
    return conn.execute(find_withdrawn, which).first() is not None


def claim(conn: Connection, now: datetime, timing: Timing, campaign: Any, count: int, token: str) -> list[Any]:
    """Lease up to `count` due customers of a campaign to the holder of `token`; their rows, in order of turn."""
    if count <= 0:
        return []
    chosen = _whose_turn(conn, now, campaign, count)
    lease(conn, [{"id": row.id} for row in chosen], lease_token=token, lease_until=now + timing.lease)
    return chosen


def _whose_turn(conn: Connection, now: datetime, campaign: Any, count: int) -> list[Any]:
    """Priority by priority, because those of one who are not due yet stand between it and the next."""
    which = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id, "now": now}
    priorities = list(conn.scalars(find_priorities, which))
    turns = [(find_due, priority) for priority in priorities]
    if len(priorities) == PRIORITIES:
        turns.append((find_due_after, priorities[-1]))
    chosen: list[Any] = []
    for query, priority in turns:
        chosen += conn.execute(query, {**which, "priority": priority, "at_most": count - len(chosen)})
        if len(chosen) >= count:
            break
    return chosen


def held(conn: Connection, now: datetime, tenant_id: int, token: str, customer_ids: Sequence[int]) -> list[Any]:
    """Of these customers, those still leased under `token`, locked in id order."""
    return list(find_held(conn, customer_ids, tenant_id=tenant_id, token=token, now=now))


def release(conn: Connection, tenant_id: int, token: str) -> int:
    """Give back every lease under `token` unused; how many. Nothing else of the customer changes."""
    return conn.execute(give_back, {"of_tenant": tenant_id, "token": token}).rowcount


def expire(conn: Connection, now: datetime) -> int:
    """Take back the leases of workers that died; how many."""
    return conn.execute(give_back_late, {"now": now}).rowcount


def running(conn: Connection) -> list[Any]:
    """The campaigns that are wanted running, of all tenants."""
    return list(conn.execute(find_running))


def nobody_waits(conn: Connection, campaign: Any) -> bool:
    """Whether every customer of a campaign is final."""
    which = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id}
    return conn.execute(find_waiting, which).first() is None
