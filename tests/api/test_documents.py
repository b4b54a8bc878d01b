"""docs/api.md says what is true: its curl lines work, its tables are whole."""

import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from founding import Company

from api.conftest import SECRET, Client, Door, client_of, new_client
from campaigns.words import Right
from dialer.api.problems import KINDS, Problem
from dialer.api.resources import ROUTES

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
CURLS = [line for line in LINES if line.startswith("curl ")]


def tried(door: Door, line: str, words: dict[str, str]) -> Any:
    """Ask what a curl line asks."""
    for name, value in words.items():
        line = line.replace(f"${name}", value)
    verb, headers, data, url = None, {}, None, ""
    told = iter(shlex.split(line)[1:])
    for word in told:
        match word:
            case "-s":
                pass
            case "-X":
                verb = next(told)
            case "-H":
                name, _, value = next(told).partition(": ")
                headers[name] = value
            case "-d":
                data = next(told).encode()
                headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
            case "-u":
                from aiohttp import encode_basic_auth

                headers["Authorization"] = encode_basic_auth(*next(told).split(":"))
            case _:
                url = word
    return door.ask(verb or ("POST" if data else "GET"), url, data=data, headers=headers)


def test_the_page_s_requests_do_what_it_says_in_their_order(door: Door, company: Company) -> None:
    client_id = door.desk.run(new_client, company, "crm", (Right.ADMIN,))
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()  # noqa: TID251
    words = {"AT": "", "ID": client_id, "SECRET": SECRET, "TOKEN": "", "LATER": later, "ORDER": ""}
    assert len(CURLS) == 19
    for line in CURLS:
        answer = tried(door, line, words)
        assert answer.status in (200, 201, 202), f"{line}: {answer.text}"
        if "access_token" in answer.text:
            words["TOKEN"] = answer.json["access_token"]
        if answer.headers.get("Location", "").startswith("/v1/calls/"):
            # The first: it waits, at whatever hour this runs.
            words["ORDER"] = words["ORDER"] or answer.json["id"]
    client: Client = client_of(door, company, name="other")
    campaign = client.ask("GET", "/v1/campaigns/NHAC-NO").json
    assert (campaign["state"], campaign["recall_delay"], campaign["concurrent_call"]) == ("running", 1800, 8)
    assert client.ask("GET", f"/v1/calls/{words['ORDER']}").json["state"] == "cancelled"
    assert client.ask("GET", "/v1/campaigns/CRM-VENDOR-DEBT_REMINDER").json["agents"] == {"101": None}
    [entry] = client.ask("GET", "/v1/suppressions").json["items"]
    assert entry["subject"] == "+84912345678"


def test_the_page_lists_every_problem_with_its_status() -> None:
    rows = re.findall(r"\| `([\w-]+)` \| (\d+) \|", PAGE)
    assert {(word, int(status)) for word, status in rows} == {(kind.value, KINDS[kind][0]) for kind in Problem}


@pytest.mark.parametrize("right", Right)
def test_the_page_tells_of_each_scope_whether_it_opens_anything(right: Right) -> None:
    opens = right is Right.ADMIN or any(right in route.rights for route in ROUTES)
    assert f"`{right}`" in PAGE
    assert (f"| `{right}` |" in PAGE) is opens
