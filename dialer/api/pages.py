"""Lists in pages: a cursor says after which row the next page begins. It is opaque, and binds nobody to an order."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from dialer.api.problems import invalid

MOST = 200
Item = TypeVar("Item", bound=BaseModel)


class Page(BaseModel, Generic[Item]):
    """Some of the rows, and where the next ones begin."""

    items: list[Item]
    next: str | None = Field(default=None, description="The `cursor` of the next page; null: this is the last one.")


class Paging(BaseModel):
    """Which page, and how long."""

    model_config = ConfigDict(extra="forbid")
    limit: int = Field(default=50, ge=1, le=MOST, description="At most so many items.")
    cursor: str | None = Field(default=None, max_length=400, description="`next` of the page before.")

    def after(self, *kinds: type) -> list[Any] | None:
        """What the cursor says, if it is one of such values. Raises `Refused`."""
        if self.cursor is None:
            return None
        try:
            told = json.loads(base64.urlsafe_b64decode(self.cursor.encode("ascii")))
        except ValueError:
            told = None
        if not isinstance(told, list) or [type(one) for one in told] != list(kinds):
            raise invalid("cursor", "must be `next` of a page")
        if any(isinstance(one, int) and abs(one) >= 1 << 63 for one in told):
            raise invalid("cursor", "must be `next` of a page")
        return told


def page(
    rows: Sequence[Any], asked: Paging, told: Callable[[Any], Item], key: Callable[[Any], list[Any]]
) -> Page[Item]:
    """A page of rows of which one more was read than was asked for, where there was one."""
    shown = rows[: asked.limit]
    following = cursor(key(shown[-1])) if len(rows) > asked.limit else None
    return Page(items=[told(row) for row in shown], next=following)


def cursor(key: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode("ascii")
