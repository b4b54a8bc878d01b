"""Lists in parts: in a closed number of orders, each carried by an index, and cut behind the last row that was seen.

What an index finds is a list's `scope`. What none finds (`filters`) is looked for among the next `WINDOW` rows of the
scope only. So a part may hold fewer rows than were asked for, even none, and still tell where the next one begins: no
question reads a big table whole, however rare the rows are that it wants.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, literal_column, select, tuple_
from sqlmodel import SQLModel

from campaigns.rows import table

WINDOW = 10_000
DOWN = "-"
"""Before a sort's name: the other way round."""
Filter = Callable[[Any], ColumnElement[bool]]
"""A condition on a list's columns."""
Key = Sequence[Any]
"""The values of an order's columns in one row."""


@dataclass(frozen=True, slots=True)
class Sort:
    """By these columns of the list's table, none of which may be null; the last one tells any two rows apart. `only`:
    the rows that its index holds, where it does not hold all."""

    columns: Sequence[Column[Any]]
    only: Sequence[ColumnElement[bool]] = ()


Sorts = Mapping[str, Sort]


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a list: at most so many rows, in this order, behind the row with this key. Without a `window` all
    rows are looked through."""

    limit: int
    sort: str
    after: Key | None = None
    window: int | None = WINDOW

    @property
    def down(self) -> bool:
        return self.sort.startswith(DOWN)

    def by(self, sorts: Sorts) -> Sort:
        return sorts[self.sort.removeprefix(DOWN)]


@dataclass(frozen=True, slots=True)
class Part:
    """The rows, and behind which key the next part begins; None: this is the last one."""

    rows: Sequence[Any]
    after: Key | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed: rows of `model` within `scope`. `few`: what leaves a handful of them, and is found by an index of
    its own. `told` makes the whole statement, with what is told of other tables; it is given what to read from, because
    that may be a window of the table."""

    model: type[SQLModel]
    sorts: Sorts
    scope: Sequence[ColumnElement[bool]]
    few: Sequence[ColumnElement[bool]] = ()
    filters: Sequence[Filter] = ()
    told: Callable[[Any], Select[Any]] = select


def read(conn: Connection, listing: Listing, cut: Cut) -> Part:
    """The part of the list. One row more is sought than is shown: whether there is one says whether it goes on."""
    sort = cut.by(listing.sorts)
    window = cut.window if listing.filters and not listing.few else None
    source = _source(listing, sort, cut, window)
    chosen = listing.told(source)
    if source is table(listing.model):
        chosen = chosen.where(*_within(listing, sort, cut))
    chosen = chosen.where(*(one(source.c) for one in listing.filters))
    rows = conn.execute(_sorted(chosen, sort, cut, source).limit(_number(cut.limit + 1))).all()
    if len(rows) > cut.limit:
        return Part(rows[: cut.limit], [getattr(rows[cut.limit - 1], column.name) for column in sort.columns])
    return Part(rows, None if window is None else _edge(conn, listing, sort, cut, window))


def _source(listing: Listing, sort: Sort, cut: Cut, window: int | None) -> Any:
    """The table, or those of its rows to which no plan may prefer others: a handful, or the next window."""
    whole = table(listing.model)
    chosen = select(whole).where(*_within(listing, sort, cut), *listing.few)
    if listing.few:
        return chosen.offset(_number(0)).subquery("part")
    if window is not None:
        return _sorted(chosen, sort, cut, whole).limit(_number(window)).subquery("part")
    return whole


def matching(**asked: Any) -> list[Filter]:
    """The conditions that columns of these names are this; of what is None nothing is asked."""
    return [partial(_is, name, value) for name, value in asked.items() if value is not None]


def _is(name: str, value: Any, of: Any) -> ColumnElement[bool]:
    told: ColumnElement[bool] = of[name] == value
    return told


def _edge(conn: Connection, listing: Listing, sort: Sort, cut: Cut, window: int) -> Key | None:
    """The key of the window's last row; None where the list ended before."""
    chosen = select(*sort.columns).where(*_within(listing, sort, cut))
    last = _sorted(chosen, sort, cut, table(listing.model)).offset(_number(window - 1)).limit(_number(1))
    row = conn.execute(last).first()
    return None if row is None else list(row)


def _within(listing: Listing, sort: Sort, cut: Cut) -> list[ColumnElement[bool]]:
    told = [*listing.scope, *sort.only]
    if cut.after is not None:
        key, seen = tuple_(*sort.columns), tuple(cut.after)
        told.append(key < seen if cut.down else key > seen)
    return told


def _sorted(chosen: Select[Any], sort: Sort, cut: Cut, source: Any) -> Select[Any]:
    columns = [source.c[column.name] for column in sort.columns]
    return chosen.order_by(*(column.desc() if cut.down else column.asc() for column in columns))


def _number(number: int) -> Any:
    """A number in the text: one that is bound would be a guess in PostgreSQL's plan for any values."""
    return literal_column(str(int(number)))
