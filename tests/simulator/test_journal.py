import json

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.simulator import Journal, Ring, Simulator, SimulatorSettings, read_journal, serve
from dialer.simulator.journal import ordered

from .bench import LONG, Bench, bench, numbers, until


def ring(start, length, phone="0912000001"):
    ended = None if length is None else start + length
    return Ring("call", phone, "id", "Q1", "autocall", "queue", "", rang_at=start, ended_at=ended)


spans = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=30)


@given(spans)
def test_the_most_at_once_is_the_most_that_any_moment_saw(lengths):
    journal = Journal()
    journal.entries = [ring(start, length) for start, length in lengths]
    seen = (sum(start <= moment < start + length for start, length in lengths) for moment in range(71))
    assert journal.most_at_once() == max(seen)


@given(spans)
def test_a_number_is_rung_twice_at_once_exactly_when_more_than_one_rang_at_once(lengths):
    journal = Journal()
    journal.entries = [ring(start, length) for start, length in lengths]
    assert bool(journal.rung_twice_at_once()) == (journal.most_at_once() > 1)


def test_a_ring_that_goes_on_overlaps_whatever_comes_later():
    journal = Journal()
    journal.entries = [ring(0, None), ring(100, 1), ring(100, 1, phone="0912000002")]
    assert len(journal.rung_twice_at_once()) == 1
    assert journal.most_at_once() == 3
    assert journal.most_at_once(lambda one: one.phone == "0912000002") == 1


@pytest.mark.anyio
async def test_the_journal_agrees_with_every_record_of_the_vendor():
    async with bench(speed=600, seed=3, answer_rate=0.5, busy_rate=0.2, not_available_rate=0.2) as one:
        await one.feed_autocall(*numbers(60), concurrent_call=20, max_recall_count=1)
        (queue,) = one.simulator.pbx.queues.all.values()
        await until(lambda: not any(queue.held.values()) and one.simulator.pbx.quiet)
        records = (await one.get("/v2/cdr", limit=500)).body["data"]
        told = sorted((record["id"], record["to_number"], record["status"].lower()) for record in records)
        rang = sorted((entry.call_id, entry.phone, entry.status) for entry in one.simulator.journal.entries)
        assert told == rang
        assert one.simulator.journal.rung_twice_at_once() == []
        assert one.simulator.journal.most_at_once(ordered) <= 20


@pytest.mark.anyio
async def test_the_journal_is_shown_over_http_without_a_token():
    async with bench() as one:
        call_id = await one.click2call()
        await one.quiet()
        one.token = ""
        (entry,) = (await one.get("/simulator/journal")).body["rings"]
        assert (entry["call_id"], entry["phone"], entry["customer_id"]) == (call_id, "0912000001", "KH1")
        assert entry["rang_at"] < entry["answered_at"] < entry["ended_at"]


@pytest.mark.anyio
async def test_the_state_shows_queues_calls_and_agents():
    async with bench(speed=1) as one:
        await one.feed_autocall(*numbers(3), concurrent_call=1)
        await until(lambda: len(one.simulator.journal.entries) == 1)
        state = (await one.get("/simulator/state")).body
        (queue,) = state["queues"]
        assert [entry["phone"] for entry in queue["waiting"]] == numbers(3)[1:]
        assert (queue["live"], len(state["calls"]), len(state["agents"])) == (1, 1, 3)
        assert not state["quiet"]


@pytest.mark.anyio
async def test_a_journal_file_has_a_line_at_the_ring_and_one_at_its_end(tmp_path):
    path = tmp_path / "journal.jsonl"
    async with bench(journal_path=path, outcomes={"0912000001": LONG}) as one:
        await one.click2call()
        await until(lambda: path.read_text() != "")
        rang = [json.loads(line) for line in path.read_text().splitlines()]
        assert [(line["event"], line["ended_at"]) for line in rang] == [("ring", None)]
        await one.quiet()
        lines = path.read_text().splitlines(keepends=True)
        assert [json.loads(line)["event"] for line in lines] == ["ring", "end"]
        assert read_journal([*lines, '{"event": "ri']).as_json() == one.simulator.journal.as_json()


def outcomes(one):
    return {(entry.phone, entry.status, entry.billsec) for entry in one.simulator.journal.entries}


@pytest.mark.anyio
async def test_a_seed_decides_every_call_whatever_the_order_in_which_they_come():
    runs = []
    for seed, phones, at_once in ((7, numbers(40), 40), (7, numbers(40)[::-1], 7), (8, numbers(40), 40)):
        async with bench(speed=1500, seed=seed, answer_rate=0.5, busy_rate=0.3) as one:
            await one.feed_autocall(*phones, concurrent_call=at_once)
            await one.done(rings=40)
            runs.append(outcomes(one))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_naming_one_rate_leaves_the_rest_unanswered_and_naming_none_is_an_ordinary_day():
    assert SimulatorSettings(busy_rate=0.5).answer_rate == 0
    assert SimulatorSettings(answer_rate=1.0, busy_rate=None).busy_rate == 0
    ordinary = SimulatorSettings()
    assert 0 < ordinary.answer_rate < 1
    assert SimulatorSettings.model_validate(ordinary.model_dump()) == ordinary


@pytest.mark.parametrize(
    "mistake",
    [
        {"answer_rate": 0.9, "busy_rate": 0.2},
        {"speed": 0},
        {"timezone": "Mars/Olympus"},
        {"outcomes": {"0912000001": ["asleep"]}},
        {"outcomes": {"0912000001": []}},
        {"ring_seconds": (5, 1)},
        {"colour": "red"},
    ],
)
def test_settings_that_make_no_sense_are_refused(mistake):
    with pytest.raises(ValueError, match="validation error"):
        SimulatorSettings(**mistake)


@pytest.mark.anyio
async def test_a_simulator_stopped_and_started_again_keeps_its_port_queues_hooks_and_records():
    simulator = Simulator(SimulatorSettings(speed=20, answer_rate=1.0, talk_seconds=(60, 60)))
    async with bench() as other:
        async with simulator:
            port, one = simulator.port, Bench(simulator, other.session, other.receiver)
            await one.log_in()
            await one.register()
            await one.feed_autocall(*numbers(2), concurrent_call=1)
            await until(lambda: len(simulator.journal.entries) == 1)
        (cut,) = simulator.journal.entries
        assert (cut.status, cut.ended_at is None) == ("cut", False)
        async with simulator:
            assert simulator.port == port
            assert len((await one.get("/v1/event")).body["data"]) == 4
            await until(lambda: [entry.phone for entry in simulator.journal.entries] == numbers(2))
            assert (await one.get("/v2/cdr")).body["total"] == 0


@pytest.mark.anyio
async def test_serving_alone_tells_rings_without_the_whole_number_and_stops_when_cancelled():
    told = []
    async with bench() as other, anyio.create_task_group() as tasks:
        settings = SimulatorSettings(port=0, speed=300, answer_rate=1.0)
        run = lambda *, task_status: serve(settings, tell=told.append, task_status=task_status)  # noqa: E731
        simulator = await tasks.start(run)
        one = Bench(simulator, other.session, other.receiver)
        await one.log_in()
        await one.click2call("0912345678")
        await one.done(rings=1)
        tasks.cancel_scope.cancel()
    assert told[0] == "091••••678 rings (click2call, ordered by api)"
    assert told[1].startswith("091••••678 answered, talked ")


@pytest.mark.anyio
async def test_a_thousand_calls_are_alive_at_once():
    async with bench(speed=120, no_answer_seconds=(60, 60), no_answer_rate=1.0) as one:
        await one.feed_autocall(*numbers(1000), concurrent_call=1000)
        await one.done(rings=1000)
        assert one.simulator.journal.most_at_once() == 1000
