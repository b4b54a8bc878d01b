"""From where a company lets itself be spoken to: an allow-list of networks for its API clients and its vendors' hooks.

An entrance without an entry is open. Entries are ended and never deleted, so that one can say what held on a day.
"""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from sqlalchemy import Connection, select, update

from campaigns.directory import Taken, missing
from campaigns.models import AllowedSource
from campaigns.rows import columns_of, ignoring, table
from campaigns.terms import BadTerms
from campaigns.words import Entrance

SOURCE = columns_of(AllowedSource)
Network = IPv4Network | IPv6Network


def add(
    conn: Connection, now: datetime, tenant_id: int, entrance: Entrance, network: str, note: str, actor: str
) -> Any:
    """Let this network in. Raises `BadTerms` for what is none, and `Taken` where it is let in already."""
    known = str(network_of(network))
    row = {"tenant_id": tenant_id, "entrance": entrance, "network": known, "note": note, "actor": actor}
    if conn.execute(ignoring(conn, AllowedSource).values(row | {"created_at": now})).rowcount == 0:
        raise Taken(f"{known} is on the allow-list of {entrance} already")
    return next(one for one in list_sources(conn, tenant_id) if (one.entrance, one.network) == (entrance, known))


def network_of(text: str) -> Network:
    """`203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`. Raises `BadTerms`."""
    try:
        return ip_network(text.strip())
    except ValueError:
        raise BadTerms("network", "must be an address or a network such as 203.0.113.0/24") from None


def list_sources(conn: Connection, tenant_id: int) -> list[Any]:
    """What is let in, by entrance and network."""
    standing = (SOURCE.tenant_id == tenant_id, SOURCE.removed_at.is_(None))
    chosen = select(table(AllowedSource)).where(*standing)
    return list(conn.execute(chosen.order_by(SOURCE.entrance, SOURCE.network)))


def remove(conn: Connection, now: datetime, tenant_id: int, source_id: int, actor: str) -> None:
    """Let it in no more. Raises `NotFound`."""
    mine = (SOURCE.tenant_id == tenant_id, SOURCE.id == source_id, SOURCE.removed_at.is_(None))
    ended = update(table(AllowedSource)).where(*mine).values(removed_at=now, removed_by=actor)
    if conn.execute(ended).rowcount == 0:
        raise missing("entry", "of this id", [], "see `dialer allowlist list`")


def networks(conn: Connection, entrance: Entrance, tenant_id: int | None = None) -> dict[int, Sequence[Network]]:
    """What is let in by this entrance, by tenant: of one, or of all. Who is not in it has an open entrance."""
    standing = [SOURCE.entrance == entrance, SOURCE.removed_at.is_(None)]
    if tenant_id is not None:
        standing.append(SOURCE.tenant_id == tenant_id)
    found: dict[int, list[Network]] = {}
    for row in conn.execute(select(SOURCE.tenant_id, SOURCE.network).where(*standing)):
        found.setdefault(row.tenant_id, []).append(ip_network(row.network))
    return dict(found)


def lets_in(allowed: Sequence[Network], address: str) -> bool:
    """Whether who speaks from this address is let in. What is no address is not, once there is a list."""
    if not allowed:
        return True
    try:
        told = ip_address(address)
    except ValueError:
        return False
    # A server that listens on both families sees an IPv4 caller in IPv6's dress.
    plain = told.ipv4_mapped if isinstance(told, IPv6Address) and told.ipv4_mapped else told
    return any(plain in network for network in allowed)
