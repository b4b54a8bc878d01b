"""The two histories: facts of calls, and changes of customers. Rows are added, never changed."""

from campaigns.models import Change, Fact
from campaigns.statements import Insert

write_facts = Insert(
    Fact,
    "tenant_id",
    "call_id",
    "kind",
    "verdict",
    "before",
    "after",
    "reason",
    "detail",
    "receipt_id",
    "at",
    "recorded_at",
)
write_changes = Insert(
    Change,
    "tenant_id",
    "campaign_id",
    "customer_id",
    "call_id",
    "before",
    "after",
    "reason",
    "detail",
    "actor",
    "at",
)
