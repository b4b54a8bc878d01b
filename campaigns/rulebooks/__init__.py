"""The law and the house rules as data: one TOML file a rulebook, with its sources. Pure.

`hours` says when ringing may begin, `caps` how often, `books` what a rulebook is, `reading` makes one of a file's text,
`strictness` holds a rulebook against the one that it extends. docs/rulebooks.md tells the format.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from . import reading
from .books import Requires, Rule, Rulebook, Source
from .calendars import UnknownZone
from .caps import Cap
from .hours import AgreedHours, Hours, Window
from .reading import BadRulebook

__all__ = [
    "DEFAULT",
    "AgreedHours",
    "BadRulebook",
    "Cap",
    "Hours",
    "Requires",
    "Rule",
    "Rulebook",
    "Source",
    "UnknownZone",
    "Window",
    "read",
    "shipped",
]

DEFAULT: Final = "vn-debt"


@cache
def shipped() -> dict[str, Rulebook]:
    """Every rulebook that comes with the product, by name."""
    texts = [file.read_text(encoding="utf-8") for file in files(__name__).iterdir() if file.name.endswith(".toml")]
    books = [reading.read(text, {}) for text in texts]
    return {book.name: book for book in sorted(books, key=lambda book: book.name)}


def read(text: str, parents: Mapping[str, Rulebook] | None = None) -> Rulebook:
    """A rulebook from its TOML. It may extend one of `parents` (None: those that are shipped). Raises `BadRulebook`."""
    return reading.read(text, shipped() if parents is None else parents)
