"""Click-to-call (7), live calls (6) and records (5)."""

from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import anyio
from aiohttp import web

from dialer.simulator.calls import Call
from dialer.simulator.floor import NOT_REGISTERED, Declined
from dialer.simulator.pbx import Pbx
from dialer.simulator.records import Query
from dialer.simulator.tel4vn.answers import Json, answer, body_of, not_found, text, whole

MESSAGES = {NOT_REGISTERED: "User not registered extension with Softphone or IP Phone"}
DEFAULT_LIMIT = 50


class Calls:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._zone = ZoneInfo(pbx.settings.timezone)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/click2call", self.place_and_wait, allow_head=False),
            web.get("/v1/click2call/async", self.place_at_once, allow_head=False),
            web.post("/v2/click2call", self.place),
            web.get("/v2/call", self.live),
            web.get("/v2/cdr", self.records),
            web.get("/v2/cdr/{id}", self.record),
        ]

    async def place_and_wait(self, request: web.Request) -> web.Response:
        """Answers when the agent has picked up or missed it (7.1); a missed call is told by its record alone."""
        try:
            call, decided = self._v1(request.query)
        except Declined as declined:
            return answer(self._pbx, {"status": "fail", "error": str(declined)}, 400)
        await decided.wait()
        return answer(self._pbx, {"status": "success", "call_id": call.call_id})

    async def place_at_once(self, request: web.Request) -> web.Response:
        try:
            call, _ = self._v1(request.query)
        except Declined as declined:
            return answer(self._pbx, {"status": "fail"} | _reason(declined), 400)
        return answer(self._pbx, {"status": "success", "call_id": call.call_id})

    async def place(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        try:
            call, _ = self._click2call(text(body, "agent"), text(body, "mobile"), customer_id=text(body, "id"))
        except Declined as declined:
            return answer(self._pbx, {"code": "1", "status": "fail"} | _reason(declined), 400)
        return answer(self._pbx, {"code": "0", "call_id": call.call_id, "status": "success"})

    async def live(self, request: web.Request) -> web.Response:
        data = [self._pbx.shapes.live(call) for call in self._pbx.switchboard.live.values()]
        return answer(self._pbx, {"data": data, "total": len(data)})

    async def records(self, request: web.Request) -> web.Response:
        try:
            query = self._query(request.query)
        except ValueError:
            return answer(self._pbx, {"code": 400, "content": "Bad Request", "error": "Bad Request"}, 400)
        calls, total = self._pbx.switchboard.records.search(query)
        data = [self._pbx.shapes.record(call) for call in calls]
        return answer(self._pbx, {"data": data, "limit": query.limit, "offset": query.offset, "total": total})

    async def record(self, request: web.Request) -> web.Response:
        call = self._pbx.switchboard.records.get(request.match_info["id"])
        return not_found(self._pbx) if call is None else answer(self._pbx, self._pbx.shapes.record(call))

    def _v1(self, query: Mapping[str, str]) -> tuple[Call, anyio.Event]:
        return self._click2call(
            query.get("ext", ""),
            query.get("phone", ""),
            customer_id=query.get("customer_id", ""),
            hotline=query.get("hotline", ""),
            auto_answer=query.get("auto_answer") == "true",
        )

    def _click2call(
        self, extension: str, phone: str, *, customer_id: str, hotline: str = "", auto_answer: bool = False
    ) -> tuple[Call, anyio.Event]:
        """A call without a number to reach is declined in a word of ours: the vendor gives none for it."""
        if not phone:
            raise Declined("INVALID_PARAMETERS")
        return self._pbx.click2call(extension, phone, customer_id=customer_id, hotline=hotline, auto_answer=auto_answer)

    def _query(self, asked: Mapping[str, str]) -> Query:
        """Section 5.2; `offset` outweighs `page`. Raises ValueError."""
        limit = whole(asked.get("limit"), DEFAULT_LIMIT)
        page = whole(asked.get("page"), 1)
        return Query(
            start=self._moment(asked.get("start_date", ""), time.min),
            end=self._moment(asked.get("end_date", ""), time(23, 59, 59)),
            duration=whole(asked.get("duration"), 0),
            extension=asked.get("extension", ""),
            phone=asked.get("phone", ""),
            direction=asked.get("direction", ""),
            limit=limit,
            offset=whole(asked.get("offset"), max(0, page - 1) * limit),
        )

    def _moment(self, asked: str, of_day: time) -> int | None:
        """A local day, at `of_day`, or a local day and time, as seconds since 1970."""
        if not asked:
            return None
        if len(asked) == len("2021-02-18"):
            moment = datetime.combine(date.fromisoformat(asked), of_day)
        else:
            moment = datetime.fromisoformat(asked)
        return int(moment.replace(tzinfo=self._zone).timestamp())


def _reason(declined: Declined) -> Json:
    error = str(declined)
    return {"message": MESSAGES.get(error, error), "error": error}
