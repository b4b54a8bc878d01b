"""What the OpenAPI file says is true: a fuzzer finds no answer that it does not tell of, a generated client works."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import founding
import pytest
from databases import Desk
from founding import Company
from sqlalchemy import update

from api.conftest import KEY, Client, Door, client_of, open_door
from campaigns.rows import columns_of, table
from campaigns.words import Mode
from dialer.api.problems import KINDS, Problem
from dialer.vault import Vault

SCHEMATHESIS = """
[checks.positive_data_acceptance]
# Rules over several fields stand in no schema: whom an entry names, what an option means in which mode.
expected-statuses = ["2xx", 304, 404, 409, 412, 422]
"""
assert {KINDS[one][0] for one in (Problem.CHANGED, Problem.INVALID)} == {412, 422}


@pytest.fixture
def served(sqlite: Desk) -> Iterator[tuple[Client, Door]]:
    """A server over an embedded database, and a client of a company that has something of everything."""
    with open_door(sqlite, api_requests_a_minute=10_000_000) as door:
        company: Company = door.desk.run(founding.company)

        def found(conn: Any) -> None:
            campaign = founding.campaign(conn, company, Mode.CLICK2CALL, code="C")
            founding.debtors(conn, company, campaign, 2)
            founding.agent(conn, company, campaign, "101")
            sealed = Vault([KEY]).seal({"api_key": "k", "hook_key": "h", "hook_path": "p"})
            account = columns_of(founding.VendorAccount)
            mine = update(table(founding.VendorAccount)).where(account.id == company.account_id)
            conn.execute(mine.values(sealed_credentials=sealed))

        door.desk.run(found)
        yield client_of(door, company), door


def said_in_json(door: Door) -> Any:
    """The file without bodies in XML: the fuzzer writes null and lists there as it likes, `test_xml` as we do."""
    told = door.ask("GET", "/openapi.json").json
    for verbs in told["paths"].values():
        for operation in verbs.values():
            operation.get("requestBody", {"content": {}})["content"].pop("application/xml", None)
    return told


def fuzz(client: Client, door: Door, folder: Path, *options: str) -> None:
    (folder / "schemathesis.toml").write_text(SCHEMATHESIS, encoding="utf-8")
    (folder / "openapi.json").write_text(json.dumps(said_in_json(door)), encoding="utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", "openapi.json"]
    command += ["--url", str(door.server.make_url("/")), "-H", f"Authorization: Bearer {client.token}"]
    command += ["--checks", "all", "--no-color", "--warnings", "off", "--generation-deterministic"]
    # No database holds a NUL, and no schema can say so.
    command += ["--generation-allow-x00", "false", *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_a_fuzzer_finds_no_answer_that_the_openapi_file_does_not_tell_of(served: Any, tmp_path: Path) -> None:
    few = ["--phases", "fuzzing,stateful", "-n", "2", "--no-shrink", "--include-path-regex", "^/v1"]
    fuzz(*served, tmp_path, *few)


@pytest.mark.deep
def test_a_fuzzer_that_takes_its_time_finds_none_either(served: Any, tmp_path: Path) -> None:
    fuzz(*served, tmp_path, "--phases", "examples,coverage,fuzzing,stateful", "-n", "50", "--max-time", "240")


@pytest.fixture
def generated(served: tuple[Client, Door], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The client that openapi-python-client makes of our file, with our client's token."""
    crm, door = served
    (tmp_path / "openapi.json").write_text(door.ask("GET", "/openapi.json").text, encoding="utf-8")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", "openapi.json"]
    done = subprocess.run(
        [*command, "--meta", "none", "--output-path", "made_client"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)
    made = importlib.import_module("made_client")
    with made.AuthenticatedClient(base_url=str(door.server.make_url("")).rstrip("/"), token=crm.token) as client:
        yield client


def call(operation: str, version: str = "v1") -> Any:
    return importlib.import_module(f"made_client.api.{version}.{operation}").sync


def test_a_generated_client_makes_a_campaign_bars_a_number_and_pages(served: Any, generated: Any) -> None:
    crm, _ = served
    models = importlib.import_module("made_client.models")
    new = {"code": "MADE", "vendor": "vendor", "mode": "autocall", "queue_code": "Q9", "template": "T"}
    body = models.NewCampaign.from_dict(new | {"creditor": "Quỹ Mẫu"})
    assert call("post_campaigns")(client=generated, body=body).creditor == "Quỹ Mẫu"
    barred = models.Bar.from_dict({"numbers": ["0912 345 678", "0912345679"], "reason": "asked"})
    assert call("post_suppressions")(client=generated, body=barred).added == 2
    first = call("get_suppressions")(client=generated, limit=1)
    rest = call("get_suppressions")(client=generated, limit=1, cursor=first.next_)
    assert [one.subject for page in (first, rest) for one in page.items] == ["+84912345678", "+84912345679"]
    assert {one.code for one in call("get_campaigns_v2", "v2")(client=generated)} == {"C", "MADE"}
    refused = call("get_campaigns_code")(client=generated, code="NOBODY")
    assert (refused.status, refused.title) == (404, KINDS[Problem.NOT_FOUND][1])
    assert crm.ask("GET", "/v1/campaigns/MADE").json["state"] == "draft"
