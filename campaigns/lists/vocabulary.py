"""The words of lists: how people head their columns, and how they note whose a number is.

Everything here is spelled folded: lower case, without diacritics, single blanks between words.
"""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final

from campaigns.words import Role


class Kind(StrEnum):
    """How the text of a column is read."""

    TEXT = "text"
    AMOUNT = "amount"
    DATE = "date"
    COUNT = "count"


VARIABLES: Final = {
    "contract_number": Kind.TEXT,
    "upcoming_due_date": Kind.DATE,
    "upcoming_amount": Kind.AMOUNT,
    "due_date": Kind.DATE,
    "dpd": Kind.COUNT,
    "number_of_ovd_inst": Kind.COUNT,
    "total_ovd_amount": Kind.AMOUNT,
}
"""What a script may say of a debt: TEL4VN contract section 8.2, in the vendor's spelling."""

CONSENT: Final = ("consent_date", "consent_channel", "consent_proof")
ATTRIBUTES: Final = ("id", "name", "address", "zone", "role", "priority", "as_of", *CONSENT)
"""What a list may say of the person or of the row."""

PHONE_FIELDS: Final = {
    "phone": Role.BORROWER,
    "co_borrower_phone": Role.CO_BORROWER,
    "guarantor_phone": Role.GUARANTOR,
    "reference_phone": Role.REFERENCE,
}

# Where two columns claim a field, the one whose name stands earlier here has it.
_HEADERS: Final = {
    "id": (
        "ma khach hang|ma kh|ma so khach hang|ma so kh|ma khach|id khach hang|id kh|so cif|ma cif|cif|customer id"
        "|customer code|customer no|customer number|client id|client code|borrower id|cust id|id"
    ),
    "name": (
        "ten khach hang|ho ten khach hang|ho va ten khach hang|ho ten kh|ten kh|ho va ten|ho ten|ten nguoi vay"
        "|customer name|full name|fullname|borrower name|client name|name|ten|khach hang|nguoi vay|customer"
    ),
    "address": "dia chi|dia chi lien he|dia chi hien tai|noi o hien tai|dia chi thuong tru|address|home address",
    "zone": "mui gio|time zone|timezone|zone",
    "role": "vai tro|moi quan he|quan he|role|relationship|relation",
    "priority": "uu tien|muc uu tien|do uu tien|thu tu uu tien|priority",
    "as_of": (
        "ngay cap nhat so dien thoai|ngay cap nhat sdt|ngay cap nhat|ngay ghi nhan|ngay tao|numbers as of|as of"
        "|phone as of|created date|created at|created on|date created|created"
    ),
    "consent_date": "ngay dong y|thoi gian dong y|ngay chap thuan|consent date|consented at|consented on|opt in date",
    "consent_channel": "kenh dong y|hinh thuc dong y|consent channel|consent method|opt in channel",
    "consent_proof": "bang chung dong y|minh chung dong y|consent proof|proof of consent|consent evidence|opt in proof",
    "contract_number": (
        "so hop dong|so hd|ma hop dong|ma hd|so hop dong tin dung|so hdtd|hop dong so|hop dong|contract number"
        "|contract no|contract id|contract code|contract|agreement number|agreement no|loan number|loan no|loan id"
    ),
    "dpd": "dpd|so ngay qua han|ngay qua han|so ngay tre han|so ngay tre|days past due|days overdue|overdue days",
    "total_ovd_amount": (
        "total ovd amount|tong so tien qua han|tong tien qua han|so tien qua han|tong no qua han|du no qua han"
        "|no qua han|total overdue amount|total overdue|overdue amount|amount overdue|so tien phai thanh toan"
        "|so tien can thanh toan|so tien phai tra|so tien phai thu|so tien|amount due|amount"
    ),
    "upcoming_amount": (
        "upcoming amount|so tien sap den han|so tien den han|so tien ky toi|so tien ky tiep theo|so tien tra ky toi"
        "|next amount|next installment amount"
    ),
    "due_date": (
        "due date|ngay den han|han thanh toan|ngay phai thanh toan|ngay phai tra|han tra|ngay tra no|payment due date"
    ),
    "upcoming_due_date": (
        "upcoming due date|ngay den han ky toi|ngay den han tiep theo|ngay den han ke tiep|ky den han tiep theo"
        "|ngay sap den han|han thanh toan ky toi|next due date"
    ),
    "number_of_ovd_inst": (
        "number of ovd inst|so ky qua han|so ky tre han|so ky tre|so ky no qua han|overdue installments"
        "|number of overdue installments|installments overdue"
    ),
}
FIELD_OF_HEADER: Final = {
    header: (field, rank) for field, headers in _HEADERS.items() for rank, header in enumerate(headers.split("|"))
}

OTHER_AMOUNTS: Final = re.compile(
    r"(?:tong )?du no\b.*|so tien (?:vay|goc|lai|giai ngan)\b.*|(?:no )?goc|outstanding.*"
)
"""Amounts that the vendor's contract has no variable for: kept as whole numbers under their own header."""

_PHONE = re.compile(
    r"\b(?:(?:so )?(?:dien thoai|dt|sdt)(?: di dong| ban| co dinh)?|so di dong|di dong|dtdd|so may|so lien (?:he|lac)"
    r"|(?:mobile|cell|tele|tel|contact|hand)? ?phone|cellphone|telephone|mobile|cell|tel|msisdn|contact number)\b"
)
_PLAIN_WORDS = re.compile(r"\b(?:cua|so|phu|lien he|lien lac|dang ky|ca nhan|number|no|\d+)\b")
_ELSEWHERE = re.compile(
    r"\b(?:co quan|cong ty|noi lam viec|khac|nha|rieng|other|office|work|company|home|alternative)\b"
)

_ROLES: Final = (
    (Role.GUARANTOR, r"nguoi bao lanh|ben bao lanh|bao lanh|guarantor|surety"),
    (Role.CO_BORROWER, r"nguoi dong vay|dong vay|nguoi vay chung|vay chung|co borrower|coborrower|joint borrower"),
    (
        Role.REFERENCE,
        r"nguoi (?:than|nha|quen|lien he|tham chieu|gioi thieu|yeu)|tham chieu|gioi thieu|lien he khan cap"
        r"|(?:con|ban) (?:trai|gai)|me|bo|cha|ba|ma|vo|chong|con|anh|chi|em|ban(?! than)"
        r"|co(?! quan)|di(?! dong)|(?<!chinh )chu|bac|cau|mo|ong|chau|sep"
        r"|dong nghiep|hang xom|ho hang|gia dinh"
        r"|references?|referee|relatives?|family|mother|father|mom|mum|dad|parents?|wife|husband|spouse|partner"
        r"|son|daughter|child|brother|sister|sibling|aunt|uncle|cousin|friend|colleague|coworker|co worker|boss"
        r"|manager|neighbou?r|landlord|emergency(?: contact)?|contact person",
    ),
    (Role.BORROWER, r"chinh chu|nguoi vay|ben vay|khach hang|khach|kh|ban than|chinh|borrower|owner|self|customer"),
)
_ROLE_WORDS: Final = tuple((role, re.compile(rf"\b(?:{words})\b")) for role, words in _ROLES)
# Notes that tell of the line and not of its owner.
_LINE_WORDS = re.compile(
    r"(?:so|sdt|dt|moi|chinh|phu|di dong|mobile|zalo|viber|sim|viettel|vinaphone|vina|mobifone|mobi|vietnamobile|\d| )*"
)

TOTALS: Final = re.compile(
    r"(?:tong cong|tong so|tong tien|grand total|total|sub ?total)\b.*|(?:tong|cong|sum)(?: \d+)*"
)
NOTHING: Final = frozenset(
    ["", "0", "x", "na", "n a", "nan", "nil", "none", "null", "khong", "khong co", "chua co", "trong", "no", "unknown"]
)


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Lower case, no diacritics, words with single blanks between them: `Mã_KH` and `MÃ KH` are both `ma kh`."""
    letters = unicodedata.normalize("NFKD", text.lower().replace("đ", "d"))
    return " ".join(re.findall(r"[a-z0-9]+", "".join(c for c in letters if not unicodedata.combining(c))))


@lru_cache(maxsize=8192)
def fold_header(text: str) -> str:
    """As `fold`, and `CustomerID`, `SoHD` and `Phone2` fall into their words."""
    letters = unicodedata.normalize("NFC", text)
    return fold("".join(f" {b}" if _hump(a, b) else b for a, b in pairwise(" " + letters)))


def _hump(before: str, after: str) -> bool:
    return (before.islower() and after.isupper()) or (before.isalpha() and after.isdigit())


@lru_cache(maxsize=8192)
def role_noted(note: str, otherwise: Role) -> Role:
    """Whose a number is by the note beside it: `otherwise` where it says nothing of that, unknown where we cannot tell.

    A column of references stays one: its numbers' owners are not the debtor, whatever a note calls them.
    """
    words = fold(note)
    if otherwise is Role.REFERENCE or _LINE_WORDS.fullmatch(words):
        return otherwise
    if "bàn" in unicodedata.normalize("NFC", note).lower():
        return otherwise  # A desk telephone; without its tone the word would be a friend.
    return named_role(words) or Role.UNKNOWN


def named_role(words: str) -> Role | None:
    """The role that folded words name. A mother of the borrower is a reference, so relatives outweigh borrowers."""
    return next((role for role, pattern in _ROLE_WORDS if pattern.search(words)), None)


def phone_column_role(header: str) -> Role | None:
    """Whose numbers a column holds by its header, or None where it is no column of numbers."""
    rest, found = _PHONE.subn(" ", fold_header(header))
    if not found:
        return None
    role = named_role(rest)
    for pattern in (*(pattern for _, pattern in _ROLE_WORDS), _PLAIN_WORDS):
        rest = pattern.sub(" ", rest)
    rest, elsewhere = _ELSEWHERE.subn(" ", rest)
    if rest.strip():
        return None
    return Role.UNKNOWN if elsewhere else role or Role.BORROWER
