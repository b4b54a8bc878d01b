"""Make the sample lists again: `python -m dialer.samples.make_samples [FOLDER]`.

The same every time. Nobody in them exists, and their numbers are of a form that hardly anybody has (`0xx 0000 xxx`).
"""

import csv
import io
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from dialer.samples import DEBTORS_CSV, DEBTORS_XLSX, DNC_CSV, FOLDER

SEED: Final = 2018
LISTED_ON: Final = date(2026, 7, 1)
IN_CSV: Final = 286
IN_XLSX: Final = 60

FAMILY: Final = "Nguyễn Trần Lê Phạm Hoàng Phan Vũ Đặng Bùi Đỗ Hồ Ngô Dương Lý".split()
MIDDLE: Final = "Văn Thị Minh Thanh Ngọc Quốc Hữu Thu Kim Đức".split()
GIVEN: Final = "An Bình Châu Dũng Giang Hà Hạnh Hòa Hùng Hương Khánh Lan Linh Long Mai Nam Nga Phúc Quân Sơn Tâm Thảo".split()
STREETS: Final = "Lê Lợi,Trần Phú,Hai Bà Trưng,Nguyễn Huệ,Lý Thường Kiệt,Điện Biên Phủ,Quang Trung".split(",")
TOWNS: Final = "Hà Nội,TP. Hồ Chí Minh,Đà Nẵng,Cần Thơ,Hải Phòng,Nghệ An,Thanh Hóa".split(",")
BRANCHES: Final = "CN Miền Bắc,CN Miền Trung,CN Miền Nam".split(",")
PREFIXES: Final = (
    "032 033 034 035 036 037 038 039 052 056 058 059 070 076 077 078 079 081 082 083 084 085 086 088 089 090 091 092 "
    "093 094 096 097 098 099"
).split()

CSV_HEADER: Final = (
    "STT,Mã KH,Họ và tên,Số điện thoại,Điện thoại 2,SĐT người thân,Số hợp đồng,Số ngày quá hạn,Tổng số tiền quá hạn,"
    "Số kỳ quá hạn,Ngày đến hạn,Số tiền kỳ tới,Ngày đến hạn kỳ tới,Địa chỉ,Chi nhánh"
).split(",")
XLSX_HEADER: Final = (
    "Customer ID,Full name,Mobile,Reference phone,Contract number,DPD,Total overdue amount,Number of ovd inst,"
    "Due date,Upcoming amount,Upcoming due date,Branch"
).split(",")


@dataclass(frozen=True, slots=True)
class Debtor:
    """A made-up customer with one contract. Amounts are in dong."""

    code: str
    name: str
    phone: str
    contract: str
    dpd: int
    overdue: int
    installments: int
    due: date
    next_amount: int
    next_due: date
    address: str
    branch: str


def debtors(count: int, first: int, chance: random.Random) -> list[Debtor]:
    """So many customers, numbered from `first`; each has another number."""
    return [_debtor(number, chance) for number in range(first, first + count)]


def _debtor(number: int, chance: random.Random) -> Debtor:
    dpd = chance.randint(1, 89)
    next_amount = chance.randint(8, 60) * 50_000
    installments = 1 + dpd // 31
    return Debtor(
        code=f"KH{number:05d}",
        name=f"{chance.choice(FAMILY)} {chance.choice(MIDDLE)} {chance.choice(GIVEN)}",
        phone=f"{PREFIXES[number % len(PREFIXES)]}0000{number % 1000:03d}",
        contract=f"HD{2_024_000_000 + number}",
        dpd=dpd,
        overdue=next_amount * installments + chance.randint(0, 9) * 10_000,
        installments=installments,
        due=LISTED_ON - timedelta(days=dpd),
        next_amount=next_amount,
        next_due=LISTED_ON + timedelta(days=chance.randint(5, 25)),
        address=f"{chance.randint(1, 300)} {chance.choice(STREETS)}, {chance.choice(TOWNS)}",
        branch=chance.choice(BRANCHES),
    )


# Every way in which people write the same number.
NOTATIONS: Final[tuple[Callable[[str], str], ...]] = (
    lambda phone: phone,
    lambda phone: f"{phone[:4]} {phone[4:7]} {phone[7:]}",
    lambda phone: phone,
    lambda phone: f"+84{phone[1:]}",
    lambda phone: phone,
    lambda phone: f"84{phone[1:]}",
    lambda phone: f"{phone[:4]}.{phone[4:7]}.{phone[7:]}",
    lambda phone: phone,
    lambda phone: phone[1:],
    lambda phone: f"0084{phone[1:]}",
    lambda phone: f"{phone[:3]}-{phone[3:7]}-{phone[7:]}",
    lambda phone: f"(+84) {phone[1:3]} {phone[3:6]} {phone[6:]}",
    lambda phone: f"{phone[:4]}\u00a0{phone[4:7]}\u00a0{phone[7:]}",
    lambda phone: f"{phone[1:]}.0",
    lambda phone: "".join(chr(0xFF10 + int(digit)) for digit in phone),
)
AMOUNTS: Final[tuple[Callable[[int], str], ...]] = (
    lambda amount: str(amount),
    lambda amount: f"{amount:,}".replace(",", "."),
    lambda amount: f"{amount:,} đ",
    lambda amount: f"{amount:,}".replace(",", ".") + " VND",
)


def csv_rows() -> list[list[str]]:
    """The cells of `debtors.csv`, title rows and total row included."""
    people = debtors(IN_CSV, 1, random.Random(SEED))  # noqa: S311 (a seed, so that the list is the same each time)
    rows = [_csv_row(ordinal, debtor) for ordinal, debtor in enumerate(people, 1)]
    _spoil(rows)
    rows += _repeated(rows)
    total = sum(debtor.overdue for debtor in people)
    blank = [""] * len(CSV_HEADER)
    titles = [["DANH SÁCH KHÁCH HÀNG QUÁ HẠN"], [f"Ngày lập: {LISTED_ON:%d/%m/%Y}"], ["Đơn vị tính: đồng"]]
    sums = ["Tổng cộng", *[""] * 7, f"{total:,}".replace(",", "."), *[""] * 6]
    return [*(title + blank[1:] for title in titles), blank, CSV_HEADER, *rows[:150], blank, *rows[150:], sums]


def _csv_row(ordinal: int, debtor: Debtor) -> list[str]:
    amount = AMOUNTS[ordinal % len(AMOUNTS)]
    return [
        str(ordinal),
        debtor.code,
        debtor.name,
        NOTATIONS[ordinal % len(NOTATIONS)](debtor.phone),
        "",
        f"{debtor.phone[:3]}0009{ordinal % 1000:03d}" if ordinal % 6 == 0 else "",
        debtor.contract,
        str(debtor.dpd),
        amount(debtor.overdue),
        str(debtor.installments),
        f"{debtor.due:%d/%m/%Y}" if ordinal % 5 else debtor.due.isoformat(),
        amount(debtor.next_amount),
        f"{debtor.next_due:%d/%m/%Y}",
        debtor.address,
        debtor.branch,
    ]
