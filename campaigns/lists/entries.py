"""What a list file holds, once read: its customers, and what was found wrong with it."""

from dataclasses import dataclass, field, replace
from datetime import date

from campaigns.lists.faults import Remark
from campaigns.phones import ambiguous, national
from campaigns.words import Role, Subject


@dataclass(frozen=True, slots=True)
class ListedPhone:
    """A number as the list gives it, in E.164. `vintage` is the day of the record, where the list or its bearer told
    one. `converted`: it was written with an old prefix, and is no other than this. `needs_review`: it may be a land
    line of before 2018 and not today's mobile.
    """

    e164: str
    role: Role
    note: str = ""
    vintage: date | None = None
    converted: bool = False
    needs_review: bool = False

    def as_of(self, day: date) -> "ListedPhone":
        """The number of a record of that day, if it does not tell its own."""
        if self.vintage:
            return self
        doubted = self.needs_review or (not self.converted and ambiguous(national(self.e164), day))
        return replace(self, vintage=day, needs_review=doubted)


@dataclass(frozen=True, slots=True)
class ListedConsent:
    """A consent to what the campaign is for, as a row tells it: the day from which it holds, how it was given, and
    where that is proved."""

    day: date
    channel: str
    proof: str


@dataclass(frozen=True, slots=True)
class ListedDebt:
    """One row: a contract, what a script may say of it (amounts as integers, days in ISO), and its cells as text."""

    contract_number: str
    dpd: int | None
    variables: dict[str, str | int]
    uploaded: list[str]
    row: int


@dataclass(slots=True)
class Entry:
    """One customer with the contracts of all his rows. A smaller `priority` is called earlier."""

    key_kind: Subject
    key: str
    """The list's own id, or the first number where a row has none."""
    name: str
    address: str | None
    zone: str | None
    priority: int
    phones: list[ListedPhone]
    debts: list[ListedDebt]
    consents: list[ListedConsent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list that was read. Every row of it is kept in an entry, or stands in `rejects` or in `repeats`.

    `notes` tell of cells that were left out of rows that were kept.
    """

    headers: tuple[str, ...]
    entries: list[Entry]
    rejects: list[Remark] = field(default_factory=list)
    repeats: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    rows_read: int = 0
    sha256: str = ""

    @property
    def duplicates(self) -> int:
        return len(self.repeats)

    @property
    def kept(self) -> int:
        return sum(len(entry.debts) for entry in self.entries)

    @property
    def remarks(self) -> list[Remark]:
        """All that the bearer of the list should see, in the order of its rows."""
        return sorted((*self.rejects, *self.repeats, *self.notes), key=lambda remark: remark.row)
