"""Two versions over the same functions: they differ in how pages are told, and each says when it will end."""

from datetime import UTC, datetime
from typing import Any

import founding
from aiohttp import web
from aiohttp.test_utils import TestServer
from databases import Desk

from api.conftest import Client, Door
from campaigns.words import Mode
from dialer.api import xml
from dialer.api.resources import ROUTES
from dialer.api.server import Api
from dialer.api.versions import VERSIONS, Version
from dialer.settings import Settings
from dialer.vault import Vault


def test_v2_tells_a_page_bare_and_leads_to_the_next_one(crm: Client) -> None:
    for code in ("A", "B", "C"):
        crm.run(lambda conn, code=code: founding.campaign(conn, crm.company, Mode.AUTOCALL, code=code))
    path, codes = "/v2/campaigns?limit=2&state=running", []
    for _ in range(2):
        answer = crm.ask("GET", path)
        codes.append([one["code"] for one in answer.json])
        path = "/v2/campaigns" + answer.headers.get("Link", "<>").partition(">")[0].removeprefix("<")
        assert ("X-Next-Cursor" in answer.headers) == ("Link" in answer.headers) == (len(codes) == 1)
    assert codes == [["A", "B"], ["C"]]
    first = crm.ask("GET", "/v2/campaigns?limit=1", headers={"Accept": "application/xml"})
    assert [one["code"] for one in xml.read(first.text.encode())] == ["A"]


def test_all_else_is_the_same_in_both_versions(crm: Client) -> None:
    crm.run(lambda conn: founding.campaign(conn, crm.company, Mode.AUTOCALL, code="C"))
    for path in ("/campaigns/C", "/vendors/vendor", "/campaigns/C/status"):
        assert crm.ask("GET", "/v2" + path).json == crm.ask("GET", "/v1" + path).json


def test_where_something_was_made_is_told_in_the_version_that_was_asked(crm: Client) -> None:
    told = {"code": "N", "vendor": "vendor", "mode": "autocall", "queue_code": "Q", "template": "T", "creditor": "C"}
    assert crm.ask("POST", "/v2/campaigns", json=told).headers["Location"] == "/v2/campaigns/N"


def test_neither_version_ends(crm: Client) -> None:
    for version in VERSIONS:
        headers = crm.ask("GET", f"{version.prefix}/agents").headers
        assert not {"Deprecation", "Sunset"} & set(headers)


def test_a_version_that_is_to_end_says_so_in_every_answer(database: Desk, door: Door) -> None:
    ending = Version("v1", False, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    app = web.Application()
    Api(database.database, Settings(), Vault(["k"]), versions=[ending, VERSIONS[1]]).mount(app)

    async def start() -> TestServer:
        server = TestServer(app)
        await server.start_server()
        return server

    server = door.portal.call(start)
    other = Door(database, door.portal, server, door.session)
    old, new = other.ask("GET", "/v1/agents"), other.ask("GET", "/v2/agents")
    told = other.ask("GET", "/openapi.json").json["paths"]
    door.portal.call(server.close)
    assert (old.status, old.headers["Deprecation"]) == (401, "@1767225600")
    assert old.headers["Sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    assert "Deprecation" not in new.headers
    assert told["/v1/agents"]["get"]["deprecated"]
    assert "deprecated" not in told["/v2/agents"]["get"]


def test_the_openapi_file_tells_both_and_every_name_once(crm: Client) -> None:
    paths: dict[str, Any] = crm.ask("GET", "/openapi.json").json["paths"]
    operations = [one for verbs in paths.values() for one in verbs.values()]
    names = [one["operationId"] for one in operations]
    assert len(set(names)) == len(names) == len(ROUTES) * len(VERSIONS)
    made = paths["/v1/campaigns"]["post"]["responses"]["201"]["links"]
    assert made["get_campaigns_code"] == {
        "operationId": "get_campaigns_code",
        "parameters": {"code": "$response.body#/code"},
    }
    linked = {
        link["operationId"]
        for one in operations
        for r in one["responses"].values()
        for link in r.get("links", {}).values()
    }
    assert linked <= set(names)
    assert paths["/v2/campaigns"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["type"] == "array"
