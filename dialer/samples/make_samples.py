"""Make the sample lists again: `python -m dialer.samples.make_samples [FOLDER]`.

The same every time. Nobody in them exists, and their numbers are of a form that hardly anybody has (`0xx 0000 xxx`).
"""

import csv
import io
import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from dialer.samples import DEBTORS_CSV, DEBTORS_XLSX, DNC_CSV, FOLDER, dirt

LISTED_ON: Final = date(2026, 7, 1)
IN_CSV: Final = 286
IN_XLSX: Final = 60
FIRST_IN_XLSX: Final = 501

FAMILY: Final = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
MIDDLE: Final = ("Văn", "Thị", "Minh", "Thanh", "Ngọc", "Quốc", "Hữu", "Thu", "Kim", "Đức")
GIVEN: Final = ("An", "Bình", "Châu", "Dũng", "Giang", "Hà", "Hạnh", "Hòa", "Hùng", "Lan", "Linh", "Mai", "Nga", "Sơn")
STREETS: Final = ("Lê Lợi", "Trần Phú", "Hai Bà Trưng", "Nguyễn Huệ", "Lý Thường Kiệt", "Điện Biên Phủ", "Quang Trung")
TOWNS: Final = ("Hà Nội", "TP. Hồ Chí Minh", "Đà Nẵng", "Cần Thơ", "Hải Phòng", "Nghệ An", "Thanh Hóa")
BRANCHES: Final = ("CN Miền Bắc", "CN Miền Trung", "CN Miền Nam")
PREFIXES: Final = (
    *("032", "033", "034", "035", "036", "037", "038", "039", "052", "056", "058", "059", "070", "076", "077", "078"),
    *("079", "081", "082", "083", "084", "085", "086", "088", "089", "090", "091", "092", "093", "094", "096", "097"),
    *("098", "099"),
)

CSV_HEADER: Final = (
    *("STT", "Mã KH", "Họ và tên", "Số điện thoại", "Điện thoại 2", "SĐT người thân", "Số hợp đồng"),
    *("Số ngày quá hạn", "Tổng số tiền quá hạn", "Số kỳ quá hạn", "Ngày đến hạn", "Số tiền kỳ tới"),
    *("Ngày đến hạn kỳ tới", "Địa chỉ", "Chi nhánh"),
)
XLSX_HEADER: Final = (
    *("Customer ID", "Full name", "Mobile", "Reference phone", "Contract number", "DPD", "Total overdue amount"),
    *("Number of ovd inst", "Due date", "Upcoming amount", "Upcoming due date", "Branch"),
)


@dataclass(frozen=True, slots=True)
class Debtor:
    """A made-up customer with one contract. Amounts are in dong."""

    number: int
    name: str
    contract: str
    dpd: int
    overdue: int
    next_amount: int
    next_due: date
    address: str
    branch: str

    @property
    def code(self) -> str:
        return f"KH{self.number:05d}"

    @property
    def phone(self) -> str:
        return phone(self.number)

    @property
    def installments(self) -> int:
        return 1 + self.dpd // 31

    @property
    def due(self) -> date:
        return LISTED_ON - timedelta(days=self.dpd)


def phone(number: int, line: int = 0) -> str:
    """A number as it is dialed at home. `line` tells one customer's numbers apart."""
    return f"{PREFIXES[number % len(PREFIXES)]}000{line}{number % 1000:03d}"


def debtors(count: int, first: int) -> list[Debtor]:
    """So many customers, numbered from `first`."""
    chance = random.Random(first)  # noqa: S311 (seeded, so that the lists are the same each time)
    return [_debtor(number, chance) for number in range(first, first + count)]


def _debtor(number: int, chance: random.Random) -> Debtor:
    dpd = chance.randint(1, 89)
    next_amount = chance.randint(8, 60) * 50_000
    return Debtor(
        number=number,
        name=f"{chance.choice(FAMILY)} {chance.choice(MIDDLE)} {chance.choice(GIVEN)}",
        contract=f"HD{2_024_000_000 + number}",
        dpd=dpd,
        overdue=next_amount * (1 + dpd // 31) + chance.randint(0, 9) * 10_000,
        next_amount=next_amount,
        next_due=LISTED_ON + timedelta(days=chance.randint(5, 25)),
        address=f"{chance.randint(1, 300)} {chance.choice(STREETS)}, {chance.choice(TOWNS)}",
        branch=chance.choice(BRANCHES),
    )


def csv_rows() -> list[list[str]]:
    """The cells of `debtors.csv`: titles, header, customers, second contracts, repeats, total."""
    people = debtors(IN_CSV, 1)
    second = [replace(people[n - 1], contract=f"HD{2_025_000_000 + n}", dpd=n % 60 + 1) for n in dirt.TWO_CONTRACTS]
    listed = [*people, *second, *(people[n - 1] for n in dirt.REPEATED)]
    rows = [_csv_row(ordinal, debtor) for ordinal, debtor in enumerate(listed, 1)]
    width = len(CSV_HEADER)
    total = sum(debtor.overdue for debtor in listed)
    return [
        _padded(width, "DANH SÁCH KHÁCH HÀNG QUÁ HẠN"),
        _padded(width, f"Ngày lập: {LISTED_ON:%d/%m/%Y}", "", "Đơn vị tính: đồng"),
        _padded(width),
        list(CSV_HEADER),
        *rows[:150],
        _padded(width),
        *rows[150:],
        _padded(width, "Tổng cộng", *[""] * 7, f"{total:,}".replace(",", ".")),
    ]


def _padded(width: int, *cells: str) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]


def _csv_row(ordinal: int, debtor: Debtor) -> list[str]:
    amount = dirt.AMOUNTS[ordinal % len(dirt.AMOUNTS)]
    row = {
        "STT": str(ordinal),
        "Mã KH": debtor.code,
        "Họ và tên": debtor.name,
        "Số điện thoại": dirt.NOTATIONS[debtor.number % len(dirt.NOTATIONS)](debtor.phone),
        "Điện thoại 2": phone(debtor.number, 8) if debtor.number % 9 == 0 else "",
        "SĐT người thân": phone(debtor.number, 9) if debtor.number % 6 == 0 else "",
        "Số hợp đồng": debtor.contract,
        "Số ngày quá hạn": str(debtor.dpd),
        "Tổng số tiền quá hạn": amount(debtor.overdue),
        "Số kỳ quá hạn": str(debtor.installments),
        "Ngày đến hạn": f"{debtor.due:%d/%m/%Y}" if ordinal % 5 else debtor.due.isoformat(),
        "Số tiền kỳ tới": amount(debtor.next_amount),
        "Ngày đến hạn kỳ tới": f"{debtor.next_due:%d/%m/%Y}",
        "Địa chỉ": debtor.address,
        "Chi nhánh": debtor.branch,
    }
    if debtor.number == ordinal:
        column, told = dirt.SPOILED.get(ordinal, ("STT", "{ordinal}"))
        row[column] = told.format(ordinal=ordinal, own=debtor.phone, other=phone(ordinal, 8))
    cells = list(row.values())
    return cells[: dirt.CUT.get(ordinal, len(cells))] + dirt.TOO_MANY.get(ordinal, [])


def dnc_rows() -> list[list[str]]:
    """The cells of `dnc.csv`: debtors of both lists, and some whom no list names."""
    numbers = [phone(number) for number in (*dirt.SUPPRESSED, *dirt.SUPPRESSED_IN_XLSX)]
    numbers += [phone(number, 7) for number in range(900, 905)]
    rows = [
        [dirt.NOTATIONS[ordinal % len(dirt.NOTATIONS)](number), dirt.REASONS[ordinal % len(dirt.REASONS)]]
        for ordinal, number in enumerate(numbers)
    ]
    return [["Số điện thoại", "Lý do"], *rows]


def as_csv(rows: Iterable[Sequence[str]], delimiter: str) -> bytes:
    """Rows as Excel saves them: UTF-8 with a byte order mark, lines that end with CR and LF."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def write_workbook(path: Path) -> None:
    """`debtors.xlsx`: typed cells. Telephone numbers are numbers here, so that their leading zero is lost."""
    # Imported here: only this command writes workbooks when the rest of the package is read.
    import xlsxwriter

    with xlsxwriter.Workbook(path) as workbook:
        workbook.set_properties({"created": datetime(2026, 7, 1, 8, 0)})  # noqa: DTZ001 (the format has no zones)
        sheet = workbook.add_worksheet("Danh sach")
        a_day = workbook.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write(0, 0, "Overdue customers")
        sheet.write_row(2, 0, XLSX_HEADER)
        rows = xlsx_rows()
        for line, cells in enumerate(rows, 3):
            for column, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write_datetime(line, column, cell, a_day)
                else:
                    sheet.write(line, column, cell)
        last = len(rows) + 3
        sheet.write(last, 0, "Total")
        sheet.write_formula(last, 6, f"=SUM(G4:G{last})", None, sum(cells[6] for cells in rows))


def xlsx_rows() -> list[list[Any]]:
    people = debtors(IN_XLSX, FIRST_IN_XLSX)
    second = replace(people[10], contract="HD2025000511", dpd=95)
    return [_xlsx_row(debtor) for debtor in (*people, second, people[20])]


def _xlsx_row(debtor: Debtor) -> list[Any]:
    return [
        debtor.code,
        debtor.name,
        dirt.SPOILED_IN_XLSX.get(debtor.number, int(debtor.phone)),
        int(phone(debtor.number, 9)) if debtor.number % 5 == 0 else "",
        debtor.contract,
        debtor.dpd,
        debtor.overdue,
        debtor.installments,
        debtor.due,
        debtor.next_amount,
        debtor.next_due,
        debtor.branch,
    ]


def write_all(folder: Path) -> None:
    (folder / DEBTORS_CSV.name).write_bytes(as_csv(csv_rows(), ";"))
    (folder / DNC_CSV.name).write_bytes(as_csv(dnc_rows(), ","))
    write_workbook(folder / DEBTORS_XLSX.name)


if __name__ == "__main__":
    write_all(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
