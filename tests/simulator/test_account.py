import pytest

from .bench import bench, until

pytestmark = pytest.mark.anyio


async def test_a_password_gives_the_key_and_the_key_gives_a_token():
    async with bench(password="pass", api_key="key") as one:
        login = await one.post("/v1/auth", {"username": "foo@test.tel4vn.com", "password": "pass"})
        assert (login.status, login.body["code"], login.body["content"]) == (200, 200, "successfully")
        data = login.body["data"]
        assert set(data) == {"api_key", "domain_uuid", "enabled", "extension", "level", "user_uuid", "username"}
        assert (data["api_key"], data["enabled"], data["username"]) == ("key", "true", "adminfortest")
        token = await one.post("/v2/auth/token", {"api_key": data["api_key"]})
        shape = {"client_id", "domain_uuid", "expired_in", "refresh_token", "token", "token_type", "user_id"}
        assert set(token.body["data"]) == shape
        assert token.body["data"]["refresh_token"] == ""
        assert token.body["data"]["token"].count(".") == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/auth", {"username": "foo@test.tel4vn.com", "password": "no"}), ("/v2/auth/token", {"api_key": "no"})],
)
async def test_wrong_credentials_are_refused(path, body):
    async with bench() as one:
        assert (await one.post(path, body)).status == 401


async def test_right_credentials_can_be_refused_while_running():
    async with bench() as one:
        one.simulator.faults.refuse_credentials = True
        assert (await one.post("/v2/auth/token", {"api_key": one.simulator.settings.api_key})).status == 401
        assert (await one.get("/v2/call")).status == 200


async def test_no_token_and_a_made_up_token_are_answered_401():
    async with bench() as one:
        for token in ("", "made.up"):
            one.token = token
            assert (await one.get("/v2/cdr")).status == 401


async def test_expired_tokens_are_refused_and_a_new_one_is_good():
    async with bench() as one:
        one.simulator.expire_tokens()
        assert (await one.get("/v2/call")).status == 401
        await one.log_in()
        assert (await one.get("/v2/call")).status == 200


async def test_a_token_lives_as_long_as_its_life_by_the_wall_clock():
    async with bench() as one:
        one.simulator.faults.token_life = 0
        assert (await one.get("/v2/call")).status == 401
        one.simulator.faults.token_life = 3600
        assert (await one.get("/v2/call")).status == 200


async def test_an_event_is_registered_listed_with_its_key_and_removed():
    async with bench() as one:
        await one.register("hangup", key="clear text")
        (event,) = (await one.get("/v1/event")).body["data"]
        assert event["event_name"] == "hangup"
        assert event["callback_url"] == one.receiver.url
        assert event["callback_apikey"] == "clear text"
        assert event["domain_name"] == "test.tel4vn.com"
        assert (await one.delete(f"/v1/event/{event['event_domain_uuid']}")).body == {"deleted": True}
        assert (await one.get("/v1/event")).body == {"data": []}
        assert (await one.delete(f"/v1/event/{event['event_domain_uuid']}")).body == {"deleted": False}


@pytest.mark.parametrize(("duplicate", "registered"), [(True, 2), (False, 1)])
async def test_an_event_registered_twice_fires_twice_or_replaces(duplicate, registered):
    async with bench(duplicate_events=duplicate) as one:
        await one.register("ringing")
        await one.register("ringing")
        assert len((await one.get("/v1/event")).body["data"]) == registered
        await one.click2call()
        await one.quiet()
        assert len(one.receiver.hooks) == registered


async def test_an_event_that_is_none_of_the_four_is_taken_and_never_fires():
    async with bench() as one:
        await one.register("create")
        await one.click2call()
        await one.quiet()
        assert one.receiver.hooks == []


async def test_an_event_without_an_address_is_not_created():
    async with bench(http_errors="strict") as one:
        got = await one.post("/v1/event", {"event": "cdr"})
        assert (got.status, got.body) == (400, {"created": False})


async def test_a_user_is_found_by_name_and_by_uuid_on_both_paths():
    async with bench() as one:
        by_name = await one.get("/v2/user/test.user01/status")
        data = by_name.body["data"]
        assert data["ext_loggedin"] == "true"
        assert (data["extension"], data["username"]) == ("101", "test.user01")
        assert (await one.get(f"/v2/customer/user/{data['user_uuid']}/status")).body == by_name.body
        missing = await one.get("/v2/user/101/status")
        assert missing.status == 404
        assert missing.body == {"code": 404, "content": "user is not existed", "error": "Not Found"}


@pytest.mark.parametrize(("kept", "statuses"), [("user", (200, 404)), ("customer", (404, 200))])
async def test_one_of_the_two_paths_for_users_can_be_missing(kept, statuses):
    async with bench(user_status_path=kept) as one:
        user = await one.get("/v2/user/test.user01/status")
        customer = await one.get("/v2/customer/user/test.user01/status")
        assert (user.status, customer.status) == statuses


async def test_an_extension_that_logs_out_says_so_in_a_string():
    async with bench() as one:
        await one.post("/simulator/agents", {"extension": "101", "logged_in": False})
        assert (await one.get("/v2/user/test.user01/status")).body["data"]["ext_loggedin"] == "false"
        await one.post("/simulator/agents", {"extension": "101", "logged_in": True})
        assert (await one.get("/v2/user/test.user01/status")).body["data"]["ext_loggedin"] == "true"


async def test_a_body_that_is_no_json_object_is_a_bad_request():
    async with bench() as one:
        for body in ([], "text", None):
            assert (await one.post("/v2/click2call", body)).status == 400


CUSTOMER = {
    "campaign_id": "C1",
    "customer_code": "KH01",
    "phone_number": "0899888998",
    "contract_number": "HD1",
    "customer_name": "Anh A",
}


async def test_an_uploaded_customer_is_dialed_by_the_pbx_itself():
    async with bench(status_case="lower") as one:
        created = await one.post("/v2/customer", CUSTOMER)
        assert (created.status, created.body["code"], created.body["content"]) == (201, 201, "successfully")
        path = f"/v2/customer/{created.body['id']}"
        fresh = (await one.get(path)).body["data"]
        assert (fresh["status"], fresh["updated_at"]) == ("new", "0001-01-01T00:00:00Z")
        assert fresh["created_at"].endswith("Z")
        await one.done(rings=1)
        (ring,) = one.simulator.journal.entries
        assert (ring.ordered_by, ring.phone, ring.customer_id) == ("customer", "0899888998", created.body["id"])
        assert (await one.get(path)).body["data"]["status"] == "answered"


async def test_customers_are_listed_by_campaign_and_page():
    async with bench() as one:
        for campaign in ("C1", "C1", "C2"):
            await one.post("/v2/customer", CUSTOMER | {"campaign_id": campaign})
        page = (await one.get("/v2/customer", campaign_id="C1", limit=1, offset=1)).body
        assert (page["code"], page["limit"], page["offset"], page["total"]) == (200, 1, 1, 2)
        assert len(page["data"]) == 1
        assert page["data"][0]["status"] in ("NEW", "QUEUE")


async def test_an_unknown_customer_is_not_found():
    async with bench() as one:
        got = await one.get("/v2/customer/nobody")
        assert (got.status, got.body) == (404, {"code": 404, "content": "Not Found", "error": "Not Found"})


@pytest.mark.parametrize(
    ("phone", "accepted"),
    [
        ("0899888998", True),
        ("84899888998", False),
        ("8489988899", True),
        ("+84899888998", False),
        ("0899 888 998", False),
        ("0|12345678", True),
        ("840912345678", True),
        ("84840912345678", True),
        ("0241234567", False),
        ("0123456789", False),
        ("0912345678\n", True),
    ],
)
async def test_the_vendors_regular_expression_is_kept_with_its_mistakes(phone, accepted):
    async with bench() as one:
        got = await one.post("/v2/customer", CUSTOMER | {"phone_number": phone})
        if accepted:
            assert got.status == 201
        else:
            mistake = {"phone_number": "Does not match pattern '^(84|0[3|5|7|8|9])+([0-9]{8})$'"}
            assert got.body == {"code": 400, "content": [mistake], "error": "Bad Request"}


async def test_an_upload_that_lacks_a_field_is_told_which():
    async with bench() as one:
        got = await one.post("/v2/customer", {**CUSTOMER, "contract_number": ""})
        assert [list(mistake) for mistake in got.body["content"]] == [["contract_number"]]
        assert one.simulator.journal.entries == []


async def test_refusals_can_all_come_as_http_200():
    async with bench(http_errors="ok") as one:
        got = await one.get("/v2/customer/nobody")
        assert (got.status, got.body["code"]) == (200, 404)


async def test_a_stopped_agent_is_shown_in_the_state():
    async with bench() as one:
        await one.post("/simulator/agents", {"extension": "102", "logged_in": False})
        state = (await one.get("/simulator/state")).body
        assert [agent["logged_in"] for agent in state["agents"]] == [True, False, True]
        assert (await one.post("/simulator/agents", {"extension": "999", "logged_in": True})).status == 400
        await until(lambda: one.simulator.pbx.quiet)
