"""The only writer of state and of history.

customers   enlist, reopen, reconsider, close, postpone
intents     the call's row before the wire
settle      facts meet calls
strangers   calls that are not ours, and hooks that were bound to the wrong one
commands    what users want of a campaign
forgetting  personal fields give way to pseudonyms
"""

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
from campaigns.ledger.settle import Step, Told, apply, locked
from campaigns.ledger.strangers import Heard, hear, own, rebind, unbind

__all__ = [
    "Closing",
    "Enlisted",
    "Heard",
    "Intent",
    "NotNow",
    "Step",
    "Told",
    "Waiting",
    "amend",
    "apply",
    "close",
    "command",
    "delete",
    "enlist",
    "fed",
    "forget_calls",
    "forget_customers",
    "founded",
    "hear",
    "hold_back",
    "intend",
    "let_in",
    "locked",
    "open_run",
    "own",
    "pause",
    "postpone",
    "queue_became",
    "rebind",
    "receipts_of",
    "reconsider",
    "rename",
    "reopen",
    "shut_out",
    "staffed",
    "unbind",
]
