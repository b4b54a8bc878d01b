"""How many calls to start now, and why not more. Pure.

Ceilings compose: the smallest room wins, and its name is the answer to "why so few?".
"""

from dataclasses import dataclass
from datetime import datetime

from campaigns.queue import Snapshot
from campaigns.words import Mode, Reason


@dataclass(frozen=True, slots=True)
class Allotment:
    """How many calls to place now. `because` names the ceiling that decided, or `room` when the wish was granted."""

    n: int
    because: Reason


@dataclass(frozen=True, slots=True)
class Policy:
    """A campaign's own ceilings, as the vendor contract names them: `precall_ratio` is a percentage of agents
    (section 8.1), `concurrent_call` is calls at the same time (section 8.2)."""

    mode: Mode
    precall_ratio: int | None
    concurrent_call: int | None


def decide(snapshot: Snapshot, policy: Policy, wish: int, now: datetime) -> Allotment:
    """At most `wish` calls (what the wire can take at this moment), less where a ceiling says so."""
    if snapshot.resumes_at is not None and snapshot.resumes_at > now:
        return Allotment(0, Reason.THROTTLED)
    if snapshot.feeding_blocked:
        return Allotment(0, Reason.QUEUE_NOT_READY)
    rooms = [Allotment(wish, Reason.ROOM), *_ceilings(snapshot, policy)]
    tightest = min(rooms, key=lambda room: room.n)
    return Allotment(max(tightest.n, 0), tightest.because)


def _ceilings(snapshot: Snapshot, policy: Policy) -> list[Allotment]:
    rooms = []
    if (room := snapshot.breaker.room(snapshot.unanswered)) is not None:
        rooms.append(Allotment(room, Reason.BREAKER))
    if policy.concurrent_call is not None:
        rooms.append(Allotment(policy.concurrent_call - snapshot.campaign_live, Reason.AT_CAMPAIGN_LIMIT))
    if policy.mode.uses_agents:
        rooms.append(Allotment(_for_agents(snapshot, policy), Reason.NO_AGENT))
    if snapshot.channels is not None:
        rooms.append(Allotment(_on_channels(snapshot, snapshot.channels), Reason.AT_VENDOR_LIMIT))
    if snapshot.tenant_limit is not None:
        rooms.append(Allotment(snapshot.tenant_limit - snapshot.tenant_live, Reason.AT_TENANT_LIMIT))
    return rooms


def _for_agents(snapshot: Snapshot, policy: Policy) -> int:
    """Click-to-call needs an agent a call; the autodialer may ring ahead of those who are free."""
    if policy.mode is Mode.CLICK2CALL:
        return snapshot.agents_available - snapshot.leased
    free = max(snapshot.agents_available - snapshot.in_conversation_unseen, 0)
    return free * (policy.precall_ratio or 100) // 100 - snapshot.unanswered


def _on_channels(snapshot: Snapshot, channels: int) -> int:
    """What is free on the account. Beyond its own share a campaign leaves to others what is theirs, and where too
    little is free for all shares it has its own only when it is its turn."""
    free = channels - snapshot.reserve - snapshot.account_live
    own = (snapshot.share or 0) - snapshot.campaign_live if snapshot.my_turn else 0
    return min(free, max(own, free - snapshot.owed))
