import anyio
import pytest

from dialer.simulator import Declined

from .bench import bench, until

pytestmark = pytest.mark.anyio
PHONE = "0912000001"


async def test_all_three_ways_of_placing_ring_the_agent_and_then_the_customer():
    async with bench() as one:
        query = {"phone": PHONE, "customer_id": "KH1", "hotline": "02873000000"}
        waiting = await one.get("/v1/click2call", ext="101", **query)
        at_once = await one.get("/v1/click2call/async", ext="102", **query)
        posted = await one.post("/v2/click2call", {"id": "KH1", "mobile": PHONE, "agent": "103"})
        assert waiting.body == {"status": "success", "call_id": waiting.body["call_id"]}
        assert at_once.body == {"status": "success", "call_id": at_once.body["call_id"]}
        assert posted.body == {"code": "0", "call_id": posted.body["call_id"], "status": "success"}
        await one.done(rings=3)
        rings = {ring.call_id: ring for ring in one.simulator.journal.rings(PHONE)}
        assert set(rings) == {waiting.body["call_id"], at_once.body["call_id"], posted.body["call_id"]}
        assert {ring.ordered_by for ring in rings.values()} == {"api"}
        assert rings[posted.body["call_id"]].extension == "103"
        assert (await one.record(at_once.body["call_id"]))["from_number"] == "02873000000"


async def test_the_waiting_form_answers_only_when_the_agent_picked_up():
    async with bench(speed=20, pickup_seconds=(2, 2)) as one:
        await one.get("/v1/click2call", ext="101", phone=PHONE)
        assert len(one.simulator.journal.entries) == 1


async def test_the_other_forms_answer_before_the_customer_is_rung():
    async with bench(speed=1) as one:
        await one.get("/v1/click2call/async", ext="101", phone=PHONE)
        await one.click2call(agent="102")
        assert one.simulator.journal.entries == []


async def test_an_extension_that_is_not_logged_in_is_refused_in_each_ways_own_shape():
    async with bench() as one:
        one.simulator.pbx.floor.log("101", logged_in=False)
        query = {"ext": "101", "phone": PHONE}
        assert (await one.get("/v1/click2call", **query)).body == {"status": "fail", "error": "USER_NOT_REGISTERED"}
        message = "User not registered extension with Softphone or IP Phone"
        refused = {"status": "fail", "error": "USER_NOT_REGISTERED", "message": message}
        assert (await one.get("/v1/click2call/async", **query)).body == refused
        posted = await one.post("/v2/click2call", {"id": "KH1", "mobile": PHONE, "agent": "101"})
        assert posted.body == refused | {"code": "1"}
        assert posted.status == 200
        assert one.simulator.journal.entries == []


async def test_an_extension_in_a_call_is_busy():
    async with bench(speed=1) as one:
        await one.click2call(agent="101")
        got = await one.post("/v2/click2call", {"id": "KH2", "mobile": "0912000002", "agent": "101"})
        assert (got.body["code"], got.body["error"]) == ("1", "USER_BUSY")


async def test_a_refusal_can_be_an_http_error_too():
    async with bench(http_errors="strict") as one:
        assert (await one.get("/v1/click2call/async", ext="999", phone=PHONE)).status == 400


async def test_a_head_request_places_nothing():
    async with bench() as one:
        async with one.session.head(
            f"{one.simulator.url}/v1/click2call/async?ext=101&phone={PHONE}",
            headers={"Authorization": f"Bearer {one.token}"},
        ) as answer:
            assert answer.status == 405
        assert one.simulator.pbx.quiet


async def test_an_agent_who_misses_it_makes_an_invalid_record_and_the_customer_is_never_rung():
    async with bench(agent_miss_rate=1.0, answer_rate=1.0) as one:
        await one.register()
        call_id = await one.click2call()
        record = await one.record(call_id)
        assert (record["status"], record["time_answered"], record["duration"]) == ("INVALID", "", 15)
        assert one.receiver.states(call_id) == ["ringing", "hangup", "cdr"]
        assert one.simulator.journal.entries == []


async def test_a_scripted_invalid_is_the_agents_and_uses_up_its_turn():
    async with bench(outcomes={PHONE: ["invalid", "busy"]}) as one:
        missed = await one.record(await one.click2call())
        rung = await one.record(await one.click2call())
        assert (missed["status"], rung["status"]) == ("INVALID", "BUSY")
        assert [ring.status for ring in one.simulator.journal.rings(PHONE)] == ["busy"]


async def test_the_hooks_of_a_call_tell_its_story_in_order_under_one_id():
    async with bench(outcomes={PHONE: ["answered:30"]}) as one:
        await one.register()
        call_id = await one.click2call()
        await one.quiet()
        assert one.receiver.states(call_id) == ["ringing", "answered", "hangup", "cdr"]
        ringing, hangup, cdr = (one.receiver.one(state) for state in ("ringing", "hangup", "cdr"))
        common = {"call_id", "sip_call_id", "domain", "direction", "from_number", "to_number", "hotline", "state"}
        assert set(ringing) == common
        assert (ringing["from_number"], ringing["to_number"], ringing["direction"]) == ("101", PHONE, "outbound")
        assert set(hangup) == common | {"duration", "billsec"}
        assert hangup["billsec"] == 30
        assert set(cdr) == common | {"recording_url", "status"}
        assert cdr["recording_url"].endswith(call_id)


async def test_a_call_that_is_not_answered_has_no_answered_hook_and_no_recording():
    async with bench(outcomes={PHONE: ["no-answered"]}) as one:
        await one.register()
        call_id = await one.click2call()
        await one.quiet()
        assert one.receiver.states(call_id) == ["ringing", "hangup", "cdr"]
        assert one.receiver.one("hangup")["billsec"] == 0
        assert one.receiver.one("cdr")["recording_url"] == ""


async def test_the_agents_leg_may_tell_answered_although_the_customer_was_busy():
    async with bench(outcomes={PHONE: ["busy"]}, agent_leg_hooks=True) as one:
        await one.register()
        call_id = await one.click2call()
        await one.quiet()
        assert one.receiver.states(call_id) == ["ringing", "answered", "hangup", "cdr"]
        assert one.receiver.one("hangup")["billsec"] == 0
        assert one.receiver.one("cdr")["status"] == "BUSY"


async def test_a_live_call_is_listed_until_it_ends_and_is_on_record_after_that():
    async with bench(speed=20, pickup_seconds=(2, 2), ring_seconds=(2, 2), talk_seconds=(5, 5)) as one:
        call_id = await one.click2call()
        live = (await one.get("/v2/call")).body
        assert live["total"] == 1
        (call,) = live["data"]
        shape = {"call_id", "context", "created_time", "destination", "direction", "ip", "source", "state"}
        assert set(call) == shape
        assert (call["call_id"], call["source"], call["destination"]) == (call_id, "101", PHONE)
        assert (await one.get(f"/v2/cdr/{call_id}")).status == 404
        await one.quiet()
        assert (await one.get("/v2/call")).body == {"data": [], "total": 0}
        assert (await one.get(f"/v2/cdr/{call_id}")).body["id"] == call_id


async def test_an_agent_is_free_again_when_his_call_has_ended():
    async with bench() as one:
        for _ in range(3):
            await one.record(await one.click2call(agent="101"))
        assert len(one.simulator.journal.entries) == 3


async def test_an_inbound_call_has_one_id_and_comes_from_the_customer():
    async with bench() as one:
        await one.register()
        call = one.simulator.pbx.inbound(PHONE, "101", talk_seconds=12)
        record = await one.record(call.call_id)
        assert one.receiver.states(call.call_id) == ["ringing", "answered", "hangup", "cdr"]
        hook = one.receiver.one("answered")
        assert (hook["from_number"], hook["to_number"], hook["direction"]) == (PHONE, "101", "inbound")
        assert (record["from_number"], record["customer_id"], record["status"]) == (PHONE, "", "ANSWERED")
        assert one.receiver.one("hangup")["billsec"] == 12


async def test_the_record_of_a_call_into_a_ring_group_has_another_id():
    async with bench() as one:
        await one.register()
        call = one.simulator.pbx.inbound(PHONE, "101", group="600")
        await one.quiet()
        assert one.receiver.states(call.call_id) == ["ringing", "answered", "hangup"]
        flow = one.receiver.one("cdr")["call_id"]
        assert flow != call.call_id
        assert (await one.get(f"/v2/cdr/{flow}")).body["receive_dest"] == "600"
        assert (await one.get(f"/v2/cdr/{call.call_id}")).status == 404


async def test_an_inbound_call_to_a_busy_agent_rings_out():
    async with bench() as one:
        one.simulator.pbx.hand_dial("101", "0912000009")
        call = one.simulator.pbx.inbound(PHONE, "101")
        assert (await one.record(call.call_id))["status"] == "NO-ANSWERED"


async def test_a_hand_dialed_call_is_no_clients_order():
    async with bench() as one:
        call = one.simulator.pbx.hand_dial("101", PHONE)
        with pytest.raises(Declined, match="USER_BUSY"):
            one.simulator.pbx.hand_dial("101", PHONE)
        record = await one.record(call.call_id)
        assert (record["customer_id"], record["extension"], record["to_number"]) == ("", "101", PHONE)
        (ring,) = one.simulator.journal.rings(PHONE)
        assert ring.ordered_by == "hand"


async def test_one_who_calls_in_while_we_ring_him_is_no_double_ring_of_ours():
    async with bench(speed=20) as one:
        one.simulator.pbx.inbound(PHONE, "102")
        await one.click2call(PHONE)
        await until(lambda: len(one.simulator.journal.entries) == 2)
        assert one.simulator.journal.rung_twice_at_once() == []
        assert len(one.simulator.journal.rung_twice_at_once(lambda ring: True)) == 1


async def test_a_careless_client_that_rings_a_number_twice_at_once_is_found_out():
    async with bench(speed=20) as one:
        await one.click2call(PHONE, agent="101")
        await one.click2call(PHONE, agent="102")
        await until(lambda: len(one.simulator.journal.entries) == 2)
        ((first, second),) = one.simulator.journal.rung_twice_at_once()
        assert first.phone == second.phone == PHONE


async def test_waits_pass_faster_and_reported_seconds_do_not():
    async with bench(speed=100, ring_seconds=(10, 10), pickup_seconds=(2, 2), outcomes={PHONE: ["answered:30"]}) as one:
        started = anyio.current_time()
        record = await one.record(await one.click2call())
        (ring,) = one.simulator.journal.entries
        assert anyio.current_time() - started < 2
        assert record["duration"] == 42
        assert ring.billsec == 30
        assert ring.ended_at - ring.answered_at == pytest.approx(0.3, abs=0.15)
