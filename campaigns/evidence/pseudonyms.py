"""Personal fields as keyed hashes: the chain is computed from them, and they take a field's place when it is erased.

So a digest comes out the same before and after an erasure. Without the key nobody can try all telephone numbers.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

# Eighteen characters, because a pseudonym must fit where a telephone number of twenty stood: 108 bits.
LENGTH = 18
PSEUDONYM = re.compile(rf"h:[A-Za-z0-9_-]{{{LENGTH}}}")
PERSONAL = frozenset({"phone", "number", "name", "address", "note", "recording_url", "contract", "contracts"})
"""The keys of a stored document under which something personal stands."""


def is_pseudonym(value: Any) -> bool:
    """Whether an erased value stands here."""
    return isinstance(value, str) and PSEUDONYM.fullmatch(value) is not None


class Pseudonyms:
    """The pseudonyms of one tenant, under his key."""

    def __init__(self, key: bytes) -> None:
        self._keyed = hmac.new(key, digestmod=hashlib.sha256)

    def of(self, text: str) -> str:
        """`h:` and eighteen characters. What is a pseudonym already, or empty, stays what it is."""
        if not text or is_pseudonym(text):
            return text
        keyed = self._keyed.copy()
        keyed.update(text.encode())
        return "h:" + base64.urlsafe_b64encode(keyed.digest()).decode()[:LENGTH]

    def veiled(self, value: Any) -> Any:
        """A personal value, or a list or a table of such, with every text in it replaced."""
        if isinstance(value, str):
            return self.of(value)
        if isinstance(value, Mapping):
            return {key: self.veiled(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.veiled(one) for one in value]
        if value is None or isinstance(value, bool):
            return value
        return self.of(value.isoformat() if isinstance(value, (date, datetime)) else str(value))

    def document(self, value: Any) -> Any:
        """A stored document with what is personal in it replaced, and nothing else."""
        if isinstance(value, Mapping):
            return {key: self.veiled(one) if key in PERSONAL else self.document(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.document(one) for one in value]
        return value
