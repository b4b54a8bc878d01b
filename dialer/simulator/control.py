"""The simulator's own operations, for people at a terminal and for tests in another process. They need no token.

GET  /simulator/journal   every ring, as in `journal.Ring`
GET  /simulator/state     agents, queues with what waits, live calls, hooks
GET  /simulator/faults    the switches of `faults.Faults`
POST /simulator/faults    changes those that are named; `{"expire_tokens": true}` expires all tokens at once
POST /simulator/agents    {"extension": "101", "logged_in": false}
"""

from dataclasses import asdict

from aiohttp import web
from pydantic import ValidationError

from dialer.simulator.pbx import Pbx
from dialer.simulator.queues import Entry, Queue
from dialer.simulator.shapes import Json
from dialer.simulator.tel4vn.answers import body_of, text


class Control:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/simulator/journal", self.journal),
            web.get("/simulator/state", self.state),
            web.get("/simulator/faults", self.faults),
            web.post("/simulator/faults", self.switch_faults),
            web.post("/simulator/agents", self.log_agent),
        ]

    async def journal(self, request: web.Request) -> web.Response:
        return web.json_response({"rings": self._pbx.journal.as_json()})

    async def state(self, request: web.Request) -> web.Response:
        pbx = self._pbx
        return web.json_response(
            {
                "speed": pbx.settings.speed,
                "quiet": pbx.quiet,
                "agents": [asdict(agent) for agent in pbx.floor.agents.values()],
                "queues": [_queue(queue) for queue in pbx.queues.all.values()],
                "calls": [pbx.shapes.live(call) for call in pbx.switchboard.live.values()],
                "rings": len(pbx.journal.entries),
                "hooks": {name: getattr(pbx.hooks, name) for name in ("pending", "delivered", "failed")},
            }
        )

    async def faults(self, request: web.Request) -> web.Response:
        return web.json_response(self._pbx.faults.model_dump())

    async def switch_faults(self, request: web.Request) -> web.Response:
        """All of them, or none when one is refused."""
        body, faults = await body_of(request), self._pbx.faults
        expire = body.pop("expire_tokens", False)
        try:
            checked = type(faults).model_validate(faults.model_dump() | body)
        except ValidationError as error:
            return web.json_response({"error": error.errors(include_url=False, include_context=False)}, status=400)
        for name in body:
            setattr(faults, name, getattr(checked, name))
        if expire:
            self._pbx.tokens.expire()
        return web.json_response(faults.model_dump())

    async def log_agent(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        try:
            self._pbx.floor.log(text(body, "extension"), bool(body["logged_in"]))
        except KeyError:
            return web.json_response({"error": "a known `extension` and `logged_in` are needed"}, status=400)
        return web.json_response(asdict(self._pbx.floor.agents[text(body, "extension")]))


def _queue(queue: Queue) -> Json:
    return {
        "mode": queue.mode,
        "queue_code": queue.code,
        "running": queue.running,
        "terms": asdict(queue.terms),
        "live": queue.live,
        "waiting": [_entry(entry) for entry in queue.waiting],
        "recalls": [_entry(entry) for entry in queue.recalls],
        "blocked": sorted(queue.blocked),
    }


def _entry(entry: Entry) -> Json:
    return {"id": entry.customer_id, "phone": entry.phone, "recalls": entry.recalls}
