"""How the vendor writes down calls: hooks (4.4), records in both mappings (5.1), live calls (6). Quirks included."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dialer.simulator.calls import Call, HookState, Result
from dialer.simulator.chance import dice
from dialer.simulator.settings import SimulatorSettings

Json = dict[str, Any]

CAUSES = {
    Result.ANSWERED: "NORMAL_CLEARING",
    Result.BUSY: "NORMAL_CLEARING",  # As in the vendor's example: the cause does not tell the result.
    Result.NO_ANSWERED: "NO_ANSWER",
    Result.CANCEL: "ORIGINATOR_CANCEL",
    Result.NOT_AVAILABLE: "SUBSCRIBER_ABSENT",
    Result.INVALID: "NORMAL_TEMPORARY_FAILURE",
}
DIRECTION_CODES = {"outbound": 3, "inbound": 1}
"""Only 3 is the vendor's; the code for inbound is not given (quirk 4)."""
CASES = {"upper": str.upper, "lower": str.lower}
MIXED = (str.upper, str.lower, str.title)
RING_AFTER_ANSWER = 3
"""Seconds by which the flex mapping has `ringAt` after `answeredAt` (quirk 22)."""


class Shapes:
    """Writes in one account's habits."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings
        self._zone = ZoneInfo(settings.timezone)

    def local(self, at: int | None) -> str:
        """Zone-less local time, and an empty string for never."""
        return "" if at is None else datetime.fromtimestamp(at, self._zone).strftime("%Y-%m-%d %H:%M:%S")

    def status(self, word: str, *key: object) -> str:
        """In the account's letter case; a mixed one depends on `key`."""
        write = CASES.get(self._settings.status_case) or dice(self._settings.seed, *key, "case").choice(MIXED)
        return write(word)

    def hook(self, call: Call, state: HookState) -> Json:
        """`from_number` is the extension when outbound; nobody's leg yet, or a script, calls from the hotline."""
        agent, customer = call.extension or call.hotline, call.phone
        outbound = call.inbound == self._settings.swap_numbers
        body: Json = {
            "call_id": call.record_id if state is HookState.CDR else call.call_id,
            "sip_call_id": call.sip_call_id,
            "domain": self._settings.domain,
            "direction": call.direction,
            "from_number": agent if outbound else customer,
            "to_number": customer if outbound else agent,
            "hotline": call.hotline,
            "state": state,
        }
        return body | self._more(call, state)

    def record(self, call: Call) -> Json:
        return self._flex(call) if self._settings.cdr_mapping == "flex" else self._default(call)

    def live(self, call: Call) -> Json:
        agent = call.extension or call.hotline
        return {
            "call_id": call.call_id,
            "context": self._settings.domain,
            "created_time": self.local(call.started_at),
            "destination": agent if call.inbound else call.phone,
            "direction": call.direction,
            "ip": "127.0.0.1",
            "source": call.phone if call.inbound else agent,
            "state": "CS_ROUTING" if call.answered_after is None else "CS_EXECUTE",
        }

    def _more(self, call: Call, state: HookState) -> Json:
        if state is HookState.HANGUP:
            recording = {"recording_url": _recording(call)} if self._settings.recording_on_hangup else {}
            return {"duration": call.elapsed, "billsec": call.billsec} | recording
        if state is HookState.CDR:
            return {"recording_url": _recording(call), "status": self._result(call)}
        return {}

    def _default(self, call: Call) -> Json:
        from_number, to_number = call.numbers()
        return {
            "id": self._record_id(call),
            "sip_call_id": call.sip_call_id,
            "cause": CAUSES[call.result or Result.INVALID],
            "duration": call.elapsed,
            "direction": DIRECTION_CODES[call.direction],
            "recording_url": _recording(call),
            "extension": call.extension,
            "from_number": from_number,
            "to_number": to_number,
            "receive_dest": call.receive_dest,
            "time_started": self.local(call.started_at),
            "time_answered": self.local(call.answered_at),
            "time_ended": self.local(call.ended_at),
            "status": self._result(call),
            "customer_id": call.customer_id,
        }

    def _flex(self, call: Call) -> Json:
        answered = call.answered_at
        return {
            "cdrId": self._record_id(call),
            "sip_call_id": call.sip_call_id,
            "duration": call.elapsed,
            "billsec": call.billsec,
            "direction": call.direction,
            "recordFile": _recording(call),
            "extensionId": call.extension,
            "to": call.numbers()[1],
            "dialAt": self.local(call.started_at),
            "ringAt": self.local(call.started_at if answered is None else answered + RING_AFTER_ANSWER),
            "answeredAt": self.local(answered),
            "hangupAt": self.local(call.ended_at),
            "status": self._result(call),
            "customerId": call.customer_id,
        }

    def _result(self, call: Call) -> str:
        return self.status(call.result or "", call.phone, call.nth)

    def _record_id(self, call: Call) -> str:
        return call.record_id + " " * self._settings.trailing_blank_in_id


def utc(at: float) -> str:
    """RFC 3339 with microseconds, as uploaded customers have it (quirk 12)."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _recording(call: Call) -> str:
    return "" if call.answered_after is None else f"http://recording.demo/{call.record_id}"
