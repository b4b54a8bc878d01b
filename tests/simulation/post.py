"""The vendor's hooks on their way to us: written, doubled, delayed, lost, shuffled, repeated if not acknowledged."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from campaigns.words import FactKind, Outcome
from dialer.gateways import Hook, Malformed
from tests.simulation.clock import Clock


@dataclass(frozen=True, slots=True)
class Misfortune:
    """How often a hook fares badly; `repeats` is how often the vendor tries again without an acknowledgement."""

    lost: float = 0.0
    doubled: float = 0.0
    delayed: float = 0.0
    longest_delay: float = 60.0
    repeats: int = 3


@dataclass(slots=True, eq=False)
class Letter:
    body: bytes
    due_at: datetime
    tries: int = 0


class Post:
    """`acknowledged` holds the bodies that we promised to settle."""

    def __init__(self, chance: Random, misfortune: Misfortune, clock: Clock) -> None:
        self.misfortune = misfortune
        self._clock = clock
        self.letters: list[Letter] = []
        self.acknowledged: set[bytes] = set()
        self._chance = chance

    def tell(self, at: datetime, call: Any, state: str, name_extension: bool) -> None:
        """Send what is now true of a call."""
        if self._strikes(self.misfortune.lost):
            return
        body = write(call, state, name_extension)
        for _ in range(2 if self._strikes(self.misfortune.doubled) else 1):
            self.letters.append(Letter(body, at + self._delay()))

    def _delay(self) -> timedelta:
        late = self._strikes(self.misfortune.delayed)
        return timedelta(seconds=self._chance.uniform(0, self.misfortune.longest_delay) if late else 0.05)

    def _strikes(self, rate: float) -> bool:
        return self._chance.random() < rate

    def due(self) -> list[Letter]:
        return [letter for letter in self.letters if letter.due_at <= self._clock.now]

    @property
    def next_due(self) -> datetime | None:
        return min((letter.due_at for letter in self.letters), default=None)

    def take(self, letters: list[Letter]) -> None:
        self.letters = [letter for letter in self.letters if letter not in letters]

    def acknowledge(self, letters: list[Letter]) -> None:
        self.acknowledged.update(letter.body for letter in letters)

    def give_back(self, letters: list[Letter]) -> None:
        """Nobody acknowledged these: the vendor comes again, a few times."""
        for letter in letters:
            letter.tries += 1
            if letter.tries <= self.misfortune.repeats:
                letter.due_at = self._clock.now + timedelta(seconds=2**letter.tries)
                self.letters.append(letter)


def write(call: Any, state: str, name_extension: bool) -> bytes:
    """A hook's body. Like the vendor's own, it names no customer and no time. A call that an agent dialed by himself
    names him, whatever the vendor's habit with the calls that it dials (contract section 4.4)."""
    said: dict[str, Any] = {"call_id": call.call_id, "phone": call.phone, "inbound": call.inbound, "state": state}
    if name_extension or call.mode is None:
        said["extension"] = call.extension
    if state == "hangup":
        said |= {"duration": call.duration, "billsec": call.billsec}
    if state == "cdr":
        said["status"] = call.result
    return json.dumps(said).encode()


def read(body: bytes) -> Hook | Malformed:
    """The gateway's reading of such a body."""
    said = json.loads(body)
    return Hook(
        kind=FactKind(said["state"]),
        call_id=said["call_id"],
        inbound=said["inbound"],
        phone=said["phone"],
        extension=said.get("extension"),
        duration=said.get("duration"),
        billsec=said.get("billsec"),
        disposition=Outcome(said["status"]) if "status" in said else None,
    )
