"""Where a request comes from, with proxies before us: what they say is believed of networks that we trust alone.

The chain is read from our end. The first address that is no trusted proxy's is the client's: what stands before it was
written by the client, or by whom we do not know. Where a proxy sends both `Forwarded` (RFC 7239) and `X-Forwarded-For`
and they disagree, one of them was let through from outside, and neither is believed.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from aiohttp import web

from dialer.sources import ADDRESS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Network = IPv4Network | IPv6Network
UNKNOWN = "unknown"
HOPS = 20
"""A longer chain is read no further."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The client's address as text, and by which scheme and host it came to the outermost proxy that we trust."""

    address: str
    scheme: str
    host: str


def networks(told: str) -> list[Network]:
    """Networks and addresses, separated by commas. Raises `ValueError`."""
    return [ip_network(one.strip(), strict=False) for one in told.split(",") if one.strip()]


class Peers:
    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = trusted

    @property
    def middleware(self) -> Any:
        """What tells the whole server who asks, the vendors' hooks too: see `sources.address_of`."""

        @web.middleware
        async def telling(request: web.Request, handler: Handler) -> web.StreamResponse:
            if self._trusted:
                request[ADDRESS] = self.of(request).address
            return await handler(request)

        return telling

    def of(self, request: web.Request) -> Peer:
        """Who asks."""
        own = Peer(request.remote or UNKNOWN, request.scheme, request.host)
        if not self._trusts(own.address):
            return own
        told, forwarded = _old(request.headers), _forwarded(request.headers)
        if told and forwarded and [one.address for one in told] != [one.address for one in forwarded]:
            return own
        for hop in reversed((forwarded or told)[-HOPS:]):
            own = Peer(hop.address or own.address, hop.scheme or own.scheme, hop.host or own.host)
            if not self._trusts(own.address):
                return own
        return own

    def _trusts(self, address: str) -> bool:
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        # A server that listens on both families sees an IPv4 proxy in IPv6's dress.
        plain = found.ipv4_mapped if isinstance(found, IPv6Address) and found.ipv4_mapped else found
        return any(plain in network for network in self._trusted)


def _old(headers: Any) -> list[Peer]:
    """`X-Forwarded-For` with `-Proto` and `-Host`, a hop each; a single scheme or host is that of the outermost."""
    hops = _words(headers.getall("X-Forwarded-For", []))
    schemes, hosts = _words(headers.getall("X-Forwarded-Proto", [])), _words(headers.getall("X-Forwarded-Host", []))
    return [
        Peer(_address(hop), _scheme(_at(schemes, n, len(hops))), _at(hosts, n, len(hops))) for n, hop in enumerate(hops)
    ]


def _at(words: list[str], place: int, count: int) -> str:
    """The word of a hop. Most proxies pass on one word for the whole chain."""
    if len(words) == count:
        return words[place]
    return words[-1] if len(words) == 1 else ""


def _forwarded(headers: Any) -> list[Peer]:
    found = []
    for hop in _words(headers.getall("Forwarded", [])):
        pairs = (pair.partition("=") for pair in hop.split(";"))
        told = {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
        found.append(Peer(_address(told.get("for", "")), _scheme(told.get("proto", "")), told.get("host", "")))
    return found


def _words(values: Sequence[str]) -> list[str]:
    return [word.strip() for value in values for word in value.split(",")]


def _address(told: str) -> str:
    """The address without its port; what is none is `unknown`, and that is nobody whom we trust."""
    bare = told.strip().strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ip_address(bare))
    except ValueError:
        return UNKNOWN


def _scheme(told: str) -> str:
    return told.lower() if told.lower() in ("http", "https") else ""
