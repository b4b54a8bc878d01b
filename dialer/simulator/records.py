"""Call detail records: kept for ended calls only, found as section 5.2 says."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass

from dialer.simulator.calls import Call


@dataclass(frozen=True, slots=True)
class Query:
    """A search for records. `start` and `end` are seconds since 1970 and inclusive; empty fields do not narrow."""

    start: int | None = None
    end: int | None = None
    duration: int = 0
    """At least so many seconds (exact or minimum is undocumented)."""
    extension: str = ""
    phone: str = ""
    direction: str = ""
    limit: int = 50
    offset: int = 0


class Records:
    """Ended calls by start, by id and by number."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._by_id: dict[str, Call] = {}
        self._by_phone: defaultdict[str, list[Call]] = defaultdict(list)

    def add(self, call: Call) -> None:
        insort(self._calls, call, key=_start)
        insort(self._by_phone[call.phone], call, key=_start)
        self._by_id[call.record_id] = self._by_id[call.sip_call_id] = call

    def get(self, record_or_sip_call_id: str) -> Call | None:
        return self._by_id.get(record_or_sip_call_id.strip())

    def search(self, query: Query) -> tuple[list[Call], int]:
        """One page, newest first, and how many there are in all."""
        calls = self._by_phone.get(query.phone) or self._calls
        low = 0 if query.start is None else bisect_left(calls, query.start, key=_start)
        high = len(calls) if query.end is None else bisect_right(calls, query.end, key=_start)
        found = [call for call in calls[low:high] if _matches(call, query)]
        found.reverse()
        return found[query.offset : query.offset + query.limit], len(found)


def _start(call: Call) -> int:
    return call.started_at


def _matches(call: Call, query: Query) -> bool:
    return (
        call.elapsed >= query.duration
        and (not query.extension or call.extension == query.extension)
        and (not query.phone or query.phone in call.numbers())
        and (not query.direction or call.direction == query.direction)
    )
