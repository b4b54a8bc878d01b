"""`dialer person` and `dialer optout`: what people said, what was agreed, and that it holds at once."""

from pathlib import Path

import pytest

from .conftest import Cli

CONSENT = ("--purpose", "marketing", "--channel", "web", "--proof", "form-77")
REFUSED = {"people": 1, "records": 3, "entries": 2, "underway": []}


def suppressed(cli: Cli, one: str) -> bool:
    told: bool = cli("dnc", "check", one, "--json").json["suppressed"]
    return told


@pytest.mark.parametrize("who", ["KH1", "0912345671", "+84 912 345 671"])
def test_an_opt_out_is_one_step_by_id_or_by_number(cli: Cli, listed: Path, who: str) -> None:
    assert cli("optout", who, "--json").json == REFUSED
    assert suppressed(cli, "KH1")
    assert suppressed(cli, "0912345671")
    assert not suppressed(cli, "KH2")


def test_who_stands_on_no_list_may_opt_out_too(cli: Cli) -> None:
    assert cli("optout", "0912345699", "--json").json == {"people": 0, "records": 0, "entries": 1, "underway": []}
    assert suppressed(cli, "0912345699")


def test_a_slip_of_the_hand_is_not_taken_for_an_id(cli: Cli, listed: Path) -> None:
    assert "--as must say what KH77 is" in cli("optout", "KH77").complaint


def test_a_lift_needs_a_reason_and_gives_another_chance(cli: Cli, listed: Path) -> None:
    cli("optout", "KH1")
    assert "--lift needs a --reason" in cli("optout", "KH1", "--lift").complaint
    told = cli("optout", "KH1", "--lift", "--reason", "called us himself", "--json").json
    assert told == {"ended": 2, "reopened": 0, "still": []}
    assert not suppressed(cli, "KH1")
    said = cli("person", "show", "KH1", "--json").json
    assert {entry["lifted_by"].partition(": ")[2] for entry in said["suppressions"]} == {"called us himself"}


def test_what_is_still_in_the_way_is_told(cli: Cli, listed: Path) -> None:
    cli("dnc", "add", "0912345671", "--reason", "x")
    cli("optout", "KH1", "--purpose", "marketing")
    lifted = cli("optout", "KH1", "--lift", "--reason", "wish")
    assert "2 entries ended" in lifted.out
    assert "still on the do-not-call list: 0912345671" in lifted.err


def test_a_consent_is_recorded_with_its_proof_and_ends_the_refusal_before_it(cli: Cli, listed: Path) -> None:
    cli("person", "refuse", "KH1", "--purpose", "marketing", "--at", "2026-03-01T10:00")
    told = cli("person", "consent", "KH1", *CONSENT, "--at", "2026-03-02T10:00", "--until", "2199-01-01", "--json").json
    assert told == {"records": 1, "ended": 2, "reopened": 0, "still": []}
    refusal, consent = cli("person", "show", "KH1", "--json").json["said"]
    assert (refusal["granted"], refusal["at"]) == (False, "2026-03-01T03:00:00+00:00")
    assert (consent["granted"], consent["channel"], consent["proof"]) == (True, "web", "form-77")
    assert consent["until"] == "2198-12-31T17:00:00+00:00"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("KH1", "--channel", "web", "--proof", "x"), "--purpose is needed"),
        (("KH1", "--purpose", "marketing", "--proof", "x"), "--channel is needed"),
        (("KH1", "--purpose", "marketing", "--channel", "web"), "--proof is needed"),
        (("KH1", *CONSENT, "--at", "2199-01-01"), "--at '2199-01-01' is still to come"),
        (("KH1", *CONSENT, "--at", "soon"), "--at 'soon' must be a time such as"),
        (("KH1", *CONSENT, "--until", "2020-01-01"), "--until must be after --at"),
        (("KH77", *CONSENT), "there is no person KH77"),
        ((), "--import stands for an id or number"),
    ],
)
def test_a_consent_that_lacks_something_is_none(cli: Cli, listed: Path, words: tuple[str, ...], told: str) -> None:
    assert told in cli("person", "consent", *words).complaint
    assert cli("person", "show", "KH1", "--json").json["said"] == []


CONSENTS = """customer id,phone,consent date,consent channel,proof,purpose,answer
KH1,,01/03/2026,web,form-1,,yes
,0912345672,2026-03-01 10:00,zalo,msg-2,marketing,
KH3,,01/03/2026,phone,,service,no
KH1,,01/03/2026,web,,,yes
KH99,,01/03/2026,web,form-9,,yes
"""


def test_consents_and_refusals_come_in_from_a_file(cli: Cli, listed: Path, tmp_path: Path) -> None:
    file = tmp_path / "consents.csv"
    file.write_text(CONSENTS, encoding="utf-8")
    told = cli("person", "consent", "--import", file, "--purpose", "marketing", "--json").json
    assert (told["rows_read"], told["kept"], told["records"], told["entries"]) == (5, 3, 3, 2)
    assert told["rejected"] == {"no-proof": 1, "on-no-list": 1}
    assert "needs its day, its channel and its proof" in Path(told["rejects_file"]).read_text(encoding="utf-8-sig")
    [said] = cli("person", "show", "KH1", "--json").json["said"]
    assert (said["purpose"], said["at"], said["proof"]) == ("marketing", "2026-02-28T17:00:00+00:00", "form-1")
    assert suppressed(cli, "KH3")
    again = cli("person", "consent", "--import", file, "--purpose", "marketing", "--json").json
    assert (again["records"], again["entries"]) == (0, 0)


def test_an_old_refusal_of_a_file_suppresses_nobody_who_consented_after_it(
    cli: Cli, listed: Path, tmp_path: Path
) -> None:
    file = tmp_path / "both.csv"
    rows = ["KH1,2026-03-02 10:00,web,form-1,yes", "KH1,2026-03-01 10:00,web,,no", "KH2,2026-03-03 10:00,web,,no"]
    rows.append("KH2,2026-03-01 10:00,web,form-2,yes")
    file.write_text("\n".join(["id,time,channel,proof,answer", *rows]), encoding="utf-8")
    assert cli("person", "consent", "--import", file, "--purpose", "marketing", "--json").json["records"] == 4
    assert (suppressed(cli, "KH1"), suppressed(cli, "KH2")) == (False, True)


def test_a_consent_for_a_number_of_two_people_is_nobodys(cli: Cli, listed: Path, tmp_path: Path) -> None:
    couple = tmp_path / "couple.csv"
    couple.write_text("Mã KH,SĐT,dpd\nKH8,0912345680,1\nKH9,0912345680,1\n", encoding="utf-8")
    cli("list", "import", "C1", couple)
    file = tmp_path / "consents.csv"
    file.write_text("phone,date,channel,proof\n0912345680,01/03/2026,web,f1\n", encoding="utf-8")
    told = cli("person", "consent", "--import", file, "--purpose", "marketing", "--json").json
    assert told["rejected"] == {"several-people": 1}
    assert "several people have" in cli("person", "consent", "0912345680", *CONSENT).complaint


def test_hours_are_agreed_shown_and_cleared(cli: Cli, listed: Path) -> None:
    agreed = [["mon", "18:00", "20:00"], ["tue", "18:00", "20:00"], ["sat", "09:00", "11:00"]]
    told = cli("person", "hours", "KH1", "--set", "mon-tue 18:00-20:00, sat 9:00-11:00", "--json").json
    assert told == {"id": "KH1", "agreed_hours": agreed}
    assert cli("person", "show", "KH1", "--json").json["agreed_hours"] == agreed
    assert "mon 18:00-20:00, tue 18:00-20:00, sat 09:00-11:00" in cli("person", "hours", "KH1").out
    assert cli("person", "hours", "KH1", "--clear", "--json").json["agreed_hours"] == []
    assert "nothing is agreed" in cli("person", "hours", "KH1").out
    assert "--set 'in the evening' must be" in cli("person", "hours", "KH1", "--set", "in the evening").complaint
    assert "exclude each other" in cli("person", "hours", "KH1", "--set", "", "--clear").complaint


def test_a_person_is_shown_with_all_that_stands_for_and_against_a_call(
    cli: Cli, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("optout", "KH1", "--purpose", "marketing", "--channel", "zalo", "--proof", "msg-1")
    shown = cli("person", "show", "0912345671").out
    assert "KH1 Khách Một" in shown
    assert "0912345671 (borrower)" in shown
    assert "opt-out zalo" in shown
    assert "refused" in shown
    monkeypatch.setenv("DIALER_LANG", "vi")
    assert "từ chối" in cli("person", "show", "KH1").out


@pytest.fixture
def doubtful(cli: Cli, campaign: str, tmp_path: Path) -> Path:
    file = tmp_path / "old.csv"
    file.write_text("Mã KH,SĐT,dpd\nKH1,0383123456,5\nKH2,0912345678,5\n", encoding="utf-8")
    loaded = cli("list", "import", campaign, file, "--numbers-as-of", "2017-05-01", "--json").json
    assert loaded["needs_review"] == 1
    return file


@pytest.mark.parametrize(("word", "left"), [("--ok", True), ("--wrong", False)])
def test_a_doubt_about_a_number_is_ended_for_good(cli: Cli, doubtful: Path, word: str, left: bool) -> None:
    assert cli("person", "review", "0383123456", word, "--json").json == {
        "number": "0383123456",
        "people": 1,
        "reopened": 0,
    }
    again = cli("list", "import", "C1", doubtful, "--numbers-as-of", "2017-05-01", "--json").json
    assert again["needs_review"] == 0
    [number] = cli("person", "show", "KH1", "--json").json["numbers"]
    assert (number["needs_review"], number["removed_at"] is None) == (not left, left)


def test_the_import_of_a_list_tells_of_numbers_in_doubt(cli: Cli, doubtful: Path) -> None:
    said = cli("list", "import", "C1", doubtful, "--numbers-as-of", "2017-05-01").err
    assert "1 numbers may be land lines of before 2018" in said


def test_only_a_number_in_doubt_is_reviewed(cli: Cli, doubtful: Path) -> None:
    assert "there is no number in doubt" in cli("person", "review", "0912345678", "--ok").complaint
    assert "say one of the two" in cli("person", "review", "0383123456").complaint
    assert "is not" in cli("person", "review", "KH1", "--ok").complaint
