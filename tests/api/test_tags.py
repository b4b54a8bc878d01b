"""What is changed is what was seen: `ETag` and `If-Match`, at every route that changes a thing."""

import asyncio
from datetime import timedelta
from typing import Any

import founding
import pytest
from founding import Company

from api.conftest import KEY, Client
from campaigns import callflows
from campaigns.callflows import Script
from campaigns.events import deliveries, webhooks
from campaigns.models import Customer, VendorAccount
from campaigns.rows import columns_of, table
from campaigns.words import Mode
from dialer.api.resources import ROUTES
from dialer.api.routes import Route
from dialer.database import clock
from dialer.vault import Vault

SAID: dict[str, dict[str, Any]] = {
    "PATCH /campaigns/{code}": {"weight": 7},
    "PATCH /campaigns/{code}/customers/{customer}": {"name": "Bình"},
    "PUT /campaigns/{code}/customers/{customer}/callback": {"at": "2199-12-01T09:00:00Z"},
    "PUT /persons/{person}/hours": {"agreed_hours": "sat 09:00-11:00"},
    "PATCH /vendors/{name}": {"channels": 3},
    "PATCH /callflows/{callflow}": {"description": "other"},
    "POST /webhooks/{name}/rotate": {"overlap_hours": 1},
}
"""What each change that has a body says."""


def named(route: Route) -> str:
    return f"{route.verb} {route.path}"


def words_of(conn: Any, company: Company) -> dict[str, str]:
    """A company with one of everything that can be changed; by which words its things are called."""
    campaign = founding.campaign(conn, company, Mode.CLICK2CALL, code="C")
    [someone] = founding.debtors(conn, company, campaign, 1)
    founding.agent(conn, company, campaign, "101")
    account = columns_of(VendorAccount)
    sealed = Vault([KEY]).seal({"api_key": "k", "hook_key": "h", "hook_path": "p"})
    mine = table(VendorAccount).update().where(account.id == company.account_id)
    conn.execute(mine.values(sealed_credentials=sealed, url="http://127.0.0.1:9"))
    here = founding.read(conn, VendorAccount, company.account_id)
    callflows.add(conn, founding.START, here, Script("S"))
    webhooks.add(conn, founding.START, company.tenant_id, here.name, "https://example.com", ["*"], b"")
    posted = deliveries.try_out(conn, founding.START, webhooks.find(conn, company.tenant_id, here.name))
    code = founding.read(conn, Customer, someone.customer_id).code
    words = {"code": "C", "customer": code, "person": someone.phones[0], "callflow": "S"}
    return words | {"name": here.name, "id": str(posted)}


def test_every_change_of_a_thing_heeds_what_its_asker_saw() -> None:
    """A new route for a change must say that it does; so must the one that shows the thing."""
    for route in ROUTES:
        if route.verb in ("PUT", "PATCH"):
            assert route.guarded, named(route)
        if route.guarded:
            path = route.path[: route.path.rindex("}") + 1]
            shown = [one for one in ROUTES if one.verb == "GET" and one.path in (path, route.path)]
            assert any(one.tagged for one in shown), named(route)


def test_no_change_is_made_to_what_became_another_meanwhile(crm: Client) -> None:
    words = crm.run(words_of, crm.company)
    shows = {route.path: route for route in ROUTES if route.verb == "GET" and route.tagged}
    for route in [route for route in ROUTES if route.guarded]:
        path = "/v1" + route.path.format(**words)
        sent = {"json": SAID[named(route)]} if route.body is not None else {}
        answer = crm.ask(route.verb, path, headers={"If-Match": '"stale"'}, **sent)
        assert (answer.status, answer.problem) == (412, "changed"), named(route)
    for route in shows.values():
        answer = crm.ask("GET", "/v1" + route.path.format(**words))
        assert answer.status == 404 or answer.headers["ETag"], named(route)
    assert crm.ask("GET", "/v1/campaigns/C").json["state"] == "running"


@pytest.mark.parametrize("change", [name for name in SAID if "callback" not in name and "rotate" not in name])
def test_what_was_seen_is_changed_once(crm: Client, change: str) -> None:
    words = crm.run(words_of, crm.company)
    verb, path = change.format(**words).split(" ")
    shown = path.removesuffix("/hours")
    seen = crm.ask("GET", f"/v1{shown}").headers["ETag"]
    assert crm.ask("GET", f"/v1{shown}", headers={"If-None-Match": seen}).status == 304
    changed = crm.ask(verb, f"/v1{path}", json=SAID[change], headers={"If-Match": seen})
    assert (changed.status, changed.headers["ETag"]) == (200, crm.ask("GET", f"/v1{shown}").headers["ETag"])
    assert crm.ask(verb, f"/v1{path}", json=SAID[change], headers={"If-Match": seen}).status == 412


def test_of_two_who_saw_the_same_at_once_one_is_told_that_it_changed(crm: Client) -> None:
    crm.run(words_of, crm.company)
    seen = crm.ask("GET", "/v1/callflows/S").headers["ETag"]
    headers = {"If-Match": seen, "Authorization": f"Bearer {crm.token}"}
    url = crm.door.server.make_url("/v1/callflows/S")

    async def change(said: str) -> int:
        async with crm.door.session.patch(url, json={"description": said}, headers=headers) as answer:
            return answer.status

    async def at_once() -> list[int]:
        return await asyncio.gather(*map(change, ("one", "two", "three", "four")))

    assert sorted(crm.door.portal.call(at_once)) == [200, 412, 412, 412]


def test_a_promise_is_shown_with_its_tag_and_only_what_was_seen_of_it_is_taken_back(crm: Client) -> None:
    words = crm.run(words_of, crm.company)
    path = "/v1/campaigns/C/customers/{customer}/callback".format(**words)
    assert crm.ask("GET", path).problem == "not-found"
    soon = crm.run(clock) + timedelta(days=1)
    promised = crm.ask("PUT", path, json={"at": soon.isoformat(), "note": "first"})
    assert promised.status == 200, promised.text
    seen = crm.ask("GET", path)
    assert seen.json["note"] == "first"
    again, match = {"at": soon.isoformat(), "note": "second"}, {"If-Match": seen.headers["ETag"]}
    assert crm.ask("PUT", path, json=again, headers=match).status == 200
    assert crm.ask("DELETE", path, headers={"If-Match": seen.headers["ETag"]}).status == 412
    assert crm.ask("DELETE", path, headers={"If-Match": crm.ask("GET", path).headers["ETag"]}).status == 200
