"""What can be wrong with a list: with the whole file, with a row, with a cell. Each fault is said in two languages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from campaigns.phones import PhoneFault, explain


class UnreadableList(Exception):
    """Nothing of this file can be used. The message is one sentence that says what to do; it shows no whole number."""


class Fault(StrEnum):
    """Why a row was not kept, or a cell was left out. Faults of numbers are `phones.PhoneFault`."""

    RAGGED_ROW = "ragged-row"
    NO_PHONE = "no-phone"
    KEY_TOO_LONG = "key-too-long"
    DUPLICATE = "duplicate"
    BAD_AMOUNT = "bad-amount"
    BAD_DATE = "bad-date"
    BAD_COUNT = "bad-count"


_EXPLANATIONS: Final = {
    Fault.RAGGED_ROW: (
        "Dòng có {found} ô trong khi tiêu đề có {expected}; hãy kiểm tra dấu phân cách và dấu ngoặc kép.",
        "The row has {found} cells and the header {expected}; check its separators and quotation marks.",
    ),
    Fault.NO_PHONE: ("Dòng không có số điện thoại nào.", "The row has no telephone number."),
    Fault.KEY_TOO_LONG: ("Mã dài quá 200 ký tự.", "The id or contract number is longer than 200 characters."),
    Fault.DUPLICATE: (
        "Trùng với dòng {first}; dòng đó được giữ lại.",
        "The same customer and contract as row {first}, which was kept.",
    ),
    Fault.BAD_AMOUNT: (
        "Không đọc được số tiền nên bỏ trống; dòng vẫn được giữ.",
        "This is not an amount and was left out; the row was kept.",
    ),
    Fault.BAD_DATE: (
        "Không đọc được ngày (ngày/tháng/năm) nên bỏ trống; dòng vẫn được giữ.",
        "This is not a date (day/month/year) and was left out; the row was kept.",
    ),
    Fault.BAD_COUNT: (
        "Không phải là số nguyên nên bỏ trống; dòng vẫn được giữ.",
        "This is not a whole number and was left out; the row was kept.",
    ),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """What was found at one place of the file. `value` stands as it stood there; `row` counts from 1, titles too."""

    row: int
    column: str
    value: str
    reason: Fault | PhoneFault
    vi: str
    en: str


def remark(row: int, column: str, value: str, reason: Fault | PhoneFault, **told: int) -> Remark:
    """A remark in both languages. `told` fills what the sentence names, such as the other row of a duplicate."""
    if isinstance(reason, PhoneFault):
        return Remark(row, column, value, reason, *explain(reason))
    vi, en = _EXPLANATIONS[reason]
    return Remark(row, column, value, reason, vi.format(**told), en.format(**told))
