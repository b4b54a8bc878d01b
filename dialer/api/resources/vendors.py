"""Vendor accounts: where calls are placed. Their secrets are never told."""

from typing import Any

from pydantic import BaseModel, Field

from campaigns import accounts
from campaigns.words import Right
from dialer.api.routes import Nothing, Route, Visit


class Vendor(BaseModel):
    """A vendor account without its secrets."""

    name: str
    kind: str
    url: str
    channels: int | None = Field(description="Calls at the same time; null: not limited.")
    reserve: int = Field(description="Of these, kept for inbound and manual calls.")
    settings: dict[str, Any]
    trouble: str | None = Field(description="What keeps calls from being placed, as far as we know.")


class VendorList(BaseModel):
    items: list[Vendor]


def list_(visit: Visit) -> BaseModel:
    return VendorList(items=[_vendor(row) for row in accounts.list_accounts(visit.conn, visit.tenant.id)])


def get(visit: Visit) -> BaseModel:
    return _vendor(accounts.find_account(visit.conn, visit.tenant.id, visit.path["name"]))


def _vendor(row: Any) -> Vendor:
    told = {name: getattr(row, name) for name in Vendor.model_fields if name != "trouble"}
    return Vendor(**told, trouble=accounts.trouble(row))


READ = (Right.CAMPAIGN_READ,)
ROUTES = (
    Route("GET", "/vendors", "Vendor accounts.", READ, list_, VendorList, query=Nothing),
    Route("GET", "/vendors/{name}", "One vendor account.", READ, get, Vendor),
)
