"""The four hooks of a call, as TEL4VN sends them (contract section 4.4). Every other call is answered."""

import json

HOOKS = 4


def hooks_of(call_id: str, phone: str, ordinal: int) -> list[bytes]:
    """Bodies in their order: ringing, answered, hangup, cdr. A call that nobody answers rings twice, so that each
    call has as many."""
    answered = ordinal % 2 == 0
    told = {
        "call_id": call_id,
        "sip_call_id": f"s-{call_id}",
        "direction": "outbound",
        "from_number": "101",
        "to_number": f"0{phone[3:]}",
        "hotline": "02873000000",
    }
    billsec = 20 + ordinal % 60 if answered else 0
    states = [
        {"state": "ringing"},
        {"state": "answered"} if answered else {"state": "ringing", "again": True},
        {"state": "hangup", "duration": billsec + 9, "billsec": billsec},
        {"state": "cdr", "status": "ANSWERED" if answered else "NO_ANSWERED", "recording_url": ""},
    ]
    return [json.dumps(told | state).encode() for state in states]
