"""Any list, written in any of the ways in which lists are written, gives the same customers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from campaigns import lists
from campaigns.lists import Entry, ListFile, read
from campaigns.models import Campaign, Customer, Debt, Number, Person
from campaigns.rows import table
from campaigns.words import Role
from lists.conftest import MONDAY, add_campaign, make_engine
from lists.files import write_csv, write_xlsx

HEADER = ["Mã KH", "Họ tên", "SĐT", "SĐT người thân", "Số HĐ", "Số tiền quá hạn", "Ngày đến hạn", "Ghi chú"]
LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyAĂĐÔƯàảãáạằếệọởữỹ"
WORDS = st.text(LETTERS, min_size=1, max_size=6)
NAMES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
ANYTHING = st.text(LETTERS + " ,;|\t\"'\n0123456789=+-", max_size=30)
MOBILES = st.from_regex(r"(3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-46-9])[0-9]{7}", fullmatch=True)
NOTATIONS = ("0{}", "+84{}", "84{}", "0084{}", "{}", "(+84) {}", "'0{}")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258")


@dataclass(frozen=True)
class Row:
    """What one row means, and what its cells say."""

    key: str
    name: str
    own: tuple[str, ...]
    reference: str
    contract: str
    amount: int
    due: date
    note: str
    notation: str

    def cells(self) -> list[str]:
        own = " / ".join(self.notation.format(number) for number in self.own)
        amount = f"{self.amount:,}".replace(",", ".")
        reference = self.notation.format(self.reference) if self.reference else ""
        return [self.key, self.name, own, reference, self.contract, amount, f"{self.due:%d/%m/%Y}", self.note]

    def typed_cells(self) -> list[Any]:
        """As a workbook holds them: a lone number is a number, without its zero."""
        cells: list[Any] = self.cells()
        cells[2] = int(self.own[0]) if len(self.own) == 1 else cells[2]
        return [*cells[:5], self.amount, self.due, self.note]


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Rows of different contracts; some customers have several. Rows of one customer agree on who he is."""
    drawn = []
    for number in range(draw(st.integers(1, 6))):
        name = draw(NAMES)
        own = tuple(draw(st.lists(MOBILES, min_size=1, max_size=3, unique=True)))
        reference = draw(st.just("") | MOBILES.filter(lambda mobile, own=own: mobile not in own))  # type: ignore[misc]
        drawn += [
            Row(
                key=f"KH{number}",
                name=name,
                own=own,
                reference=reference,
                contract=f"HD{number}-{contract}",
                amount=draw(st.integers(0, 10**12)),
                due=date(2021, 1, 1) + timedelta(days=draw(st.integers(0, 3000))),
                note=draw(ANYTHING),
                notation=draw(st.sampled_from(NOTATIONS)),
            )
            for contract in range(draw(st.integers(1, 2)))
        ]
    return drawn


def meaning(listfile: ListFile) -> dict[str, Any]:
    return {entry.key: _meaning(entry) for entry in listfile.entries}


def _meaning(entry: Entry) -> Any:
    numbers = [(phone.e164, phone.role) for phone in entry.phones]
    return entry.name, numbers, {debt.contract_number: debt.variables for debt in entry.debts}


def meant(listed: list[Row]) -> dict[str, Any]:
    meant: dict[str, Any] = {}
    for row in listed:
        numbers = [(f"+84{number}", Role.BORROWER) for number in row.own]
        numbers += [(f"+84{row.reference}", Role.REFERENCE)] if row.reference else []
        _, _, debts = meant.setdefault(row.key, (row.name, numbers, {}))
        note = {"Ghi chú": row.note.strip()} if row.note.strip() else {}
        said = {"contract_number": row.contract, "total_ovd_amount": row.amount, "due_date": row.due.isoformat()}
        debts[row.contract] = {**said, **note}
    return meant


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lists")


@given(listed=rows(), encoding=st.sampled_from(ENCODINGS), delimiter=st.sampled_from(",;\t|"))
def test_a_csv_of_any_encoding_and_delimiter_gives_back_what_was_written(
    folder: Path, listed: list[Row], encoding: str, delimiter: str
) -> None:
    cells = [row.cells() for row in listed]
    listfile = read(write_csv(folder / "a.csv", [HEADER, *cells], encoding, delimiter))
    assert meaning(listfile) == meant(listed)
    assert (listfile.rows_read, listfile.kept, listfile.remarks) == (len(listed), len(listed), [])
    assert sorted(debt.uploaded for entry in listfile.entries for debt in entry.debts) == sorted(cells)


@given(listed=rows())
def test_a_workbook_gives_back_what_was_written(folder: Path, listed: list[Row]) -> None:
    listfile = read(write_xlsx(folder / "a.xlsx", [HEADER, *(row.typed_cells() for row in listed)]))
    assert meaning(listfile) == meant(listed)
    assert listfile.remarks == []


@given(listed=rows(), blanks=st.integers(0, 3), titles=st.integers(0, 20), data=st.data())
def test_titles_blanks_and_a_total_change_nothing(
    folder: Path, listed: list[Row], blanks: int, titles: int, data: st.DataObject
) -> None:
    empty = [""] * len(HEADER)
    body = [row.cells() for row in listed]
    for _ in range(blanks):
        body.insert(data.draw(st.integers(0, len(body))), empty)
    above = [["Báo cáo", *empty[1:]]] * titles
    total = ["Tổng cộng", *empty[1:5], "123.456", *empty[6:]]
    listfile = read(write_csv(folder / "a.csv", [*above, HEADER, *body, total]))
    assert meaning(listfile) == meant(listed)
    assert listfile.rows_read == len(listed)


@given(listed=rows(), data=st.data())
def test_the_order_of_rows_and_columns_does_not_matter(folder: Path, listed: list[Row], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(listed))
    own, columns = HEADER.index("SĐT"), data.draw(st.permutations(range(len(HEADER))))
    # A customer's numbers keep the order in which the columns give them: his own first, here.
    columns.remove(own)
    table = [[cells[column] for column in (own, *columns)] for cells in (HEADER, *(row.cells() for row in shuffled))]
    assert meaning(read(write_csv(folder / "a.csv", table))) == meant(listed)


@given(listed=rows(), cut=st.data())
def test_no_row_is_lost_without_a_word(folder: Path, listed: list[Row], cut: st.DataObject) -> None:
    """Rows are spoiled at random: each is kept, rejected or a duplicate."""
    cells = [row.cells() for row in listed] * cut.draw(st.integers(1, 2))
    for row in cells:
        column = cut.draw(st.integers(0, len(HEADER) - 1))
        row[column] = cut.draw(ANYTHING)
    meaningful = sum(any(cell.strip() for cell in row) for row in cells)
    listfile = read(write_csv(folder / "a.csv", [HEADER, *cells]))
    assert listfile.rows_read == meaningful
    assert listfile.rows_read == listfile.kept + len(listfile.rejects) + listfile.duplicates


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[Engine]:
    engine = make_engine(folder / "test.db")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def campaign(engine: Engine) -> Campaign:
    return add_campaign(engine, "C1")


@given(listed=rows(), data=st.data())
def test_the_same_customers_loaded_in_any_order_are_unchanged(
    folder: Path, engine: Engine, campaign: Campaign, listed: list[Row], data: st.DataObject
) -> None:
    with engine.connect() as conn:

        def load(wanted: list[Row]) -> lists.ListCounts:
            path = write_csv(folder / "a.csv", [HEADER, *(row.cells() for row in wanted)])
            return lists.load(conn, MONDAY, campaign, read(path), "test", "a.csv")

        def stored() -> list[list[Any]]:
            return [list(conn.execute(select(table(model)))) for model in (Person, Number, Customer, Debt)]

        first = load(listed)
        assert (first.kept, first.updated, first.unchanged) == (len(listed), 0, 0)
        before = stored()
        again = load(data.draw(st.permutations(listed)))
        assert (again.kept, again.updated, again.unchanged) == (len(listed), 0, len(listed))
        assert stored() == before
        conn.rollback()
