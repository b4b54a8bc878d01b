"""From where a request comes: the one place that says so."""

from aiohttp import web


def address_of(request: web.Request) -> str:
    """The address of the caller; empty where nobody knows it."""
    return request.remote or ""
