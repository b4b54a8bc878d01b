from datetime import UTC, datetime, timedelta

import pytest

from .bench import bench, numbers, until

pytestmark = pytest.mark.anyio
PHONE = "0912000001"
LOCAL = "%Y-%m-%d %H:%M:%S"


def moment(text):
    return datetime.strptime(text, LOCAL).replace(tzinfo=UTC)


def seconds_between(record, start, end):
    return (moment(record[end]) - moment(record[start])).total_seconds()


async def test_the_default_mapping_has_the_vendors_keys_and_no_talk_time():
    async with bench(outcomes={PHONE: ["answered:23"]}) as one:
        record = await one.record(await one.click2call(PHONE, reference="KH7"))
        assert list(record) == [
            "id",
            "sip_call_id",
            "cause",
            "duration",
            "direction",
            "recording_url",
            "extension",
            "from_number",
            "to_number",
            "receive_dest",
            "time_started",
            "time_answered",
            "time_ended",
            "status",
            "customer_id",
        ]
        assert (record["direction"], record["from_number"], record["to_number"]) == (3, "19001919", PHONE)
        assert (record["status"], record["customer_id"], record["extension"]) == ("ANSWERED", "KH7", "101")
        assert seconds_between(record, "time_started", "time_ended") == record["duration"]
        assert seconds_between(record, "time_answered", "time_ended") == 23


async def test_the_flex_mapping_has_its_own_keys_and_rings_after_it_answered():
    async with bench(cdr_mapping="flex", status_case="lower", outcomes={PHONE: ["answered:23"]}) as one:
        record = await one.record(await one.click2call(PHONE))
        assert set(record) == {
            "cdrId",
            "sip_call_id",
            "duration",
            "billsec",
            "direction",
            "recordFile",
            "extensionId",
            "to",
            "dialAt",
            "ringAt",
            "answeredAt",
            "hangupAt",
            "status",
            "customerId",
        }
        assert (record["direction"], record["to"], record["billsec"]) == ("outbound", PHONE, 23)
        assert seconds_between(record, "answeredAt", "ringAt") == 3
        assert seconds_between(record, "answeredAt", "hangupAt") == 23
        assert record["status"] == "answered"


async def test_a_busy_call_was_never_answered_and_its_cause_does_not_say_busy():
    async with bench(outcomes={PHONE: ["busy"]}) as one:
        record = await one.record(await one.click2call(PHONE))
        assert (record["status"], record["cause"]) == ("BUSY", "NORMAL_CLEARING")
        assert (record["time_answered"], record["recording_url"]) == ("", "")


@pytest.mark.parametrize("word", ["busy", "no-answered", "cancel", "not-available"])
async def test_each_word_for_a_result_can_be_scripted(word):
    async with bench(outcomes={PHONE: [word]}, status_case="lower") as one:
        assert (await one.record(await one.click2call(PHONE)))["status"] == word


async def test_mixed_status_case_uses_more_than_one_spelling_of_the_same_words():
    async with bench(status_case="mixed", failed_seconds=(1, 1), busy_rate=1.0) as one:
        await one.feed_autocall(*numbers(30), concurrent_call=30)
        await one.done(rings=30)
        statuses = {record["status"] for record in (await one.get("/v2/cdr")).body["data"]}
        assert statuses == {"BUSY", "busy", "Busy"}


async def test_times_are_the_accounts_local_time():
    noon = datetime(2026, 1, 2, 20, 0, tzinfo=UTC)
    async with bench(timezone="Asia/Ho_Chi_Minh") as one:
        one.simulator.pbx.clock.now = noon.timestamp
        await one.log_in()
        record = await one.record(await one.click2call(PHONE))
        assert record["time_started"] == "2026-01-03 03:00:00"


async def test_a_record_is_found_by_its_sip_call_id_too():
    async with bench() as one:
        record = await one.record(await one.click2call(PHONE))
        assert (await one.get(f"/v2/cdr/{record['sip_call_id']}")).body == record


async def test_an_id_may_end_with_a_blank_and_is_found_with_and_without():
    async with bench(trailing_blank_in_id=True) as one:
        call_id = await one.click2call(PHONE)
        assert (await one.record(call_id))["id"] == call_id + " "
        assert (await one.get(f"/v2/cdr/{call_id}%20")).status == 200


async def test_records_are_found_by_number_extension_and_direction():
    async with bench() as one:
        await one.record(await one.click2call("0912000001", agent="101"))
        await one.record(await one.click2call("0912000002", agent="102"))
        one.simulator.pbx.inbound("0912000003", "103")
        await one.quiet()

        async def found(**query):
            return (await one.get("/v2/cdr", **query)).body["total"]

        assert await found() == 3
        assert await found(phone="0912000002") == 1
        assert await found(phone="19001919") == 2
        assert await found(phone="0999999999") == 0
        assert await found(extension="101") == 1
        assert await found(direction="inbound") == 1
        assert await found(direction="outbound", phone="0912000003") == 0
        assert await found(duration=100000) == 0


async def test_the_window_is_on_the_start_in_local_time_and_both_ends_count():
    async with bench(talk_seconds=(10, 10)) as one:
        noon = datetime(2026, 1, 2, 5, 0, tzinfo=UTC)
        for late in (0, 60):
            one.simulator.pbx.clock.now = (noon + timedelta(seconds=late)).timestamp
            await one.log_in()
            await one.record(await one.click2call(PHONE))

        async def found(start, end):
            return (await one.get("/v2/cdr", start_date=start, end_date=end)).body["total"]

        assert await found("2026-01-02 12:00:00", "2026-01-02 12:01:00") == 2
        assert await found("2026-01-02 12:00:01", "2026-01-02 12:01:00") == 1
        assert await found("2026-01-02 12:00:00", "2026-01-02 12:00:59") == 1
        assert await found("2026-01-02", "2026-01-02") == 2
        assert await found("2026-01-03", "2026-01-04") == 0
        assert (await one.get("/v2/cdr", start_date="yesterday")).status == 400


async def test_pages_are_newest_first_and_offset_outweighs_page():
    async with bench(failed_seconds=(1, 1), busy_rate=1.0) as one:
        base = datetime(2026, 1, 2, 5, 0, tzinfo=UTC).timestamp()
        for minute in range(5):
            one.simulator.pbx.clock.now = lambda at=base + 60 * minute: at
            await one.log_in()
            await one.record(await one.click2call(PHONE, reference=str(minute)))

        async def page(**query):
            body = (await one.get("/v2/cdr", **query)).body
            return [record["customer_id"] for record in body["data"]], body["limit"], body["offset"], body["total"]

        assert await page(limit=2, offset=0) == (["4", "3"], 2, 0, 5)
        assert await page(limit=2, page=3) == (["0"], 2, 4, 5)
        assert await page(limit=2, page=3, offset=1) == (["3", "2"], 2, 1, 5)


async def test_a_late_record_and_its_hook_come_when_it_is_written():
    async with bench() as one:
        await one.register("hangup", "cdr")
        one.simulator.faults.cdr_delay = 1000000
        call_id = await one.click2call(PHONE)
        await until(lambda: one.receiver.states(call_id) == ["hangup"])
        assert (await one.get(f"/v2/cdr/{call_id}")).status == 404
        assert (await one.get("/v2/call")).body["total"] == 0
