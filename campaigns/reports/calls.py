"""Calls in pages, the newest first; and one call with every fact that moved it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from campaigns.models import Agent, Call, Campaign, Customer, Fact
from campaigns.rows import columns_of, table
from campaigns.words import CallState, Origin, Outcome

AGENT = columns_of(Agent)
CALL = columns_of(Call)
CAMPAIGN = columns_of(Campaign)
CUSTOMER = columns_of(Customer)
FACT = columns_of(Fact)


def calls_before(
    conn: Connection,
    tenant_id: int,
    before: int | None,
    limit: int,
    campaign_id: int | None = None,
    phone: str | None = None,
    state: CallState | None = None,
    outcome: Outcome | None = None,
    origin: Origin | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Any]:
    """At most so many calls, the newest first, each with the codes of its `campaign` and `customer` and the extension
    that was `reserved`. What is None narrows nothing; `since` and `until` are of the moment of intent."""
    chosen = _calls(tenant_id)
    told = {"campaign_id": campaign_id, "phone": phone, "state": state, "outcome": outcome, "origin": origin}
    for name, value in told.items():
        if value is not None:
            chosen = chosen.where(CALL[name] == value)
    if before is not None:
        chosen = chosen.where(CALL.id < before)
    if since is not None:
        chosen = chosen.where(CALL.intended_at >= since)
    if until is not None:
        chosen = chosen.where(CALL.intended_at < until)
    return list(conn.execute(chosen.order_by(CALL.id.desc()).limit(limit)))


def find_call(conn: Connection, tenant_id: int, reference: str) -> tuple[Any, list[Any]] | None:
    """The call of this reference, as `calls_before` gives it, and its facts in the order in which they were applied."""
    call = conn.execute(_calls(tenant_id).where(CALL.reference == reference)).first()
    if call is None:
        return None
    facts = select(table(Fact)).where(FACT.tenant_id == tenant_id, FACT.call_id == call.id)
    return call, list(conn.execute(facts.order_by(FACT.id)))


def _calls(tenant_id: int) -> Select[Any]:
    joined = table(Call).outerjoin(table(Campaign), CALL.campaign_id == CAMPAIGN.id)
    joined = joined.outerjoin(table(Customer), CALL.customer_id == CUSTOMER.id)
    joined = joined.outerjoin(table(Agent), CALL.agent_id == AGENT.id)
    return (
        select(
            table(Call),
            CAMPAIGN.code.label("campaign"),
            CUSTOMER.code.label("customer"),
            AGENT.extension.label("reserved"),
        )
        .select_from(joined)
        .where(CALL.tenant_id == tenant_id)
    )
