"""What a company sets up: vendor accounts, rulebooks, scripts, and from where it may be spoken to."""

from ipaddress import ip_network
from typing import Any

import anyio
import founding
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.conftest import KEY, Client
from campaigns import accounts, allowing
from campaigns.models import VendorAccount
from campaigns.rows import columns_of, table
from campaigns.words import Entrance
from dialer.api import access
from dialer.metrics import Metrics
from dialer.registering import doors_of
from dialer.settings import Settings
from dialer.vault import Vault, path_hash
from dialer.webhooks import Webhooks

NEW = {"name": "second", "url": "http://127.0.0.1:9", "api_key": "k-very-secret", "channels": 4}
OURS = """
name = "{name}"
version = "1"
extends = "vn-debt"
summary = "Ours"
"""


def test_an_account_is_added_and_changed_and_its_secrets_are_told_by_nothing(crm: Client) -> None:
    made = crm.ask("POST", "/v1/vendors", json=NEW)
    assert (made.status, made.json["channels"]) == (201, 4)
    changed = crm.ask("PATCH", "/v1/vendors/second", json={"api_key": "another-secret", "channels": 6})
    assert changed.json["channels"] == 6
    told = made.text + changed.text + crm.ask("GET", "/v1/vendors").text
    assert "secret" not in told
    row = crm.run(lambda conn: accounts.find_account(conn, crm.company.tenant_id, "second"))
    opened = Vault([KEY]).open(row.sealed_credentials, "it")
    assert (opened["api_key"], path_hash(opened["hook_path"])) == ("another-secret", row.hook_path_hash)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"api_key": None}, "api_key"),
        ({"username": "u"}, "password"),
        ({"username": "u", "password": "p"}, "api_key"),
        ({"kind": "nobody"}, "kind"),
        ({"reserve": 4}, "reserve"),
        ({"settings": {"no_such": 1}}, "settings"),
    ],
)
def test_an_account_of_which_no_gateway_can_be_made_is_refused(crm: Client, said: Any, path: str) -> None:
    answer = crm.ask("POST", "/v1/vendors", json={k: v for k, v in (NEW | said).items() if v is not None})
    assert (answer.status, answer.paths) == (422, [path])
    assert "k-very-secret" not in answer.text


def test_secrets_that_nobody_can_open_are_a_problem_of_their_own_until_the_login_comes_again(crm: Client) -> None:
    mine, account = {"url": "http://127.0.0.1:9"}, columns_of(VendorAccount)
    sealed = Vault(["a key that is lost"]).seal({"api_key": "old"})
    of_mine = (account.tenant_id == crm.company.tenant_id, account.name == "vendor")
    crm.run(lambda conn: conn.execute(table(VendorAccount).update().where(*of_mine).values(sealed_credentials=sealed)))
    lost = crm.ask("PATCH", "/v1/vendors/vendor", json=mine)
    assert (lost.status, lost.problem) == (409, "secrets-lost")
    assert "api_key" in lost.json["detail"]
    assert crm.ask("PATCH", "/v1/vendors/vendor", json=mine | {"api_key": "new"}).status == 200
    assert crm.ask("PATCH", "/v1/vendors/vendor", json={"channels": 6}).json["channels"] == 6


def test_a_name_that_an_account_has_is_taken(crm: Client) -> None:
    assert crm.ask("POST", "/v1/vendors", json=NEW | {"name": "vendor"}).problem == "taken"


def test_a_rulebook_of_the_company_s_own_is_kept_and_taken_away(crm: Client) -> None:
    made = crm.ask("POST", "/v1/rulebooks", json={"text": OURS.format(name="ours")})
    assert (made.status, made.json["extends"]) == (201, "vn-debt")
    assert crm.ask("POST", "/v1/rulebooks", json={"text": "name ="}).paths == ["text"]
    used = crm.run(lambda conn: founding.campaign(conn, crm.company, rulebook="ours"))
    assert crm.ask("DELETE", "/v1/rulebooks/ours").problem == "not-now"
    crm.ask("PATCH", f"/v1/campaigns/{used.code}", json={"rulebook": "none"})
    assert crm.ask("DELETE", "/v1/rulebooks/ours").json == {"name": "ours"}
    assert crm.ask("DELETE", "/v1/rulebooks/ours").problem == "not-found"
    assert crm.ask("DELETE", "/v1/rulebooks/vn-debt").problem == "not-now"


def test_a_campaign_is_held_to_the_script_that_is_registered(crm: Client) -> None:
    flow = crm.ask("POST", "/v1/callflows", json={"name": "IVR-1", "vendor": "vendor", "variables": ["dpd"]})
    assert (flow.status, crm.ask("GET", flow.headers["Location"]).json) == (201, flow.json)
    terms = {"vendor": "vendor", "mode": "autocall", "queue_code": "Q-9", "template": "IVR-1", "creditor": "C"}
    refused = crm.ask("POST", "/v1/campaigns", json=terms | {"code": "A", "variables": ["dpd", "amount"]})
    assert (refused.status, refused.paths) == (422, ["variables"])
    assert crm.ask("POST", "/v1/campaigns", json=terms | {"code": "A", "variables": ["dpd"]}).status == 201
    assert crm.ask("PATCH", "/v1/campaigns/A", json={"variables": ["amount"]}).paths == ["variables"]
    stale = crm.ask("PATCH", "/v1/callflows/IVR-1", json={"variables": []}, headers={"If-Match": '"other"'})
    assert stale.problem == "changed"
    crm.ask("PATCH", "/v1/callflows/IVR-1", json={"variables": ["dpd", "amount"]})
    assert crm.ask("PATCH", "/v1/campaigns/A", json={"variables": ["amount"]}).status == 200
    crm.ask("DELETE", "/v1/callflows/IVR-1")
    assert crm.ask("GET", "/v1/callflows").json["items"] == []


@pytest.mark.parametrize(
    ("address", "let_in"),
    [
        ("203.0.113.9", True),
        ("::ffff:203.0.113.9", True),
        ("203.0.114.9", False),
        ("2001:db8::1", False),
        ("", False),
        ("x", False),
    ],
)
def test_who_speaks_from_elsewhere_is_not_let_in(address: str, let_in: bool) -> None:
    assert allowing.lets_in([ip_network("203.0.113.0/24")], address) is let_in
    assert allowing.lets_in([], address)


def test_an_api_with_a_list_is_shut_to_all_others_within_a_second(crm: Client) -> None:
    mine = crm.ask("POST", "/v1/security/allowlist", json={"entrance": "api", "network": "127.0.0.0/8"})
    assert mine.status == 201
    crm.door.portal.call(anyio.sleep, access.FRESH)
    assert crm.ask("GET", "/v1/agents").status == 200
    assert crm.ask("POST", "/v1/security/allowlist", json={"entrance": "api", "network": "x.y"}).paths == ["network"]
    for network in ("203.0.113.0/24", "::1"):
        crm.ask("POST", "/v1/security/allowlist", json={"entrance": "api", "network": network})
    assert crm.ask("DELETE", f"/v1/security/allowlist/{mine.json['id']}").status == 200
    crm.door.portal.call(anyio.sleep, access.FRESH)
    shut = crm.ask("GET", "/v1/agents")
    assert (shut.status, shut.problem) == (403, "forbidden")


def test_a_vendor_s_hook_from_elsewhere_is_not_taken(crm: Client) -> None:
    vault = Vault([KEY])

    def found(conn: Any) -> None:
        sealed = vault.seal({"hook_key": "", "hook_path": "segment"})
        founding.account(conn, crm.company, "hooked", sealed_credentials=sealed, hook_path_hash=path_hash("segment"))
        allowing.add(conn, founding.START, crm.company.tenant_id, Entrance.HOOKS, "203.0.113.7", "", "test")

    crm.run(found)
    database = crm.door.desk.database

    async def knock() -> int:
        hooks = Webhooks(database, Settings(hook_auth="path"), doors_of(database, vault), lambda: None, Metrics())
        app = web.Application()
        app.router.add_post("/hooks/{segment}", hooks.receive)
        async with anyio.create_task_group() as tasks, TestServer(app) as server:
            tasks.start_soon(hooks.intake.run)
            async with crm.door.session.post(server.make_url("/hooks/segment"), data=b"{}") as answer:
                status = answer.status
            tasks.cancel_scope.cancel()
        return status

    assert crm.door.portal.call(knock) == 403
