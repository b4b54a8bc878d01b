"""`dialer number show`: one page that answers a complaint."""

from pathlib import Path

import pytest

from commands.conftest import Cli
from commands.test_audit import called, ledger

__all__ = ["called"]


@pytest.mark.parametrize("spelled", ["0912345671", "+84 912 345 671", "0084-912.345.671"])
def test_a_number_s_calls_are_counted_by_day_however_it_is_spelled(cli: Cli, called: Path, spelled: str) -> None:
    told = cli("number", "show", spelled)
    assert told.code == 0, told.err
    assert "2 calls on 2026-11-20: 2 by C1" in told.out


def test_inbound_and_hand_dialled_calls_and_those_that_never_rang_are_told_apart(cli: Cli, called: Path) -> None:
    ledger(
        called,
        ("UPDATE call SET origin = 'hand', campaign_id = NULL, extension = '101' WHERE id = 1", ()),
        ("UPDATE call SET state = 'released' WHERE id = 2", ()),
    )
    told = cli("number", "show", "0912345671", "--json").json
    assert told["days"] == [{"day": "2026-11-20", "calls": 1, "by": {"hand": 1}}]
    assert [(call["rang"], call["agent"]) for call in told["calls"]] == [(True, "101"), (False, None)]


def test_a_number_of_several_people_names_them_all_and_their_do_not_call_entries(cli: Cli, called: Path) -> None:
    at = {"at": "2026-11-01 00:00:00.000000"}
    ledger(
        called,
        (
            """INSERT INTO person (id, tenant_id, key_kind, key, name, agreed_hours, created_at)
            VALUES (2, 1, 'person', 'KH2', 'Mẹ', '[]', :at)""",
            at,
        ),
        (
            """INSERT INTO number (tenant_id, person_id, phone, role, position, needs_review, note)
            VALUES (1, 2, '+84912345671', 'reference', 0, 0, '')""",
            at,
        ),
    )
    assert cli("dnc", "add", "KH2", "--as", "id", "--reason", "khiếu nại").code == 0
    told = cli("number", "show", "0912345671", "--json").json
    assert [(one["person"], one["role"]) for one in told["owners"]] == [("KH1", "borrower"), ("KH2", "reference")]
    assert [(one["subject"], one["reason"]) for one in told["entries"]] == [("KH2", "khiếu nại")]


def test_the_row_of_the_list_and_who_imported_it_are_named(cli: Cli, called: Path) -> None:
    at = {"at": "2026-11-01 00:00:00.000000"}
    ledger(
        called,
        (
            """INSERT INTO list_import (id, tenant_id, campaign_id, run_id, file_name, sha256, headers, counts,
            imported_by, imported_at) VALUES (1, 1, 1, 1, 'no-xau.csv', 'x', '[]', '{}', 'lan', :at)""",
            at,
        ),
        (
            """INSERT INTO debt (tenant_id, customer_id, contract_number, variables, uploaded, row_number,
            list_import_id) VALUES (1, 1, 'HD1', '{}', '[]', 7, 1)""",
            at,
        ),
    )
    (row,) = cli("number", "show", "0912345671", "--json").json["lists"]
    assert (row["file_name"], row["row_number"], row["imported_by"], row["contract"]) == ("no-xau.csv", 7, "lan", "HD1")


def test_the_page_is_in_the_reader_s_language_and_escapes_what_lists_say(
    cli: Cli, called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIALER_LANG", "vi")
    ledger(called, ("UPDATE person SET name = '<script>x</script>'", ()))
    assert cli("number", "show", "0912345671", "--html", "page.html").code == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert "2 cuộc gọi ngày 2026-11-20: 2 bởi C1" in page
    assert "<script>" not in page


def test_what_is_no_number_is_refused_and_a_number_nobody_called_is_said_to_be_one(cli: Cli, campaign: str) -> None:
    assert "number" in cli("number", "show", "abc").complaint
    assert "never called" in cli("number", "show", "0987654321").out
