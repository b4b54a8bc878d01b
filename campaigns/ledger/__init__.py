"""The only writer of state and of history.

customers   enlist, reopen, reconsider, close, postpone
promises    what becomes of promised calls; appointments: what the ends of calls mean for them
callbacks   promising a call, taking the promise back
triggers    calls that another system triggers
intents     the call's row before the wire
settle      facts meet calls
strangers   calls that are not ours, and hooks that were bound to the wrong one
commands    what users want of a campaign
forgetting  personal fields give way to pseudonyms
"""

from campaigns.ledger.callbacks import Appointment, awaiting, promise, promised_agents, stand_aside, take_back
from campaigns.ledger.commands import (
    NotNow,
    amend,
    command,
    delete,
    fed,
    founded,
    hold_back,
    let_in,
    pause,
    queue_became,
    shut_out,
    staffed,
)
from campaigns.ledger.customers import (
    Closing,
    Enlisted,
    Waiting,
    close,
    enlist,
    open_run,
    postpone,
    reconsider,
    rename,
    reopen,
)
from campaigns.ledger.forgetting import forget_calls, forget_customers, receipts_of
from campaigns.ledger.intents import Intent, intend
from campaigns.ledger.promises import CALLBACK_PRIORITY, TRIGGER_PRIORITY, listed_priority
from campaigns.ledger.promises import WITHDRAWN as PROMISE_WITHDRAWN
from campaigns.ledger.settle import Step, Told, apply, ask_now, locked
from campaigns.ledger.strangers import Heard, hear, own, rebind, unbind
from campaigns.ledger.triggers import Trigger, adopt, ended, lapse, overdue, trigger, withhold

__all__ = [
    "CALLBACK_PRIORITY",
    "PROMISE_WITHDRAWN",
    "TRIGGER_PRIORITY",
    "Appointment",
    "Closing",
    "Enlisted",
    "Heard",
    "Intent",
    "NotNow",
    "Step",
    "Told",
    "Trigger",
    "Waiting",
    "adopt",
    "amend",
    "apply",
    "ask_now",
    "awaiting",
    "close",
    "command",
    "delete",
    "ended",
    "enlist",
    "fed",
    "forget_calls",
    "forget_customers",
    "founded",
    "hear",
    "hold_back",
    "intend",
    "lapse",
    "let_in",
    "listed_priority",
    "locked",
    "open_run",
    "overdue",
    "own",
    "pause",
    "postpone",
    "promise",
    "promised_agents",
    "queue_became",
    "rebind",
    "receipts_of",
    "reconsider",
    "rename",
    "reopen",
    "shut_out",
    "staffed",
    "stand_aside",
    "take_back",
    "trigger",
    "unbind",
    "withhold",
]
