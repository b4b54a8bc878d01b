"""A vendor account as somebody enters it: what is told, over what stands, with its secrets sealed.

The command line and the API make accounts by this function only. No connection is opened.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from campaigns.accounts import Account
from campaigns.terms import BadTerms
from dialer.vault import Vault, path_hash
from dialer.vendors import KINDS, OUR_SECRETS, OUR_SETTINGS, open_gateway


@dataclass(frozen=True, slots=True)
class Entered:
    """None: as it stands. `login` is `{"api_key": …}` or `{"username": …, "password": …}`; a setting that is None goes
    back to its default."""

    name: str
    kind: str | None = None
    url: str | None = None
    login: Mapping[str, str] | None = None
    channels: int | None = None
    reserve: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def new_secrets() -> dict[str, str]:
    """The hook's address and key are made once: the vendor has them registered."""
    return {word: secrets.token_urlsafe(32) for word in OUR_SECRETS}


def account_of(vault: Vault, standing: Any, known: Mapping[str, str], entered: Entered) -> Account:
    """The account to be kept; `known` are the secrets of the one that stands. Raises `Misconfigured` and `BadTerms` for
    what no gateway can be made of."""
    login = entered.login or {word: told for word, told in known.items() if word not in OUR_SECRETS}
    secret = dict(login) | {word: known[word] for word in OUR_SECRETS}
    account = Account(
        name=entered.name,
        kind=entered.kind or _standing(standing, "kind", KINDS[0]),
        url=entered.url or _standing(standing, "url", ""),
        sealed_credentials=vault.seal(secret),
        hook_path_hash=path_hash(secret["hook_path"]),
        channels=entered.channels or _standing(standing, "channels", None),
        reserve=_standing(standing, "reserve", 0) if entered.reserve is None else entered.reserve,
        settings=_merged(_standing(standing, "settings", {}), entered.settings),
    )
    _check(account)
    open_gateway(account.kind, account.url, secret, dict(account.settings))
    return account


def _standing(account: Any, column: str, otherwise: Any) -> Any:
    """What the account of that name has now; nothing is lost by not being named again."""
    return otherwise if account is None else getattr(account, column)


def _merged(standing: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    settings = {name: value for name, value in (dict(standing) | dict(told)).items() if value is not None}
    for name in OUR_SETTINGS:
        if not isinstance(settings.get(name, True), bool):
            raise BadTerms("set", f"{name} must be true or false")
    return settings


def _check(account: Account) -> None:
    if account.kind not in KINDS:
        raise BadTerms("kind", f"must be one of {', '.join(KINDS)}")
    if not account.url:
        raise BadTerms("url", "is needed")
    if account.channels is not None and account.reserve >= account.channels:
        raise BadTerms("reserve", "must leave at least one of the channels")
