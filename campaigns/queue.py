"""Whose turn is it? The claim: a transaction that locks before it counts, and leases customers for a minute.

A limit counted in the statement that also claims is counted on a snapshot older than its own lock, and four
connections then place four times the limit. So the first statement locks the tenant, the vendor account and the
campaign, in this order, and only later ones count. The locks are those of an update that leaves the keys alone: what
refers to these rows can be written meanwhile.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, literal_column, or_, select, union_all, update
from sqlmodel import SQLModel

from campaigns import agents
from campaigns.breaker import Breaker
from campaigns.models import Call, Campaign, Customer, Tenant, VendorAccount
from campaigns.rows import LIVE, OURS, WAITING, columns_of, parted, table
from campaigns.statements import AT_MOST, NONE_LEFT_OUT, ONE, Find, Query, Update, aside, own
from campaigns.timing import Timing
from campaigns.words import CallState, Mode, Wanted

ACCOUNT = columns_of(VendorAccount)
CALL = columns_of(Call)
CAMPAIGN = columns_of(Campaign)
CUSTOMER = columns_of(Customer)
TENANT = columns_of(Tenant)
# A claim looks at so many priorities one by one, and at those that are left in one go.
PRIORITIES = 50
EVER = datetime(1970, 1, 1, tzinfo=UTC)

# What is read of a customer whose turn it is: each column costs, for there are thousands of them.
OF_A_TURN = [
    CUSTOMER[name]
    for name in (
        "id",
        "person_id",
        "run_id",
        "code",
        "name",
        "status",
        "reason",
        "priority",
        "attempts",
        "callback_id",
        "expires_at",
        "due_at",
    )
]
WAITS: Sequence[Any] = (
    CUSTOMER.tenant_id == bindparam("tenant_id"),
    CUSTOMER.campaign_id == bindparam("campaign_id"),
    WAITING,
    CUSTOMER.open_call_id.is_(None),
)


LOCKED: Sequence[type[SQLModel]] = (Tenant, VendorAccount, Campaign)
lock_all = Query(
    select(*(table(model) for model in LOCKED))
    .join_from(table(Campaign), table(Tenant), TENANT.id == CAMPAIGN.tenant_id)
    .join(table(VendorAccount), ACCOUNT.id == CAMPAIGN.vendor_account_id)
    .where(CAMPAIGN.tenant_id == bindparam("tenant_id"), CAMPAIGN.id == bindparam("campaign_id"))
    # They are locked in the order in which they are named here, whatever the order of the join.
    .with_for_update(of=[table(model) for model in LOCKED], key_share=True)
)

answered = CALL.state == CallState.ANSWERED
seen_with_nobody = and_(answered, CALL.extension.is_(None), CALL.agent_id.is_(None), CALL.mode == Mode.AUTODIALER)
# An index that gives the campaigns in order holds every call that ever was.
by_campaign = aside(CALL.campaign_id)
NONE: Any = literal_column("0")
live = (
    select(
        CALL.vendor_account_id,
        by_campaign.label("campaign_id"),
        func.count().label("live"),
        func.count().filter(OURS).label("ours"),
        func.count().filter(OURS, ~answered).label("unanswered"),
        func.count().filter(OURS, seen_with_nobody).label("unseen"),
        func.count().filter(CALL.withdrawn_at.is_not(None)).label("withdrawn"),
        NONE.label("leased"),
    )
    .where(CALL.tenant_id == bindparam("tenant_id"), LIVE)
    .group_by(CALL.vendor_account_id, by_campaign)
)
of_account = select(CAMPAIGN.vendor_account_id).where(CAMPAIGN.id == CUSTOMER.campaign_id).scalar_subquery()
leased = (
    select(of_account, CUSTOMER.campaign_id, NONE, NONE, NONE, NONE, NONE, func.count())
    .where(
        CUSTOMER.tenant_id == bindparam("tenant_id"),
        CUSTOMER.lease_token.is_not(None),
        CUSTOMER.lease_until > bindparam("now"),
    )
    .group_by(CUSTOMER.campaign_id)
)
count_calls = Query(union_all(live, leased))
find_siblings = Query(
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


# By order and limit, not by `min`: of a new list PostgreSQL knows too little to see that an index has the smallest.
smallest = select(CUSTOMER.priority).where(*WAITS).order_by(CUSTOMER.priority, CUSTOMER.due_at, CUSTOMER.id).limit(ONE)


def _priorities() -> Select[Any]:
    """The priorities of those who wait, each found from the one before it: a step in the index, however many wait."""
    first = select(smallest.scalar_subquery().label("priority")).cte("turns", recursive=True)
    following = smallest.where(CUSTOMER.priority > first.c.priority)
    turns = first.union_all(select(following.scalar_subquery()).where(first.c.priority.is_not(None)))
    return select(turns.c.priority).where(turns.c.priority.is_not(None)).limit(literal_column(str(PRIORITIES)))


def _due(of_priority: Any) -> Query:
    """Those whose turn it is, the longest due first. The number of rows stands in the text: a plan for any number of
    rows would be one for very many."""
    now: Any = bindparam("now")
    free = or_(CUSTOMER.lease_token.is_(None), CUSTOMER.lease_until <= now)
    return Query(
        select(*OF_A_TURN)
        .where(*WAITS, of_priority, CUSTOMER.due_at <= now, free)
        .order_by(CUSTOMER.priority, CUSTOMER.due_at, CUSTOMER.id)
        .limit(AT_MOST)
        .with_for_update(skip_locked=True, key_share=True)
    )


find_due_first = _due(CUSTOMER.priority == smallest.scalar_subquery())
find_priorities = Query(_priorities())
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
    select(*OF_A_TURN)
    .where(
        CUSTOMER.tenant_id == bindparam("tenant_id"),
        CUSTOMER.lease_token == bindparam("token"),
        CUSTOMER.lease_until > bindparam("now"),
        # An earlier call of his may have turned out, since the claim, to have rung after all.
        CUSTOMER.open_call_id.is_(None),
    )
    .with_for_update(key_share=True)
    .order_by(CUSTOMER.id),
    key=CUSTOMER.id,
)
find_running = Query(
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
    """Lock tenant, vendor account and campaign in this order, and read them: the first statement of every claim."""
    (row,) = lock_all(conn, tenant_id=tenant_id, campaign_id=campaign_id)
    tenant, account, campaign = parted(row, *LOCKED)
    return tenant, account, campaign


def snapshot(conn: Connection, now: datetime, timing: Timing, tenant: Any, account: Any, campaign: Any) -> Snapshot:
    """Count what the ceilings need. Call it only after `lock`."""
    counted = count_calls(conn, tenant_id=tenant.id, now=now)
    mine = [row for row in counted if row.campaign_id == campaign.id]
    lease = sum(row.leased for row in mine)
    used = _used(counted)
    shares = _shares(conn, now, account, campaign)
    free = agents.available(conn, now, timing, tenant.id, campaign.id) if campaign.mode.uses_agents else []
    return Snapshot(
        campaign_live=used[campaign.id],
        unanswered=sum(row.unanswered for row in mine) + lease,
        in_conversation_unseen=sum(row.unseen for row in mine),
        account_live=_on_account(account, counted),
        tenant_live=used.total(),
        agents_available=len(free),
        channels=account.channels,
        reserve=account.reserve,
        tenant_limit=tenant.max_live_calls,
        share=shares.get(campaign.id),
        owed=sum(max(share - used[other], 0) for other, share in shares.items() if other != campaign.id),
        leased=lease,
        my_turn=_my_turn(now, campaign, shares, used),
        # A queue that is being taken back has calls that are withdrawn and still live.
        feeding_blocked=any(row.withdrawn for row in mine if row.vendor_account_id == account.id),
        resumes_at=account.placing_resumes_at,
        breaker=Breaker.from_json(account.breaker.get(campaign.hotline or "")),
    )


def _used(counted: Sequence[Any]) -> Counter[int]:
    """Calls of ours by campaign, leases included."""
    used: Counter[int] = Counter()
    for row in counted:
        used[row.campaign_id] += row.ours + row.leased
    return used


def _on_account(account: Any, counted: Sequence[Any]) -> int:
    """Every live call on the account's channels, inbound and hand-dialled ones too, and the leases of its campaigns."""
    return sum(row.live + row.leased for row in counted if row.vendor_account_id == account.id)


def _shares(conn: Connection, now: datetime, account: Any, campaign: Any) -> dict[int, int]:
    """Channels by weight among the running campaigns with somebody due, at least one each, so that none starves;
    nothing to share where channels are unlimited."""
    if account.channels is None:
        return {}
    siblings = find_siblings(conn, account_id=account.id, now=now)
    usable = max(account.channels - account.reserve, 0)
    weights = {sibling.id: sibling.weight for sibling in siblings} | {campaign.id: campaign.weight}
    return {other: max(usable * weight // sum(weights.values()), 1) for other, weight in weights.items()}


def _my_turn(now: datetime, campaign: Any, shares: Mapping[int, int], used: Mapping[int, int]) -> bool:
    """Campaigns that have less than their share take turns, a second each: so none starves where channels are fewer
    than campaigns, and one that cannot use its turn (no agent is there) holds nobody up for longer."""
    wanting = sorted(other for other, share in shares.items() if used[other] < share)
    return campaign.id not in wanting or wanting[int(now.timestamp()) % len(wanting)] == campaign.id


def claim(conn: Connection, now: datetime, timing: Timing, campaign: Any, count: int, token: str) -> list[Any]:
    """Lease up to `count` due customers of a campaign to the holder of `token`; their rows, in order of turn."""
    if count <= 0:
        return []
    chosen = _whose_turn(conn, now, campaign, count)
    lease(conn, [{"id": row.id} for row in chosen], lease_token=token, lease_until=now + timing.lease)
    return chosen


def _whose_turn(conn: Connection, now: datetime, campaign: Any, count: int) -> list[Any]:
    """Priority by priority, because those of one who are not due yet stand between it and the next. Mostly there are
    enough of the first."""
    which = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id, "now": now}
    first = find_due_first(conn, at_most=count, **which)
    if len(first) >= count:
        return first
    priorities = [row.priority for row in find_priorities(conn, **which)]
    turns = [(find_due, priority) for priority in priorities]
    if len(priorities) == PRIORITIES:
        turns.append((find_due_after, priorities[-1]))
    chosen: list[Any] = []
    for query, priority in turns:
        chosen += query(conn, at_most=count - len(chosen), priority=priority, **which)
        if len(chosen) >= count:
            break
    return chosen


def held(conn: Connection, now: datetime, tenant_id: int, token: str, customer_ids: Sequence[int]) -> list[Any]:
    """Of these customers, those still leased under `token`, locked in id order."""
    return find_held(conn, customer_ids, tenant_id=tenant_id, token=token, now=now)


def release(conn: Connection, tenant_id: int, token: str) -> int:
    """Give back every lease under `token` unused; how many. Nothing else of the customer changes."""
    return conn.execute(give_back, {"of_tenant": tenant_id, "token": token}).rowcount


def expire(conn: Connection, now: datetime) -> int:
    """Take back the leases of workers that died; how many."""
    return conn.execute(give_back_late, {"now": now}).rowcount


def running(conn: Connection) -> list[Any]:
    """The campaigns that are wanted running, of all tenants."""
    return find_running(conn)


def nobody_waits(conn: Connection, campaign: Any) -> bool:
    """Whether every customer of a campaign is final."""
    which = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id}
    return conn.execute(find_waiting, which).first() is None
