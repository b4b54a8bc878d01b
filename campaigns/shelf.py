"""The rulebooks that a tenant may call under: those that are shipped, and its own; each kept as it was read.

A tenant's own rulebook has a name of its own. Every text under which a call was placed stays, so that the call can be
judged again under the rules of its day.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from campaigns import rulebooks
from campaigns.models import Campaign, RulebookText
from campaigns.rows import columns_of, table
from campaigns.rulebooks import BadRulebook, Rulebook
from campaigns.statements import ONE, Insert, Query

TEXT = columns_of(RulebookText)
CAMPAIGN = columns_of(Campaign)
OWN = (TEXT.tenant_id == bindparam("tenant"), TEXT.own.is_(True), TEXT.removed_at.is_(None))
find_own = Query(select(TEXT.text).where(*OWN, TEXT.name == bindparam("name")).order_by(TEXT.id.desc()).limit(ONE))
find_kept = Query(
    select(TEXT.id).where(
        TEXT.tenant_id == bindparam("tenant"), TEXT.name == bindparam("name"), TEXT.digest == bindparam("digest")
    )
)
write_text = Insert(
    RulebookText, ("tenant_id", "name", "version", "digest", "text", "own", "actor", "added_at"), ignoring=True
)


@dataclass(frozen=True, slots=True)
class Own:
    """A rulebook of a tenant's own; `book` is None where its text cannot be read any more."""

    name: str
    version: str
    actor: str
    added_at: datetime
    book: Rulebook | None


class OnUse(Exception):
    """A rulebook that campaigns are called under cannot go; the message names them."""


@lru_cache(maxsize=64)
def _read(text: str) -> Rulebook | None:
    """A text that cannot be read any more is no rulebook: who is called under it is withheld."""
    try:
        return rulebooks.read(text)
    except BadRulebook:
        return None


def find(conn: Connection, tenant_id: int, name: str) -> Rulebook | None:
    """The rulebook of this name as it stands for the tenant, or None."""
    if name in rulebooks.shipped():
        return rulebooks.shipped()[name]
    found = find_own(conn, tenant=tenant_id, name=name)
    return _read(found[0].text) if found else None


def names(conn: Connection, tenant_id: int) -> list[str]:
    """What a campaign of this tenant may be called under."""
    own = select(TEXT.name).where(TEXT.tenant_id == tenant_id, TEXT.own.is_(True), TEXT.removed_at.is_(None))
    return sorted({*rulebooks.shipped(), *conn.scalars(own)})


def owned(conn: Connection, tenant_id: int) -> list[Own]:
    """The tenant's own, by name, as they stand."""
    columns = (TEXT.name, TEXT.version, TEXT.actor, TEXT.added_at, TEXT.text)
    own = select(*columns).where(TEXT.tenant_id == tenant_id, TEXT.own.is_(True), TEXT.removed_at.is_(None))
    rows = conn.execute(own.order_by(TEXT.name, TEXT.id))
    return [Own(row.name, row.version, row.actor, row.added_at, _read(row.text)) for row in rows]


def add(conn: Connection, now: datetime, tenant_id: int, text: str, actor: str) -> Rulebook:
    """Take in a tenant's own rulebook, in place of an earlier one of the name. Raises `BadRulebook`."""
    book = rulebooks.read(text)
    if book.name in rulebooks.shipped():
        raise BadRulebook("name", f"{book.name} is one that is shipped: give yours a name of its own")
    _refuse_another_text(conn, tenant_id, book)
    _take_off(conn, now, tenant_id, book.name)
    put(conn, now, tenant_id, book, actor, own=True)
    back = update(table(RulebookText)).where(TEXT.tenant_id == tenant_id, TEXT.digest == book.digest)
    conn.execute(back.values(removed_at=None, own=True))
    return book


def _refuse_another_text(conn: Connection, tenant_id: int, book: Rulebook) -> None:
    """A call names the version under which it was placed, so a version is one text for good."""
    other = select(TEXT.id).where(
        TEXT.tenant_id == tenant_id,
        TEXT.name == book.name,
        TEXT.version == book.version,
        TEXT.digest != book.digest,
    )
    if conn.execute(other.limit(1)).first() is not None:
        raise BadRulebook("version", f"{book.version} of {book.name} said something else: give this text a new version")


def used_by(conn: Connection, tenant_id: int, name: str) -> list[str]:
    """The codes of the campaigns that are called under it."""
    using = select(CAMPAIGN.code).where(
        CAMPAIGN.tenant_id == tenant_id, CAMPAIGN.rulebook == name, CAMPAIGN.deleted_at.is_(None)
    )
    return list(conn.scalars(using.order_by(CAMPAIGN.code)))


def remove(conn: Connection, now: datetime, tenant_id: int, name: str) -> bool:
    """Take a tenant's own rulebook off the shelf; its text stays with the evidence. Raises `OnUse`."""
    own = select(TEXT.id).where(
        TEXT.tenant_id == tenant_id, TEXT.name == name, TEXT.own.is_(True), TEXT.removed_at.is_(None)
    )
    if conn.execute(own).first() is None:
        return False
    if codes := used_by(conn, tenant_id, name):
        raise OnUse(f"campaigns are called under {name}: {', '.join(codes)}; give them another with campaign set")
    return _take_off(conn, now, tenant_id, name) > 0


def _take_off(conn: Connection, now: datetime, tenant_id: int, name: str) -> int:
    chosen = update(table(RulebookText)).where(
        TEXT.tenant_id == tenant_id, TEXT.name == name, TEXT.own.is_(True), TEXT.removed_at.is_(None)
    )
    return conn.execute(chosen.values(removed_at=now)).rowcount


def keep(conn: Connection, now: datetime, tenant_id: int, book: Rulebook) -> None:
    """See to it that the text of this rulebook is kept: a call is about to be placed under it. What it does not say
    stands in the one that it extends, so that one is kept with it."""
    parent = rulebooks.shipped().get(book.extends or "")
    for text in (book, parent) if parent else (book,):
        kept: dict[str, Any] = {"tenant": tenant_id, "name": text.name, "digest": text.digest}
        if not find_kept(conn, **kept):
            put(conn, now, tenant_id, text, "engine", own=False)


def put(conn: Connection, now: datetime, tenant_id: int, book: Rulebook, actor: str, own: bool) -> None:
    """Write a text that was read; one that is kept already stays as it is."""
    row = {
        "tenant_id": tenant_id,
        "name": book.name,
        "version": book.version,
        "digest": book.digest,
        "text": book.text,
        "own": own,
        "actor": actor,
        "added_at": now,
    }
    write_text(conn, [row])
