"""Where we may speak to on somebody else's word, also when a name changes its mind; and how what we say is signed."""

import socket
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from campaigns.events.deliveries import Errand
from campaigns.events.telling import of_test
from campaigns.words import Miss
from dialer.egress import Forbidden, checked, permitted
from dialer.posting import Poster
from dialer.settings import Settings
from dialer.signing import signature
from tests.founding import START

HOUSE = Settings(egress_allow="10.1.0.0/16, fd00:1::/64").egress
INSIDE = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
    "::7f00:1",
]
OUTSIDE = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "113.160.0.1"]


@pytest.mark.parametrize("address", INSIDE)
def test_what_lies_inside_is_not_spoken_to(address: str) -> None:
    assert not permitted(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_lies_outside_may_be(address: str) -> None:
    assert permitted(ip_address(address))


def test_a_network_of_the_house_may_be_named_and_only_that() -> None:
    assert permitted(ip_address("10.1.2.3"), HOUSE)
    assert permitted(ip_address("fd00:1::5"), HOUSE)
    assert permitted(ip_address("::ffff:10.1.2.3"), HOUSE)
    assert not permitted(ip_address("10.2.0.1"), HOUSE)
    assert not permitted(ip_address("169.254.169.254"), HOUSE)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "http://example.com/",
        "https://",
        "https://user@example.com/",
        "https://example.com/#x",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[fe80::1%25eth0]/",
        "http://10.2.0.1/",
        "https://example.com:99999/",
        "https://exam ple.com/",
        "https://example.com/" + "x" * 3000,
        "//example.com",
        "https://[",
    ],
)
def test_what_cannot_be_posted_to_is_refused_at_the_door(url: str) -> None:
    with pytest.raises(Forbidden):
        checked(url, HOUSE)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com:0/",
        "https://localhost/",
        "https://a.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://intranet/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://example.com\\@127.0.0.1/",
        "https://вебхук.example/",
    ],
)
def test_a_name_that_only_a_house_knows_is_refused_at_the_door_where_no_house_is_open(url: str) -> None:
    with pytest.raises(Forbidden):
        checked(url)


def test_a_house_that_is_open_has_names_of_its_own() -> None:
    assert checked("https://crm.internal/hook", HOUSE)


def test_in_clear_only_within_the_house() -> None:
    assert checked("http://10.1.0.9:8080/hook", HOUSE)
    assert checked("https://crm.example.com/hook?x=1")


class Lying(AbstractResolver):
    """A name that means what the test says, and remembers that it was asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        return [
            ResolveResult(hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0)
            for one in self.addresses
        ]

    async def close(self) -> None: ...


def errand(url: str) -> Any:
    return Errand(SimpleNamespace(id=1), SimpleNamespace(name="crm"), url, of_test("crm", "T", 1, START))


@pytest.mark.anyio
@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("169.254.169.254",), ("8.8.8.8", "10.0.0.1")])
async def test_a_name_that_leads_into_the_house_is_not_connected_to(addresses: tuple[str, ...]) -> None:
    resolver = Lying(*addresses)
    poster = Poster((), resolver)
    answer = await poster.post(errand("https://crm.example.com/"), ["whsec_AAAA"], START)
    await poster.aclose()
    assert (answer.miss, answer.status) == (Miss.ADDRESS_REFUSED, None)
    assert resolver.asked == 1


@pytest.mark.anyio
async def test_without_a_secret_nothing_is_posted() -> None:
    poster = Poster((), Lying("8.8.8.8"))
    answer = await poster.post(errand("https://crm.example.com/"), [], START)
    await poster.aclose()
    assert answer.miss is Miss.UNSIGNED


def test_the_signature_is_that_of_the_specification() -> None:
    """An example that those who verify signatures are tested with."""
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
