import pytest

from .bench import LONG, bench, customers, numbers, until

pytestmark = pytest.mark.anyio
A, B, C, D = numbers(4)
HELD = 0
"""A queue of no calls at once dials nobody before its next import says otherwise."""


def phones(one):
    return [ring.phone for ring in one.simulator.journal.entries]


def queue(one):
    (only,) = one.simulator.pbx.queues.all.values()
    return only


async def test_an_autocall_queue_takes_customers_and_rings_each_once():
    async with bench() as one:
        await one.register()
        got = await one.feed_autocall(A, B)
        assert got.body == {
            "code": 200,
            "content": "successfully",
            "data": {"fail": [], "success": [f"id-{A}", f"id-{B}"]},
        }
        await one.done(rings=2)
        assert sorted(phones(one)) == [A, B]
        records = (await one.get("/v2/cdr")).body["data"]
        assert {record["customer_id"] for record in records} == {f"id-{A}", f"id-{B}"}
        assert {hook.body["from_number"] for hook in one.receiver.hooks} == {"19001919"}
        assert {record["extension"] for record in records} == {""}


@pytest.mark.parametrize("broken", [{"template": ""}, {"queue_code": ""}, {"customers": []}, {"concurrent_call": "x"}])
async def test_a_broken_autocall_import_fails_without_a_reason(broken):
    async with bench() as one:
        got = await one.feed_autocall(A, **broken)
        refusal = {"code": 400, "content": "import fail", "data": {"fail": [], "success": []}}
        assert (got.status, got.body) == (400, refusal)
        assert one.simulator.pbx.queues.all == {}


async def test_a_customer_without_a_number_fails_and_the_others_are_taken():
    async with bench() as one:
        rows = [*customers(A), {"id": "none", "mobiles": []}, {"id": "odd", "mobiles": "0912"}]
        got = await one.feed_autocall(customers=rows)
        assert got.body["data"] == {"fail": ["none", "odd"], "success": [f"id-{A}"]}


async def test_part_of_an_import_can_fail_and_is_not_dialed():
    async with bench() as one:
        one.simulator.faults.import_fail_rate = 0.5
        data = (await one.feed_autocall(*numbers(20), concurrent_call=20)).body["data"]
        assert len(data["success"]) + len(data["fail"]) == 20
        assert 0 < len(data["fail"]) < 20
        await one.done(rings=len(data["success"]))
        assert {ring.customer_id for ring in one.simulator.journal.entries} == set(data["success"])


async def test_an_autocall_queue_never_has_more_calls_than_its_limit():
    async with bench() as one:
        await one.feed_autocall(*numbers(24), concurrent_call=6)
        await one.done(rings=24)
        assert one.simulator.journal.most_at_once() == 6


async def test_an_autodialer_queue_rings_by_its_ratio_of_free_agents():
    async with bench(speed=20) as one:
        got = await one.feed_autodialer(*numbers(20), ratio="150")
        assert got.body == {"message": "successfully"}
        await until(lambda: len(one.simulator.journal.entries) == 4)
        assert queue(one).unconnected == 4


async def test_an_answered_customer_gets_an_agent_whose_extension_is_told():
    async with bench() as one:
        await one.register()
        await one.feed_autodialer(A)
        await one.done(rings=1)
        (ring,) = one.simulator.journal.entries
        assert ring.extension in one.simulator.settings.agents
        assert one.receiver.one("ringing")["from_number"] == "19001919"
        assert one.receiver.one("answered")["from_number"] == ring.extension
        ((record),) = (await one.get("/v2/cdr")).body["data"]
        assert (record["extension"], record["receive_dest"]) == (ring.extension, "Q1")
        assert not ring.abandoned


async def test_agents_are_never_in_two_calls_and_who_finds_none_is_abandoned():
    async with bench(agents={"101": "one"}, ring_seconds=(3, 3), talk_seconds=(60, 60)) as one:
        await one.feed_autodialer(A, B, C, ratio="300")
        await one.done(rings=3)
        talked, *lost = sorted(one.simulator.journal.entries, key=lambda ring: not ring.extension)
        assert talked.extension == "101"
        assert [(ring.status, ring.extension, ring.abandoned) for ring in lost] == [("answered", "", True)] * 2
        records = (await one.get("/v2/cdr")).body["data"]
        assert {record["status"] for record in records} == {"ANSWERED"}
        assert sorted(record["extension"] for record in records) == ["", "", "101"]


async def test_an_answered_customer_waits_a_moment_for_an_agent_who_becomes_free():
    settings = {"agents": {"101": "one"}, "ring_seconds": (3, 3), "agent_wait_seconds": 600}
    async with bench(**settings, talk_seconds=(10, 10)) as one:
        await one.feed_autodialer(A, B, ratio="200")
        await one.done(rings=2)
        assert [ring.extension for ring in one.simulator.journal.entries] == ["101", "101"]


async def test_without_agents_logged_in_an_autodialer_queue_waits_and_goes_on_when_one_logs_in():
    async with bench(agents={"101": "one"}) as one:
        one.simulator.pbx.floor.log("101", logged_in=False)
        await one.feed_autodialer(A)
        assert len(queue(one).waiting) == 1
        assert one.simulator.pbx.quiet
        await one.post("/simulator/agents", {"extension": "101", "logged_in": True})
        await one.done(rings=1)


async def test_a_queue_of_a_group_is_served_by_that_group_alone():
    async with bench(agent_groups={"5001": ["102"]}) as one:
        await one.feed_autodialer(A, B, queue_agents="5001")
        await one.done(rings=2)
        assert {ring.extension for ring in one.simulator.journal.entries} == {"102"}


async def test_an_unknown_vendor_campaign_is_invalid():
    async with bench(campaign_ids=["C9"]) as one:
        got = await one.feed_autodialer(A)
        assert (got.status, got.body) == (200, {"message": "campaign is invalid"})
        assert (await one.feed_autodialer(A, campaign_id="C9")).body == {"message": "successfully"}


@pytest.mark.parametrize("missing", ["campaign_id", "queue_code", "precall_ratio", "max_recall_count", "customers"])
async def test_an_autodialer_import_needs_its_fields(missing):
    async with bench() as one:
        assert (await one.feed_autodialer(A, **{missing: ""})).body == {"message": "campaign is invalid"}


@pytest.mark.parametrize("family", ["autocall", "autodialer"])
async def test_a_stopped_queue_dials_no_more_and_a_started_one_goes_on(family):
    async with bench(agents={"101": "one"}, outcomes={A: LONG}) as one:
        feed = one.feed_autocall if family == "autocall" else one.feed_autodialer
        await feed(A, B, C, concurrent_call=1)
        await until(lambda: phones(one) == [A])
        stopped = await one.command("stop", family=family)
        assert stopped.body in ({"code": 200, "content": "successfully"}, {"message": "successfully"})
        await one.quiet()
        assert phones(one) == [A]
        assert one.simulator.journal.entries[0].status == "answered"
        await one.command("start", family=family)
        await one.done(rings=3)
        assert phones(one) == [A, B, C]


async def test_a_deleted_queue_forgets_who_waits_and_is_unknown_afterwards():
    async with bench(outcomes={A: LONG}) as one:
        await one.feed_autocall(A, B, concurrent_call=1)
        await until(lambda: phones(one) == [A])
        await one.command("stop")
        assert (await one.command("delete")).body == {"code": 200, "content": "successfully"}
        again = await one.command("delete")
        assert (again.status, again.body) == (404, {"code": 404, "content": "queue not found"})
        await one.feed_autocall(C, concurrent_call=1)
        await one.done(rings=2)
        assert phones(one) == [A, C]


async def test_a_running_queue_can_be_deleted_and_its_call_is_not_recalled():
    async with bench(failed_seconds=(600, 600), busy_rate=1.0) as one:
        await one.feed_autocall(A, B, concurrent_call=1, max_recall_count=5)
        await until(lambda: phones(one) == [A])
        assert (await one.command("delete")).status == 200
        await one.quiet()
        assert phones(one) == [A]


@pytest.mark.parametrize("verb", ["stop", "start", "delete"])
async def test_each_family_has_its_own_words_for_an_unknown_queue(verb):
    async with bench(http_errors="strict") as one:
        await one.feed_autocall(A)
        got = await one.command(verb, family="autodialer")
        assert (got.status, got.body) == (404, {"message": "queue not found"})
        assert (await one.command(verb, code="Q9")).body == {"code": 404, "content": "queue not found"}


async def test_blocked_customers_who_wait_are_skipped_and_who_is_in_a_call_stays():
    async with bench(outcomes={A: LONG}) as one:
        await one.feed_autocall(A, B, C, concurrent_call=1)
        await until(lambda: phones(one) == [A])
        body = {"queue_code": "Q1", "customers": [{"id": f"id-{A}"}, {"id": f"id-{B}"}]}
        assert (await one.post("/v2/autocall/queue/dnc", body)).body == {"code": 200, "content": "successfully"}
        await one.done(rings=2)
        assert phones(one) == [A, C]
        assert one.simulator.journal.entries[0].status == "answered"
        unknown = await one.post("/v2/autocall/queue/dnc", body | {"queue_code": "Q9"})
        assert unknown.body == {"code": 404, "content": "queue not found"}


@pytest.mark.parametrize(("stops", "rings"), [(False, 2), (True, 1)])
async def test_whether_a_blocked_customer_is_still_recalled_is_a_switch(stops, rings):
    async with bench(busy_rate=1.0, dnc_stops_recalls=stops, recall_seconds=800) as one:
        await one.feed_autocall(A, max_recall_count=1)
        await until(lambda: bool(queue(one).recalls))
        await one.post("/v2/autocall/queue/dnc", {"queue_code": "Q1", "customers": [{"id": f"id-{A}"}]})
        await until(lambda: not queue(one).held[f"id-{A}"] and one.simulator.pbx.quiet)
        assert len(phones(one)) == rings


async def test_the_pbx_recalls_by_itself_and_goes_round_a_customers_numbers():
    async with bench(busy_rate=1.0) as one:
        rows = [{"id": "KH1", "mobiles": [A, B]}]
        await one.feed_autocall(customers=rows, max_recall_count=2)
        await one.done(rings=3)
        assert phones(one) == [A, B, A]
        assert [ring.ordered_by for ring in one.simulator.journal.entries] == ["queue", "recall", "recall"]


async def test_who_answered_is_not_recalled_unless_he_talked_too_short():
    async with bench(outcomes={A: ["answered:2", "answered:30"], B: ["answered:3"]}) as one:
        await one.feed_autocall(A, B, max_recall_count=5, min_recall_duration=3)
        await until(lambda: not any(queue(one).held.values()) and one.simulator.pbx.quiet)
        assert sorted(phones(one)) == [A, A, B]


@pytest.mark.parametrize(("refeed", "rung"), [("append", [A, B, C, D]), ("replace", [D])])
async def test_a_second_import_appends_or_replaces_what_waits(refeed, rung):
    async with bench(refeed=refeed) as one:
        await one.feed_autocall(A, B, C, concurrent_call=HELD)
        await one.feed_autocall(D, concurrent_call=1)
        await one.done(rings=len(rung))
        assert phones(one) == rung


async def test_a_replaced_queue_forgets_its_recalls():
    async with bench(refeed="replace", busy_rate=1.0, recall_seconds=800) as one:
        await one.feed_autocall(A, max_recall_count=1)
        await until(lambda: bool(queue(one).recalls))
        await one.feed_autocall(B)
        await one.done(rings=2)
        await until(lambda: not any(queue(one).held.values()))
        assert phones(one) == [A, B]


@pytest.mark.parametrize(("repeated", "rung"), [("dial", [A, B, A]), ("ignore", [A, B])])
async def test_an_id_that_the_queue_still_holds_is_dialed_again_or_ignored(repeated, rung):
    async with bench(repeated_id=repeated) as one:
        await one.feed_autocall(A, B, concurrent_call=HELD)
        await one.feed_autocall(A, concurrent_call=1)
        await one.done(rings=len(rung))
        assert phones(one) == rung


async def test_an_id_that_the_queue_is_done_with_is_dialed_again():
    async with bench(repeated_id="ignore") as one:
        for rings in (1, 2):
            await one.feed_autocall(A)
            await one.done(rings)
        assert phones(one) == [A, A]
