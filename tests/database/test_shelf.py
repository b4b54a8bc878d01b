"""A tenant's own rulebooks: what is kept of them, what acts, and that what cannot be read lets nobody be called."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from databases import Desk
from founding import START, Company, calls, campaign, company, customers, debtors, read
from sqlalchemy import Connection, select, update

from campaigns import shelf
from campaigns.models import Campaign, Decision, RulebookText
from campaigns.rows import columns_of, table
from campaigns.rulebooks import BadRulebook, shipped
from campaigns.shelf import OnUse
from campaigns.timing import Timing
from campaigns.words import Mode, Reason, Wanted
from dialer import handovers
from dialer.database import CLOCK

TIMING = Timing()
NIGHT = START + timedelta(hours=14)
TEXT = columns_of(RulebookText)


def text(version: str = "1", closes: str = "20:00", more: str = "") -> str:
    return f"""name = "our-rules"
version = "{version}"
summary = "Shorter evenings."
extends = "vn-debt"
[hours]
every = [{{ opens = "08:00", closes = "{closes}" }}]
{more}"""


def added(conn: Connection, of: Company, said: str) -> Any:
    return shelf.add(conn, START, of.tenant_id, said, "boss")


def kept(conn: Connection, of: Company) -> list[Any]:
    return list(conn.execute(select(table(RulebookText)).where(TEXT.tenant_id == of.tenant_id).order_by(TEXT.id)))


def dial(conn: Connection, one: Any, token: str, now: datetime = START) -> Reason:
    """A whole step of placing at a moment, but for the wire; why it was no more."""
    there = conn.execution_options(**{CLOCK: lambda: now})
    chosen, because = handovers.choose(there, TIMING, one, 1, token)
    handovers.commit(there, TIMING, one, chosen, token)
    return because


def scene(conn: Connection, **terms: Any) -> tuple[Company, Any]:
    of = company(conn)
    added(conn, of, text())
    terms = {"rulebook": "our-rules", "creditor": "Công ty Mẫu"} | terms
    one = campaign(conn, of, Mode.AUTOCALL, **terms)
    debtors(conn, of, one, 3)
    return of, one


def test_a_tenants_own_rulebook_is_found_by_him_and_by_nobody_else(database: Desk) -> None:
    of, other = database.run(company), database.run(company)
    book = database.run(added, of, text())
    assert database.run(shelf.find, of.tenant_id, "our-rules") == book
    assert database.run(shelf.find, other.tenant_id, "our-rules") is None
    assert database.run(shelf.names, of.tenant_id) == sorted([*shipped(), "our-rules"])
    assert database.run(shelf.names, other.tenant_id) == list(shipped())
    [own] = database.run(shelf.owned, of.tenant_id)
    assert (own.name, own.version, own.actor, own.added_at, own.book) == ("our-rules", "1", "boss", START, book)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (text(closes="22:00"), "hours.mon"),
        (text().replace("our-rules", "gb"), "name"),
        ("name =", ""),
    ],
)
def test_what_may_not_stand_is_not_kept(database: Desk, said: str, field: str) -> None:
    of = database.run(company)
    with pytest.raises(BadRulebook) as refused:
        database.run(added, of, said)
    assert refused.value.field == field
    assert database.run(kept, of) == []


def test_a_looser_one_is_kept_with_its_reason(database: Desk) -> None:
    of = database.run(company)
    days = "".join(f'"hours.{day}" = "Agreed."\n' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
    book = database.run(added, of, text(closes="22:00", more=f"[override_reason]\n{days}"))
    assert dict(book.overrides)["hours.mon"] == "Agreed."


def test_a_new_version_takes_the_place_of_the_old_whose_text_stays(database: Desk) -> None:
    of = database.run(company)
    for version, closes in (("1", "20:00"), ("2", "19:00"), ("1", "20:00")):
        database.run(added, of, text(version, closes))
        found = database.run(shelf.find, of.tenant_id, "our-rules")
        assert found is not None
        assert found.version == version
        assert [own.version for own in database.run(shelf.owned, of.tenant_id)] == [version]
    assert [row.version for row in database.run(kept, of)] == ["1", "2"]


def test_a_version_is_one_text_for_good(database: Desk) -> None:
    of = database.run(company)
    database.run(added, of, text())
    with pytest.raises(BadRulebook, match=r"^version 1 of our-rules said something else"):
        database.run(added, of, text(closes="19:00"))
    assert database.run(added, of, text()).version == "1"


def test_a_rulebook_is_not_taken_from_under_a_campaign(database: Desk) -> None:
    of, one = database.run(scene)
    with pytest.raises(OnUse, match=f"campaigns are called under our-rules: {one.code};"):
        database.run(shelf.remove, START, of.tenant_id, "our-rules")
    gone = update(table(Campaign)).where(columns_of(Campaign).id == one.id).values(deleted_at=START)
    database.run(lambda conn: conn.execute(gone) and None)
    assert database.run(shelf.remove, START, of.tenant_id, "our-rules")
    assert database.run(shelf.find, of.tenant_id, "our-rules") is None
    assert [row.removed_at for row in database.run(kept, of)] == [START]
    assert not database.run(shelf.remove, START, of.tenant_id, "our-rules")


@pytest.mark.parametrize("said", ["", "name =", text(closes="22:00")], ids=["empty", "no TOML", "looser"])
def test_a_text_that_cannot_be_read_any_more_withholds_everybody_and_pauses_with_a_sentence(
    database: Desk, said: str
) -> None:
    of, one = database.run(scene)
    broken = update(table(RulebookText)).where(TEXT.tenant_id == of.tenant_id).values(text=said)
    database.run(lambda conn: conn.execute(broken) and None)
    assert database.run(dial, one, "a") is Reason.UNKNOWN_RULEBOOK
    assert database.run(calls, of.tenant_id) == {}
    assert not any(row.status.final for row in database.run(customers, of.tenant_id).values())
    paused = database.run(read, Campaign, one.id)
    assert (paused.wanted, paused.paused_because) == (Wanted.PAUSED, Reason.UNKNOWN_RULEBOOK)
    assert paused.paused_detail.startswith("rulebook our-rules is not known here, or cannot be read any more: dialer")
    assert [own.book for own in database.run(shelf.owned, of.tenant_id)] == [None]


def test_a_text_that_breaks_between_the_claim_and_the_intent_places_nobody(database: Desk) -> None:
    of, one = database.run(scene)

    def step(conn: Connection) -> int:
        there = conn.execution_options(**{CLOCK: lambda: START})
        chosen, _ = handovers.choose(there, TIMING, one, 3, "a")
        assert len(chosen) == 3
        conn.execute(update(table(RulebookText)).where(TEXT.tenant_id == of.tenant_id).values(text="broken"))
        return len(handovers.commit(there, TIMING, one, chosen, "a").orders)

    assert database.run(step) == 0
    assert database.run(calls, of.tenant_id) == {}


def test_a_changed_rulebook_acts_from_the_next_claim_and_each_call_keeps_its_own(database: Desk) -> None:
    of, one = database.run(scene)
    database.run(dial, one, "a")
    database.run(added, of, text("2", "19:00"))
    database.run(dial, one, "b")
    database.run(added, of, text("3", "08:30"))
    database.run(dial, one, "c")
    made = list(database.run(calls, of.tenant_id).values())
    assert [(call.rulebook, call.rulebook_version) for call in made] == [("our-rules", "1"), ("our-rules", "2")]
    rows = database.run(kept, of)
    texts = {row.version: row.text for row in rows if row.own}
    assert texts == {"1": text(), "2": text("2", "19:00"), "3": text("3", "08:30")}
    # What it does not say is said by the one that it extends, whose text of that day is kept too.
    assert [(row.name, row.text) for row in rows if not row.own] == [("vn-debt", shipped()["vn-debt"].text)]
    decided = select(columns_of(Decision).rulebook_version, columns_of(Decision).reason).where(
        columns_of(Decision).tenant_id == of.tenant_id
    )
    said = database.run(lambda conn: [tuple(row) for row in conn.execute(decided.order_by(columns_of(Decision).id))])
    # Nine in the morning is past the third version's closing.
    assert said[:2] == [("1", None), ("2", None)]
    assert set(said[2:]) == {("3", Reason.OUTSIDE_HOURS)}


@pytest.mark.parametrize("name", ["vn-debt", "none"])
def test_the_text_of_a_shipped_one_is_kept_once_when_a_call_is_placed_under_it(database: Desk, name: str) -> None:
    of, one = database.run(lambda conn: scene(conn, rulebook=name))
    for token in ("a", "b"):
        database.run(dial, one, token)
    own, other = database.run(kept, of)
    assert (own.name, own.own) == ("our-rules", True)
    assert (other.name, other.own, other.text) == (name, False, shipped()[name].text)
    versions = {call.rulebook_version for call in database.run(calls, of.tenant_id).values()}
    assert versions == {other.version}
    assert [one.name for one in database.run(shelf.owned, of.tenant_id)] == ["our-rules"]


def test_nothing_is_kept_where_nothing_is_placed(database: Desk) -> None:
    of, one = database.run(lambda conn: scene(conn, rulebook="vn-debt"))
    database.run(dial, one, "a", NIGHT)
    assert database.run(calls, of.tenant_id) == {}
    assert [row.name for row in database.run(kept, of)] == ["our-rules"]
