"""Changing a campaign that stands, also while it runs: its terms, its agents, what is wanted of it.

The command line and the API change campaigns by these functions only.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from campaigns import agents, directory, ledger
from campaigns.ledger import NotNow
from campaigns.ledger.customers import CURABLE, HELD
from campaigns.models import Campaign, Customer
from campaigns.rows import columns_of
from campaigns.words import QueueState, Wanted

OF_THE_LAW = {"rulebook", "purpose", "creditor", "advertiser", "brandname"}
OF_THE_SCRIPT = {"template", "variables"}
MAY_FREE = {"variables", "purpose", "rulebook"}
"""What a customer may have been hindered by."""


def hold(conn: Connection, tenant_id: int, code: str) -> Any:
    """The campaign as `directory.find_campaign` gives it, and nobody else changes it meanwhile. Raises `NotFound`."""
    campaign, columns = directory.find_campaign(conn, tenant_id, code), columns_of(Campaign)
    conn.execute(select(columns.id).where(columns.id == campaign.id).with_for_update(key_share=True))
    return directory.find_campaign(conn, tenant_id, code)


def revise(conn: Connection, now: datetime, campaign: Any, changes: Mapping[str, Any], actor: str) -> None:
    """Give a campaign these terms (`campaigns.terms.amend`), and `agents`, acting from the next claim on. Raises
    `NotNow`, `Taken`, `BadTerms`."""
    terms = {name: value for name, value in changes.items() if name != "agents"}
    new = {name: value for name, value in terms.items() if getattr(campaign, name) != value}
    if "queue_code" in new:
        _check_queue(conn, campaign, new["queue_code"])
    if new.keys() & OF_THE_LAW:
        directory.check_law(conn, campaign.tenant_id, dict(campaign._mapping) | new)
    if new.keys() & OF_THE_SCRIPT:
        told = dict(campaign._mapping) | new
        directory.check_script(
            conn, campaign.tenant_id, campaign.vendor_account_id, told["template"], told["variables"]
        )
    if new:
        ledger.amend(conn, now, campaign, new, actor)
    if "agents" in changes:
        before = [agent.extension for agent in agents.roster(conn, campaign.tenant_id, campaign.id)]
        agents.assign(conn, now, campaign, changes["agents"])
        ledger.staffed(conn, now, campaign, before, changes["agents"], actor)
    if new.keys() & MAY_FREE:
        _reconsider(conn, now, campaign, actor)


def command(conn: Connection, now: datetime, campaign: Any, wanted: Wanted, actor: str, resuming: bool = False) -> bool:
    """Start, pause, resume or stop; whether anything changed. `resuming`: only from a pause. Raises `NotNow`."""
    if resuming and campaign.wanted is not Wanted.PAUSED:
        raise NotNow(
            f"campaign {campaign.code} is {campaign.wanted}, not {Wanted.PAUSED}: "
            f"use `dialer campaign start {campaign.code}`"
        )
    return ledger.command(conn, now, campaign, wanted, actor)


def delete(conn: Connection, now: datetime, tenant_id: int, code: str, actor: str) -> None:
    """Hide a stopped campaign; its ledger stays. Raises `NotFound`, and `NotNow` while it is not stopped."""
    ledger.delete(conn, now, hold(conn, tenant_id, code), actor)


def _check_queue(conn: Connection, campaign: Any, queue_code: str) -> None:
    if campaign.queue_state is not QueueState.ABSENT:
        raise NotNow(f"the vendor holds the queue {campaign.queue_code} of {campaign.code}: stop the campaign first")
    directory.check_queue(conn, campaign, queue_code)


def _reconsider(conn: Connection, now: datetime, campaign: Any, actor: str) -> None:
    customer = columns_of(Customer)
    hindered = select(customer.id).where(
        customer.tenant_id == campaign.tenant_id,
        customer.campaign_id == campaign.id,
        customer.reason.in_((*CURABLE, *HELD)),
    )
    ledger.reconsider(conn, now, campaign.tenant_id, list(conn.scalars(hindered)), actor)
