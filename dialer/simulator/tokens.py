"""Bearer tokens (3.2): opaque to the client, although they look like half a JWT."""

import secrets
from base64 import urlsafe_b64encode

from dialer.simulator.faults import Faults


class Tokens:
    """Gives out tokens and knows which are still good. Times are *real* seconds."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._issued: dict[str, float] = {}

    def issue(self, now: float) -> str:
        token = f"{_HEADER}.{secrets.token_urlsafe(32)}"
        self._issued[token] = now
        return token

    def is_good(self, token: str, now: float) -> bool:
        issued = self._issued.get(token)
        life = self._faults.token_life
        return issued is not None and (life is None or now < issued + life)

    def expire(self) -> None:
        """From now on every token given out so far is refused."""
        self._issued.clear()


_HEADER = urlsafe_b64encode(b'{"alg":"RSA-OAEP-256","enc":"A256GCM"}').decode().rstrip("=")
