"""The queue and the ledger against a plain model, step by step, on both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from databases import Desk
from founding import START, Company, Someone, agent, calls, campaign, company, customers, enlist, person, run_of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection

from campaigns import compliance, ledger, queue, rulebooks
from campaigns.compliance import Cleared, Dossier, Mandate
from campaigns.ledger import CALLBACK_PRIORITY, Appointment, Closing, Intent, Told, Waiting
from campaigns.states import Fact
from campaigns.words import FactKind, Mode, Outcome, Purpose, Reason, Role, Status

from .plain_queue import TIMING, Notebook, Page, Ring, Rules

PEOPLE = (
    Someone("P1", ["+84900000001"]),
    Someone("P2", ["+84900000002", "+84900000003"]),
    # A married couple with one telephone.
    Someone("P3", ["+84900000004"]),
    Someone("P4", ["+84900000004"]),
)
DISPOSITIONS = st.sampled_from([one for one in Outcome if one not in (Outcome.ABANDONED, Outcome.UNKNOWN)])
RELEASES = st.sampled_from([Reason.DECLINED, Reason.UNREACHABLE, Reason.THROTTLED, Reason.AGENT_BUSY])
SECONDS = st.sampled_from([1, 30, 61, 4000])
COMPARED = (
    "status",
    "reason",
    "attempts",
    "attempts_in_all",
    "declines",
    "due_at",
    "open_call_id",
    "lease_token",
    "lease_until",
    "run_id",
)


class Clerk(RuleBasedStateMachine):
    """Does everything twice: in the database, and in a notebook."""

    desk: Desk

    @initialize(listed=st.sets(st.tuples(st.integers(0, 1), st.integers(0, 3)), min_size=3))
    def found(self, listed: set[tuple[int, int]]) -> None:
        self.now, self.tokens, self.notes = START, 0, Notebook()
        self.desk.run(self._found)
        for which, who in sorted(listed):
            self._enlist(which, who, who % 2)

    def _found(self, conn: Connection) -> None:
        self.company: Company = company(conn)
        terms: dict[str, Any] = {"recall_delay": 60, "min_recall_duration": 3}
        self.campaigns = [
            campaign(conn, self.company, Mode.AUTOCALL, max_recall_count=1, **terms),
            campaign(conn, self.company, Mode.CLICK2CALL, max_recall_count=2, **terms),
        ]
        self.rules_of = [
            Rules(one.id, run_of(conn, one), one.mode is Mode.CLICK2CALL, one.max_recall_count)
            for one in self.campaigns
        ]
        self.people = [(person(conn, self.company, someone), someone) for someone in PEOPLE]
        self.agents = [agent(conn, self.company, self.campaigns[1], extension) for extension in ("101", "102")]

    @rule(which=st.integers(0, 1), who=st.integers(0, 3), priority=st.integers(0, 1))
    def enlist(self, which: int, who: int, priority: int) -> None:
        self._enlist(which, who, priority)

    def _enlist(self, which: int, who: int, priority: int) -> None:
        rules, (person_id, someone) = self.rules_of[which], self.people[who]
        if any((page.person_id, page.rules) == (person_id, rules) for page in self.notes.pages.values()):
            return
        made = self.desk.run(enlist, self.now, self.campaigns[which], [(person_id, someone)], priority)[0].customer_id
        page = Page(made, person_id, someone.phones, rules, rules.run_id, priority, self.now)
        self.notes.pages[made] = page

    @rule(which=st.integers(0, 1), count=st.integers(1, 3))
    def claim(self, which: int, count: int) -> None:
        self._claim(which, count)

    @rule(which=st.integers(0, 1), count=st.integers(1, 4), data=st.data())
    def claim_and_intend(self, which: int, count: int, data: st.DataObject) -> None:
        token = self._claim(which, count)
        if token in self._held():
            self._intend(token, data)

    @rule(data=st.data())
    @precondition(lambda self: self._held())
    def intend(self, data: st.DataObject) -> None:
        self._intend(data.draw(st.sampled_from(self._held())), data)

    def _claim(self, which: int, count: int) -> str:
        self.tokens += 1
        token = f"token{self.tokens}"
        chosen = self.campaigns[which]
        expected = self.notes.turn(chosen.id, self.now)[:count]
        found = self.desk.run(queue.claim, self.now, TIMING, chosen, count, token)
        assert [row.id for row in found] == expected
        self.notes.lease(expected, token, self.now)
        return token

    def _intend(self, token: str, data: st.DataObject) -> None:
        """Everything that a token still holds becomes a call, as far as nobody's call is in the way."""
        pages = sorted(self.notes.held(token, self.now), key=lambda page: page.id)
        which = next(i for i, rules in enumerate(self.rules_of) if rules is pages[0].rules)
        callers = [data.draw(st.sampled_from(self.agents)) if which else None for _ in pages]
        intents = [self._intent(page, caller) for page, caller in zip(pages, callers, strict=True)]
        found, made = self.desk.run(self._commit, which, token, [page.id for page in pages], intents)
        assert found == [page.id for page in pages]
        by_phone = sorted(zip(pages, intents, strict=True), key=lambda pair: pair[1].cleared.phone)
        for page, intent in by_phone:
            self._note(page, intent, made)

    def _commit(
        self, conn: Connection, which: int, token: str, ids: list[int], intents: list[Intent]
    ) -> tuple[list[int], dict[str, int]]:
        held = queue.held(conn, self.now, self.company.tenant_id, token, ids)
        return [row.id for row in held], ledger.intend(conn, self.now, TIMING, self.campaigns[which], intents, token)

    def _intent(self, page: Page, caller: int | None) -> Intent:
        phone = page.phones[page.attempts % len(page.phones)]
        cleared = clearance(page.id, page.person_id, phone, self.now)
        reference = f"d{page.id}-{page.attempts_in_all}-{len(self.notes.rings)}"
        return Intent(cleared, reference, page.run_id, page.attempts + 1, Role.BORROWER, caller)

    def _note(self, page: Page, intent: Intent, made: dict[str, int]) -> None:
        phone = intent.cleared.phone
        blocked = self.notes.in_the_way(phone, page.person_id, intent.agent_id)
        assert blocked == (intent.reference not in made)
        if blocked:
            self.notes.lose(page, self.now)
        else:
            call = made[intent.reference]
            self.notes.place(Ring(call, page.id, page.person_id, phone, intent.agent_id, page.run_id))

    @rule(data=st.data(), delay=SECONDS)
    @precondition(lambda self: self._held())
    def postpone(self, data: st.DataObject, delay: int) -> None:
        token = data.draw(st.sampled_from(self._held()))
        page = data.draw(st.sampled_from(self.notes.held(token, self.now)))
        later = self.now + timedelta(seconds=delay)
        waits = [Waiting(page.id, later, Reason.OUTSIDE_HOURS)]
        self.desk.run(ledger.postpone, self.now, self.company.tenant_id, waits, token)
        page.due_at, page.reason = later, Reason.OUTSIDE_HOURS
        page.unlease()

    @rule(data=st.data())
    @precondition(lambda self: self.notes.pages)
    def postpone_with_a_lost_lease(self, data: st.DataObject) -> None:
        page = data.draw(st.sampled_from(list(self.notes.pages.values())))
        waits = [Waiting(page.id, self.now + timedelta(days=1), Reason.OUTSIDE_HOURS)]
        self.desk.run(ledger.postpone, self.now, self.company.tenant_id, waits, "another token")

    @rule(data=st.data())
    @precondition(lambda self: self._held())
    def release(self, data: st.DataObject) -> None:
        token = data.draw(st.sampled_from(self._held()))
        self.desk.run(queue.release, self.company.tenant_id, token)
        for page in self.notes.held(token, self.now):
            page.unlease()

    @rule(seconds=SECONDS)
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def expire(self) -> None:
        self.desk.run(queue.expire, self.now)
        for page in self.notes.pages.values():
            if not page.leased(self.now):
                page.unlease()

    @rule(data=st.data())
    @precondition(lambda self: self._rings())
    def hear(self, data: st.DataObject) -> None:
        self._hear(data.draw(st.sampled_from(self._rings())), data)

    @rule(data=st.data())
    @precondition(lambda self: self._rings())
    def hear_of_the_newest(self, data: st.DataObject) -> None:
        self._hear(self._rings()[-1], data)

    @rule(data=st.data())
    @precondition(lambda self: self._rings())
    def hear_of_the_oldest(self, data: st.DataObject) -> None:
        """Late news: of a call after which others may have followed."""
        self._hear(self._rings()[0], data)

    @rule(data=st.data())
    @precondition(lambda self: self._rings())
    def hear_of_all(self, data: st.DataObject) -> None:
        for ring in self._rings():
            self._hear(ring, data)

    def _hear(self, ring: Ring, data: st.DataObject) -> None:
        """Something is learned of a call: also of one that was given up, or that we believed unrung."""
        ways = [self._rings_at_last, self._ends, self._ends]
        ways += [self._is_given_up] if not ring.over else []
        ways += [self._is_released] if ring.takes_a_release else []
        data.draw(st.sampled_from(ways))(ring, data)

    def _is_released(self, ring: Ring, data: st.DataObject) -> None:
        reason = data.draw(RELEASES)
        self._tell(ring, Fact(FactKind.NOT_PLACED, self.now, reason=reason))
        self.notes.release(ring, reason, self.now)

    def _rings_at_last(self, ring: Ring, data: st.DataObject) -> None:
        self._tell(ring, Fact(FactKind.RINGING, self.now, call_id=f"V{ring.id}"))
        self.notes.ring(ring)

    def _ends(self, ring: Ring, data: st.DataObject) -> None:
        outcome, talk = data.draw(DISPOSITIONS), data.draw(st.integers(0, 5))
        said = {"duration": 30, "billsec": talk, "disposition": outcome, "ended_at": self.now}
        self._tell(ring, Fact(FactKind.RECORD, self.now, call_id=f"V{ring.id}", **said))
        self.notes.end(ring, outcome, talk, self.now)

    def _is_given_up(self, ring: Ring, data: st.DataObject) -> None:
        self._tell(ring, Fact(FactKind.GIVEN_UP, self.now, reason=Reason.NO_EVIDENCE))
        self.notes.end(ring, Outcome.UNKNOWN, 0, self.now, guessed=True)

    @rule(data=st.data())
    @precondition(lambda self: self.notes.pages)
    def withdraw(self, data: st.DataObject) -> None:
        page = data.draw(st.sampled_from(list(self.notes.pages.values())))
        closings = [Closing(page.id, Status.WITHDRAWN, Reason.WITHDRAWN)]
        closed = self.desk.run(ledger.close, self.now, self.company.tenant_id, closings, "test")
        assert closed == ([page.id] if not page.status.final else [])
        if closed:
            page.end(Status.WITHDRAWN, Reason.WITHDRAWN)
            page.unlease()
        else:
            # Who was final stays so; that he was withdrawn is the reason from now on.
            page.reason = Reason.WITHDRAWN

    @rule(data=st.data(), delay=SECONDS)
    @precondition(lambda self: self.notes.pages)
    def promise(self, data: st.DataObject, delay: int) -> None:
        page = data.draw(st.sampled_from(list(self.notes.pages.values())))
        if page.reason is Reason.WITHDRAWN:
            return
        at = self.now + timedelta(seconds=delay)
        chosen = next(one for one in self.campaigns if one.id == page.rules.campaign_id)
        self.desk.run(ledger.promise, self.now, chosen, page.id, Appointment(at, "UTC"), "test")
        self.notes.promise(page, at)

    @rule(which=st.integers(0, 1), data=st.data())
    @precondition(lambda self: self.notes.rings)
    def reopen(self, which: int, data: st.DataObject) -> None:
        """Another run, with all recalls before everyone who is taken into it."""
        rules = self.rules_of[which]
        taken = [page for page in self.notes.pages.values() if page.rules is rules and data.draw(st.booleans())]
        rules.run_id = self.desk.run(self._another_run, which, [page.id for page in taken])
        for page in taken:
            page.run_id, page.status, page.reason = rules.run_id, Status.NEW, None
            page.attempts, page.declines, page.due_at, page.late_rings = 0, 0, self.now, 0
            if page.oath is not None:
                page.due_at, page.reason = page.oath.at, Reason.CALLBACK

    def _another_run(self, conn: Connection, which: int, ids: list[int]) -> int:
        tenant_id, campaign_id = self.company.tenant_id, self.campaigns[which].id
        run_id = ledger.open_run(conn, self.now, tenant_id, campaign_id, "test")
        assert ledger.reopen(conn, self.now, tenant_id, campaign_id, run_id, ids, "test") == len(ids)
        return run_id

    def _tell(self, ring: Ring, fact: Fact) -> None:
        self.desk.run(ledger.apply, self.now, TIMING, [Told(ring.id, fact)])

    def _held(self) -> list[str]:
        tokens = {page.lease_token for page in self.notes.pages.values() if page.leased(self.now)}
        return sorted(token for token in tokens if token and self.notes.held(token, self.now))

    def _rings(self) -> list[Ring]:
        """The calls of which more may be heard."""
        return [ring for ring in self.notes.rings.values() if not ring.recorded]

    @invariant()
    def the_database_says_what_the_notebook_says(self) -> None:
        if not hasattr(self, "company"):
            return
        rows, lines = self.desk.run(lambda conn: (customers(conn, self._tenant), calls(conn, self._tenant)))
        for page in self.notes.pages.values():
            found = {name: getattr(rows[page.id], name) for name in COMPARED}
            assert found == {name: getattr(page, name) for name in COMPARED}
            place = (CALLBACK_PRIORITY if page.oath else page.priority, page.oath is not None)
            assert (rows[page.id].priority, rows[page.id].callback_id is not None) == place
        for ring in self.notes.rings.values():
            row = lines[ring.id]
            assert (row.state.live, row.charged, row.outcome) == (ring.live, ring.charged, ring.outcome)
        self._check_calls(list(lines.values()), rows)

    @property
    def _tenant(self) -> int:
        return self.company.tenant_id

    def _check_calls(self, lines: list[Any], rows: dict[int, Any]) -> None:
        live = [call for call in lines if call.state.live]
        for key in ("phone", "person_id", "agent_id"):
            taken = [getattr(call, key) for call in live if getattr(call, key) is not None]
            assert len(taken) == len(set(taken))
        for page in self.notes.pages.values():
            charged = [call for call in lines if call.customer_id == page.id and call.charged]
            assert rows[page.id].attempts_in_all == len(charged)
            assert rows[page.id].attempts == len([call for call in charged if call.run_id == page.run_id])
            most = 1 + page.rules.max_recall + page.late_rings + page.promises
            assert rows[page.id].attempts <= most


def clearance(customer_id: int, person_id: int, phone: str, now: datetime) -> Cleared:
    """From the gate itself, which is the only place that gives any."""
    dossier = Dossier(
        customer_id=customer_id,
        person_id=person_id,
        phone=phone,
        role=Role.BORROWER,
        mode=Mode.AUTOCALL,
        mandate=Mandate(Purpose.DEBT_REMINDER),
        zones=("Asia/Ho_Chi_Minh",),
    )
    verdict = compliance.review(dossier, rulebooks.shipped()["none"], now)
    assert isinstance(verdict, Cleared)
    return verdict


@given(
    turns=st.lists(st.tuples(st.integers(0, 90), st.integers(-5, 5)), min_size=1, max_size=90),
    takes=st.lists(st.integers(1, 40), min_size=1, max_size=6),
)
@example(turns=[(turn, 0) for turn in range(80, 0, -1)], takes=[40, 30, 40])
@settings(max_examples=settings.default.max_examples // 4)
def test_turns_are_taken_in_order_however_many_priorities_there_are(
    database: Desk, turns: list[tuple[int, int]], takes: list[int]
) -> None:
    """Each turn is a priority and by how many minutes it is due; those that are not due yet are passed over."""
    of, one, pages = database.run(_listed, turns)
    due = sorted((priority, due_at, page) for priority, due_at, page in pages if due_at <= START)
    for place, count in enumerate(takes):
        expected, due = due[:count], due[count:]
        found = database.run(queue.claim, START, TIMING, one, count, f"{of.tenant_id}-{place}")
        assert [(row.priority, row.due_at, row.id) for row in found] == expected


def _listed(conn: Connection, turns: list[tuple[int, int]]) -> tuple[Company, Any, list[tuple[int, Any, int]]]:
    of = company(conn)
    one = campaign(conn, of, Mode.AUTOCALL)
    pages = []
    for place, (priority, minutes) in enumerate(turns):
        someone = Someone(f"P{place}", [])
        due_at = START + timedelta(minutes=minutes)
        (listed,) = enlist(conn, due_at, one, [(person(conn, of, someone), someone)], priority)
        pages.append((priority, due_at, listed.customer_id))
    return of, one, pages


EXAMPLES = settings(parent=settings.default, max_examples=12, stateful_step_count=40)


def test_queue_and_ledger_do_what_a_plain_model_does(database: Desk) -> None:
    machine = type("Clerk", (Clerk,), {"desk": database})
    run_state_machine_as_test(machine, settings=EXAMPLES)


@pytest.mark.deep
def test_queue_and_ledger_do_what_a_plain_model_does_for_long(database: Desk) -> None:
    machine = type("Clerk", (Clerk,), {"desk": database})
    run_state_machine_as_test(machine, settings=settings(EXAMPLES, max_examples=150, stateful_step_count=60))
