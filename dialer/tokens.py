"""Secrets and tokens of the API's clients: secrets are hashed (Argon2id), tokens are short and signed (Ed25519).

A token says which client it is and what it may do; its key says for which tenant, because each tenant has keys of its
own. A token is good only while its client is: that is asked of the database.
"""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from sqlalchemy import Connection

from campaigns import clients
from campaigns.words import Right
from dialer.vault import Vault

ALGORITHM = "Ed25519"
ISSUER = "dialer"
LIVES = timedelta(minutes=10)
"""How long a token is good, and so how long a retired key verifies."""
_hasher = PasswordHasher()
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$/+XXJZ3gHe4vkKQ+9Mrt0A$KM/tqBKfHCMEtKsaBuXCBgdCZ4Yl3K6ZQHaql3iHHjQ"
"""What a secret is compared with where there is no such client: both take equally long. To hash it anew would make
every process start a quarter of a second later."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a genuine token says. Its tenant is that of the key which signed it."""

    tenant_id: int
    client_id: str
    rights: frozenset[Right]


class BadToken(Exception):
    """Not signed by us, over, or no token at all."""


def new_client_id() -> str:
    return f"c_{secrets.token_hex(10)}"


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """Takes tens of milliseconds, on purpose."""
    return _hasher.hash(secret)


def matches(secret_hash: str | None, secret: str) -> bool:
    """Whether this is the secret; None: of nobody. Takes tens of milliseconds either way."""
    try:
        _hasher.verify(secret_hash or NOBODY, secret)
    except (VerificationError, InvalidHashError):
        return False
    return secret_hash is not None


def ensure_key(conn: Connection, now: datetime, tenant_id: int, vault: Vault) -> OKPKey:
    """The key that signs the tenant's tokens; one is made where there is none. Raises `KeyLost`."""
    found = clients.signing_key(conn, tenant_id)
    if found is None:
        made = OKPKey.generate_key("Ed25519")
        kid = secrets.token_hex(8)
        sealed = vault.seal(dict(made.as_dict(private=True)))
        clients.keep_key(conn, now, tenant_id, kid, sealed, _public(made, kid))
        # Two workers may have made one at once: both go on with the one that stands.
        found = clients.signing_key(conn, tenant_id)
        assert found is not None
    told = vault.open(found.sealed_key, "the keys that sign tokens: make new ones with `dialer client rotate-keys`; or")
    return OKPKey.import_key(told, {"kid": found.kid})


def rotate(conn: Connection, now: datetime, tenant_id: int, vault: Vault) -> str:
    """Sign with a new key from now on; its name. Tokens of the old one stay good until they end."""
    clients.retire_key(conn, now, tenant_id)
    return str(ensure_key(conn, now, tenant_id, vault).kid)


def _public(key: OKPKey, kid: str) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM}


def signed(key: OKPKey, now: datetime, client_id: str, rights: Collection[Right]) -> str:
    """A token of this client, good for `LIVES`."""
    claims = {
        "iss": ISSUER,
        "sub": client_id,
        "scope": " ".join(sorted(rights)),
        "iat": int(now.timestamp()),
        "exp": int((now + LIVES).timestamp()),
        "jti": secrets.token_hex(8),
    }
    return jwt.encode({"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}, claims, key, algorithms=[ALGORITHM])


def verified(token: str, keys: Mapping[str, tuple[int, OKPKey]], now: datetime) -> Claims:
    """What a token says. `keys` by name, each with its tenant. Raises `BadToken`."""
    tenant_id, key = _key_of(token, keys)
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        ends, client_id = claims["exp"], claims["sub"]
        rights = frozenset(Right(scope) for scope in claims["scope"].split())
    except (JoseError, KeyError, ValueError, AttributeError):
        raise BadToken from None
    if claims.get("iss") != ISSUER or datetime.fromtimestamp(ends, UTC) <= now:
        raise BadToken
    return Claims(tenant_id, str(client_id), rights)


def _key_of(token: str, keys: Mapping[str, tuple[int, OKPKey]]) -> tuple[int, OKPKey]:
    return keys[kid] if (kid := key_name(token)) in keys else _refuse()


def _refuse() -> Any:
    raise BadToken


def key_name(token: str) -> str:
    """Which key signed it, by its own word. Raises `BadToken`."""
    from joserfc.util import urlsafe_b64decode

    try:
        told = json.loads(urlsafe_b64decode(token.split(".", 1)[0].encode("ascii")))
        return str(told["kid"])
    except (ValueError, KeyError, TypeError):
        raise BadToken from None
