"""What the checker said of many calls: counted, as rows of a table, and as a manifest that can be signed."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.audit.checker import Judgement, Outcome
from campaigns.phones import mask, national

COLUMNS = (
    "call",
    "reference",
    "campaign",
    "customer",
    "person",
    "number",
    "role",
    "purpose",
    "rulebook",
    "version",
    "claimed",
    "verdict",
    "reasons",
    "facts",
    "missing",
    "remarks",
)
SHOWN = 1000
"""So many calls that were not lawful are remembered; a table has them all."""
SIGNATURE = "manifest.sig"


@dataclass
class Tally:
    """What the checker said so far, by day on the tenant's clock. Of the calls only those not lawful are remembered."""

    zone: str = "UTC"
    verdicts: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    days: dict[tuple[date, str], Counter[Outcome]] = field(default_factory=dict)
    """By day and rulebook with its version."""
    unlawful: list[Judgement] = field(default_factory=list)

    def add(self, one: Judgement) -> None:
        self.verdicts[one.outcome] += 1
        day = one.call.intended_at.astimezone(ZoneInfo(self.zone)).date()
        self.days.setdefault((day, book_of(one.call)), Counter())[one.outcome] += 1
        self.reasons.update({wrong.reason.value for wrong in one.wrongs} | set(one.missing))
        if one.outcome is not Outcome.LAWFUL and len(self.unlawful) < SHOWN:
            self.unlawful.append(one)

    @property
    def counts(self) -> dict[str, int]:
        named = {outcome.value: self.verdicts[outcome] for outcome in Outcome}
        return {"calls": self.verdicts.total(), **named}


def book_of(call: Any) -> str:
    """The rulebook under which a call was placed, with its version."""
    return f"{call.rulebook} {call.rulebook_version}"


def row_of(one: Judgement, codes: Mapping[int, str], zone: str, in_full: bool) -> list[Any]:
    """A judgement as a row under `COLUMNS`; `codes` of campaigns by their ids."""
    call = one.call
    told = (call.id, call.reference, codes.get(call.campaign_id), call.customer_id, call.person_id)
    number = national(call.phone) if in_full else mask(call.phone)
    at = call.intended_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    what = (number, call.role, call.purpose, call.rulebook, call.rulebook_version, at, one.outcome)
    said = ("; ".join(wrong.reason for wrong in one.wrongs), "; ".join(wrong.fact for wrong in one.wrongs))
    return [*told, *what, *said, "; ".join(one.missing), "; ".join(one.remarks)]


def manifest(told: Mapping[str, Any], tally: Tally, files: Mapping[str, str]) -> bytes:
    """What is signed: what was judged, how many, and the SHA-256 of each file."""
    whole = {**told, "counts": tally.counts, "files": dict(files)}
    return (json.dumps(whole, indent=2, sort_keys=True) + "\n").encode()


def faults(
    signed: bytes, signature: bytes, digest_of: Callable[[str], str | None], genuine: Callable[[bytes, bytes], bool]
) -> list[str]:
    """What is wrong with a manifest and the files that it names: those whose digests are others, and the signature.
    Raises `ValueError` where it is no manifest."""
    wrong = [] if genuine(signature, signed) else [SIGNATURE]
    told = json.loads(signed)
    files = told.get("files", {}) if isinstance(told, dict) else None
    if not isinstance(files, dict):
        raise ValueError("it is no manifest")
    return wrong + [name for name, digest in sorted(files.items()) if digest_of(name) != digest]
