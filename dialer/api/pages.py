"""Lists in pages: a cursor says behind which row the next page begins, and in which order. It is opaque.

Most lists are read from the database part by part (`campaigns/pages.py`). Some are short and read whole, as agents are:
`of_all` cuts them. A page may hold fewer items than were asked for while there is a next one.
"""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, Column, Integer

from campaigns.models.columns import Utc
from campaigns.pages import Cut, Part, Sorts
from dialer.api.bodies import storable
from dialer.api.problems import Refused, invalid

MOST = 200
Item = TypeVar("Item", bound=BaseModel)
Row = TypeVar("Row")
SORT = Field(description="Downwards with a dash before it. A cursor holds for the order from which it came.")
"""For a route's `sort`, whose words are those of the list's orders."""


class Page(BaseModel, Generic[Item]):
    """Some of the rows, and where the next ones begin."""

    items: list[Item]
    next: str | None = Field(default=None, description="The `cursor` of the next page; null: this is the last one.")


class Paging(BaseModel):
    """Which page, and how long."""

    model_config = ConfigDict(extra="forbid")
    limit: int = Field(default=50, ge=1, le=MOST, description="At most so many items.")
    cursor: str | None = Field(default=None, max_length=1000, description="`next` of the page before.")

    def cut(self, sorts: Sorts) -> Cut:
        """The part of a list that is asked for, in the order of the route's `sort`. Raises `Refused`."""
        cut = Cut(self.limit, getattr(self, "sort", ""))
        told = self._told(cut.sort)
        if told is None:
            return cut
        columns = cut.by(sorts).columns
        if len(told) != len(columns):
            raise no_cursor()
        after = [_value(column, one) for column, one in zip(columns, told, strict=True)]
        return Cut(cut.limit, cut.sort, after)

    def _told(self, sort: str) -> list[Any] | None:
        """What the cursor says, if it is of this order."""
        if self.cursor is None:
            return None
        try:
            told = json.loads(base64.urlsafe_b64decode(self.cursor.encode("ascii")))
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, list) or not told or not isinstance(told[0], str):
            raise no_cursor()
        if told[0] != sort:
            raise invalid("cursor", "is of a list in another order: go on with that `sort`, or begin anew without it")
        return told[1:]


def no_cursor() -> Refused:
    return invalid("cursor", "must be `next` of a page of this list")


def page(part: Part, cut: Cut, told: Callable[[Any], Item]) -> Page[Item]:
    """A part of a list as a page of it."""
    following = cursor(cut.sort, part.after) if part.after is not None else None
    return Page(items=[told(row) for row in part.rows], next=following)


def of_all(
    rows: Sequence[Row], asked: Paging, told: Callable[[Row], Item], key: Callable[[Row], list[str]]
) -> Page[Item]:
    """A page of a list that is read whole, in the order of this key, which tells any two rows apart."""
    seen = asked._told("")
    if seen is not None and not all(isinstance(one, str) for one in seen):
        raise no_cursor()
    left = sorted((row for row in rows if seen is None or key(row) > seen), key=key)
    after = key(left[asked.limit - 1]) if len(left) > asked.limit else None
    return page(Part(left[: asked.limit], after), Cut(asked.limit, ""), told)


def cursor(sort: str, key: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, *key], default=datetime.isoformat).encode()).decode("ascii")


def _value(column: Column[Any], told: Any) -> Any:
    """What stands in a cursor as a value of this column. Raises `Refused`."""
    kind = column.type
    if isinstance(kind, Utc):
        return _moment(told)
    if isinstance(kind, Integer):
        most = 1 << (63 if isinstance(kind, BigInteger) else 31)
        if type(told) is int and abs(told) < most:
            return told
    elif isinstance(told, str) and storable(told):
        return told
    raise no_cursor()


def _moment(told: Any) -> datetime:
    try:
        at = datetime.fromisoformat(told)
    except (TypeError, ValueError):
        raise no_cursor() from None
    # Moments at the ends of the calendar have no name in UTC.
    if at.tzinfo != UTC or not 1 < at.year < 9999:
        raise no_cursor()
    return at
