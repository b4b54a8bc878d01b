"""The versions of the API: all are served by the same functions, and differ in what this table says.

`v2` tells pages as bare lists: where the next one begins stands in the headers `Link` and `X-Next-Cursor`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from aiohttp import hdrs, web
from pydantic import BaseModel

from dialer.api.pages import Page

NEXT_CURSOR = "X-Next-Cursor"


@dataclass(frozen=True, slots=True)
class Version:
    """`deprecated_at`: from then on a newer one should be used. `sunset_at`: from then on it may be gone."""

    name: str
    bare_pages: bool = False
    deprecated_at: datetime | None = None
    sunset_at: datetime | None = None

    @property
    def prefix(self) -> str:
        return f"/{self.name}"

    def headers(self) -> dict[str, str]:
        """What every answer of it says of its future (RFC 9745, RFC 8594)."""
        told = {}
        if self.deprecated_at is not None:
            told["Deprecation"] = f"@{int(self.deprecated_at.timestamp())}"
        if self.sunset_at is not None:
            told["Sunset"] = format_datetime(self.sunset_at, usegmt=True)
        return told

    def operation(self, name: str) -> str:
        """What an operation is called in the OpenAPI file, where names stand once."""
        return name if self is VERSIONS[0] else f"{name}_{self.name}"


VERSIONS: Sequence[Version] = (Version("v1"), Version("v2", bare_pages=True))


def next_page(request: web.Request, body: BaseModel) -> dict[str, str]:
    """Where the page after this one is, relative to this one; nothing where there is none."""
    if not isinstance(body, Page) or body.next is None:
        return {}
    query = request.rel_url.update_query(cursor=body.next).raw_query_string
    return {hdrs.LINK: f'<?{query}>; rel="next"', NEXT_CURSOR: body.next}
