"""Put together what the gate is shown: of each customer one number, and everything that may stand against it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, select

from campaigns import consents, copies, dnc, zones
from campaigns.compliance import Dossier, Mandate, Withheld, may_ever_dial, review
from campaigns.hours import DAYS
from campaigns.models import Call, Callback, Customer, Debt, Number, Person
from campaigns.recollection import Recollection, recollect
from campaigns.retries import STATUS_OF
from campaigns.rows import LIVE, columns_of, spelled, table
from campaigns.rulebooks import AgreedHours, Rulebook
from campaigns.statements import ONE, Find, aside
from campaigns.timing import Timing
from campaigns.words import Mode, Promise, Reason, Role, Status, Subject

CALL = columns_of(Call)
CALLBACK = columns_of(Callback)
CUSTOMER = columns_of(Customer)
DEBT = columns_of(Debt)
NUMBER = columns_of(Number)
PERSON = columns_of(Person)
RING_SECONDS = 45
TENANT: Any = bindparam("tenant_id")

find_customers = Find(select(table(Customer)).where(CUSTOMER.tenant_id == TENANT), key=CUSTOMER.id)


def _live(which: ColumnElement[bool]) -> Any:
    """The expression: 1 where such a call of any kind is live, inbound and hand-dialled ones too, else null."""
    return select(ONE).where(which, aside(CALL.tenant_id) == TENANT, LIVE).limit(ONE).scalar_subquery()


find_numbers = Find(
    select(
        *(NUMBER[name] for name in ("person_id", "phone", "role", "needs_review", "dead_at")),
        *(PERSON[name] for name in ("name", "zone", "address", "agreed_hours")),
        dnc.bars(Subject.NUMBER, NUMBER.phone).label("blocked"),
        dnc.bars(Subject.PERSON, PERSON.key).label("barred"),
        _live(CALL.phone == NUMBER.phone).label("busy"),
        _live(CALL.person_id == NUMBER.person_id).label("talking"),
    )
    .join_from(table(Number), table(Person), PERSON.id == NUMBER.person_id)
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


@dataclass(frozen=True, slots=True)
class Hopeless:
    """A customer with no number to review: why, and what that makes of him."""

    customer: Any
    status: Status
    reason: Reason
    narrowed: bool = False
    """Whether only the numbers that a triggered call named were looked at: it ends, and he goes back to his turn."""


class Candidate(NamedTuple):
    """A customer with his numbers, the one whose turn it is first."""

    customer: Any
    dossiers: tuple[Dossier, ...]
    name: str
    waits: bool = True
    """Whether he is kept for later where he is withheld now; not by a triggered call that nobody wants to wait."""
    narrowed: bool = False
    """As of `Hopeless`."""

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

    numbers: Mapping[int, Sequence[Any]]
    """By person; with each number what is known of the person, of suppressions and of live calls."""
    debts: Mapping[int, Sequence[Any]]
    triggers: Mapping[int, Any]
    """By customer: the triggered call that he is to be called by."""
    consents: Mapping[int, bool | None]
    recollection: Recollection
    lawful: Collection[tuple[Role, bool]]
    """The roles whose numbers may be rung at all, with whether the number is doubted."""
    alike: dict[Any, Dossier] = field(default_factory=dict)
    """A dossier for all in the same circumstances of whom nothing but their number is known: thousands wait."""


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
        # Only a triggered call brought him here, and it is over.
        over = (row for row in customers if row.expires_at is not None and row.callback_id is None)
        hopeless += [Hopeless(row, Status.EXPIRED, Reason.EXPIRED) for row in over]
    passed = {one.customer.id for one in hopeless}
    for customer in customers if not passed else [row for row in customers if row.id not in passed]:
        call = fixed.get(customer.id) if fixed else None
        trigger = facts.triggers.get(customer.id)
        own = facts.numbers.get(customer.person_id, ())
        named = trigger.phones if trigger is not None else ()
        if named:
            own = _wanted(own, named)
        narrowed = bool(named) and customer.expires_at is None
        if found := _dialable(now, timing, facts, customer, own, call, in_turn=not named):
            dossiers = tuple([_dossier(common, of, customer, number, facts, call) for number in found])
            waits = trigger is None or trigger.waits
            candidates.append(Candidate(customer, dossiers, customer.name or found[0].name, waits, narrowed))
        else:
            hopeless.append(replace(_hopeless(of, customer, own, call), narrowed=narrowed))
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
    people = {customer.person_id for customer in customers}
    asked = dnc.bound(of.tenant.id, of.campaign.id, of.campaign.purpose)
    numbers = _grouped(find_numbers(conn, people, **asked), "person_id")
    debts = find_debts(conn, [customer.id for customer in customers], tenant_id=of.tenant.id)
    return _Facts(
        numbers=numbers,
        debts=_grouped(debts, "customer_id"),
        triggers=triggers,
        consents=_consents(conn, now, of, people),
        recollection=_recollected(conn, now, of, numbers),
        lawful={(role, doubted) for role in Role for doubted in (False, True) if _lawful(of, role, doubted)},
    )


def _grouped(rows: Sequence[Any], name: str) -> Mapping[int, Sequence[Any]]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for row, key in zip(rows, map(attrgetter(name), rows), strict=True):
        groups[key].append(row)
    return groups


def _recollected(conn: Connection, now: datetime, of: Brief, numbers: Mapping[int, Sequence[Any]]) -> Recollection:
    """What reached these people and numbers, as far back as the caps and the campaign's quiet time look."""
    back = max(of.rulebook.reach if of.rulebook else timedelta(0), timedelta(seconds=of.campaign.quiet_time))
    if not back:
        return Recollection()
    shared = of.rulebook is not None and of.rulebook.minds_others
    phones = {number.phone for own in numbers.values() for number in own} if shared else set()
    return recollect(conn, of.tenant.id, numbers.keys(), phones, now - back)


def _dialable(
    now: datetime, timing: Timing, facts: _Facts, customer: Any, own: Sequence[Any], call: Any | None, in_turn: bool
) -> Sequence[Any]:
    """A customer's numbers that may be dialed at all, `in_turn` one an attempt, else in the order wanted."""
    free = [number for number in own if not number.blocked and not number.barred]
    allowed = [number for number in free if (number.role, number.needs_review) in facts.lawful]
    if call is not None:
        allowed = [number for number in allowed if number.phone == call.phone]
    alive = [number for number in allowed if not number.dead_at or number.dead_at <= now - timing.dead_number]
    # What was handed over already is not taken back because its number is a poor one.
    turns = alive or (allowed if call is not None else [])
    if len(turns) < 2 or (call is None and not in_turn):
        return turns
    first = customer.attempts % len(turns)
    return [*turns[first:], *turns[:first]]


def _wanted(numbers: Sequence[Any], phones: Sequence[str]) -> Sequence[Any]:
    """Those of somebody's numbers for which a triggered call is, in its order."""
    by_phone = {number.phone: number for number in numbers}
    return [by_phone[phone] for phone in phones if phone in by_phone]


def _lawful(of: Brief, role: Role, doubted: bool) -> bool:
    roles = of.rulebook.requires.roles if of.rulebook else None
    return (roles is None or role in roles) and may_ever_dial(role, of.campaign.purpose, doubted)


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
    debts = facts.debts.get(customer.id, ())
    trigger = facts.triggers.get(customer.id)
    touches = facts.recollection.of(number.person_id, number.phone, but=call.id if call is not None else None)
    if call is not None or debts or touches or trigger is not None or number.agreed_hours or facts.consents:
        return _whole(common, of, customer, number, facts, call)
    zones_of = zones.of_number(number.phone)
    shown = (customer.status, number.role, number.needs_review, number.busy, number.talking)
    alike = (*shown, number.zone, number.address, zones_of)
    if alike not in facts.alike:
        facts.alike[alike] = _whole(common, of, customer, number, facts, call)
    return facts.alike[alike].of(customer.id, number.person_id, number.phone)


def _whole(
    common: Mapping[str, Any], of: Brief, customer: Any, number: Any, facts: _Facts, call: Any | None
) -> Dossier:
    debts = facts.debts.get(customer.id, ())
    return Dossier(
        customer_id=customer.id,
        person_id=number.person_id,
        phone=number.phone,
        role=number.role,
        zones=_zones(of, number),
        status=customer.status,
        consent=facts.consents.get(number.person_id),
        # The call that is judged is itself the one that keeps number and person busy.
        number_in_call=call is None and bool(number.busy),
        person_in_call=call is None and bool(number.talking),
        needs_review=number.needs_review,
        contracts=tuple(debt.contract_number for debt in debts if debt.contract_number) if debts else (),
        touches=facts.recollection.of(number.person_id, number.phone, but=call.id if call is not None else None),
        agreed=_agreed(number.agreed_hours) if number.agreed_hours else (),
        not_after=trigger.not_after if (trigger := facts.triggers.get(customer.id)) is not None else None,
        variables=_variables(of.campaign, debts) if debts else {},
        **common,
    )


def _zones(of: Brief, number: Any) -> tuple[str, ...]:
    hours = of.rulebook.hours if of.rulebook else None
    country = of.rulebook.country if of.rulebook else ""
    return zones.candidates(
        zones.of_number(number.phone),
        zones.of_address(number.address or "", country),
        number.zone,
        of.tenant.zone,
        hours.zones if hours else "first",
    )


def _agreed(hours: Sequence[Sequence[str]]) -> tuple[AgreedHours, ...]:
    return tuple(
        AgreedHours(time.fromisoformat(opens), time.fromisoformat(closes), frozenset({DAYS.index(day)}))
        for day, opens, closes in hours
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


def _hopeless(of: Brief, customer: Any, own: Sequence[Any], call: Any | None) -> Hopeless:
    """Why none of a customer's own numbers may be dialed, or not the one that was handed over."""
    lawful = [number for number in own if _lawful(of, number.role, number.needs_review)]
    if not own:
        return Hopeless(customer, Status.FAIL, Reason.NO_NUMBER)
    if not lawful:
        doubted = any(number.needs_review and may_ever_dial(number.role, of.campaign.purpose, False) for number in own)
        return Hopeless(customer, Status.FAIL, Reason.NEEDS_REVIEW if doubted else Reason.NO_LIABLE_NUMBER)
    meant = [number for number in lawful if call is None or number.phone == call.phone]
    if all(number.blocked or number.barred for number in meant):
        return Hopeless(customer, Status.DNC, Reason.SUPPRESSED)
    return Hopeless(customer, Status.FAIL, Reason.NUMBERS_DEAD)


def _consents(conn: Connection, now: datetime, of: Brief, people: Iterable[int]) -> Mapping[int, bool | None]:
    """What these people said of the purpose, where the rulebook asks for it."""
    if of.rulebook is None or not of.rulebook.requires.consent:
        return {}
    return consents.standing(conn, of.tenant.id, list(people), of.campaign.purpose, now)


def _variables(campaign: Any, debts: Sequence[Any]) -> dict[str, Any]:
    """The script's variables: those of the contract that is the most days past due."""
    if campaign.mode is not Mode.AUTOCALL or not debts:
        return {}
    worst = max(debts, key=lambda debt: debt.dpd or 0)
    return {name: worst.variables.get(name) for name in campaign.variables}
