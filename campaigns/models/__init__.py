"""Every table, with its constraints and indexes; no behaviour. The tenant stands first in each of them."""

from campaigns.models.access import Allowance, Client, SigningKey
from campaigns.models.call import LIVE, OURS_AND_LIVE, Call, Change, Fact, Receipt
from campaigns.models.campaign import (
    Callback,
    Campaign,
    CampaignAgent,
    Customer,
    Debt,
    ListImport,
    Run,
    VendorAccount,
)
from campaigns.models.events import Delivery, Sink, Webhook
from campaigns.models.evidence import Act, Chain, Consent, Contact, Decision, Register, RulebookText, Seal, Suppression
from campaigns.models.identity import Agent, Number, Person, Tenant
from campaigns.models.registry import AllowedSource, Callflow
from campaigns.models.trigger import KeptAnswer, TriggeredCall
from campaigns.models.work import Job, JobPart

__all__ = [
    "LIVE",
    "OURS_AND_LIVE",
    "Act",
    "Agent",
    "Allowance",
    "AllowedSource",
    "Call",
    "Callback",
    "Callflow",
    "Campaign",
    "CampaignAgent",
    "Chain",
    "Change",
    "Client",
    "Consent",
    "Contact",
    "Customer",
    "Debt",
    "Decision",
    "Delivery",
    "Fact",
    "Job",
    "JobPart",
    "KeptAnswer",
    "ListImport",
    "Number",
    "Person",
    "Receipt",
    "Register",
    "RulebookText",
    "Run",
    "Seal",
    "SigningKey",
    "Sink",
    "Suppression",
    "Tenant",
    "TriggeredCall",
    "VendorAccount",
    "Webhook",
]
