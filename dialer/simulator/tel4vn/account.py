"""Logging in (3), events (4) and the state of users (9.1)."""

from dataclasses import asdict
from uuid import NAMESPACE_DNS, uuid5

from aiohttp import web

from dialer.simulator.pbx import Pbx
from dialer.simulator.tel4vn.answers import Json, answer, body_of, text, unauthorized


class Account:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._domain_uuid = str(uuid5(NAMESPACE_DNS, pbx.settings.domain))
        self._user_uuid = str(uuid5(NAMESPACE_DNS, pbx.settings.username))

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/auth", self.log_in),
            web.post("/v2/auth/token", self.give_token),
            web.get("/v1/event", self.list_events),
            web.post("/v1/event", self.register_event),
            web.delete("/v1/event/{id}", self.remove_event),
            *self._user_routes(),
        ]

    def _user_routes(self) -> list[web.RouteDef]:
        paths = {"user": "/v2/user/{user}/status", "customer": "/v2/customer/user/{user}/status"}
        existing = self._pbx.settings.user_status_path
        return [web.get(path, self.user_status) for kind, path in paths.items() if existing in ("both", kind)]

    async def log_in(self, request: web.Request) -> web.Response:
        body, settings = await body_of(request), self._pbx.settings
        good = (text(body, "username"), text(body, "password")) == (settings.username, settings.password)
        if not good or self._pbx.faults.refuse_credentials:
            return unauthorized()
        data = {
            "api_key": settings.api_key,
            "domain_uuid": self._domain_uuid,
            "enabled": "true",
            "extension": "110",
            "level": "admin",
            "user_uuid": self._user_uuid,
            "username": "adminfortest",
        }
        return answer(self._pbx, {"code": 200, "content": "successfully", "data": data})

    async def give_token(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        if text(body, "api_key") != self._pbx.settings.api_key or self._pbx.faults.refuse_credentials:
            return unauthorized()
        data = {
            "client_id": self._user_uuid,
            "domain_uuid": self._domain_uuid,
            "expired_in": self._pbx.settings.expired_in,
            "refresh_token": "",
            "token": self._pbx.tokens.issue(self._pbx.clock.now()),
            "token_type": "Bearer",
            "user_id": self._user_uuid,
        }
        return answer(self._pbx, {"code": 200, "content": "successfully", "data": data})

    async def list_events(self, request: web.Request) -> web.Response:
        tenant = {"domain_uuid": self._domain_uuid, "domain_name": self._pbx.settings.domain}
        return answer(self._pbx, {"data": [asdict(one) | tenant for one in self._pbx.hooks.registrations]})

    async def register_event(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        event, url = text(body, "event"), text(body, "callback_url")
        if not event or not url:
            return answer(self._pbx, {"created": False}, 400)
        self._pbx.hooks.register(event, url, text(body, "callback_apikey"))
        return answer(self._pbx, {"created": True})

    async def remove_event(self, request: web.Request) -> web.Response:
        deleted = self._pbx.hooks.remove(request.match_info["id"])
        return answer(self._pbx, {"deleted": deleted}, 200 if deleted else 404)

    async def user_status(self, request: web.Request) -> web.Response:
        agent = self._pbx.floor.find(request.match_info["user"])
        if agent is None:
            return answer(self._pbx, {"code": 404, "content": "user is not existed", "error": "Not Found"}, 404)
        data: Json = {
            "agent_name": agent.name,
            "ext_loggedin": "true" if agent.logged_in else "false",
            "extension": agent.extension,
            "user_uuid": agent.user_uuid,
            "username": agent.username,
        }
        return answer(self._pbx, {"code": 200, "content": "successfully", "data": data})
