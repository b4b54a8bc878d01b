"""The page on security names a test for each risk, and each of them is there; and what no other test holds."""

import ast
import re
from pathlib import Path
from typing import Any

import founding
import pytest
from aiohttp import web

from api.conftest import Client
from campaigns.words import Mode
from dialer.api.server import Api
from dialer.settings import Settings
from dialer.vault import Vault

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
HELD_BY = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)
BESIDE = {"/oauth/token", "/.well-known/jwks.json", "/openapi.json", "/docs"}
OURS = ("id", "tenant_id", "tenant", "state", "wanted", "queue_state", "created_at", "paused_because", "actor")
NOWHERE = re.compile(r"/\{version\}.*")


def test_the_page_tells_of_all_ten_risks() -> None:
    assert set(re.findall(r"^\| (API\d+):", PAGE, re.MULTILINE)) == {f"API{place}" for place in range(1, 11)}


@pytest.mark.parametrize(("file", "name"), sorted(set(HELD_BY)))
def test_each_test_that_the_page_names_is_there(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    names = {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in names if name else any(one.startswith("test_") for one in names)


def test_what_is_ours_to_say_cannot_be_said_by_a_body(crm: Client) -> None:
    crm.run(lambda conn: founding.campaign(conn, crm.company, Mode.AUTOCALL, code="C"))
    before = crm.ask("GET", "/v1/campaigns/C").json
    for field in OURS:
        for verb, path, body in (
            ("PATCH", "/v1/campaigns/C", {field: 1}),
            ("POST", "/v1/campaigns", {"code": "D", "vendor": "vendor", "mode": "autocall", field: 1}),
            ("POST", "/v1/suppressions", {"persons": ["KH1"], "reason": "x", field: 1}),
        ):
            answer = crm.ask(verb, path, json=body)
            assert (answer.status, field in answer.paths) == (422, True), (verb, path, field)
    assert crm.ask("GET", "/v1/campaigns/C").json == before


def test_no_answer_says_what_it_is_made_with(crm: Client) -> None:
    for path in ("/v1/agents", "/v1/nothing", "/openapi.json"):
        answer = crm.ask("GET", path)
        assert answer.headers["Server"] == "dialer"
        assert "aiohttp" not in str(answer.headers)


def test_nothing_is_mounted_that_the_openapi_file_does_not_tell_of(crm: Client) -> None:
    app = web.Application()
    database: Any = None
    Api(database, Settings(), Vault(["k"])).mount(app)
    mounted = {one.canonical for one in app.router.resources()}
    told = set(crm.ask("GET", "/openapi.json").json["paths"])
    assert {path for path in mounted - told - BESIDE if not NOWHERE.fullmatch(path)} == set()
    assert told <= mounted
