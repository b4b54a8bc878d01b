"""Somebody asks to be forgotten: nothing of him is left, and chain, do-not-call list and caps stay true."""

from datetime import timedelta
from typing import Any

import pytest
from databases import Desk
from sqlalchemy import Connection, insert, select, update
from sqlmodel import SQLModel

from campaigns import dnc, evidence, privacy
from campaigns.dnc import Entry
from campaigns.evidence import is_pseudonym
from campaigns.ledger import NotNow
from campaigns.models import Call, Debt, Fact, ListImport, Number, Person, Receipt
from campaigns.privacy import CLEAR_FOR
from campaigns.rows import columns_of, table
from campaigns.words import CallState, Status, Subject
from database.sealed import VAULT, Evidence, Timed
from dialer import chains
from dialer.metrics import Metrics
from dialer.pruning import PruningLoop

DAY = timedelta(days=1)


class Somebody:
    """One of two customers, with everything that can be kept about him, on a sealed ledger."""

    def __init__(self, fresh: Desk) -> None:
        self.desk = fresh
        self.ledger = Evidence(fresh)
        self.ledger.happen(2)
        self.person = fresh.run(self._told)
        self.phone = fresh.run(lambda conn: conn.scalar(select(columns_of(Number).phone).order_by("id")))
        self.ledger.later(minutes=1)
        self.ledger.seal()
        self.ledger.later(minutes=1)

    def _told(self, conn: Connection) -> Any:
        tenant_id, call = self.ledger.of.tenant_id, columns_of(Call)
        first = conn.execute(select(table(Call)).order_by(call.id).limit(1)).one()
        values = {"name": "Nguyễn Văn Kín", "address": "1 Phố Kín", "agreed_hours": [["mon", "08:00", "09:00"]]}
        conn.execute(update(table(Person)).where(columns_of(Person).id == first.person_id).values(**values))
        imported = conn.scalar(select(columns_of(ListImport).id))
        debt = {"customer_id": first.customer_id, "contract_number": "HD-Kín", "variables": {"name": "Kín"}, "dpd": 3}
        debt |= {"uploaded": ["Kín", "0912"], "row_number": 1, "list_import_id": imported}
        conn.execute(insert(table(Debt)), {"tenant_id": tenant_id, **debt})
        body = f'{{"to": "0{first.phone[3:]}"}}'.encode()
        account = first.vendor_account_id
        for place, told in enumerate((body, b"of somebody else")):
            row = {"vendor_account_id": account, "body": told, "body_hash": bytes([place])}
            now = self.ledger.now
            conn.execute(insert(table(Receipt)), {"tenant_id": tenant_id, **row, "received_at": now, "settled_at": now})
        entry = Entry(Subject.PERSON, _key(conn, first.person_id), reason="anh Kín xin thôi")
        dnc.suppress(conn, self.ledger.now, tenant_id, [entry], "test")
        return conn.execute(select(table(Person)).where(columns_of(Person).id == first.person_id)).one()

    def erase(self) -> privacy.Erased:
        def work(conn: Connection) -> privacy.Erased:
            chain = evidence.heads(conn)[self.ledger.of.tenant_id]
            pseudonyms = chains.keys_of(VAULT, chain).pseudonyms
            named, _ = privacy.receipts_naming(conn, self.person.tenant_id, [self.phone], 0)
            return privacy.erase(conn, self.ledger.now, self.person, pseudonyms, "test", named)

        erased: privacy.Erased = self.desk.run(work)
        return erased

    def prune(self) -> None:
        loop = PruningLoop(Timed(self.desk, self.ledger), timedelta(days=9000), VAULT, Metrics())

        async def all_of_it() -> None:
            while await loop.step(self.ledger.now):
                pass

        self.desk.portal.call(all_of_it)

    def tables_with(self, *texts: str) -> set[str]:
        """The tables in which one of these stands in any row."""

        def work(conn: Connection) -> set[str]:
            return {
                name
                for name, one in SQLModel.metadata.tables.items()
                for row in conn.execute(select(one))
                if any(text in str(tuple(row)) for text in texts)
            }

        found: set[str] = self.desk.run(work)
        return found


def _key(conn: Connection, person_id: int) -> str:
    return str(conn.scalar(select(columns_of(Person).key).where(columns_of(Person).id == person_id)))


@pytest.fixture
def somebody(fresh: Desk) -> Somebody:
    return Somebody(fresh)


def test_what_names_him_is_gone_at_once_and_the_chain_still_verifies(somebody: Somebody) -> None:
    assert somebody.tables_with("Kín") >= {"person", "debt", "suppression"}
    told = somebody.erase()
    assert (told.customers, told.calls, told.numbers, told.receipts) == (1, 1, 1, 1)
    assert somebody.tables_with("Kín", "/0.wav", "Phố") == set()
    assert somebody.ledger.findings() == []
    somebody.ledger.later(minutes=1)
    somebody.ledger.seal()
    assert somebody.ledger.findings() == []


def test_he_is_withdrawn_and_his_entry_of_the_do_not_call_list_stays_in_force(somebody: Somebody) -> None:
    somebody.erase()
    told = somebody.desk.run(privacy.about, somebody.person)
    assert [row["status"] for row in told["customers"]] in ([Status.WITHDRAWN], [Status.ANSWERED])
    assert told["customers"][0]["reason"] == "withdrawn"
    assert [(row["subject"], row["until"]) for row in told["do_not_call"]] == [(somebody.person.key, None)]


def test_what_caps_count_stays_until_no_window_reaches_it_and_then_goes_too(somebody: Somebody) -> None:
    told = somebody.erase()
    digits = somebody.phone[1:]
    assert somebody.tables_with(digits) == {"call", "contact"}
    somebody.ledger.now += CLEAR_FOR - DAY
    somebody.prune()
    assert somebody.tables_with(digits) == {"call", "contact"}
    somebody.ledger.now += 2 * DAY
    assert somebody.ledger.now > told.complete_at
    somebody.prune()
    assert somebody.tables_with(digits) == set()
    assert somebody.tables_with(somebody.person.key) == {"suppression"}
    assert somebody.ledger.findings() == []


def test_others_are_not_touched(somebody: Somebody) -> None:
    call = columns_of(Call)
    others = select(table(Call)).where(call.person_id != somebody.person.id)
    before = somebody.desk.run(lambda conn: conn.execute(others).all())
    somebody.erase()
    assert somebody.desk.run(lambda conn: conn.execute(others).all()) == before
    assert somebody.tables_with("of somebody else") == {"receipt"}


def test_a_record_that_comes_late_is_wiped_when_the_rest_goes(somebody: Somebody) -> None:
    somebody.erase()
    late = update(table(Call)).where(columns_of(Call).person_id == somebody.person.id)
    somebody.desk.run(lambda conn: conn.execute(late.values(recording_url="https://example.test/late.wav")))
    somebody.ledger.now += CLEAR_FOR + DAY
    somebody.prune()
    assert somebody.tables_with("late.wav") == set()


@pytest.mark.parametrize("state", [CallState.ANSWERED, CallState.ENDED])
def test_nobody_is_erased_in_the_middle_of_a_call(somebody: Somebody, state: CallState) -> None:
    live = update(table(Call)).where(columns_of(Call).person_id == somebody.person.id).values(state=state)
    somebody.desk.run(lambda conn: conn.execute(live))
    with pytest.raises(NotNow, match="under way"):
        somebody.erase()
    assert "person" in somebody.tables_with("Kín")


def test_who_stands_on_a_list_again_keeps_his_key(somebody: Somebody) -> None:
    somebody.erase()
    row = {"tenant_id": somebody.person.tenant_id, "person_id": somebody.person.id, "phone": somebody.phone}
    again = row | {"role": "borrower", "position": 0, "needs_review": False, "note": ""}
    somebody.desk.run(lambda conn: conn.execute(insert(table(Number)), again))
    somebody.ledger.now += CLEAR_FOR + DAY
    somebody.prune()
    assert "person" in somebody.tables_with(somebody.person.key)


def test_pseudonyms_of_one_value_are_the_same_everywhere_and_fit_where_a_number_stood(somebody: Somebody) -> None:
    somebody.erase()
    somebody.ledger.now += CLEAR_FOR + DAY
    somebody.prune()
    told = somebody.desk.run(privacy.about, somebody.desk.run(_again, somebody.person.id))
    assert is_pseudonym(told["calls"][0]["phone"])
    assert told["calls"][0]["phone"] == told["contacts"][0]["phone"]
    facts = somebody.desk.run(lambda conn: list(conn.scalars(select(columns_of(Fact).detail))))
    assert [is_pseudonym(fact["recording_url"]) for fact in facts if "recording_url" in fact].count(True) == 1


def _again(conn: Connection, person_id: int) -> Any:
    return conn.execute(select(table(Person)).where(columns_of(Person).id == person_id)).one()


@pytest.mark.parametrize("spelled", ["national", "international", "id"])
def test_a_person_is_found_by_id_or_by_number_however_it_is_spelled(somebody: Somebody, spelled: str) -> None:
    whom = {"national": "0" + somebody.phone[3:], "international": somebody.phone, "id": somebody.person.key}[spelled]
    found = somebody.desk.run(privacy.find, somebody.person.tenant_id, whom)
    assert [one.id for one in found] == [somebody.person.id]
