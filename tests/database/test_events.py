"""Every committed row is announced at least once, in its order, and nothing that is not there."""

import asyncio
import re
from typing import Any

import pytest
from databases import Desk
from founding import debtors
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.util import await_only

from campaigns import ledger
from campaigns.events import frontier, reading
from campaigns.events.kinds import KINDS
from campaigns.events.sources import SOURCES
from campaigns.ledger import Told
from campaigns.models import Change
from campaigns.rows import columns_of, table
from campaigns.states import Fact
from campaigns.words import FactKind, Outcome
from database.announced import Remembering, Worker, code, everything
from database.sealed import TIMING, Evidence
from dialer import handovers, logs
from dialer.announcing import tenant_of

CHANGE = columns_of(Change)
FEW = settings(
    parent=settings.default,
    max_examples=max(settings.default.max_examples // 8, 5),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def of(database: Desk) -> Evidence:
    return Evidence(database)


@pytest.fixture
def told(of: Evidence) -> Evidence:
    """A company in which something of every kind has happened."""
    of.happen()
    of.later(minutes=1)
    return of


def test_a_lifting_is_told_once_it_is_sealed(fresh: Desk) -> None:
    of = Evidence(fresh)
    of.happen(1)
    assert "suppression.lifted" not in {event.type for event in everything(of)}
    of.seal()
    [lifted] = [event for event in everything(of) if event.type == "suppression.lifted"]
    [added, _] = [event for event in everything(of) if event.type == "suppression.added"]
    assert (lifted.subject, lifted.key) == (added.subject, added.key)


def test_what_happened_is_told_by_kind_key_and_row(told: Evidence) -> None:
    events = everything(told)
    kinds = {event.type for event in events}
    assert kinds >= {
        "call.settled",
        "customer.final",
        "customer.withheld",
        "callback.promised",
        "suppression.added",
        "consent.recorded",
    }
    assert kinds <= {kind.name for kind in KINDS}
    assert len({event.id for event in events}) == len(events)
    phones = {call.phone for call in told.calls().values()}
    settled = [event for event in events if event.type == "call.settled"]
    assert {event.data.phone for event in settled} == phones  # type: ignore[attr-defined]
    assert {event.key for event in settled} == {f"person-{call.person_id}" for call in told.calls().values()}
    assert not [event for event in events if re.search(r"\d{9}", event.key + event.subject.partition("-")[0])]


def test_a_result_comes_before_what_follows_from_it(told: Evidence) -> None:
    events = everything(told)
    for key in {event.key for event in events if event.type == "call.settled"}:
        kinds = [event.type for event in events if event.key == key]
        assert kinds.index("call.settled") < kinds.index("customer.final")


def test_each_state_of_a_call_is_told_once_in_its_order(of: Evidence) -> None:
    def live(conn: Connection) -> None:
        debtors(conn, of.of, of.campaign, 1, of.now)
        chosen, _ = handovers.choose(conn, TIMING, of.campaign, 1, "token")
        [call] = handovers.commit(conn, TIMING, of.campaign, chosen, "token").orders
        for kind in (FactKind.PLACED, FactKind.RINGING, FactKind.RINGING, FactKind.ANSWERED, FactKind.HANGUP):
            ledger.apply(conn, of.now, TIMING, [Told(call, Fact(kind, of.now, call_id="v1"))])
        said = Fact(FactKind.CDR, of.now, call_id="v1", disposition=Outcome.BUSY)
        ledger.apply(conn, of.now, TIMING, [Told(call, said)])

    of.run(live)
    kinds = [event.type for event in everything(of) if event.type.startswith("call.")]
    assert kinds == ["call.placed", "call.ringing", "call.answered", "call.ended", "call.settled"]


def test_read_a_few_at_a_time_it_is_the_same_in_the_same_order(told: Evidence) -> None:
    told.happen(3)

    def read(conn: Connection) -> list[str]:
        tenant, upto = tenant_of(conn, told.of.tenant_id), frontier.draw(conn).upto
        positions: Any = {}
        found: list[str] = []
        whole = False
        while not whole:
            batch = reading.gather(conn, tenant, positions, upto, 2)
            found += [item.event.id for item in batch.items]
            positions, whole = batch.positions, batch.whole
        return found

    assert told.desk.run(read) == [event.id for event in everything(told)]


def test_an_event_is_the_same_when_it_is_made_again(told: Evidence) -> None:
    def read(conn: Connection) -> None:
        tenant = tenant_of(conn, told.of.tenant_id)
        batch = reading.gather(conn, tenant, {}, frontier.draw(conn).upto, 10_000)
        again = reading.again(conn, tenant, [(item.source, item.row_id) for item in batch.items])
        assert [again[item.source, item.row_id] for item in batch.items] == [item.event for item in batch.items]

    told.desk.run(read)


def test_another_company_s_events_are_not_among_them(told: Evidence) -> None:
    other = Evidence(told.desk)
    other.happen()
    mine, theirs = everything(told), everything(other)
    assert not {event.id for event in mine} & {event.id for event in theirs}
    assert {event.tenant for event in mine} != {event.tenant for event in theirs}


def test_a_row_that_commits_late_is_not_passed_over(postgresql: Desk) -> None:
    """Its id is smaller than one that is there already."""
    of, sink, database = Evidence(postgresql), Remembering(), postgresql.database
    worker = Worker(of, sink)
    worker.all_of_it()

    async def race() -> tuple[bool, list[int]]:
        inserted, go = asyncio.Event(), asyncio.Event()

        def late(conn: Connection) -> int:
            row = _changed(conn, of)
            inserted.set()
            await_only(go.wait())
            return row

        writing = asyncio.create_task(database.write(late))
        await inserted.wait()
        early = await database.write(_changed, of)
        drawn = await database.read(frontier.draw)
        passed = await database.read(frontier.settled, drawn) or await worker.loop.step(of.now)
        go.set()
        return passed, [await writing, early]

    passed, rows = postgresql.portal.call(race)
    assert not passed
    assert rows == sorted(rows)
    worker.all_of_it()
    assert [event.sequence for event in sink.told] == rows


def _changed(conn: Connection, of: Evidence) -> int:
    row = {"tenant_id": of.of.tenant_id, "campaign_id": of.campaign.id, "before": "a", "after": "b"}
    row |= {"actor": "test", "at": of.now}
    return int(conn.execute(insert(table(Change)).returning(CHANGE.id), row).scalar_one())


def test_a_reader_who_is_slow_delays_nobody(postgresql: Desk) -> None:
    """A backup reads for an hour, and events go on."""
    of, database = Evidence(postgresql), postgresql.database

    async def read() -> bool:
        reading_, go = asyncio.Event(), asyncio.Event()

        def slowly(conn: Connection) -> None:
            for source in SOURCES:
                conn.scalar(select(func.count()).select_from(table(source.model)))
            reading_.set()
            await_only(go.wait())

        backup = asyncio.create_task(database.read(slowly))
        await reading_.wait()
        await database.write(_changed, of)
        drawn = await database.read(frontier.draw)
        settled = await database.read(frontier.settled, drawn)
        go.set()
        await backup
        return settled

    assert postgresql.portal.call(read)


TURNS = st.lists(st.sampled_from(["happen", "seal", "step", "other", "away", "die", "wait"]), min_size=4, max_size=9)


@given(turns=TURNS, batch=st.integers(1, 7))
@FEW
def test_whatever_dies_every_event_is_told_in_order_and_none_is_invented(
    fresh: Desk, turns: list[str], batch: int
) -> None:
    of, sink = Evidence(fresh), Remembering()
    workers = [Worker(of, sink, batch), Worker(of, sink, batch)]
    workers[0].all_of_it()
    before = {event.id for event in everything(of)}
    for turn in turns:
        match turn:
            case "happen":
                of.happen(1)
            case "seal":
                of.seal()
            case "step":
                workers[0].step()
            case "other":
                workers[1].step()
            case "away":
                sink.takes = 1
                workers[0].step()
                sink.takes = None
            case "die":
                workers[0].dies_after_telling()
                workers[0] = Worker(of, sink, batch)
            case "wait":
                of.later(minutes=2)
        of.later(seconds=1)
    # The dead worker's lease is over, and whoever stepped back is ready.
    of.later(minutes=5)
    workers[1].all_of_it()
    workers[1].all_of_it()
    expected = [event for event in everything(of) if event.id not in before]
    first = sink.first_told(code(of))
    assert {event.id for events in first.values() for event in events} == {event.id for event in expected}
    for key, events in first.items():
        assert [event.id for event in events] == [event.id for event in expected if event.key == key]


def test_two_workers_do_not_tell_the_same_twice(told: Evidence) -> None:
    sink = Remembering()
    one, other = Worker(told, sink, 1), Worker(told, sink, 1)
    one.all_of_it()
    told.happen(2)

    async def both() -> None:
        async def on(worker: Worker) -> None:
            for _ in range(25):
                await worker.loop.step(told.now)

        await asyncio.gather(on(one), on(other))

    told.desk.portal.call(both)
    assert len(sink.told) == len({event.id for event in sink.told}) > 0


def test_a_sink_that_is_away_is_told_of_once_and_measured(told: Evidence, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "json")
    sink = Remembering()
    worker = Worker(told, sink)
    worker.all_of_it()
    told.happen(1)
    sink.takes = 0
    for _ in range(7):
        worker.step()
        told.later(minutes=10)
    value = worker.metrics.registry.get_sample_value
    assert value("dialer_sink_up", {"sink": sink.name}) == 0
    assert (value("dialer_sink_lag_seconds", {"sink": sink.name}) or 0) > 3000
    sink.takes = None
    worker.all_of_it()
    worker.all_of_it()
    assert value("dialer_sink_up", {"sink": sink.name}) == 1
    assert value("dialer_sink_lag_seconds", {"sink": sink.name}) == 0
    said = capsys.readouterr().err
    assert (said.count("sink is away"), said.count("sink is back")) == (1, 1)


def test_a_new_sink_is_told_the_future_and_a_new_company_from_its_first_row(told: Evidence) -> None:
    sink = Remembering()
    worker = Worker(told, sink)
    worker.all_of_it()
    assert sink.told == []
    newcomer = Evidence(told.desk)
    newcomer.happen(1)
    worker.all_of_it()
    mine = [event.id for event in sink.told if event.tenant == code(newcomer)]
    assert mine == [event.id for event in everything(newcomer)]
