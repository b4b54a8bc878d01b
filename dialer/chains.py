"""The keys of a tenant's chain of evidence: made once, sealed by the vault, and never shown but for the public one.

One keys the pseudonyms of personal fields, the other (Ed25519) signs seals and manifests. They are not derived from
`DIALER_SECRET_KEY`, so that it can be changed while old seals stay verifiable.
"""

import secrets
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection

from campaigns import evidence
from campaigns.evidence import Pseudonyms
from dialer.vault import KeyLost, Vault


class Keys:
    """What is needed to seal and to verify."""

    def __init__(self, pseudonym_key: bytes, signing_key: bytes) -> None:
        self.pseudonyms = Pseudonyms(pseudonym_key)
        self._signing = Ed25519PrivateKey.from_private_bytes(signing_key)

    def sign(self, told: bytes) -> bytes:
        return self._signing.sign(told)

    @property
    def public(self) -> bytes:
        """Thirty-two bytes."""
        return self._signing.public_key().public_bytes_raw()

    def genuine(self, signature: bytes, told: bytes) -> bool:
        return genuine(self.public, signature, told)


def genuine(public: bytes, signature: bytes, told: bytes) -> bool:
    """Whether this key signed this."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, told)
    except (InvalidSignature, ValueError):
        return False
    return True


def pem(public: bytes) -> str:
    """A public key as `openssl` reads it."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def keys_of(vault: Vault, chain: Any) -> Keys:
    """Raises `KeyLost`."""
    told = vault.open(chain.sealed_keys, "the chain of evidence")
    return Keys(bytes.fromhex(told["pseudonyms"]), bytes.fromhex(told["signing"]))


def ensure(conn: Connection, now: datetime, tenant_id: int, vault: Vault) -> Any:
    """The tenant's chain; one is begun where there is none."""
    if (chain := evidence.heads(conn).get(tenant_id)) is not None:
        return chain
    told = {"pseudonyms": secrets.token_hex(32), "signing": secrets.token_hex(32)}
    keys = Keys(bytes.fromhex(told["pseudonyms"]), bytes.fromhex(told["signing"]))
    return evidence.found(conn, now, tenant_id, vault.seal(told), keys.public)


def stands_for(conn: Connection, tenant_id: int, vault: Vault, phone: str) -> list[str]:
    """What stands for a number where its person was erased. Without the key it cannot be known."""
    chain = evidence.heads(conn).get(tenant_id)
    try:
        return [] if chain is None else [keys_of(vault, chain).pseudonyms.of(phone)]
    except KeyLost:
        return []
