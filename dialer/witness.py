"""What may be kept of a change for good: numbers masked, names and free text left out, secrets never.

Evidence is never pruned, and a person who is erased must not live on in it. So what is personal is gone before it is
written; the rows of the change itself, which an erasure reaches, have it in full.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from campaigns.words import Reason
from dialer.logs import SECRET_WORDS, masked

HIDDEN = "***"
FREE_TEXT = frozenset({"name", "address", "note", "proof", "reason", "detail", "variables", "contract", "contracts"})
"""What people wrote about people. A `reason` that is a word of ours is told."""
WHOM = frozenset(
    {"customer", "customers", "person", "persons", "who", "whom", "subject", "subjects", "key", "not_listed", "still"}
    | {"unknown"}
)
"""By what a list knows a person."""
LONGEST = 16_000
"""Characters of a document that is kept; of a longer one only its digest is."""
WORDS = frozenset(word.value for word in Reason)


def seen(told: Mapping[str, Any]) -> dict[str, Any]:
    """A document as it may be kept for good."""
    shown: dict[str, Any] = _seen(told)
    text = json.dumps(shown, sort_keys=True, default=str)
    if len(text) <= LONGEST:
        return shown
    return {"characters": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}


def _seen(value: Any) -> Any:
    if isinstance(value, Mapping):
        # What has an id and a name is a person on a list.
        listed = "id" in value and "name" in value
        return {masked(str(key)): _of(str(key), one, listed) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_seen(one) for one in value]
    return value if isinstance(value, (bool, int, float)) or value is None else masked(str(value))


def _of(name: str, value: Any, listed: bool) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if any(word in name.lower() for word in SECRET_WORDS) and not isinstance(value, (int, Mapping)):
        return HIDDEN
    if name in FREE_TEXT or name.startswith("contract_"):
        return value if value in ("", [], {}) or (isinstance(value, str) and value in WORDS) else HIDDEN
    if name in WHOM or (listed and name == "id"):
        return [person(str(one)) for one in value] if isinstance(value, (list, tuple)) else person(str(value))
    return _seen(value)


def person(code: str) -> str:
    """A person's number or code, of which the ends may be told."""
    hidden = masked(code)
    if hidden != code:
        return str(hidden)
    return f"{code[:2]}{HIDDEN}{code[-2:]}" if len(code) > 5 else HIDDEN


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of two states of one thing that are not the same."""
    other = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {n: before[n] for n in other if n in before}, {n: after[n] for n in other if n in after}
