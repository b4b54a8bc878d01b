"""What TEL4VN leaves open, as one account has it, and the account's secrets.

Where the contract says [U] (undocumented), the gateway does what a field here says; the defaults are the safe reading.
Section numbers are those of the vendor contract.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dialer.gateways import Misconfigured

Seconds = Annotated[float, Field(gt=0)]
Direction = Literal["inbound", "outbound", "local"]
StatusPath = Literal["/v2/user/{user}/status", "/v2/customer/user/{user}/status"]
STATUS_PATHS: Final[tuple[StatusPath, ...]] = get_args(StatusPath)


class Tel4vnSettings(BaseModel):
    """One account's settings, from its JSON. An unknown name is an error, so that a typing slip is not a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    # Access (sections 1 and 3)
    token_life_cap: Seconds = 3600
    """Seconds after which a token is renewed even if `expired_in`, whose unit is undocumented, promises more."""
    stale_token_codes: frozenset[int] = frozenset({401})
    """Answers (HTTP status or body `code`) after which the token is renewed once and the request made again."""

    # The wire
    request_timeout: Seconds = 10
    """Seconds for a request that rings nobody, its connection included."""
    place_timeout: Seconds = 15
    """Seconds for a placing request. When it has been written and they are over, the placing is unsure."""
    connect_timeout: Seconds = 5
    """Seconds to get a connection. Nothing was sent when they are over."""
    keep_alive: Seconds = 4
    """Seconds that an idle connection is kept. Less than a usual server keeps it, because a request written to a
    connection that the server is closing leaves a placing unsure."""
    retries: Annotated[int, Field(ge=0, le=3)] = 3
    """How often a request that rings nobody is made again when there was no answer, or 5xx, or 429."""
    retry_pause: Seconds = 0.3
    """Seconds before the first repetition, doubled for each further one, with jitter."""
    longest_pause: Seconds = 30
    """A `Retry-After` beyond these seconds is not waited for but reported."""

    # Meanings of answers (section 10)
    strict_success: bool = True
    """Section 10 to the letter: an answer whose only key is an undocumented `message` is no success (a placing is then
    unsure). Off, such an answer of HTTP 2xx counts as done."""
    server_error_is_unsure: bool = True
    """Whether a placing answered 5xx without a documented error word may have rung. Off, it counts as never placed."""
    record_absent_codes: frozenset[int] = frozenset({404})
    """Answers to `GET /v2/cdr/<ID>` that mean: there is no such record (yet) (section 5.4)."""

    # Placing (sections 7 and 8)
    click2call_over_v1: Literal["hotline", "hotline-or-name", "always", "never"] = "hotline"
    """When click-to-call goes by `GET /v1/click2call/async`, which alone can name a hotline and show the customer's
    name, and not by `POST /v2/click2call`: when a hotline is set, also when the name is known, always, or never (the
    hotline is then ignored)."""
    default_hotline: str | None = None
    """The trunk number to call out with where the campaign names none."""
    precall_ratio_unit: Literal["percent", "calls-per-agent"] = "percent"
    """Whether 1.5 calls an agent are sent as `"150"` or as `"1.5"` (section 8.1 only implies percent)."""
    customer_reference: Literal["reference", "list-id"] = "reference"
    """What travels as the customer's id: our own opaque reference of the call, or the list's id (where it has one)."""

    # Hooks, records, agents (sections 4, 5 and 9)
    zone: ZoneInfo = ZoneInfo("Asia/Ho_Chi_Minh")
    """The time zone of times that come without one."""
    direction_codes: Mapping[str, Direction] = {"3": "outbound"}
    """Codes that the default CDR mapping uses for directions; the words need no entry."""
    cdr_page: Annotated[int, Field(ge=1, le=1000)] = 200
    """Rows asked for at a time, of records and of customers."""
    page_limit: Annotated[int, Field(ge=1)] = 10_000
    """Pages after which a listing that does not end is given up."""
    user_status_path: StatusPath = "/v2/user/{user}/status"
    """Which of the two documented paths is asked first (section 9.1); a 404 of the route makes the other the first."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """The account's key, exchanged for tokens (section 3.2)."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    """A user of the account; his key is fetched before each exchange, so that a changed key needs nothing from us
    (section 3.1)."""

    username: str = field(repr=False)
    password: str = field(repr=False)


Credentials = ApiKey | Login


def credentials_from(document: Mapping[str, str]) -> Credentials:
    """Read `{"api_key": …}` or `{"username": …, "password": …}`. Raises `Misconfigured`, which names no value."""
    match dict(document):
        case {"api_key": str(key), **rest} if key and not rest:
            return ApiKey(key)
        case {"username": str(username), "password": str(password), **rest} if username and password and not rest:
            return Login(username, password)
    raise Misconfigured("the credentials must be an api_key, or a username and a password")


def settings_from(document: Mapping[str, object]) -> Tel4vnSettings:
    """Read the account's JSON. Raises `Misconfigured`, which names the fields that are wrong."""
    try:
        return Tel4vnSettings.model_validate(document)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
    raise Misconfigured(f"settings of the account: {faults}")


def address_from(url: str) -> str:
    """The account's URL without a closing slash. Raises `Misconfigured` for one that is not plain http or https."""
    try:
        parts = urlsplit(url.strip())
        sound = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 0) >= 0
    except ValueError:
        sound = False
    if not sound or parts.username or parts.query or parts.fragment:
        raise Misconfigured("the vendor's URL must be http(s)://host[:port] without user, query or fragment")
    return url.strip().rstrip("/")
