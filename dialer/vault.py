"""Secrets at rest: sealed by `DIALER_SECRET_KEY`, newest key first, so that keys can be changed without a stop."""

import base64
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from dialer.settings import Settings

KEY_FILE = "secret.key"


class KeyLost(Exception):
    """None of the keys opens this secret; the message says which account to enter again."""


class KeyMissing(Exception):
    """On PostgreSQL, where several machines share secrets, the key must be given."""


class Vault:
    def __init__(self, keys: list[str]) -> None:
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in keys])

    def seal(self, secret: dict[str, Any]) -> bytes:
        return self._fernet.encrypt(json.dumps(secret).encode())

    def open(self, sealed: bytes, of_what: str) -> dict[str, Any]:
        """The secret again. Raises `KeyLost`, naming `of_what`."""
        try:
            opened: dict[str, Any] = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            raise KeyLost(
                f"the secrets of {of_what} were sealed with another key: "
                f"set DIALER_SECRET_KEY to it, or enter them again with `dialer vendor add`"
            ) from None
        return opened


def open_vault(settings: Settings) -> Vault:
    """The vault with the keys of the settings; on SQLite a key is made once, readable by its owner only."""
    given = [key.strip() for key in settings.secret_key.get_secret_value().split(",") if key.strip()]
    if given:
        return Vault(given)
    if settings.database_url and not settings.database_url.startswith("sqlite"):
        raise KeyMissing("DIALER_SECRET_KEY is not set: every process of one PostgreSQL database needs the same key")
    return Vault([_kept(settings.data_dir / KEY_FILE)])


def _kept(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(32)
        file.write(key + "\n")
    return key


def _derived(key: str) -> bytes:
    """A Fernet key from a passphrase of any form; keys are random, so one hash is enough."""
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())


def path_hash(segment: str) -> str:
    """How a hook's path segment is looked up without being stored."""
    return hashlib.sha256(segment.encode()).hexdigest()
