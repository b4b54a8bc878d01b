"""One reason for every customer: the stored one, or what his row and his open call say without words."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, and_, case, func, literal, type_coerce

from campaigns.models import Call, Customer
from campaigns.rows import columns_of
from campaigns.words import LIVE_STATES, WAITING_STATUSES, Reason

CALL = columns_of(Call)
CUSTOMER = columns_of(Customer)


def his_open_call() -> Any:
    """The condition that joins a customer to the call whose verdict is awaited."""
    return and_(CALL.tenant_id == CUSTOMER.tenant_id, CALL.id == CUSTOMER.open_call_id)


def reason_at(now: datetime, customer: Any = CUSTOMER, call_state: Any = CALL.state) -> Any:
    """The reason as text, for a select of customers with `his_open_call` joined from outside; or of others that hold
    the same columns, with the state of that call beside them."""
    stored = type_coerce(customer.reason, String)
    final = customer.status.not_in(WAITING_STATUSES)
    leased = and_(customer.lease_token.is_not(None), customer.lease_until > now)
    return case(
        (final, func.coalesce(stored, type_coerce(customer.status, String))),
        (call_state.in_(LIVE_STATES), literal(Reason.IN_CALL.value)),
        (customer.open_call_id.is_not(None), literal(Reason.VERDICT_PENDING.value)),
        (leased, literal(Reason.CLAIMED.value)),
        (stored.is_not(None), stored),
        (customer.attempts == 0, literal(Reason.NEVER_CALLED.value)),
        else_=literal(Reason.RECALL.value),
    )
