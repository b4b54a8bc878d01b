"""Why is nobody of a campaign called: the sentence, the table of reasons, who is next, the coming day as a picture."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import anyio
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text
from sqlalchemy import select

from campaigns import directory, queue, reports
from campaigns.models import VendorAccount
from campaigns.reports import Explanation
from campaigns.reports import explaining as reporting
from campaigns.rows import columns_of
from campaigns.rows import table as rows_of
from dialer import pacing
from dialer.commands.bars import progress
from dialer.commands.hints import hint
from dialer.commands.language import label
from dialer.commands.printing import at, table
from dialer.commands.sentences import Floor, Headline, clock, headline, sentence, turns_of
from dialer.commands.session import Desk, Session, opened

EVERY = 5.0
"""Seconds between two looks."""
AT_A_GLANCE = 2000
"""So many are put to the gate while somebody watches."""
HEIGHT = 3
EIGHTHS = " ▁▂▃▄▅▆▇█"
Looked = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Told:
    """An explanation with what stood between it and the wire at that moment."""

    now: datetime
    zone: str
    explanation: Explanation
    floor: Floor

    @property
    def headline(self) -> Headline:
        return headline(self.explanation, self.floor)

    @property
    def sentence(self) -> str:
        return sentence(self.explanation, self.floor, self.now, self.zone)

    @property
    def over(self) -> bool:
        """Whether a watcher has seen the end."""
        return self.headline.kind == "over" or self.explanation.wanted == "stopped"


def ask(tenant: str | None, code: str) -> Told:
    """Look once."""

    async def run() -> Told:
        async with opened(tenant) as session:
            return await look_at(session, code)

    return anyio.run(run)


async def watch(tenant: str | None, code: str) -> None:
    """Look again and again until everybody is final or the campaign is stopped."""
    async with opened(tenant) as session:
        with Live(console=Console(highlight=False), auto_refresh=False) as screen:
            while True:
                told = await session.survey(_told, code, _served(session), AT_A_GLANCE)
                screen.update(picture(told), refresh=True)
                if told.over:
                    return
                await anyio.sleep(EVERY)


async def look_at(session: Session, code: str) -> Told:
    with progress(code) as looked:
        return await session.survey(_told, code, _served(session), reporting.LOOKED_AT, looked)


def _served(session: Session) -> bool | None:
    # Imported here: the engine is heavy, and the other commands on campaigns need none of it.
    from dialer.runtime import served

    return served(session.settings)


def _told(desk: Desk, code: str, served: bool | None, at_most: int, looked: Looked = lambda _done, _of: None) -> Told:
    campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
    timing = desk.settings.timing
    told = reports.explain(desk.conn, desk.now, timing, desk.tenant, campaign, at_most, looked)
    return Told(desk.now, desk.tenant.zone, told, _floor(desk, campaign, told, served))


def _floor(desk: Desk, campaign: Any, told: Explanation, served: bool | None) -> Floor:
    """What the engine would decide now. Counted without its lock: it may be otherwise a moment later."""
    timing = desk.settings.timing
    account = desk.conn.execute(
        select(rows_of(VendorAccount)).where(columns_of(VendorAccount).id == campaign.vendor_account_id)
    ).one()
    snapshot = queue.snapshot(desk.conn, desk.now, timing, desk.tenant, account, campaign)
    policy = pacing.Policy(campaign.mode, campaign.precall_ratio, campaign.concurrent_call)
    agents: Counter[str] = Counter()
    if campaign.mode.uses_agents:
        lines = reports.roster(desk.conn, desk.now, timing, desk.tenant.id, campaign.id)
        agents.update(line.state.value for line in lines)
    return Floor(
        snapshot,
        pacing.decide(snapshot, policy, max(turns_of(told), 1), desk.now),
        campaign.concurrent_call,
        agents,
        served,
    )


def as_told(told: Told) -> dict[str, Any]:
    """For programs: every word as it stands in the glossary, moments in UTC."""
    explanation, floor = told.explanation, told.floor
    said = asdict(explanation) | {"why": told.sentence, "headline": asdict(told.headline), "served": floor.served}
    hours = [explanation.since + timedelta(hours=hour) for hour in range(len(explanation.due))]
    said["due"] = [
        {"from": hour, "customers": n, "open": share}
        for hour, n, share in zip(hours, explanation.due, said.pop("open"), strict=True)
    ]
    room = {"calls": floor.allotment.n, "because": floor.allotment.because.value}
    return said | {"room": room, "agents": dict(floor.agents)}


def picture(told: Told) -> RenderableType:
    """For a person."""
    explanation = told.explanation
    parts: list[RenderableType] = [Text(told.sentence, style="bold"), _reasons(told)]
    if explanation.looked_at < explanation.waiting and explanation.answer is None:
        parts.append(Text(f"{label('looked at')}: {explanation.looked_at} / {explanation.waiting}"))
    if explanation.next:
        parts.append(_next(told))
    if explanation.waiting:
        parts.append(timeline(told))
    return Group(*parts)


def _reasons(told: Told) -> RenderableType:
    names = ("reason", "rule", "count", "earliest", "latest", "what would change it")
    return table([label(name) for name in names], [_reason(told, group) for group in told.explanation.groups])


def _reason(told: Told, group: Any) -> list[Any]:
    explanation = told.explanation
    shown = {"turn": "their turn", "unseen": "due, not looked at"}.get(group.about, group.reason or group.detail or "-")
    change = hint(_changing(group), explanation.code, explanation.rulebook, told.floor.served)
    moments = (at(group.earliest, told.zone), at(group.latest, told.zone))
    return [label(shown), _beside(told, group), group.customers, *moments, change]


def _changing(group: Any) -> str | None:
    """The word for which there is a hint."""
    reason: str | None = group.reason or (group.detail if group.about == "campaign" else None)
    return reason


def _beside(told: Told, group: Any) -> str | None:
    """The rule, or the state of the call."""
    if group.reason == "outside-hours":
        return told.explanation.hours_rule
    return label(group.detail) if group.detail and group.reason else None


def _next(told: Told) -> RenderableType:
    zone, now = told.zone, told.now
    rows = [
        [
            turn.code,
            clock(turn.when, now, zone) if turn.when and turn.when > now else label("now") if turn.when else None,
            label(turn.reason or turn.rule or "their turn"),
        ]
        for turn in told.explanation.next
    ]
    return table([label("next"), label("when"), label("why")], rows)


def timeline(told: Told) -> RenderableType:
    """The coming day: how many fall due in each hour, and under it when the rulebook lets ring."""
    explanation = told.explanation
    most = max(*explanation.due, 1)
    width = len(label("due"))
    lines = [
        Text(f"{label('due')} {most:>6} ┤" if row == HEIGHT - 1 else " " * (width + 7) + " ┤") for row in range(HEIGHT)
    ]
    lines.reverse()
    for n, share in zip(explanation.due, explanation.open, strict=True):
        for row, line in enumerate(reversed(lines)):
            line.append(_block(n, most, row) * 2, style="green" if share else "red")
    first = explanation.since.astimezone(ZoneInfo(told.zone)).hour
    margin = " " * (width + 7)
    open_ = "".join(("█" if share == 1 else "▒" if share else "·") * 2 for share in explanation.open)
    scale = "".join(f"{(first + hour) % 24:02}    " for hour in range(0, len(explanation.due), 3))
    return Group(*lines, Text(f"{margin}  {open_} {label('hours')}"), Text(f"{margin}  {scale.rstrip()}"))


def _block(n: int, most: int, row: int) -> str:
    """What of a bar stands in this row, counted from below; whoever is there is seen."""
    eighths = max(round(n / most * HEIGHT * 8), 1 if n else 0)
    return EIGHTHS[min(max(eighths - row * 8, 0), 8)]
