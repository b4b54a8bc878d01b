"""Calls in parts; and one call with every fact that moved it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from campaigns import dnc, pages
from campaigns.models import Agent, Call, Campaign, Customer, Fact
from campaigns.pages import Cut, Listing, Part, Sort
from campaigns.rows import columns_of, table
from campaigns.words import CallState, Origin, Outcome

AGENT = columns_of(Agent)
CALL = columns_of(Call)
CAMPAIGN = columns_of(Campaign)
CUSTOMER = columns_of(Customer)
FACT = columns_of(Fact)


CALL_SORTS: pages.Sorts = {"intended_at": Sort((CALL.intended_at, CALL.id))}


@dataclass(frozen=True, slots=True)
class SoughtCalls:
    """Which calls; None narrows nothing. `customer` is the list's own id of a person, or a number; `since` and `until`
    are of the moment of intent."""

    campaign_id: int | None = None
    phone: str | None = None
    customer: str | None = None
    state: CallState | None = None
    outcome: Outcome | None = None
    origin: Origin | None = None
    since: datetime | None = None
    until: datetime | None = None


def read_calls(conn: Connection, tenant_id: int, sought: SoughtCalls, cut: Cut) -> Part:
    """Calls, each with the codes of its `campaign` and `customer` and the extension that was `reserved`."""
    scope = [CALL.tenant_id == tenant_id]
    if sought.campaign_id is not None:
        scope.append(CALL.campaign_id == sought.campaign_id)
    if sought.since is not None:
        scope.append(CALL.intended_at >= sought.since)
    if sought.until is not None:
        scope.append(CALL.intended_at < sought.until)
    few = []
    if sought.phone is not None:
        few.append(CALL.phone == sought.phone)
    if sought.customer is not None:
        few.append(CALL.customer_id.in_(dnc.listed_with(conn, tenant_id, [sought.customer])))
    filters = pages.matching(state=sought.state, outcome=sought.outcome, origin=sought.origin)
    return pages.read(conn, Listing(Call, CALL_SORTS, scope, few, filters, _told), cut)


def find_call(conn: Connection, tenant_id: int, reference: str) -> tuple[Any, list[Any]] | None:
    """The call of this reference, as `read_calls` gives it, and its facts in the order in which they were applied."""
    mine = (CALL.tenant_id == tenant_id, CALL.reference == reference)
    call = conn.execute(_told(table(Call)).where(*mine)).first()
    if call is None:
        return None
    facts = select(table(Fact)).where(FACT.tenant_id == tenant_id, FACT.call_id == call.id)
    return call, list(conn.execute(facts.order_by(FACT.id)))


def _told(source: Any) -> Select[Any]:
    joined = source.outerjoin(table(Campaign), source.c.campaign_id == CAMPAIGN.id)
    joined = joined.outerjoin(table(Agent), source.c.agent_id == AGENT.id)
    # Asked row by row: a plan that joins would read all customers for a page of calls.
    customer = select(CUSTOMER.code).where(CUSTOMER.id == source.c.customer_id).scalar_subquery()
    return select(
        source,
        CAMPAIGN.code.label("campaign"),
        customer.label("customer"),
        AGENT.extension.label("reserved"),
    ).select_from(joined)
