"""`dialer audit`: the chain is verified, calls are judged again, and what is exported can be checked by anybody."""

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import anyio
import pytest

from commands.conftest import Cli
from dialer.commands.session import read_settings
from dialer.database import Database, open_database
from dialer.sealing import SealingLoop
from dialer.vault import open_vault

CALLED = """INSERT INTO call (tenant_id, vendor_account_id, campaign_id, customer_id, person_id, run_id, origin, mode,
    purpose, contracts, phone, role, reference, attempt, rulebook, rulebook_version, state, outcome, charged,
    call_id_confirmed, recorded, checks, intended_at, ended_at, settled_at)
    SELECT tenant_id, 1, campaign_id, id, person_id, run_id, 'campaign', 'autocall', 'debt_reminder', '[]',
    '+84912345671', 'borrower', 'r' || ?, 1, 'vn-debt', 'v', 'settled', 'no-answered', 1, 0, 1, 0, ?, ?, ?
    FROM customer ORDER BY id LIMIT 1"""
LEARNED = """INSERT INTO fact (tenant_id, call_id, kind, verdict, before, after, detail, at, recorded_at)
    VALUES (1, ?, 'record', 'moved', 'intended', 'settled', '{"disposition": "no-answered"}', ?, ?)"""
BOOK = """name = "vn-debt"
version = "v"
purposes = ["debt_reminder"]
[hours]
every = [{ opens = "07:00", closes = "21:00" }]
"""


def ledger(tmp_path: Path, *statements: tuple[str, Any]) -> None:
    """Written into the ledger round the program."""
    with sqlite3.connect(tmp_path / "data" / "dialer.db") as conn:
        for statement, values in statements:
            conn.execute(statement, values)
    conn.close()


def seal() -> None:
    settings = read_settings()

    async def work() -> None:
        database: Database = open_database(settings.url)
        loop = SealingLoop(database, open_vault(settings))
        while await loop.step(None):  # type: ignore[arg-type]
            pass
        await database.close()

    anyio.run(work)


LISTED = (
    """INSERT INTO run (id, tenant_id, campaign_id, ordinal, cause, opened_at) VALUES (1, 1, 1, 1, 'x', :at)""",
    """INSERT INTO person (id, tenant_id, key_kind, key, name, agreed_hours, created_at)
    VALUES (1, 1, 'person', 'KH1', 'Khách Một', '[]', :at)""",
    """INSERT INTO number (tenant_id, person_id, phone, role, position, needs_review, note)
    VALUES (1, 1, '+84912345671', 'borrower', 0, 0, 'mẹ')""",
    """INSERT INTO customer (id, tenant_id, campaign_id, person_id, run_id, code, name, status, priority, due_at,
    attempts, attempts_in_all, declines, updated_at)
    VALUES (1, 1, 1, 1, 1, 'KH1', 'Khách Một', 'queue', 0, :at, 0, 0, 0, :at)""",
)


@pytest.fixture
def called(campaign: str, tmp_path: Path) -> Path:
    """One call at nine and one at half past eleven at night, under a rulebook that was kept."""
    kept = "INSERT INTO rulebook_text (tenant_id, name, version, digest, text, own, actor, added_at)"
    book = (f"{kept} VALUES (1, 'vn-debt', 'v', 'd', ?, 0, '', '2026-11-01 00:00:00.000000')", (BOOK,))
    nine, late = "2026-11-20 02:00:00.000000", "2026-11-20 16:30:00.000000"
    rows = [(statement, {"at": "2026-11-01 00:00:00.000000"}) for statement in LISTED]
    calls = [(CALLED, (place, at, at, at)) for place, at in ((1, nine), (2, late))]
    facts = [(LEARNED, (place, at, at)) for place, at in ((1, nine), (2, late))]
    ledger(tmp_path, *rows, book, *calls, *facts)
    return tmp_path


PERIOD = ("--from", "2026-11-20", "--to", "2026-11-20")


def test_before_anything_is_sealed_nothing_is_wrong(cli: Cli, campaign: str) -> None:
    assert cli("audit", "verify", "--json").json["sound"] is True


def test_a_sealed_ledger_is_sound_until_somebody_goes_round_the_program(cli: Cli, called: Path) -> None:
    seal()
    sound = cli("audit", "verify", "--json").json
    assert sound["sound"] is True
    assert sound["rows"] >= 3
    ledger(called, ("UPDATE call SET phone = '+84912345679' WHERE id = 2", ()))
    broken = cli("audit", "verify")
    assert broken.code == 1
    assert "call" in broken.out
    assert "changed" in broken.out
    told = json.loads(cli("audit", "verify", "--json").out)
    assert [(one["kind"], one["id"], one["fault"]) for one in told["findings"]] == [("call", 2, "changed")]


def test_an_outcome_that_was_changed_in_the_call_contradicts_its_facts(cli: Cli, called: Path) -> None:
    ledger(called, ("UPDATE call SET outcome = 'answered' WHERE id = 2", ()))
    verified = cli("audit", "verify", "--json")
    assert verified.code == 1
    told = json.loads(verified.out)
    assert [(one["kind"], one["id"], one["fault"]) for one in told["findings"]] == [("call", 2, "contradicted")]
    assert told["calls"] == 2


def test_a_day_that_is_none_is_refused_in_one_line(cli: Cli, called: Path) -> None:
    assert "--from" in cli("audit", "replay", "--from", "soon", "--to", "2026-11-20").complaint


def test_every_call_is_judged_again_and_a_violation_is_an_exit_code(cli: Cli, called: Path) -> None:
    told = cli("audit", "replay", *PERIOD)
    assert told.code == 1
    assert "23:30" in told.out
    counts = json.loads(cli("audit", "replay", *PERIOD, "--json").out)["counts"]
    assert counts == {"calls": 2, "lawful": 1, "violation": 1, "unjudgeable": 0}
    assert cli("audit", "replay", "--from", "2026-11-21", "--to", "2026-11-22").code == 0


def test_what_is_exported_is_masked_signed_and_checked_by_anybody_with_the_public_key(cli: Cli, called: Path) -> None:
    out = called / "november"
    assert cli("audit", "replay", *PERIOD, "--campaign", "C1", "--out", out).code == 1
    rows = list(csv.DictReader((out / "replay.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["verdict"] for row in rows] == ["lawful", "violation"]
    assert "0912345671" not in (out / "replay.csv").read_text() + (out / "replay.html").read_text()
    # Both calls stand on the page, in the line of their day and rulebook.
    line = "".join(f"<td>{cell}</td>" for cell in ("2026-11-20", "vn-debt v", 2, 1, 1, 0))
    assert line in (out / "replay.html").read_text()
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["counts"]["calls"] == 2
    (called / "public.pem").write_text(cli("audit", "key").out)
    assert cli("audit", "check", out).out == "genuine\n"
    assert cli("audit", "check", out, "--key", called / "public.pem", "--json").json["genuine"] is True


@pytest.mark.parametrize("name", ["replay.csv", "replay.html", "manifest.json"])
def test_an_export_that_was_touched_is_not_genuine(cli: Cli, called: Path, name: str) -> None:
    out = called / "november"
    cli("audit", "replay", *PERIOD, "--out", out)
    (out / name).write_text((out / name).read_text() + " ")
    told = cli("audit", "check", out)
    assert told.code == 1
    assert ("manifest.sig" if name == "manifest.json" else name) in told.out


def test_what_was_typed_is_kept_with_what_it_changed(cli: Cli, campaign: str) -> None:
    cli("campaign", "set", campaign, "--weight", "4")
    cli("dnc", "add", "0912345678", "--reason", "Bà An")
    cli("campaign", "list")
    barred, changed = cli("audit", "log", "--limit", 2, "--json").json["acts"]
    assert (changed["route"], changed["object"], changed["asked"]["weight"]) == ("campaign set", "campaign/C1", "4")
    assert (barred["route"], barred["client"], barred["asked"]["reason"]) == ("dnc add", "command line", "***")
    assert "0912345678" not in str(barred)
    assert "campaign set" in cli("audit", "log", "--object", "campaign/C1").out
    assert cli("audit", "log", "--object", "campaign/NONE", "--json").json == {"acts": []}
