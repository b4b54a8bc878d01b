import asyncio

import aiohttp
import anyio
import pytest
from pydantic import ValidationError

from .bench import bench, numbers, until

pytestmark = pytest.mark.anyio
PHONE = "0912000001"
ORDER = {"id": "KH1", "mobile": PHONE, "agent": "101"}


async def test_any_request_can_fail_and_then_did_nothing():
    async with bench() as one:
        one.simulator.faults.error_rate = 1.0
        assert (await one.get("/v2/cdr")).status == 500
        assert (await one.post("/v2/click2call", ORDER)).status == 500
        assert one.simulator.pbx.quiet
        one.simulator.faults.error_rate = 0.0
        assert (await one.get("/v2/cdr")).status == 200


async def test_a_rate_strikes_about_as_often_as_it_says():
    async with bench() as one:
        one.simulator.faults.error_rate = 0.5
        statuses = [(await one.get("/v2/call")).status for _ in range(60)]
        assert 15 < statuses.count(500) < 45


async def test_a_placing_can_fail_before_anything_rang_while_questions_are_answered():
    async with bench() as one:
        one.simulator.faults.place_error_rate = 1.0
        assert (await one.post("/v2/click2call", ORDER)).status == 500
        assert (await one.feed_autocall(PHONE)).status == 500
        assert (await one.get("/v2/call")).body["total"] == 0
        assert one.simulator.pbx.queues.all == {}


async def test_a_placing_can_fail_and_ring_all_the_same():
    async with bench() as one:
        one.simulator.faults.place_error_after_rate = 1.0
        assert (await one.post("/v2/click2call", ORDER)).status == 500
        assert (await one.feed_autocall(PHONE, code="Q2")).status == 500
        await one.done(rings=2)


async def test_a_placing_can_ring_and_never_be_answered():
    async with bench() as one:
        one.simulator.faults.hang_rate = 1.0
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.post, "/v2/click2call", ORDER)
            await one.done(rings=1)
            tasks.cancel_scope.cancel()
        assert one.simulator.journal.entries[0].status == "answered"


@pytest.mark.parametrize(("fault", "amount"), [("hang_rate", 1.0), ("slow_seconds", 3600)])
async def test_a_request_that_was_never_answered_ends_with_the_simulator(fault, amount):
    before = set(asyncio.all_tasks())
    async with bench() as one:
        setattr(one.simulator.faults, fault, amount)
        with anyio.move_on_after(0.1):
            await one.post("/v2/click2call", ORDER)
        with anyio.move_on_after(0.1):
            await one.get("/v1/click2call", ext="102", phone=PHONE)
    await until(lambda: set(asyncio.all_tasks()) == before)


async def test_a_socket_closed_after_reading_has_rung():
    async with bench() as one:
        one.simulator.faults.close_after_reading_rate = 1.0
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await one.post("/v2/click2call", ORDER)
        await one.done(rings=1)


async def test_a_client_that_repeats_a_dropped_get_rings_twice_and_the_journal_shows_it():
    async with bench(speed=20) as one:
        one.simulator.faults.close_after_reading_rate = 1.0
        for extension in ("101", "102"):
            with pytest.raises(aiohttp.ClientConnectionError):
                await one.get("/v1/click2call/async", ext=extension, phone=PHONE)
        await until(lambda: len(one.simulator.journal.entries) == 2)
        assert len(one.simulator.journal.rung_twice_at_once()) == 1


async def test_a_slow_answer_has_rung_before_it_comes():
    async with bench() as one:
        one.simulator.faults.slow_seconds = 60
        answers = []

        async def place():
            answers.append(await one.post("/v2/click2call", ORDER))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(place)
            await one.done(rings=1)
            assert answers == []
            tasks.cancel_scope.cancel()


async def test_too_many_requests_say_when_to_come_again():
    async with bench() as one:
        one.simulator.faults.throttle_rate = 1.0
        one.simulator.faults.retry_after = 7
        got = await one.post("/v2/click2call", ORDER)
        assert (got.status, got.headers["Retry-After"]) == (429, "7")
        assert one.simulator.pbx.quiet


async def test_a_rate_above_one_is_refused_and_so_is_an_unknown_switch():
    async with bench() as one:
        with pytest.raises(ValidationError):
            one.simulator.faults.error_rate = 2
        with pytest.raises(ValueError, match="no_such_attribute"):
            one.simulator.faults.eror_rate = 1


async def test_faults_are_switched_over_http_without_a_token():
    async with bench() as one:
        one.token = ""
        got = await one.post("/simulator/faults", {"error_rate": 1.0, "cdr_delay": 5})
        assert (got.status, got.body["error_rate"], got.body["cdr_delay"]) == (200, 1.0, 5)
        assert one.simulator.faults.error_rate == 1.0
        assert (await one.get("/simulator/faults")).body == got.body


async def test_a_switch_that_does_not_exist_changes_nothing():
    async with bench() as one:
        for body in ({"error_rate": 0.5, "nonsense": 1}, {"error_rate": 0.5, "hang_rate": 3}):
            assert (await one.post("/simulator/faults", body)).status == 400
        assert one.simulator.faults.error_rate == 0


async def test_tokens_are_expired_over_http():
    async with bench() as one:
        await one.post("/simulator/faults", {"expire_tokens": True})
        assert (await one.get("/v2/call")).status == 401


async def test_an_outage_refuses_connections_and_the_calls_go_on():
    async with bench() as one:
        await one.feed_autocall(*numbers(6), concurrent_call=3)
        async with one.simulator.outage():
            with pytest.raises(aiohttp.ClientConnectionError):
                await one.get("/v2/call")
            await one.done(rings=6)
        assert (await one.get("/v2/cdr")).body["total"] == 6
