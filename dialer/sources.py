"""From where a request comes: the one place that says so."""

from aiohttp import web

ADDRESS = web.RequestKey("address", str)
"""What trusted proxies say of the caller, once somebody has asked them (`dialer.api.peers`)."""


def address_of(request: web.Request) -> str:
    """The address of the caller; empty where nobody knows it."""
    told: str = request.get(ADDRESS, request.remote or "")
    return told
