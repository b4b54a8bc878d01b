"""Hook registration, records, agents, customers and the tour of `vendor check` (contract sections 4, 5, 6 and 9)."""

from datetime import UTC, datetime, timedelta

import pytest

from dialer.gateways import AgentStatus, Findings, Refused, Registration, Unreachable

pytestmark = pytest.mark.anyio

EVENT, CDR = "/v1/event", "/v2/cdr"
URL, KEY = "https://dialer.test/hooks/f3b0c8e2a97d4d5c8a61", "hook-key"
EVENTS = ("ringing", "answered", "hangup", "cdr")
SINCE, UNTIL = datetime(2026, 11, 20, 1, 0, 0, 500_000, tzinfo=UTC), datetime(2026, 11, 20, 2, tzinfo=UTC)


class Hooks:
    """The vendor's list of registrations. A second one of an event stands beside the first."""

    def __init__(self, vendor):
        self.vendor, self.rows, self.ids = vendor, [], 0
        vendor.on("GET", EVENT, lambda heard: vendor.reply({"data": self.rows}))
        vendor.on("POST", EVENT, lambda heard: self.add(**heard.body))

    def add(self, event, callback_url, callback_apikey=KEY):
        self.ids += 1
        row = {"event_domain_uuid": f"e-{self.ids}", "event_name": event, "callback_url": callback_url}
        self.rows.append(row | {"callback_apikey": callback_apikey})
        path = f"{EVENT}/e-{self.ids}"
        self.vendor.on("DELETE", path, lambda heard: self.delete(heard.path.rpartition("/")[2]))
        return self.vendor.reply({"created": True})

    def delete(self, id_):
        self.rows[:] = [row for row in self.rows if row["event_domain_uuid"] != id_]
        return self.vendor.reply({"deleted": True})

    def at(self, url):
        return [(row["event_name"], row["callback_apikey"]) for row in self.rows if row["callback_url"] == url]


@pytest.fixture
def hooks(vendor):
    return Hooks(vendor)


async def test_all_four_events_are_registered_and_registering_again_changes_nothing(vendor, open_gateway, hooks):
    gateway = open_gateway(vendor.url)
    assert await gateway.register_hooks(URL, KEY) == Registration(added=EVENTS)
    assert await gateway.register_hooks(URL, KEY) == Registration(kept=EVENTS)
    assert hooks.at(URL) == [(event, KEY) for event in EVENTS]


async def test_what_others_registered_is_left_alone_and_told(vendor, open_gateway, hooks):
    other = "https://crm.test/hooks"
    hooks.add("cdr", other, "theirs")
    hooks.add("create", other, "theirs")
    hooks.add("hangup", "http://[nonsense", "theirs")
    registration = await open_gateway(vendor.url).register_hooks(URL, KEY)
    assert registration == Registration(added=EVENTS, foreign=("cdr", "hangup"))
    assert hooks.at(other) == [("cdr", "theirs"), ("create", "theirs")]


async def test_one_of_ours_with_another_key_or_at_an_earlier_address_is_replaced(vendor, open_gateway, hooks):
    hooks.add("ringing", URL, "an earlier key")
    hooks.add("answered", URL.replace("dialer.test", "old.dialer.test"))
    hooks.add("hangup", URL + "/")
    registration = await open_gateway(vendor.url).register_hooks(URL, KEY)
    assert registration == Registration(added=("cdr",), kept=("hangup",), replaced=("ringing", "answered"))
    assert len(hooks.rows) == 4
    assert ("ringing", KEY) in hooks.at(URL)
    assert ("answered", KEY) in hooks.at(URL)


async def test_one_of_ours_registered_twice_is_reduced_to_one(vendor, open_gateway, hooks):
    for _ in range(3):
        hooks.add("cdr", URL)
    registration = await open_gateway(vendor.url).register_hooks(URL, KEY)
    assert registration.replaced == ("cdr",)
    assert hooks.at(URL).count(("cdr", KEY)) == 1


async def test_a_short_last_segment_is_not_taken_for_a_secret_of_ours(vendor, open_gateway, hooks):
    hooks.add("cdr", "https://crm.test/hooks")
    registration = await open_gateway(vendor.url).register_hooks("https://dialer.test/hooks", KEY)
    assert registration == Registration(added=EVENTS, foreign=("cdr",))


async def test_only_ours_are_taken_off(vendor, open_gateway, hooks):
    hooks.add("cdr", "https://crm.test/hooks")
    gateway = open_gateway(vendor.url)
    await gateway.register_hooks(URL, KEY)
    assert await gateway.remove_hooks(URL) == EVENTS
    assert [row["callback_url"] for row in hooks.rows] == ["https://crm.test/hooks"]
    assert await gateway.remove_hooks(URL) == ()


async def test_a_registration_that_is_gone_already_counts_as_taken_off(vendor, open_gateway, hooks):
    hooks.add("cdr", URL)
    for gone in (vendor.reply({"code": 404}, 404), vendor.reply(status=200, text="")):
        vendor.on("DELETE", f"{EVENT}/e-1", gone)
        assert await open_gateway(vendor.url).remove_hooks(URL) == ("cdr",)


async def test_a_registration_is_not_made_twice_when_its_answer_is_lost(vendor, open_gateway, hooks):
    vendor.on("POST", EVENT, vendor.reply({"code": 500}, 500))
    with pytest.raises(Unreachable):
        await open_gateway(vendor.url).register_hooks(URL, KEY)
    assert vendor.count(EVENT) == 2, "one listing and one registration"


async def test_a_vendor_who_does_not_do_it_is_believed(vendor, open_gateway, hooks):
    gateway = open_gateway(vendor.url)
    vendor.on("POST", EVENT, {"created": False})
    with pytest.raises(Refused):
        await gateway.register_hooks(URL, KEY)
    hooks.add("cdr", URL)
    vendor.on("DELETE", f"{EVENT}/e-1", {"deleted": False})
    with pytest.raises(Refused):
        await gateway.remove_hooks(URL)
    hooks.rows[0].pop("event_domain_uuid")
    with pytest.raises(Refused):
        await gateway.remove_hooks(URL)


async def test_a_key_that_the_vendor_lists_in_clear_goes_no_further(vendor, open_gateway, hooks):
    hooks.add("cdr", URL, "the-clear-key")
    hooks.rows[0].pop("event_domain_uuid")
    with pytest.raises(Refused) as caught:
        await open_gateway(vendor.url).remove_hooks(URL)
    assert "the-clear-key" not in str(caught.value)


def row(number, status="BUSY"):
    return {
        "id": f"c-{number}",
        "direction": 3,
        "from_number": "19001919",
        "to_number": "0899888999",
        "time_started": "2026-11-20 08:30:00",
        "time_answered": "",
        "time_ended": "2026-11-20 08:30:20",
        "status": status,
    }


def paged(vendor, rows, at_most=None, total=True, between=lambda: None):
    """Answers pages of `rows`, newest first; `at_most` is a limit of the vendor's own, `between` follows a page."""

    def answer(heard):
        offset, limit = int(heard.query["offset"]), int(heard.query["limit"])
        page = rows[offset : offset + min(limit, at_most or limit)]
        told = {"data": page, "limit": limit, "offset": offset} | ({"total": len(rows)} if total else {})
        between()
        return vendor.reply(told)

    return answer


async def ids(records):
    return [record.record_id async for record in records]


async def test_records_are_asked_for_in_the_vendor_s_zone_whole_seconds_and_number_form(vendor, open_gateway):
    vendor.on("GET", CDR, {"data": None, "total": 0})
    assert await ids(open_gateway(vendor.url).records(SINCE, UNTIL, "+84899888999")) == []
    assert vendor.last(CDR).query == {
        "start_date": "2026-11-20 08:00:00",
        "end_date": "2026-11-20 09:00:01",
        "phone": "0899888999",
        "limit": "200",
        "offset": "0",
    }


@pytest.mark.parametrize("at_most", [None, 3])
@pytest.mark.parametrize("total", [True, False])
async def test_every_record_is_read_page_by_page(vendor, open_gateway, at_most, total):
    rows = [row(number) for number in range(25)]
    vendor.on("GET", CDR, paged(vendor, rows, at_most, total))
    gateway = open_gateway(vendor.url, cdr_page=10)
    assert await ids(gateway.records(SINCE, UNTIL)) == [f"c-{number}" for number in range(25)]


async def test_records_added_meanwhile_neither_double_nor_hide_one(vendor, open_gateway):
    rows = [row(number) for number in range(25)]
    added = iter(range(100, 110))

    def add():
        for number in [next(added, None), next(added, None)]:
            if number is not None:
                rows.insert(0, row(number))

    vendor.on("GET", CDR, paged(vendor, rows, between=add))
    read = await ids(open_gateway(vendor.url, cdr_page=10).records(SINCE, UNTIL))
    assert len(read) == len(set(read))
    assert {f"c-{number}" for number in range(25)} <= set(read)


async def test_a_vendor_who_ignores_the_offset_comes_to_an_end(vendor, open_gateway):
    page = [row(number) for number in range(10)]
    gateway = open_gateway(vendor.url, cdr_page=10)
    for told in ({"data": page, "total": 25}, {"data": page}):
        vendor.on("GET", CDR, told)
        assert len(await ids(gateway.records(SINCE, UNTIL))) == 10
    vendor.on("GET", CDR, {"data": page, "total": 10**9})
    with pytest.raises(Unreachable):
        await ids(open_gateway(vendor.url, cdr_page=10, page_limit=5).records(SINCE, UNTIL))


async def test_a_record_that_cannot_be_read_hides_no_other(vendor, open_gateway):
    rows = [row(1), {"id": "c-2"}, {"hello": "world"}, "nonsense", row(3)]
    vendor.on("GET", CDR, {"data": rows, "total": 5})
    assert await ids(open_gateway(vendor.url).records(SINCE, UNTIL)) == ["c-1", "c-3"]


async def test_one_record_is_read_bare_or_in_an_envelope(vendor, open_gateway):
    gateway = open_gateway(vendor.url)
    for told in (row(1), {"data": row(1)}, {"code": 200, "content": "successfully", "data": row(1)}):
        vendor.on("GET", f"{CDR}/c-1%2F%3F", told)
        assert (await gateway.record("c-1/?")).record_id == "c-1"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"code": 404, "content": "Not Found", "error": "Not Found"}),
        (200, {"code": 404, "content": "Not Found"}),
        (404, None),
        (200, {}),
        (200, None),
        (200, {"data": None}),
        (200, {"data": []}),
    ],
)
async def test_a_record_that_is_not_there_yet_is_none(vendor, open_gateway, status, body):
    vendor.on("GET", f"{CDR}/c-1", vendor.reply(body, status))
    assert await open_gateway(vendor.url).record("c-1") is None


async def test_an_account_may_say_how_a_missing_record_is_answered(vendor, open_gateway):
    vendor.on("GET", f"{CDR}/c-1", vendor.reply({"code": 500, "content": "error"}, 500))
    assert await open_gateway(vendor.url, record_absent_codes=[404, 500]).record("c-1") is None
    with pytest.raises(Unreachable):
        await open_gateway(vendor.url).record("c-1")


STATUS, OTHER_STATUS = "/v2/user/test.user01/status", "/v2/customer/user/test.user01/status"
NO_SUCH_USER = {"code": 404, "content": "user is not existed", "error": "Not Found"}


def status_of(extension="101", logged_in="true"):
    user = {"agent_name": "Agent", "ext_loggedin": logged_in, "extension": extension, "username": "test.user01"}
    return {"code": 200, "content": "successfully", "data": user}


async def test_an_agent_s_status_is_asked_by_the_vendor_s_name_for_him(vendor, open_gateway):
    vendor.on("GET", STATUS, status_of())
    status = await open_gateway(vendor.url).agent_status("test.user01")
    assert status == AgentStatus("101", True, "Agent", "test.user01")


@pytest.mark.parametrize("http", [200, 404])
async def test_an_agent_whom_the_vendor_does_not_know_is_none(vendor, open_gateway, http):
    vendor.on("GET", STATUS, vendor.reply(NO_SUCH_USER, http))
    assert await open_gateway(vendor.url).agent_status("test.user01") is None
    assert vendor.count(OTHER_STATUS) == 0


@pytest.mark.parametrize("configured", [None, "/v2/customer/user/{user}/status"])
@pytest.mark.parametrize("existing", [STATUS, OTHER_STATUS])
async def test_the_other_status_path_is_tried_when_one_does_not_exist_and_remembered(
    vendor, open_gateway, existing, configured
):
    vendor.on("GET", existing, status_of())
    gateway = open_gateway(vendor.url, **({"user_status_path": configured} if configured else {}))
    for _ in range(3):
        assert (await gateway.agent_status("test.user01")).logged_in
    assert vendor.count(existing) == 3
    assert vendor.count(STATUS) + vendor.count(OTHER_STATUS) <= 4


async def test_an_unknown_agent_behind_the_other_path_is_none(vendor, open_gateway):
    vendor.on("GET", OTHER_STATUS, vendor.reply(NO_SUCH_USER, 404))
    assert await open_gateway(vendor.url).agent_status("test.user01") is None


async def test_customers_are_listed_once_each_though_two_share_a_code(vendor, open_gateway):
    customers = [{"customer_id": f"u-{n}", "customer_code": "KH01", "status": "NEW"} for n in range(5)]
    vendor.on("GET", "/v2/customer", paged(vendor, customers))
    listed = [customer async for customer in open_gateway(vendor.url, cdr_page=2).customers("C1")]
    assert [(one.customer_id, one.status) for one in listed] == [(f"u-{n}", "new") for n in range(5)]
    assert vendor.last("/v2/customer").query["campaign_id"] == "C1"


async def test_the_tour_finds_hooks_extensions_clock_and_mapping(vendor, open_gateway, hooks, clock):
    hooks.add("ringing", URL)
    hooks.add("cdr", "https://crm.test/hooks")
    vendor.on("GET", STATUS, status_of(logged_in="false"))
    date = (clock() + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    vendor.on("GET", CDR, vendor.reply({"data": [{"cdrId": "c-1"}], "total": 1}, Date=date))
    users = {"101": "test.user01", "102": "nobody", "103": "test.user01"}
    assert await open_gateway(vendor.url).check(URL, users, clock()) == Findings(
        logged_in=True,
        hooks={"ringing": "ours", "answered": "missing", "hangup": "missing", "cdr": "foreign"},
        extensions={"101": False, "103": False},
        clock_skew=timedelta(seconds=90),
        cdr_mapping="flex",
        remarks=(
            "hook answered: missing",
            "hook hangup: missing",
            "hook cdr: foreign",
            "extension 102: the vendor does not know its user",
            "extension 103: the vendor gives its user the extension 101",
            "the vendor's clock differs from ours by +90 seconds",
        ),
    )


@pytest.mark.parametrize(("rows", "mapping"), [([{"id": "c-1"}], "default"), ([], None)])
async def test_the_tour_tells_the_default_mapping_and_that_there_is_none_to_tell(
    vendor, open_gateway, hooks, clock, rows, mapping
):
    vendor.on("GET", CDR, {"data": rows, "total": len(rows)})
    assert (await open_gateway(vendor.url).check(URL, {}, clock())).cdr_mapping == mapping


async def test_a_tour_that_is_not_let_in_says_so(vendor, open_gateway, clock):
    vendor.on("POST", "/v2/auth/token", vendor.reply({"code": 401}, 401))
    findings = await open_gateway(vendor.url).check(URL, {}, clock())
    assert findings == Findings(logged_in=False, remarks=("log-in: HTTP 401",))


async def test_what_fails_on_the_tour_is_a_remark_and_the_tour_goes_on(vendor, open_gateway, clock):
    vendor.on("GET", EVENT, vendor.reply({"code": 403}, 403))
    vendor.on("GET", STATUS, status_of())
    vendor.on("GET", CDR, vendor.reply({"code": 400, "content": "bad"}, 400))
    findings = await open_gateway(vendor.url).check(URL, {"101": "test.user01"}, clock())
    assert findings == Findings(logged_in=True, extensions={"101": True}, remarks=("HTTP 403", "HTTP 400 (bad)"))
