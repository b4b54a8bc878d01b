"""Vendor accounts: where the calls are placed, with what secrets, and who still needs them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, update

from campaigns.breaker import Breaker, Position
from campaigns.directory import checked_code, missing
from campaigns.models import Agent, Call, Campaign, VendorAccount
from campaigns.rows import LIVE, columns_of, table
from campaigns.words import QueueState, Wanted

ACCOUNT = columns_of(VendorAccount)


class InUse(Exception):
    """Campaigns still need this account; the message names them."""


@dataclass(frozen=True, slots=True)
class Account:
    """What is stored of an account. The secrets come sealed; `hook_path_hash` finds it by a hook's address."""

    name: str
    kind: str
    url: str
    sealed_credentials: bytes
    hook_path_hash: str
    channels: int | None
    reserve: int
    settings: Mapping[str, Any]


def find_account(conn: Connection, tenant_id: int, name: str) -> Any:
    """An account that was not removed. Raises `NotFound`."""
    found = seek_account(conn, tenant_id, name)
    if found is None:
        names = [account.name for account in list_accounts(conn, tenant_id)]
        raise missing("vendor", name, names, "add one with `dialer vendor add`")
    return found


def seek_account(conn: Connection, tenant_id: int, name: str) -> Any | None:
    """As `find_account`, None where there is none."""
    return conn.execute(_standing(tenant_id).where(ACCOUNT.name == name)).first()


def list_accounts(conn: Connection, tenant_id: int) -> list[Any]:
    return list(conn.execute(_standing(tenant_id).order_by(ACCOUNT.name)))


def _standing(tenant_id: int) -> Any:
    return select(table(VendorAccount)).where(ACCOUNT.tenant_id == tenant_id, ACCOUNT.removed_at.is_(None))


def keep_account(conn: Connection, now: datetime, tenant_id: int, account: Account) -> bool:
    """Write the account under its name, new or in place of what stood there; whether it is new. Raises `BadCode`."""
    values = {
        "kind": account.kind,
        "url": account.url,
        "sealed_credentials": account.sealed_credentials,
        "hook_path_hash": account.hook_path_hash,
        "channels": account.channels,
        "reserve": account.reserve,
        "settings": dict(account.settings),
    }
    standing = seek_account(conn, tenant_id, account.name)
    if standing is not None:
        # What was wrong with the old secrets is not wrong with these before they were tried.
        fresh = {"trouble": None, "trouble_detail": None, "placing_resumes_at": None}
        conn.execute(update(table(VendorAccount)).where(ACCOUNT.id == standing.id).values(**values, **fresh))
        return False
    name = checked_code(account.name, "vendor")
    row = {"tenant_id": tenant_id, "name": name, "created_at": now, **values}
    conn.execute(table(VendorAccount).insert(), row)
    return True


def check_unused(conn: Connection, account: Any) -> None:
    """Raises `InUse` while a campaign runs, holds a queue at the vendor, or has live calls there."""
    campaign, call = columns_of(Campaign), columns_of(Call)
    live = select(call.id).where(
        call.tenant_id == campaign.tenant_id,
        call.vendor_account_id == campaign.vendor_account_id,
        call.campaign_id == campaign.id,
        LIVE,
    )
    needing = select(campaign.code).where(
        campaign.tenant_id == account.tenant_id,
        campaign.vendor_account_id == account.id,
        or_(
            campaign.wanted.in_([Wanted.RUNNING, Wanted.PAUSED]),
            campaign.queue_state != QueueState.ABSENT,
            live.exists(),
        ),
    )
    codes = list(conn.scalars(needing.order_by(campaign.code)))
    if codes:
        raise InUse(f"vendor {account.name} is used by {', '.join(codes)}: stop that first")


def remove_account(conn: Connection, now: datetime, account: Any) -> None:
    """Take the account out of use; its calls stay in the ledger. Raises `InUse`."""
    check_unused(conn, account)
    conn.execute(update(table(VendorAccount)).where(ACCOUNT.id == account.id).values(removed_at=now))


def users_of(conn: Connection, account: Any) -> dict[str, str]:
    """The account's agents: extension -> the name by which the vendor knows its user."""
    agent = columns_of(Agent)
    chosen = select(agent.extension, agent.vendor_user).where(
        agent.tenant_id == account.tenant_id, agent.vendor_account_id == account.id
    )
    return {extension: user or extension for extension, user in conn.execute(chosen.order_by(agent.extension))}


def trouble(account: Any) -> str | None:
    """What keeps calls from being placed with it, as far as we know: its own fault, or its circuit breakers."""
    breakers = {hotline: Breaker.from_json(kept) for hotline, kept in account.breaker.items()}
    shut = [
        f"{hotline or 'any hotline'} {one.position} ({one.reason})"
        for hotline, one in sorted(breakers.items())
        if one.position is not Position.CLOSED
    ]
    return account.trouble or ", ".join(shut) or None
