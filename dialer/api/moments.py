"""Moments as they come in: with a zone, and in our time."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _written(told: object) -> object:
    """A moment as RFC 3339 has it, and not as seconds since 1970: `until=0.5` would be one, too."""
    if not isinstance(told, datetime) and not (isinstance(told, str) and RFC_3339.fullmatch(told)):
        raise ValueError("must be a moment with a zone, such as 2026-11-20T08:30:00+07:00")
    return told


# Moments at the ends of the calendar have no name in UTC.
IN_OUR_TIME = Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))
Moment = Annotated[AwareDatetime, IN_OUR_TIME]
Asked = Annotated[AwareDatetime, BeforeValidator(_written), IN_OUR_TIME]
"""A moment behind the question mark, where every word is a text and seconds since 1970 would be read as one."""
