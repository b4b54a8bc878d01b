"""A whole campaign: why is nobody called, who is next and when? Derived when it is asked, like one customer's answer.

Those who are final or in a call are counted by the database. Those who wait are put to the gate itself, in order of
turn, so many at the most; of the others the stored word is told, and that they were not looked at. Call it in a
transaction that sees one moment: every customer is counted exactly once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, case, func, literal, select

from campaigns import dossiers, shelf
from campaigns.compliance import Withheld, review_each
from campaigns.dossiers import Brief, Candidate, Hopeless
from campaigns.models import Call, Customer
from campaigns.reports.reasons import CALL, CUSTOMER, his_open_call
from campaigns.reports.timeline import About, Answer, of_his_own, of_the_campaign
from campaigns.rows import WAITING, in_chunks, table
from campaigns.rulebooks import Rulebook
from campaigns.timing import Timing
from campaigns.words import CallState, Reason, Wanted

LOOKED_AT = 20_000
"""So many of those who wait are put to the gate."""
BATCH = 1000
NEXT = 10
HOURS = 24
QUARTER = timedelta(minutes=15)
Sort = About | Literal["unseen"]
"""`unseen`: he is due, and was not looked at."""
Kind = tuple[Sort, str | None, str | None]


@dataclass(slots=True)
class Group:
    """Customers with one answer. `reason` is a `Reason`, or the status of who is final without one; `earliest` and
    `latest` bound the answers' `until`."""

    about: Sort
    reason: str | None
    detail: str | None
    customers: int = 0
    earliest: datetime | None = None
    latest: datetime | None = None

    def add(self, customers: int, earliest: datetime | None, latest: datetime | None) -> None:
        self.customers += customers
        self.earliest = min(filter(None, (self.earliest, earliest)), default=None)
        self.latest = max(filter(None, (self.latest, latest)), default=None)


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody who waits: when he may be called as things stand (None: no clock brings it), and what keeps him until
    then."""

    code: str
    when: datetime | None
    about: Sort
    reason: Reason | None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """`answer` stands against everybody, where something does. `waiting` are in no call; of them `looked_at` were put
    to the gate. `due` counts by the hour from `since` on those who wait, the first hour with those who are due
    already; `open` is the share of each hour in which the rulebook lets ring on the tenant's clock."""

    code: str
    wanted: Wanted
    rulebook: str
    version: str | None
    hours_rule: str | None
    customers: int
    final: int
    in_call: int
    waiting: int
    looked_at: int
    answer: Answer | None
    groups: Sequence[Group]
    next: Sequence[Turn]
    since: datetime
    due: Sequence[int]
    open: Sequence[float]


@dataclass(slots=True)
class _Tally:
    groups: dict[Kind, Group] = field(default_factory=dict)

    def add(self, kind: Kind, customers: int, earliest: datetime | None = None, latest: datetime | None = None) -> None:
        self.groups.setdefault(kind, Group(*kind)).add(customers, earliest, latest)

    def answered(self, answer: Answer) -> None:
        self.add(kind_of(answer), 1, answer.until, answer.until)

    def in_order(self) -> list[Group]:
        """Those who could be called first, those who are final last; the many before the few."""
        order = ("turn", "unseen", "campaign", "vendor", "call", "wait", "gate", "customer")
        return sorted(
            (group for group in self.groups.values() if group.customers),
            key=lambda group: (order.index(group.about), -group.customers, group.reason or "", group.detail or ""),
        )


def kind_of(answer: Answer) -> Kind:
    """In which group somebody with this answer is counted."""
    return answer.about, answer.reason, answer.detail


def explain(
    conn: Connection,
    now: datetime,
    timing: Timing,
    tenant: Any,
    campaign: Any,
    at_most: int = LOOKED_AT,
    looked: Callable[[int, int], None] = lambda _done, _of: None,
) -> Explanation:
    """Why everybody is where he is. `looked` is told how many were put to the gate by now, and of how
    many."""
    of = dossiers.brief(conn, tenant, campaign, shelf.find(conn, tenant.id, campaign.rulebook))
    since = _hour_of(now, tenant.zone)
    cells = _counted(conn, now, campaign)
    tally = _Tally()
    final, in_call = _final(cells, tally), _in_call(conn, campaign, tally)
    free = [cell for cell in cells if cell.waits and not cell.called]
    answer = of_the_campaign(conn, now, of)
    if answer is not None:
        tally.add(kind_of(answer), sum(cell.n for cell in free), answer.until, answer.until)
        seen, turns = 0, _of_nobody(conn, now, campaign, answer)
    else:
        seen, turns = _looked_at(conn, now, timing, of, at_most, looked, free, tally)
    return Explanation(
        code=campaign.code,
        wanted=campaign.wanted,
        rulebook=campaign.rulebook,
        version=of.rulebook.version if of.rulebook else None,
        hours_rule=of.rulebook.hours.rule if of.rulebook and of.rulebook.hours else None,
        customers=sum(cell.n for cell in cells),
        final=final,
        in_call=in_call,
        waiting=sum(cell.n for cell in free),
        looked_at=seen,
        answer=answer,
        groups=tally.in_order(),
        next=turns,
        since=since,
        due=_by_hour(conn, now, since, campaign, sum(cell.n for cell in free if cell.due)),
        open=[_open(of.rulebook, tenant.zone, since + timedelta(hours=hour)) for hour in range(HOURS)],
    )


def _hour_of(now: datetime, zone: str) -> datetime:
    """The beginning of this hour on the tenant's clock."""
    return now.astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0).astimezone(UTC)


def _mine(campaign: Any) -> Any:
    return and_(CUSTOMER.tenant_id == campaign.tenant_id, CUSTOMER.campaign_id == campaign.id)


def _counted(conn: Connection, now: datetime, campaign: Any) -> list[Any]:
    """Every customer, in one look at the list: by status, reason, whether a call of his is open, whether he was called
    in this run, and whether he is due."""
    each = (
        select(
            CUSTOMER.status,
            CUSTOMER.reason,
            WAITING.label("waits"),
            CUSTOMER.open_call_id.is_not(None).label("called"),
            (CUSTOMER.attempts == 0).label("fresh"),
            (CUSTOMER.due_at <= now).label("due"),
            CUSTOMER.due_at,
        )
        .where(_mine(campaign))
        .subquery()
    )
    # Grouped outside, because a bound parameter is not the same expression twice on PostgreSQL.
    keys = (each.c.status, each.c.reason, each.c.waits, each.c.called, each.c.fresh, each.c.due)
    bounds = (func.min(each.c.due_at).label("earliest"), func.max(each.c.due_at).label("latest"))
    return list(conn.execute(select(*keys, func.count().label("n"), *bounds).group_by(*keys)))


def _final(cells: Sequence[Any], tally: _Tally) -> int:
    over = [cell for cell in cells if not cell.waits]
    for cell in over:
        tally.add(("customer", cell.reason or cell.status.value, None), cell.n)
    return sum(cell.n for cell in over)


def _in_call(conn: Connection, campaign: Any, tally: _Tally) -> int:
    joined = table(Customer).join(table(Call), his_open_call())
    counted = select(CALL.state, func.count()).select_from(joined).where(_mine(campaign), WAITING)
    states: dict[CallState, int] = dict(conn.execute(counted.group_by(CALL.state)).all())
    for state, n in states.items():
        tally.add(("call", Reason.IN_CALL if state.live else Reason.VERDICT_PENDING, state.value), n)
    return sum(states.values())


def _free_of(campaign: Any) -> Sequence[Any]:
    """The conditions: he waits, and no call of his is open."""
    return _mine(campaign), WAITING, CUSTOMER.open_call_id.is_(None)


def _free(campaign: Any) -> Any:
    return select(table(Customer)).where(*_free_of(campaign))


def _in_turn(conn: Connection, now: datetime, campaign: Any, at_most: int) -> list[Any]:
    """Those who wait in no call, whose turn comes first: the due by priority, then the others as they fall due."""
    due = _free(campaign).where(CUSTOMER.due_at <= now)
    rows = list(conn.execute(due.order_by(CUSTOMER.priority, CUSTOMER.due_at, CUSTOMER.id).limit(at_most)))
    later = _free(campaign).where(CUSTOMER.due_at > now).order_by(CUSTOMER.due_at, CUSTOMER.id)
    return rows + list(conn.execute(later.limit(at_most - len(rows))))


def _looked_at(
    conn: Connection,
    now: datetime,
    timing: Timing,
    of: Brief,
    at_most: int,
    looked: Callable[[int, int], None],
    free: Sequence[Any],
    tally: _Tally,
) -> tuple[int, list[Turn]]:
    """The gate's word on those whose turn comes first, the stored word on all others; and who is next."""
    rows = _in_turn(conn, now, of.campaign, at_most)
    turns: list[tuple[Any, Turn]] = []
    done = 0
    for chunk in in_chunks(rows, BATCH):
        for customer, answer, turn in _judged(conn, now, timing, of, chunk):
            tally.answered(answer)
            turns.append((customer, turn))
        done += len(chunk)
        turns = sorted(turns, key=_soonest)[:NEXT]
        looked(done, len(rows))
    _not_looked_at(rows, now, free, tally)
    return len(rows), [turn for _, turn in turns]


def _soonest(one: tuple[Any, Turn]) -> Any:
    customer, turn = one
    when = turn.when.timestamp() if turn.when else float("inf")
    return when, customer.priority, customer.due_at, customer.id


def _judged(
    conn: Connection, now: datetime, timing: Timing, of: Brief, customers: Sequence[Any]
) -> Iterator[tuple[Any, Answer, Turn]]:
    candidates, hopeless = dossiers.gather(conn, now, timing, of, customers)
    both: list[Candidate | Hopeless] = [*candidates, *hopeless]
    for found in both:
        answer = of_his_own(found, of, now)
        yield found.customer, answer, _turn(found, answer, of, now)


def _turn(found: Candidate | Hopeless, answer: Answer, of: Brief, now: datetime) -> Turn:
    """When he may be called, as far as is known: what the gate will say when he is due is asked of it now."""
    turn = Turn(found.customer.code, answer.until, answer.about, answer.reason, answer.detail)
    if answer.about == "turn":
        return replace(turn, when=now)
    if isinstance(found, Hopeless) or answer.about != "wait":
        return turn
    _, verdict = review_each(found.dossiers, of.rulebook, found.customer.due_at)
    if isinstance(verdict, Withheld):
        return Turn(turn.code, verdict.until, "gate", verdict.reason, verdict.rule)
    return turn


def _not_looked_at(rows: Sequence[Any], now: datetime, free: Sequence[Any], tally: _Tally) -> None:
    """Those of whom only the row is known. Their earliest may be that of somebody with the same word who was looked
    at."""
    left: dict[tuple[bool, Reason], int] = {}
    until: dict[Reason, tuple[datetime, datetime]] = {}
    for cell in free:
        word = _word(cell.reason, cell.fresh)
        left[cell.due, word] = left.get((cell.due, word), 0) + cell.n
        if not cell.due:
            known = until.get(word, (cell.earliest, cell.latest))
            until[word] = min(known[0], cell.earliest), max(known[1], cell.latest)
    for row in rows:
        left[row.due_at <= now, _word(row.reason, row.attempts == 0)] -= 1
    for (due, word), n in left.items():
        if n and due:
            tally.add(("unseen", None, None), n)
        elif n:
            tally.add(("wait", word, None), n, *until[word])


def _word(reason: Reason | None, fresh: bool) -> Reason:
    return reason or (Reason.NEVER_CALLED if fresh else Reason.RECALL)


def _of_nobody(conn: Connection, now: datetime, campaign: Any, answer: Answer) -> list[Turn]:
    """Who would be next, were it not for what stands against everybody."""
    first = _in_turn(conn, now, campaign, NEXT)
    return [Turn(row.code, answer.until, answer.about, answer.reason, answer.detail) for row in first]


def _by_hour(conn: Connection, now: datetime, since: datetime, campaign: Any, due: int) -> list[int]:
    """Who falls due in each hour from `since` on; the first has those who are due already, too."""
    edges = [since + timedelta(hours=hour) for hour in range(1, HOURS + 1)]
    hour = case(*((CUSTOMER.due_at < edge, literal(at)) for at, edge in enumerate(edges)))
    later = (*_free_of(campaign), CUSTOMER.due_at > now, CUSTOMER.due_at < edges[-1])
    each = select(hour.label("hour")).where(*later).subquery()
    found: dict[int, int] = dict(conn.execute(select(each.c.hour, func.count()).group_by(each.c.hour)).all())
    return [found.get(at, 0) + (due if at == 0 else 0) for at in range(HOURS)]


def _open(rulebook: Rulebook | None, zone: str, hour: datetime) -> float:
    """The share of an hour in which ringing may begin."""
    moments = [hour + QUARTER * part for part in range(4)]
    if rulebook is None:
        return 0.0
    return sum(rulebook.opens((zone,), moment, timedelta(0)) == moment for moment in moments) / len(moments)
