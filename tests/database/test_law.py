"""The gate and the checker, who share no line, agree on every history: what is cleared is lawful, and what is withheld
would have been a violation. So the gate holds the law, and is not merely timid."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from databases import Desk
from founding import Company, Someone, brief, campaign, company, customers, enlist, person, read
from hypothesis import event, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, update

from campaigns import audit, consents, contacts, decisions, dnc, dossiers, shelf
from campaigns.audit.cases import _Surroundings
from campaigns.compliance import Cleared, review_each
from campaigns.consents import Said
from campaigns.contacts import Reached
from campaigns.dnc import Entry
from campaigns.models import Call, Debt, ListImport, Number, Person, Register, Tenant
from campaigns.rows import columns_of, table
from campaigns.rulebooks import shipped
from campaigns.timing import Timing
from campaigns.words import CallState, Channel, Mode, Origin, Outcome, Purpose, Reason, Role, Subject

TIMING = Timing()
RING = TIMING.of(dossiers.RING_SECONDS)
# Days on which clocks are set or a year ends, and a plain one.
DAYS = ("2026-03-02", "2026-03-07", "2026-03-08", "2026-03-29", "2026-10-25", "2026-10-31", "2026-11-01", "2026-12-31")
PHONES = (
    "+84912345678",
    "+84242345678",
    "+12125550123",
    "+18085550123",
    "+13175550123",
    "+442071838750",
    "+18005550123",
)
ADDRESSES = (None, "12 Lê Lợi, Hà Nội", "1 Main St, Indianapolis, IN 46204", "9 Elm St, El Paso, TX 79901")
ZONES = (None, None, "Asia/Ho_Chi_Minh", "America/New_York", "Pacific/Honolulu", "Nowhere/Land")
AGREED = (
    [],
    [],
    [["mon", "18:00", "20:00"], ["sun", "00:00", "23:59"]],
    [[d, "22:00", "23:30"] for d in ("sat", "sun")],
)
PURPOSES = {
    "vn-debt": [Purpose.DEBT_REMINDER],
    "us-debt": [Purpose.DEBT_REMINDER],
    "vn-marketing": [Purpose.MARKETING],
    "gb": list(Purpose),
    "none": list(Purpose),
}
ADVERTISERS = ("Cty A", "Cty B", None)
CONTRACTS = ("HD1", "HD2")


@dataclass(frozen=True, slots=True)
class Happened:
    """A call or a contact some minutes before the moment of the judgement."""

    kind: str
    minutes: int
    number: int
    purpose: Purpose | None
    advertiser: str | None
    contracts: tuple[str, ...]
    charged: bool
    outcome: Outcome
    billsec: int
    other_person: bool


@dataclass(frozen=True, slots=True)
class Scene:
    rulebook: str
    purpose: Purpose
    now: datetime
    phones: tuple[str, ...]
    roles: tuple[Role, ...]
    needs_review: bool
    address: str | None
    zone: str | None
    agreed: Sequence[Any]
    consent: str
    entry: str
    register_age: int | None
    advertiser: str | None
    contracts: tuple[str, ...]
    happened: tuple[Happened, ...] = field(default=())


MINUTES = st.one_of(
    st.integers(1, 8 * 24 * 60),
    st.sampled_from([24 * 60 + d for d in (-1, 0, 1)] + [7 * 24 * 60 + d for d in (-1, 0, 1)]),
    st.integers(1, 24 * 60),
)
HAPPENED = st.builds(
    Happened,
    kind=st.sampled_from(["ours", "ours", "hand", "inbound", "sms", "visit", "told-call"]),
    minutes=MINUTES,
    number=st.integers(0, 1),
    purpose=st.sampled_from([*Purpose, None]),
    advertiser=st.sampled_from(ADVERTISERS),
    contracts=st.sampled_from([(), ("HD1",), ("HD2",), CONTRACTS]),
    charged=st.booleans(),
    outcome=st.sampled_from([Outcome.ANSWERED, Outcome.NO_ANSWERED, Outcome.BUSY]),
    billsec=st.sampled_from([0, 40]),
    other_person=st.booleans(),
)


@st.composite
def again(draw: st.DrawFn) -> list[Happened]:
    """The same, over and over: what a cap is there for."""
    one = draw(HAPPENED)
    return [replace(one, minutes=minutes, other_person=False) for minutes in draw(st.lists(MINUTES, max_size=9))]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Mostly people against whom nothing stands but the hour and what happened before: else no cap is ever reached."""
    rulebook = draw(st.sampled_from(sorted(PURPOSES)))
    phones = draw(st.lists(st.sampled_from(PHONES), min_size=1, max_size=2, unique=True))
    day = datetime.fromisoformat(draw(st.sampled_from(DAYS))).replace(tzinfo=UTC)
    plain = draw(st.integers(0, 3)) > 0

    def odd(usual: Any, *others: Any) -> Any:
        return usual if plain else draw(st.sampled_from([usual, *others]))

    return Scene(
        rulebook=rulebook,
        purpose=draw(st.sampled_from(PURPOSES[rulebook])),
        now=day + timedelta(minutes=draw(st.integers(0, 36 * 60)), seconds=draw(st.sampled_from([0, 0, 14, 59]))),
        phones=tuple(phones),
        roles=tuple(odd(Role.BORROWER, *Role) for _ in phones),
        needs_review=odd(False, True),
        address=draw(st.sampled_from(ADDRESSES)),
        zone=odd(None, *ZONES),
        agreed=odd([], *AGREED),
        consent=odd("granted", "none", "refused", "over"),
        entry=odd("none", "number", "person", "marketing", "lifted"),
        register_age=odd(1, None, 40 * 24),
        advertiser=odd("Cty A", *ADVERTISERS),
        contracts=draw(st.sampled_from([(), ("HD1",), CONTRACTS])),
        happened=(*draw(st.lists(HAPPENED, max_size=5)), *draw(again())),
    )


def built(conn: Connection, scene: Scene) -> tuple[Company, Any, Any]:
    """The company, the campaign and the customer of a scene."""
    early = scene.now - timedelta(days=60)
    of = company(conn, early)
    one = campaign(
        conn,
        of,
        Mode.CLICK2CALL,
        rulebook=scene.rulebook,
        purpose=scene.purpose,
        creditor="Cty A",
        advertiser=scene.advertiser,
        brandname="CTYA",
        max_recall_count=20,
    )
    someone = Someone("K1", scene.phones, scene.roles, scene.zone, scene.needs_review)
    person_id = person(conn, of, someone)
    told = {"address": scene.address, "agreed_hours": list(scene.agreed)}
    conn.execute(update(table(Person)).where(columns_of(Person).id == person_id).values(**told))
    other_id = person(conn, of, Someone("K2", scene.phones[:1]))
    (listed,) = enlist(conn, early, one, [(person_id, someone)])
    _owe(conn, of, one, listed.customer_id, scene, early)
    _say(conn, of, person_id, scene)
    for what in scene.happened:
        _happen(conn, of, one, other_id if what.other_person else person_id, scene, what)
    shelf.keep(conn, early, of.tenant_id, shipped()[scene.rulebook])
    return of, one, customers(conn, of.tenant_id)[listed.customer_id]


def _owe(conn: Connection, of: Company, one: Any, customer_id: int, scene: Scene, at: datetime) -> None:
    row = {"tenant_id": of.tenant_id, "campaign_id": one.id, "run_id": read_run(conn, customer_id), "file_name": "f"}
    row |= {"sha256": "s", "headers": [], "counts": {}, "imported_by": "t", "imported_at": at}
    import_id = conn.execute(insert(table(ListImport)).returning(columns_of(ListImport).id), row).scalar_one()
    for number, contract in enumerate(scene.contracts):
        debt = {"tenant_id": of.tenant_id, "customer_id": customer_id, "contract_number": contract, "variables": {}}
        conn.execute(insert(table(Debt)), debt | {"uploaded": [], "row_number": number, "list_import_id": import_id})


def read_run(conn: Connection, customer_id: int) -> int:
    from campaigns.models import Customer

    return int(read(conn, Customer, customer_id).run_id)


def _say(conn: Connection, of: Company, person_id: int, scene: Scene) -> None:
    """What the person said, what stands on the list, and what the register held."""
    before = scene.now - timedelta(days=9)
    said = {"granted": (True, None), "refused": (False, None), "over": (True, scene.now - timedelta(days=1))}
    if scene.consent in said:
        granted, until = said[scene.consent]
        word = Said(person_id, scene.purpose, granted, "web", before, until=until)
        consents.record(conn, before, of.tenant_id, [word], "test")
    entries = {
        "number": Entry(Subject.NUMBER, scene.phones[0]),
        "lifted": Entry(Subject.NUMBER, scene.phones[0]),
        "person": Entry(Subject.PERSON, "K1"),
        "marketing": Entry(Subject.NUMBER, scene.phones[0], purpose=Purpose.MARKETING),
    }
    if scene.entry in entries:
        dnc.suppress(conn, before, of.tenant_id, [entries[scene.entry]], "test")
    if scene.entry == "lifted":
        dnc.lift(conn, scene.now - timedelta(days=1), of.tenant_id, [scene.phones[0]], "test")
    register = shipped()[scene.rulebook].requires.register
    if register is not None and scene.register_age is not None:
        as_of = scene.now - timedelta(hours=scene.register_age)
        row = {"tenant_id": of.tenant_id, "name": register, "as_of": as_of, "entries": 0, "loaded_at": as_of}
        conn.execute(insert(table(Register)), row | {"file_name": "", "actor": "t"})


def _happen(conn: Connection, of: Company, one: Any, person_id: int, scene: Scene, what: Happened) -> None:
    at = scene.now - timedelta(minutes=what.minutes)
    phone = scene.phones[what.number % len(scene.phones)]
    if what.kind in ("sms", "visit", "told-call"):
        channel = {"sms": Channel.SMS, "visit": Channel.VISIT, "told-call": Channel.CALL}[what.kind]
        contract = what.contracts[0] if what.contracts else ""
        spoke = what.outcome is Outcome.ANSWERED
        reached = Reached(person_id, at, channel, contract, phone, what.purpose, what.advertiser, spoke)
        contacts.record(conn, at, of.tenant_id, [reached], "test")
        return
    ours = what.kind == "ours"
    row = {
        "tenant_id": of.tenant_id,
        "vendor_account_id": of.account_id,
        "campaign_id": one.id if ours else None,
        "person_id": person_id,
        "origin": {"ours": Origin.CAMPAIGN, "hand": Origin.HAND, "inbound": Origin.INBOUND}[what.kind],
        "purpose": what.purpose if ours else None,
        "advertiser": what.advertiser if ours else None,
        "contracts": list(what.contracts) if ours else [],
        "phone": phone,
        "reference": f"r{of.tenant_id}-{at.timestamp()}-{what.kind}-{person_id}-{id(what)}"[-40:],
        "attempt": 1,
        "state": CallState.SETTLED,
        "outcome": what.outcome,
        "charged": what.charged if ours else False,
        "billsec": what.billsec,
        "answered_at": at if what.outcome is Outcome.ANSWERED else None,
        "intended_at": at,
        "placed_at": at,
        "ended_at": at + timedelta(seconds=50),
        "settled_at": at + timedelta(seconds=50),
        "call_id_confirmed": True,
        "recorded": True,
        "checks": 0,
    }
    conn.execute(insert(table(Call)), row)


def gate(conn: Connection, of: Company, one: Any, customer: Any, now: datetime) -> Any:
    """What the gate says: the dossier that it goes by and the verdict, or why there is no dossier."""
    tenant = read(conn, Tenant, of.tenant_id)
    (candidates, hopeless) = dossiers.gather(conn, now, TIMING, brief(conn, tenant, one), [customer])
    if hopeless:
        return hopeless[0].reason, ()
    shown = candidates[0].dossiers
    return review_each(shown, shipped().get(one.rulebook), now), shown


def judged(
    conn: Connection, of: Company, one: Any, customer: Any, number: Any, scene: Scene, told: Any
) -> audit.Judgement:
    """What the checker would say of a call to this number that is placed now and rings as long as one may. In what
    zones somebody may be is judged elsewhere: it is `told`."""
    fake = SimpleNamespace(
        id=10**12,
        rulebook=one.rulebook,
        rulebook_version=shipped()[one.rulebook].version,
        purpose=one.purpose,
        advertiser=one.advertiser,
        role=number.role,
        phone=number.phone,
        person_id=customer.person_id,
        campaign_id=one.id,
        customer_id=customer.id,
        run_id=customer.run_id,
        intended_at=scene.now,
        ringing_at=scene.now + RING,
        contracts=list(scene.contracts),
        origin=Origin.CAMPAIGN,
    )
    tenant = read(conn, Tenant, of.tenant_id)
    (case,) = _Surroundings(conn, tenant, [fake]).cases()
    return audit.judge(replace(case, facts=told))


def agree(conn: Connection, scene: Scene) -> str:
    """What came of it, for the statistics."""
    of, one, customer = built(conn, scene)
    verdict, shown = gate(conn, of, one, customer, scene.now)
    told = {dossier.phone: decisions.told(dossier) for dossier in shown}
    numbers = [n for n in conn.execute(table(Number).select()) if n.person_id == customer.person_id]
    judgements = {
        number.phone: judged(conn, of, one, customer, number, scene, told.get(number.phone)) for number in numbers
    }
    # A doubtful number is for us to withhold, whatever the law says of it.
    lawful = {
        number.phone
        for number in numbers
        if judgements[number.phone].outcome is audit.Outcome.LAWFUL
        and not (number.needs_review and scene.purpose is Purpose.DEBT_REMINDER)
    }
    if isinstance(verdict, Reason):
        assert not lawful
        return f"no dossier: {verdict}"
    dossier, said = verdict
    if isinstance(said, Cleared):
        assert judgements[dossier.phone].outcome is audit.Outcome.LAWFUL, judgements[dossier.phone]
        return "cleared"
    assert not lawful, (said, judgements)
    if said.until is not None:
        _tight(conn, of, one, customer, scene, said)
    return f"withheld: {said.reason}"


def _tight(conn: Connection, of: Company, one: Any, customer: Any, scene: Scene, said: Any) -> None:
    """Nobody waits longer for the same: at the named moment that reason is over."""
    later, _ = gate(conn, of, one, customer, said.until)
    assert said.until > scene.now
    assert isinstance(later, Reason) or isinstance(later[1], Cleared) or later[1].until != said.until


def _one(conn: Connection, scene: Scene) -> str:
    """Judged and forgotten."""
    nested = conn.begin_nested()
    try:
        return agree(conn, scene)
    finally:
        nested.rollback()


@given(scene=scenes())
@settings(max_examples=settings.default.max_examples * 2)
def test_gate_and_checker_agree(sqlite: Desk, scene: Scene) -> None:
    event(sqlite.run(_one, scene))


@given(scene=scenes())
def test_gate_and_checker_agree_on_postgresql(postgresql: Desk, scene: Scene) -> None:
    event(postgresql.run(_one, scene))


@pytest.mark.deep
@given(scene=scenes())
@settings(max_examples=20_000)
def test_gate_and_checker_agree_for_long(sqlite: Desk, scene: Scene) -> None:
    event(sqlite.run(_one, scene))
