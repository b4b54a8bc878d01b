"""Every table, with its constraints and indexes; no behaviour. The tenant stands first in each of them."""

from campaigns.models.call import LIVE, OURS_AND_LIVE, Call, Change, Fact, Receipt
from campaigns.models.campaign import (
    Campaign,
    CampaignAgent,
    Customer,
    Debt,
    ListImport,
    Run,
    VendorAccount,
)
from campaigns.models.evidence import Consent, Decision, Seal, Suppression
from campaigns.models.identity import Agent, Number, Person, Tenant

__all__ = [
    "LIVE",
    "OURS_AND_LIVE",
    "Agent",
    "Call",
    "Campaign",
    "CampaignAgent",
    "Change",
    "Consent",
    "Customer",
    "Debt",
    "Decision",
    "Fact",
    "ListImport",
    "Number",
    "Person",
    "Receipt",
    "Run",
    "Seal",
    "Suppression",
    "Tenant",
    "VendorAccount",
]
