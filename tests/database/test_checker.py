"""The checker finds what was wrong with a call that was placed, and says so where it cannot know."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from databases import Desk
from founding import START, Someone, campaign, company, enlist, person, run_of
from sqlalchemy import Connection, insert, select, update

from campaigns import dnc
from campaigns.audit import Judgement, Outcome, cases, count, judge, texts
from campaigns.dnc import Entry
from campaigns.models import Call, Change, Consent, Contact, Decision, Person, Register, RulebookText, Tenant
from campaigns.rows import columns_of, table
from campaigns.words import (
    CallState,
    Channel,
    Mode,
    Origin,
    Purpose,
    Reason,
    Role,
    Scope,
    Subject,
)
from campaigns.words import Outcome as Ended

OWN = 'name = "house"\nversion = "1"\nextends = "vn-debt"\nsummary = "x"\n[[caps]]\nid = "HOUSE"\nlimit = 2\n'
OWN += 'of = "attempts"\nper = ["number"]\nhours = 24\n[[sources]]\nid = "HOUSE"\ntext = "x"\nquality = "S"\n'
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Floor:
    """A campaign with one customer, whose calls are written as if they had been placed. START is nine in Vietnam."""

    def __init__(self, conn: Connection, rulebook: str = "vn-debt", text: str = "", **terms: Any) -> None:
        self.conn = conn
        self.of = company(conn)
        terms = {"purpose": Purpose.DEBT_REMINDER, "creditor": "Bank", "rulebook": rulebook} | terms
        self.campaign = campaign(conn, self.of, Mode.AUTOCALL, **terms)
        self.someone = Someone(f"K{self.of.tenant_id}", [f"+849{self.of.tenant_id:08}"])
        who = (person(conn, self.of, self.someone), self.someone)
        self.who = enlist(conn, START, self.campaign, [who])[0]
        self.phone = self.who.phones[0]
        self.text = text or texts.shipped(rulebook) or ""
        self.version = texts.read(self.text).told["version"]
        row = {"name": rulebook, "version": self.version, "digest": "d", "text": self.text, "own": False}
        self.write(RulebookText, row | {"actor": "", "added_at": START - DAY})

    def write(self, model: Any, row: dict[str, Any]) -> int:
        made = insert(table(model)).returning(columns_of(model).id)
        return int(self.conn.execute(made, {"tenant_id": self.of.tenant_id, **row}).scalar_one())

    def call(self, at: datetime, lasts: timedelta = MINUTE, **columns: Any) -> int:
        """A call that was placed, rang in vain and was settled."""
        ordinal = int((at - START).total_seconds())
        row = {
            "vendor_account_id": self.of.account_id,
            "campaign_id": self.campaign.id,
            "customer_id": self.who.customer_id,
            "person_id": self.who.person_id,
            "run_id": run_of(self.conn, self.campaign),
            "origin": Origin.CALLBACK,
            "mode": Mode.AUTOCALL,
            "purpose": self.campaign.purpose,
            "advertiser": self.campaign.advertiser,
            "contracts": ["HD1"],
            "phone": self.phone,
            "role": Role.BORROWER,
            "reference": f"r{self.of.tenant_id}-{ordinal}-{columns.get('phone', '')}",
            "attempt": 1,
            "rulebook": self.campaign.rulebook,
            "rulebook_version": self.version,
            "state": CallState.SETTLED,
            "outcome": Ended.NO_ANSWERED,
            "charged": True,
            "call_id_confirmed": True,
            "recorded": True,
            "checks": 0,
            "intended_at": at,
            "ended_at": at + lasts,
            "settled_at": at + lasts,
        }
        return self.write(Call, row | columns)

    def contact(self, at: datetime, recorded_at: datetime | None = None, **columns: Any) -> None:
        row = {"person_id": self.who.person_id, "channel": Channel.SMS, "contract_number": "", "conversation": False}
        row |= {"source": "", "actor": "", "at": at, "recorded_at": recorded_at or at}
        self.write(Contact, row | columns)

    def judged(self) -> dict[int, Judgement]:
        tenant = self.conn.execute(select(table(Tenant)).where(columns_of(Tenant).id == self.of.tenant_id)).one()
        found = cases(self.conn, tenant, START - 30 * DAY, START + 30 * DAY, self.campaign.id)
        assert len(found) == count(self.conn, tenant.id, START - 30 * DAY, START + 30 * DAY, self.campaign.id)
        return {one.call.id: judge(one) for one in found}

    def reasons(self, call: int) -> set[Reason]:
        return {wrong.reason for wrong in self.judged()[call].wrongs}


def test_a_call_within_every_rule_is_lawful(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn)
        made = floor.call(START)
        assert floor.judged()[made].outcome is Outcome.LAWFUL

    database.run(work)


@pytest.mark.parametrize(
    ("clock", "lawful"), [("06:59", False), ("07:00", True), ("20:59", True), ("21:00", False), ("23:30", False)]
)
def test_hours_are_those_of_the_person_s_own_clock_to_the_minute(database: Desk, clock: str, lawful: bool) -> None:
    hour, minute = map(int, clock.split(":"))

    def work(conn: Connection) -> None:
        floor = Floor(conn)
        made = floor.call(datetime(2026, 3, 3, 0, 0, tzinfo=UTC) + timedelta(hours=hour - 7, minutes=minute))
        assert floor.reasons(made) == (set() if lawful else {Reason.OUTSIDE_HOURS})

    database.run(work)


def test_every_zone_that_the_gate_named_is_looked_at(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn)
        made = floor.call(START)
        row = {"campaign_id": floor.campaign.id, "customer_id": floor.who.customer_id, "call_id": made, "at": START}
        told = {"zones": ["Asia/Ho_Chi_Minh", "Europe/London"], "creditor": "Bank"}
        floor.write(Decision, row | {"cleared": True, "rulebook": "", "rulebook_version": "", "facts": told})
        (wrong,) = floor.judged()[made].wrongs
        assert wrong.reason is Reason.OUTSIDE_HOURS
        assert wrong.fact.endswith("Mon 02:00 in Europe/London")

    database.run(work)


def test_a_telephone_that_rang_after_closing_is_found_though_it_was_claimed_before(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn)
        late = START + 12 * HOUR - MINUTE
        made = floor.call(late, ringing_at=late + 2 * MINUTE)
        assert floor.reasons(made) == {Reason.OUTSIDE_HOURS}

    database.run(work)


def test_messages_and_calls_count_together_as_reminders_of_the_person_s_day(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn)
        floor.contact(START - 12 * HOUR)
        for place in range(3):
            floor.call(START + place * HOUR)
        floor.contact(START + 4 * HOUR)
        fifth, sixth = floor.call(START + 5 * HOUR), floor.call(START + 6 * HOUR)
        next_day = floor.call(START + DAY)
        assert floor.reasons(fifth) == set()
        assert floor.reasons(sixth) == {Reason.CAP_REACHED}
        assert floor.reasons(next_day) == set()

    database.run(work)


def test_what_was_learned_later_is_remarked_and_no_violation(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn)
        for place in range(5):
            floor.contact(START + place * MINUTE, recorded_at=START + DAY)
        made = floor.call(START + HOUR)
        judgement = floor.judged()[made]
        assert judgement.outcome is Outcome.LAWFUL
        assert any("learned later" in remark for remark in judgement.remarks)

    database.run(work)


def test_released_and_uncharged_calls_do_not_count_and_hand_dialled_ones_do(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn, "house", OWN)
        floor.call(START, state=CallState.RELEASED, charged=False)
        floor.call(START + HOUR, charged=False, outcome=Ended.INVALID)
        floor.call(START + 2 * HOUR, origin=Origin.HAND, charged=False, campaign_id=None, customer_id=None)
        second, third = floor.call(START + 3 * HOUR), floor.call(START + 4 * HOUR)
        assert floor.reasons(second) == set()
        assert floor.reasons(third) == {Reason.CAP_REACHED}

    database.run(work)


def test_a_rulebook_of_the_tenant_s_own_takes_over_what_its_parent_says(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn, "house", OWN)
        made = floor.call(START + 13 * HOUR)
        judgement = floor.judged()[made]
        assert {wrong.reason for wrong in judgement.wrongs} == {Reason.OUTSIDE_HOURS}
        assert judgement.remarks[0].startswith("vn-debt, which it extends, is read as it is shipped")

    database.run(work)


def test_without_the_rulebook_s_text_nothing_is_passed(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn)
        made = floor.call(START, rulebook_version="1999")
        judgement = floor.judged()[made]
        assert judgement.outcome is Outcome.UNJUDGEABLE
        assert judgement.missing

    database.run(work)


def test_the_rulebook_of_the_day_judges_and_not_the_one_of_today(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn)
        made = floor.call(START)
        stricter = floor.text.replace('opens = "07:00"', 'opens = "10:00"')
        row = {"name": "vn-debt", "version": floor.version, "digest": "e", "text": stricter, "own": False}
        floor.write(RulebookText, row | {"actor": "", "added_at": START + HOUR})
        later = floor.call(START + DAY)
        assert floor.reasons(made) == set()
        assert floor.reasons(later) == {Reason.OUTSIDE_HOURS}

    database.run(work)


@pytest.mark.parametrize(
    ("since", "until", "listed"),
    [(-HOUR, None, True), (HOUR, None, False), (-2 * HOUR, -HOUR, False), (-HOUR, HOUR, True)],
)
@pytest.mark.parametrize("kind", list(Subject))
def test_an_entry_counts_where_it_stood_when_the_call_was_claimed(
    database: Desk, since: timedelta, until: timedelta | None, listed: bool, kind: Subject
) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn)
        made = floor.call(START)
        subject = floor.phone if kind is Subject.NUMBER else floor.someone.key
        dnc.suppress(conn, START + since, floor.of.tenant_id, [Entry(kind, subject)], "test")
        if until is not None:
            dnc.lift(conn, START + until, floor.of.tenant_id, [subject], "test")
        assert floor.reasons(made) == ({Reason.SUPPRESSED} if listed else set())

    database.run(work)


def test_an_entry_of_another_campaign_or_purpose_stands_against_nothing_here(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn)
        other = campaign(conn, floor.of)
        made = floor.call(START)
        entries = [
            Entry(Subject.NUMBER, floor.phone, campaign_id=other.id),
            Entry(Subject.NUMBER, floor.phone, purpose="marketing"),
        ]
        assert dnc.suppress(conn, START - HOUR, floor.of.tenant_id, entries, "test") == len(list(Scope))
        assert floor.reasons(made) == set()

    database.run(work)


@pytest.mark.parametrize("role", list(Role))
def test_a_debt_is_nobody_s_business_but_the_debtor_s(database: Desk, role: Role) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn)
        made = floor.call(START, role=role)
        liable = role not in (Role.REFERENCE, Role.UNKNOWN)
        assert floor.reasons(made) == (set() if liable else {Reason.NO_LIABLE_NUMBER})

    database.run(work)


def marketing(conn: Connection, **terms: Any) -> Floor:
    """Everything that an advertising call needs."""
    ready = {"purpose": Purpose.MARKETING, "advertiser": "Shop", "brandname": "SHOP"}
    floor = Floor(conn, "vn-marketing", **(ready | terms))
    floor.write(
        Register,
        {
            "name": "vn-dnc",
            "as_of": START - HOUR,
            "loaded_at": START - HOUR,
            "entries": 0,
            "file_name": "",
            "actor": "",
        },
    )
    row = {"person_id": floor.who.person_id, "purpose": Purpose.MARKETING, "channel": "sms", "proof": "x"}
    floor.write(Consent, row | {"granted": True, "at": START - DAY, "recorded_at": START - DAY})
    return floor


def test_an_advertising_call_with_all_it_needs_is_lawful_once_a_day(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = marketing(conn)
        first, second = floor.call(START), floor.call(START + 2 * HOUR)
        assert floor.reasons(first) == set()
        assert floor.reasons(second) == {Reason.CAP_REACHED}

    database.run(work)


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"advertiser": None}, Reason.ADVERTISER_MISSING),
        ({"brandname": None}, Reason.BRANDNAME_MISSING),
        ({"brandname_until": (START - DAY).date()}, Reason.BRANDNAME_MISSING),
    ],
)
def test_nobody_advertises_without_a_name(database: Desk, terms: dict[str, Any], reason: Reason) -> None:
    def work(conn: Connection) -> None:
        floor = marketing(conn, **terms)
        assert floor.reasons(floor.call(START)) == {reason}

    database.run(work)


def test_a_register_that_was_stale_and_a_consent_that_was_withdrawn_are_found(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = marketing(conn)
        row = {"person_id": floor.who.person_id, "purpose": Purpose.MARKETING, "channel": "call", "proof": ""}
        floor.write(Consent, row | {"granted": False, "at": START + HOUR, "recorded_at": START + HOUR})
        before, after = floor.call(START), floor.call(START + 2 * DAY)
        assert floor.reasons(before) == set()
        assert floor.reasons(after) == {Reason.CONSENT_MISSING, Reason.REGISTER_STALE}

    database.run(work)


def test_two_calls_at_once_with_a_number_or_a_person_are_found(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn)
        floor.call(START, lasts=HOUR)
        same = floor.call(START + MINUTE)
        other = floor.call(START + 2 * MINUTE, phone="+84987654321")
        free = floor.call(START + 2 * HOUR)
        assert floor.reasons(same) == {Reason.NUMBER_BUSY}
        assert floor.reasons(other) == {Reason.PERSON_BUSY}
        assert floor.reasons(free) == set()

    database.run(work)


def test_more_attempts_than_a_run_allows_are_found_by_the_setting_of_their_day(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn, max_recall_count=0)
        made = [floor.call(START + place * HOUR, origin=Origin.CAMPAIGN) for place in range(3)]
        row = {"campaign_id": floor.campaign.id, "before": "max_recall_count=1", "after": "max_recall_count=0"}
        floor.write(Change, row | {"actor": "", "at": START + DAY})
        assert [floor.reasons(one) for one in made] == [set(), set(), {Reason.RECALLS_USED_UP}]

    database.run(work)


def test_hours_agreed_with_a_person_narrow_those_of_the_law(database: Desk) -> None:
    def work(conn: Connection) -> None:
        floor = Floor(conn)
        agreed = update(table(Person)).where(columns_of(Person).id == floor.who.person_id)
        conn.execute(agreed.values(agreed_hours=[["mon", "08:00", "09:30"], ["tue", "06:00", "10:00"]]))
        inside, outside = floor.call(START), floor.call(START + HOUR)
        too_early = floor.call(START + DAY - 3 * HOUR)
        assert floor.reasons(inside) == set()
        assert floor.reasons(outside) == {Reason.OUTSIDE_HOURS}
        assert floor.reasons(too_early) == {Reason.OUTSIDE_HOURS}

    database.run(work)
