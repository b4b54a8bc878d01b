"""The HTTP application: the vendor's families of operations, the simulator's own, and what stands before them."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from dialer.simulator.control import Control
from dialer.simulator.pbx import Pbx
from dialer.simulator.tel4vn.account import Account
from dialer.simulator.tel4vn.answers import unauthorized
from dialer.simulator.tel4vn.calls import Calls
from dialer.simulator.tel4vn.customers import UploadedCustomers
from dialer.simulator.tel4vn.misfortune import OWN, Misfortune
from dialer.simulator.tel4vn.queues import VendorQueues

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes. A queue import may hold very many customers."""
OPEN = frozenset({"/v1/auth", "/v2/auth/token"})
"""The two calls that need no token."""


def application(pbx: Pbx, misfortune: Misfortune) -> web.Application:
    app = web.Application(middlewares=[_token_needed(pbx), misfortune.middleware()], client_max_size=LARGEST_BODY)
    for family in (Account(pbx), Calls(pbx), VendorQueues(pbx, misfortune), UploadedCustomers(pbx), Control(pbx)):
        app.add_routes(family.routes())
    return app


def _token_needed(pbx: Pbx) -> Middleware:
    @web.middleware
    async def token_needed(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in OPEN or request.path.startswith(OWN):
            return await handler(request)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer" and pbx.tokens.is_good(token, pbx.clock.now()):
            return await handler(request)
        return unauthorized()

    return token_needed
