"""Calls that other systems trigger: one order, one call at most, before every list and under the law like any other.

Whom an order names is put on its campaign's list as a list would put him there, and waits as somebody does who was
promised a call. The gate is asked at once, so that the caller hears what stands against it, and again at the intent.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select

from campaigns import accounts, agents, callbacks, decisions, directory, dossiers, ledger, lists, revising, shelf
from campaigns.compliance import Withheld, review_each
from campaigns.decisions import Judged
from campaigns.directory import NotFound, Taken, missing
from campaigns.ledger import NotNow, Trigger
from campaigns.ledger.callbacks import lock_customer
from campaigns.lists.entries import Entry, ListedDebt, ListedPhone
from campaigns.lists.rows import key_of
from campaigns.models import Callback, Campaign, TriggeredCall
from campaigns.reports.triggers import Triggered, state_of
from campaigns.rows import columns_of, spelled, table
from campaigns.statements import Find, Insert
from campaigns.terms import BadTerms, agree
from campaigns.timing import Timing
from campaigns.withdrawals import customers_by_id
from campaigns.words import Mode, Promise, Purpose, Reason, Role, Status, Subject, TriggerState, Wanted

CALLBACK = columns_of(Callback)
TRIGGERED = columns_of(TriggeredCall)
OPEN = spelled(CALLBACK.promise, [Promise.OPEN])
find_requests = Find(
    select(TRIGGERED.callback_id, TRIGGERED.request_id).where(TRIGGERED.tenant_id == bindparam("tenant_id")),
    key=TRIGGERED.callback_id,
)
find_expired = (
    select(table(Campaign))
    .where(
        columns_of(Campaign).id.in_(
            select(CALLBACK.campaign_id).where(
                OPEN, CALLBACK.not_after <= bindparam("now", type_=CALLBACK.not_after.type)
            )
        )
    )
    .order_by(columns_of(Campaign).id)
)
SOURCE = "triggered"
"""What stands where a file's name would."""
AT_ONCE, LATER, FURTHEST = timedelta(minutes=15), timedelta(days=1), timedelta(days=60)
"""When an order is over that says nothing of it: one that does not wait, one that does; and the latest end."""
PLACED = "it is placed, or over: it cannot be cancelled any more"
UNFIT = re.compile(r"[^A-Z0-9_.-]+")
write_orders = Insert(
    TriggeredCall, ("tenant_id", "reference", "callback_id", "client_id", "callback_url", "request_id", "until")
)


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is to be called. With numbers (E.164) he is brought onto the list; without he must stand there by his id."""

    id: str = ""
    phones: tuple[str, ...] = ()
    name: str = ""
    contract_number: str = ""
    variables: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wish:
    """An order. `agent` is an extension (None: any); `waits`: it is kept where it is withheld now;
    `request_id`: of the request by which it came."""

    whom: Whom
    not_after: datetime
    waits: bool = False
    agent: str | None = None
    callback_url: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is to be called: in a campaign, or with a vendor by one agent. What is said of the campaign besides must
    be true of it; of one that is made for this they are its terms."""

    campaign: str | None = None
    vendor: str | None = None
    agent: str | None = None
    purpose: Purpose | None = None
    terms: Mapping[str, str] = field(default_factory=dict)


def end(now: datetime, not_after: datetime | None, waits: bool) -> datetime:
    """When an order is over. Raises `BadTerms`."""
    if not_after is None:
        return now + (LATER if waits else AT_ONCE)
    if not_after <= now:
        raise BadTerms("not_after", "must be yet to come")
    if not_after > now + FURTHEST:
        raise BadTerms("not_after", f"must be within {FURTHEST.days} days")
    return not_after


def campaign_at(conn: Connection, now: datetime, tenant_id: int, place: Place, actor: str) -> Any:
    """The campaign in which an order is to be called. Raises `BadTerms`."""
    campaign = _named(conn, tenant_id, place) if place.vendor is None else _own(conn, now, tenant_id, place, actor)
    for name, value in {"purpose": place.purpose, **place.terms}.items():
        if value is not None and value != getattr(campaign, name):
            raise BadTerms(name, f"is not that of campaign {campaign.code}")
    return campaign


def _named(conn: Connection, tenant_id: int, place: Place) -> Any:
    if place.campaign is None:
        raise BadTerms("campaign", "is needed, or a vendor with an agent")
    try:
        return directory.find_campaign(conn, tenant_id, place.campaign)
    except NotFound:
        raise BadTerms("campaign", "must be the code of a campaign") from None


def _own(conn: Connection, now: datetime, tenant_id: int, place: Place, actor: str) -> Any:
    if place.campaign is not None:
        raise BadTerms("vendor", "and a campaign exclude each other")
    if place.agent is None or place.purpose is None:
        raise BadTerms("agent" if place.agent is None else "purpose", "is needed with a vendor")
    account = accounts.seek_account(conn, tenant_id, place.vendor or "")
    if account is None:
        raise BadTerms("vendor", "must be the name of a vendor account")
    return own_campaign(conn, now, account, place.purpose, place.agent, place.terms, actor)


def own_campaign(
    conn: Connection, now: datetime, account: Any, purpose: Purpose, agent: str, said: Mapping[str, str], actor: str
) -> Any:
    """The campaign in which a vendor's click-to-call orders of a purpose are kept, made and started where it is not
    there; the agent works for it. `said` are terms of a new one. Raises `BadTerms`."""
    code = own_code(account.name, purpose)
    try:
        campaign = directory.find_campaign(conn, account.tenant_id, code)
    except NotFound:
        campaign = _founded(conn, now, account, code, purpose, agent, said, actor)
    if campaign.mode is not Mode.CLICK2CALL or campaign.vendor_account_id != account.id:
        raise BadTerms("vendor", f"has its orders in campaign {code}, which is another's: name a campaign instead")
    if agent not in _users(conn, campaign):
        campaign = revising.hold(conn, account.tenant_id, code)
        revising.revise(conn, now, campaign, {"agents": {**_users(conn, campaign), agent: None}}, actor)
    return campaign


def _users(conn: Connection, campaign: Any) -> Mapping[str, str | None]:
    return agents.users_by_campaign(conn, campaign.tenant_id, [campaign.id])[campaign.id]


def own_code(vendor: str, purpose: Purpose) -> str:
    """`CRM-SIM-SERVICE`."""
    return UNFIT.sub("-", f"CRM-{vendor[:40]}-{purpose}".upper())


def _founded(
    conn: Connection,
    now: datetime,
    account: Any,
    code: str,
    purpose: Purpose,
    agent: str,
    said: Mapping[str, str],
    actor: str,
) -> Any:
    # An order is one call: nobody of such a campaign is called again by itself.
    terms = agree(Mode.CLICK2CALL, {"agents": agent, "purpose": purpose, "max_recall_count": "0", **said})
    # Of two first orders at once one makes it, and the other finds it.
    with suppress(Taken):
        campaign = directory.create_campaign(conn, now, account, code, Mode.CLICK2CALL, terms, actor)
        ledger.command(conn, now, campaign, Wanted.RUNNING, actor)
    return revising.hold(conn, account.tenant_id, code)


def trigger(
    conn: Connection,
    now: datetime,
    timing: Timing,
    tenant: Any,
    campaign: Any,
    wish: Wish,
    reference: str,
    actor: str,
    client_id: int | None = None,
) -> Triggered:
    """Take an order under this name; how it stands. What stands against it ends it, unless it waits for what a clock
    brings. Raises `BadTerms`, `NotNow`."""
    agent_id = _agent(conn, campaign, wish.agent)
    customer = _customer(conn, now, timing, tenant, campaign, wish, actor)
    order = Trigger(wish.not_after, tenant.zone, agent_id, wish.waits, wish.whom.phones)
    against = _against(conn, now, timing, tenant, campaign, customer, order)
    ended = against if against is not None and not _may_wait(wish, against) else None
    if ended is None:
        made = ledger.trigger(conn, now, campaign, customer, order, actor)
    else:
        made = ledger.withhold(conn, now, campaign, customer, order, ended.reason, actor)
    row = {
        "tenant_id": campaign.tenant_id,
        "reference": reference,
        "callback_id": made,
        "client_id": client_id,
        "callback_url": wish.callback_url,
        "request_id": wish.request_id,
        "until": against.until if against is not None else None,
    }
    write_orders(conn, [row])
    standing = _at_the_door(now, campaign, wish, against, ended)
    return _ordered(now, campaign, customer, wish, reference, actor, standing, now if ended is not None else None)


def _may_wait(wish: Wish, against: Withheld) -> bool:
    return wish.waits and (against.until is not None or against.reason is Reason.NOT_RUNNING)


def _at_the_door(
    now: datetime, campaign: Any, wish: Wish, against: Withheld | None, ended: Withheld | None
) -> tuple[TriggerState, Reason, datetime | None]:
    """State, reason, and until when, as `reports.find_triggered` would find them in this transaction."""
    if ended is not None:
        return state_of(Promise.WITHDRAWN, ended.reason, None, wish.not_after, now), ended.reason, ended.until
    if campaign.wanted is not Wanted.RUNNING:
        return TriggerState.WAITING, campaign.paused_because or Reason.NOT_RUNNING, None
    if against is not None:
        return TriggerState.WITHHELD, against.reason, against.until
    return TriggerState.WAITING, Reason.TRIGGERED, None


def _ordered(
    now: datetime,
    campaign: Any,
    customer: Any,
    wish: Wish,
    reference: str,
    actor: str,
    standing: tuple[TriggerState, Reason, datetime | None],
    closed_at: datetime | None,
) -> Triggered:
    state, reason, until = standing
    return Triggered(
        id=reference,
        campaign=campaign.code,
        customer=customer.code,
        name=customer.name,
        purpose=campaign.purpose,
        agent=wish.agent,
        phones=list(wish.whom.phones),
        wait=wish.waits,
        state=state,
        reason=reason,
        until=until,
        not_after=wish.not_after,
        callback_url=wish.callback_url,
        created_at=now,
        closed_at=closed_at,
        actor=actor,
        call=None,
        phone=None,
        outcome=None,
        billsec=None,
    )


def cancel(conn: Connection, now: datetime, timing: Timing, tenant: Any, reference: str, actor: str) -> None:
    """Take an order back that was not placed yet; who is taken back already stays so. Raises `NotFound`, `NotNow`."""
    promise = _promise(conn, tenant.id, reference)
    if promise.promise is Promise.WITHDRAWN and promise.reason is Reason.WITHDRAWN:
        return
    if promise.promise is not Promise.OPEN:
        raise NotNow(PLACED)
    campaign = conn.execute(select(table(Campaign)).where(columns_of(Campaign).id == promise.campaign_id)).one()
    # It may have been placed between the look and the lock.
    over = promise.not_after <= now
    if over or not ledger.lapse(conn, now, timing, campaign, {promise.customer_id: Reason.WITHDRAWN}, actor):
        raise NotNow(PLACED)


def requests_of(conn: Connection, tenant_id: int, customers: Iterable[Any]) -> dict[int, str]:
    """Under which ids the calls to these customers were ordered that another system ordered, by customer."""
    promised = {row.callback_id: row.id for row in customers if row.callback_id is not None}
    found = find_requests(conn, promised, tenant_id=tenant_id)
    return {promised[row.callback_id]: row.request_id for row in found if row.request_id}


def expired(conn: Connection, now: datetime) -> list[Any]:
    """The campaigns with orders that are over and were neither placed nor ended."""
    return list(conn.execute(find_expired, {"now": now}))


def expire(conn: Connection, now: datetime, timing: Timing, campaign: Any) -> int:
    """End a campaign's orders that are over, one batch; how many."""
    return ledger.lapse(conn, now, timing, campaign, dict.fromkeys(ledger.overdue(conn, now, campaign), Reason.EXPIRED))


def _promise(conn: Connection, tenant_id: int, reference: str) -> Any:
    """The promise behind an order. Raises `NotFound`."""
    joined = table(TriggeredCall).join(table(Callback), TRIGGERED.callback_id == CALLBACK.id)
    mine = (TRIGGERED.tenant_id == tenant_id, TRIGGERED.reference == reference)
    found = conn.execute(select(table(Callback)).select_from(joined).where(*mine)).first()
    if found is None:
        raise missing("triggered call", "of this id", [])
    return found


def _agent(conn: Connection, campaign: Any, extension: str | None) -> int | None:
    try:
        return callbacks.agent_of(conn, campaign, extension)
    except NotNow as refused:
        raise BadTerms("agent", f"cannot be {extension}: {refused}") from None


def _customer(
    conn: Connection, now: datetime, timing: Timing, tenant: Any, campaign: Any, wish: Wish, actor: str
) -> Any:
    """The customer whom an order names, locked. An order for him that is over, and was not ended yet, ends."""
    customer = _locked(conn, campaign, _brought(conn, now, tenant, campaign, wish, actor))
    if customer.callback_id is None:
        return customer
    promise = conn.execute(select(CALLBACK.not_after).where(CALLBACK.id == customer.callback_id)).one()
    if promise.not_after is None or promise.not_after > now:
        return customer
    ledger.lapse(conn, now, timing, campaign, {customer.id: Reason.EXPIRED})
    return _locked(conn, campaign, customer.id)


def _brought(conn: Connection, now: datetime, tenant: Any, campaign: Any, wish: Wish, actor: str) -> int:
    """The customer's id, put on the list where an order with numbers names somebody who does not stand there."""
    whom = wish.whom
    if whom.phones:
        today = now.astimezone(ZoneInfo(tenant.zone)).date()
        entry = _entry(whom, today)
        return lists.admit(conn, now, campaign, entry, actor, SOURCE, today, wish.not_after).customer_id
    if whom.name or whom.contract_number or whom.variables:
        raise BadTerms("customer", "needs a number where more than his id is told")
    rows = customers_by_id(conn, campaign, [whom.id])[whom.id]
    if not rows:
        raise BadTerms("customer", "must stand on the campaign's list, or come with a number")
    return int(rows[0].id)


def _entry(whom: Whom, today: date) -> Entry:
    key = key_of(whom.id)
    contract, variables = key_of(whom.contract_number), dict(whom.variables)
    variables |= {"contract_number": contract} if contract else {}
    dpd = variables.get("dpd")
    debt = ListedDebt(contract, dpd if isinstance(dpd, int) else None, variables, [], 0)
    return Entry(
        key_kind=Subject.PERSON if key else Subject.NUMBER,
        key=key or whom.phones[0],
        name=whom.name,
        address=None,
        zone=None,
        priority=0,
        phones=[ListedPhone(phone, Role.BORROWER, vintage=today) for phone in whom.phones],
        debts=[debt] if variables else [],
    )


def _locked(conn: Connection, campaign: Any, customer_id: int) -> Any:
    return conn.execute(lock_customer, {"tenant_id": campaign.tenant_id, "customer": customer_id}).one()


def _against(
    conn: Connection, now: datetime, timing: Timing, tenant: Any, campaign: Any, customer: Any, order: Trigger
) -> Withheld | None:
    """What stands against placing it now: that he was withdrawn, that the campaign does not run, or the gate's word."""
    if customer.status is Status.WITHDRAWN or customer.reason is Reason.WITHDRAWN:
        return Withheld(Reason.WITHDRAWN)
    if campaign.wanted is not Wanted.RUNNING:
        return Withheld(Reason.NOT_RUNNING)
    of = dossiers.brief(conn, tenant, campaign, shelf.find(conn, tenant.id, campaign.rulebook))
    # As he will stand: he waits, by this order and for its numbers.
    stands = SimpleNamespace(**{**customer._asdict(), "callback_id": 0, "status": Status.QUEUE})
    candidates, hopeless = dossiers.gather(conn, now, timing, of, [stands], triggers={customer.id: order})
    judged = [Judged(one, *review_each(one.dossiers, of.rulebook, now)) for one in candidates]
    decisions.keep(conn, now, of, judged, hopeless)
    verdict = judged[0].verdict if judged else Withheld(hopeless[0].reason)
    return verdict if isinstance(verdict, Withheld) else None
