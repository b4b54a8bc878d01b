"""Hooks: who registered for them, and their delivery: in order, and repeated on failure, unless faults meddle."""

from collections import deque
from dataclasses import dataclass
from uuid import uuid4

import aiohttp
from anyio.abc import TaskGroup

from dialer.simulator.calls import Call, HookState
from dialer.simulator.chance import Fate, dice
from dialer.simulator.clock import Clock
from dialer.simulator.faults import Faults
from dialer.simulator.settings import SimulatorSettings
from dialer.simulator.shapes import Json, Shapes


@dataclass(frozen=True, slots=True)
class Registration:
    event_domain_uuid: str
    event_name: str
    callback_url: str
    callback_apikey: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One hook to one receiver."""

    to: Registration
    body: Json
    chain: tuple[str, str]
    """Parcels of one call to one address go one after another."""


class Hooks:
    """`delivered` and `failed` count parcels, `pending` those on their way."""

    def __init__(self, settings: SimulatorSettings, faults: Faults, clock: Clock, fate: Fate, shapes: Shapes) -> None:
        self.registrations: list[Registration] = []
        self.delivered = self.failed = self.pending = 0
        self._settings = settings
        self._faults = faults
        self._clock = clock
        self._fate = fate
        self._shapes = shapes
        self._chains: dict[tuple[str, str], deque[Parcel]] = {}
        self._tasks: TaskGroup
        self._session: aiohttp.ClientSession

    def open(self, tasks: TaskGroup, session: aiohttp.ClientSession) -> None:
        self._tasks, self._session = tasks, session

    def close(self) -> None:
        """What was not delivered is lost; registrations are kept."""
        self._chains.clear()
        self.pending = 0

    def register(self, event: str, url: str, key: str) -> None:
        """An event that is none of the four is kept too, and never fires (4.2)."""
        if not self._settings.duplicate_events:
            self.registrations = [
                one for one in self.registrations if (one.event_name, one.callback_url) != (event, url)
            ]
        self.registrations.append(Registration(str(uuid4()), event, url, key))

    def remove(self, event_domain_uuid: str) -> bool:
        kept = [one for one in self.registrations if one.event_domain_uuid != event_domain_uuid]
        removed = len(kept) < len(self.registrations)
        self.registrations = kept
        return removed

    def tell(self, call: Call, state: HookState) -> None:
        """Send what is now true of the call to everyone who registered for it."""
        receivers = [one for one in self.registrations if one.event_name == state]
        if not receivers or self._strikes(self._faults.drop_hook_rate, call, state, "drop"):
            return
        body = self._shapes.hook(call, state)
        copies = 2 if self._strikes(self._faults.double_hook_rate, call, state, "double") else 1
        for receiver in receivers:
            for copy in range(copies):
                self._send(Parcel(receiver, body, (call.call_id, receiver.callback_url)), self._late(call, state, copy))

    def _late(self, call: Call, state: HookState, copy: int) -> float:
        """By how many seconds a fault makes it late; 0 leaves it in its order."""
        late = 0.0
        if self._faults.shuffle_hooks:
            late = self._faults.shuffle_seconds * dice(self._settings.seed, call.phone, call.nth, state, copy).random()
        if self._strikes(self._faults.delay_hook_rate, call, state, "delay"):
            late += self._faults.delay_hook_seconds
        return late

    def _send(self, parcel: Parcel, late: float) -> None:
        self.pending += 1
        if late:
            self._tasks.start_soon(self._deliver, parcel, late)
        elif parcel.chain in self._chains:
            self._chains[parcel.chain].append(parcel)
        else:
            self._chains[parcel.chain] = deque([parcel])
            self._tasks.start_soon(self._follow, parcel.chain)

    async def _follow(self, chain: tuple[str, str]) -> None:
        parcels = self._chains[chain]
        while parcels:
            await self._deliver(parcels[0], 0)
            parcels.popleft()
        del self._chains[chain]

    async def _deliver(self, parcel: Parcel, late: float) -> None:
        await self._clock.wait(late + self._settings.hook_latency)
        arrived = await self._post(parcel)
        for _ in range(self._settings.hook_retries):
            if arrived:
                break
            await self._clock.wait(self._settings.hook_retry_seconds)
            arrived = await self._post(parcel)
        self.pending -= 1
        self.delivered += arrived
        self.failed += not arrived

    async def _post(self, parcel: Parcel) -> bool:
        headers = self._headers(parcel.to.callback_apikey)
        try:
            async with self._session.post(
                parcel.to.callback_url, json=parcel.body, headers=headers, allow_redirects=False
            ) as answer:
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False

    def _headers(self, key: str) -> dict[str, str]:
        """How the key travels is undocumented (quirk 16)."""
        if not key or self._settings.hook_key == "none":
            return {}
        return {"Authorization": f"Bearer {key}"} if self._settings.hook_key == "bearer" else {"X-Api-Key": key}

    def _strikes(self, rate: float, call: Call, state: HookState, fault: str) -> bool:
        return self._fate.strikes(rate, call.phone, call.nth, state, fault)
