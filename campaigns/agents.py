"""Who can take a call now: logged in, ready, in no call, wrap-up over, seen a moment ago."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, tuple_, update

from campaigns.models import Agent, Call, CampaignAgent
from campaigns.rows import LIVE, columns_of, ignoring, table
from campaigns.statements import Query, Update, own
from campaigns.timing import Timing
from campaigns.words import Presence

AGENT = columns_of(Agent)
CALL = columns_of(Call)
WORKS = columns_of(CampaignAgent)


def of_campaign(tenant_id: Any, campaign_id: Any) -> Any:
    """The condition: an agent works for this campaign."""
    mine = select(WORKS.agent_id).where(WORKS.tenant_id == tenant_id, WORKS.campaign_id == campaign_id)
    return and_(AGENT.tenant_id == tenant_id, AGENT.id.in_(mine))


def in_call(tenant_id: Any) -> Any:
    """The condition: an agent is reserved for, or is talking in, a live call of any campaign."""
    live = and_(CALL.tenant_id == tenant_id, LIVE)
    reserved = select(CALL.agent_id).where(live, CALL.agent_id.is_not(None))
    talking = select(CALL.vendor_account_id, CALL.extension).where(live, CALL.extension.is_not(None))
    return or_(AGENT.id.in_(reserved), tuple_(AGENT.vendor_account_id, AGENT.extension).in_(talking))


find_available = Query(
    select(AGENT.id, AGENT.extension)
    .where(
        of_campaign(bindparam("tenant_id"), bindparam("campaign_id")),
        AGENT.logged_in.is_(True),
        AGENT.presence == Presence.READY,
        or_(AGENT.wrap_up_until.is_(None), AGENT.wrap_up_until <= bindparam("now")),
        or_(AGENT.busy_until.is_(None), AGENT.busy_until <= bindparam("now")),
        # A word of the vendor that is too old is no word.
        AGENT.logged_in_seen_at >= bindparam("seen_since"),
        # Nor is one of a moment that is yet to come: the clock was set back, and it may be an hour old.
        AGENT.logged_in_seen_at <= bindparam("now"),
        ~in_call(bindparam("tenant_id")),
    )
    .order_by(func.coalesce(AGENT.last_call_ended_at, AGENT.presence_since), AGENT.id)
)
find_unseen = (
    select(table(Agent))
    .where(
        AGENT.vendor_account_id == bindparam("account_id"),
        or_(
            AGENT.logged_in_seen_at.is_(None),
            AGENT.logged_in_seen_at <= bindparam("seen_before"),
            AGENT.logged_in_seen_at > bindparam("now"),
        ),
        AGENT.id.in_(select(WORKS.agent_id)),
    )
    .order_by(AGENT.id)
)
write_seen = Update(Agent, own("logged_in", "logged_in_seen_at"), where="agent.id = :id", shared=["logged_in_seen_at"])


def available(conn: Connection, now: datetime, timing: Timing, tenant_id: int, campaign_id: int) -> list[Any]:
    """Id and extension of the agents of a campaign who can take a call now, the longest idle first."""
    seen_since = now - timing.agent_snapshot
    return find_available(conn, tenant_id=tenant_id, campaign_id=campaign_id, now=now, seen_since=seen_since)


def roster(conn: Connection, tenant_id: int, campaign_id: int | None = None) -> list[Any]:
    """All agents (of a campaign), each with whether he is in a call."""
    chosen = select(table(Agent), in_call(tenant_id).label("in_call")).where(AGENT.tenant_id == tenant_id)
    if campaign_id is not None:
        chosen = chosen.where(of_campaign(tenant_id, campaign_id))
    return list(conn.execute(chosen.order_by(AGENT.extension, AGENT.id)))


def users_by_campaign(
    conn: Connection, tenant_id: int, campaign_ids: Collection[int]
) -> dict[int, dict[str, str | None]]:
    """Who works for each of these campaigns: extension -> the vendor's name for its user."""
    chosen = (
        select(WORKS.campaign_id, AGENT.extension, AGENT.vendor_user)
        .join_from(table(CampaignAgent), table(Agent), WORKS.agent_id == AGENT.id)
        .where(WORKS.tenant_id == tenant_id, WORKS.campaign_id.in_(campaign_ids))
    )
    users: dict[int, dict[str, str | None]] = {one: {} for one in campaign_ids}
    for campaign_id, extension, user in conn.execute(chosen.order_by(AGENT.extension)):
        users[campaign_id][extension] = user
    return users


def assign(conn: Connection, now: datetime, campaign: Any, users: Mapping[str, str | None]) -> None:
    """Make these, and only these, a campaign's agents: extension -> the vendor's name for its user."""
    for extension, user in sorted(users.items()):
        row = {
            "tenant_id": campaign.tenant_id,
            "vendor_account_id": campaign.vendor_account_id,
            "extension": extension,
            "presence": Presence.READY,
            "presence_since": now,
            "presence_source": "campaign",
            "missed_in_a_row": 0,
        }
        conn.execute(ignoring(conn, Agent).values(row))
        if user:
            conn.execute(update(table(Agent)).where(_at(campaign, extension)).values(vendor_user=user))
    conn.execute(table(CampaignAgent).delete().where(WORKS.campaign_id == campaign.id))
    ids = select(AGENT.id).where(
        AGENT.tenant_id == campaign.tenant_id,
        AGENT.vendor_account_id == campaign.vendor_account_id,
        AGENT.extension.in_(list(users)),
    )
    works = [
        {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id, "agent_id": agent}
        for agent in sorted(conn.scalars(ids))
    ]
    if works:
        conn.execute(table(CampaignAgent).insert(), works)


def _at(campaign: Any, extension: str) -> Any:
    return and_(
        AGENT.tenant_id == campaign.tenant_id,
        AGENT.vendor_account_id == campaign.vendor_account_id,
        AGENT.extension == extension,
    )


def say(conn: Connection, now: datetime, tenant_id: int, extension: str, presence: Presence, source: str) -> int:
    """An agent says that he is ready or pausing; how many agents have that extension. Ready forgives his misses."""
    values = {"presence": presence, "presence_since": now, "presence_source": source}
    if presence is Presence.READY:
        values |= {"missed_in_a_row": 0, "wrap_up_until": None, "busy_until": None}
    chosen = update(table(Agent)).where(AGENT.tenant_id == tenant_id, AGENT.extension == extension)
    return conn.execute(chosen.values(**values)).rowcount


def to_look_at(conn: Connection, now: datetime, vendor_account_id: int, seen_before: datetime) -> list[Any]:
    """Agents of an account whose log-in state was not asked since then, or by a clock that was set back."""
    asked = {"account_id": vendor_account_id, "seen_before": seen_before, "now": now}
    return list(conn.execute(find_unseen, asked))


def seen(conn: Connection, now: datetime, logged_in: Mapping[int, bool]) -> None:
    """The vendor said who is logged in: agent id -> whether."""
    rows = [{"id": agent, "logged_in": value} for agent, value in sorted(logged_in.items())]
    write_seen(conn, rows, logged_in_seen_at=now)
