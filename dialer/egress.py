"""Where we may speak to on somebody else's word: the judgement over an address. Pure.

Who names an address must not make us knock at doors that only stand open to us: this machine, the house's own network,
a cloud's metadata service.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
UNFIT = tuple(
    # Between a carrier and its customers (RFC 6598), and the once site-local network. Behind NAT64 (RFC 6052 and 8215),
    # 6to4 and Teredo there may be any IPv4 address.
    ip_network(one)
    for one in ("100.64.0.0/10", "fec0::/10", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
NAMES_WITHIN = (".localhost", ".local", ".internal", ".home.arpa", ".intranet", ".corp", ".lan")
LONGEST = 2000


class Forbidden(ValueError):
    """An address that cannot be one to post to; the message says what can, and not what it was."""


def permitted(address: Address, allowed: Iterable[Network] = ()) -> bool:
    """Whether this address may be spoken to. `allowed` are networks of the house that may, though they are private."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return within(address.ipv4_mapped, allowed)
    if within(address, allowed):
        return True
    if within(address, UNFIT):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def checked(url: str, allowed: Iterable[Network] = ()) -> str:
    """The URL, if it may be posted to as far as can be told without asking for its name. Raises `Forbidden`.

    In clear only within the networks that are allowed: there is no one between.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Forbidden("must be a URL such as https://crm.example.com/events") from None
    spelled = url.isascii() and url.isprintable() and not set(" \\") & set(url) and len(url) <= LONGEST and port != 0
    if parts.scheme not in ("https", "http") or not host or not spelled:
        raise Forbidden("must be a URL such as https://crm.example.com/events")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Forbidden("must hold no user, no password and nothing behind a #")
    literal = as_address(host)
    if literal is not None and not permitted(literal, allowed):
        raise Forbidden("must not be an address of this machine or of a private network")
    if literal is None and not allowed and not _public(host):
        raise Forbidden("must be a name that the whole world knows, such as crm.example.com")
    if parts.scheme == "http" and not (literal is not None and within(literal, allowed)):
        raise Forbidden("must begin with https://")
    return url


def as_address(host: str) -> Address | None:
    """The address that a host's name spells; None where it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def _public(host: str) -> bool:
    """Whether it has the form of a public name: no number in disguise, and none of a house's own."""
    name = host.lower().rstrip(".")
    return "." in name and not name.rpartition(".")[2][:1].isdigit() and not name.endswith(NAMES_WITHIN)
