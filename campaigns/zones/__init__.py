"""Where somebody may be, as time zones: from his number, his address and what his list says. Pure.

Nothing here guesses: what could be in two zones gives both, and what tells nothing gives none. The data of addresses is
in `addresses.toml`; that of numbers is the `phonenumbers` library's.
"""

import re
import tomllib
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, Literal

VIETNAM: Final = ("Asia/Ho_Chi_Minh",)
_ABROAD = r"[\s,.]*(?:U\.?S\.?A?\.?|United States(?: of America)?)?[\s,.]*$"
_ZIP = re.compile(rf"(?<!\d)(\d{{3}})\d{{2}}(?:-\d{{4}})?{_ABROAD}", re.IGNORECASE)


@lru_cache(maxsize=32768)
def of_number(e164: str) -> tuple[str, ...]:
    """Every zone in which a number of that prefix may be; none where the numbering plan does not tell."""
    if e164.startswith("+84"):
        return VIETNAM
    # Imported here: most lists never need it, and it costs a fifth of a second.
    import phonenumbers
    from phonenumbers import timezone

    try:
        found = timezone.time_zones_for_number(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(name for name in found if name != "Etc/Unknown")


@lru_cache(maxsize=32768)
def of_address(address: str, country: str) -> tuple[str, ...]:
    """Every zone in which a postal address may be, by its country (ISO 3166, two letters); none where it tells nothing.

    In the United States the ZIP code and the state at the end are read; where they contradict, both count.
    """
    if not address.strip():
        return ()
    if country == "US":
        return _american(address)
    return tuple(_data()["countries"].get(country, ()))


@lru_cache(maxsize=4096)
def candidates(
    number_zones: tuple[str, ...],
    address_zones: tuple[str, ...],
    person_zone: str | None,
    tenant_zone: str | None,
    combine: Literal["first", "all"],
) -> tuple[str, ...]:
    """The zones in all of which it must be open, as `Hours.zones` of the rulebook wants them; none: nobody knows.

    `first`: those of the number, else of the address, else the tenant's. The zone that a list gives for a person picks
    one of them, outdoes the tenant's, and stands beside those that it contradicts. `all`: every zone that anything
    names; the tenant's is never taken, for it says nothing about the person.
    """
    own = (person_zone,) if person_zone else ()
    if combine == "all":
        return _once((*number_zones, *address_zones, *own))
    known = tuple(number_zones) or tuple(address_zones)
    if not known:
        return own or ((tenant_zone,) if tenant_zone else ())
    return own if person_zone in known else _once((*known, *own))


def _american(address: str) -> tuple[str, ...]:
    data = _data()["us"]
    code = _ZIP.search(address)
    named = _state(address[: code.start()] if code else address, bool(code))
    by_state = data["states"][named] if named else ()
    by_code = _of_zip(code[1]) if code else ()
    # A ZIP code of the named state is the finer of the two.
    if by_code and set(by_code) <= set(by_state):
        return tuple(by_code)
    return _once((*by_code, *by_state))


def _of_zip(prefix: str) -> tuple[str, ...]:
    data = _data()["us"]
    if prefix in data["prefixes"]:
        return tuple(data["prefixes"][prefix])
    states = (state for state, ranges in data["zip"].items() if any(low <= prefix <= high for low, high in ranges))
    return _once(name for state in states for name in data["states"][state])


def _state(text: str, before_zip: bool) -> str | None:
    """The state that an address ends with. Two letters in lower case are one only where a ZIP code follows."""
    codes, names = _patterns()
    end = re.sub(_ABROAD, "", text, flags=re.IGNORECASE).replace(".", "")
    code = codes.search(end.upper() if before_zip else end)
    if code and code[1] in _data()["us"]["states"]:
        return code[1]
    name = names.search(end)
    return _data()["us"]["names"][name[1].lower()] if name else None


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    names = sorted(_data()["us"]["names"], key=len, reverse=True)
    return re.compile(r"(?:^|[\s,])([A-Z]{2})[\s,]*$"), re.compile(rf"\b({'|'.join(names)})[\s,]*$", re.IGNORECASE)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files(__name__) / "addresses.toml").read_text(encoding="utf-8"))
