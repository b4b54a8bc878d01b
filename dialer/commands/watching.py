"""A campaign's numbers on a terminal: once, or again and again while it runs."""

from collections.abc import Mapping
from typing import Any

import anyio
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live

from campaigns import directory
from campaigns.reports import Standing, standing
from dialer.commands.language import label
from dialer.commands.printing import at, facts, share, spoken, table
from dialer.commands.session import Desk, opened

EVERY = 1.0
"""Seconds between two looks."""
OVER = ("finished", "stopped")
NO_RULES = "rulebook none: hours and caps are off for campaign {}; only the do-not-call list holds"


def warnings(campaign: Any) -> list[str]:
    """What whoever sees this campaign should be reminded of; a row or a `Standing`."""
    return [NO_RULES.format(campaign.code)] if campaign.rulebook == "none" else []


def numbers(desk: Desk, code: str) -> tuple[Standing, str]:
    """The campaign's numbers, and the tenant's time zone."""
    campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
    return standing(desk.conn, desk.now, desk.settings.timing, campaign), desk.tenant.zone


def picture(seen: Standing, zone: str) -> RenderableType:
    """Everything that a team leader wants to see at a glance."""
    now = {
        label("live calls"): seen.live_calls,
        label("placed"): seen.handed_over,
        label("ringing"): seen.ringing,
        label("talking"): seen.talking,
        label("next turn"): at(seen.next_due_at, zone),
        **{f"{label('agents')}: {label(state)}": n for state, n in seen.agents.items()},
    }
    if seen.callbacks:
        now |= {label("callbacks"): seen.callbacks, label("missed callbacks"): seen.missed_callbacks}
    so_far = {
        label("customers"): seen.customers,
        label("waiting"): seen.waiting,
        label("final"): seen.final,
        label("calls"): seen.calls,
        label("answered"): seen.answered,
        label("answer rate"): share(seen.answer_rate),
        label("abandoned"): seen.abandoned,
        label("talk time"): spoken(seen.talk_seconds),
    }
    title = f"{seen.code}: {label(seen.state)}{_because(seen)}"
    columns = [facts(so_far), facts(now), _counts("status", seen.by_status), _counts("reason", seen.by_reason)]
    return Group(title, Columns(columns, padding=(0, 4)))


def _because(seen: Standing) -> str:
    if seen.paused_because is None:
        return ""
    detail = f": {seen.paused_detail}" if seen.paused_detail else ""
    return f" ({label(seen.paused_because)}{detail})"


def _counts(of_what: str, counted: Mapping[str, int]) -> RenderableType:
    most_first = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return table((label(of_what), label("count")), [(label(word), n) for word, n in most_first])


async def watch(tenant: str | None, code: str) -> None:
    """Show the numbers until the campaign is finished or stopped."""
    async with opened(tenant) as session:
        with Live(console=Console(highlight=False), auto_refresh=False) as screen:
            while True:
                seen, zone = await session.read(numbers, code)
                screen.update(picture(seen, zone), refresh=True)
                if seen.state in OVER:
                    return
                await anyio.sleep(EVERY)
