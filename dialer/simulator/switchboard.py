"""The life of one call: opened, rung, answered, hung up, put on record, and told to hooks and journal at each step."""

from typing import Any
from uuid import uuid4

from dialer.simulator.calls import Call, HookState, Mode, OrderedBy, Result
from dialer.simulator.chance import Fate, Plan
from dialer.simulator.clock import Clock
from dialer.simulator.faults import Faults
from dialer.simulator.hooks import Hooks
from dialer.simulator.journal import Journal
from dialer.simulator.records import Records
from dialer.simulator.settings import SimulatorSettings


class Switchboard:
    """`live` holds the calls that have not ended, by id."""

    def __init__(
        self, settings: SimulatorSettings, faults: Faults, clock: Clock, fate: Fate, journal: Journal, hooks: Hooks
    ) -> None:
        self.live: dict[str, Call] = {}
        self.records = Records()
        self.filing = 0
        """Ended calls that have no record yet."""
        self.clock = clock
        self.fate = fate
        self._settings = settings
        self._faults = faults
        self._journal = journal
        self._hooks = hooks

    def open(self, mode: Mode, ordered_by: OrderedBy, phone: str, hotline: str = "", **details: Any) -> Call:
        """Create a call, which is what the `ringing` hook tells. `details` are fields of `Call`."""
        call = Call(
            call_id=str(uuid4()),
            sip_call_id=str(uuid4()),
            mode=mode,
            ordered_by=ordered_by,
            phone=phone,
            started_at=int(self.clock.now()),
            hotline=hotline or self._settings.hotline,
            nth=self.fate.count_call(phone),
            **details,
        )
        self.live[call.call_id] = call
        self._hooks.tell(call, HookState.RINGING)
        return call

    async def ring(self, call: Call, plan: Plan) -> bool:
        """Ring the customer. Whether he answered; otherwise the call is over."""
        self.seize(call)
        await self.stay(call, plan.ring)
        if plan.result is not Result.ANSWERED:
            self.hang_up(call, plan.result)
            return False
        self.pick_up(call)
        return True

    def seize(self, call: Call) -> None:
        """From now on the customer's telephone rings or is in use."""
        self._journal.ring(call, self.clock.now())

    def pick_up(self, call: Call) -> None:
        call.answered_after = call.elapsed
        self._journal.answer(call, self.clock.now())

    def tell_answered(self, call: Call) -> None:
        self._hooks.tell(call, HookState.ANSWERED)

    async def stay(self, call: Call, seconds: int) -> None:
        """The call stays as it is for so long."""
        await self.clock.wait(seconds)
        call.elapsed += seconds

    def hang_up(self, call: Call, result: Result) -> None:
        call.result = result
        del self.live[call.call_id]
        self.filing += 1
        self._journal.end(call, self.clock.now())
        self._hooks.tell(call, HookState.HANGUP)

    async def file(self, call: Call) -> None:
        """Put an ended call on record, and tell that it is (4.5)."""
        await self.clock.wait(self._faults.cdr_delay)
        self.records.add(call)
        self.filing -= 1
        self._hooks.tell(call, HookState.CDR)

    def cut(self) -> None:
        """The power is off: every call ends without a record."""
        for call in self.live.values():
            self._journal.end(call, self.clock.now())
        self.live.clear()
        self.filing = 0
