"""How what we post is signed: as the Standard Webhooks specification has it. Pure.

`webhook-signature` is `v1,` and the base64 of an HMAC-SHA256 over `id.timestamp.body`, once for each secret that is
good, separated by blanks. A secret is `whsec_` and the base64 of the key.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"


def spelled(key: bytes) -> str:
    """A secret as it is shown."""
    return PREFIX + base64.b64encode(key).decode("ascii")


def signature(secret: str, name: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    told = b".".join((name.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, told, hashlib.sha256)).decode("ascii")


def headers(secrets: Sequence[str], name: str, now: datetime, body: bytes) -> dict[str, str]:
    """What goes with a body whose event has this id."""
    timestamp = int(now.timestamp())
    return {
        "webhook-id": name,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, name, timestamp, body) for secret in secrets),
    }
