"""To whom we speak where others name an address: the open internet, and what somebody opened by name."""

from ipaddress import ip_address

import pytest

from dialer import egress

INSIDE = egress.networks("127.0.0.0/8, 10.1.0.0/16")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "2002:7f00:1::",
    ],
)
def test_an_address_that_leads_inside_is_not_spoken_to(address: str) -> None:
    assert not egress.permitted(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_the_open_internet_is_spoken_to(address: str) -> None:
    assert egress.permitted(ip_address(address))


def test_a_network_that_is_opened_by_name_is_spoken_to_and_its_neighbour_is_not() -> None:
    assert egress.permitted(ip_address("10.1.2.3"), INSIDE)
    assert not egress.permitted(ip_address("10.2.2.3"), INSIDE)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https:///path",
        "https://user:pw@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://localhost/",
        "https://a.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://intranet/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data",
        "https://example.com\\@127.0.0.1/",
        "https://exa mple.com/",
        "https://вебхук.example/",
        "https://example.com/" + "x" * egress.LONGEST,
    ],
)
def test_an_address_of_the_web_that_is_no_good_is_refused_without_being_told(url: str) -> None:
    why = egress.objection(url)
    assert why is not None
    assert "example" not in why


@pytest.mark.parametrize("url", ["https://example.com/hook?x=1", "https://8.8.8.8/", "https://example.com:8443/"])
def test_an_address_of_the_open_web_is_taken(url: str) -> None:
    assert egress.objection(url) is None


def test_plain_http_is_taken_inside_a_network_that_was_opened_and_nowhere_else() -> None:
    assert egress.objection("http://127.0.0.1:8080/hook", INSIDE) is None
    assert egress.objection("http://8.8.8.8/hook", INSIDE) is not None
    assert egress.objection("https://127.0.0.1/hook", INSIDE) is None
