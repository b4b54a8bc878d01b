"""Promised calls as users give them: may he be called at all, by whose clock, by which agent, and will the law let us?

The promise itself is the ledger's. What the gate says of the promised time is only a forecast: it is asked again when
the time has come, on what is true then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Select, select

from campaigns import agents, dossiers, pages, shelf
from campaigns.compliance import Withheld, review_each
from campaigns.dossiers import Candidate
from campaigns.ledger import NotNow
from campaigns.models import Agent, Call, Callback, Customer
from campaigns.pages import Cut, Listing, Part, Sort
from campaigns.rows import columns_of, spelled, table
from campaigns.rulebooks import Rulebook
from campaigns.timing import Timing
from campaigns.words import Mode, Promise, Reason, Status

AGENT = columns_of(Agent)
CALLBACK = columns_of(Callback)
CUSTOMER = columns_of(Customer)
FURTHEST = timedelta(days=60)
SORTS: pages.Sorts = {"at": Sort((CALLBACK.at, CALLBACK.id))}
OPEN = spelled(CALLBACK.promise, [Promise.OPEN])


@dataclass(frozen=True, slots=True)
class Prospect:
    """A customer who may be promised a call: the clock that he goes by, and what the gate would be shown."""

    zone: str
    candidate: Candidate
    rulebook: Rulebook | None

    def forecast(self, at: datetime) -> Withheld | None:
        """What stands against calling him at that time, as far as it is known now."""
        there = [one._replace(number_in_call=False, person_in_call=False) for one in self.candidate.dossiers]
        _, verdict = review_each(there, self.rulebook, at)
        return verdict if isinstance(verdict, Withheld) else None


def prospect(conn: Connection, now: datetime, timing: Timing, tenant: Any, campaign: Any, customer: Any) -> Prospect:
    """What there is to know before a call is promised. Raises `NotNow` where he has no number that may be called."""
    rulebook = shelf.find(conn, tenant.id, campaign.rulebook)
    of = dossiers.brief(conn, tenant, campaign, rulebook)
    # As he will stand: he waits, and has one call more than his recalls.
    promised = SimpleNamespace(**{**customer._asdict(), "callback_id": 0, "status": Status.QUEUE})
    candidates, hopeless = dossiers.gather(conn, now, timing, of, [promised])
    if hopeless:
        raise NotNow(f"customer {customer.code} of {campaign.code} may not be called: {hopeless[0].reason}")
    (candidate,) = candidates
    return Prospect(next(iter(candidate.dossier.zones), tenant.zone), candidate, rulebook)


def agent_of(conn: Connection, campaign: Any, extension: str | None) -> int | None:
    """The agent at this extension, who works for the campaign; None for any. Raises `NotNow`."""
    if extension is None:
        return None
    if campaign.mode is not Mode.CLICK2CALL:
        raise NotNow(f"in mode {campaign.mode} the vendor chooses the agent: leave --agent away")
    found = agents.roster(conn, campaign.tenant_id, campaign.id)
    ids = {agent.extension: int(agent.id) for agent in found}
    if extension not in ids:
        raise NotNow(f"no agent {extension} works for {campaign.code}; there is {', '.join(ids) or 'nobody'}")
    return ids[extension]


def check_time(now: datetime, at: datetime) -> datetime:
    """The time, if a call can be promised for it. Raises `NotNow`."""
    if at <= now:
        raise NotNow("a call cannot be promised for a time that is past")
    if at > now + FURTHEST:
        raise NotNow(f"a call cannot be promised for more than {FURTHEST.days} days from now")
    return at


@dataclass(frozen=True, slots=True)
class Line:
    """An open promise. `missed`: its time and the grace after it are over. `reason`: why he waits or is called."""

    id: str
    name: str
    at: datetime
    zone: str
    agent: str | None
    missed: bool
    reason: Reason | None
    note: str
    actor: str


def lines(conn: Connection, now: datetime, timing: Timing, campaign: Any, customer_id: int | None = None) -> list[Line]:
    """The open promises of a campaign (to one customer), the earliest first."""
    chosen = _whole(table(Callback)).where(*_promised_by_people(campaign))
    if customer_id is not None:
        chosen = chosen.where(CALLBACK.customer_id == customer_id)
    return [_line(now, timing, row) for row in conn.execute(chosen.order_by(CALLBACK.at, CALLBACK.id))]


def read_lines(conn: Connection, now: datetime, timing: Timing, campaign: Any, late: bool, cut: Cut) -> Part:
    """The same in parts. `late`: only those whose time and grace are over."""
    scope = [*_promised_by_people(campaign)]
    if late:
        scope.append(CALLBACK.at < now - timing.callback_grace)
    part = pages.read(conn, Listing(Callback, SORTS, scope, told=_whole), cut)
    return Part([_line(now, timing, row) for row in part.rows], part.after)


def _whole(source: Any) -> Select[Any]:
    call = columns_of(Call)
    return (
        select(source, CUSTOMER.code, CUSTOMER.name, CUSTOMER.reason.label("why"), AGENT.extension, call.state)
        .join_from(source, table(Customer), source.c.customer_id == CUSTOMER.id)
        .outerjoin(table(Agent), source.c.agent_id == AGENT.id)
        .outerjoin(table(Call), CUSTOMER.open_call_id == call.id)
    )


def _line(now: datetime, timing: Timing, row: Any) -> Line:
    live = row.state is not None and row.state.live
    return Line(
        id=row.code,
        name=row.name,
        at=row.at,
        zone=row.zone,
        agent=row.extension,
        missed=missed(now, timing, row.at),
        reason=Reason.IN_CALL if live else row.why,
        note=row.note,
        actor=row.actor,
    )


def missed(now: datetime, timing: Timing, at: datetime) -> bool:
    """Whether a promise that is still open is late."""
    return now > at + timing.callback_grace


def times(conn: Connection, campaign: Any) -> Sequence[datetime]:
    """For when calls are promised in a campaign."""
    return list(conn.scalars(select(CALLBACK.at).where(*_promised_by_people(campaign))))


def _promised_by_people(campaign: Any) -> Sequence[Any]:
    """The conditions: an open promise of this campaign, and no triggered call."""
    mine = (CALLBACK.tenant_id == campaign.tenant_id, CALLBACK.campaign_id == campaign.id)
    return (*mine, OPEN, CALLBACK.not_after.is_(None))
