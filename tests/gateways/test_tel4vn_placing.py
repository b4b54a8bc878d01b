"""What a placing sends, and what each answer of the vendor makes of it (contract sections 7, 8 and 10)."""

import asyncio
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from campaigns.words import Mode, Reason
from dialer.gateways import NotPlaced, Placed, Terms, Unsure

pytestmark = pytest.mark.anyio

V1, V2 = "/v1/click2call/async", "/v2/click2call"
AUTOCALL, AUTODIALER = "/v2/autocall/queue", "/v2/autodialer/queue"
CLICKED = {"code": "0", "status": "success", "call_id": "01b7d166-b564-42ec-80a1-4ad343225934 "}
CLICKED_ID = "01b7d166-b564-42ec-80a1-4ad343225934"


async def test_click_to_call_goes_by_post_with_the_number_as_it_is_dialed_at_home(
    vendor, open_gateway, order, click2call
):
    vendor.on("POST", V2, CLICKED)
    assert await open_gateway(vendor.url).place(click2call, [order()]) == [Placed("r-1", CLICKED_ID)]
    assert vendor.last(V2).body == {"id": "r-1", "mobile": "0912345678", "agent": "101"}


async def test_a_hotline_is_named_by_the_get_of_v1_and_the_customer_s_name_is_shown(
    vendor, open_gateway, order, click2call_v1
):
    vendor.on("GET", V1, {"status": "success", "call_id": "c-1"})
    placed = await open_gateway(vendor.url).place(click2call_v1, [order(name="Nguyễn & Trần")])
    assert placed == [Placed("r-1", "c-1")]
    assert vendor.last(V1).query == {
        "ext": "101",
        "phone": "0912345678",
        "customer_id": "r-1",
        "src_cid_name": "Nguyễn & Trần",
        "hotline": "19001919",
    }


@pytest.mark.parametrize(
    ("settings", "hotline", "path"),
    [
        ({}, None, V2),
        ({}, "19001919", V1),
        ({"default_hotline": "19001920"}, None, V1),
        ({"click2call_over_v1": "hotline-or-name"}, None, V1),
        ({"click2call_over_v1": "always"}, None, V1),
        ({"click2call_over_v1": "never"}, "19001919", V2),
    ],
)
async def test_the_account_s_setting_decides_by_which_way_click_to_call_goes(
    vendor, open_gateway, order, settings, hotline, path
):
    vendor.on("POST", V2, CLICKED)
    vendor.on("GET", V1, {"status": "success", "call_id": "c-1"})
    terms = Terms(mode=Mode.CLICK2CALL, hotline=hotline)
    await open_gateway(vendor.url, **settings).place(terms, [order()])
    assert vendor.count(path) == 1


async def test_a_campaign_s_hotline_goes_before_the_account_s(vendor, open_gateway, order, click2call_v1):
    vendor.on("GET", V1, {"status": "success", "call_id": "c-1"})
    await open_gateway(vendor.url, default_hotline="19001920").place(click2call_v1, [order()])
    assert vendor.last(V1).query["hotline"] == "19001919"


async def test_click_to_calls_of_one_placing_are_sent_at_once_and_answered_in_their_order(
    vendor, open_gateway, order, click2call
):
    together = asyncio.Barrier(5)

    async def answer(heard):
        await together.wait()
        return vendor.reply({"code": "0", "status": "success", "call_id": f"call of {heard.body['id']}"})

    vendor.on("POST", V2, answer)
    orders = [order(f"r-{n}", extension=f"10{n}") for n in range(5)]
    placings = await open_gateway(vendor.url).place(click2call, orders)
    assert placings == [Placed(f"r-{n}", f"call of r-{n}") for n in range(5)]


async def test_autocall_sends_one_mobile_no_recalls_and_the_variables(vendor, open_gateway, order, autocall):
    vendor.on("POST", AUTOCALL, {"code": 200, "content": "successfully", "data": {"fail": [], "success": ["r-1"]}})
    variables = {
        "contract_number": "HD123456",
        "upcoming_due_date": date(2026, 12, 1),
        "called_at": datetime(2026, 12, 1, 8, 30),  # noqa: DTZ001
        "upcoming_amount": Decimal("5000000.00"),
        "total_ovd_amount": 3211100.0,
        "dpd": 5,
        "nothing": None,
        "id": "another customer",
        "mobiles": ["0999999999"],
    }
    assert await open_gateway(vendor.url).place(autocall, [order(variables=variables)]) == [Placed("r-1")]
    assert vendor.last(AUTOCALL).body == {
        "queue_code": "Q1",
        "template": "IVR-1",
        "concurrent_call": 5,
        "max_recall_count": 0,
        "customers": [
            {
                "id": "r-1",
                "mobiles": ["0912345678"],
                "contract_number": "HD123456",
                "upcoming_due_date": "2026-12-01",
                "called_at": "2026-12-01T08:30:00",
                "upcoming_amount": 5000000,
                "total_ovd_amount": 3211100,
                "dpd": 5,
            }
        ],
    }


async def test_the_autodialer_gets_its_numbers_as_strings(vendor, open_gateway, order, autodialer):
    vendor.on("POST", AUTODIALER, {"message": "successfully"})
    orders = [order("r-1", variables={"dpd": 5}), order("r-2", phone="+84987654321")]
    assert await open_gateway(vendor.url).place(autodialer, orders) == [Placed("r-1"), Placed("r-2")]
    assert vendor.last(AUTODIALER).body == {
        "queue_code": "Q2",
        "campaign_id": "C1",
        "precall_ratio": "150",
        "max_recall_count": "0",
        "queue_agents": "5001",
        "customers": [{"id": "r-1", "mobiles": ["0912345678"]}, {"id": "r-2", "mobiles": ["0987654321"]}],
    }
    assert vendor.count(AUTODIALER) == 1


async def test_a_precall_ratio_may_be_wanted_in_calls_an_agent(vendor, open_gateway, order, autodialer):
    vendor.on("POST", AUTODIALER, {"message": "successfully"})
    await open_gateway(vendor.url, precall_ratio_unit="calls-per-agent").place(autodialer, [order()])
    assert vendor.last(AUTODIALER).body["precall_ratio"] == "1.5"


async def test_the_list_s_own_id_travels_where_the_account_is_set_so(vendor, open_gateway, order, autocall):
    vendor.on("POST", AUTOCALL, {"code": 200, "data": {"fail": ["KH01"], "success": ["r-2"]}})
    gateway = open_gateway(vendor.url, customer_reference="list-id")
    placings = await gateway.place(autocall, [order("r-1", customer_code="KH01"), order("r-2")])
    assert [customer["id"] for customer in vendor.last(AUTOCALL).body["customers"]] == ["KH01", "r-2"]
    assert [type(placing) for placing in placings] == [NotPlaced, Placed]


async def test_a_partial_import_is_told_customer_by_customer(vendor, open_gateway, order, autocall):
    told = {"success": ["r-1 ", 7], "fail": [{"id": "r-2"}]}
    vendor.on("POST", AUTOCALL, {"code": 200, "content": "successfully", "data": told})
    placings = await open_gateway(vendor.url).place(autocall, [order("r-1"), order("r-2"), order("r-3"), order("7")])
    assert [(type(placing), placing.reference) for placing in placings] == [
        (Placed, "r-1"),
        (NotPlaced, "r-2"),
        (Unsure, "r-3"),
        (Placed, "7"),
    ]
    assert placings[1].reason is Reason.DECLINED


@pytest.mark.parametrize("status", [200, 400])
async def test_an_import_that_fails_without_a_reason_declines_everybody(vendor, open_gateway, order, autocall, status):
    failed = {"code": 400, "content": "import fail", "data": {"fail": [], "success": []}}
    vendor.on("POST", AUTOCALL, vendor.reply(failed, status))
    placings = await open_gateway(vendor.url).place(autocall, [order("r-1"), order("r-2")])
    assert [placing.reason for placing in placings] == [Reason.DECLINED] * 2
    assert all(isinstance(placing, NotPlaced) for placing in placings)


FAIL = {"status": "fail"}
DOCUMENTED = [
    # mode, HTTP status, body -> kind, reason
    ("click2call", 200, FAIL | {"error": "USER_BUSY"}, NotPlaced, Reason.AGENT_BUSY),
    ("click2call", 200, FAIL | {"error": "USER_NOT_REGISTERED", "code": "1"}, NotPlaced, Reason.AGENT_AWAY),
    ("click2call", 404, FAIL | {"error": "USER_NOT_REGISTERED", "message": "…"}, NotPlaced, Reason.AGENT_AWAY),
    ("click2call", 500, FAIL | {"error": "USER_BUSY"}, NotPlaced, Reason.AGENT_BUSY),
    ("click2call", 200, FAIL | {"error": "SOMETHING_NEW"}, NotPlaced, Reason.DECLINED),
    ("click2call", 200, {"code": "1", "message": "no such number"}, NotPlaced, Reason.DECLINED),
    ("click2call", 422, {"code": 422, "content": [{"mobile": "is bad"}]}, NotPlaced, Reason.DECLINED),
    ("click2call", 200, {"status": "success"}, Placed, None),
    ("autodialer", 200, {"message": "campaign is invalid"}, NotPlaced, Reason.MISCONFIGURED),
    ("autodialer", 400, {"message": "Campaign is invalid"}, NotPlaced, Reason.MISCONFIGURED),
    ("autocall", 404, {"code": 404, "content": "queue not found"}, NotPlaced, Reason.MISCONFIGURED),
    ("autocall", 200, {"code": 404, "content": "queue not found"}, NotPlaced, Reason.MISCONFIGURED),
]
UNDOCUMENTED = [
    ("click2call", 200, None, Unsure, Reason.CONNECTION_LOST),
    ("click2call", 200, {}, Unsure, Reason.CONNECTION_LOST),
    ("click2call", 200, ["c-1"], Unsure, Reason.CONNECTION_LOST),
    ("click2call", 200, {"status": "error", "message": "…"}, Unsure, Reason.CONNECTION_LOST),
    ("click2call", 200, {"hello": "world"}, Unsure, Reason.CONNECTION_LOST),
    ("click2call", 200, {"code": "7", "call_id": "c-1"}, Unsure, Reason.CONNECTION_LOST),
    ("click2call", 200, {"code": "1", "status": "success"}, Unsure, Reason.CONNECTION_LOST),
    ("autodialer", 200, {"message": "thành công"}, Unsure, Reason.CONNECTION_LOST),
    ("autodialer", 200, ["r-1"], Unsure, Reason.CONNECTION_LOST),
    ("autocall", 200, {"code": 200, "content": "successfully"}, Unsure, Reason.CONNECTION_LOST),
    ("autocall", 200, {"code": 500, "content": "error"}, Unsure, Reason.CONNECTION_LOST),
    ("click2call", 500, {"code": 500, "content": "Internal Server Error"}, Unsure, Reason.CONNECTION_LOST),
    ("click2call", 502, "<html>", Unsure, Reason.CONNECTION_LOST),
    ("click2call", 504, "<html>", Unsure, Reason.TIMED_OUT),
    ("click2call", 408, "<html>", Unsure, Reason.TIMED_OUT),
    ("click2call", 200, "<html>", Unsure, Reason.CONNECTION_LOST),
    ("click2call", 400, "<html>", NotPlaced, Reason.MISCONFIGURED),
    ("click2call", 404, {"code": 404, "content": "Not Found"}, NotPlaced, Reason.MISCONFIGURED),
    ("click2call", 403, {"code": 403, "content": "Forbidden"}, NotPlaced, Reason.MISCONFIGURED),
    ("click2call", 401, "", NotPlaced, Reason.MISCONFIGURED),
]


@pytest.mark.parametrize(("mode", "status", "body", "kind", "reason"), DOCUMENTED + UNDOCUMENTED)
async def test_each_answer_to_a_placing_has_its_next_step(
    request, vendor, open_gateway, order, mode, status, body, kind, reason
):
    answer = vendor.reply(status=status, text=body) if isinstance(body, str) else vendor.reply(body, status)
    for path in (V2, AUTOCALL, AUTODIALER):
        vendor.on("POST", path, answer)
    terms = request.getfixturevalue(mode)
    (placing,) = await open_gateway(vendor.url).place(terms, [order()])
    assert isinstance(placing, kind)
    assert getattr(placing, "reason", None) is reason
    assert sum(heard.token is not None for heard in vendor.heard) == (2 if status == 401 else 1)


async def test_a_server_error_counts_as_not_placed_where_the_account_is_set_so(vendor, open_gateway, order, click2call):
    vendor.on("POST", V2, vendor.reply({"code": 500}, 500))
    (placing,) = await open_gateway(vendor.url, server_error_is_unsure=False).place(click2call, [order()])
    assert isinstance(placing, NotPlaced)
    assert placing.reason is Reason.UNREACHABLE


async def test_an_undocumented_message_is_taken_for_success_where_the_account_is_set_so(
    vendor, open_gateway, order, autodialer
):
    vendor.on("POST", AUTODIALER, {"message": "thành công"})
    gateway = open_gateway(vendor.url, strict_success=False)
    assert await gateway.place(autodialer, [order()]) == [Placed("r-1")]


async def test_a_throttled_placing_says_when_to_come_back(vendor, open_gateway, order, click2call):
    vendor.on("POST", V2, vendor.reply({"code": 429}, 429, Retry_After="7"))
    (placing,) = await open_gateway(vendor.url).place(click2call, [order()])
    assert placing == NotPlaced("r-1", Reason.THROTTLED, "HTTP 429", retry_after=7.0)
    assert vendor.count(V2) == 1


async def test_a_redirect_is_not_followed(vendor, open_gateway, order, click2call, click2call_v1):
    for status in (301, 302, 303, 307, 308):
        vendor.on("POST", V2, vendor.reply(status=status, text="", Location="/elsewhere"))
        vendor.on("GET", V1, vendor.reply(status=status, text="", Location="/elsewhere"))
        for terms in (click2call, click2call_v1):
            (placing,) = await open_gateway(vendor.url).place(terms, [order()])
            assert isinstance(placing, NotPlaced)
            assert placing.reason is Reason.MISCONFIGURED
    assert vendor.count("/elsewhere") == 0


@pytest.mark.parametrize("missing", ["queue_code", "template", "vendor_campaign_id"])
async def test_a_field_that_the_vendor_requires_is_missed_before_anything_is_sent(
    vendor, open_gateway, order, autocall, autodialer, missing
):
    for terms in (autocall, autodialer):
        if getattr(terms, missing):
            (placing,) = await open_gateway(vendor.url).place(replace(terms, **{missing: None}), [order()])
            assert isinstance(placing, NotPlaced)
            assert placing.reason is Reason.MISCONFIGURED
    assert vendor.heard == []


async def test_click_to_call_without_an_agent_is_not_sent(vendor, open_gateway, order, click2call):
    (placing,) = await open_gateway(vendor.url).place(click2call, [order(extension=None)])
    assert isinstance(placing, NotPlaced)
    assert vendor.heard == []


async def test_nothing_to_place_asks_nothing(vendor, open_gateway, click2call, autocall):
    gateway = open_gateway(vendor.url)
    assert [await gateway.place(terms, []) for terms in (click2call, autocall)] == [[], []]
    assert vendor.heard == []


@pytest.mark.parametrize(
    ("status", "reason"), [(403, Reason.MISCONFIGURED), (500, Reason.UNREACHABLE), (429, Reason.THROTTLED)]
)
async def test_a_placing_for_which_no_token_is_to_be_had_is_not_placed(
    vendor, open_gateway, order, autocall, click2call, status, reason
):
    vendor.on("POST", "/v2/auth/token", vendor.reply({"code": status}, status))
    for terms in (autocall, click2call):
        (placing,) = await open_gateway(vendor.url).place(terms, [order()])
        assert isinstance(placing, NotPlaced)
        assert placing.reason is reason
    assert vendor.count(V2) == vendor.count(AUTOCALL) == 0


async def test_a_stale_token_is_renewed_and_the_placing_repeated_once(vendor, open_gateway, order, click2call):
    vendor.on("POST", V2, vendor.reply({"code": 401}, 401), CLICKED)
    assert await open_gateway(vendor.url).place(click2call, [order()]) == [Placed("r-1", CLICKED_ID)]
    assert [heard.token for heard in vendor.heard if heard.path == V2] == ["t1", "t2"]


async def test_a_placing_refused_with_401_is_not_repeated_after_its_clearance(
    vendor, open_gateway, order, click2call, clock
):
    def refuse(heard):
        clock.pass_by(11)
        return vendor.reply({"code": 401}, 401)

    vendor.on("POST", V2, refuse)
    (placing,) = await open_gateway(vendor.url).place(click2call, [order(seconds=10)])
    assert isinstance(placing, NotPlaced)
    assert (placing.reason, vendor.count(V2)) == (Reason.CLEARANCE_EXPIRED, 1)


class Treacherous(dict):
    def items(self):
        raise ZeroDivisionError


async def test_a_surprise_is_an_answer_too(vendor, open_gateway, order, autocall, click2call):
    placings = await open_gateway(vendor.url).place(autocall, [order(variables=Treacherous())])
    assert placings == [Unsure("r-1", Reason.CONNECTION_LOST, "unexpected: ZeroDivisionError")]
    broken = replace(order(), cleared=None)
    placings = await open_gateway(vendor.url).place(click2call, [broken])
    assert placings == [Unsure("r-1", Reason.CONNECTION_LOST, "unexpected: AttributeError")]


async def test_a_detail_repeats_no_number_and_no_key(vendor, open_gateway, order, click2call):
    echo = "bad number 0912 345 678 or key eyJhbGciOiJSU0EtT0FFUC0yNTYi.dGhpcyBpcyB0ZXN0"
    vendor.on("POST", V2, {"status": "fail", "error": echo})
    (placing,) = await open_gateway(vendor.url).place(click2call, [order()])
    assert placing.detail == "HTTP 200 (bad number … or key …)"
