"""Two judges at the books: was every ring lawful, and is nobody kept waiting whom the law would let be called?

Both ask the product's checker (`campaigns.audit`), which shares nothing with the gate. It is told when a telephone
truly rang, and nothing of what the gate thought of zones.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, bindparam, select

from campaigns import audit, shelf
from campaigns.audit import texts
from campaigns.audit.cases import _Surroundings
from campaigns.compliance import CLEARANCE
from campaigns.models import Callback, Campaign, Customer, Debt, Fact, Number, Tenant
from campaigns.rows import WAITING, columns_of, spelled, table
from campaigns.rulebooks import Rulebook, shipped
from campaigns.words import FactKind, Mode, Origin, Promise, Reason
from tests.simulation.law import DAY
from tests.simulation.workers import TIMING
from tests.simulation.world import World, rows

CALLBACK = columns_of(Callback)
CUSTOMER = columns_of(Customer)
EVER = timedelta(days=400)
NEVER = DAY + EVER
A_STEP = timedelta(seconds=3)
"""So long after the engine learned of something it may not have acted on it yet."""
A_MINUTE = timedelta(minutes=1)
"""The checker's hours are of whole minutes."""
BY_LAW = (Reason.OUTSIDE_HOURS, Reason.CAP_REACHED)
FOR_GOOD = (Reason.SUPPRESSED, Reason.CONSENT_MISSING)
HYPOTHETICAL = 10**12
"""The id of a call that was never placed: later than all others."""
find_tenant = select(table(Tenant)).where(columns_of(Tenant).id == bindparam("tenant"))
find_held_by_law = (
    select(CUSTOMER.id, CUSTOMER.campaign_id, CUSTOMER.person_id, CUSTOMER.run_id, CUSTOMER.reason, CUSTOMER.due_at)
    .where(
        CUSTOMER.tenant_id == bindparam("tenant"),
        WAITING,
        spelled(CUSTOMER.reason, BY_LAW),
        # An order that names a number keeps the others waiting, and until it is over at the longest.
        ~select(CALLBACK.id)
        .where(
            CALLBACK.tenant_id == CUSTOMER.tenant_id,
            CALLBACK.customer_id == CUSTOMER.id,
            spelled(CALLBACK.promise, [Promise.OPEN]),
            CALLBACK.not_after < CUSTOMER.due_at,
        )
        .exists(),
    )
    .order_by(CUSTOMER.id)
)


def every_call(conn: Connection, world: World, settled_at: datetime | None) -> Iterator[str]:
    """What stands against calls that rang, or cannot be told of them. `settled_at`: the engine has done by then what
    the storm kept it from, but for what may still be on the wire."""
    now, held_since = world.clock.now, _held_since(conn, world)
    rang = {call.reference: call for call in world.vendor.calls if call.reference and call.rang_at}
    after = 0
    while page := audit.cases(conn, _tenant(conn, world), now - EVER, now + EVER, None, after):
        after = page[-1].call.id
        for case in page:
            if case.call.reference in rang:
                known = max(held_since.get(case.call.id, NEVER), (settled_at or NEVER) + TIMING.first_check)
                yield from _judged(_as_it_rang(world, case, rang[case.call.reference], known))


def _held_since(conn: Connection, world: World) -> dict[int, datetime]:
    """Since when the engine knows of each call that the vendor has it, or may have it."""
    told = (fact for fact in rows(conn, Fact, world.tenant_id) if fact.kind in (FactKind.PLACED, FactKind.UNSURE))
    return {fact.call_id: fact.recorded_at for fact in reversed(list(told))}


def _tenant(conn: Connection, world: World) -> Any:
    return conn.execute(find_tenant, {"tenant": world.tenant_id}).one()


def _judged(case: Any) -> Iterator[str]:
    judgement = audit.judge(case)
    if judgement.outcome is not audit.Outcome.LAWFUL:
        why = [wrong.fact for wrong in judgement.wrongs] or judgement.missing
        yield f"call {case.call.id} under {case.call.rulebook} is a {judgement.outcome}: {'; '.join(why)}"


def _as_it_rang(world: World, case: Any, truth: Any, known: datetime) -> Any:
    """The case with the moment at which it truly rang, where the engine could still have hindered it: a request that
    the wire held, and a queue that nobody could reach in the storm, ring when they will."""
    at_hand = world.vendor.entries[case.call.reference].taken_at - case.call.intended_at <= CLEARANCE
    if truth.mode is not Mode.CLICK2CALL:
        at_hand = at_hand and truth.rang_at > known + A_STEP
    call = SimpleNamespace(**case.call._mapping)
    call.ringing_at = truth.rang_at if at_hand else None
    facts = {name: told for name, told in (case.facts or {}).items() if name not in ("zone", "zones")}
    return replace(case, call=call, facts=facts)


class Patience:
    """Looks at who waits because the law bids it, each wait once. `found` are those who wait for nothing."""

    def __init__(self, world: World) -> None:
        self.found: list[str] = []
        self._world = world
        self._seen: set[tuple[int, datetime]] = set()

    def look(self) -> None:
        """While nobody is at work, so that nothing is known that the gate could not know."""
        self._world.read(self._look)

    def _look(self, conn: Connection) -> None:
        now = self._world.clock.now
        for customer in conn.execute(find_held_by_law, {"tenant": self._world.tenant_id}):
            wait = (customer.id, customer.due_at)
            if wait in self._seen:
                continue
            self._seen.add(wait)
            at = customer.due_at - A_MINUTE
            if at > now and _lawful(conn, self._world, customer, at):
                self.found.append(
                    f"customer {customer.id} ({customer.reason}) could be called before {customer.due_at}"
                )


def the_excluded(conn: Connection, world: World) -> Iterator[str]:
    """Customers who are final for a reason that is gone."""
    for customer in rows(conn, Customer, world.tenant_id):
        # Whom only an order brought here is not called because what ended it is gone.
        ordered = customer.expires_at is not None
        if customer.reason in FOR_GOOD and not ordered and not _stands(conn, world, customer):
            yield f"customer {customer.id} is {customer.status} ({customer.reason}), and nothing stands against him"


def _stands(conn: Connection, world: World, customer: Any) -> bool:
    """Whether the reason for which he is final is still there, at each of his numbers."""
    judgements = _judgements(conn, world, customer, world.clock.now)
    return all(any(wrong.reason in FOR_GOOD for wrong in one.wrongs) for one in judgements)


def _lawful(conn: Connection, world: World, customer: Any, at: datetime) -> bool:
    judgements = _judgements(conn, world, customer, at)
    return any(one.outcome is audit.Outcome.LAWFUL for one in judgements)


def _judgements(conn: Connection, world: World, customer: Any, at: datetime) -> list[Any]:
    """What the checker would say of a call to each of his living numbers at that moment."""
    campaign = next(row for row in rows(conn, Campaign, world.tenant_id) if row.id == customer.campaign_id)
    numbers = [
        number
        for number in rows(conn, Number, world.tenant_id)
        if number.person_id == customer.person_id and number.removed_at is None and number.dead_at is None
    ]
    debts = [debt for debt in rows(conn, Debt, world.tenant_id) if debt.customer_id == customer.id]
    contracts = [debt.contract_number for debt in debts if debt.removed_at is None and debt.contract_number]
    book = shelf.find(conn, campaign.tenant_id, campaign.rulebook)
    assert book is not None
    calls = [_call(book, campaign, customer, number, contracts, at) for number in numbers]
    if not calls:
        return []
    text = texts.read(book.text, shipped()[book.extends].text if book.extends else None)
    cases = _Surroundings(conn, _tenant(conn, world), calls).cases()
    return [audit.judge(replace(case, text=text)) for case in cases]


def _call(book: Rulebook, campaign: Any, customer: Any, number: Any, contracts: list[str], at: datetime) -> Any:
    return SimpleNamespace(
        id=HYPOTHETICAL,
        rulebook=book.name,
        rulebook_version=book.version,
        purpose=campaign.purpose,
        advertiser=campaign.advertiser,
        role=number.role,
        phone=number.phone,
        person_id=customer.person_id,
        campaign_id=campaign.id,
        customer_id=customer.id,
        run_id=customer.run_id,
        intended_at=at,
        ringing_at=None,
        contracts=contracts,
        origin=Origin.CAMPAIGN,
    )
