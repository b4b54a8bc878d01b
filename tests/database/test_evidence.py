"""What is sealed cannot be changed, taken away or added to unseen; honest work never looks like it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from databases import Desk, desk, embedded
from founding import START
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Boolean, Connection, Integer, delete, insert, select, text, update
from sqlalchemy.util import await_only

from campaigns import dnc, evidence
from campaigns.dnc import Entry
from campaigns.evidence import KINDS, LIFTING, Fault, Finding, Kind
from campaigns.models import Call, Chain, Change, Register, Seal, Suppression
from campaigns.models.columns import Utc, Word
from campaigns.retention import prune
from campaigns.rows import columns_of, table
from campaigns.words import Subject
from database.sealed import VAULT, Evidence, examined
from dialer.database import clock
from dialer.sealing import SealingLoop

from .conftest import KINDS as DATABASES

EVERY = (*KINDS, LIFTING)
COLUMNS = {kind: (*kind.plain, *kind.personal, *kind.documents) for kind in EVERY}


class Undone(Exception):
    """Ends a transaction that leaves nothing behind."""


def chained(desk: Desk) -> Evidence:
    """A chain of many short seals over two rounds of everything."""
    one = Evidence(desk, batch=7)
    for _ in range(2):
        one.happen()
        one.later(minutes=1)
        one.seal()
        one.later(minutes=1)
    return one


@pytest.fixture(scope="module", params=DATABASES)
def sealed(
    request: pytest.FixtureRequest, portal: BlockingPortal, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Evidence]:
    """A chain that every test finds as it was made: whoever tampers with it undoes it."""
    if request.param == "sqlite":
        with embedded(portal, template, tmp_path_factory.mktemp("sealed")) as one:
            yield chained(one)
    else:
        with desk(portal, request.getfixturevalue("clones").migrated()) as one:
            yield chained(one)


@pytest.fixture
def growing(fresh: Desk) -> Evidence:
    """A chain of a test's own, which goes on."""
    return chained(fresh)


def tampering(one: Evidence, tamper: Any) -> list[Finding]:
    """What is found after somebody went round the program; undone afterwards."""
    found: list[Finding] = []

    def work(conn: Connection) -> None:
        # Somebody at the database's own console is not stopped by foreign keys.
        off = "SET LOCAL session_replication_role = replica"
        conn.execute(text(off if conn.dialect.name == "postgresql" else "PRAGMA defer_foreign_keys = ON"))
        tamper(conn)
        found.extend(examined(conn, one.of.tenant_id))
        raise Undone

    with pytest.raises(Undone):
        one.desk.run(work)
    return found


def rows_of(conn: Connection, one: Evidence, kind: Kind) -> list[Any]:
    mine = kind.columns.tenant_id == one.of.tenant_id
    chosen = select(table(kind.model)).where(mine).order_by(kind.columns.id)
    found = conn.execute(chosen).all()
    return [row for row in found if kind is not LIFTING or row.until is not None]


def another(column: Any, value: Any) -> Any:
    """Some other value that the column takes."""
    if isinstance(column.type, Word):
        return next(word for word in column.type.words if word != value)
    if isinstance(column.type, Utc):
        return (value or START) + timedelta(milliseconds=1)
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, Integer) or (column.name.endswith("_id") and not isinstance(value, str)):
        return (value or 0) + 1
    if isinstance(value, dict):
        return {**value, "more": 1}
    if isinstance(value, list):
        return [*value, "HD9"]
    return f"{value or ''}9"[-20:]


def changed(conn: Connection, kind: Kind, row: Any, name: str) -> None:
    value = another(kind.columns[name], getattr(row, name))
    conn.execute(update(table(kind.model)).where(kind.columns.id == row.id).values({name: value}))


def test_honest_work_is_never_found_fault_with(fresh: Desk) -> None:
    one = Evidence(fresh, batch=7)
    for _ in range(3):
        one.happen()
        one.later(minutes=1)
        one.seal()
        assert one.findings() == []
        one.later(minutes=1)
        one.happen(1)
        assert one.findings() == []
        one.later(minutes=1)


def test_every_kind_of_evidence_is_sealed(sealed: Evidence) -> None:
    seals = sealed.desk.run(lambda conn: conn.execute(select(table(Seal))).all())
    assert {name for seal in seals for name, told in seal.covers["kinds"].items() if told["ids"]} == {
        kind.name for kind in EVERY
    }
    assert len(seals) > 5


def contradicted(conn: Connection, one: Evidence) -> list[tuple[str, int, Fault]]:
    page = evidence.refold(conn, one.of.tenant_id, (None, None))
    assert page is not None
    return [(found.kind, found.id, found.fault) for found in page.findings]


def test_a_call_that_is_not_what_its_facts_come_to_is_found(sealed: Evidence) -> None:
    """Its row is not sealed where it changes honestly, so whoever goes round the program could change it there."""
    assert sealed.desk.run(contradicted, sealed) == []
    one = max(sealed.calls())
    for values in ({"outcome": "busy"}, {"state": "ended", "outcome": None}, {"charged": False}):

        def look(conn: Connection, values: Any = values) -> None:
            conn.execute(update(table(Call)).where(columns_of(Call).id == one).values(**values))
            assert contradicted(conn, sealed) == [("call", one, Fault.CONTRADICTED)]
            raise Undone

        with pytest.raises(Undone):
            sealed.desk.run(look)


@pytest.mark.parametrize("place", range(max(len(columns) for columns in COLUMNS.values())))
def test_a_change_of_any_sealed_column_is_found_by_kind_and_row(sealed: Evidence, place: int) -> None:
    """The first column of every kind, the second one, and so on."""
    concerned = [(kind, columns[place]) for kind, columns in COLUMNS.items() if place < len(columns)]
    rows = {kind: sealed.desk.run(rows_of, sealed, kind)[-1] for kind, _ in concerned}

    def tamper(conn: Connection) -> None:
        for kind, name in concerned:
            changed(conn, kind, rows[kind], name)

    found = {(f.kind, f.id, f.fault) for f in tampering(sealed, tamper)}
    assert {(kind.name, rows[kind].id, Fault.CHANGED) for kind, _ in concerned} - found == set()


@settings(max_examples=20)
@given(data=st.data())
def test_whatever_somebody_does_to_a_sealed_row_is_found(sealed: Evidence, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS), "kind")
    rows = sealed.desk.run(rows_of, sealed, kind)
    row = data.draw(st.sampled_from(rows), "row")
    act = data.draw(st.sampled_from(["delete", "slip in", "backdate", "swap", "move"]))
    free = 1_000_000 + row.id

    def tamper(conn: Connection) -> None:
        copy = dict(row._mapping)
        for name in (kind.moment, "digest", "phone", "subject", "at", "contract_number", "reference"):
            # What is unique must be so.
            if name in copy and copy[name] is not None:
                copy[name] = another(kind.columns[name], row._mapping[name])
        gone = delete(table(kind.model)).where(kind.columns.id == row.id)
        if act in ("delete", "slip in", "swap"):
            conn.execute(gone)
        if act == "slip in":
            conn.execute(insert(table(kind.model)), copy)
        if act == "backdate":
            copy[kind.moment] = copy[kind.moment] - timedelta(minutes=1)
            conn.execute(
                insert(table(kind.model)),
                copy | {"id": free, "vendor_call_id": None} if kind.name == "call" else copy | {"id": free},
            )
        if act == "swap":
            conn.execute(insert(table(kind.model)), dict(row._mapping) | {"id": free})
        if act == "move":
            conn.execute(update(table(kind.model)).where(kind.columns.id == row.id).values(id=free))

    found = {(f.kind, f.id, f.fault) for f in tampering(sealed, tamper)}
    expected = {
        "delete": (row.id, Fault.MISSING),
        "slip in": (row.id, Fault.CHANGED),
        "backdate": (free, Fault.BACKDATED),
        "swap": (row.id, Fault.MISSING),
        "move": (row.id, Fault.MISSING),
    }
    if kind.prompt or act != "backdate":
        assert (kind.name, *expected[act]) in found


def test_a_row_that_slips_in_behind_the_last_seal_is_found_before_and_after_the_next_seal(growing: Evidence) -> None:
    def slip_in(conn: Connection) -> int:
        change = columns_of(Change)
        row = dict(conn.execute(select(table(Change)).order_by(change.id.desc()).limit(1)).one()._mapping)
        row |= {"at": row["at"] - timedelta(minutes=1)}
        row.pop("id")
        return int(conn.execute(insert(table(Change)).returning(change.id), row).scalar_one())

    made = growing.desk.run(slip_in)
    expected = [("change", made, Fault.BACKDATED)]
    assert [(f.kind, f.id, f.fault) for f in growing.findings()] == expected
    growing.later(minutes=1)
    growing.seal()
    assert [(f.kind, f.id, f.fault) for f in growing.findings()] == expected


def test_a_register_whose_loading_took_long_is_no_fault(growing: Evidence) -> None:
    began = growing.now - timedelta(minutes=1)

    def load(conn: Connection) -> None:
        row = {"tenant_id": growing.of.tenant_id, "name": "national", "as_of": began, "entries": 9, "file_name": ""}
        conn.execute(insert(table(Register)), row | {"actor": "", "loaded_at": began})

    growing.desk.run(load)
    growing.later(minutes=1)
    growing.seal()
    assert growing.findings() == []


def test_an_entry_lifted_in_the_past_is_found(sealed: Evidence) -> None:
    entry = columns_of(Suppression)

    def lift(conn: Connection) -> None:
        early = conn.scalar(select(entry.since).order_by(entry.id))
        opened = update(table(Suppression)).where(entry.until.is_(None))
        conn.execute(opened.values(until=early, lifted_by="x"))

    assert {f.fault for f in tampering(sealed, lift)} == {Fault.BACKDATED}


def test_an_entry_that_says_it_is_sealed_and_is_not_is_found(sealed: Evidence) -> None:
    entry = columns_of(Suppression)
    opened = update(table(Suppression)).where(entry.until.is_(None))
    found = tampering(sealed, lambda conn: conn.execute(opened.values(until=sealed.now, lifting_seal=1)))
    assert {f.fault for f in found} == {Fault.ADDED}


@pytest.mark.parametrize("name", ["covers", "previous", "digest", "signature", "at"])
def test_a_changed_seal_is_found(sealed: Evidence, name: str) -> None:
    seal = columns_of(Seal)
    values = {"covers": {"cut": {"at": sealed.now.isoformat(), "upto": {}}, "kinds": {}}, "at": sealed.now}
    for ordinal in (1, 3, sealed.desk.run(_seals)):
        tamper = update(table(Seal)).where(seal.ordinal == ordinal).values({name: values.get(name, b"x" * 32)})
        found = tampering(sealed, lambda conn, tamper=tamper: conn.execute(tamper))
        assert ("seal", ordinal, Fault.CHANGED) in {(f.kind, f.id, f.fault) for f in found}


def test_a_seal_that_is_gone_is_found_also_the_last_one(sealed: Evidence) -> None:
    seal = columns_of(Seal)
    for ordinal in (1, 3, sealed.desk.run(_seals)):
        tamper = delete(table(Seal)).where(seal.ordinal == ordinal)
        found = tampering(sealed, lambda conn, tamper=tamper: conn.execute(tamper))
        assert ("seal", ordinal, Fault.MISSING) in {(f.kind, f.id, f.fault) for f in found}


def test_a_seal_of_somebody_else_s_making_is_found(sealed: Evidence) -> None:
    def forge(conn: Connection) -> None:
        seal = columns_of(Seal)
        last = conn.execute(select(table(Seal)).order_by(seal.ordinal.desc()).limit(1)).one()
        row = dict(last._mapping) | {"ordinal": last.ordinal + 1, "id": last.id + 1000}
        conn.execute(insert(table(Seal)), row)

    assert Fault.ADDED in {f.fault for f in tampering(sealed, forge)}


def test_who_cuts_off_the_chain_s_end_with_everything_is_found_by_a_head_that_was_noted(sealed: Evidence) -> None:
    chain = columns_of(Chain)
    before = sealed.desk.run(evidence.heads)[sealed.of.tenant_id]
    found: list[Finding] = []

    def work(conn: Connection) -> None:
        conn.execute(delete(table(Seal)).where(columns_of(Seal).ordinal > 1))
        last = conn.execute(select(table(Seal))).one()
        link = evidence.link_of(last.previous, last.ordinal, last.covers, last.digest, last.at)
        conn.execute(update(table(Chain)).values(seals=1, head=link, positions={}).where(chain.id == before.id))
        cut = evidence.heads(conn)[sealed.of.tenant_id]
        keys = sealed.loop._keys[sealed.of.tenant_id]
        examination = evidence.Examination(cut, keys.pseudonyms, keys.genuine, heads={before.seals: before.head.hex()})
        while (page := examination.examine(conn)) is not None:
            found.extend(page)
        found.extend(examination.finish(conn))
        raise Undone

    with pytest.raises(Undone):
        sealed.desk.run(work)
    assert ("seal", before.seals, Fault.MISSING) in {(f.kind, f.id, f.fault) for f in found}


def _seals(conn: Connection) -> int:
    return int(conn.scalar(select(columns_of(Chain).seals)) or 0)


def test_with_another_period_only_its_seals_are_read(sealed: Evidence) -> None:
    row = sealed.desk.run(rows_of, sealed, KINDS[0])[0]

    def work(conn: Connection) -> None:
        changed(conn, KINDS[0], row, "attempt")
        chain = evidence.heads(conn)[sealed.of.tenant_id]
        keys = sealed.loop._keys[sealed.of.tenant_id]
        for begins, expected in ((None, 1), (sealed.now - timedelta(seconds=90), 0)):
            period = (begins, sealed.now)
            examination = evidence.Examination(chain, keys.pseudonyms, keys.genuine, period)
            found: list[Finding] = []
            while (page := examination.examine(conn)) is not None:
                found += page
            assert len(found) == expected
        raise Undone

    with pytest.raises(Undone):
        sealed.desk.run(work)


def test_a_clock_that_jumps_back_is_no_fault(growing: Evidence) -> None:
    growing.later(minutes=-90)
    growing.happen(1)
    growing.later(seconds=1)
    growing.seal()
    growing.later(minutes=1)
    growing.happen(1)
    growing.seal()
    assert growing.findings() == []


def test_two_workers_that_seal_at_once_make_one_chain(fresh: Desk) -> None:
    one = Evidence(fresh, batch=5)
    one.happen(4)
    one.later(minutes=1)
    other = SealingLoop(one.loop._database, VAULT, batch=3)

    async def both() -> None:
        async def until_done(loop: SealingLoop) -> None:
            while await loop.step(one.now):
                pass

        await asyncio.gather(until_done(one.loop), until_done(other))

    fresh.portal.call(both)
    one.seal()
    assert one.findings() == []
    assert fresh.run(_seals) > 3


def test_pruning_leaves_every_sealed_row(growing: Evidence) -> None:
    growing.desk.run(prune, growing.now + timedelta(days=4000))
    assert growing.findings() == []


@contextmanager
def writing(one: Evidence) -> Iterator[Any]:
    """A transaction that has put somebody on the list and does not commit until the block ends."""
    inserted, commit = asyncio.Event(), asyncio.Event()

    def work(conn: Connection) -> None:
        dnc.suppress(conn, one.now, one.of.tenant_id, [Entry(Subject.NUMBER, "+84912345678")], "slow")
        inserted.set()
        await_only(asyncio.wait_for(commit.wait(), 20))

    future = one.desk.portal.start_task_soon(one.desk.database.write, work)
    one.desk.portal.call(asyncio.wait_for, inserted.wait(), 20)
    try:
        yield
    finally:
        one.desk.portal.call(commit.set)
        future.result(20)


def test_a_row_that_commits_late_with_a_small_id_is_waited_for(portal: BlockingPortal, clones: Any) -> None:
    with desk(portal, clones.migrated()) as fresh:
        one = Evidence(fresh)
        with writing(one):
            late = [Entry(Subject.NUMBER, "+84912345679")]
            one.run(dnc.suppress, one.now, one.of.tenant_id, late, "quick")
            one.later(seconds=20)
            one.seal()
            assert fresh.run(evidence.heads) == {}
        one.seal()
        chain = fresh.run(evidence.heads)[one.of.tenant_id]
        assert chain.positions["suppression"] == 2
        assert one.findings() == []


def test_writers_at_work_while_sealing_runs_are_never_found_fault_with(portal: BlockingPortal, clones: Any) -> None:
    with desk(portal, clones.migrated()) as fresh:
        one = Evidence(fresh, batch=20)
        loop = SealingLoop(fresh.database, VAULT, batch=20)

        def write(conn: Connection, writer: int, turn: int) -> None:
            entries = [Entry(Subject.NUMBER, f"+849{writer}{turn:04}{place:03}") for place in range(1 + turn % 7)]
            dnc.suppress(conn, clock(conn), one.of.tenant_id, entries, "storm")
            if turn % 3 == 0:
                dnc.lift(conn, clock(conn), one.of.tenant_id, [entries[0].subject], "storm")

        async def storm() -> None:
            at_work = 4

            async def writer(number: int) -> None:
                nonlocal at_work
                for turn in range(40):
                    await fresh.database.write(write, number, turn)
                at_work -= 1

            async def sealer() -> None:
                while at_work:
                    await loop.step(one.now)

            await asyncio.gather(sealer(), *(writer(number) for number in range(4)))
            while await loop.step(one.now) or loop._cut is not None:
                pass

        portal.call(storm)
        assert one.findings() == []
        total = fresh.run(lambda conn: conn.execute(select(table(Suppression))).all())
        assert all(row.lifting_seal for row in total if row.until is not None)
        # How many there are is a matter of who was faster; there are more than one seal over everything would be.
        assert fresh.run(_seals) > 1
