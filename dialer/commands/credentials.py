"""A vendor account's secrets: from the environment, typed unseen, or piped in; never from the command line."""

import os
import sys
from collections.abc import Mapping
from typing import Any

import typer

from campaigns.terms import BadTerms
from dialer.commands.printing import note
from dialer.commands.session import BadSetting
from dialer.enrolling import new_secrets
from dialer.vault import KeyLost, Vault


def known_secrets(vault: Vault, standing: Any) -> dict[str, str]:
    """The account's secrets so far. The hook's address and key are made once: the vendor has them registered."""
    if standing is not None:
        try:
            return vault.open(standing.sealed_credentials, f"vendor {standing.name}")
        except KeyLost:
            note("the old secrets cannot be opened: hooks that are registered with them stay at the vendor")
    return new_secrets()


def login(
    known: Mapping[str, str], api_key_env: str | None, username: str | None, password_env: str | None
) -> dict[str, str]:
    """What the vendor knows us by: entered now, or what was there where nothing is entered."""
    standing = {word: known[word] for word in ("api_key", "username", "password") if word in known}
    if username is not None:
        return {"username": username, "password": _secret("Password", password_env) or _missing("password_env")}
    key = _secret("API key (empty: keep the one there is)" if standing else "API key", api_key_env)
    return {"api_key": key} if key else standing or _missing("api_key_env")


def _missing(option: str) -> Any:
    raise BadTerms(option, "names the variable that holds the secret; without it, enter the secret when asked")


def _secret(prompt: str, variable: str | None) -> str:
    """From the environment, or typed unseen, or the first line of what is piped in."""
    if variable is not None:
        if value := os.environ.get(variable, "").strip():
            return value
        raise BadSetting(f"the environment variable {variable} is empty")
    if sys.stdin.isatty():
        return str(typer.prompt(prompt, default="", show_default=False, hide_input=True, err=True)).strip()
    return sys.stdin.readline().strip()
