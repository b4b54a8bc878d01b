"""Put together what the gate is shown: of each customer one number, and everything that may stand against it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from campaigns import dnc, rulebooks
from campaigns.compliance import Dossier, Withheld, may_ever_dial, review
from campaigns.models import Call, Customer, Debt, Number, Person
from campaigns.retries import STATUS_OF
from campaigns.rows import LIVE, columns_of, table
from campaigns.statements import Find, aside
from campaigns.timing import Timing
from campaigns.words import Mode, Reason, Status, Subject

CALL = columns_of(Call)
CUSTOMER = columns_of(Customer)
DEBT = columns_of(Debt)
NUMBER = columns_of(Number)
PERSON = columns_of(Person)
RING_SECONDS = 45
TENANT: Any = bindparam("tenant_id")

find_customers = Find(select(table(Customer)).where(CUSTOMER.tenant_id == TENANT), key=CUSTOMER.id)
find_people = Find(
    select(PERSON.id, PERSON.key_kind, PERSON.key, PERSON.name, PERSON.zone).where(PERSON.tenant_id == TENANT),
    key=PERSON.id,
)
find_numbers = Find(
    select(NUMBER.person_id, NUMBER.phone, NUMBER.role, NUMBER.needs_review)
    .where(NUMBER.tenant_id == TENANT, NUMBER.removed_at.is_(None))
    .order_by(NUMBER.person_id, NUMBER.position, NUMBER.id),
    key=NUMBER.person_id,
)
find_debts = Find(
    select(DEBT.customer_id, DEBT.dpd, DEBT.variables)
    .where(DEBT.tenant_id == TENANT, DEBT.removed_at.is_(None))
    .order_by(DEBT.customer_id, DEBT.id),
    key=DEBT.customer_id,
)
find_outcomes = Find(
    select(CALL.customer_id, CALL.outcome)
    .where(CALL.tenant_id == TENANT, CALL.outcome.is_not(None))
    .order_by(CALL.customer_id, CALL.id),
    key=CALL.customer_id,
)
find_busy = Find(select(CALL.phone).where(aside(CALL.tenant_id) == TENANT, LIVE), key=CALL.phone)
find_talking = Find(select(CALL.person_id).where(aside(CALL.tenant_id) == TENANT, LIVE), key=CALL.person_id)


@dataclass(frozen=True, slots=True)
class Hopeless:
    """A customer with no number to review: why, and what that makes of him."""

    customer: Any
    status: Status
    reason: Reason


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer with the number whose turn it is."""

    customer: Any
    dossier: Dossier
    name: str


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one transaction knows of a batch of customers, read in a few statements."""

    people: dict[int, Any]
    numbers: dict[int, list[Any]]
    blocked: set[str]
    barred: set[str]
    busy: set[str]
    talking: set[int]
    variables: dict[int, dict[str, Any]]


def gather(
    conn: Connection,
    timing: Timing,
    tenant: Any,
    campaign: Any,
    customers: Sequence[Any],
    fixed: Mapping[int, str] | None = None,
) -> tuple[list[Candidate], list[Hopeless]]:
    """A dossier for each of these customers, on the facts of this transaction, or why there cannot be one.

    `fixed` names the number to be judged by customer id, for calls that were handed over already.
    """
    facts = _read(conn, campaign, customers)
    spent = _spent(conn, campaign, customers) if fixed is None else {}
    candidates: list[Candidate] = []
    hopeless = [Hopeless(row, spent[row.id], Reason.RECALLS_USED_UP) for row in customers if row.id in spent]
    for customer in customers:
        if customer.id in spent:
            continue
        own = facts.numbers.get(customer.person_id, [])
        lawful = [n for n in own if may_ever_dial(n.role, campaign.purpose, n.needs_review)]
        dialable = [number for number in lawful if not _suppressed(facts, customer, number)]
        if fixed is not None:
            dialable = [number for number in dialable if number.phone == fixed.get(customer.id)]
        if dialable:
            # Numbers take turns, one an attempt.
            number = dialable[customer.attempts % len(dialable)]
            candidates.append(_candidate(timing, tenant, campaign, customer, number, facts))
        else:
            hopeless.append(_hopeless(customer, own, lawful))
    return candidates, hopeless


def _spent(conn: Connection, campaign: Any, customers: Sequence[Any]) -> dict[int, Status]:
    """Those who had more attempts than the campaign allows by now, and what their last outcome makes of them: the
    recalls may have been made fewer since they began to wait."""
    over = [customer.id for customer in customers if customer.attempts > campaign.max_recall_count]
    ended = find_outcomes(conn, over, tenant_id=campaign.tenant_id)
    return {call.customer_id: STATUS_OF[call.outcome] for call in ended}


def _read(conn: Connection, campaign: Any, customers: Sequence[Any]) -> _Facts:
    tenant_id = campaign.tenant_id
    people = _people(conn, tenant_id, [customer.person_id for customer in customers])
    numbers = _numbers(conn, tenant_id, list(people))
    phones = {number.phone for row in numbers.values() for number in row}
    keys = {person.key for person in people.values() if person.key_kind is Subject.PERSON}
    blocked, barred = dnc.suppressed(conn, tenant_id, campaign.id, campaign.purpose, phones, keys)
    busy, talking = _in_call(conn, tenant_id, phones, list(people))
    return _Facts(people, numbers, blocked, barred, busy, talking, _variables(conn, campaign, customers))


def _suppressed(facts: _Facts, customer: Any, number: Any) -> bool:
    person = facts.people[customer.person_id]
    return number.phone in facts.blocked or (person.key_kind is Subject.PERSON and person.key in facts.barred)


def _candidate(timing: Timing, tenant: Any, campaign: Any, customer: Any, number: Any, facts: _Facts) -> Candidate:
    person = facts.people[customer.person_id]
    dossier = Dossier(
        customer_id=customer.id,
        person_id=person.id,
        phone=number.phone,
        role=number.role,
        mode=campaign.mode,
        purpose=campaign.purpose,
        zone=person.zone or tenant.zone,
        status=customer.status,
        number_in_call=number.phone in facts.busy,
        person_in_call=person.id in facts.talking,
        needs_review=number.needs_review,
        ring_for=timing.of(RING_SECONDS),
        busy_for=timing.busy_delay,
        variables=facts.variables.get(customer.id, {}),
        required=tuple(campaign.variables),
    )
    return Candidate(customer, dossier, customer.name or person.name)


def forbidden(
    conn: Connection, now: datetime, timing: Timing, tenant: Any, campaign: Any, calls: Sequence[Any]
) -> dict[int, Reason]:
    """The customers of these handed-over calls whom the gate would not let be rung any more, and why."""
    fixed = {call.customer_id: call.phone for call in calls}
    customers = find_customers(conn, fixed, tenant_id=tenant.id)
    candidates, hopeless = gather(conn, timing, tenant, campaign, customers, fixed)
    withheld = {one.customer.id: one.reason for one in hopeless}
    for candidate in candidates:
        # The call that is judged is itself the one that keeps number and person busy.
        dossier = replace(candidate.dossier, number_in_call=False, person_in_call=False)
        verdict = review(dossier, rulebooks.shipped().get(campaign.rulebook), now)
        if isinstance(verdict, Withheld):
            withheld[candidate.customer.id] = verdict.reason
    return withheld


def _hopeless(customer: Any, own: Sequence[Any], lawful: Sequence[Any]) -> Hopeless:
    if not own:
        return Hopeless(customer, Status.FAIL, Reason.NO_NUMBER)
    if not lawful:
        return Hopeless(customer, Status.FAIL, Reason.NO_LIABLE_NUMBER)
    return Hopeless(customer, Status.DNC, Reason.SUPPRESSED)


def _people(conn: Connection, tenant_id: int, ids: Sequence[int]) -> dict[int, Any]:
    return {person.id: person for person in find_people(conn, ids, tenant_id=tenant_id)}


def _numbers(conn: Connection, tenant_id: int, person_ids: Sequence[int]) -> dict[int, list[Any]]:
    numbers: dict[int, list[Any]] = defaultdict(list)
    for number in find_numbers(conn, person_ids, tenant_id=tenant_id):
        numbers[number.person_id].append(number)
    return numbers


def _in_call(
    conn: Connection, tenant_id: int, phones: set[str], person_ids: Sequence[int]
) -> tuple[set[str], set[int]]:
    """Which of these numbers and people are in a live call of any kind, inbound and hand-dialled ones too."""
    busy = {call.phone for call in find_busy(conn, phones, tenant_id=tenant_id)}
    return busy, {call.person_id for call in find_talking(conn, person_ids, tenant_id=tenant_id)}


def _variables(conn: Connection, campaign: Any, customers: Sequence[Any]) -> dict[int, dict[str, Any]]:
    """The script's variables: those of the contract that is the most days past due."""
    if campaign.mode is not Mode.AUTOCALL:
        return {}
    worst: dict[int, Any] = {}
    for debt in find_debts(conn, [customer.id for customer in customers], tenant_id=campaign.tenant_id):
        known = worst.get(debt.customer_id)
        if known is None or (debt.dpd or 0) > (known.dpd or 0):
            worst[debt.customer_id] = debt
    return {
        customer: {name: debt.variables.get(name) for name in campaign.variables} for customer, debt in worst.items()
    }
