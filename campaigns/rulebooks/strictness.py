"""Where a rulebook allows what the one that it extends forbids. Pure."""

from dataclasses import dataclass

from .books import Rulebook


@dataclass(frozen=True, slots=True)
class Looser:
    """The field, as `override_reason` names it, and a sentence that says how."""

    field: str
    sentence: str


def looser(child: Rulebook, parent: Rulebook) -> list[Looser]:
    return []
