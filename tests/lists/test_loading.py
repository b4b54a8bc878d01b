"""Lists go into a real database: all of a file or nothing, again without change, corrected with the least change."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, func, select

from campaigns import dnc, lists, people
from campaigns.lists import Fault, ListCounts, ListFile
from campaigns.models import Campaign, Consent, Customer, Debt, ListImport, Number, Person, Run
from campaigns.rows import table
from campaigns.words import Purpose, Reason, Role, Status, Subject
from lists.conftest import MONDAY, ReadRows, add_campaign

HEADER = ["Mã KH", "Họ tên", "SĐT", "Số HĐ", "Số tiền quá hạn"]
AN = ["KH1", "An", "0912345678", "HD1", "1000000"]
BO = ["KH2", "Bo", "0987654321", "HD2", "2000000"]
TUESDAY = MONDAY + timedelta(days=1)

LoadRows = Callable[..., ListCounts]


@pytest.fixture
def load_rows(engine: Engine, campaign: Campaign, read_rows: ReadRows) -> LoadRows:
    """Read rows below the usual header and load them; `said` goes to `lists.load`."""

    def loading(*rows: Sequence[str], now: datetime = MONDAY, into: Campaign = campaign, **said: Any) -> ListCounts:
        listfile = read_rows([HEADER, *rows])
        with engine.begin() as conn:
            return load(conn, listfile, into, now, **said)

    return loading


def load(conn: Connection, listfile: ListFile, into: Campaign, now: datetime = MONDAY, **said: Any) -> ListCounts:
    return lists.load(conn, now, into, listfile, "test", said.pop("file_name", "list.csv"), **said)


def rows_of(engine: Engine, model: Any) -> list[Any]:
    with engine.connect() as conn:
        return list(conn.execute(select(table(model)).order_by(*table(model).primary_key)))


def customer(engine: Engine, code: str) -> Any:
    return next(row for row in rows_of(engine, Customer) if row.code == code)


def phones(engine: Engine, removed: bool = False) -> list[str]:
    rows = sorted(rows_of(engine, Number), key=lambda row: (row.person_id, row.position))
    return [row.phone for row in rows if (row.removed_at is not None) == removed]


def test_a_list_makes_persons_numbers_customers_and_debts(engine: Engine, load_rows: LoadRows) -> None:
    counts = load_rows([*AN[:2], "0912345678 / 0383123456 (mẹ)", *AN[3:]], ["KH1", "", "0912345678", "HD9", "5"], BO)
    assert (counts.rows_read, counts.kept, counts.updated, counts.unchanged) == (3, 3, 0, 0)
    assert [(p.key_kind, p.key, p.name) for p in rows_of(engine, Person)] == [
        (Subject.PERSON, "KH1", "An"),
        (Subject.PERSON, "KH2", "Bo"),
    ]
    assert [(n.phone, n.role, n.position, n.note, n.vintage) for n in rows_of(engine, Number)] == [
        ("+84383123456", Role.REFERENCE, 1, "mẹ", date(2026, 7, 6)),
        ("+84912345678", Role.BORROWER, 0, "", date(2026, 7, 6)),
        ("+84987654321", Role.BORROWER, 0, "", date(2026, 7, 6)),
    ]
    assert [(c.code, c.name, c.status, c.due_at) for c in rows_of(engine, Customer)] == [
        ("KH1", "An", Status.NEW, MONDAY),
        ("KH2", "Bo", Status.NEW, MONDAY),
    ]
    assert [(d.customer_id, d.contract_number, d.variables["total_ovd_amount"]) for d in rows_of(engine, Debt)] == [
        (1, "HD1", 1_000_000),
        (1, "HD9", 5),
        (2, "HD2", 2_000_000),
    ]


def test_an_import_is_recorded_with_its_counts(engine: Engine, load_rows: LoadRows) -> None:
    counts = load_rows(AN, AN, ["KH3", "", "9.12E+08", "", ""], file_name="t7.csv")
    (row,) = rows_of(engine, ListImport)
    assert (row.file_name, row.imported_by, row.imported_at, row.run_id) == ("t7.csv", "test", MONDAY, 1)
    assert (row.headers, len(row.sha256)) == (HEADER, 64)
    assert row.counts == counts.as_json()
    assert counts.as_json() == {
        "rows_read": 3,
        "kept": 1,
        "rejected": {"scientific-notation": 1},
        "duplicates": 1,
        "on_dnc": 0,
        "updated": 0,
        "unchanged": 0,
        "needs_review": 0,
    }


def test_the_same_file_again_writes_nothing_but_its_import(engine: Engine, load_rows: LoadRows) -> None:
    load_rows(AN, BO)
    before = [rows_of(engine, model) for model in (Person, Number, Customer, Debt, Run)]
    written: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("SELECT", "PRAGMA")):
            written.append(" ".join(statement.split()[:3]))

    counts = load_rows(AN, BO, now=MONDAY + timedelta(hours=5))
    assert (counts.kept, counts.updated, counts.unchanged) == (2, 0, 2)
    assert written == ["INSERT INTO list_import", "UPDATE list_import SET"]
    assert [rows_of(engine, model) for model in (Person, Number, Customer, Debt, Run)] == before


def test_the_same_file_on_a_later_day_opens_no_run(engine: Engine, load_rows: LoadRows) -> None:
    load_rows(AN)
    counts = load_rows(AN, now=TUESDAY + timedelta(days=30))
    assert (counts.unchanged, len(rows_of(engine, Run))) == (1, 1)
    assert rows_of(engine, Number)[0].vintage == date(2026, 7, 6)


def test_a_corrected_file_updates_what_differs(engine: Engine, load_rows: LoadRows) -> None:
    load_rows(AN, BO)
    counts = load_rows(["KH1", "Trần An", "0912345678", "HD1", "7"], BO, now=MONDAY + timedelta(hours=1))
    assert (counts.updated, counts.unchanged) == (1, 1)
    assert [debt.variables["total_ovd_amount"] for debt in rows_of(engine, Debt)] == [7, 2_000_000]
    assert [debt.list_import_id for debt in rows_of(engine, Debt)] == [2, 1]
    assert (customer(engine, "KH1").name, rows_of(engine, Person)[0].name) == ("Trần An", "Trần An")


def test_a_row_that_only_moved_within_its_file_is_unchanged(load_rows: LoadRows) -> None:
    load_rows(AN, BO)
    counts = load_rows(BO, AN)
    assert (counts.updated, counts.unchanged) == (0, 2)


def test_a_corrected_file_leaves_customers_alone_whom_it_does_not_name(engine: Engine, load_rows: LoadRows) -> None:
    load_rows(AN, BO)
    load_rows([*AN[:4], "5"])
    assert customer(engine, "KH2").status is Status.NEW
    assert len(rows_of(engine, Debt)) == 2


def test_a_number_that_a_corrected_file_no_longer_names_is_removed_and_can_come_back(
    engine: Engine, load_rows: LoadRows
) -> None:
    both = [*AN[:2], "0912345678 / 0900000001", *AN[3:]]
    load_rows(both)
    counts = load_rows([*AN[:2], "0900000001", *AN[3:]])
    assert counts.updated == 1
    assert (phones(engine), phones(engine, removed=True)) == (["+84900000001"], ["+84912345678"])
    load_rows(both, [*BO])
    assert (phones(engine)[:2], phones(engine, removed=True)) == (["+84912345678", "+84900000001"], [])


def test_a_corrected_note_changes_whose_a_number_is(engine: Engine, load_rows: LoadRows) -> None:
    load_rows(AN)
    assert load_rows([*AN[:2], "0912345678 (mẹ)", *AN[3:]]).updated == 1
    assert [(n.role, n.note) for n in rows_of(engine, Number)] == [(Role.REFERENCE, "mẹ")]


def test_a_corrected_contract_number_replaces_that_of_the_file_of_the_same_name(
    engine: Engine, load_rows: LoadRows
) -> None:
    load_rows(AN)
    load_rows([*AN[:3], "HD1-B", "1000000"])
    assert [(d.contract_number, d.removed_at) for d in rows_of(engine, Debt)] == [("HD1", MONDAY), ("HD1-B", None)]
    load_rows(AN, BO)
    assert [(d.contract_number, d.removed_at is None) for d in rows_of(engine, Debt)][:2] == [
        ("HD1", True),
        ("HD1-B", False),
    ]


def test_a_second_file_of_the_day_adds_its_contracts_to_the_firsts(engine: Engine, load_rows: LoadRows) -> None:
    load_rows(AN, file_name="cards.csv")
    counts = load_rows([*AN[:3], "LOAN-7", "3000000"], file_name="loans.csv")
    assert counts.updated == 1
    assert [(d.contract_number, d.removed_at) for d in rows_of(engine, Debt)] == [("HD1", None), ("LOAN-7", None)]


def test_the_next_days_list_opens_a_run_and_takes_its_customers_along(engine: Engine, load_rows: LoadRows) -> None:
    load_rows(AN, BO)
    counts = load_rows([*AN[:4], "5"], ["KH3", "Cu", "0900000001", "HD3", "1"], now=TUESDAY)
    assert (counts.kept, counts.updated) == (2, 1)
    assert [(run.ordinal, run.opened_at) for run in rows_of(engine, Run)] == [(1, MONDAY), (2, TUESDAY)]
    assert [(c.code, c.run_id) for c in rows_of(engine, Customer)] == [("KH1", 2), ("KH2", 1), ("KH3", 2)]


def test_a_contract_that_the_next_days_list_no_longer_names_is_settled(engine: Engine, load_rows: LoadRows) -> None:
    load_rows(AN, [*AN[:3], "HD1-B", "9"], file_name="monday.csv")
    load_rows(AN, now=TUESDAY, file_name="tuesday.csv")
    assert [(d.contract_number, d.removed_at) for d in rows_of(engine, Debt)] == [("HD1", None), ("HD1-B", TUESDAY)]


def test_a_second_list_of_the_new_day_takes_its_customers_along_too(engine: Engine, load_rows: LoadRows) -> None:
    load_rows(AN, BO)
    load_rows([*AN[:4], "5"], now=TUESDAY)
    load_rows([*BO[:4], "6"], now=TUESDAY + timedelta(hours=1))
    assert [(c.code, c.run_id) for c in rows_of(engine, Customer)] == [("KH1", 2), ("KH2", 2)]


def test_a_day_is_the_tenants_own(engine: Engine, load_rows: LoadRows) -> None:
    evening = datetime(2026, 7, 6, 16, 30, tzinfo=UTC)
    load_rows(AN, now=evening)
    load_rows(BO, now=evening + timedelta(minutes=29))
    assert len(rows_of(engine, Run)) == 1
    load_rows(AN, BO, now=evening + timedelta(minutes=30))
    assert len(rows_of(engine, Run)) == 2


def test_a_run_can_be_asked_for_and_declined(engine: Engine, load_rows: LoadRows) -> None:
    load_rows(AN)
    load_rows(AN, BO, now=TUESDAY, new_run=False)
    assert [(c.code, c.run_id) for c in rows_of(engine, Customer)] == [("KH1", 1), ("KH2", 1)]
    load_rows(AN, now=TUESDAY, new_run=True)
    assert [(c.code, c.run_id) for c in rows_of(engine, Customer)] == [("KH1", 2), ("KH2", 1)]


def test_customers_without_an_id_are_known_by_their_number(engine: Engine, load_rows: LoadRows) -> None:
    load_rows(["", *AN[1:]])
    counts = load_rows(["", "An", "+84 912 345 678", "HD1", "1000000"])
    assert (counts.updated, [c.code for c in rows_of(engine, Customer)]) == (1, ["+84912345678"])
    assert rows_of(engine, Person)[0].key_kind is Subject.NUMBER


def test_a_person_on_two_campaigns_is_one_person_and_keeps_the_numbers_of_both(
    engine: Engine, load_rows: LoadRows
) -> None:
    load_rows(AN)
    counts = load_rows([*AN[:2], "0900000001", *AN[3:]], into=add_campaign(engine, "C2"))
    assert (counts.updated, counts.unchanged) == (0, 0)
    assert len(rows_of(engine, Person)) == 1
    assert sorted(phones(engine)) == ["+84900000001", "+84912345678"]
    assert [(c.campaign_id, c.person_id) for c in rows_of(engine, Customer)] == [(1, 1), (2, 1)]


def test_a_customer_without_a_usable_number_is_reconsidered_when_a_list_brings_one(
    engine: Engine, load_rows: LoadRows
) -> None:
    load_rows([*AN[:2], "0912345678 (mẹ)", *AN[3:]])
    with engine.begin() as conn:
        conn.execute(
            table(Customer).update().values(status=Status.FAIL, reason=Reason.NO_LIABLE_NUMBER, finished_at=MONDAY)
        )
    load_rows([*AN[:2], "0912345678 (mẹ) / 0900000001", *AN[3:]])
    assert customer(engine, "KH1").status is Status.NEW


def test_suppressed_customers_are_counted_by_id_or_by_all_their_numbers(
    engine: Engine, campaign: Campaign, load_rows: LoadRows
) -> None:
    entries = [
        dnc.Entry(Subject.PERSON, "KH1"),
        dnc.Entry(Subject.NUMBER, "+84987654321"),
        dnc.Entry(Subject.NUMBER, "+84900000001"),
        dnc.Entry(Subject.NUMBER, "+84900000009", campaign_id=campaign.id),
    ]
    with engine.begin() as conn:
        dnc.suppress(conn, MONDAY, 1, entries, "test")
    counts = load_rows(
        AN,
        [*BO[:2], "0987654321 / 0900000005 (mẹ)", *BO[3:]],
        ["KH3", "one left", "0900000001 / 0900000002", "HD3", "1"],
        ["KH4", "none to dial", "0900000003 (mẹ)", "HD4", "1"],
        ["KH5", "by campaign", "0900000009", "HD5", "1"],
    )
    assert counts.on_dnc == 3
    assert {row.status for row in rows_of(engine, Customer)} == {Status.NEW}


def test_numbers_of_an_old_list_are_marked_for_review(engine: Engine, load_rows: LoadRows) -> None:
    counts = load_rows([*AN[:2], "0383123456 / 0912345678", *AN[3:]], numbers_as_of=date(2018, 1, 1))
    assert counts.needs_review == 1
    assert [(n.phone, n.needs_review, n.vintage) for n in rows_of(engine, Number)] == [
        ("+84383123456", True, date(2018, 1, 1)),
        ("+84912345678", False, date(2018, 1, 1)),
    ]


def test_a_review_ends_when_the_bearer_says_that_the_numbers_are_new(engine: Engine, load_rows: LoadRows) -> None:
    row = [*AN[:2], "0383123456", *AN[3:]]
    load_rows(row, numbers_as_of=date(2018, 1, 1))
    assert load_rows(row).unchanged == 1
    assert load_rows(row, numbers_as_of=date(2026, 1, 1)).updated == 1
    assert [n.needs_review for n in rows_of(engine, Number)] == [False]


def test_what_breaks_in_the_middle_leaves_nothing_behind(
    engine: Engine, campaign: Campaign, read_rows: ReadRows
) -> None:
    class Broken(Exception):
        pass

    @event.listens_for(engine, "before_cursor_execute")
    def stumble(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO debt"):
            raise Broken

    with pytest.raises(Broken), engine.begin() as conn:
        load(conn, read_rows([HEADER, AN, BO]), campaign)
    with engine.connect() as conn:
        counts = [conn.scalar(select(func.count()).select_from(table(m))) for m in (Person, Number, Customer, Run)]
    assert counts == [0, 0, 0, 0]


def test_a_list_larger_than_a_slice_is_loaded_whole(engine: Engine, load_rows: LoadRows) -> None:
    rows = [[f"KH{n}", "", f"09{n:08d}", f"HD{n}", str(n)] for n in range(6001)]
    assert load_rows(*rows).kept == 6001
    assert load_rows(*rows).unchanged == 6001
    assert len(rows_of(engine, Debt)) == 6001


def test_the_shipped_samples_can_be_loaded_twice(engine: Engine, campaign: Campaign) -> None:
    from dialer.samples import DEBTORS_CSV, DEBTORS_XLSX

    for sample in (DEBTORS_CSV, DEBTORS_XLSX, DEBTORS_CSV, DEBTORS_XLSX):
        listfile = lists.read(Path(sample))
        with engine.begin() as conn:
            counts = load(conn, listfile, campaign, file_name=sample.name)
        assert counts.rows_read == counts.kept + sum(counts.rejected.values()) + counts.duplicates
    assert counts.unchanged == counts.kept == 59
    assert len(rows_of(engine, Customer)) == 330


@pytest.mark.parametrize("right", [True, False])
def test_what_somebody_judged_of_a_doubtful_number_outlives_the_list(
    engine: Engine, load_rows: LoadRows, right: bool
) -> None:
    old = date(2018, 1, 1)
    row = [*AN[:2], "0383123456 / 0912345678", *AN[3:]]
    load_rows(row, numbers_as_of=old)
    with engine.begin() as conn:
        [doubted] = people.doubtful(conn, 1, "+84383123456")
        people.review(conn, MONDAY, 1, [doubted.id], right)
    counts = load_rows(row, numbers_as_of=old)
    assert (counts.needs_review, counts.unchanged) == (0, 1)
    judged = rows_of(engine, Number)[0]
    assert (judged.needs_review, judged.removed_at is None) == (not right, right)


def test_a_doubt_is_told_again_at_every_import_until_somebody_judges_it(engine: Engine, load_rows: LoadRows) -> None:
    row = [*AN[:2], "0383123456", *AN[3:]]
    load_rows(row, numbers_as_of=date(2018, 1, 1))
    assert load_rows(row).needs_review == 1


CONSENTING = ["Mã KH", "SĐT", "Ngày đồng ý", "Kênh đồng ý", "Bằng chứng đồng ý"]


def load_consents(
    engine: Engine, read_rows: ReadRows, purpose: Purpose, *rows: Sequence[str]
) -> tuple[ListCounts, ListFile]:
    listfile = read_rows([CONSENTING, *rows])
    with engine.begin() as conn:
        conn.execute(table(Campaign).update().values(purpose=purpose))
        into = conn.execute(select(table(Campaign))).one()
        return load(conn, listfile, into), listfile


def test_a_marketing_list_brings_its_consents(engine: Engine, campaign: Campaign, read_rows: ReadRows) -> None:
    row = ["KH1", "0912345678", "01/06/2026", "web", "form 7"]
    load_consents(engine, read_rows, Purpose.MARKETING, row)
    [said] = rows_of(engine, Consent)
    assert (said.purpose, said.granted, said.channel, said.proof) == (Purpose.MARKETING, True, "web", "form 7")
    assert said.at == datetime(2026, 5, 31, 17, tzinfo=UTC)
    counts, _ = load_consents(engine, read_rows, Purpose.MARKETING, row)
    assert (counts.unchanged, len(rows_of(engine, Consent))) == (1, 1)
    counts, _ = load_consents(engine, read_rows, Purpose.MARKETING, [*row[:2], "02/06/2026", *row[3:]])
    assert (counts.updated, len(rows_of(engine, Consent))) == (1, 2)


def test_a_consent_without_day_channel_or_proof_is_none_and_told(
    engine: Engine, campaign: Campaign, read_rows: ReadRows
) -> None:
    rows = [
        ["KH1", "0912345671", "01/06/2026", "web", ""],
        ["KH2", "0912345672", "", "web", "form 7"],
        ["KH3", "0912345673", "soon", "web", "form 7"],
        ["KH4", "0912345674", "01/06/2026", "", "form 7"],
        ["KH5", "0912345675", "", "", ""],
    ]
    counts, listfile = load_consents(engine, read_rows, Purpose.MARKETING, *rows)
    assert counts.kept == len(rows)
    assert rows_of(engine, Consent) == []
    assert [(note.row, note.reason) for note in listfile.notes] == [(row, Fault.NO_PROOF) for row in (2, 3, 4, 5)]


def test_what_was_agreed_for_advertising_says_nothing_of_a_debt(
    engine: Engine, campaign: Campaign, read_rows: ReadRows
) -> None:
    load_consents(engine, read_rows, Purpose.DEBT_REMINDER, ["KH1", "0912345678", "01/06/2026", "web", "form 7"])
    assert rows_of(engine, Consent) == []
