"""Uploaded customers over HTTP (9.2 to 9.5)."""

from aiohttp import web

from dialer.simulator.customers import PHONE, Customer, is_phone
from dialer.simulator.pbx import Pbx
from dialer.simulator.shapes import utc
from dialer.simulator.tel4vn.answers import Json, answer, body_of, not_found, text, whole

REQUIRED = ("campaign_id", "customer_code", "phone_number", "contract_number")
NEVER = "0001-01-01T00:00:00Z"


class UploadedCustomers:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v2/customer", self.page),
            web.post("/v2/customer", self.upload),
            web.get("/v2/customer/{id}", self.show),
        ]

    async def page(self, request: web.Request) -> web.Response:
        try:
            limit, offset = whole(request.query.get("limit"), 50), whole(request.query.get("offset"), 0)
        except ValueError:
            return answer(self._pbx, {"code": 400, "content": "Bad Request", "error": "Bad Request"}, 400)
        found = self._pbx.customers.of(request.query.get("campaign_id", ""))
        data = [self._shape(customer) for customer in found[offset : offset + limit]]
        bounds = {"limit": limit, "offset": offset, "total": len(found)}
        return answer(self._pbx, {"code": 200, "content": "successfully", "data": data} | bounds)

    async def show(self, request: web.Request) -> web.Response:
        customer = self._pbx.customers.get(request.match_info["id"])
        if customer is None:
            return not_found(self._pbx)
        return answer(self._pbx, {"code": 200, "content": "successfully", "data": self._shape(customer)})

    async def upload(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        mistakes = self._mistakes(body)
        if mistakes:
            return answer(self._pbx, {"code": 400, "content": mistakes, "error": "Bad Request"}, 400)
        fields = {name: text(body, name) for name in (*REQUIRED, "customer_name")}
        customer = self._pbx.upload(**fields)
        return answer(self._pbx, {"code": 201, "content": "successfully", "id": customer.customer_id}, 201)

    def _mistakes(self, body: Json) -> list[Json]:
        """One-key objects, as the vendor gives them. Its words for a missing field or campaign are unknown."""
        mistakes: list[Json] = [{name: "Missing data for required field"} for name in REQUIRED if not text(body, name)]
        phone, campaign = text(body, "phone_number"), text(body, "campaign_id")
        if phone and not is_phone(phone):
            mistakes.append({"phone_number": f"Does not match pattern '{PHONE}'"})
        if campaign and self._pbx.settings.campaign_ids and campaign not in self._pbx.settings.campaign_ids:
            mistakes.append({"campaign_id": "campaign is invalid"})
        return mistakes

    def _shape(self, customer: Customer) -> Json:
        return {
            "campaign_id": customer.campaign_id,
            "contract_number": customer.contract_number,
            "customer_code": customer.customer_code,
            "customer_id": customer.customer_id,
            "customer_name": customer.customer_name,
            "phone_number": customer.phone_number,
            "status": self._pbx.shapes.status(customer.status, customer.customer_id),
            "created_at": utc(customer.created_at),
            "updated_at": NEVER if customer.updated_at is None else utc(customer.updated_at),
        }
