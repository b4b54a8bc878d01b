"""What the PBX really rang: one entry for each dialing of a customer's telephone, told as it happens.

Times are *real* seconds since 1970, not unscaled ones: they are for checking how many rang at once, also by another
process. A dialing that met a busy line or a switched-off telephone is an entry too.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from itertools import combinations
from pathlib import Path
from typing import Any, TextIO

from dialer.simulator.calls import Call, Mode, OrderedBy, Result

CUT = "cut"
"""The status of a ring that ended because the PBX was switched off."""
FROM_OUTSIDE = (OrderedBy.HAND, OrderedBy.INBOUND)


@dataclass(slots=True, eq=False)
class Ring:
    """One customer's telephone, ringing or in use from `rang_at` until `ended_at` (None: still)."""

    call_id: str
    phone: str
    customer_id: str
    """As the client gave it."""
    queue_code: str
    mode: str
    ordered_by: str
    extension: str
    rang_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    billsec: int = 0
    """Unscaled, as reported."""
    status: str = ""

    @property
    def abandoned(self) -> bool:
        """Whether he answered and found no agent."""
        with_agents = self.mode in (Mode.AUTODIALER, Mode.CUSTOMER)
        return with_agents and self.status == Result.ANSWERED and not self.extension

    def overlaps(self, other: "Ring") -> bool:
        first, second = sorted((self, other), key=lambda ring: ring.rang_at)
        return first.ended_at is None or second.rang_at < first.ended_at


def ordered(ring: Ring) -> bool:
    """Whether the PBX rang because a client or its own recall wanted it: not a hand-dialed or inbound call."""
    return ring.ordered_by not in FROM_OUTSIDE


def every(ring: Ring) -> bool:
    return True


class Journal:
    """The entries in the order in which they rang. With a `path`, each is a line at its ring and one at its end."""

    def __init__(self, path: Path | None = None, tell: Callable[[Ring], None] | None = None) -> None:
        self.entries: list[Ring] = []
        self._path = path
        self._file: TextIO | None = None
        self._live: dict[str, Ring] = {}
        self._tell = tell

    def open(self) -> None:
        if self._path is not None:
            self._file = self._path.open("a", encoding="utf-8")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def ring(self, call: Call, at: float) -> None:
        ring = Ring(
            call_id=call.call_id,
            phone=call.phone,
            customer_id=call.customer_id,
            queue_code=call.queue_code,
            mode=call.mode,
            ordered_by=call.ordered_by,
            extension=call.extension,
            rang_at=at,
        )
        self.entries.append(ring)
        self._live[call.call_id] = ring
        self._write("ring", ring)

    def answer(self, call: Call, at: float) -> None:
        self._live[call.call_id].answered_at = at

    def end(self, call: Call, at: float) -> None:
        """Does nothing for a call that never came to ring the customer. One without a result was cut off."""
        ring = self._live.pop(call.call_id, None)
        if ring is None:
            return
        ring.extension, ring.billsec = call.extension, call.billsec
        ring.status, ring.ended_at = call.result or CUT, at
        self._write("end", ring)

    def rings(self, phone: str) -> list[Ring]:
        return [ring for ring in self.entries if ring.phone == phone]

    def most_at_once(self, predicate: Callable[[Ring], bool] = every) -> int:
        """The most telephones that rang or talked at one moment, among the entries that `predicate` picks."""
        edges: list[tuple[float, int]] = []
        for ring in filter(predicate, self.entries):
            edges.append((ring.rang_at, 1))
            if ring.ended_at is not None:
                edges.append((ring.ended_at, -1))
        now = most = 0
        for _, change in sorted(edges):
            now += change
            most = max(most, now)
        return most

    def rung_twice_at_once(self, predicate: Callable[[Ring], bool] = ordered) -> list[tuple[Ring, Ring]]:
        """Pairs of rings of one number that overlap: a stranger's telephone that a client rang twice."""
        by_phone: dict[str, list[Ring]] = {}
        for ring in filter(predicate, self.entries):
            by_phone.setdefault(ring.phone, []).append(ring)
        return [pair for rings in by_phone.values() for pair in combinations(rings, 2) if pair[0].overlaps(pair[1])]

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(ring) for ring in self.entries]

    def _write(self, event: str, ring: Ring) -> None:
        if self._file is not None:
            self._file.write(json.dumps({"event": event, **asdict(ring)}) + "\n")
            self._file.flush()
        if self._tell is not None:
            self._tell(ring)


def read_journal(lines: Iterable[str]) -> Journal:
    """The journal that another process wrote, also one that was killed: a half-written last line is left out."""
    journal = Journal()
    rings: dict[str, Ring] = {}
    names = {field.name for field in fields(Ring)}
    for line in lines:
        if not line.endswith("\n"):
            continue
        told = json.loads(line)
        rings[told["call_id"]] = Ring(**{name: told[name] for name in names})
    journal.entries = sorted(rings.values(), key=lambda ring: ring.rang_at)
    return journal
