"""The lists that ship with the product are what their maker makes, and are read to the last row."""

from collections import Counter
from pathlib import Path

import pytest
import python_calamine

from campaigns.lists import read
from campaigns.words import Role
from dialer.samples import DEBTORS_CSV, DEBTORS_XLSX, DNC_CSV
from dialer.samples.make_samples import write_all


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    write_all(folder)
    return folder


@pytest.mark.parametrize("sample", [DEBTORS_CSV, DNC_CSV])
def test_a_shipped_csv_is_what_its_maker_makes(made: Path, sample: Path) -> None:
    assert (made / sample.name).read_bytes() == sample.read_bytes()


def test_the_shipped_workbook_holds_what_its_maker_makes(made: Path) -> None:
    books = [python_calamine.load_workbook(path) for path in (made / DEBTORS_XLSX.name, DEBTORS_XLSX)]
    first, second = [book.get_sheet_by_index(0).to_python() for book in books]
    assert first == second


def test_the_sample_csv_is_read_to_its_last_row() -> None:
    listfile = read(DEBTORS_CSV)
    assert (listfile.rows_read, listfile.kept, len(listfile.entries), listfile.duplicates) == (296, 278, 272, 4)
    assert Counter(remark.reason.value for remark in listfile.rejects) == {
        "scientific-notation": 2,
        "unassigned-prefix": 2,
        "ragged-row": 2,
        "no-phone": 2,
        "too-short": 1,
        "too-long": 1,
        "not-a-number": 1,
        "several-numbers": 1,
        "service-number": 1,
        "old-area-code": 1,
    }
    assert [note.value for note in listfile.notes] == ["đang cập nhật", "năm triệu", "31/02/2026", "hai tháng"]
    assert sum(phone.needs_review for entry in listfile.entries for phone in entry.phones) == 2


def test_the_sample_workbook_is_read_to_its_last_row() -> None:
    listfile = read(DEBTORS_XLSX)
    assert (listfile.rows_read, listfile.kept, len(listfile.entries), listfile.duplicates) == (62, 59, 58, 1)
    assert {remark.reason.value for remark in listfile.rejects} == {"scientific-notation", "no-phone"}
    assert all(isinstance(entry.debts[0].variables["total_ovd_amount"], int) for entry in listfile.entries)


def test_the_samples_name_different_people_and_different_numbers() -> None:
    both = [*read(DEBTORS_CSV).entries, *read(DEBTORS_XLSX).entries]
    numbers = [phone.e164 for entry in both for phone in entry.phones]
    assert len({entry.key for entry in both}) == len(both)
    assert len(set(numbers)) == len(numbers)


def test_a_demo_shows_suppressed_debtors_of_both_lists() -> None:
    suppressed = {entry.key for entry in read(DNC_CSV).entries}
    assert len(suppressed) == 20
    for sample, all_barred, one_left in ((DEBTORS_CSV, 11, 1), (DEBTORS_XLSX, 3, 0)):
        own = [{p.e164 for p in entry.phones if p.role is Role.BORROWER} for entry in read(sample).entries]
        assert sum(bool(numbers) and numbers <= suppressed for numbers in own) == all_barred
        assert sum(bool(numbers & suppressed) and not numbers <= suppressed for numbers in own) == one_left
