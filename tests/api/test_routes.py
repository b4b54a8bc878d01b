"""Every route, walked: strangers, clients without the right, other companies' clients, and wrong verbs."""

import re
import secrets
from typing import Any

import founding
import pytest
from founding import Company, Listed

from api.conftest import Client, Door, client_of
from campaigns import allowing, callflows, clients, jobs
from campaigns.callflows import Script
from campaigns.dnc import Entry, suppress
from campaigns.events import webhooks
from campaigns.jobs import Wish
from campaigns.models import Call, Job, Suppression, Webhook
from campaigns.models import Client as Asker
from campaigns.rows import columns_of, table
from campaigns.words import Entrance, JobKind, JobState, Mode, Right, Subject
from dialer.api.resources import ROUTES
from dialer.api.resources.allowlist import NewSource
from dialer.api.resources.callbacks import NewCallback
from dialer.api.resources.callflows import NewCallflow
from dialer.api.resources.clients import NewApiClient
from dialer.api.resources.customers import NewCustomer
from dialer.api.resources.drafts import Sides
from dialer.api.resources.evidence import NewReplay, Signed
from dialer.api.resources.exports import NewExport
from dialer.api.resources.imports import NewImport
from dialer.api.resources.jobs import NewJob
from dialer.api.resources.numbers import Judgement
from dialer.api.resources.persons import Consent, Hours
from dialer.api.resources.records import NewConsents, NewContacts, NewNumbers, NewRegister
from dialer.api.resources.rulebooks import RulebookText
from dialer.api.resources.runs import Withdrawals
from dialer.api.resources.vendors import NewVendor
from dialer.api.routes import Route

SEEDS: dict[str, Any] = {"reason": "asked us to stop", "vendor": "vendor", "mode": "click2call", "code": "NEW"}
SEEDS |= {"name": "new", "url": "https://example.com/events"}
SEEDS["customer"] = {"phone": "0912345678"}
SAID: dict[Any, dict[str, Any]] = {
    Consent: {"purpose": "marketing", "channel": "zalo", "proof": "p"},
    Hours: {"agreed_hours": None},
    Judgement: {"right": True},
    NewCallback: {"at": "2026-12-01T09:00:00Z"},
    NewCallflow: {"name": "NEW", "vendor": "vendor"},
    NewSource: {"entrance": "hooks", "network": "127.0.0.1"},
    NewVendor: {"name": "new", "url": "http://127.0.0.1:9", "api_key": "k"},
    RulebookText: {"text": "name ="},
    NewContacts: {"channel": "sms", "rows": [{"phone": "0912345678", "time": "2026-01-02 09:00"}]},
    NewRegister: {"name": "n", "as_of": "2026-01-01T00:00:00Z", "rows": [{"phone": "0912345678"}]},
    NewJob: {"kind": "reconciliation"},
    NewExport: {"kind": "usage"},
    NewCustomer: {"phones": [{"number": "0912345678"}]},
    NewApiClient: {"name": "new", "scopes": ["report:read"]},
    Sides: {"a": {"name": "none"}, "b": {"name": "gb"}},
    NewConsents: {"purpose": "marketing", "rows": [{"phone": "0912345678", "time": "2026-01-02 09:00", "proof": "p"}]},
    NewNumbers: {"rows": [{"phone": "0912345678"}]},
    NewReplay: {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"},
    Signed: {"manifest": "{}", "signature": "0" * 128},
    Withdrawals: {"customers": ["KH1"], "reason": "paid"},
    NewImport: {"mode": "partial", "rows": [{"phone": "0912345678"}]},
}
EXTENSION = "777"
THEIRS = Script("their-script", ["their-variable"])
NO_LEAK = ("extension", "customer", "number", "person", "source")
"""What a caller names himself may come back to him."""


def named(route: Route) -> str:
    return f"{route.verb} {route.path}"


@pytest.fixture(scope="session")
def theirs(door: Door) -> dict[str, str]:
    """Another company, with one of everything; what its things are called, and words that must not leak."""

    def found(conn: Any) -> dict[str, str]:
        company = founding.company(conn)
        campaign = founding.campaign(conn, company, Mode.CLICK2CALL, creditor="Their Creditor")
        [someone] = founding.debtors(conn, company, campaign, 1)
        founding.agent(conn, company, campaign, EXTENSION)
        call = _call(conn, campaign, someone)
        entry = Entry(Subject.NUMBER, someone.phones[0], reason="their reason")
        suppress(conn, founding.START, company.tenant_id, [entry], "them")
        for kind in (JobKind.IMPORT, JobKind.EXPORT):
            wish = Wish(f"j_their_{kind}", kind, {"campaign": campaign.code, "what": "usage", "format": "csv"})
            jobs.order(conn, founding.START, company.tenant_id, wish, "them")
        # Workers are every company's: nobody shall find one to do.
        conn.execute(
            table(Job).update().where(columns_of(Job).tenant_id == company.tenant_id).values(state=JobState.DONE)
        )
        names = {"code": campaign.code, "customer": someone.phones[0], "id": call, "extension": EXTENSION}
        names |= {"person": someone.phones[0], "number": someone.phones[0]}
        flow = callflows.add(
            conn, founding.START, founding.read(conn, founding.VendorAccount, company.account_id), THEIRS
        )
        source = allowing.add(conn, founding.START, company.tenant_id, Entrance.API, "198.51.100.0/24", "", "them")
        names |= {"callflow": flow.name, "source": str(source.id)}
        names |= {"job": "j_their_import", "export": "j_their_export"}
        tenant = founding.read(conn, founding.Tenant, company.tenant_id).code
        account = founding.account(conn, company, f"account-of-{tenant}")
        name = founding.read(conn, founding.VendorAccount, account.account_id).name
        webhooks.add(conn, founding.START, company.tenant_id, name, "https://example.com", ["*"], b"")
        clients.add(conn, founding.START, company.tenant_id, name, f"c_{name}", "", [Right.REPORT_READ])
        return names | {"name": name, "tenant": f'"{tenant}"', "creditor": "Their Creditor", "why": "their reason"}

    return door.desk.run(found)


def _call(conn: Any, campaign: Any, someone: Listed) -> str:
    row = {
        "tenant_id": campaign.tenant_id,
        "vendor_account_id": campaign.vendor_account_id,
        "campaign_id": campaign.id,
        "customer_id": someone.customer_id,
        "person_id": someone.person_id,
        "phone": someone.phones[0],
        "reference": f"ref-{someone.customer_id}",
        "state": "settled",
        "contracts": [],
        "intended_at": founding.START,
    }
    conn.execute(table(Call).insert(), row)
    return str(row["reference"])


def path_of(route: Route, names: dict[str, str]) -> str:
    return "/v1" + route.path.format(**names)


def body_of(route: Route, numbers: list[str]) -> dict[str, Any]:
    """The smallest body that the route takes, and a key of its own where it needs one."""
    if route.body is None:
        return {}
    headers = {"Idempotency-Key": secrets.token_hex(8)} if route.keyed else {}
    fields = route.body.model_fields
    seeds = SEEDS | SAID.get(route.body, {})
    needed = {
        name: seeds[name] for name, one in fields.items() if one.is_required() or name in SAID.get(route.body, {})
    }
    return {"json": needed | ({"numbers": numbers} if "numbers" in fields else {}), "headers": headers}


class Clients:
    """Clients of one company by what they may do, each made once."""

    def __init__(self, door: Door, company: Company) -> None:
        self._door = door
        self._company = company
        self._made: dict[tuple[Right, ...], Client] = {}

    def of(self, *rights: Right) -> Client:
        if rights not in self._made:
            name = f"client-{len(self._made)}"
            self._made[rights] = client_of(self._door, self._company, *rights, name=name)
        return self._made[rights]


# One test walks all routes: a company and a client for each would take longer than the walk.


def test_without_a_token_nobody_is_let_in(door: Door, theirs: dict[str, str]) -> None:
    for route in ROUTES:
        answer = door.ask(route.verb, path_of(route, theirs), **body_of(route, []))
        assert (answer.status, answer.problem) == (401, "unauthorized"), named(route)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_who_has_every_other_right_is_forbidden(door: Door, company: Company, theirs: Any) -> None:
    known = Clients(door, company)
    for route in ROUTES:
        others = tuple(right for right in Right if right not in (*route.rights, Right.ADMIN))
        answer = known.of(*others).ask(route.verb, path_of(route, theirs), **body_of(route, []))
        assert (answer.status, answer.problem) == (403, "forbidden"), named(route)
        assert "insufficient_scope" in answer.headers["WWW-Authenticate"]


def test_each_right_of_a_route_opens_it(door: Door, company: Company, theirs: Any) -> None:
    known = Clients(door, company)
    for route in ROUTES:
        for right in route.rights:
            answer = known.of(right).ask(route.verb, path_of(route, theirs), **body_of(route, ["0912345678"]))
            assert answer.status not in (401, 403), f"{named(route)}: {answer.text}"


def test_what_is_another_company_s_is_not_there(crm: Client, theirs: dict[str, str]) -> None:
    before = crm.run(everything)
    for route in ROUTES:
        answer = crm.ask(route.verb, path_of(route, theirs), **body_of(route, [theirs["customer"]]))
        if "{" in route.path:
            assert (answer.status, answer.problem) == (404, "not-found"), named(route)
        else:
            assert answer.status < 300 or answer.status == 422, f"{named(route)}: {answer.text}"
        # Any short word may stand in what is made by chance.
        told = re.sub(r'whsec_[\w+/=]+|"client_secret":"[^"]+"', "", answer.text)
        leaks = [word for what, word in theirs.items() if what not in NO_LEAK and word in told]
        assert not leaks, named(route)
    assert {tenant: rows for tenant, rows in crm.run(everything).items() if tenant != crm.company.tenant_id} == {
        tenant: rows for tenant, rows in before.items() if tenant != crm.company.tenant_id
    }


def everything(conn: Any) -> dict[int, str]:
    """What every company's things are, as far as a request could have changed them."""
    told: dict[int, list[Any]] = {}
    for model in (
        founding.Campaign,
        founding.Agent,
        founding.Customer,
        founding.Person,
        Suppression,
        Job,
        Webhook,
        Asker,
    ):
        for row in conn.execute(table(model).select().order_by(columns_of(model).id)):
            told.setdefault(row.tenant_id, []).append(tuple(map(repr, row)))
    return {tenant: repr(rows) for tenant, rows in told.items()}


def test_a_wrong_verb_is_told_which_are_right(crm: Client, theirs: dict[str, str]) -> None:
    for path in sorted({route.path for route in ROUTES}):
        right = {route.verb for route in ROUTES if route.path == path}
        right |= {"HEAD"} if "GET" in right else set()
        for verb in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - right:
            answer = crm.ask(verb, "/v1" + path.format(**theirs))
            assert (answer.status, answer.problem) == (405, "method-not-allowed"), f"{verb} {path}"
            assert set(answer.headers["Allow"].split(", ")) == right


def test_what_is_read_may_be_asked_for_by_its_head(crm: Client) -> None:
    for route in ROUTES:
        if route.verb == "GET" and "{" not in route.path:
            answer = crm.ask("HEAD", "/v1" + route.path)
            assert (answer.status, answer.text) == (200, ""), named(route)


@pytest.mark.parametrize("word", ["%00", "a%00b", "%ED%A0%80", "..%2F..", "x" * 3000, "'%20OR%201=1--", "%F0%9F%93%9E"])
def test_no_word_of_a_path_does_harm(crm: Client, theirs: dict[str, str], word: str) -> None:
    for route in ROUTES:
        if "{" in route.path:
            answer = crm.ask(route.verb, path_of(route, dict.fromkeys(theirs, word)), **body_of(route, []))
            assert answer.status in (404, 422), named(route)


def test_every_answer_is_one_that_the_openapi_file_tells_of(crm: Client, theirs: dict[str, str]) -> None:
    told = crm.ask("GET", "/openapi.json").json
    assert told["openapi"].startswith("3.1")
    for route in ROUTES:
        operation = told["paths"]["/v1" + route.path][route.verb.lower()]
        for client in (crm.token, "nobody"):
            answer = crm.door.ask(route.verb, path_of(route, theirs), client, **body_of(route, ["0912345678"]))
            assert str(answer.status) in operation["responses"], named(route)


def test_the_page_names_every_route_and_fetches_nothing(door: Door) -> None:
    page = door.ask("GET", "/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    for route in ROUTES:
        assert f"{route.verb} /v1{route.path}" in page.text
    assert "<script" not in page.text
    assert "http" not in page.text.replace("urn:", "")
