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
    NO_PERSON = "no-person"
    ON_NO_LIST = "on-no-list"
    SEVERAL_PEOPLE = "several-people"
    BAD_TIME = "bad-time"
    FUTURE_TIME = "future-time"
    BAD_CHANNEL = "bad-channel"
    BAD_PURPOSE = "bad-purpose"
    BAD_ANSWER = "bad-answer"
    NO_PROOF = "no-proof"


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
    Fault.NO_PERSON: (
        "Dòng không có mã khách hàng và cũng không có số điện thoại hợp lệ.",
        "The row has neither a customer's id nor a telephone number that is one.",
    ),
    Fault.ON_NO_LIST: (
        "Người này không có trong danh sách nào; hãy nạp danh sách trước rồi nạp lại tệp này.",
        "This person stands on no list; import the list first and then this file again.",
    ),
    Fault.SEVERAL_PEOPLE: (
        "Nhiều người có chung số này; hãy ghi mã khách hàng.",
        "Several people have this number; give the customer's id.",
    ),
    Fault.BAD_TIME: (
        "Không đọc được thời gian; hãy ghi như 2026-11-01 10:00 hoặc 01/11/2026 10:00.",
        "This is not a time; write it as 2026-11-01 10:00 or 01/11/2026 10:00.",
    ),
    Fault.FUTURE_TIME: ("Thời gian này chưa đến.", "This time is still to come."),
    Fault.BAD_CHANNEL: (
        "Không rõ kênh liên hệ: sms, zalo, email, letter (thư), visit (gặp) hoặc call (gọi).",
        "The channel is none of sms, zalo, email, letter, visit and call.",
    ),
    Fault.BAD_PURPOSE: (
        "Không rõ mục đích: debt_reminder (nhắc nợ), marketing (tiếp thị) hoặc service (chăm sóc).",
        "The purpose is none of debt_reminder, marketing and service.",
    ),
    Fault.BAD_ANSWER: ("Không rõ là có hay không.", "This is neither yes nor no."),
    Fault.NO_PROOF: (
        "Sự đồng ý cần có ngày, kênh và bằng chứng; chưa được ghi nhận.",
        "A consent needs its day, its channel and its proof; it was not recorded.",
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
