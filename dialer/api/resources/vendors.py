"""Vendor accounts: where calls are placed. Their secrets come in and are never told."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr

from campaigns import accounts
from campaigns.words import Right
from dialer.api.pages import Page, Paging, of_all
from dialer.api.problems import Problem, Refused, invalid
from dialer.api.routes import Route, Strict, Told, Visit
from dialer.enrolling import Entered, account_of, new_secrets
from dialer.gateways import Misconfigured
from dialer.vault import KeyLost, open_vault

Secret = Annotated[SecretStr, Field(min_length=1, max_length=500)]
Setting = str | int | float | bool | None
AGAIN = "Send the login again, as `api_key` or as `username` and `password`; or set DIALER_SECRET_KEY to the old key."


class Vendor(BaseModel):
    """A vendor account without its secrets."""

    name: str
    kind: str
    url: str
    channels: int | None = Field(description="Calls at the same time; null: not limited.")
    reserve: int = Field(description="Of these, kept for inbound and manual calls.")
    settings: dict[str, Any]
    trouble: str | None = Field(description="What keeps calls from being placed, as far as we know.")


class VendorFields(Strict):
    """What can be told of an account. What is left out stays as it is; a setting that is null goes to its default."""

    url: str | None = Field(
        default=None, max_length=200, description="Where the vendor's API is: scheme, host and port."
    )
    api_key: Secret | None = Field(default=None, description="Never told again.")
    username: str | None = Field(default=None, min_length=1, max_length=200, description="In place of a key.")
    password: Secret | None = Field(default=None, description="Never told again.")
    channels: int | None = Field(default=None, ge=1, le=100_000)
    reserve: int | None = Field(default=None, ge=0, le=100_000)
    settings: dict[Annotated[str, Field(max_length=64)], Setting] = Field(default={}, max_length=50)

    def login(self) -> dict[str, str] | None:
        """Raises `Refused` for half of one, or for two."""
        if (self.username is None) != (self.password is None):
            raise invalid("password", "and `username` go together")
        if self.username is not None and self.password is not None:
            if self.api_key is not None:
                raise invalid("api_key", "and `username` exclude each other")
            return {"username": self.username, "password": self.password.get_secret_value()}
        return {"api_key": self.api_key.get_secret_value()} if self.api_key is not None else None


class NewVendor(VendorFields):
    """An account to be added. Its webhooks are registered at the vendor by the engine."""

    name: str = Field(min_length=1, max_length=64, description="Letters, digits, dots, dashes and underscores.")
    kind: str = Field(default="tel4vn", max_length=32)
    url: str = Field(min_length=1, max_length=200)


class VendorList(Page[Vendor]):
    """A page of vendor accounts."""


def list_(visit: Visit) -> BaseModel:
    found = accounts.list_accounts(visit.conn, visit.tenant.id)
    return VendorList(**dict(of_all(found, visit.query, _vendor, lambda row: [row.name])))


def get(visit: Visit) -> BaseModel:
    return _vendor(accounts.find_account(visit.conn, visit.tenant.id, visit.path["name"]))


def create(visit: Visit) -> Told:
    said: NewVendor = visit.body
    if accounts.seek_account(visit.conn, visit.tenant.id, said.name) is not None:
        raise Refused(Problem.TAKEN, f"There is a vendor {said.name} already.")
    if said.login() is None:
        raise invalid("api_key", "or `username` and `password` are needed")
    _keep(visit, None, new_secrets(), said.name, said.kind)
    return Told(
        _vendor(accounts.find_account(visit.conn, visit.tenant.id, said.name)), location=f"/vendors/{said.name}"
    )


def patch(visit: Visit) -> BaseModel:
    standing = accounts.find_account(visit.conn, visit.tenant.id, visit.path["name"])
    _keep(visit, standing, _known(visit, standing), standing.name, None)
    return get(visit)


def _known(visit: Visit, standing: Any) -> dict[str, str]:
    """The account's secrets so far. Where nobody can open them they are made anew, if the login comes again; webhooks
    that are registered with the old ones stay at the vendor. Raises `Refused`."""
    try:
        return dict(open_vault(visit.settings).open(standing.sealed_credentials, f"vendor {standing.name}"))
    except KeyLost:
        said: VendorFields = visit.body
        if said.login() is None:
            raise Refused(Problem.SECRETS_LOST, AGAIN) from None
        return new_secrets()


def _keep(visit: Visit, standing: Any, known: dict[str, str], name: str, kind: str | None) -> None:
    said: VendorFields = visit.body
    told = Entered(name, kind, said.url, said.login(), said.channels, said.reserve, said.settings)
    try:
        account = account_of(open_vault(visit.settings), standing, known, told)
    except Misconfigured as error:
        raise invalid("settings", str(error)) from None
    accounts.keep_account(visit.conn, visit.now, visit.tenant.id, account)


def _vendor(row: Any) -> Vendor:
    told = {name: getattr(row, name) for name in Vendor.model_fields if name != "trouble"}
    return Vendor(**told, trouble=accounts.trouble(row))


READ = (Right.CAMPAIGN_READ,)
ROUTES = (
    Route("GET", "/vendors", "Vendor accounts.", READ, list_, VendorList, query=Paging),
    Route(
        "POST", "/vendors", "Add a vendor account. Its secrets are sealed, and told to nobody.",
        (Right.ADMIN,), create, Vendor, body=NewVendor, status=201, problems=(Problem.TAKEN,),
    ),
    Route("GET", "/vendors/{name}", "One vendor account.", READ, get, Vendor, tagged=True),
    Route(
        "PATCH", "/vendors/{name}", "Change a vendor account, or its secrets.",
        (Right.ADMIN,), patch, Vendor, body=VendorFields, tagged=True, problems=(Problem.SECRETS_LOST,),
    ),
)  # fmt: skip
