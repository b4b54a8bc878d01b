"""Segments, their digests, and the links of a tenant's chain.

A segment's digest is SHA-256 over the lines of its rows, each ended by a line feed. A link is SHA-256 over the link
before it, the seal's ordinal, what it covers, the digest and the moment; the seal's signature (Ed25519) is over the
link. For each row the seal also keeps the first eight digits of its line's SHA-256, only to say which row it was.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from campaigns.evidence.cuts import Cut
from campaigns.evidence.kinds import KINDS, LIFTING, Kind, runs_of
from campaigns.evidence.pseudonyms import Pseudonyms
from campaigns.models import Chain, Seal, Suppression
from campaigns.rows import columns_of, ignoring, table

BATCH = 500
"""Rows in a segment: few milliseconds of work."""
MARK = 8
START = b"\0" * 32
CHAIN = columns_of(Chain)
ENTRY = columns_of(Suppression)
Sign = Callable[[bytes], bytes]


@dataclass
class Segment:
    """Rows on their way into a seal."""

    covers: dict[str, Any]
    lines: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    rows: int = 0
    lifted: list[int] = field(default_factory=list)

    @property
    def digest(self) -> bytes:
        return self.lines.digest()

    def add(self, kind: Kind, rows: Sequence[Any], pseudonyms: Pseudonyms) -> dict[str, Any]:
        """Take these rows in; their ids and marks, for what the seal covers."""
        marks = []
        for row in rows:
            line = kind.line(row, pseudonyms).encode()
            self.lines.update(line + b"\n")
            marks.append(mark_of(line))
        self.rows += len(rows)
        return {"ids": runs_of([row.id for row in rows]), "marks": "".join(marks)}


@dataclass(frozen=True, slots=True)
class Advanced:
    """What one segment brought: how many rows, and whether the tenant has more below the cut."""

    rows: int
    more: bool


def mark_of(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()[:MARK]


def link_of(previous: bytes, ordinal: int, covers: Mapping[str, Any], digest: bytes, at: datetime) -> bytes:
    """The link that the next seal names as its previous one."""
    told = json.dumps(covers, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(f"{previous.hex()}\n{ordinal}\n{told}\n{digest.hex()}\n{moment}\n".encode()).digest()


def found(conn: Connection, now: datetime, tenant_id: int, sealed_keys: bytes, public_key: bytes) -> Any:
    """The tenant's chain, begun with these keys where there is none yet."""
    row = {
        "tenant_id": tenant_id,
        "seals": 0,
        "head": START,
        "positions": {},
        "sealed_keys": sealed_keys,
        "public_key": public_key,
        "made_at": now,
    }
    conn.execute(ignoring(conn, Chain).values(row))
    return conn.execute(select(table(Chain)).where(CHAIN.tenant_id == tenant_id)).one()


def heads(conn: Connection) -> dict[int, Any]:
    """Every chain, by tenant."""
    return {row.tenant_id: row for row in conn.execute(select(table(Chain)))}


def gather(conn: Connection, chain: Any, made: Cut, pseudonyms: Pseudonyms, batch: int = BATCH) -> Segment:
    """The tenant's next rows below the cut. Only reads."""
    at = made.at.astimezone(UTC).isoformat(timespec="microseconds")
    segment = Segment({"cut": {"at": at, "upto": dict(made.upto)}, "kinds": {}})
    for kind in KINDS:
        after, upto = chain.positions.get(kind.name, 0), made.upto[kind.name]
        room = batch - segment.rows
        if upto <= after or room <= 0:
            continue
        rows = kind.between(conn, chain.tenant_id, after, upto, room)
        reached = rows[-1].id if len(rows) == room else upto
        segment.covers["kinds"][kind.name] = {"upto": reached, **segment.add(kind, rows, pseudonyms)}
    lifted = _lifted(conn, chain.tenant_id, batch - segment.rows)
    if lifted:
        segment.covers["kinds"][LIFTING.name] = segment.add(LIFTING, lifted, pseudonyms)
        segment.lifted = [row.id for row in lifted]
    return segment


def _lifted(conn: Connection, tenant_id: int, room: int) -> Sequence[Any]:
    unsealed = (ENTRY.tenant_id == tenant_id, ENTRY.until.is_not(None), ENTRY.lifting_seal.is_(None))
    return conn.execute(LIFTING.chosen.where(*unsealed).order_by(ENTRY.id).limit(max(room, 0))).all()


def append(conn: Connection, now: datetime, chain: Any, segment: Segment, sign: Sign) -> bytes | None:
    """Seal a segment; the chain's new head. None where another worker was faster: then nothing is written."""
    chosen = select(table(Chain)).where(CHAIN.id == chain.id).with_for_update()
    current = conn.execute(chosen).one()
    if current.seals != chain.seals:
        return None
    ordinal = current.seals + 1
    link = link_of(current.head, ordinal, segment.covers, segment.digest, now)
    row = {
        "tenant_id": chain.tenant_id,
        "ordinal": ordinal,
        "covers": segment.covers,
        "previous": current.head,
        "digest": segment.digest,
        "signature": sign(link),
        "at": now,
    }
    conn.execute(insert(table(Seal)), row)
    conn.execute(update(table(Suppression)).where(ENTRY.id.in_(segment.lifted)).values(lifting_seal=ordinal))
    reached = {name: told["upto"] for name, told in segment.covers["kinds"].items() if "upto" in told}
    head = {"seals": ordinal, "head": link, "positions": {**current.positions, **reached}}
    conn.execute(update(table(Chain)).where(CHAIN.id == chain.id).values(**head))
    return link


def advance(conn: Connection, made: Cut) -> None:
    """Every chain has nothing left below this cut: the next search begins there."""
    for chain in conn.execute(select(table(Chain)).order_by(CHAIN.id).with_for_update()).all():
        reached = {name: max(upto, chain.positions.get(name, 0)) for name, upto in made.upto.items()}
        if reached != chain.positions:
            conn.execute(update(table(Chain)).where(CHAIN.id == chain.id).values(positions=reached))
