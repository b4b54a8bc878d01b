"""The token that all share, and requests that ring nobody (contract sections 3 and 10)."""

import asyncio
import traceback
from datetime import UTC, datetime

import pytest

from campaigns.words import Mode
from dialer.gateways import GatewayError, LoginRefused, Misconfigured, Refused, Terms, Throttled, Unreachable
from dialer.gateways.tel4vn import ApiKey, Login, open_tel4vn
from dialer.gateways.tel4vn.wire import seconds_until
from dialer.logs import under

pytestmark = pytest.mark.anyio

TOKEN, AUTH, CALLS = "/v2/auth/token", "/v1/auth", "/v2/call"
NO_CALLS = {"data": [], "total": 0}


async def outcomes(count, ask):
    """What so many at once come to: results and errors."""
    return await asyncio.gather(*(ask() for _ in range(count)), return_exceptions=True)


def refuses(vendor, stale, gathered=1):
    """Answers 401 to a stale token, once `gathered` of them have come together."""
    together = asyncio.Barrier(gathered)

    async def answer(heard):
        if heard.token not in stale:
            return vendor.reply(NO_CALLS)
        await together.wait()
        return vendor.reply({"code": 401, "content": "Unauthorized"}, 401)

    return answer


async def test_an_api_key_is_exchanged_for_a_token_once(vendor, open_gateway):
    vendor.on("GET", CALLS, NO_CALLS)
    gateway = open_gateway(vendor.url + "/", credentials=ApiKey("k-1"))
    await outcomes(20, gateway.live_calls)
    assert [heard.body for heard in vendor.heard if heard.path == TOKEN] == [{"api_key": "k-1"}]
    assert {heard.token for heard in vendor.heard if heard.path == CALLS} == {"t1"}


async def test_the_vendor_hears_the_id_of_the_request_under_which_he_is_asked(vendor, open_gateway):
    vendor.on("GET", CALLS, NO_CALLS)
    gateway = open_gateway(vendor.url)
    with under("gw-42"):
        await gateway.live_calls()
    assert {heard.request_id for heard in vendor.heard} == {"gw-42"}
    await gateway.live_calls()
    assert vendor.last(CALLS).request_id not in ("", "gw-42")


async def test_a_user_logs_in_for_his_key_first(vendor, open_gateway):
    vendor.on("GET", CALLS, NO_CALLS)
    vendor.on("POST", AUTH, {"code": 200, "content": "successfully", "data": {"api_key": "k-2", "enabled": "true"}})
    await open_gateway(vendor.url, credentials=Login("foo@test", "secret")).live_calls()
    assert [(heard.path, heard.body) for heard in vendor.heard[:2]] == [
        (AUTH, {"username": "foo@test", "password": "secret"}),
        (TOKEN, {"api_key": "k-2"}),
    ]


async def test_fifty_requests_refused_at_once_renew_the_token_once(vendor, open_gateway):
    vendor.on("GET", CALLS, refuses(vendor, {"t1"}, gathered=50))
    assert await outcomes(50, open_gateway(vendor.url).live_calls) == [[]] * 50
    assert vendor.count(TOKEN) == 2, "the first token and one renewal"


async def test_fifty_requests_that_wait_for_a_refused_renewal_share_the_refusal(vendor, open_gateway):
    vendor.on("GET", CALLS, refuses(vendor, {"t1"}, gathered=50))
    vendor.on("POST", TOKEN, lambda heard: vendor.new_token(), vendor.reply({"code": 401}, 401))
    errors = await outcomes(50, open_gateway(vendor.url).live_calls)
    assert {type(error) for error in errors} == {LoginRefused}
    assert vendor.count(TOKEN) == 2, "asking fifty times would lock the account"


async def test_after_a_refused_renewal_the_next_request_tries_again(vendor, open_gateway):
    vendor.on("GET", CALLS, NO_CALLS)
    vendor.on("POST", TOKEN, vendor.reply({"code": 401}, 401), lambda heard: vendor.new_token())
    gateway = open_gateway(vendor.url)
    with pytest.raises(LoginRefused):
        await gateway.live_calls()
    assert await gateway.live_calls() == []


async def test_a_fresh_token_that_is_refused_too_is_a_wrong_set_up(vendor, open_gateway):
    vendor.on("GET", CALLS, refuses(vendor, {"t1", "t2"}))
    with pytest.raises(Misconfigured, match="HTTP 401"):
        await open_gateway(vendor.url).live_calls()
    assert (vendor.count(CALLS), vendor.count(TOKEN)) == (2, 2)


async def test_a_vendor_who_gives_the_same_token_again_is_not_asked_for_ever(vendor, open_gateway):
    vendor.on("POST", TOKEN, {"code": 200, "data": {"token": "t1"}})
    vendor.on("GET", CALLS, refuses(vendor, {"t1"}, gathered=10))
    errors = await outcomes(10, open_gateway(vendor.url).live_calls)
    assert {type(error) for error in errors} == {Misconfigured}
    assert vendor.count(TOKEN) == 2


@pytest.mark.parametrize(("expired_in", "life"), [(14763877, 3600), (60, 60), (0, 3600)])
async def test_a_token_is_renewed_when_its_life_is_over_whatever_its_unit_says(
    vendor, open_gateway, clock, expired_in, life
):
    vendor.on("GET", CALLS, NO_CALLS)
    vendor.on("POST", TOKEN, lambda heard: vendor.new_token(expired_in))
    gateway = open_gateway(vendor.url, token_life_cap=3600)
    for seconds, exchanges in ((0, 1), (life - 1, 1), (1, 2)):
        clock.pass_by(seconds)
        await gateway.live_calls()
        assert vendor.count(TOKEN) == exchanges


async def test_a_401_in_the_body_of_a_200_counts(vendor, open_gateway):
    vendor.on("GET", CALLS, {"code": 401, "content": "token expired"}, NO_CALLS)
    assert await open_gateway(vendor.url).live_calls() == []
    assert vendor.count(TOKEN) == 2


@pytest.mark.parametrize("credentials", [ApiKey("k-very-secret"), Login("foo@test", "k-very-secret")])
async def test_a_refused_log_in_repeats_no_secret(vendor, open_gateway, credentials):
    refusal = vendor.reply({"code": 400, "content": "k-very-secret of foo@test is wrong", "error": "Bad Request"}, 400)
    vendor.on("POST", AUTH, refusal)
    vendor.on("POST", TOKEN, refusal)
    with pytest.raises(Misconfigured) as caught:
        await open_gateway(vendor.url, credentials=credentials).live_calls()
    told = "".join(traceback.format_exception(caught.value))
    assert "is wrong" in told
    assert "very-secret" not in told + repr(credentials)


async def test_an_answer_without_a_token_is_no_log_in(vendor, open_gateway):
    vendor.on("POST", TOKEN, {"code": 200, "content": "successfully", "data": {"token": ""}})
    with pytest.raises(Unreachable):
        await open_gateway(vendor.url).live_calls()


async def test_a_request_that_rings_nobody_is_made_again_with_growing_pauses(vendor, open_gateway):
    vendor.on("GET", CALLS, *[vendor.reply({"code": 500}, 500)] * 3, NO_CALLS)
    slept: list[float] = []
    assert await open_gateway(vendor.url, slept=slept, retry_pause=0.5).live_calls() == []
    assert slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("status", "error"), [(500, Unreachable), (503, Unreachable), (504, Unreachable), (429, Throttled)]
)
async def test_after_three_repetitions_it_is_given_up(vendor, open_gateway, status, error):
    vendor.on("GET", CALLS, vendor.reply(status=status, text="<html>"))
    with pytest.raises(error):
        await open_gateway(vendor.url).live_calls()
    assert vendor.count(CALLS) == 4


async def test_a_vendor_who_is_not_there_is_asked_four_times(open_gateway, unused_port):
    slept: list[float] = []
    with pytest.raises(Unreachable, match="ClientConnectorError"):
        await open_gateway(f"http://127.0.0.1:{unused_port}", slept=slept).live_calls()
    assert len(slept) == 3


async def test_a_broken_and_a_silent_connection_are_tried_again(raw_vendor, open_gateway):
    raw_vendor.behaviour = lambda path, nth: {1: "cut", 2: "hang"}.get(nth, "answer")
    await open_gateway(raw_vendor.url, request_timeout=0.2).live_calls()
    assert raw_vendor.read[CALLS] == 3


async def test_the_vendor_s_retry_after_is_honoured(vendor, open_gateway):
    vendor.on("GET", CALLS, vendor.reply({"code": 429}, 429, Retry_After="7"), NO_CALLS)
    slept: list[float] = []
    await open_gateway(vendor.url, slept=slept).live_calls()
    assert slept == [7.0]


async def test_a_retry_after_that_is_too_long_is_reported_and_not_waited_for(vendor, open_gateway):
    vendor.on("GET", CALLS, vendor.reply({"code": 429}, 429, Retry_After="3600"))
    slept: list[float] = []
    with pytest.raises(Throttled) as caught:
        await open_gateway(vendor.url, slept=slept).live_calls()
    assert (caught.value.retry_after, slept) == (3600.0, [])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("Fri, 20 Nov 2026 03:00:09 GMT", 9.0),
        ("Fri, 20 Nov 2026 02:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_a_retry_after_comes_as_seconds_or_as_a_date(value, seconds):
    assert seconds_until(value, datetime(2026, 11, 20, 3, 0, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"code": 400, "content": [{"phone_number": "Does not match"}], "error": "Bad Request"}, Refused),
        (200, {"code": 400, "content": "bad"}, Refused),
        (200, {"status": "fail", "error": "USER_NOT_REGISTERED"}, Refused),
        (403, {"code": 403}, Misconfigured),
        (404, {"code": 404, "content": "Not Found", "error": "Not Found"}, Misconfigured),
        (301, {"message": "moved"}, Misconfigured),
        (200, {"message": "undocumented"}, Unreachable),
        (200, None, Unreachable),
    ],
)
async def test_each_failure_of_a_question_has_its_next_step(vendor, open_gateway, status, body, error):
    vendor.on("GET", CALLS, vendor.reply(body, status))
    with pytest.raises(error):
        await open_gateway(vendor.url).live_calls()
    assert vendor.count(CALLS) == (4 if error is Unreachable else 1)


async def test_a_list_of_faults_is_told_in_words(vendor, open_gateway):
    faults = [{"phone_number": "Does not match pattern"}, {"campaign_id": "is missing"}]
    vendor.on("GET", CALLS, vendor.reply({"code": 400, "content": faults, "error": "Bad Request"}, 400))
    with pytest.raises(Refused) as caught:
        await open_gateway(vendor.url).live_calls()
    assert str(caught.value) == (
        "HTTP 400 (Bad Request, phone_number: Does not match pattern, campaign_id: is missing)"
    )


@pytest.mark.parametrize("mode", [Mode.AUTODIALER, Mode.AUTOCALL])
async def test_queue_commands_say_the_vendor_s_words(vendor, open_gateway, mode):
    for verb in ("stop", "start", "delete"):
        done = {"message": "successfully"} if mode is Mode.AUTODIALER else {"code": 200, "content": "successfully"}
        vendor.on("POST", f"/v2/{mode}/queue/{verb}", done)
    gateway, terms = open_gateway(vendor.url), Terms(mode=mode, queue_code="Q1")
    await gateway.pause_queue(terms)
    await gateway.resume_queue(terms)
    await gateway.withdraw_queue(terms)
    asked = [(heard.path.rpartition("/")[2], heard.body) for heard in vendor.heard if heard.token]
    assert asked == [(verb, {"queue_code": "Q1"}) for verb in ("stop", "start", "stop", "delete")]


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("mode", [Mode.AUTODIALER, Mode.AUTOCALL])
async def test_a_queue_that_the_vendor_does_not_know_is_paused_and_withdrawn_but_not_resumed(
    vendor, open_gateway, mode, status
):
    words = "Queue not found"
    unknown = {"message": words} if mode is Mode.AUTODIALER else {"code": 404, "content": words}
    for verb in ("stop", "start", "delete", "dnc"):
        vendor.on("POST", f"/v2/{mode}/queue/{verb}", vendor.reply(unknown, status))
    gateway, terms = open_gateway(vendor.url), Terms(mode=mode, queue_code="Q1")
    await gateway.pause_queue(terms)
    await gateway.withdraw_queue(terms)
    if mode is Mode.AUTOCALL:
        await gateway.block(terms, ["r-1"])
    with pytest.raises(Misconfigured, match="Queue not found"):
        await gateway.resume_queue(terms)


async def test_click_to_call_has_no_queue_to_command(vendor, open_gateway, click2call):
    gateway = open_gateway(vendor.url)
    for command in (gateway.pause_queue, gateway.resume_queue, gateway.withdraw_queue):
        await command(click2call)
    assert vendor.heard == []


async def test_a_queue_without_a_code_is_a_wrong_set_up(vendor, open_gateway):
    with pytest.raises(Misconfigured):
        await open_gateway(vendor.url).pause_queue(Terms(mode=Mode.AUTOCALL))


async def test_only_autocall_queues_can_block_customers(vendor, open_gateway, autocall, autodialer):
    vendor.on("POST", "/v2/autocall/queue/dnc", {"code": 200, "content": "successfully"})
    gateway = open_gateway(vendor.url)
    await gateway.block(autocall, ["r-1", "r-2"])
    assert vendor.last("/v2/autocall/queue/dnc").body == {
        "queue_code": "Q1",
        "customers": [{"id": "r-1"}, {"id": "r-2"}],
    }
    await gateway.block(autocall, [])
    assert vendor.count("/v2/autocall/queue/dnc") == 1
    with pytest.raises(Refused):
        await gateway.block(autodialer, ["r-1"])


@pytest.mark.parametrize(
    ("url", "credentials", "settings"),
    [
        ("ftp://pbx.test", {"api_key": "k-secret"}, {}),
        ("pbx.test", {"api_key": "k-secret"}, {}),
        ("http://user:k-secret@pbx.test", {"api_key": "k-secret"}, {}),
        ("http://pbx.test:port", {"api_key": "k-secret"}, {}),
        ("http://pbx.test", {}, {}),
        ("http://pbx.test", {"username": "k-secret"}, {}),
        ("http://pbx.test", {"api_key": "k-secret", "password": "k-secret"}, {}),
        ("http://pbx.test", {"api_key": "k-secret"}, {"zome": "Asia/Ho_Chi_Minh"}),
        ("http://pbx.test", {"api_key": "k-secret"}, {"zone": "Asia/Nowhere"}),
        ("http://pbx.test", {"api_key": "k-secret"}, {"retries": 4}),
    ],
)
def test_an_account_that_is_set_up_wrongly_says_so_and_no_secret(clock, url, credentials, settings):
    with pytest.raises(Misconfigured) as caught:
        open_tel4vn(url, credentials, settings, clock)
    assert "k-secret" not in "".join(traceback.format_exception(caught.value))


async def test_an_account_is_opened_from_its_stored_documents(vendor, clock):
    vendor.on("GET", CALLS, NO_CALLS)
    settings = {"zone": "Asia/Tokyo", "direction_codes": {"1": "inbound"}}
    async with open_tel4vn(vendor.url, {"api_key": "k-1"}, settings, clock) as gateway:
        assert await gateway.live_calls() == []
        assert gateway.settings.zone.key == "Asia/Tokyo"


async def test_errors_name_no_address_with_a_number_in_it(raw_vendor, open_gateway, clock):
    raw_vendor.behaviour = lambda path, nth: "close"
    phone = "+84" + "912345678"
    with pytest.raises(GatewayError) as caught:
        await anext(open_gateway(raw_vendor.url).records(clock(), clock(), phone))
    assert "912345678" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__suppress_context__, "aiohttp's own words may hold the address"
