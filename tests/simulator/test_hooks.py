import anyio
import pytest

from .bench import bench, numbers, until

pytestmark = pytest.mark.anyio
PHONE = "0912000001"
STORY = ["ringing", "answered", "hangup", "cdr"]


@pytest.mark.parametrize(
    ("transport", "header", "value"),
    [("bearer", "Authorization", "Bearer secret"), ("x-api-key", "X-Api-Key", "secret")],
)
async def test_the_key_travels_in_the_header_of_the_switch(transport, header, value):
    async with bench(hook_key=transport) as one:
        await one.register()
        await one.click2call()
        await one.quiet()
        assert {hook.headers[header] for hook in one.receiver.hooks} == {value}


async def test_the_key_may_not_travel_at_all():
    async with bench(hook_key="none") as one:
        await one.register()
        await one.click2call()
        await one.quiet()
        assert not any({"Authorization", "X-Api-Key"} & set(hook.headers) for hook in one.receiver.hooks)


async def test_numbers_may_be_swapped_as_in_the_vendors_example():
    async with bench(swap_numbers=True) as one:
        await one.register("hangup")
        await one.click2call()
        await one.quiet()
        hook = one.receiver.one("hangup")
        assert (hook["direction"], hook["from_number"], hook["to_number"]) == ("outbound", PHONE, "101")


async def test_a_recording_may_come_with_hangup():
    async with bench(recording_on_hangup=True) as one:
        await one.register("hangup")
        call_id = await one.click2call()
        await one.quiet()
        assert one.receiver.one("hangup")["recording_url"].endswith(call_id)


async def test_a_refused_hook_is_repeated_and_the_next_ones_wait_for_it():
    async with bench() as one:
        await one.register()
        one.receiver.statuses.extend([500, 503])
        call_id = await one.click2call()
        await one.quiet()
        assert one.receiver.states(call_id) == ["ringing"] * 2 + STORY
        assert (one.simulator.pbx.hooks.delivered, one.simulator.pbx.hooks.failed) == (4, 0)


async def test_the_hooks_of_a_call_come_one_after_another_each_when_the_last_was_answered():
    async with bench(hook_timeout=30) as one:
        await one.register()
        one.receiver.held[PHONE] = anyio.Event()
        call_id = await one.click2call()
        await until(lambda: one.simulator.pbx.switchboard.records.get(call_id) is not None)
        await until(lambda: one.receiver.arrived > 0)
        assert (one.receiver.arrived, one.simulator.pbx.hooks.pending) == (1, 4)
        one.receiver.held[PHONE].set()
        await one.quiet()
        assert one.receiver.states(call_id) == STORY


async def test_a_hook_that_is_refused_for_ever_is_given_up_after_its_repetitions():
    async with bench(hook_retries=2) as one:
        await one.register()
        one.receiver.statuses.extend([500] * 3)
        call_id = await one.click2call()
        await one.quiet()
        assert one.receiver.states(call_id) == ["ringing"] * 3 + STORY[1:]
        assert one.simulator.pbx.hooks.failed == 1


async def test_a_receiver_that_is_not_there_does_not_hinder_the_calls():
    async with bench() as one:
        one.receiver.url = "http://127.0.0.1:1/hooks"
        await one.register()
        assert (await one.record(await one.click2call()))["status"] == "ANSWERED"
        assert one.simulator.pbx.hooks.failed == 4


async def test_lost_hooks_never_arrive():
    async with bench() as one:
        await one.register()
        one.simulator.faults.drop_hook_rate = 1.0
        await one.click2call()
        await one.quiet()
        assert one.receiver.hooks == []


async def test_doubled_hooks_arrive_twice_with_the_same_content():
    async with bench() as one:
        await one.register()
        one.simulator.faults.double_hook_rate = 1.0
        call_id = await one.click2call()
        await one.quiet()
        assert one.receiver.states(call_id) == [state for state in STORY for _ in range(2)]
        bodies = [hook.body for hook in one.receiver.hooks]
        assert bodies[::2] == bodies[1::2]


async def test_shuffled_hooks_all_arrive_but_not_in_order():
    async with bench(talk_seconds=(10, 10)) as one:
        await one.register()
        one.simulator.faults.shuffle_hooks = True
        await one.feed_autocall(*numbers(12), concurrent_call=12)
        await one.done(rings=12)
        stories = [one.receiver.states(ring.call_id) for ring in one.simulator.journal.entries]
        assert all(sorted(story) == sorted(STORY) for story in stories)
        assert any(story != STORY for story in stories)


async def test_a_delayed_hook_is_overtaken_by_the_next():
    async with bench(speed=100) as one:
        await one.register()
        one.simulator.faults.delay_hook_rate = 1.0
        one.simulator.faults.delay_hook_seconds = 100000
        call = one.simulator.pbx.inbound(PHONE, "101", talk_seconds=1)
        one.simulator.faults.delay_hook_rate = 0.0
        await until(lambda: one.receiver.states(call.call_id) == STORY[1:])


async def test_hooks_of_different_calls_do_not_wait_for_each_other():
    async with bench(hook_timeout=30) as one:
        await one.register()
        first, second = numbers(2)
        one.receiver.held[first] = anyio.Event()
        await one.feed_autocall(first, second, concurrent_call=1)
        await until(lambda: [hook.body["to_number"] for hook in one.receiver.hooks] == [second] * 4)
        one.receiver.held[first].set()
        await one.done(rings=2)
        assert len(one.receiver.hooks) == 8
