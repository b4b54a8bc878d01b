"""What users want of a campaign, and what the vendor holds for it; each change written with its reason."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from campaigns.models import Campaign, Change, VendorAccount
from campaigns.rows import columns_of, table
from campaigns.statements import Insert
from campaigns.words import QueueState, Reason, Wanted

# From where each command may be given. A stopped campaign may be started again.
MAY_FOLLOW = {
    Wanted.RUNNING: (Wanted.DRAFT, Wanted.PAUSED, Wanted.STOPPED, Wanted.RUNNING),
    Wanted.PAUSED: (Wanted.RUNNING, Wanted.PAUSED),
    Wanted.STOPPED: (Wanted.DRAFT, Wanted.RUNNING, Wanted.PAUSED, Wanted.STOPPED),
}
find_campaign = select(table(Campaign)).where(columns_of(Campaign).id == bindparam("campaign"))
write_change = Insert(Change, ("tenant_id", "campaign_id", "before", "after", "reason", "detail", "actor", "at"))


class NotNow(Exception):
    """The campaign is in a state in which this command means nothing; the message says what to do."""


def command(
    conn: Connection,
    now: datetime,
    campaign: Any,
    wanted: Wanted,
    actor: str,
    reason: Reason | None = None,
    detail: str | None = None,
) -> bool:
    """Set what is wanted of a campaign; whether anything changed. Raises `NotNow`.

    The engine's own pauses carry a reason, and only a person's command takes it away again.
    """
    if campaign.wanted not in MAY_FOLLOW[wanted]:
        raise NotNow(f"campaign {campaign.code} is {campaign.wanted}: it cannot become {wanted}")
    if campaign.wanted is wanted and campaign.paused_because == reason:
        return False
    values: dict[str, Any] = {
        "wanted": wanted,
        "wanted_at": now,
        "paused_because": reason,
        "paused_detail": detail,
    }
    if wanted is Wanted.RUNNING and campaign.started_at is None:
        values["started_at"] = now
    _change(conn, now, campaign, values, campaign.wanted, wanted, actor, reason, detail)
    return True


def delete(conn: Connection, now: datetime, campaign: Any, actor: str) -> None:
    """Hide a stopped campaign; its ledger stays. Raises `NotNow` while it is not stopped."""
    if campaign.wanted not in (Wanted.STOPPED, Wanted.DRAFT):
        raise NotNow(f"campaign {campaign.code} is {campaign.wanted}: stop it first, then delete it")
    _change(conn, now, campaign, {"deleted_at": now}, campaign.wanted, "deleted", actor)


def queue_became(conn: Connection, now: datetime, campaign: Any, state: QueueState, actor: str) -> None:
    """The vendor confirmed what it holds now."""
    if campaign.queue_state is not state:
        before = f"queue {campaign.queue_state}"
        _change(conn, now, campaign, {"queue_state": state}, before, f"queue {state}", actor)


def amend(conn: Connection, now: datetime, campaign: Any, values: dict[str, Any], actor: str) -> None:
    """Change a campaign's settings, acting from the next claim; the history keeps old and new."""
    before = ", ".join(f"{name}={getattr(campaign, name)}" for name in values)
    after = ", ".join(f"{name}={value}" for name, value in values.items())
    _change(conn, now, campaign, values, before, after, actor)


def founded(conn: Connection, now: datetime, campaign: Any, actor: str) -> None:
    """A campaign was made; its history begins."""
    _note(conn, now, campaign, "", f"{campaign.wanted}", actor)


def staffed(
    conn: Connection, now: datetime, campaign: Any, before: Collection[str], after: Collection[str], actor: str
) -> None:
    """Other agents than before, by their extensions, work for a campaign."""
    if set(before) != set(after):
        said = [f"agents={','.join(sorted(extensions))}" for extensions in (before, after)]
        _note(conn, now, campaign, said[0], said[1], actor)


def pause(conn: Connection, now: datetime, campaign_id: int, reason: Reason, detail: str) -> bool:
    """The engine pauses a running campaign by itself, for a reason that only a person can clear."""
    columns = columns_of(Campaign)
    campaign = conn.execute(
        select(table(Campaign)).where(columns.id == campaign_id).with_for_update(key_share=True)
    ).one()
    if campaign.wanted is not Wanted.RUNNING:
        return False
    return command(conn, now, campaign, Wanted.PAUSED, "engine", reason, detail)


def shut_out(conn: Connection, now: datetime, account_id: int, sealed: bytes, detail: str) -> bool:
    """The vendor refuses an account's log-in: keep it, and pause every campaign that runs there; whether it is news.

    `sealed` are the credentials that were refused: those that stand there meanwhile were not tried yet.
    """
    columns, campaign = columns_of(VendorAccount), columns_of(Campaign)
    these = (columns.id == account_id, columns.sealed_credentials == sealed)
    account = conn.execute(select(table(VendorAccount)).where(*these).with_for_update(key_share=True)).first()
    if account is None:
        return False
    running = select(campaign.id).where(campaign.vendor_account_id == account_id, campaign.wanted == Wanted.RUNNING)
    paused = [
        pause(conn, now, one, Reason.MISCONFIGURED, detail) for one in conn.scalars(running.order_by(campaign.id))
    ]
    values = {"trouble": Reason.MISCONFIGURED, "trouble_detail": detail}
    conn.execute(update(table(VendorAccount)).where(*these).values(**values))
    return account.trouble is None or any(paused)


def let_in(conn: Connection, account_id: int) -> bool:
    """The vendor takes the account's log-in again; whether that is news. Campaigns wait for a person to resume them."""
    columns = columns_of(VendorAccount)
    cured = update(table(VendorAccount)).where(columns.id == account_id, columns.trouble.is_not(None))
    return conn.execute(cured.values(trouble=None, trouble_detail=None)).rowcount > 0


def fed(conn: Connection, now: datetime, campaign_id: int) -> None:
    """The vendor was handed customers, so it holds a running queue for this campaign."""
    campaign = conn.execute(find_campaign, {"campaign": campaign_id}).one()
    if campaign.queue_state is QueueState.ABSENT:
        queue_became(conn, now, campaign, QueueState.RUNNING, "engine")


def hold_back(conn: Connection, vendor_account_id: int, until: datetime) -> None:
    """Nothing is placed with this account before `until`."""
    columns = columns_of(VendorAccount)
    later = (columns.placing_resumes_at.is_(None)) | (columns.placing_resumes_at < until)
    held = update(table(VendorAccount)).where(columns.id == vendor_account_id, later)
    conn.execute(held.values(placing_resumes_at=until))


def _change(
    conn: Connection,
    now: datetime,
    campaign: Any,
    values: dict[str, Any],
    before: str,
    after: str,
    actor: str,
    reason: Reason | None = None,
    detail: str | None = None,
) -> None:
    columns = columns_of(Campaign)
    conn.execute(
        update(table(Campaign))
        .where(columns.tenant_id == campaign.tenant_id, columns.id == campaign.id)
        .values(**values)
    )
    _note(conn, now, campaign, before, after, actor, reason, detail)


def _note(
    conn: Connection,
    now: datetime,
    campaign: Any,
    before: str,
    after: str,
    actor: str,
    reason: Reason | None = None,
    detail: str | None = None,
) -> None:
    told = {
        "tenant_id": campaign.tenant_id,
        "campaign_id": campaign.id,
        "before": before,
        "after": after,
        "reason": reason,
        "detail": detail,
        "actor": actor,
        "at": now,
    }
    write_change(conn, [told])
