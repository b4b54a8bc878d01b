"""The front door on the web role's server: every request to the API goes through `enter`, in this order.

The route and its verb (404, 405), the form of the answer (406), who asks (401), whether he may (403), how often (429),
what he says (413, 415, 400, 422), then one transaction. Vendors' hooks do not pass here.
"""

import re
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

from aiohttp import hdrs, web
from sqlalchemy import Connection
from structlog.contextvars import bound_contextvars

from campaigns import directory
from dialer.api import bodies, deeds, keys, media, openapi, problems
from dialer.api.access import Access, Visitor, require
from dialer.api.deeds import Author
from dialer.api.grants import Grants
from dialer.api.limits import Limits
from dialer.api.origins import Origins
from dialer.api.peers import Peer, Peers, networks
from dialer.api.problems import Problem, Refused
from dialer.api.resources import ROUTES
from dialer.api.routes import Attachment, Nothing, Route, Told, Visit, etag
from dialer.api.versions import VERSIONS, Version, next_page
from dialer.database import DATABASE_ERRORS, Database, clock, hold_still
from dialer.logs import log
from dialer.metrics import Metrics
from dialer.settings import Settings
from dialer.sources import ADDRESS
from dialer.vault import Vault

REQUEST_ID = "X-Request-ID"
ID = web.RequestKey("id", str)
BEGAN = web.RequestKey("began", float)
MEDIA = web.RequestKey("media", media.Media)
IDENTIFIER = re.compile(r"[\w.:-]{1,64}", re.ASCII)
SAFE = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "dialer",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What every answer says to a browser that shows it."""


class Api:
    """The routes of one web worker."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        vault: Vault,
        routes: Sequence[Route] = ROUTES,
        versions: Sequence[Version] = VERSIONS,
        metrics: Metrics | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._vault = vault
        self._routes = routes
        self._versions = versions
        self._shows = {route.name: deeds.shower(route, routes) for route in routes}
        self._access = Access(database)
        self._limits = Limits(database, settings.api_requests_a_minute)
        self.peers = Peers(networks(settings.trusted_proxies))
        self._grants = Grants(database, vault, self._limits, self.peers)
        self.origins = Origins(settings.cors_origins)
        self._metrics = metrics or Metrics()
        self._log = log("api")

    def mount(self, app: web.Application) -> None:
        """Add the API to a server. Each path takes every verb, so that a wrong one is answered by us."""
        by_path: dict[str, dict[str, object]] = defaultdict(dict)
        for version in self._versions:
            for route in self._routes:
                by_path[version.prefix + route.path][route.verb] = _Served(version, route)
        told = openapi.document(self._routes, self._versions)
        for path, verb, answer in (
            ("/oauth/token", "POST", self._grants.token),
            ("/.well-known/jwks.json", "GET", self._grants.keys),
            ("/openapi.json", "GET", openapi.serving(told)),
            ("/docs", "GET", openapi.page(told)),
        ):
            by_path[path][verb] = answer
        for path, verbs in by_path.items():
            app.router.add_route("*", path, _Entrance(self, path, verbs).enter)
        # Also of a version that there is not, or not any more, it is said in our own words.
        for path in (r"/{version:v\d+}", r"/{version:v\d+}/{rest:.*}"):
            app.router.add_route("*", path, _Entrance(self, "/v*", {}).enter)

    async def serve(self, served: "_Served", request: web.Request) -> web.Response:
        """One request to a resource. Raises `Refused`."""
        route = served.route
        request[MEDIA] = media.wanted(request, route.files)
        visitor = await self._access.admit(request)
        require(visitor, route.rights)
        left = await self._limits.spend(visitor.client)
        try:
            answer = await self._answer(served, request, visitor)
        except Refused as refused:
            refused.headers = [*refused.headers, *left]
            raise
        answer.headers.update(left)
        return answer

    async def _answer(self, served: "_Served", request: web.Request, visitor: Visitor) -> web.Response:
        route, version = served.route, served.version
        path, query = bodies.path(request), bodies.query(request, route.query)
        body = await _body(route, request)
        match = request.headers.get(hdrs.IF_MATCH)
        key = keys.of(request) if route.keyed else None
        author = Author(visitor.actor, visitor.client.client_id, request[BEGAN])

        def work(conn: Connection) -> Told:
            if route.still:
                hold_still(conn)
            tenant = directory.find_tenant(conn, visitor.client.tenant)
            visit = Visit(
                conn,
                clock(conn),
                tenant,
                visitor.client,
                visitor.actor,
                self._settings,
                path,
                query,
                body,
                match,
                self._vault,
                request[ID],
            )
            worked = partial(self._worked, author, version.prefix)
            return worked(route, visit) if key is None else keys.once(route, visit, key, worked)

        told = await (self._database.write(work) if route.writes else self._database.read(work))
        if told.file is not None:
            return self._file(told.file)
        return _told(served, request, told)

    def _worked(self, author: Author, prefix: str, route: Route, visit: Visit) -> Told:
        if route.writes:
            return deeds.witnessed(route, prefix, self._shows[route.name], visit, author)
        return route.told(route.work(visit))

    def _file(self, file: Attachment) -> web.Response:
        """The file as it is read, part by part: nobody holds all of it."""

        async def parts() -> AsyncIterator[bytes]:
            ordinal = 0
            while part := await self._database.read(file.part, ordinal):
                yield part
                ordinal += 1

        headers = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{file.name}"'}
        return web.Response(body=parts(), content_type=file.media_type, headers=headers)

    def tell(self, path: str, request: web.Request, status: int, seconds: float, peer: Peer) -> None:
        # The path's pattern is told and never the path: it may hold somebody's number.
        ms = round(seconds * 1000, 1)
        self._metrics.api_requests.labels(_verb(request), path, str(status)).inc()
        self._metrics.api_seconds.labels(path).observe(seconds)
        self._log.info("request", method=request.method, route=path, status=status, ms=ms, peer=peer.address)

    def surprise(self, path: str) -> None:
        self._log.exception("request failed", route=path)


@dataclass(frozen=True, slots=True)
class _Served:
    """A route in one of the versions."""

    version: Version
    route: Route


class _Entrance:
    """One path, and what answers each of its verbs."""

    def __init__(self, api: Api, path: str, verbs: Mapping[str, object]) -> None:
        self._api = api
        self._path = path
        self._verbs = verbs
        self._future = next((one.version.headers() for one in verbs.values() if isinstance(one, _Served)), {})

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Answer, whatever happens; name the request in the answer and in every line of log about it."""
        given = request.headers.get(REQUEST_ID, "")
        request[ID] = request_id = given if IDENTIFIER.fullmatch(given) else secrets.token_hex(8)
        request[BEGAN] = began = perf_counter()
        peer = self._api.peers.of(request)
        request[ADDRESS] = peer.address
        with bound_contextvars(request_id=request_id):
            try:
                answer = await self._dispatch(request)
            except Exception as error:
                answer = problems.answer(
                    self._refused(error), request_id, media.of_problems(request) is media.Media.XML
                )
            answer.headers[REQUEST_ID] = request_id
            answer.headers.update(SAFE)
            answer.headers.update(self._future)
            if peer.scheme == "https":
                answer.headers["Strict-Transport-Security"] = "max-age=31536000"
            self._api.origins.mark(request, answer)
            self._api.tell(self._path, request, answer.status, perf_counter() - began, peer)
        return answer

    async def _dispatch(self, request: web.Request) -> web.Response:
        if not self._verbs:
            raise Refused(Problem.NOT_FOUND)
        if (told := self._api.origins.preflight(request, self._verbs)) is not None:
            return told
        verb = "GET" if request.method == "HEAD" else request.method
        answerer = self._verbs.get(verb)
        if answerer is None:
            allowed = [*self._verbs, *(["HEAD"] if "GET" in self._verbs else [])]
            raise Refused(Problem.METHOD_NOT_ALLOWED, headers=[("Allow", ", ".join(sorted(allowed)))])
        if isinstance(answerer, _Served):
            return await self._api.serve(answerer, request)
        answered: web.Response = await answerer(request)  # type: ignore[operator]
        return answered

    def _refused(self, error: Exception) -> Refused:
        if isinstance(error, Refused):
            return error
        if (known := problems.of_the_domain(error)) is not None:
            return known
        self._api.surprise(self._path)
        if isinstance(error, DATABASE_ERRORS):
            return Refused(Problem.UNAVAILABLE, headers=[("Retry-After", "1")])
        return Refused(Problem.INTERNAL)


def _verb(request: web.Request) -> str:
    """The verb, where it is one that is known: strangers may send any word, and each would be a line of metrics."""
    return request.method if request.method in hdrs.METH_ALL else "other"


def _told(served: _Served, request: web.Request, told: Told) -> web.Response:
    route, version = served.route, served.version
    status = told.status or route.status
    form = request[MEDIA]
    body = media.told(form, told.body, version.bare_pages)
    answer = web.Response(status=status, body=body, content_type=form)
    if version.bare_pages:
        answer.headers.update(next_page(request, told.body))
    if told.tagged:
        answer.headers[hdrs.ETAG] = etag(told.body)
        if route.verb == "GET" and etag(told.body) in request.headers.get(hdrs.IF_NONE_MATCH, ""):
            return web.Response(status=304, headers={hdrs.ETAG: etag(told.body)})
    if told.replayed:
        answer.headers[keys.REPLAY] = "true"
    if told.location is not None:
        answer.headers[hdrs.LOCATION] = version.prefix + told.location
    return answer


async def _body(route: Route, request: web.Request) -> Any:
    if route.reader is not None:
        return await route.reader(request)
    return await bodies.model(request, route.body) if route.body else await _no_body(request)


async def _no_body(request: web.Request) -> Nothing:
    if await bodies.read(request):
        raise Refused(Problem.MALFORMED, "No body is expected here.")
    return Nothing()
