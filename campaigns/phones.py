"""Parse or refuse a telephone number, and say what its numbering plan tells of it. Pure.

A number is never guessed: what does not read as exactly one number of the plan is refused with a fault. Vietnamese
numbers are read by the plan of 2018 (mobiles) and 2017 (land lines); other countries' by the `phonenumbers` library,
which is imported when the first such number comes, because it is heavy.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Literal

Kind = Literal["mobile", "landline", "other"]

OLD_PLAN_ENDED: Final = date(2018, 9, 15)
"""Records from this day on hold no land line with an old area code."""

# The mobile conversion of 2018: the last seven digits were kept. Every other 01x was unassigned and stays invalid.
OLD_MOBILES: Final = {
    **{"162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37", "168": "38", "169": "39"},
    **{"120": "70", "121": "79", "122": "77", "126": "76", "128": "78"},
    **{"123": "83", "124": "84", "125": "85", "127": "81", "129": "82"},
    **{"186": "56", "188": "58", "199": "59"},
}

# The area codes since 2017, each with the one that it replaced. Hà Nội and TP.HCM have eight digits after it.
AREA_CODES: Final = {
    **{"203": "33", "204": "240", "205": "25", "206": "26", "207": "27", "208": "280", "209": "281"},
    **{"210": "210", "211": "211", "212": "22", "213": "231", "214": "20", "215": "230", "216": "29"},
    **{"218": "218", "219": "219"},
    **{"220": "320", "221": "321", "222": "241", "225": "31", "226": "351", "227": "36", "228": "350", "229": "30"},
    **{"232": "52", "233": "53", "234": "54", "235": "510", "236": "511", "237": "37", "238": "38", "239": "39"},
    **{"24": "4", "28": "8"},
    **{"251": "61", "252": "62", "254": "64", "255": "55", "256": "56", "257": "57", "258": "58", "259": "68"},
    **{"260": "60", "261": "501", "262": "500", "263": "63", "269": "59"},
    **{"270": "70", "271": "651", "272": "72", "273": "73", "274": "650", "275": "75", "276": "66", "277": "67"},
    **{"290": "780", "291": "781", "292": "710", "293": "711", "294": "74", "296": "76", "297": "77", "299": "79"},
}
OLD_AREA_CODES: Final = tuple(old for new, old in AREA_CODES.items() if old != new)

_PREFIX = r"(?:(?:\+|00)?84)?0?"
_MOBILE = r"(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-46-9])"
_CITY = r"(?:24|28)"
_PROVINCE = rf"(?:{'|'.join(code for code in AREA_CODES if len(code) == 3)})"

MOBILE: Final = re.compile(rf"{_PREFIX}({_MOBILE}\d{{7}})", re.ASCII)
VIETNAMESE: Final = re.compile(
    rf"{_PREFIX}(?:(?P<mobile>{_MOBILE}\d{{7}})"
    rf"|(?P<land>{_CITY}[2-9]\d{{7}}|{_PROVINCE}\d{{7}})"
    rf"|(?P<old_mobile>{'|'.join(OLD_MOBILES)})(?P<last_seven>\d{{7}})"
    rf"|4(?P<old_hanoi>[2-9]\d{{7}}))",
    re.ASCII,
)
_SEVERAL = re.compile(rf"(?:{re.sub(r'[?]P<.*?>', '?:', VIETNAMESE.pattern)}){{2,4}}", re.ASCII)
_STARTS_MOBILE = re.compile(_MOBILE)
_STARTS_LAND = re.compile(rf"{_CITY}|{_PROVINCE}")
_OLD_LAND = re.compile(rf"(?:{'|'.join(sorted(OLD_AREA_CODES, key=len, reverse=True))})\d{{6,8}}", re.ASCII)
_SERVICE = re.compile(r"1[89]00\d{4,6}", re.ASCII)
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d*)?[eE][+-]?\d+", re.ASCII)
# A spreadsheet's number, read as a float.
_FLOAT = re.compile(r"(\d{8,})\.0+", re.ASCII)
_DIALED = re.compile(r"\+?\d+", re.ASCII)

# What people and programs put between digits: blanks of every width, dashes, dots, brackets, marks of direction,
# and the apostrophe with which a spreadsheet keeps a zero. Full-width digits become plain ones.
_BLANKS = "\t\n\r\v\f \u00a0\u1680\u180e\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x2010)))
_DASHES = "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"
_MARKS = ".()[]'\u2019\u00b7\uff0e\uff08\uff09" + "".join(map(chr, range(0x202A, 0x202F)))
_PLAIN = str.maketrans(
    {**dict.fromkeys(_BLANKS + _DASHES + _MARKS), **{chr(0xFF10 + n): str(n) for n in range(10)}, "\uff0b": "+"}
)


class PhoneFault(StrEnum):
    """Why a text is not a telephone number that we would dial."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not-a-number"
    SCIENTIFIC_NOTATION = "scientific-notation"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    SEVERAL_NUMBERS = "several-numbers"
    UNASSIGNED_PREFIX = "unassigned-prefix"
    OLD_AREA_CODE = "old-area-code"
    SERVICE_NUMBER = "service-number"
    FOREIGN_UNKNOWN = "foreign-unknown"


_EXPLANATIONS: Final = {
    PhoneFault.EMPTY: ("Không có số điện thoại.", "There is no telephone number."),
    PhoneFault.NOT_A_NUMBER: ("Đây không phải là số điện thoại.", "This is not a telephone number."),
    PhoneFault.SCIENTIFIC_NOTATION: (
        "Bảng tính đã đổi số sang dạng khoa học nên mất chữ số; hãy định dạng cột là văn bản.",
        "The spreadsheet turned the number into scientific notation and digits are lost; format the column as text.",
    ),
    PhoneFault.TOO_SHORT: ("Số điện thoại thiếu chữ số.", "The number has too few digits."),
    PhoneFault.TOO_LONG: ("Số điện thoại thừa chữ số.", "The number has too many digits."),
    PhoneFault.SEVERAL_NUMBERS: (
        "Nhiều số điện thoại dính liền nhau; hãy ngăn cách bằng dấu chấm phẩy.",
        "Several numbers are glued together; put a semicolon between them.",
    ),
    PhoneFault.UNASSIGNED_PREFIX: (
        "Đầu số này không có trong quy hoạch đánh số hiện hành.",
        "No number of the present numbering plan begins like this.",
    ),
    PhoneFault.OLD_AREA_CODE: (
        "Có vẻ là số cố định với mã vùng cũ; hãy ghi mã vùng mới (02…).",
        "This reads as a land line with an old area code; write it with the new one (02…).",
    ),
    PhoneFault.SERVICE_NUMBER: (
        "Đây là số tổng đài dịch vụ, không phải số của khách hàng.",
        "This is a service hotline, not a customer's number.",
    ),
    PhoneFault.FOREIGN_UNKNOWN: (
        "Không phải là số hợp lệ của quốc gia theo mã này.",
        "This is not a valid number of the country with that code.",
    ),
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164. `converted`: the text had an old prefix, which was replaced by today's."""

    e164: str
    kind: Kind
    converted: bool = False


@dataclass(frozen=True, slots=True)
class BadPhone:
    """Not a number, and why."""

    fault: PhoneFault


def explain(fault: PhoneFault) -> tuple[str, str]:
    """The fault as a sentence in Vietnamese and one in English."""
    return _EXPLANATIONS[fault]


def normalise(text: str, country: str = "VN") -> Phone | BadPhone:
    """Read any text as one telephone number. Never raises; reading its own result again gives the same number.

    `country` (ISO 3166, two letters) is where numbers without a country code belong to.
    """
    if country == "VN" and (match := MOBILE.fullmatch(text)):
        return Phone("+84" + match[1], "mobile")
    text = text.strip()
    if _SCIENTIFIC.fullmatch(text):
        return BadPhone(PhoneFault.SCIENTIFIC_NOTATION)
    digits = _plain(text)
    if not digits:
        return BadPhone(PhoneFault.EMPTY)
    if not _DIALED.fullmatch(digits):
        return BadPhone(PhoneFault.NOT_A_NUMBER)
    if digits.startswith(("+84", "0084")) or (country == "VN" and not digits.startswith(("+", "00"))):
        return _vietnamese(digits)
    return _foreign(digits, country) if len(digits) > 7 else BadPhone(PhoneFault.TOO_SHORT)


def national(e164: str) -> str:
    """As it is dialed at home: `0912345678`. Numbers of other countries keep their plus."""
    return "0" + e164[3:] if e164.startswith("+84") else e164


def mask(phone: str) -> str:
    """For logs and screens: the country, the prefix and the last two digits, as in `+8491*****78`."""
    shown = 5 if phone.startswith("+") else 3
    if len(phone) < shown + 4:
        return "*" * len(phone)
    return phone[:shown] + "*" * (len(phone) - shown - 2) + phone[-2:]


def reads_as_old_land_line(national_digits: str) -> bool:
    """Whether these ten digits (`0383123456`) are today's mobile and may also be a land line from before 2018."""
    return bool(
        len(national_digits) == 10
        and MOBILE.fullmatch(national_digits)
        and national_digits[1:].startswith(OLD_AREA_CODES)
    )


def ambiguous(national_digits: str, vintage: date | None) -> bool:
    """Whether a record of that day may mean a land line: calling it might tell a stranger of somebody's debt."""
    return vintage is not None and vintage < OLD_PLAN_ENDED and reads_as_old_land_line(national_digits)


def _plain(text: str) -> str:
    """The digits alone, with a leading plus if there is one."""
    whole = _FLOAT.fullmatch(text)
    return whole[1] if whole else text.translate(_PLAIN)


def _vietnamese(digits: str) -> Phone | BadPhone:
    match = VIETNAMESE.fullmatch(digits)
    if not match:
        return BadPhone(_fault(digits))
    if mobile := match["mobile"]:
        return Phone("+84" + mobile, "mobile")
    if land := match["land"]:
        return Phone("+84" + land, "landline")
    if old := match["old_mobile"]:
        return Phone("+84" + OLD_MOBILES[old] + match["last_seven"], "mobile", converted=True)
    return Phone("+8424" + match["old_hanoi"], "landline", converted=True)


def _fault(digits: str) -> PhoneFault:
    """What is wrong with digits that the Vietnamese plan does not know."""
    significant = re.sub(rf"^{_PREFIX}", "", digits)
    length = len(significant)
    if _SERVICE.fullmatch(significant):
        return PhoneFault.SERVICE_NUMBER
    if length > 10:
        return PhoneFault.SEVERAL_NUMBERS if _glued(digits) else PhoneFault.TOO_LONG
    if _OLD_LAND.fullmatch(significant) and length >= 9:
        return PhoneFault.OLD_AREA_CODE
    if length < 9 or (length == 9 and _STARTS_LAND.match(significant)):
        return PhoneFault.TOO_SHORT
    if length == 10 and _STARTS_MOBILE.match(significant):
        return PhoneFault.TOO_LONG
    return PhoneFault.UNASSIGNED_PREFIX


def _glued(digits: str) -> bool:
    """Whether the digits are two or more numbers, one after another."""
    return _SEVERAL.fullmatch(digits) is not None


def _foreign(digits: str, country: str) -> Phone | BadPhone:
    # Imported here: most lists never need it, and it costs a tenth of a second.
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, PhoneNumberType

    international = "+" + digits[2:] if digits.startswith("00") else digits
    try:
        number = phonenumbers.parse(international, country)
    except phonenumbers.NumberParseException:
        return BadPhone(PhoneFault.FOREIGN_UNKNOWN)
    if not phonenumbers.is_valid_number(number):
        return BadPhone(PhoneFault.FOREIGN_UNKNOWN)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if number.country_code == 84:
        return _vietnamese(e164)
    kinds: dict[int, Kind] = {PhoneNumberType.MOBILE: "mobile", PhoneNumberType.FIXED_LINE: "landline"}
    return Phone(e164, kinds.get(phonenumbers.number_type(number), "other"))
