"""Put together what the gate is shown: of each customer one number, and everything that may stand against it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select

from campaigns import consents, copies, dnc, zones
from campaigns.compliance import Dossier, Mandate, Withheld, may_ever_dial, review
from campaigns.hours import DAYS
from campaigns.models import Call, Callback, Customer, Debt, Number, Person
from campaigns.recollection import Recollection, recollect
from campaigns.retries import STATUS_OF
from campaigns.rows import LIVE, columns_of, spelled, table
from campaigns.rulebooks import AgreedHours, Rulebook
from campaigns.statements import Find, aside
from campaigns.timing import Timing
from campaigns.words import Mode, Promise, Reason, Status

CALL = columns_of(Call)
CALLBACK = columns_of(Callback)
CUSTOMER = columns_of(Customer)
DEBT = columns_of(Debt)
NUMBER = columns_of(Number)
PERSON = columns_of(Person)
RING_SECONDS = 45
TENANT: Any = bindparam("tenant_id")

find_customers = Find(select(table(Customer)).where(CUSTOMER.tenant_id == TENANT), key=CUSTOMER.id)
find_people = Find(
    select(PERSON.id, PERSON.key, PERSON.name, PERSON.zone, PERSON.address, PERSON.agreed_hours).where(
        PERSON.tenant_id == TENANT
    ),
    key=PERSON.id,
)
find_numbers = Find(
    select(NUMBER.person_id, NUMBER.phone, NUMBER.role, NUMBER.needs_review, NUMBER.dead_at)
    .where(NUMBER.tenant_id == TENANT, NUMBER.removed_at.is_(None))
    .order_by(NUMBER.person_id, NUMBER.position, NUMBER.id),
    key=NUMBER.person_id,
)
find_debts = Find(
    select(DEBT.customer_id, DEBT.contract_number, DEBT.dpd, DEBT.variables)
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
find_triggers = Find(
    select(CALLBACK.customer_id, CALLBACK.not_after, CALLBACK.waits, CALLBACK.phones).where(
        CALLBACK.tenant_id == TENANT, spelled(CALLBACK.promise, [Promise.OPEN]), CALLBACK.not_after.is_not(None)
    ),
    key=CALLBACK.customer_id,
)
find_kept = Find(
    select(CALLBACK.id, CALLBACK.customer_id, CALLBACK.not_after, CALLBACK.waits, CALLBACK.phones).where(
        CALLBACK.tenant_id == TENANT, CALLBACK.not_after.is_not(None)
    ),
    key=CALLBACK.id,
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
    """A customer with his numbers, the one whose turn it is first."""

    customer: Any
    dossiers: tuple[Dossier, ...]
    name: str
    waits: bool = True
    """Whether he is kept for later where he is withheld now; not by a triggered call that nobody wants to wait."""

    @property
    def dossier(self) -> Dossier:
        """That of the number whose turn it is."""
        return self.dossiers[0]


@dataclass(frozen=True, slots=True)
class Brief:
    """Whose customers are judged, and under what: the tenant's and the campaign's row, and the rulebook."""

    tenant: Any
    campaign: Any
    mandate: Mandate
    rulebook: Rulebook | None


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one transaction knows of a batch of customers, read in a few statements."""

    people: dict[int, Any]
    numbers: dict[int, list[Any]]
    blocked: set[str]
    barred: set[str]
    busy: set[str]
    talking: set[int]
    debts: dict[int, list[Any]]
    triggers: Mapping[int, Any]
    """By customer: the triggered call that he is to be called by."""
    consents: Mapping[int, bool | None]
    recollection: Recollection


def brief(conn: Connection, tenant: Any, campaign: Any, rulebook: Rulebook | None) -> Brief:
    """Put together what a campaign shows for itself."""
    register = rulebook.requires.register if rulebook else None
    mandate = Mandate(
        purpose=campaign.purpose,
        creditor=campaign.creditor,
        advertiser=campaign.advertiser,
        brandname=campaign.brandname,
        brandname_until=campaign.brandname_until,
        register_as_of=copies.as_of(conn, tenant.id, register) if register else None,
    )
    return Brief(tenant, campaign, mandate, rulebook)


def gather(
    conn: Connection,
    now: datetime,
    timing: Timing,
    of: Brief,
    customers: Sequence[Any],
    fixed: Mapping[int, Any] | None = None,
    triggers: Mapping[int, Any] | None = None,
) -> tuple[list[Candidate], list[Hopeless]]:
    """Dossiers for each of these customers, on the facts of this transaction, or why there cannot be one.

    `fixed` names by customer id the call to be judged, where one was handed over already; `triggers` the triggered
    calls that are not written yet.
    """
    facts = _read(conn, now, of, customers, triggers or _triggers(conn, of.tenant.id, customers, fixed or {}))
    spent = _spent(conn, of.campaign, customers) if fixed is None else {}
    common = _common(timing, of)
    candidates: list[Candidate] = []
    hopeless = [Hopeless(row, spent[row.id], Reason.RECALLS_USED_UP) for row in customers if row.id in spent]
    if fixed is None:
        hopeless += [Hopeless(row, Status.EXPIRED, Reason.EXPIRED) for row in customers if _unwanted(row)]
    passed = {one.customer.id for one in hopeless}
    for customer in customers:
        if customer.id in passed:
            continue
        call = fixed.get(customer.id) if fixed else None
        found = _dialable(now, timing, of, customer, facts, call)
        if isinstance(found, Hopeless):
            hopeless.append(found)
        else:
            dossiers = tuple(_dossier(common, of, customer, number, facts, call) for number in found)
            name = customer.name or facts.people[customer.person_id].name
            trigger = facts.triggers.get(customer.id)
            candidates.append(Candidate(customer, dossiers, name, trigger is None or trigger.waits))
    return candidates, hopeless


def _spent(conn: Connection, campaign: Any, customers: Sequence[Any]) -> dict[int, Status]:
    """Those who had more attempts than the campaign allows by now, and what their last outcome makes of them: the
    recalls may have been made fewer since they began to wait. Who was promised a call has one more."""
    over = [row.id for row in customers if row.attempts > campaign.max_recall_count and _of_the_list(row)]
    ended = find_outcomes(conn, over, tenant_id=campaign.tenant_id)
    return {call.customer_id: STATUS_OF[call.outcome] for call in ended}


def _of_the_list(customer: Any) -> bool:
    """Whether the list wants him called, and no promise."""
    return customer.callback_id is None and customer.expires_at is None


def _unwanted(customer: Any) -> bool:
    """Whether only a triggered call brought him here, and it is over."""
    return customer.callback_id is None and customer.expires_at is not None


def _triggers(
    conn: Connection, tenant_id: int, customers: Sequence[Any], fixed: Mapping[int, Any]
) -> Mapping[int, Any]:
    """The open triggered calls of these customers, or those by which the `fixed` calls were handed over."""
    if fixed:
        kept = [call.callback_id for call in fixed.values() if call.callback_id is not None]
        return {row.customer_id: row for row in find_kept(conn, kept, tenant_id=tenant_id)}
    promised = [row.id for row in customers if row.callback_id is not None]
    return {row.customer_id: row for row in find_triggers(conn, promised, tenant_id=tenant_id)}


def _read(conn: Connection, now: datetime, of: Brief, customers: Sequence[Any], triggers: Mapping[int, Any]) -> _Facts:
    tenant_id, campaign = of.tenant.id, of.campaign
    people = _people(conn, tenant_id, [customer.person_id for customer in customers])
    numbers = _numbers(conn, tenant_id, list(people))
    phones = {number.phone for row in numbers.values() for number in row}
    keys = {person.key for person in people.values()}
    blocked, barred = dnc.suppressed(conn, tenant_id, campaign.id, campaign.purpose, phones, keys)
    busy, talking = _in_call(conn, tenant_id, phones, list(people))
    shared = phones if of.rulebook and of.rulebook.minds_others else ()
    back = max(of.rulebook.reach if of.rulebook else timedelta(0), timedelta(seconds=campaign.quiet_time))
    return _Facts(
        people,
        numbers,
        blocked,
        barred,
        busy,
        talking,
        debts=_debts(conn, of, customers),
        triggers=triggers,
        consents=_consents(conn, now, of, people),
        recollection=recollect(conn, tenant_id, people, shared, now - back) if back else Recollection(),
    )


def _dialable(
    now: datetime, timing: Timing, of: Brief, customer: Any, facts: _Facts, call: Any | None
) -> Sequence[Any] | Hopeless:
    """A customer's numbers that may be dialed at all, in turn, one an attempt."""
    own = _wanted(facts.numbers.get(customer.person_id, []), facts.triggers.get(customer.id))
    lawful = [number for number in own if _lawful(of, number)]
    allowed = [number for number in lawful if not _suppressed(facts, customer, number)]
    if call is not None:
        allowed = [number for number in allowed if number.phone == call.phone]
    alive = [number for number in allowed if not number.dead_at or number.dead_at <= now - timing.dead_number]
    if not alive and (call is None or not allowed):
        return _hopeless(of, customer, own, lawful, allowed)
    # What was handed over already is not taken back because its number is a poor one.
    turns = alive or allowed
    if call is None and _names(facts.triggers.get(customer.id)):
        return turns
    first = customer.attempts % len(turns)
    return [*turns[first:], *turns[:first]]


def _names(trigger: Any) -> Sequence[str]:
    """The numbers that a triggered call is for."""
    return trigger.phones if trigger is not None else ()


def _wanted(numbers: Sequence[Any], trigger: Any) -> Sequence[Any]:
    """Those of somebody's numbers that may be rung for what is wanted, in its order."""
    named = _names(trigger)
    if not named:
        return numbers
    by_phone = {number.phone: number for number in numbers}
    return [by_phone[phone] for phone in named if phone in by_phone]


def _lawful(of: Brief, number: Any) -> bool:
    roles = of.rulebook.requires.roles if of.rulebook else None
    return (roles is None or number.role in roles) and may_ever_dial(
        number.role, of.campaign.purpose, number.needs_review
    )


def _suppressed(facts: _Facts, customer: Any, number: Any) -> bool:
    person = facts.people[customer.person_id]
    return number.phone in facts.blocked or person.key in facts.barred


def _common(timing: Timing, of: Brief) -> dict[str, Any]:
    """What all dossiers of a campaign share."""
    campaign = of.campaign
    return {
        "mode": campaign.mode,
        "mandate": of.mandate,
        "campaign_id": campaign.id,
        "quiet_time": timing.of(campaign.quiet_time),
        "ring_for": timing.of(RING_SECONDS),
        "busy_for": timing.busy_delay,
        "required": tuple(campaign.variables),
    }


def _dossier(
    common: Mapping[str, Any], of: Brief, customer: Any, number: Any, facts: _Facts, call: Any | None
) -> Dossier:
    person, debts = facts.people[customer.person_id], facts.debts.get(customer.id, ())
    return Dossier(
        customer_id=customer.id,
        person_id=person.id,
        phone=number.phone,
        role=number.role,
        zones=_zones(of, person, number),
        status=customer.status,
        consent=facts.consents.get(person.id),
        # The call that is judged is itself the one that keeps number and person busy.
        number_in_call=call is None and number.phone in facts.busy,
        person_in_call=call is None and person.id in facts.talking,
        needs_review=number.needs_review,
        contracts=tuple(debt.contract_number for debt in debts if debt.contract_number) if debts else (),
        touches=facts.recollection.of(person.id, number.phone, but=call.id if call is not None else None),
        agreed=_agreed(person) if person.agreed_hours else (),
        not_after=trigger.not_after if (trigger := facts.triggers.get(customer.id)) is not None else None,
        variables=_variables(of.campaign, debts) if debts else {},
        **common,
    )


def _zones(of: Brief, person: Any, number: Any) -> tuple[str, ...]:
    hours = of.rulebook.hours if of.rulebook else None
    country = of.rulebook.country if of.rulebook else ""
    return zones.candidates(
        zones.of_number(number.phone),
        zones.of_address(person.address or "", country),
        person.zone,
        of.tenant.zone,
        hours.zones if hours else "first",
    )


def _agreed(person: Any) -> tuple[AgreedHours, ...]:
    return tuple(
        AgreedHours(time.fromisoformat(opens), time.fromisoformat(closes), frozenset({DAYS.index(day)}))
        for day, opens, closes in person.agreed_hours
    )


def forbidden(conn: Connection, now: datetime, timing: Timing, of: Brief, calls: Sequence[Any]) -> dict[int, Reason]:
    """The customers of these handed-over calls whom the gate would not let be rung any more, and why."""
    fixed = {call.customer_id: call for call in calls}
    customers = find_customers(conn, fixed, tenant_id=of.tenant.id)
    candidates, hopeless = gather(conn, now, timing, of, customers, fixed)
    withheld = {one.customer.id: one.reason for one in hopeless}
    for candidate in candidates:
        verdict = review(candidate.dossier, of.rulebook, now)
        if isinstance(verdict, Withheld):
            withheld[candidate.customer.id] = verdict.reason
    return withheld


def _hopeless(of: Brief, customer: Any, own: Sequence[Any], lawful: Sequence[Any], allowed: Sequence[Any]) -> Hopeless:
    if not own:
        return Hopeless(customer, Status.FAIL, Reason.NO_NUMBER)
    if not lawful:
        doubted = any(number.needs_review and may_ever_dial(number.role, of.campaign.purpose, False) for number in own)
        return Hopeless(customer, Status.FAIL, Reason.NEEDS_REVIEW if doubted else Reason.NO_LIABLE_NUMBER)
    if not allowed:
        return Hopeless(customer, Status.DNC, Reason.SUPPRESSED)
    return Hopeless(customer, Status.FAIL, Reason.NUMBERS_DEAD)


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


def _consents(conn: Connection, now: datetime, of: Brief, people: Iterable[int]) -> Mapping[int, bool | None]:
    """What these people said of the purpose, where the rulebook asks for it."""
    if of.rulebook is None or not of.rulebook.requires.consent:
        return {}
    return consents.standing(conn, of.tenant.id, list(people), of.campaign.purpose, now)


def _debts(conn: Connection, of: Brief, customers: Sequence[Any]) -> dict[int, list[Any]]:
    """Each customer's contracts."""
    debts: dict[int, list[Any]] = defaultdict(list)
    for debt in find_debts(conn, [customer.id for customer in customers], tenant_id=of.tenant.id):
        debts[debt.customer_id].append(debt)
    return debts


def _variables(campaign: Any, debts: Sequence[Any]) -> dict[str, Any]:
    """The script's variables: those of the contract that is the most days past due."""
    if campaign.mode is not Mode.AUTOCALL or not debts:
        return {}
    worst = max(debts, key=lambda debt: debt.dpd or 0)
    return {name: worst.variables.get(name) for name in campaign.variables}
