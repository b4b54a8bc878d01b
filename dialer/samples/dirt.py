"""What is wrong, odd or merely untidy in the sample lists, by the ordinal of the row."""

from collections.abc import Callable
from typing import Final

# Every way in which people and programs write the same number.
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
    lambda amount: f"{amount:,} VND".replace(",", "."),
)

_PHONE: Final = "Số điện thoại"
SPOILED: Final = {
    # Rejected: not one number of today's plan.
    17: (_PHONE, "9.12E+08"),
    44: (_PHONE, "9,12E+08"),
    61: (_PHONE, "091200006"),
    79: (_PHONE, "09120000079"),
    97: (_PHONE, "O912000097"),
    115: (_PHONE, "01600000115"),
    133: (_PHONE, "0189 0000 133"),
    152: (_PHONE, "09120001520987000152"),
    173: (_PHONE, ""),
    190: (_PHONE, "không có"),
    211: (_PHONE, "1900 0000"),
    229: (_PHONE, "0511 0000 229"),
    # Old mobiles, which are converted.
    23: (_PHONE, "01620000023"),
    41: (_PHONE, "0123 0000 041"),
    59: (_PHONE, "0120.0000.059"),
    77: (_PHONE, "+84 168 0000077"),
    95: (_PHONE, "1220000095"),
    # Rows so old that their second number may be a land line: for a human to look at.
    101: (_PHONE, "01660000101 / 0380000101"),
    119: (_PHONE, "01230000119; 0770000119"),
    # Land lines, the last with the old area code of Hà Nội.
    13: (_PHONE, "024 2000 0013"),
    31: (_PHONE, "(028) 2000 0031"),
    49: (_PHONE, "0236 0000 049"),
    67: (_PHONE, "04 2000 0067"),
    # Several numbers in a cell.
    26: (_PHONE, "{own} / {other}"),
    52: (_PHONE, "{own}; {other}"),
    83: (_PHONE, "{own} - {other}"),
    107: (_PHONE, "{own}\n{other}"),
    # Whose number it is, in a note.
    35: (_PHONE, "{own} (mẹ)"),
    70: (_PHONE, "{own} (chính chủ), {other} (vợ)"),
    88: (_PHONE, "{own} / {other} (chồng)"),
    127: (_PHONE, "{own} (người bảo lãnh)"),
    143: (_PHONE, "Đồng nghiệp: {own}"),
    160: (_PHONE, "{own} - bạn"),
    # Cells that are left out of rows that are kept.
    37: ("Điện thoại 2", "đang cập nhật"),
    39: ("Tổng số tiền quá hạn", "năm triệu"),
    56: ("Ngày đến hạn", "31/02/2026"),
    74: ("Số ngày quá hạn", "hai tháng"),
    # Harmless.
    91: ("Địa chỉ", "12 Lê Lợi\nTổ 5; Đà Nẵng"),
    110: ("Họ và tên", "  TRẦN   THỊ   MAI "),
    130: ("Họ và tên", 'Lê "Tý" Minh'),
}
# Rows of a length of their own.
CUT: Final = {201: 12}
TOO_MANY: Final = {202: ["CN Miền Nam"]}

TWO_CONTRACTS: Final = (8, 33, 99, 180, 240, 260)
REPEATED: Final = (5, 60, 140, 222)

SPOILED_IN_XLSX: Final = {507: "9.12E+08", 519: "0242 000 0519", 533: "01690000533", 547: "n/a"}

SUPPRESSED: Final = (3, 10, 18, 29, 47, 64, 85, 104, 128, 149, 175, 250)
SUPPRESSED_IN_XLSX: Final = (505, 523, 541)
REASONS: Final = ("Khách yêu cầu không gọi", "Khiếu nại", "Số của người khác")
