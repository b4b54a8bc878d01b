"""What a cell says: telephone numbers with notes of whose they are, amounts, days, counts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from campaigns.lists.vocabulary import NOTHING, fold, role_noted
from campaigns.phones import BadPhone, Phone, PhoneFault, normalise
from campaigns.words import Role


@dataclass(frozen=True, slots=True)
class Found:
    """A number of a cell, whose it is, and the note that told so."""

    phone: Phone
    role: Role
    note: str = ""


_DIGIT = re.compile(r"[1-9]")
# Numbers are kept apart by these, but not within brackets, where a note may hold them: `0912345678 (vợ/chồng)`.
_SEPARATOR = re.compile(r"[/;,|\n\r](?![^()]*\))")
_WEAK_SEPARATOR = re.compile(r"\s[-–]\s(?![^()]*\))|(?<=[^\W\d_]\))\s*(?=[+\d])")
_STARTS_WITH_WORDS = re.compile(r"[\s(\[]*[^\W\d_]")
_IN_BRACKETS = re.compile(r"[(\[]\s*([^\W\d_][^()\[\]]*?)\s*[)\]]")
_WORDS_BEFORE = re.compile(r"^\s*([^\W\d_][^\d+(]*?)[\s:.\-–]+(?=[+\d(])")
_WORDS_AFTER = re.compile(r"(?<=[\d)])[\s:\-–]+([^\W\d_].*)$", re.DOTALL)


def numbers(cell: str, role: Role) -> list[Found | BadPhone]:
    """The numbers of a cell in a column of this role, in their order, and what is none. Nothing for an empty cell."""
    whole = normalise(cell)
    if isinstance(whole, Phone):
        return [Found(whole, role)]
    if not _DIGIT.search(cell) and fold(cell) in NOTHING:
        return []
    if whole.fault is PhoneFault.SCIENTIFIC_NOTATION:
        return [whole]
    return list(_pieces(cell, role))


def _pieces(cell: str, role: Role) -> Iterator[Found | BadPhone]:
    """Words that stand alone belong to the number before them (`0912345678 - mẹ`), or to the one behind where the
    cell begins with words (`Mẹ - 0912345678`). A number that could be either's is nobody's for certain.
    """
    leading = _STARTS_WITH_WORDS.match(cell) is not None
    waiting: list[str] = []
    read: list[tuple[str, list[str], Role]] = []
    for segment in _SEPARATOR.split(cell):
        alone = True
        for part in _WEAK_SEPARATOR.split(segment):
            number, notes = _noted(part)
            if any(c.isdigit() for c in number):
                read.append((number, waiting + notes, role if alone or not leading else Role.UNKNOWN))
                waiting, alone = [], False
            elif fold(part) not in NOTHING:
                (waiting if leading or not read else read[-1][1]).append(part.strip(" ()[]:-"))
    if waiting and not read:
        yield BadPhone(PhoneFault.NOT_A_NUMBER)
    for number, notes, column_role in read:
        yield _read(number, " ".join(notes), column_role)


def _noted(piece: str) -> tuple[str, list[str]]:
    """A number and the words beside it. Letters that touch digits are no words: they spoil the number."""
    notes: list[str] = []

    def taken(match: re.Match[str]) -> str:
        notes.append(match[1].strip())
        return " "

    rest = _IN_BRACKETS.sub(taken, piece)
    for words in (_WORDS_BEFORE, _WORDS_AFTER):
        rest = words.sub(taken, rest)
    return rest.strip(), notes


def _read(number: str, note: str, role: Role) -> Found | BadPhone:
    phone = normalise(number)
    if isinstance(phone, BadPhone):
        return phone
    return Found(phone, role_noted(note, role) if note else role, note)


_CURRENCY = re.compile(r"^(?:vnd|vnđ|đ|₫)?\s*([\d.,\s\u00a0']*\d)\s*(?:vnd|vnđ|đồng|dong|đ|₫|d)?\.?$", re.IGNORECASE)
_GROUPED = re.compile(r"(\d{1,3}(?:([., \u00a0'])\d{3})(?:\2\d{3})*)(?:(?!\2)[.,](\d{1,2}))?", re.ASCII)
_PLAIN = re.compile(r"(\d+)(?:[.,](\d+))?", re.ASCII)


@lru_cache(maxsize=8192)
def amount(cell: str) -> int | None:
    """A sum in whole units: `5.000.000`, `5,000,000 đ`, `5000000.0`; None for anything that reads two ways."""
    money = _CURRENCY.match(cell.strip())
    if not money or len(cell) > 40:
        return None
    if grouped := _GROUPED.fullmatch(money[1]):
        digits, fraction = re.sub(r"\D", "", grouped[1]), grouped[3]
    elif plain := _PLAIN.fullmatch(money[1]):
        digits, fraction = plain[1], plain[2]
        # 5,5 is hardly five dong and a half, and 5000.000 may be five thousand or five million.
        if fraction == "000" or (fraction and fraction.strip("0") and len(digits) < 4):
            return None
    else:
        return None
    if len(digits) > 15:
        return None
    return int(digits) + (1 if fraction and fraction[0] >= "5" else 0)


_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(?:[ T,].*)?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})(?:[ T,].*)?", re.ASCII)
_SERIAL = re.compile(r"([2-7]\d{4})(?:\.\d+)?", re.ASCII)
_EXCEL_EPOCH = date(1899, 12, 30)


@lru_cache(maxsize=8192)
def day(cell: str) -> date | None:
    """A day: `13/07/2021` (the day first, as Vietnam writes it), `2021-07-13`, or a spreadsheet's count of days."""
    text = cell.strip()
    if match := _YEAR_FIRST.fullmatch(text):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := _DAY_FIRST.fullmatch(text):
        year = int(match[3])
        return _date(year + 2000 if len(match[3]) == 2 else year, int(match[2]), int(match[1]))
    if match := _SERIAL.fullmatch(text):
        return _EXCEL_EPOCH + timedelta(days=int(match[1]))
    return None


def iso_day(cell: str) -> str | None:
    """The day of a cell as ISO text, the form in which scripts get it."""
    told = day(cell)
    return told.isoformat() if told else None


def _date(year: int, month: int, day_of_month: int) -> date | None:
    try:
        return date(year, month, day_of_month) if 1900 <= year < 2200 else None
    except ValueError:
        return None


_COUNT = re.compile(r"(-?\d{1,6})(?:[.,]0+)?(?:\s*(?:ngày|ngay|days?|kỳ|ky))?", re.IGNORECASE | re.ASCII)


@lru_cache(maxsize=8192)
def count(cell: str) -> int | None:
    """A whole number, which may be negative: a debt that falls due in three days is -3 days past due."""
    match = _COUNT.fullmatch(cell.strip())
    return int(match[1]) if match else None
