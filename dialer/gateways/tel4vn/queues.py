"""Commands to the vendor's queues (contract sections 8.1, 8.3 and 8.4). Our pause is its stop, our resume its start."""

from collections.abc import Sequence

from campaigns.words import Mode
from dialer.gateways import Misconfigured, Refused, Terms
from dialer.gateways.tel4vn.answers import QUEUE_NOT_FOUND
from dialer.gateways.tel4vn.wire import Request, Wire


async def pause(wire: Wire, terms: Terms) -> None:
    """A queue that the vendor does not know is paused already."""
    await _command(wire, terms, "stop", unknown_is_done=True)


async def resume(wire: Wire, terms: Terms) -> None:
    await _command(wire, terms, "start", unknown_is_done=False)


async def withdraw(wire: Wire, terms: Terms) -> None:
    """Stop, then delete: what deleting a running queue does is undefined (section 12.32)."""
    await _command(wire, terms, "stop", unknown_is_done=True)
    await _command(wire, terms, "delete", unknown_is_done=True)


async def block(wire: Wire, terms: Terms, references: Sequence[str]) -> None:
    """Skip these customers of an autocall queue. A queue that the vendor does not know holds nobody."""
    if terms.mode is not Mode.AUTOCALL:
        raise Refused(f"{terms.mode} queues have no DNC call")
    if references:
        customers = [{"id": reference} for reference in references]
        await _ask(wire, terms, "dnc", {"customers": customers}, unknown_is_done=True)


async def _command(wire: Wire, terms: Terms, verb: str, *, unknown_is_done: bool) -> None:
    # Click-to-call has no queue: the vendor holds nothing of it.
    if terms.mode.queued:
        await _ask(wire, terms, verb, {}, unknown_is_done=unknown_is_done)


async def _ask(wire: Wire, terms: Terms, verb: str, more: dict[str, object], *, unknown_is_done: bool) -> None:
    if not terms.queue_code:
        raise Misconfigured("no queue_code")
    request = Request("POST", f"/v2/{terms.mode}/queue/{verb}", body={"queue_code": terms.queue_code, **more})
    await wire.ask(request, understood=lambda answer: unknown_is_done and answer.says(QUEUE_NOT_FOUND))
