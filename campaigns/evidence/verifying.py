"""Everything computed again: which rows and which seals were changed, are missing, were added."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from campaigns.evidence.chain import MARK, START, Segment, link_of, mark_of
from campaigns.evidence.kinds import KINDS, LIFTING, Kind, by_name, ids_of
from campaigns.evidence.pseudonyms import Pseudonyms
from campaigns.models import Seal, Suppression
from campaigns.rows import columns_of, in_chunks, table

SEAL = columns_of(Seal)
ENTRY = columns_of(Suppression)
LATENESS = timedelta(seconds=10)
"""So much earlier than the cut before it a row's moment may be. Rows carry their transaction's clock, which the cut
knows; SQLite's clock drops what is below a millisecond, and a step may have read the clock a little before."""
Period = tuple[datetime | None, datetime | None]
Genuine = Callable[[bytes, bytes], bool]
"""Whether a signature over a link is the chain's own."""


class Fault(StrEnum):
    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    BACKDATED = "backdated"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong: of which kind, with which id (a seal's is its ordinal), and the moment that the row names."""

    kind: str
    id: int
    fault: Fault
    moment: datetime | None = None
    seal: int | None = None


@dataclass(frozen=True, slots=True)
class _Cut:
    """What a seal says of its cut: rows with larger ids have no earlier moments."""

    at: datetime
    upto: Mapping[str, int]

    def contradicted_by(self, kind: Kind, row: Any) -> bool:
        later = kind.prompt and row.moment is not None and row.id > self.upto.get(kind.name, 0)
        return bool(later and row.moment < self.at - LATENESS)


class Examination:
    """One pass over a tenant's chain, a page of seals at a time, each in a transaction of the caller's.

    Only rows of seals whose time meets `period` are read; links and signatures are always checked, from the first on.
    """

    def __init__(
        self,
        chain: Any,
        pseudonyms: Pseudonyms,
        genuine: Genuine,
        period: Period = (None, None),
        heads: Mapping[int, str] | None = None,
    ) -> None:
        """`heads`: links that were noted elsewhere, as hexadecimal by ordinal."""
        self._heads = heads or {}
        self._chain = chain
        self._pseudonyms = pseudonyms
        self._genuine = genuine
        self._period = period
        self._ordinal = 0
        self._link = START
        self._cut: _Cut | None = None
        self._before: _Cut | None = None
        self._reached: dict[str, int] = {}
        self._lifted: dict[int, int] = {}
        self.rows = 0
        self.unsealed = 0

    @property
    def seals(self) -> int:
        """How many were looked at."""
        return self._ordinal

    def examine(self, conn: Connection, page: int = 50) -> list[Finding] | None:
        """The findings of the next seals; None when there are no more."""
        chosen = select(table(Seal)).where(SEAL.tenant_id == self._chain.tenant_id, SEAL.ordinal > self._ordinal)
        # What was sealed after the examination began is for the next one.
        seals = conn.execute(chosen.where(SEAL.ordinal <= self._chain.seals).order_by(SEAL.ordinal).limit(page)).all()
        return [one for seal in seals for one in self._of_a_seal(conn, seal)] if seals else None

    def finish(self, conn: Connection) -> list[Finding]:
        """What stands at the chain's end and beyond."""
        found = [Finding("seal", gone, Fault.MISSING) for gone in range(self._ordinal + 1, self._chain.seals + 1)]
        found += [Finding("seal", noted, Fault.MISSING) for noted in self._heads if noted > self._chain.seals]
        if not found and self._link != self._chain.head:
            found.append(Finding("seal", self._chain.seals, Fault.CHANGED))
        found += self._extra_seals(conn)
        for kind in KINDS:
            found += self._behind(conn, kind)
        return [*found, *self._liftings(conn)]

    def _of_a_seal(self, conn: Connection, seal: Any) -> Iterator[Finding]:
        for gone in range(self._ordinal + 1, seal.ordinal):
            yield Finding("seal", gone, Fault.MISSING)
        link = link_of(seal.previous, seal.ordinal, seal.covers, seal.digest, seal.at)
        if not self._genuine(seal.signature or b"", link) or self._not_the_next(seal):
            yield Finding("seal", seal.ordinal, Fault.CHANGED, seal.at)
        if self._heads.get(seal.ordinal, link.hex()) != link.hex():
            yield Finding("seal", seal.ordinal, Fault.CHANGED, seal.at)
        self._ordinal, self._link = seal.ordinal, link
        self._meet(_Cut(datetime.fromisoformat(seal.covers["cut"]["at"]), seal.covers["cut"]["upto"]))
        if self._wanted():
            yield from self._of_its_rows(conn, seal)
        self._reached |= {name: told["upto"] for name, told in seal.covers["kinds"].items() if "upto" in told}

    def _not_the_next(self, seal: Any) -> bool:
        return bool(seal.ordinal == self._ordinal + 1 and seal.previous != self._link)

    def _meet(self, cut: _Cut) -> None:
        """Several seals may share a cut; rows are held against the one before it. Where the clock itself went back,
        moments say nothing."""
        if cut != self._cut:
            self._before = self._cut if self._cut is None or cut.at >= self._cut.at else None
            self._cut = cut

    def _wanted(self) -> bool:
        assert self._cut is not None
        begins, ends = self._period
        return (begins is None or self._cut.at >= begins) and (
            ends is None or self._before is None or self._before.at < ends
        )

    def _of_its_rows(self, conn: Connection, seal: Any) -> Iterator[Finding]:
        told: Mapping[str, Any] = seal.covers["kinds"]
        again = Segment({})
        found: list[Finding] = []
        for name, kind in by_name().items():
            if name in told:
                rows = kind.between(conn, seal.tenant_id, self._reached.get(name, 0), told[name]["upto"])
                found += self._compare(kind, rows, told[name], seal, again)
                found += self._backdated(kind, rows, seal)
        if LIFTING.name in told:
            found += self._lifting(conn, told[LIFTING.name], seal, again)
        self.rows += again.rows
        if not found and again.digest != seal.digest:
            # A change that happens to have the same eight digits: the digest itself is not deceived.
            found.append(Finding("seal", seal.ordinal, Fault.CHANGED, seal.at))
        yield from found

    def _compare(self, kind: Kind, rows: Any, told: Mapping[str, Any], seal: Any, again: Segment) -> Iterator[Finding]:
        marks = dict(_marked(told))
        for row in rows:
            if row.id not in marks:
                yield Finding(kind.name, row.id, Fault.ADDED, row.moment, seal.ordinal)
            elif marks[row.id] != mark_of(kind.line(row, self._pseudonyms).encode()):
                yield Finding(kind.name, row.id, Fault.CHANGED, row.moment, seal.ordinal)
        for gone in marks.keys() - {row.id for row in rows}:
            yield Finding(kind.name, gone, Fault.MISSING, None, seal.ordinal)
        again.add(kind, rows, self._pseudonyms)

    def _backdated(self, kind: Kind, rows: Any, seal: Any) -> Iterator[Finding]:
        for row in rows:
            if self._before is not None and self._before.contradicted_by(kind, row):
                yield Finding(kind.name, row.id, Fault.BACKDATED, row.moment, seal.ordinal)

    def _lifting(self, conn: Connection, told: Mapping[str, Any], seal: Any, again: Segment) -> Iterator[Finding]:
        marks = dict(_marked(told))
        rows: list[Any] = []
        for chunk in in_chunks(sorted(marks), 500):
            mine = (ENTRY.tenant_id == seal.tenant_id, ENTRY.id.in_(chunk), ENTRY.until.is_not(None))
            rows += conn.execute(LIFTING.chosen.where(*mine).order_by(ENTRY.id)).all()
        self._lifted |= dict.fromkeys(marks, seal.ordinal)
        yield from self._compare(LIFTING, rows, told, seal, again)

    def _liftings(self, conn: Connection) -> Iterator[Finding]:
        """Entries that say of themselves that their lifting is sealed, and it is not; or the other way round."""
        if self._period != (None, None):
            return
        lifted = (ENTRY.tenant_id == self._chain.tenant_id, ENTRY.until.is_not(None))
        chosen = select(ENTRY.id, ENTRY.until, ENTRY.lifting_seal).where(*lifted)
        for row in conn.execute(chosen.order_by(ENTRY.id)):
            if row.lifting_seal is None:
                self.unsealed += 1
                # Those before the newest cut may just be on their way into a seal.
                if self._before is not None and row.until < self._before.at - LATENESS:
                    yield Finding(LIFTING.name, row.id, Fault.BACKDATED, row.until)
            elif row.lifting_seal <= self._chain.seals and self._lifted.get(row.id) != row.lifting_seal:
                yield Finding(LIFTING.name, row.id, Fault.ADDED, row.until, row.lifting_seal)

    def _extra_seals(self, conn: Connection) -> Iterator[Finding]:
        beyond = (SEAL.tenant_id == self._chain.tenant_id, SEAL.ordinal > self._chain.seals)
        for row in conn.execute(select(table(Seal)).where(*beyond).order_by(SEAL.ordinal)):
            genuine = self._genuine(
                row.signature or b"", link_of(row.previous, row.ordinal, row.covers, row.digest, row.at)
            )
            if not genuine:
                yield Finding("seal", row.ordinal, Fault.ADDED, row.at)

    def _behind(self, conn: Connection, kind: Kind) -> Iterator[Finding]:
        """Rows after the last sealed id: not sealed yet, or slipped in where the search has passed already."""
        after, passed = self._reached.get(kind.name, 0), self._chain.positions.get(kind.name, 0)
        chosen = select(kind.columns.id, kind.columns[kind.moment].label("moment"))
        mine = (kind.columns.tenant_id == self._chain.tenant_id, kind.columns.id > after)
        for row in conn.execute(chosen.where(*mine).order_by(kind.columns.id)):
            if row.id <= passed:
                yield Finding(kind.name, row.id, Fault.ADDED, row.moment)
                continue
            self.unsealed += 1
            if self._cut is not None and self._cut.contradicted_by(kind, row):
                yield Finding(kind.name, row.id, Fault.BACKDATED, row.moment)


def _marked(told: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    marks = told["marks"]
    for place, one in enumerate(ids_of(told["ids"])):
        yield one, marks[place * MARK : (place + 1) * MARK]
