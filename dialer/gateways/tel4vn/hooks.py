"""Registering our hooks with the vendor, and taking them off (contract sections 4.1 to 4.3).

Whether a second registration of an event replaces the first or stands beside it is undocumented, so what is there is
listed first, only what is missing is added, and what other systems registered is not touched.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from dialer.gateways import Refused, Registration
from dialer.gateways.tel4vn.answers import Answer
from dialer.gateways.tel4vn.reading import rows_of
from dialer.gateways.tel4vn.wire import Request, Wire
from dialer.gateways.tel4vn.words import flag, text

EVENTS = ("ringing", "answered", "hangup", "cdr")
UNGUESSABLE = 16
"""Letters from which on the last segment of a hook's path is a secret of ours, at whatever address it stands."""


@dataclass(frozen=True, slots=True)
class Registered:
    """One registration as the vendor lists it; its key comes in clear (section 4.1) and goes no further than here."""

    id: str | None
    event: str
    url: str = field(repr=False)
    key: str | None = field(repr=False)

    def at(self, url: str) -> bool:
        return _trimmed(self.url) == _trimmed(url)

    def ours(self, url: str) -> bool:
        """At our address, or at an earlier one: another host, the same unguessable path segment."""
        return self.at(url) or (len(_secret(url)) >= UNGUESSABLE and _secret(self.url) == _secret(url))


async def registered(wire: Wire) -> list[Registered]:
    answer = await wire.ask(Request("GET", "/v1/event"))
    return [
        Registered(
            id=text(row.get("event_domain_uuid")),
            event=(text(row.get("event_name")) or "").casefold(),
            url=text(row.get("callback_url")) or "",
            key=text(row.get("callback_apikey")),
        )
        for row in rows_of(answer)
    ]


async def register(wire: Wire, url: str, key: str) -> Registration:
    """See to it that each of the four events comes to `url` with `key`, once."""
    there = await registered(wire)
    outcomes: dict[str, list[str]] = {"added": [], "kept": [], "replaced": []}
    for event in EVENTS:
        ours = [row for row in there if row.event == event and row.ours(url)]
        outcomes[await _see_to(wire, event, ours, url, key)].append(event)
    foreign = _events(row for row in there if row.event in EVENTS and not row.ours(url))
    return Registration(foreign=foreign, **{name: tuple(events) for name, events in outcomes.items()})


async def remove(wire: Wire, url: str) -> Sequence[str]:
    """Take off what is registered for this address, or for another that ends in our secret; the event names."""
    ours = [row for row in await registered(wire) if row.ours(url)]
    for row in ours:
        await _delete(wire, row)
    return _events(ours)


def standing(there: Sequence[Registered], url: str) -> dict[str, str]:
    """What became of each event: `ours`, `foreign` (others have it and we do not) or `missing`."""
    ours = {row.event for row in there if row.ours(url)}
    foreign = {row.event for row in there if not row.ours(url)}
    return {event: "ours" if event in ours else "foreign" if event in foreign else "missing" for event in EVENTS}


async def _see_to(wire: Wire, event: str, ours: Sequence[Registered], url: str, key: str) -> str:
    """Keep one good registration of an event and take off the rest of ours. What was done, in a word."""
    good = [row for row in ours if row.at(url) and row.key == key][:1]
    for row in ours:
        if row not in good:
            await _delete(wire, row)
    if good:
        return "kept" if len(ours) == 1 else "replaced"
    await _create(wire, event, url, key)
    return "replaced" if ours else "added"


async def _create(wire: Wire, event: str, url: str, key: str) -> None:
    # Not made again when its answer is lost: the next registering lists first and sees what became of it.
    body = {"callback_url": url, "callback_apikey": key, "event": event}
    answer = await wire.ask(Request("POST", "/v1/event", body=body), repeat=False)
    if not flag(answer.fields.get("created")):
        raise Refused(f"the vendor did not register the event {event}")


async def _delete(wire: Wire, row: Registered) -> None:
    if row.id is None:
        raise Refused(f"the vendor lists the event {row.event} without an id, so it cannot be taken off")
    answer = await wire.ask(Request("DELETE", f"/v1/event/{quote(row.id, safe='')}"), understood=_gone)
    if not (_gone(answer) or flag(answer.fields.get("deleted"))):
        raise Refused(f"the vendor did not take off the event {row.event}")


def _gone(answer: Answer) -> bool:
    """What the vendor says to an unknown id is undocumented; so is whether it says anything after a deletion."""
    return answer.code == 404 or (answer.status < 300 and answer.hollow)


def _events(rows: Iterable[Registered]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.event for row in rows))


def _trimmed(url: str) -> str:
    return url.rstrip("/")


def _secret(url: str) -> str:
    return _trimmed(url).rpartition("/")[2]
