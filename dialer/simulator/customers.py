"""Uploaded customers (9): whom the PBX dials by itself."""

import re
from dataclasses import dataclass
from uuid import uuid4

from dialer.simulator.calls import Result

PHONE = "^(84|0[3|5|7|8|9])+([0-9]{8})$"
"""The vendor's own regular expression, with all its mistakes (quirk 9)."""

STATUSES = {
    Result.ANSWERED: "answered",
    Result.BUSY: "busy",
    Result.NO_ANSWERED: "no-answered",
    Result.CANCEL: "cancel",
    Result.NOT_AVAILABLE: "fail",
    Result.INVALID: "fail",
}


@dataclass(slots=True, eq=False)
class Customer:
    campaign_id: str
    customer_code: str
    phone_number: str
    contract_number: str
    customer_name: str
    created_at: float
    customer_id: str
    status: str = "new"
    updated_at: float | None = None


def is_phone(number: str) -> bool:
    return re.match(PHONE, number) is not None


class Customers:
    """In the order in which they came."""

    def __init__(self) -> None:
        self._customers: dict[str, Customer] = {}

    def add(
        self,
        now: float,
        *,
        campaign_id: str,
        customer_code: str,
        phone_number: str,
        contract_number: str,
        customer_name: str = "",
    ) -> Customer:
        customer = Customer(
            campaign_id, customer_code, phone_number, contract_number, customer_name, now, customer_id=str(uuid4())
        )
        self._customers[customer.customer_id] = customer
        return customer

    def get(self, customer_id: str) -> Customer | None:
        return self._customers.get(customer_id)

    def of(self, campaign_id: str) -> list[Customer]:
        """All of a campaign, or all with an empty `campaign_id`."""
        return [one for one in self._customers.values() if campaign_id in ("", one.campaign_id)]

    def mark(self, customer_id: str, status: str, now: float) -> None:
        customer = self._customers.get(customer_id)
        if customer is not None:
            customer.status, customer.updated_at = status, now
