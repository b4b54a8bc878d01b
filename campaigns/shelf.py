"""The rulebooks that a tenant may call under: those that are shipped, and its own; each kept as it was read.

A tenant's own rulebook has a name of its own. Every text under which a call was placed stays, so that the call can be
judged again under the rules of its day.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, select, update

from campaigns import rulebooks
from campaigns.models import Campaign, RulebookText
from campaigns.rows import columns_of, ignoring, table
from campaigns.rulebooks import BadRulebook, Rulebook

TEXT = columns_of(RulebookText)
CAMPAIGN = columns_of(Campaign)


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
    text = conn.scalar(_own(tenant_id).where(TEXT.name == name).order_by(TEXT.id.desc()).limit(1))
    return _read(text) if text is not None else None


def names(conn: Connection, tenant_id: int) -> list[str]:
    """What a campaign of this tenant may be called under."""
    own = select(TEXT.name).where(TEXT.tenant_id == tenant_id, TEXT.own.is_(True), TEXT.removed_at.is_(None))
    return sorted({*rulebooks.shipped(), *conn.scalars(own)})


def add(conn: Connection, now: datetime, tenant_id: int, text: str, actor: str) -> Rulebook:
    """Take in a tenant's own rulebook, in place of an earlier one of the name. Raises `BadRulebook`."""
    book = rulebooks.read(text)
    if book.name in rulebooks.shipped():
        raise BadRulebook("name", f"{book.name} is one that is shipped: give yours a name of its own")
    remove_text(conn, now, tenant_id, book.name)
    _write(conn, now, tenant_id, book, actor, own=True)
    back = update(table(RulebookText)).where(TEXT.tenant_id == tenant_id, TEXT.digest == book.digest)
    conn.execute(back.values(removed_at=None, own=True))
    return book


def remove(conn: Connection, now: datetime, tenant_id: int, name: str) -> bool:
    """Take a tenant's own rulebook off the shelf; its text stays with the evidence. Raises `OnUse`."""
    using = select(CAMPAIGN.code).where(
        CAMPAIGN.tenant_id == tenant_id, CAMPAIGN.rulebook == name, CAMPAIGN.deleted_at.is_(None)
    )
    codes = list(conn.scalars(using.order_by(CAMPAIGN.code)))
    if codes:
        raise OnUse(f"campaigns are called under {name}: {', '.join(codes)}; give them another with campaign set")
    return remove_text(conn, now, tenant_id, name) > 0


def remove_text(conn: Connection, now: datetime, tenant_id: int, name: str) -> int:
    chosen = update(table(RulebookText)).where(
        TEXT.tenant_id == tenant_id, TEXT.name == name, TEXT.own.is_(True), TEXT.removed_at.is_(None)
    )
    return conn.execute(chosen.values(removed_at=now)).rowcount


def keep(conn: Connection, now: datetime, tenant_id: int, book: Rulebook) -> None:
    """See to it that the text of this rulebook, and of the one that it extends, is kept: a call is about to be placed
    under it."""
    if book.extends is not None:
        keep(conn, now, tenant_id, rulebooks.shipped()[book.extends])
    kept = select(TEXT.id).where(TEXT.tenant_id == tenant_id, TEXT.name == book.name, TEXT.digest == book.digest)
    if conn.execute(kept).first() is None:
        _write(conn, now, tenant_id, book, "engine", own=False)


def _own(tenant_id: int) -> Any:
    return select(TEXT.text).where(TEXT.tenant_id == tenant_id, TEXT.own.is_(True), TEXT.removed_at.is_(None))


def _write(conn: Connection, now: datetime, tenant_id: int, book: Rulebook, actor: str, own: bool) -> None:
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
    conn.execute(ignoring(conn, RulebookText).values(row))
