"""The two histories: facts of calls, and changes of customers. Rows are added, never changed."""

from campaigns.models import Change, Fact
from campaigns.statements import Insert

write_facts = Insert(
    Fact,
    ("call_id", "kind", "verdict", "before", "after", "reason", "detail", "receipt_id", "at"),
    shared=("tenant_id", "recorded_at"),
)
write_changes = Insert(
    Change,
    ("campaign_id", "customer_id", "call_id", "before", "after", "reason", "detail"),
    shared=("tenant_id", "actor", "at"),
)
